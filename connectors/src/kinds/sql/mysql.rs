//! Reading MySQL and MariaDB: one statement within one read-only snapshot, streamed as it is needed.
//!
//! The text protocol gives every value as the server prints it. Neither product lets a client fetch a result in pieces,
//! so the whole read is one statement of the server, and its limits count the time that the bus keeps us waiting too.
//! That is why `statement_timeout` is ours to keep, page by page: a statement that overruns it is killed.

use std::str::FromStr as _;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::sync::mpsc;

use super::statement::Statement;
use super::{Settings, failed};
use crate::kind::PullError;
use crate::raw::Raw;

mod cells;
mod rows;
mod session;

/// How long a read may take altogether, unless one page may take longer. The server keeps to it without us: nothing of
/// ours goes on there for ever once the network is gone, and no old snapshot keeps it from tidying up.
const WHOLE: Duration = Duration::from_hours(1);
/// How long the order to end a statement may take.
const KILLING: Duration = Duration::from_secs(5);

/// A read under way.
pub(super) struct Reading {
    options: MySqlConnectOptions,
    /// The server's number of our connection.
    id: u64,
    /// Ends with the last rows.
    running: BoxFuture<'static, Result<Vec<Raw>, PullError>>,
    parts: mpsc::Receiver<Vec<Raw>>,
    /// The last rows, when a part before them was handed on first.
    rest: Option<Vec<Raw>>,
}

impl Reading {
    /// Connects, begins the snapshot and sends the statement.
    pub(super) async fn open(
        url: &str,
        statement: &Statement,
        from: Option<&str>,
        settings: Settings,
    ) -> Result<Self, PullError> {
        let options = options(url)?;
        let connecting = MySqlConnection::connect_with(&options).await;
        let mut connection = connecting.map_err(|error| failed("connect to the database", &error))?;
        let whole = WHOLE.max(settings.timeout);
        let id = session::begin(&mut connection, settings, whole).await?;
        session::be_patient(&mut connection, statement, whole).await?;
        let sql = session::statement(&mut connection, statement, from, settings.offset).await?;
        let (out, parts) = mpsc::channel(1);
        let running = Box::pin(rows::read(connection, sql, settings, out));
        Ok(Self { options, id, running, parts, rest: None })
    }

    /// The next rows, at most as many as one page has, and whether there may be more.
    pub(super) async fn rows(&mut self) -> Result<(Vec<Raw>, bool), PullError> {
        if let Some(rest) = self.rest.take() {
            return Ok((rest, false));
        }
        let done = tokio::select! {
            biased;
            Some(part) = self.parts.recv() => return Ok((part, true)),
            done = &mut self.running => done?,
        };
        Ok(match self.parts.try_recv() {
            Ok(part) => {
                self.rest = Some(done);
                (part, true)
            }
            Err(_) => (done, false),
        })
    }

    /// Ends the statement on the server, which would not notice that nobody listens before it has a row to send.
    pub(super) async fn kill(self) {
        let Self { options, id, running, parts, rest } = self;
        drop((running, parts, rest));
        let killing = async {
            let mut connection = MySqlConnection::connect_with(&options).await?;
            sqlx::raw_sql(AssertSqlSafe(format!("kill query {id}"))).execute(&mut connection).await?;
            connection.close().await
        };
        // Where it fails, the server's own limit ends the statement.
        drop(tokio::time::timeout(KILLING, killing).await);
    }
}

/// Where to connect and how; the session is set up in words of our own.
fn options(url: &str) -> Result<MySqlConnectOptions, PullError> {
    Ok(MySqlConnectOptions::from_str(url)
        .map_err(|error| failed("read `source.url`", &error))?
        .charset("utf8mb4")
        .timezone(None)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .disable_statement_logging())
}
