//! `kind: sql` – a table or view of a database, only ever read.
//!
//! Every value comes as the text that the database itself prints, so that no number passes through a float of ours.
//! The statement is generated from names that are checked and quoted; only `where` goes in as the definition has it.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};

use crate::definition::model::{Read, SqlRead};
use crate::definition::{SourceSpec, Stream};
use crate::kind::{Access, Cursor, Kind, OpenError, Page, PullError, Source};
use crate::raw::Place;

mod postgres;
mod sqlite;
mod statement;
#[cfg(test)]
mod tests;

use statement::Statement;

/// The kind `sql`.
pub(super) struct Sql;

/// One stream's table, open for one run.
struct Table {
    url: SecretString,
    statement: Statement,
    settings: Settings,
    engine: Engine,
    place: Place,
    given: u64,
}

/// Limits of one read.
#[derive(Debug, Clone, Copy)]
struct Settings {
    timeout: Duration,
    fetch: usize,
}

/// The connection of a run; made at its first pull.
enum Engine {
    Closed,
    Postgres(Box<postgres::Reading>),
    Sqlite(sqlite::Reading),
}

impl Kind for Sql {
    fn name(&self) -> &'static str {
        "sql"
    }

    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError> {
        let (SourceSpec::Sql(source), Read::Sql(SqlRead { table, columns, where_ })) = (&*access.source, &stream.read)
        else {
            return Err(OpenError("the stream is not one of kind sql".to_owned()));
        };
        let cursor = stream.cursor.as_ref().map(|cursor| cursor.field.as_str());
        let key = stream.key.iter().map(crate::json::Path::as_str);
        let statement = Statement::new(table, columns, where_.as_deref(), cursor, key).map_err(OpenError)?;
        Ok(Box::new(Table {
            url: access.resolve("source.url", &source.url)?,
            statement,
            settings: Settings { timeout: source.statement_timeout, fetch: source.fetch.max(1) as usize },
            engine: Engine::Closed,
            place: Place::table(table.as_str()),
            given: 0,
        }))
    }
}

#[async_trait]
impl Source for Table {
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, PullError> {
        if let Cursor::Start { from, .. } = cursor {
            // A retried first page starts over on a new connection.
            self.engine = connect(self.url.expose_secret(), &self.statement, from.as_deref(), self.settings).await?;
            self.given = 0;
        }
        let rows = match &mut self.engine {
            Engine::Closed => {
                Err(PullError::Config("the read has no connection any more; the next run reads again".to_owned()))
            }
            Engine::Postgres(reading) => reading.rows().await,
            Engine::Sqlite(reading) => reading.rows(self.settings).await,
        };
        let (records, more) = match rows {
            Ok(rows) => rows,
            Err(error) => {
                let lost = !matches!(cursor, Cursor::Start { .. });
                self.engine = Engine::Closed;
                return Err(broken_off(error, lost));
            }
        };
        let first = self.given;
        self.given += records.len() as u64;
        if !more {
            self.engine = Engine::Closed;
        }
        let next = Cursor::At(self.given.to_string());
        Ok(Page { records, place: self.place.clone(), first, next, more, snapshot: true, total: None })
    }
}

async fn connect(
    url: &str,
    statement: &Statement,
    from: Option<&str>,
    settings: Settings,
) -> Result<Engine, PullError> {
    match url.split(':').next().unwrap_or_default() {
        "postgres" | "postgresql" => {
            Ok(Engine::Postgres(Box::new(postgres::Reading::open(url, statement, from, settings).await?)))
        }
        "sqlite" => Ok(Engine::Sqlite(sqlite::Reading::open(url, statement, from, settings).await?)),
        other => {
            let other: String = other.chars().take(20).collect();
            Err(PullError::Config(format!(
                "`source.url` begins with `{other}:`; known are postgres:, postgresql: and sqlite:"
            )))
        }
    }
}

/// Once the snapshot is lost the read cannot go on where it was: trying the same page again would mix two snapshots.
fn broken_off(error: PullError, lost: bool) -> PullError {
    match error {
        PullError::Retry { why, .. } if lost => {
            PullError::Config(format!("the read broke off in the middle: {why}; the next run reads again"))
        }
        error => error,
    }
}

/// What the database says. Its texts name tables and columns, never what we sent, nor a value of a row.
fn failed(what: &str, error: &sqlx::Error) -> PullError {
    let why = format!("could not {what}: {}", brief(error));
    match error {
        sqlx::Error::Database(database) => match database.code().as_deref() {
            // Class 28 is a wrong login; 42501 is a missing right.
            Some(code) if code.starts_with("28") || code == "42501" => PullError::Denied(why),
            // Classes 08, 40, 53, 55, 57 and 58 pass: lost connections, conflicts, want of resources, shutdowns.
            Some(code) if ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)) => {
                PullError::retry(why)
            }
            // SQLite: busy and locked.
            Some("5" | "6" | "261" | "262" | "517" | "518") => PullError::retry(why),
            _ => PullError::Config(why),
        },
        sqlx::Error::Configuration(_) => PullError::Config(why),
        _ => PullError::retry(why),
    }
}

fn brief(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => match database.code().as_deref() {
            // Class 22: the text quotes the value that a cast or a function could not take.
            Some(code) if code.len() == 5 && code.starts_with("22") => {
                format!("a view or `where` cannot compute a value (SQLSTATE {code}); the database's log names it")
            }
            _ => database.message().to_owned(),
        },
        // The text of a configuration error may quote the address.
        sqlx::Error::Configuration(_) => "`source.url` is no address of a database".to_owned(),
        error => error.to_string(),
    }
}
