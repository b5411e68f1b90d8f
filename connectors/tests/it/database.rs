//! Databases of a test's own, of every product that is read.

use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::rig::{Rig, standing_clock};
use crate::services::{Server, Services};

/// A product, with the server that tests share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brand {
    Postgres,
    Mysql,
    Sqlite,
}

/// An empty database; dropped at the end.
pub(crate) struct Database {
    brand: Brand,
    url: String,
    name: String,
    server: String,
    connection: Connection,
}

enum Connection {
    Postgres(PgConnection),
    Mysql(MySqlConnection),
    Sqlite(SqliteConnection),
}

/// The same test on every product, for a stream of these lines.
pub(crate) async fn each(stream: &str, test: impl AsyncFn(Brand, &mut Rig, &mut Database)) {
    for brand in [Brand::Postgres, Brand::Mysql, Brand::Sqlite] {
        let (mut rig, mut database) = brand.rig(stream).await;
        test(brand, &mut rig, &mut database).await;
        rig.stop().await;
        database.drop().await;
    }
}

impl Brand {
    /// A rig that reads 100 rows a page from a new database.
    pub(crate) async fn rig(self, stream: &str) -> (Rig, Database) {
        let mut rig = Rig::new("  kind: sql\n  url: {env: DB}\n  fetch: 100\n  statement_timeout: 5s", stream);
        rig.options.clock = standing_clock();
        let database = self.create(&rig).await;
        rig.set("DB", database.url());
        (rig, database)
    }

    async fn create(self, rig: &Rig) -> Database {
        let name = format!("muara_test_{}", muara_schemas::canonical::hex(&muara_schemas::random::bytes::<6>()));
        let server = match self {
            Self::Postgres => Services::shared(Server::Postgres).postgres_url.clone(),
            Self::Mysql => Services::shared(Server::Mariadb).mysql_url.clone(),
            Self::Sqlite => format!("sqlite://{}/", rig.folder.path().display()),
        };
        let url = match self {
            Self::Sqlite => format!("{server}{name}.db"),
            Self::Postgres | Self::Mysql => {
                run(&mut self.connect(&server).await, &format!("create database {name}")).await;
                let mut url = url::Url::parse(&server).unwrap();
                url.set_path(&name);
                url.to_string()
            }
        };
        Database { brand: self, connection: self.connect(&url).await, url, name, server }
    }

    async fn connect(self, url: &str) -> Connection {
        match self {
            Self::Postgres => Connection::Postgres(PgConnection::connect(url).await.expect("PostgreSQL lets us in")),
            Self::Mysql => Connection::Mysql(MySqlConnection::connect(url).await.expect("MariaDB lets us in")),
            Self::Sqlite => {
                Connection::Sqlite(SqliteConnection::connect(&format!("{url}?mode=rwc")).await.expect("a file"))
            }
        }
    }

    /// The text of the three that this one understands.
    pub(crate) fn say<'a>(self, postgres: &'a str, mysql: &'a str, sqlite: &'a str) -> &'a str {
        match self {
            Self::Postgres => postgres,
            Self::Mysql => mysql,
            Self::Sqlite => sqlite,
        }
    }
}

impl Database {
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// A second connection to it.
    pub(crate) async fn again(&self) -> Self {
        let Self { brand, url, name, server, .. } = self;
        let connection = brand.connect(url).await;
        Self { brand: *brand, url: url.clone(), name: name.clone(), server: server.clone(), connection }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn exec(&mut self, sql: &str) {
        run(&mut self.connection, sql).await;
    }

    /// Runs what may fail or take long, such as a change of a table that is being read.
    pub(crate) async fn attempt(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        attempt(&mut self.connection, sql).await
    }

    /// The one number that a query gives.
    pub(crate) async fn number(&mut self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match &mut self.connection {
            Connection::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
            Connection::Mysql(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
            Connection::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
        }
    }

    pub(crate) async fn drop(self) {
        let Self { server, name, connection, .. } = self;
        match connection {
            Connection::Postgres(connection) => {
                drop(connection);
                run(&mut Brand::Postgres.connect(&server).await, &format!("drop database {name} with (force)")).await;
            }
            Connection::Mysql(connection) => {
                attempt(&mut Connection::Mysql(connection), &format!("drop database {name}")).await.unwrap();
            }
            // It goes with the rig's folder.
            Connection::Sqlite(_) => {}
        }
    }
}

async fn run(connection: &mut Connection, sql: &str) {
    attempt(connection, sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
}

async fn attempt(connection: &mut Connection, sql: &str) -> Result<(), sqlx::Error> {
    let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    match connection {
        Connection::Postgres(connection) => sql.execute(connection).await.map(|_| ()),
        Connection::Mysql(connection) => sql.execute(connection).await.map(|_| ()),
        Connection::Sqlite(connection) => sql.execute(connection).await.map(|_| ()),
    }
}
