//! `kind: sql`: how a database is reached, and which table is read.

use std::time::Duration;

use crate::definition::reference::Setting;

/// A SQL database, only ever read.
#[derive(Debug, Clone)]
pub struct Sql {
    /// `postgres://`, `postgresql://`, `mysql://`, `mariadb://` or `sqlite:`.
    pub url: Setting,
    /// How long the database may take for a page; 60 s where nothing is said.
    pub statement_timeout: Duration,
    /// Rows per page; 2000 where nothing is said.
    pub fetch: u32,
}

/// `read:` of a table or view.
#[derive(Debug, Clone)]
pub struct SqlRead {
    /// Its name, with or without schema.
    pub table: String,
    /// The columns; empty means all.
    pub columns: Vec<String>,
    /// A condition that goes into the statement as it is.
    pub where_: Option<String>,
}
