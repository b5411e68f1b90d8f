//! The world of the bench: durable servers, the legacy database, and the database that peers and floors write.

use anyhow::{Context as _, Result, ensure};
use muara_tests::Services;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::meter::{self, Servers};

/// Where the legacy table comes from.
const SOURCE: &str = include_str!("../source.sql");
/// One row in so many changes for W1c.
const EVERY: u32 = 100;

/// Settings of PostgreSQL that any server of this size would have; durability stays at its defaults, which are on.
const TUNING: [&str; 3] = ["shared_buffers = '1GB'", "max_wal_size = '4GB'", "checkpoint_timeout = '15min'"];

/// Servers and databases.
pub(crate) struct World {
    /// The servers.
    pub(crate) services: Services,
    /// Their processes.
    pub(crate) servers: Servers,
    /// Rows of the source.
    pub(crate) rows: u32,
    /// How often 1 % has changed.
    changes: u32,
}

impl World {
    /// Starts the servers and loads the source.
    pub(crate) async fn start(rows: u32) -> Result<Self> {
        let services = Services::durable();
        let broker = services
            .rabbitmq_pid
            .context("the bench needs PostgreSQL and RabbitMQ as processes of this machine, not in containers")?;
        let mut admin = PgConnection::connect(&services.postgres_url).await?;
        for setting in TUNING {
            admin.execute(AssertSqlSafe(format!("alter system set {setting}"))).await?;
        }
        admin.close().await?;
        services.stop_postgres();
        services.start_postgres();
        let mut admin = PgConnection::connect(&services.postgres_url).await?;
        let durable: String = sqlx::query_scalar("select current_setting('fsync') || current_setting('synchronous_commit') || current_setting('full_page_writes')")
            .fetch_one(&mut admin)
            .await?;
        ensure!(durable == "ononon", "PostgreSQL is not durable");
        let backend: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut admin).await?;
        let postgres =
            meter::parent_of(backend.try_into()?).context("the first process of PostgreSQL was not found")?;
        for name in ["src", "dst"] {
            admin.execute(AssertSqlSafe(format!("create database {name} template template0"))).await?;
        }
        admin.close().await?;
        let world = Self { services, servers: Servers { postgres, broker }, rows, changes: 0 };
        let mut source = PgConnection::connect(&world.source()).await?;
        source.execute(AssertSqlSafe(format!("set bench.rows = {rows}"))).await?;
        // `vacuum` cannot stand in one message with others, so each statement travels alone.
        for statement in SOURCE.split(";\n") {
            source.execute(statement).await.with_context(|| format!("load the source: {statement}"))?;
        }
        source.close().await?;
        Ok(world)
    }

    /// Address of the legacy database.
    pub(crate) fn source(&self) -> String {
        self.address("src")
    }

    /// Address of the database that peers and floors write.
    pub(crate) fn destination(&self) -> String {
        self.address("dst")
    }

    fn address(&self, database: &str) -> String {
        let (server, _) = self.services.postgres_url.rsplit_once('/').unwrap_or((&self.services.postgres_url, ""));
        format!("{server}/{database}")
    }

    /// Changes another 1 % of the rows; answers how many.
    pub(crate) async fn change(&mut self) -> Result<u64> {
        ensure!(self.changes < EVERY, "every row has changed once");
        let mut source = PgConnection::connect(&self.source()).await?;
        let changed = sqlx::query(
            "update budget_line set revised_amount = revised_amount + 1.25, description = 'Diubah ' || $1, updated_at = now()
             where id % $2 = $1",
        )
        .bind(i64::from(self.changes))
        .bind(i64::from(EVERY))
        .execute(&mut source)
        .await?
        .rows_affected();
        source.execute("vacuum analyze budget_line").await?;
        source.close().await?;
        self.changes += 1;
        Ok(changed)
    }

    /// Writes down what PostgreSQL still has to write, so that it does not fall to whoever comes next.
    pub(crate) async fn calm(&self) -> Result<()> {
        let mut admin = PgConnection::connect(&self.services.postgres_url).await?;
        admin.execute("checkpoint").await?;
        Ok(admin.close().await?)
    }

    /// Empties the database that peers and floors write.
    pub(crate) async fn clear_destination(&self, schema: &str) -> Result<()> {
        let mut destination = PgConnection::connect(&self.destination()).await?;
        destination.execute("set client_min_messages = warning").await?;
        for name in [schema.to_owned(), format!("{schema}_staging")] {
            destination.execute(AssertSqlSafe(format!("drop schema if exists {name} cascade"))).await?;
        }
        Ok(destination.close().await?)
    }

    /// Makes sure that a table of the destination holds what the source holds, as far as count and newest row tell.
    pub(crate) async fn compare(&self, table: &str) -> Result<()> {
        let standing = async |address: String, table: String| -> Result<(i64, String)> {
            let mut connection = PgConnection::connect(&address).await?;
            let sql = format!("select count(*), max(updated_at at time zone 'UTC')::text from {table}");
            let standing = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut connection).await?;
            connection.close().await?;
            Ok(standing)
        };
        let source = standing(self.source(), "budget_line".to_owned()).await?;
        let copy = standing(self.destination(), table.to_owned()).await?;
        ensure!(source == copy, "{table} holds {copy:?}, the source {source:?}");
        Ok(())
    }

    /// Drops a hub's database.
    pub(crate) async fn drop_database(&self, address: &str) -> Result<()> {
        let (_, name) = address.rsplit_once('/').context("an address names a database")?;
        let mut admin = PgConnection::connect(&self.services.postgres_url).await?;
        admin.execute(AssertSqlSafe(format!("drop database if exists {name} with (force)"))).await?;
        Ok(admin.close().await?)
    }
}
