//! One statement with its values; and many rows as one value, so that nothing costs a round trip per record.

use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, FromRow};

use muara_schemas::canonical::hex;

use super::db::{Engine, Tx};
use super::error::Result;

/// A value for one marker.
#[derive(Debug, Clone)]
pub enum Bind {
    /// An integer or null.
    Int(Option<i64>),
    /// A text or null.
    Text(Option<String>),
    /// Bytes or null.
    Bytes(Option<Vec<u8>>),
    /// A column of many rows; PostgreSQL takes it as an array.
    Ints(Vec<Option<i64>>),
    /// The same for texts.
    Texts(Vec<Option<String>>),
    /// The same for bytes.
    Blobs(Vec<Option<Vec<u8>>>),
}

/// A statement whose text is ours and whose values are bound, never written into it.
pub struct Statement {
    sql: String,
    binds: Vec<Bind>,
}

/// Named columns of many rows, usable as a table in a statement.
#[derive(Default)]
pub struct Rows {
    columns: Vec<(&'static str, Column)>,
}

/// One column.
pub enum Column {
    /// Integers.
    Ints(Vec<Option<i64>>),
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Texts that hold JSON.
    Json(Vec<Option<String>>),
    /// Bytes.
    Blobs(Vec<Option<Vec<u8>>>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Ints(values) => values.len(),
            Self::Texts(values) | Self::Json(values) => values.len(),
            Self::Blobs(values) => values.len(),
        }
    }
}

impl Rows {
    /// No columns yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column; all columns must be of one length.
    #[must_use]
    pub fn column(mut self, name: &'static str, column: Column) -> Self {
        debug_assert!(
            self.columns.first().is_none_or(|(_, first)| first.len() == column.len()),
            "columns are of one length"
        );
        self.columns.push((name, column));
        self
    }

    /// Adds a column of integers.
    #[must_use]
    pub fn ints(self, name: &'static str, values: impl IntoIterator<Item = i64>) -> Self {
        self.column(name, Column::Ints(values.into_iter().map(Some).collect()))
    }

    /// Adds a column of texts.
    #[must_use]
    pub fn texts(self, name: &'static str, values: impl IntoIterator<Item = String>) -> Self {
        self.column(name, Column::Texts(values.into_iter().map(Some).collect()))
    }

    /// Adds a column of bytes.
    #[must_use]
    pub fn blobs(self, name: &'static str, values: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.column(name, Column::Blobs(values.into_iter().map(Some).collect()))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// SQLite takes all rows as one JSON text.
    fn to_json(&self) -> String {
        let cell = |column: &Column, row: usize| match column {
            Column::Ints(values) => values[row].map_or(Value::Null, Value::from),
            Column::Texts(values) | Column::Json(values) => values[row].as_deref().map_or(Value::Null, Value::from),
            Column::Blobs(values) => values[row].as_deref().map_or(Value::Null, |bytes| Value::from(hex(bytes))),
        };
        let rows: Vec<Value> =
            (0..self.len()).map(|row| self.columns.iter().map(|(_, column)| cell(column, row)).collect()).collect();
        Value::from(rows).to_string()
    }

    fn sqlite(self, marker: usize) -> (String, Vec<Bind>) {
        let columns: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, (name, column))| match column {
                Column::Blobs(_) => format!("unhex(value ->> {at}) as {name}"),
                _ => format!("value ->> {at} as {name}"),
            })
            .collect();
        let sql = format!("(select {} from json_each(${marker}))", columns.join(", "));
        (sql, vec![Bind::Text(Some(self.to_json()))])
    }

    fn postgres(self, marker: usize) -> (String, Vec<Bind>) {
        let (mut arrays, mut names, mut binds) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (name, column)) in self.columns.into_iter().enumerate() {
            let (kind, bind) = match column {
                Column::Ints(values) => ("bigint[]", Bind::Ints(values)),
                Column::Texts(values) => ("text[]", Bind::Texts(values)),
                Column::Json(values) => ("text[]::json[]", Bind::Texts(values)),
                Column::Blobs(values) => ("bytea[]", Bind::Blobs(values)),
            };
            arrays.push(format!("${}::{kind}", marker + at));
            names.push(name);
            binds.push(bind);
        }
        (format!("(select * from unnest({}) as given({}))", arrays.join(", "), names.join(", ")), binds)
    }
}

impl Statement {
    /// A statement; `sql` holds only what we wrote ourselves.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), binds: Vec::new() }
    }

    /// Binds the next marker.
    #[must_use]
    pub fn bind(mut self, bind: impl Into<Bind>) -> Self {
        self.binds.push(bind.into());
        self
    }

    /// Puts many rows where the text says `{rows}`; their markers come after all that are bound so far.
    #[must_use]
    pub fn rows(mut self, tx: &Tx, rows: Rows) -> Self {
        let marker = self.binds.len() + 1;
        let (sql, binds) = match &tx.engine {
            Engine::Sqlite(_) => rows.sqlite(marker),
            Engine::Postgres(_) => rows.postgres(marker),
        };
        self.sql = self.sql.replacen("{rows}", &sql, 1);
        self.binds.extend(binds);
        self
    }

    /// Adds text and one value for its single `{}` marker, for filters that are not always there.
    pub fn and(&mut self, text: &str, bind: impl Into<Bind>) {
        self.binds.push(bind.into());
        let marker = format!("${}", self.binds.len());
        self.sql.push_str(&text.replacen("{}", &marker, 1));
    }

    /// Adds text without a value.
    pub fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// Runs it; answers how many rows it touched.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64> {
        let sql = AssertSqlSafe(self.sql);
        match &mut tx.engine {
            Engine::Sqlite(tx) => {
                Ok(sqlx::query_with(sql, for_sqlite(self.binds)?).execute(&mut **tx).await?.rows_affected())
            }
            Engine::Postgres(tx) => {
                Ok(sqlx::query_with(sql, for_postgres(self.binds)?).execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    /// Runs it and answers all its rows; callers bound their number in the statement.
    pub async fn fetch_all<T>(self, tx: &mut Tx) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let sql = AssertSqlSafe(self.sql);
        match &mut tx.engine {
            Engine::Sqlite(tx) => Ok(sqlx::query_as_with(sql, for_sqlite(self.binds)?).fetch_all(&mut **tx).await?),
            Engine::Postgres(tx) => {
                Ok(sqlx::query_as_with(sql, for_postgres(self.binds)?).fetch_all(&mut **tx).await?)
            }
        }
    }

    /// Runs it and answers its first row, if any.
    pub async fn fetch_optional<T>(self, tx: &mut Tx) -> Result<Option<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        Ok(self.fetch_all(tx).await?.into_iter().next())
    }

    /// Runs it and answers its only row.
    pub async fn fetch_one<T>(self, tx: &mut Tx) -> Result<T>
    where
        T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        self.fetch_optional(tx).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }
}

fn for_sqlite(binds: Vec<Bind>) -> Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for bind in binds {
        match bind {
            Bind::Int(value) => arguments.add(value),
            Bind::Text(value) => arguments.add(value),
            Bind::Bytes(value) => arguments.add(value),
            Bind::Ints(_) | Bind::Texts(_) | Bind::Blobs(_) => {
                unreachable!("rows are one JSON text here")
            }
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn for_postgres(binds: Vec<Bind>) -> Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for bind in binds {
        match bind {
            Bind::Int(value) => arguments.add(value),
            Bind::Text(value) => arguments.add(value),
            Bind::Bytes(value) => arguments.add(value),
            Bind::Ints(values) => arguments.add(values),
            Bind::Texts(values) => arguments.add(values),
            Bind::Blobs(values) => arguments.add(values),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

impl From<i64> for Bind {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Bind {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Bind {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Bind {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Bind {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<&[u8]> for Bind {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl From<&[u8; 16]> for Bind {
    fn from(value: &[u8; 16]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl From<Option<Vec<u8>>> for Bind {
    fn from(value: Option<Vec<u8>>) -> Self {
        Self::Bytes(value)
    }
}
