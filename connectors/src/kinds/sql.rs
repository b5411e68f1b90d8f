//! `kind: sql` – a table or view of a database, only ever read.
//!
//! Every value comes as the text that the database itself prints, so that no number passes through a float of ours.
//! The statement is generated from names that are checked and quoted; only `where` goes in as the definition has it.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use secrecy::{ExposeSecret as _, SecretString};

use crate::definition::model::{Read, SqlRead, of_parent};
use crate::definition::{SourceSpec, Stream};
use crate::kind::{Access, Cursor, Kind, OpenError, Page, PullError, Source};
use crate::raw::{Place, Raw};

mod failure;
mod mysql;
mod postgres;
mod product;
mod sqlite;
mod statement;
#[cfg(test)]
mod tests;

use failure::{LATE, broken_off, failed};
use product::Product;
use statement::Statement;

/// How long a server may take to let us in.
const CONNECT: Duration = Duration::from_secs(15);
/// How much longer than `statement_timeout` we wait for a server that keeps to it itself and can say more about it.
const GRACE: Duration = Duration::from_secs(5);

/// The kind `sql`.
pub(super) struct Sql;

/// One stream's table, open for one run.
struct Table {
    url: SecretString,
    product: Product,
    statement: Statement,
    settings: Settings,
    engine: Engine,
    place: Place,
    given: u64,
}

/// Limits and habits of one read.
#[derive(Debug, Clone, Copy)]
struct Settings {
    timeout: Duration,
    fetch: usize,
    /// East of UTC, for sessions and the moments that they print.
    offset: Offset,
}

/// The connection of a run; made at its first pull.
enum Engine {
    Closed,
    Postgres(Box<postgres::Reading>),
    Mysql(Box<mysql::Reading>),
    Sqlite(sqlite::Reading),
}

impl Kind for Sql {
    fn name(&self) -> &'static str {
        "sql"
    }

    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError> {
        let (SourceSpec::Sql(source), Read::Sql(read)) = (&*access.source, &stream.read) else {
            return Err(OpenError("the stream is not one of kind sql".to_owned()));
        };
        let url = access.resolve("source.url", &source.url)?;
        let product = Product::of(url.expose_secret()).map_err(OpenError)?;
        Ok(Box::new(Table {
            url,
            product,
            statement: statement(product, stream, read)?,
            settings: Settings {
                timeout: source.statement_timeout,
                fetch: source.fetch.max(1) as usize,
                offset: offset(&access.system.timezone),
            },
            engine: Engine::Closed,
            place: Place::table(read.table.as_str()),
            given: 0,
        }))
    }
}

/// The statement of a stream.
fn statement(product: Product, stream: &Stream, read: &SqlRead) -> Result<Statement, OpenError> {
    let cursor = stream.cursor.as_ref().map(|cursor| cursor.field.as_str());
    // Of a key of `each`, only what the parent has is a column.
    let key: Vec<_> = match stream.each {
        Some(_) => stream.key.iter().filter_map(of_parent).collect(),
        None => stream.key.clone(),
    };
    let key = key.iter().map(crate::json::Path::as_str);
    Statement::new(product, (&read.table, &read.columns, read.where_.as_deref()), cursor, key).map_err(OpenError)
}

/// The offset of a zone, the same all year: days are counted as the system's people count them, and what is read in
/// summer prints as it does in winter.
fn offset(zone: &TimeZone) -> Offset {
    let winter = Timestamp::from_second(1_767_225_600).unwrap_or_default();
    zone.to_offset(winter)
}

/// `+07:00`, as servers take it and as moments carry it.
fn written(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[async_trait]
impl Source for Table {
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, PullError> {
        let rows = match cursor {
            // A retried first page starts over on a new connection.
            Cursor::Start { from, .. } => {
                self.given = 0;
                self.connect(from.as_deref()).await?;
                self.rows().await
            }
            Cursor::At(_) => self.rows().await.map_err(broken_off),
        };
        if !matches!(rows, Ok((_, true))) {
            self.engine = Engine::Closed;
        }
        let (records, more) = rows?;
        let first = self.given;
        self.given += records.len() as u64;
        let next = Cursor::At(self.given.to_string());
        Ok(Page {
            records,
            place: self.place.clone(),
            first,
            next,
            more,
            snapshot: true,
            total: None,
            checkpoint: None,
            gone: Vec::new(),
        })
    }

    fn plan(&mut self, from: Option<&str>) -> Vec<String> {
        vec![self.statement.shown(from)]
    }
}

impl Table {
    /// Begins the read on a connection of its own.
    async fn connect(&mut self, from: Option<&str>) -> Result<(), PullError> {
        let (url, statement, settings) = (self.url.expose_secret(), &self.statement, self.settings);
        let opening = async {
            Ok(match self.product {
                Product::Postgres => {
                    Engine::Postgres(Box::new(postgres::Reading::open(url, statement, from, settings).await?))
                }
                Product::Mysql => Engine::Mysql(Box::new(mysql::Reading::open(url, statement, from, settings).await?)),
                Product::Sqlite => Engine::Sqlite(sqlite::Reading::open(url, statement, from, settings).await?),
            })
        };
        let limit = CONNECT + self.limit();
        self.engine = tokio::time::timeout(limit, opening).await.map_err(|_| {
            PullError::retry(format!("could not begin to read: no answer within {} s", limit.as_secs()))
        })??;
        Ok(())
    }

    /// The next rows, at most as many as one page has, and whether there may be more.
    async fn rows(&mut self) -> Result<(Vec<Raw>, bool), PullError> {
        let (limit, settings) = (self.limit(), self.settings);
        let reading = async {
            match &mut self.engine {
                Engine::Closed => {
                    Err(PullError::retry("could not read the table: the connection is not there any more"))
                }
                Engine::Postgres(reading) => reading.rows().await,
                Engine::Mysql(reading) => reading.rows().await,
                Engine::Sqlite(reading) => reading.rows(settings).await,
            }
        };
        let read = tokio::time::timeout(limit, reading).await;
        if let (Err(_), Engine::Mysql(_)) = (&read, &self.engine)
            && let Engine::Mysql(reading) = std::mem::replace(&mut self.engine, Engine::Closed)
        {
            reading.kill().await;
        }
        read.unwrap_or_else(|_| {
            let millis = settings.timeout.as_millis();
            Err(PullError::Failed {
                code: LATE,
                why: format!("could not read the table: a page took more than the {millis} ms of `statement_timeout`"),
            })
        })
    }

    /// How long one page may take, the time that the bus takes for it not counted.
    fn limit(&self) -> Duration {
        match self.product {
            Product::Postgres => self.settings.timeout + GRACE,
            Product::Mysql | Product::Sqlite => self.settings.timeout,
        }
    }
}
