//! Reading SQLite: one statement, which is one snapshot, stepped through as it is needed.

use std::str::FromStr as _;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, Row as _, Sqlite, TypeInfo as _, ValueRef as _};

use super::statement::Statement;
use super::{Settings, failed};
use crate::kind::{MAX_PAGE_BYTES, PullError};
use crate::raw::{Head, Raw};

/// How many rows the reading thread may be ahead, however large they are; a handful would make it wait for us at
/// every row.
const ROWS_AHEAD: usize = 64;

/// A read under way; holds its one connection.
pub(super) struct Reading {
    rows: BoxStream<'static, Result<SqliteRow, sqlx::Error>>,
    head: Option<Arc<Head>>,
}

impl Reading {
    /// Opens the file read-only and begins the statement.
    pub(super) async fn open(
        url: &str,
        statement: &Statement,
        from: Option<&str>,
        settings: Settings,
    ) -> Result<Self, PullError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| failed("read `source.url`", &error))?
            .read_only(true)
            .create_if_missing(false)
            .pragma("query_only", "on")
            .busy_timeout(settings.timeout)
            .row_buffer_size(ROWS_AHEAD)
            .disable_statement_logging();
        // A pool of one: its stream owns what it reads from.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        let pool = pool.map_err(|error| failed("open the SQLite file", &error))?;
        // The column's affinity turns the bound value into what the column holds.
        let sql = statement.sql(from.map(|_| "$1"));
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        if let Some(from) = from.filter(|_| statement.cursor.is_some()) {
            // An expression of a view has no affinity, and there no text is ever below a number.
            query = match from.parse::<i64>() {
                Ok(number) => query.bind(number),
                Err(_) => query.bind(from.to_owned()),
            };
        }
        Ok(Self { rows: (&pool).fetch(query), head: None })
    }

    /// The next rows, at most as many as one page has, and whether there may be more.
    pub(super) async fn rows(&mut self, settings: Settings) -> Result<(Vec<Raw>, bool), PullError> {
        let mut records = Vec::with_capacity(settings.fetch.min(10_000));
        let mut bytes = 0;
        let Self { rows, head } = self;
        while records.len() < settings.fetch && bytes < MAX_PAGE_BYTES {
            let row = rows.try_next().await.map_err(|error| failed("read the table", &error))?;
            let Some(row) = row else { return Ok((records, false)) };
            let head = head.get_or_insert_with(|| Head::new(row.columns().iter().map(sqlx::Column::name)));
            let record = raw(&row, head)?;
            bytes += record.size();
            records.push(record);
        }
        Ok((records, true))
    }
}

/// SQLite turns integers and reals into text itself, in its own way of printing them; blobs become hex.
fn raw(row: &SqliteRow, head: &Arc<Head>) -> Result<Raw, PullError> {
    let mut cells = head.row();
    for index in 0..row.len() {
        let value = row.try_get_raw(index).map_err(|error| failed("read a row", &error))?;
        if value.is_null() {
            cells.push(None);
        } else if value.type_info().name() == "BLOB" {
            let bytes = <&[u8] as sqlx::Decode<Sqlite>>::decode(value).unwrap_or_default();
            cells.push(Some(&muara_schemas::canonical::hex(bytes)));
        } else {
            let name = &head.columns().names()[index];
            let text = <&str as sqlx::Decode<Sqlite>>::decode(value);
            cells.push(Some(
                text.map_err(|error| PullError::malformed(format!("column `{name}` came in no text: {error}"), ""))?,
            ));
        }
    }
    Ok(Raw::Row(cells))
}
