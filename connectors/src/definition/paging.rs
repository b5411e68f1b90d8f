//! `page:` and `cursor:` of a stream.

use std::time::Duration;

use super::model::{CursorRule, PageSize, Paging, Total};
use super::node::Node;
use super::report::Mark;
use super::source;
use super::walk::Walk;
use crate::json::Path;

/// Reads `page:`.
pub(super) fn page(walk: &Walk, node: &Node, name: &str, at: Mark) -> Option<Paging> {
    let section = walk.section(node, format!("{name}.page"), at)?;
    let by = section.need("by").and_then(|node| walk.text(node, "by").map(|by| (by, node.mark)));
    let (by, mark) = by?;
    if !["page", "offset", "cursor"].contains(&by.as_str()) {
        let report = walk.origin.report("E0108", mark, format!("no way of paging is called `{by}`"));
        walk.push(report.nearest(&by, ["page", "offset", "cursor"]));
        return None;
    }
    let param = section.need("param").and_then(|node| walk.text(node, "param"));
    let size_node = if by == "offset" { section.need("size") } else { section.take("size") };
    let size = size_node.and_then(|node| {
        let inner = walk.section(node, format!("{name}.page.size"), section.place("size"))?;
        let param = inner.need("param").and_then(|node| walk.text(node, "param"));
        let value = inner.need("value").and_then(|node| walk.number(node, "value", 1, 100_000));
        inner.finish();
        Some(PageSize { param: param?, value: u32::try_from(value?).ok()? })
    });
    let total = section.take("total").and_then(|node| total(walk, node, name, section.place("total")));
    let paging = match by.as_str() {
        "page" => {
            let from = section.take("from").map_or(Some(1), |node| walk.number(node, "from", 0, 1_000_000));
            param.zip(from).map(|(param, from)| Paging::Page {
                param,
                from: u32::try_from(from).unwrap_or(1),
                size,
                total,
            })
        }
        "offset" => param.zip(size).map(|(param, size)| Paging::Offset { param, size, total }),
        _ => {
            let path = |node| walk.text(node, "next").map(|text| Path::new(&text));
            let next = section.need("next").and_then(path);
            let more = section.take("more").and_then(path);
            param.zip(next).map(|(param, next)| Paging::Cursor { param, next, more, size, total })
        }
    };
    section.finish();
    paging
}

fn total(walk: &Walk, node: &Node, name: &str, at: Mark) -> Option<Total> {
    let section = walk.section(node, format!("{name}.page.total"), at)?;
    let path = section.take("path").and_then(|node| walk.text(node, "path"));
    let header = section.take("header").and_then(|node| walk.text(node, "header"));
    if section.has("path") == section.has("header") {
        walk.cure("E0106", at, "`total` stands in one place", "write {path: meta.total} or {header: x-total-count}");
    }
    section.finish();
    path.map(|path| Total::Path(Path::new(&path))).or(header.map(Total::Header))
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
        Some("sql") if section.has("param") => {
            walk.cure(
                "E0121",
                section.place("param"),
                "a sql cursor has no `param`: the column goes into the statement",
                "take `param` out",
            );
        }
        Some("http") if !section.has("param") => {
            walk.cure(
                "E0121",
                at,
                "an http cursor needs `param`, the query parameter that takes it",
                "add `param:`, or take `cursor` out: then the stream is read whole each time",
            );
        }
        _ => {}
    }
    section.finish();
    Some(CursorRule { field: Path::new(&field?), param, lag: lag? })
}
