//! The one statement of a stream, from names that are checked and quoted.

use super::product::Product;

/// The parts of a statement, all quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// `"schema"."name"`.
    pub(super) table: String,
    /// Schema and name without quotes, as a catalog knows them.
    pub(super) names: (Option<String>, String),
    /// The columns, or `*`.
    columns: String,
    /// The definition's own condition.
    condition: Option<String>,
    /// The cursor column.
    pub(super) cursor: Option<String>,
    /// The same without quotes.
    pub(super) cursor_name: Option<String>,
    /// What an incremental read is ordered by after the cursor, so that ties have an order.
    key: Vec<String>,
}

impl Statement {
    /// Checks and quotes the names.
    pub(super) fn new<'a>(
        product: Product,
        (table, columns, condition): (&str, &[String], Option<&str>),
        cursor: Option<&str>,
        key: impl Iterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let quote = |name: &str, parts| {
            let quoted = product.quoting().quote(name, parts);
            quoted.ok_or_else(|| format!("`{name}` is no name of a table or column"))
        };
        let names = match table.split_once('.') {
            Some((schema, name)) => (Some(schema.to_owned()), name.to_owned()),
            None => (None, table.to_owned()),
        };
        let table = quote(table, 2)?;
        let quote = |name: &str| quote(name, 1);
        let mut listed = columns.iter().map(|name| quote(name)).collect::<Result<Vec<_>, _>>()?;
        let key = key.map(quote).collect::<Result<Vec<_>, _>>()?;
        let cursor_name = cursor.map(str::to_owned);
        let cursor = cursor.map(quote).transpose()?;
        if !listed.is_empty() {
            // Key and cursor are read whether they are listed or not.
            for name in key.iter().chain(&cursor) {
                if !listed.contains(name) {
                    listed.push(name.clone());
                }
            }
        }
        let columns = match product {
            // Why it has a first column of ours stands in `mysql/cells.rs`; beside another one `*` needs its table.
            Product::Mysql if listed.is_empty() => format!("0, {table}.*"),
            Product::Mysql => format!("0, {}", listed.join(", ")),
            Product::Postgres | Product::Sqlite if listed.is_empty() => "*".to_owned(),
            Product::Postgres | Product::Sqlite => listed.join(", "),
        };
        Ok(Self { table, names, columns, condition: condition.map(str::to_owned), cursor, cursor_name, key })
    }

    /// The statement for people. The value is beside it, as it is when the database gets it.
    pub(super) fn shown(&self, from: Option<&str>) -> String {
        match from.filter(|_| self.cursor.is_some()) {
            Some(value) => format!("{} -- ? is {value}", self.sql(Some("?"))),
            None => self.sql(None),
        }
    }

    /// The statement. `from` is the expression of the cursor's value, itself included, for an incremental read.
    pub(super) fn sql(&self, from: Option<&str>) -> String {
        let mut sql = format!("select {} from {}", self.columns, self.table);
        let mut conditions = Vec::new();
        if let Some(condition) = &self.condition {
            // A comment at its end must not swallow what follows.
            conditions.push(format!("({condition}\n)"));
        }
        if let (Some(cursor), Some(from)) = (&self.cursor, from) {
            conditions.push(format!("{cursor} >= {from}"));
        }
        if !conditions.is_empty() {
            sql.push_str(" where ");
            sql.push_str(&conditions.join(" and "));
        }
        if let (Some(cursor), Some(_)) = (&self.cursor, from) {
            sql.push_str(" order by ");
            sql.push_str(cursor);
            for key in &self.key {
                sql.push_str(", ");
                sql.push_str(key);
            }
        }
        sql
    }
}
