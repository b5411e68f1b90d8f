//! Reading PostgreSQL: one read-only snapshot, fetched in pieces through a cursor of the server.
//!
//! The simple query protocol gives texts. A statement timeout then holds for each piece and not for the whole read,
//! however long the bus keeps us waiting.

use std::str::FromStr as _;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, ValueRef as _};
use tokio::sync::mpsc;

use super::statement::Statement;
use super::{CONNECT, Settings, failed, written};
use crate::kind::{MAX_PAGE_BYTES, PullError};
use crate::raw::{Head, Raw};

/// What makes a session of ours: nothing is written, dates and numbers print in one way.
const SESSION: &str = "
set default_transaction_read_only = on;
set idle_in_transaction_session_timeout = 0;
set datestyle = 'ISO, YMD';
set intervalstyle = 'iso_8601';
set bytea_output = 'hex';
set extra_float_digits = 1;
set cursor_tuple_fraction = 1;
set standard_conforming_strings = on";

/// A read under way.
pub(super) struct Reading {
    /// The connection, unless a fetch has it.
    connection: Option<PgConnection>,
    fetch: Option<Fetch>,
    /// What was fetched after the rows that were handed on last, and whether there may be more.
    rest: Option<(Vec<Raw>, bool)>,
    head: Option<Arc<Head>>,
    /// How many rows the next fetch asks for, and at most.
    step: usize,
    most: usize,
}

/// A fetch under way. It owns the connection, so that it can rest while a part of its rows is being worked on.
struct Fetch {
    asked: usize,
    running: BoxFuture<'static, Result<Fetched, PullError>>,
    parts: mpsc::Receiver<Vec<Raw>>,
}

/// What a fetch leaves: rows that it has not handed on, and how many there were in all.
struct Fetched {
    connection: PgConnection,
    head: Option<Arc<Head>>,
    records: Vec<Raw>,
    count: usize,
}

impl Reading {
    /// Connects, begins the snapshot and declares the cursor.
    pub(super) async fn open(
        url: &str,
        statement: &Statement,
        from: Option<&str>,
        settings: Settings,
    ) -> Result<Self, PullError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| failed("read `source.url`", &error))?
            .application_name("muara")
            .disable_statement_logging();
        let connecting = tokio::time::timeout(CONNECT, PgConnection::connect_with(&options)).await;
        let connecting =
            connecting.map_err(|_| PullError::retry("could not connect to PostgreSQL: no answer within 15 s"))?;
        let mut connection = connecting.map_err(|error| failed("connect to PostgreSQL", &error))?;
        let ours = format!(
            "set statement_timeout = {}; set time zone interval '{}' hour to minute",
            settings.timeout.as_millis(),
            written(settings.offset)
        );
        for sql in [SESSION, &ours, "begin isolation level repeatable read read only"] {
            run(&mut connection, sql.to_owned(), "set up the session").await?;
        }
        // The value travels as a parameter, and is cast to the column's own type, so that an index serves.
        let value = match (&statement.cursor_name, from) {
            (Some(column), Some(from)) => {
                sqlx::query("select set_config('muara.cursor', $1, true)")
                    .bind(from)
                    .execute(&mut connection)
                    .await
                    .map_err(|error| failed("set the cursor", &error))?;
                let kind = kind_of(&mut connection, &statement.table, column).await?;
                Some(format!("current_setting('muara.cursor')::{kind}"))
            }
            _ => None,
        };
        let sql = format!("declare muara no scroll cursor for {}", statement.sql(value.as_deref()));
        run(&mut connection, sql, "read the table").await?;
        let (fetch, rest, head) = (None, None, None);
        Ok(Self { connection: Some(connection), fetch, rest, head, step: settings.fetch, most: settings.fetch })
    }

    /// The next rows, at most as many as one page has, and whether there may be more.
    pub(super) async fn rows(&mut self) -> Result<(Vec<Raw>, bool), PullError> {
        if let Some(rest) = self.rest.take() {
            return Ok(rest);
        }
        if let Some(connection) = self.connection.take() {
            let (out, parts) = mpsc::channel(1);
            let running = Box::pin(fetch(connection, self.head.clone(), self.step, out));
            self.fetch = Some(Fetch { asked: self.step, running, parts });
            self.step = self.step.saturating_mul(2).min(self.most);
        }
        let lost = || PullError::retry("the connection is not there any more");
        let Fetch { asked, running, parts } = self.fetch.as_mut().ok_or_else(lost)?;
        let done = tokio::select! {
            biased;
            Some(part) = parts.recv() => {
                // The server waits within a statement that has a timeout: rows this large are asked for in fewer.
                self.step = part.len();
                return Ok((part, true));
            }
            done = running => done,
        };
        let Fetched { connection, head, records, count } = done?;
        let last = (records, count == *asked);
        let before = parts.try_recv();
        (self.connection, self.head, self.fetch) = (Some(connection), head, None);
        Ok(match before {
            Ok(part) => {
                self.step = part.len();
                self.rest = Some(last);
                (part, true)
            }
            Err(_) => last,
        })
    }
}

/// Fetches so many rows, and gives parts of full size to `out`.
async fn fetch(
    mut connection: PgConnection,
    mut head: Option<Arc<Head>>,
    count: usize,
    out: mpsc::Sender<Vec<Raw>>,
) -> Result<Fetched, PullError> {
    let sql = format!("fetch forward {count} from muara");
    let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut connection);
    let (mut records, mut bytes, mut count) = (Vec::with_capacity(count.min(10_000)), 0, 0);
    while let Some(row) = rows.try_next().await.map_err(|error| failed("read the table", &error))? {
        if bytes >= MAX_PAGE_BYTES {
            // Whoever does not listen any more does not want to know.
            drop(out.send(std::mem::take(&mut records)).await);
            bytes = 0;
        }
        let head = head.get_or_insert_with(|| Head::new(row.columns().iter().map(sqlx::Column::name)));
        let record = raw(&row, head)?;
        bytes += record.size();
        count += 1;
        records.push(record);
    }
    drop(rows);
    Ok(Fetched { connection, head, records, count })
}

async fn run(connection: &mut PgConnection, sql: String, what: &str) -> Result<(), PullError> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map_err(|error| failed(what, &error))?;
    Ok(())
}

/// The type of a column, as a cast names it.
async fn kind_of(connection: &mut PgConnection, table: &str, column: &str) -> Result<String, PullError> {
    sqlx::query_scalar(
        "select format_type(atttypid, atttypmod) from pg_attribute
         where attrelid = $1::regclass and attname = $2 and attnum > 0 and not attisdropped",
    )
    .bind(table)
    .bind(column)
    .fetch_optional(connection)
    .await
    .map_err(|error| failed("look up the cursor column", &error))?
    .ok_or_else(|| PullError::Config(format!("could not read {table}: it has no column `{column}`")))
}

fn raw(row: &PgRow, head: &Arc<Head>) -> Result<Raw, PullError> {
    let mut cells = head.row();
    for index in 0..row.len() {
        let value = row.try_get_raw(index).map_err(|error| failed("read a row", &error))?;
        if value.is_null() {
            cells.push(None);
        } else {
            let text = value
                .as_str()
                .map_err(|error| PullError::malformed(format!("a column came in no text: {error}"), ""))?;
            cells.push(Some(text));
        }
    }
    Ok(Raw::Row(cells))
}
