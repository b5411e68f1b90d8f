//! Which database a URL names, and what is particular about it before anything is asked.

use crate::definition::identifier::Quoting;

/// A database product, as far as reading tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB; the server says which.
    Mysql,
    /// A SQLite file.
    Sqlite,
}

/// Parameters of an address that the drivers heed; they would pass over all others, a misspelt `ssl-mode` too.
const POSTGRES: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "options",
    "application_name",
];
const MYSQL: &[&str] =
    &["ssl-mode", "sslmode", "ssl-ca", "sslca", "ssl-cert", "sslcert", "ssl-key", "sslkey", "socket"];

impl Product {
    /// The product that an address names.
    pub(super) fn of(url: &str) -> Result<Self, String> {
        let product = Self::named(url)?;
        let known = match product {
            Self::Postgres => POSTGRES,
            Self::Mysql => MYSQL,
            Self::Sqlite => return Ok(product),
        };
        let parsed = url::Url::parse(url).map_err(|error| format!("`source.url` is no address: {error}"))?;
        match parsed.query_pairs().find(|(name, _)| !known.contains(&&**name)) {
            Some((name, _)) => {
                let name: String = name.chars().take(40).collect();
                Err(format!(
                    "`source.url` has the parameter `{name}`, which means nothing; known are {}",
                    known.join(", ")
                ))
            }
            None => Ok(product),
        }
    }

    fn named(url: &str) -> Result<Self, String> {
        match url.split(':').next().unwrap_or_default() {
            "postgres" | "postgresql" => Ok(Self::Postgres),
            "mysql" | "mariadb" => Ok(Self::Mysql),
            "sqlite" => Ok(Self::Sqlite),
            other => {
                // No more of it: it may be a password that somebody put there.
                let other: String = other.chars().take(20).collect();
                Err(format!(
                    "`source.url` begins with `{other}:`; known are postgres:, postgresql:, mysql:, mariadb: and sqlite:"
                ))
            }
        }
    }

    /// How it quotes names.
    pub(super) const fn quoting(self) -> Quoting {
        match self {
            Self::Postgres => Quoting::Double,
            Self::Mysql | Self::Sqlite => Quoting::Back,
        }
    }
}
