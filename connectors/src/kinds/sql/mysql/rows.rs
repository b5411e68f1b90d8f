//! Rows of a running statement, gathered into parts of a page's size.

use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;
use tokio::sync::mpsc;

use super::super::{Settings, failed};
use super::cells::Cells;
use crate::kind::{MAX_PAGE_BYTES, PullError};
use crate::raw::Raw;

/// Runs the statement, gives full parts to `out` and ends with what is left. It waits when nobody takes them, and so
/// does the server.
pub(super) async fn read(
    mut connection: MySqlConnection,
    sql: String,
    settings: Settings,
    out: mpsc::Sender<Vec<Raw>>,
) -> Result<Vec<Raw>, PullError> {
    let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut connection);
    let mut cells: Option<Cells> = None;
    let (mut records, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await.map_err(|error| failed("read the table", &error))? {
        if records.len() >= settings.fetch || bytes >= MAX_PAGE_BYTES {
            // Whoever does not listen any more does not want to know.
            drop(out.send(std::mem::take(&mut records)).await);
            bytes = 0;
        }
        let record = cells.get_or_insert_with(|| Cells::of(&row, settings.offset)).raw(&row)?;
        bytes += record.size();
        records.push(record);
    }
    Ok(records)
}
