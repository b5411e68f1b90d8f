//! The seam between Muara and its two engines: a pool, a unit of work, and where the dialects honestly differ.
//!
//! Everything else in `store/` is plain functions over `&mut Tx`, written once. To keep it so: `$n` markers, bound times,
//! `on conflict`, `returning`, no engine's own casts; whatever cannot be said in both dialects stands in this folder's
//! `db.rs` and `rows.rs` and nowhere else.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use super::changes::{self, Note};
use super::error::{Error, Result};

/// A database of either engine.
#[derive(Clone)]
pub enum Db {
    /// One file; one writer at a time and any number of readers.
    Sqlite {
        /// The single writing connection.
        writer: SqlitePool,
        /// Connections that only read.
        readers: SqlitePool,
    },
    /// A PostgreSQL server.
    Postgres(PgPool),
}

/// A unit of work; dropping it rolls back.
pub struct Tx {
    pub(super) engine: Engine,
    notes: Vec<Note>,
}

/// The engine's own unit of work.
pub(super) enum Engine {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Number, name, and the text for each engine. To add one: a file in each of both folders, and a line here.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "spine",
        include_str!("../../migrations/sqlite/0001_spine.sql"),
        include_str!("../../migrations/postgres/0001_spine.sql"),
    ),
    (
        2,
        "replay",
        include_str!("../../migrations/sqlite/0002_replay.sql"),
        include_str!("../../migrations/postgres/0002_replay.sql"),
    ),
    (
        3,
        "subscriptions",
        include_str!("../../migrations/sqlite/0003_subscriptions.sql"),
        include_str!("../../migrations/postgres/0003_subscriptions.sql"),
    ),
];

impl Db {
    /// Opens `sqlite:<file>` or `postgres://…`; touches no table.
    pub async fn open(url: &str) -> Result<Self> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)
                .map_err(Error::open)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // A power cut must not take back what the bus was told is committed.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(10))
                .pragma("cache_size", "-32000")
                .foreign_keys(true);
            let writer =
                SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(Error::open)?;
            // Eight caches as large as the writer's would be a quarter of a gigabyte; the system keeps the file's pages too.
            let reading = options.read_only(true).create_if_missing(false).pragma("cache_size", "-6000");
            let readers = SqlitePoolOptions::new().max_connections(8).connect_lazy_with(reading);
            return Ok(Self::Sqlite { writer, readers });
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options =
                PgConnectOptions::from_str(url).map_err(Error::open)?.application_name("muara-hub").options([
                    // Plans made for an empty table must not outlive the first load.
                    ("plan_cache_mode", "force_custom_plan"),
                    // Every statement is written for its indexes. A table that was never analysed is taken for a small
                    // one, and would be read whole for each page: the first load would take hours.
                    ("enable_seqscan", "off"),
                    ("enable_bitmapscan", "off"),
                    ("enable_hashjoin", "off"),
                    ("enable_mergejoin", "off"),
                    ("jit", "off"),
                    ("idle_in_transaction_session_timeout", "60000"),
                    ("statement_timeout", "60000"),
                ]);
            let pool = PgPoolOptions::new()
                .max_connections(20)
                .acquire_timeout(Duration::from_secs(10))
                .connect_with(options)
                .await
                .map_err(Error::open)?;
            return Ok(Self::Postgres(pool));
        }
        Err(Error::Url)
    }

    /// Brings the tables up to this version; safe to call at every start and from several processes.
    pub async fn migrate(&self) -> Result<()> {
        let of_engine = |text: &'static str| text;
        let migrations = MIGRATIONS
            .iter()
            .map(|(number, name, sqlite, postgres)| {
                let text = match self {
                    Self::Sqlite { .. } => of_engine(sqlite),
                    Self::Postgres(_) => of_engine(postgres),
                };
                let sql = sqlx::SqlStr::from_static(text);
                Migration::new(*number, (*name).into(), MigrationType::Simple, sql, false)
            })
            .collect::<Vec<_>>();
        let migrator = Migrator::with_migrations(migrations);
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await,
            Self::Postgres(pool) => migrator.run(pool).await,
        }
        .map_err(Error::migrate)
    }

    /// The newest migration that the database has; `None` before the first.
    pub async fn migration(&self) -> Result<Option<i64>> {
        let sql = "select max(version) from _sqlx_migrations";
        let newest: sqlx::Result<Option<i64>> = match self {
            Self::Sqlite { readers, .. } => sqlx::query_scalar(sql).fetch_one(readers).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
        };
        match newest {
            Ok(newest) => Ok(newest),
            // The table is made by the first migration.
            Err(sqlx::Error::Database(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The newest migration of this program.
    pub fn newest_migration() -> i64 {
        MIGRATIONS.last().map_or(0, |(number, ..)| *number)
    }

    /// Opens a unit of work that may write; on SQLite writers queue here.
    pub async fn write(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::of(Engine::Sqlite(writer.begin_with("begin immediate").await?))),
            Self::Postgres(pool) => Ok(Tx::of(Engine::Postgres(pool.begin().await?))),
        }
    }

    /// Opens a unit of work that only reads, on one snapshot.
    pub async fn read(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::of(Engine::Sqlite(readers.begin().await?))),
            Self::Postgres(pool) => {
                let tx = pool.begin_with("begin isolation level repeatable read, read only").await?;
                Ok(Tx::of(Engine::Postgres(tx)))
            }
        }
    }

    /// Which engine this is, for people.
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Whether only one process works on it at a time.
    pub const fn is_of_one_process(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    /// Copies an SQLite database into a new file while it is in use; `None` on PostgreSQL, which has its own tools.
    pub async fn copy_into(&self, file: &std::path::Path) -> Result<Option<()>> {
        match self {
            Self::Sqlite { writer, .. } => {
                sqlx::query("vacuum into $1").bind(file.to_string_lossy().into_owned()).execute(writer).await?;
                Ok(Some(()))
            }
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    const fn of(engine: Engine) -> Self {
        Self { engine, notes: Vec::new() }
    }

    /// Puts a note into the log when this unit of work is committed: taking a place makes every other committer wait, so
    /// it comes last.
    pub fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Makes everything that was done in this unit of work last.
    pub async fn commit(mut self) -> Result<()> {
        let notes = std::mem::take(&mut self.notes);
        changes::append_notes(&mut self, notes).await?;
        match self.engine {
            Engine::Sqlite(tx) => tx.commit().await?,
            Engine::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// What follows a `select` that locks its rows: SQLite has locked the whole database by then.
    pub(super) const fn for_update(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite(_) => "",
            Engine::Postgres(_) => " for update",
        }
    }

    /// The database's own clock in microseconds; leases are compared by it and by nothing else.
    pub(super) const fn database_micros(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite(_) => "cast(unixepoch('subsec') * 1000000 as integer)",
            Engine::Postgres(_) => "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)",
        }
    }
}
