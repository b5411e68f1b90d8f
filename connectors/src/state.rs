//! What a connector remembers: one SQLite file per process.
//!
//! Per stream the digest of its definition, its cursor and its last run; per key a print: the hash of the raw record,
//! the hash of the body last published, and a mark. Losing the file costs a full read and nothing else.
//! Of systems that call us it also keeps what they handed over lately, for that cannot be read again, and what they were
//! answered.
//! Every statement here handles a whole batch; records travel through `json_each` and packed blobs, because a
//! statement per record would cost more than everything else that happens to the record.

use std::path::Path;
use std::time::Duration;

use muara_schemas::page::RunId;
use muara_schemas::{Moment, StreamName};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

mod answered;
mod look;
mod mark;
mod print;
mod profile;
mod pushed;
mod save;
mod scan;
#[cfg(test)]
mod tests;

pub use answered::Answered;
pub use mark::Mark;
pub use print::{Hash, NONE, Print};
pub use profile::Learned;
pub use pushed::Pushed;
pub use save::{Advance, Closing, Save};
pub use scan::Row;

/// The tables. `prints` is clustered by key, because most sources give their records in key order.
const TABLES: &str = "
create table if not exists streams (
  id integer primary key,
  region text not null,
  system text not null,
  stream text not null,
  definition text not null default '',
  cursor text,
  run blob,
  full_at integer,
  next_slot integer not null default 0,
  paused_until integer,
  unique (region, system, stream)
) strict;
create table if not exists parts (
  id integer primary key,
  stream integer not null,
  name text not null,
  unique (stream, name)
) strict;
create table if not exists profiles (
  stream integer primary key,
  definition text not null,
  baseline text,
  seen text not null
) strict;
create table if not exists prints (
  stream integer not null,
  key text not null,
  slot integer not null,
  mark integer not null,
  missed integer not null default 0,
  part integer not null default 0,
  hashes blob not null,
  others blob,
  primary key (stream, key)
) strict, without rowid;
create table if not exists pushed (
  id integer primary key,
  stream integer not null,
  key text not null,
  at integer not null,
  bytes integer not null,
  raw text not null,
  unique (stream, key)
) strict;
create index if not exists pushed_newest on pushed (stream, id desc, bytes);
create table if not exists answered (
  id integer primary key,
  stream integer not null,
  key text not null,
  at integer not null,
  bytes integer not null,
  asked blob not null,
  body text not null,
  unique (stream, key)
) strict;
create index if not exists answered_newest on answered (stream, id desc, bytes);
";

/// The version of the tables above, kept in `user_version`. Another table that older programs do not miss leaves it.
const VERSION: i64 = 1;

/// The state file, open.
#[derive(Debug, Clone)]
pub struct State {
    /// One connection, so that writers wait here and not in SQLite.
    write: SqlitePool,
    read: SqlitePool,
}

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite says no: the disk is full, the file is not ours, another process holds it.
    #[error("use the state file: {0}")]
    Sqlite(#[from] sqlx::Error),
    /// The file was written by a newer version.
    #[error("use the state file: it has version {found}, this program knows {VERSION}")]
    Newer {
        /// The file's version.
        found: i64,
    },
    /// A value in the file is not what this program wrote.
    #[error("read the state file: {0} is damaged; delete the file, and every stream is read anew")]
    Damaged(&'static str),
}

/// What is kept of a stream beside its prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// The stream's number in this file.
    pub id: i64,
    /// Digest of the definition that the prints belong to; empty before the first run.
    pub definition: String,
    /// The greatest value of the cursor field that was seen and confirmed.
    pub cursor: Option<String>,
    /// The last run that may have reached the hub.
    pub run: Option<RunId>,
    /// When the last complete full read ended.
    pub full_at: Option<Moment>,
    /// The number that the next new key gets.
    pub next_slot: u32,
    /// No runs before this moment.
    pub paused_until: Option<Moment>,
}

/// Copies a state file, as it stands between two transactions, into a file that is not there yet; copies nothing when
/// there is no state file.
pub async fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.exists() {
        return Ok(());
    }
    let mut original = SqliteConnectOptions::new().filename(from).read_only(true).connect().await?;
    sqlx::query("vacuum into $1").bind(to.display().to_string()).execute(&mut original).await?;
    original.close().await?;
    Ok(())
}

impl State {
    /// Opens the file, and makes it when it is not there.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A power cut may take the last transactions back, which a full read heals; it cannot damage the file.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-16000")
            .pragma("journal_size_limit", "33554432");
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let found: i64 = sqlx::query_scalar("pragma user_version").fetch_one(&write).await?;
        if found > VERSION {
            return Err(Error::Newer { found });
        }
        sqlx::raw_sql(TABLES).execute(&write).await?;
        sqlx::raw_sql("pragma user_version = 1").execute(&write).await?;
        let read = SqlitePoolOptions::new().max_connections(4).min_connections(0).connect_with(options).await?;
        Ok(Self { write, read })
    }

    /// What is kept of a stream; a new stream gets its row here.
    pub async fn stream(&self, name: &StreamName) -> Result<StreamState, Error> {
        sqlx::query("insert into streams (region, system, stream) values ($1, $2, $3) on conflict do nothing")
            .bind(&name.region)
            .bind(&name.system)
            .bind(&name.stream)
            .execute(&self.write)
            .await?;
        let row = sqlx::query(
            "select id, definition, cursor, run, full_at, next_slot, paused_until from streams
             where region = $1 and system = $2 and stream = $3",
        )
        .bind(&name.region)
        .bind(&name.system)
        .bind(&name.stream)
        .fetch_one(&self.write)
        .await?;
        let run: Option<Vec<u8>> = row.try_get(3)?;
        Ok(StreamState {
            id: row.try_get(0)?,
            definition: row.try_get(1)?,
            cursor: row.try_get(2)?,
            run: run.map(|bytes| RunId::from_bytes(&bytes).ok_or(Error::Damaged("a run"))).transpose()?,
            full_at: row.try_get::<Option<i64>, _>(4)?.map(Moment::from_micros),
            next_slot: u32::try_from(row.try_get::<i64, _>(5)?).map_err(|_| Error::Damaged("a slot"))?,
            paused_until: row.try_get::<Option<i64>, _>(6)?.map(Moment::from_micros),
        })
    }

    /// Keeps the run as the stream's last one. To be called before the run's first page goes out: the hub may have
    /// seen it from then on, whatever becomes of this process.
    pub async fn begin(&self, stream: i64, run: RunId) -> Result<(), Error> {
        sqlx::query("update streams set run = $2 where id = $1")
            .bind(stream)
            .bind(run.as_bytes().as_slice())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// The same of a run under another definition than the last complete read had: from here on bodies of both stand at
    /// the hub, and only a whole read makes them one again, even when the old definition comes back.
    pub async fn begin_anew(&self, stream: i64, run: RunId) -> Result<(), Error> {
        sqlx::query("update streams set run = $2, cursor = null, full_at = null where id = $1")
            .bind(stream)
            .bind(run.as_bytes().as_slice())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Forgets prints, cursor and run of a stream, so that it is read from the start and with no run before it.
    pub async fn forget(&self, stream: i64) -> Result<(), Error> {
        let mut tx = self.write.begin().await?;
        for sql in [
            "delete from prints where stream = $1",
            "delete from parts where stream = $1",
            "update streams set cursor = null, run = null, full_at = null, next_slot = 0 where id = $1",
        ] {
            sqlx::query(sql).bind(stream).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Pauses a stream, or lets it go on.
    pub async fn pause(&self, stream: i64, until: Option<Moment>) -> Result<(), Error> {
        sqlx::query("update streams set paused_until = $2 where id = $1")
            .bind(stream)
            .bind(until.map(Moment::micros))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// The numbers of parts by name; new names get one.
    pub async fn part(&self, stream: i64, name: &str) -> Result<u32, Error> {
        sqlx::query("insert into parts (stream, name) values ($1, $2) on conflict do nothing")
            .bind(stream)
            .bind(name)
            .execute(&self.write)
            .await?;
        let id: i64 = sqlx::query_scalar("select id from parts where stream = $1 and name = $2")
            .bind(stream)
            .bind(name)
            .fetch_one(&self.write)
            .await?;
        u32::try_from(id).map_err(|_| Error::Damaged("a part"))
    }

    /// All parts of a stream that were ever read, by number and name.
    pub async fn parts(&self, stream: i64) -> Result<Vec<(u32, String)>, Error> {
        let rows = sqlx::query("select id, name from parts where stream = $1 order by name")
            .bind(stream)
            .fetch_all(&self.read)
            .await?;
        let part = |row: sqlx::sqlite::SqliteRow| {
            Ok((u32::try_from(row.try_get::<i64, _>(0)?).map_err(|_| Error::Damaged("a part"))?, row.try_get(1)?))
        };
        rows.into_iter().map(part).collect()
    }

    /// Closes the file; waits for what is being written.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}
