//! `links:` of a stream, and what the schemas of both sides say to it.

use muara_schemas::Catalog;
use muara_schemas::record::TYPES;

use super::model::{Link, Pair, Stream};
use super::node::{Node, Value};
use super::report::Diagnostic;
use super::walk::Walk;
use crate::json::Path;
use crate::mapping::shape::{Kind, Shape};

/// Most links of one stream.
const MAX_LINKS: usize = 50;

/// Reads `links:`.
pub(super) fn links(walk: &Walk, node: &Node, name: &str) -> Vec<Link> {
    let items = walk.list(node, name);
    if items.len() > MAX_LINKS {
        walk.report("E0103", node.mark, format!("`{name}` has more than {MAX_LINKS} links"));
        return Vec::new();
    }
    items.iter().enumerate().filter_map(|(number, item)| link(walk, item, &format!("{name}.{number}"))).collect()
}

fn link(walk: &Walk, node: &Node, name: &str) -> Option<Link> {
    let section = walk.section(node, name, node.mark)?;
    let to = section.need("to").and_then(|node| {
        let to = walk.text(node, "to")?;
        if Catalog::embedded().get(&to).is_none() {
            let report = walk.origin.report("E0112", node.mark, format!("no record type is called `{to}`"));
            walk.push(report.nearest(&to, TYPES.iter().copied()));
            return None;
        }
        Some((to, node.mark))
    });
    let when = section.need("when").map(|node| {
        let entries = walk.entries(node, "when");
        if entries.is_empty() && matches!(node.value, Value::Map(_)) {
            let help = "write `field of the other record: field of this one` for each pair that must be equal";
            walk.cure("E0105", section.place("when"), "`when` compares nothing", help);
        }
        let pair = |(theirs, mark, node): &(String, _, Node)| {
            let ours = walk.text(node, "when")?;
            Some(Pair { theirs: Path::new(theirs), mark: *mark, ours: Path::new(&ours), ours_mark: node.mark })
        };
        entries.iter().filter_map(pair).collect()
    });
    section.finish();
    let (to, mark) = to?;
    Some(Link { to, mark, when: when? })
}

/// What is wrong with the links of a stream: fields that are not there, that the field table leaves empty, or that
/// can never be equal.
pub(super) fn check(stream: &Stream, found: &mut Vec<Diagnostic>) {
    let shape = |name: &str| Catalog::embedded().get(name).map(Shape::of);
    let Some(own) = shape(&stream.target) else { return };
    for link in &stream.links {
        let Some(other) = shape(&link.to) else { continue };
        for pair in &link.when {
            let sides =
                [(&other, &pair.theirs, pair.mark, &link.to), (&own, &pair.ours, pair.ours_mark, &stream.target)];
            let mut kinds = [None; 2];
            for ((shape, path, mark, name), kind) in sides.into_iter().zip(&mut kinds) {
                *kind = value(shape, path);
                if kind.is_none() {
                    let what = format!("`{name}` has no field `{path}` that can be compared");
                    let paths = shape.paths();
                    let report = stream.origin.report("E0113", mark, what);
                    found.push(report.nearest(path.as_str(), paths.iter().map(String::as_str)));
                }
            }
            if kinds[1].is_some() && !is_filled(stream, &pair.ours) {
                let what = format!("the link to `{}` looks at `{}`, which `map` does not fill", link.to, pair.ours);
                found
                    .push(stream.origin.report("E0170", pair.ours_mark, what).help("map it, or compare another field"));
            }
            if let [Some(theirs), Some(ours)] = kinds
                && theirs != ours
            {
                let what = format!(
                    "`{}` is {} and `{}` is {}: they are never equal",
                    pair.theirs,
                    theirs.name(),
                    pair.ours,
                    ours.name()
                );
                found.push(
                    stream.origin.report("E0171", pair.mark, what).help("compare fields of one kind, such as codes"),
                );
            }
        }
    }
}

/// What a field holds, when it is a single value; lists are gone into without a number.
fn value(shape: &Shape, path: &Path) -> Option<Kind> {
    let mut at = shape;
    for step in path.steps() {
        while let Shape::List(item) = at {
            at = item;
        }
        at = at.step(step)?;
    }
    while let Shape::List(item) = at {
        at = item;
    }
    if let Shape::Value { kind, .. } = at { Some(*kind) } else { None }
}

/// Whether the field table fills a field, or the list or object that it stands in.
fn is_filled(stream: &Stream, path: &Path) -> bool {
    let (path, mut filled) = (path.as_str(), stream.map.fields.iter().map(|field| field.target.as_str()));
    path == "region"
        || filled.any(|target| path == target || path.strip_prefix(target).is_some_and(|rest| rest.starts_with('.')))
}
