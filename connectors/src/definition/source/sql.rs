//! `source:` and `read:` of kind sql.

use std::time::Duration;

use super::need_setting;
use crate::definition::condition;
use crate::definition::identifier::{is_name, rule};
use crate::definition::model::{Sql, SqlRead};
use crate::definition::node::Node;
use crate::definition::walk::{Section, Walk};

/// Keys of `source:` and of `read:`.
pub(super) const SOURCE: &[&str] = &["url", "statement_timeout", "fetch"];
pub(super) const READ: &[&str] = &["table", "columns", "where"];

/// Reads the keys of `source:`.
pub(super) fn source(walk: &Walk, section: &Section<'_, '_>) -> Sql {
    let url = need_setting(walk, section, "url");
    if let (Some(text), Some(node)) = (url.plain(), section.take("url"))
        && !text.is_empty()
        && !["postgres://", "postgresql://", "mysql://", "mariadb://", "sqlite:"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
    {
        walk.cure(
            "E0108",
            node.mark,
            "`url` names no database that is read",
            "it begins with postgres://, postgresql://, mysql://, mariadb:// or sqlite:",
        );
    }
    let statement_timeout = section
        .take("statement_timeout")
        .and_then(|node| walk.duration(node, "statement_timeout", Duration::from_millis(100)));
    let fetch = section.take("fetch").and_then(|node| walk.number(node, "fetch", 1, 100_000));
    Sql {
        url,
        statement_timeout: statement_timeout.unwrap_or(Duration::from_mins(1)),
        fetch: fetch.and_then(|fetch| u32::try_from(fetch).ok()).unwrap_or(2000),
    }
}

/// Reads the keys of `read:`.
pub(super) fn read(walk: &Walk, section: &Section<'_, '_>) -> Option<SqlRead> {
    let table = section.need("table").and_then(|node| identifier(walk, node, "table", 2));
    let columns = section.take("columns").map_or_else(Vec::new, |node| {
        walk.list(node, "columns").iter().filter_map(|item| identifier(walk, item, "columns", 1)).collect()
    });
    let where_ = section.take("where").and_then(|node| walk.text(node, "where"));
    if let (Some(condition), Some(node)) = (&where_, section.take("where"))
        && let Some((at, what)) = condition::unbalanced(condition)
    {
        let mark = walk.within(node, condition, at, 1);
        walk.cure("E0175", mark, format!("`where` has {what}"), "close what is open, and open what is closed");
    }
    if let Some(condition) = &where_
        && (condition.contains(';') || condition.contains("--") || condition.contains("/*"))
    {
        walk.cure(
            "E0125",
            section.place("where"),
            "`where` is one condition, without `;` and comments",
            "a view in the database is the place for more",
        );
    }
    table.map(|table| SqlRead { table, columns, where_ })
}

/// The name of a table or column that a sql stream can be read by.
pub(in crate::definition) fn identifier(walk: &Walk, node: &Node, name: &str, parts: usize) -> Option<String> {
    let text = walk.text(node, name)?;
    if !is_name(&text, parts) {
        walk.cure("E0125", node.mark, format!("`{text}` is no name for `{name}`"), rule(parts));
        return None;
    }
    Some(text)
}
