//! The one statement of a stream, from names that are checked and quoted.

/// The parts of a statement, all quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// `"schema"."name"`.
    pub(super) table: String,
    /// The columns, or `*`.
    columns: String,
    /// The definition's own condition.
    condition: Option<String>,
    /// The cursor column.
    pub(super) cursor: Option<String>,
    /// What an incremental read is ordered by after the cursor, so that ties have an order.
    key: Vec<String>,
}

impl Statement {
    /// Checks and quotes the names.
    pub(super) fn new<'a>(
        table: &str,
        columns: &[String],
        condition: Option<&str>,
        cursor: Option<&str>,
        key: impl Iterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let parts: Vec<&str> = table.split('.').collect();
        if parts.len() > 2 {
            return Err(format!("`{table}` is no table name: one dot at most, between schema and table"));
        }
        let table = parts.into_iter().map(quote).collect::<Result<Vec<_>, _>>()?.join(".");
        let mut names = columns.iter().map(|name| quote(name)).collect::<Result<Vec<_>, _>>()?;
        let key = key.map(quote).collect::<Result<Vec<_>, _>>()?;
        let cursor = cursor.map(quote).transpose()?;
        if !names.is_empty() {
            // Key and cursor are read whether they are listed or not.
            for name in key.iter().chain(&cursor) {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        let columns = if names.is_empty() { "*".to_owned() } else { names.join(", ") };
        Ok(Self { table, columns, condition: condition.map(str::to_owned), cursor, key })
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

/// A name in quotes; only such as need no escaping.
fn quote(name: &str) -> Result<String, String> {
    let mut bytes = name.bytes();
    let head = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if head && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')) {
        Ok(format!("\"{name}\""))
    } else {
        Err(format!("`{name}` is no name of a table or column: letters, digits, _ and $, not beginning with a digit"))
    }
}
