//! `drift:` of a stream.

use super::model::{Drift, Policy};
use super::node::Node;
use super::report::Mark;
use super::walk::Walk;

/// Most fields that `known` names.
const MAX_KNOWN: usize = 500;

/// Reads `drift:`.
pub(super) fn drift(walk: &Walk, node: &Node, name: &str, at: Mark) -> Option<Drift> {
    let section = walk.section(node, format!("{name}.drift"), at)?;
    let policy = |key| section.take(key).and_then(|node| policy(walk, node, key)).unwrap_or_default();
    let (added, removed, retyped) = (policy("added"), policy("removed"), policy("type"));
    let items = section.take("known").map_or(&[][..], |node| walk.list(node, "known"));
    if items.len() > MAX_KNOWN {
        let what = format!("`known` names more than {MAX_KNOWN} fields");
        walk.cure(
            "E0160",
            section.place("known"),
            what,
            "write `added: ignore` for a source that gains fields without end",
        );
    }
    let mut known: Vec<String> = Vec::new();
    for item in items.iter().take(MAX_KNOWN) {
        let Some(field) = walk.text(item, "known") else { continue };
        if known.contains(&field) {
            walk.cure("E0160", item.mark, format!("`known` names `{field}` twice"), "take one of the two out");
        }
        known.push(field);
    }
    if added == Policy::Ignore && !known.is_empty() {
        let help = "take `known` out, or `added: ignore`";
        walk.cure("E0160", section.place("known"), "`known` has no use beside `added: ignore`", help);
    }
    section.finish();
    Some(Drift { added, removed, retyped, known })
}

fn policy(walk: &Walk, node: &Node, key: &str) -> Option<Policy> {
    let text = walk.text(node, key)?;
    let found = Policy::NAMES.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        let report = walk.origin.report("E0108", node.mark, format!("`{key}` is not `{text}`"));
        walk.push(report.nearest(&text, Policy::NAMES.iter().map(|(name, _)| *name)));
    }
    found.map(|(_, policy)| *policy)
}
