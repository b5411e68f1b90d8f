//! Databases of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};

use muara_schemas::canonical::hex;
use muara_schemas::random;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::Services;

impl Services {
    /// Creates an empty database with a random name; answers its address. It goes when the server goes.
    ///
    /// # Panics
    /// When the server does not let us.
    pub async fn fresh_postgres(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("muara_{}_{number}", hex(&random::bytes::<6>()));
        let mut admin =
            PgConnection::connect(&self.postgres_url).await.expect("the tests' PostgreSQL takes connections");
        // Every statement that touches `template1` waits for the others; `template0` is nobody's.
        let create = format!("create database {name} template template0");
        admin.execute(AssertSqlSafe(create)).await.expect("a superuser may create a database");
        drop(admin.close().await);
        let (server, _) = self.postgres_url.rsplit_once('/').expect("the address names a database");
        format!("{server}/{name}")
    }
}
