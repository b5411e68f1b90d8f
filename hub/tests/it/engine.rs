//! A fresh database of each engine for each test.

use std::future::Future;

use muara_hub::Hub;
use muara_schemas::bus::Bus;
use muara_schemas::canonical::hex;
use muara_schemas::{Clock, Moment, random};

use crate::services::{Server, Services};

/// A hub on a fresh database, with a clock that stands still.
pub(crate) struct Engine {
    pub(crate) hub: Hub,
    pub(crate) name: &'static str,
    _folder: tempfile::TempDir,
}

impl Engine {
    /// With a hub that was set up otherwise.
    pub(crate) fn with(self, change: impl FnOnce(Hub) -> Hub) -> Self {
        Self { hub: change(self.hub), ..self }
    }
}

/// Runs a test on both engines.
pub(crate) async fn on_both<F, T>(test: T)
where
    T: Fn(Engine) -> F,
    F: Future<Output = ()>,
{
    test(sqlite().await).await;
    test(postgres().await).await;
}

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A hub on a fresh database of this engine, over a bus.
pub(crate) async fn with_bus(kind: Kind, bus: Bus) -> Engine {
    let engine = match kind {
        Kind::Sqlite => sqlite().await,
        Kind::Postgres => postgres().await,
    };
    Engine { hub: Hub { bus, ..engine.hub }, ..engine }
}

async fn open(url: &str, name: &'static str, folder: tempfile::TempDir) -> Engine {
    let clock = Clock::standing(Moment::from_micros(1_700_000_000_000_000));
    let hub = Hub::open(url, Bus::local(), clock).await.expect("the database opens");
    Engine { hub, name, _folder: folder }
}

async fn sqlite() -> Engine {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("muara.db").display());
    open(&url, "sqlite", folder).await
}

async fn postgres() -> Engine {
    let folder = tempfile::tempdir().expect("a temporary folder");
    open(&fresh_postgres().await, "postgres", folder).await
}

/// Creates an empty database on the test server.
async fn fresh_postgres() -> String {
    let server = Services::shared(Server::Postgres).postgres_url.as_str();
    let name = format!("muara_{}", hex(&random::bytes::<8>()));
    let pool = sqlx::PgPool::connect(server).await.expect("the tests' PostgreSQL takes connections");
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&pool).await.expect("a fresh database");
    pool.close().await;
    let (base, _) = server.rsplit_once('/').expect("a database URL has a path");
    format!("{base}/{name}")
}
