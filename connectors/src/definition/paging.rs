//! `page:` and `cursor:` of a stream.

use std::time::Duration;

use super::model::{Beside, CursorRule, PageSize, Paging};
use super::node::{Node, Value};
use super::report::Mark;
use super::source;
use super::walk::Walk;
use crate::json::Path;

/// Ways of cutting a list.
const WAYS: [&str; 4] = ["page", "offset", "cursor", "link"];

/// Most pages of one read of an HTTP list, where nothing is said.
const MAX_PAGES: u64 = 10_000;

/// Reads `page:`. Whether its values have a way into the request is seen together with the request.
pub(super) fn page(walk: &Walk, node: &Node, name: &str, at: Mark, max_pages: &mut Option<u64>) -> Option<Paging> {
    let section = walk.section(node, format!("{name}.page"), at)?;
    let most = section.take("max_pages").and_then(|node| walk.number(node, "max_pages", 1, 5_000_000));
    *max_pages = Some(most.unwrap_or(MAX_PAGES));
    let by = section.need("by").and_then(|node| walk.text(node, "by").map(|by| (by, node.mark)));
    let (by, mark) = by?;
    if !WAYS.contains(&by.as_str()) {
        let report = walk.origin.report("E0108", mark, format!("no way of paging is called `{by}`"));
        walk.push(report.nearest(&by, WAYS));
        return None;
    }
    let text = |key| section.take(key).and_then(|node| walk.text(node, key));
    let path = |key| section.take(key).and_then(|node| walk.path(node, key));
    let param = if by == "link" { None } else { text("param") };
    let size_node = if by == "offset" { section.need("size") } else { section.take("size") };
    let size = size_node.and_then(|node| {
        let inner = walk.section(node, format!("{name}.page.size"), section.place("size"))?;
        let param = inner.take("param").and_then(|node| walk.text(node, "param"));
        let value = inner.need("value").and_then(|node| walk.number(node, "value", 1, 100_000));
        inner.finish();
        Some(PageSize { param, value: u32::try_from(value?).ok()? })
    });
    let total = section.take("total").and_then(|node| beside(walk, node, "total", name, section.place("total")));
    let paging = match by.as_str() {
        "page" => {
            let from = section.take("from").map_or(Some(1), |node| walk.number(node, "from", 0, 1_000_000));
            from.map(|from| Paging::Page { param, from: u32::try_from(from).unwrap_or(1), size, total })
        }
        "offset" => size.map(|size| Paging::Offset { param, size, total }),
        "link" => Some(Paging::Link { next: path("next"), size, total }),
        _ => {
            let next = section.need("next").and_then(|node| match &node.value {
                Value::Map(_) => beside(walk, node, "next", name, section.place("next")),
                _ => walk.path(node, "next").map(Beside::Path),
            });
            let more = path("more");
            next.map(|next| Paging::Cursor { param, next, more, size, total })
        }
    };
    section.finish();
    paging
}

fn beside(walk: &Walk, node: &Node, key: &str, name: &str, at: Mark) -> Option<Beside> {
    let section = walk.section(node, format!("{name}.page.{key}"), at)?;
    let path = section.take("path").and_then(|node| walk.path(node, "path"));
    let header = section.take("header").and_then(|node| walk.text(node, "header"));
    if section.has("path") == section.has("header") {
        walk.cure(
            "E0106",
            at,
            format!("`{key}` stands in one place"),
            "write {path: meta.total} or {header: x-total-count}",
        );
    }
    section.finish();
    path.map(Beside::Path).or(header.map(Beside::Header))
}

/// Whether the cursor is a state that the source itself keeps.
pub(super) fn is_state(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(text, _) if text == "state")
}

/// Reads `cursor:`.
pub(super) fn cursor(walk: &Walk, node: &Node, name: &str, at: Mark, kind: Option<&'static str>) -> Option<CursorRule> {
    let section = walk.section(node, format!("{name}.cursor"), at)?;
    let field = section.need("field").and_then(|node| match kind {
        Some("sql") => source::identifier(walk, node, "field", 1),
        _ => walk.text(node, "field"),
    });
    let param = section.take("param").and_then(|node| walk.text(node, "param"));
    let lag = section.take("lag").map_or(Some(Duration::ZERO), |node| walk.duration(node, "lag", Duration::ZERO));
    match kind {
        Some("files") => {
            walk.cure("E0121", at, "a files source has no cursor: a file is read whole", "take `cursor` out");
        }
        Some("exec") => {
            let cure = "write `cursor: state`, or take it out: then the program reads everything each time";
            walk.cure("E0121", at, "a program keeps a state of its own instead of the value of a field", cure);
        }
        Some("sql") if section.has("param") => {
            walk.cure(
                "E0121",
                section.place("param"),
                "a sql cursor has no `param`: the column goes into the statement",
                "take `param` out",
            );
        }
        _ => {}
    }
    section.finish();
    Some(CursorRule { field: Path::new(&field?), param, lag: lag? })
}
