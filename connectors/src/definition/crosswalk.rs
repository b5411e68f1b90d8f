//! `crosswalks:` of a file: lists of codes that stand beside it or ship with the program.

use std::collections::BTreeMap;
use std::sync::Arc;

use muara_schemas::codes;

use super::model::{FieldTable, Rule, Stream, Via};
use super::node::{Node, Value};
use super::report::{Diagnostic, Mark, Origin};
use super::walk::{Section, Walk};
use crate::mapping::Crosswalk;

/// The lists of one file, by name; `None` for one that could not be read, which has been told.
pub(super) type Lists = BTreeMap<String, Option<(Arc<Crosswalk>, String)>>;

/// The names of the files that a definition wants beside it, as far as it can be read.
pub(super) fn files(origin: &Origin) -> Vec<String> {
    let Ok(root) = super::node::parse(origin) else { return Vec::new() };
    let member = |node: &Node, key: &str| match &node.value {
        Value::Map(entries) => entries.iter().find(|(known, ..)| known == key).map(|(_, _, node)| node.clone()),
        _ => None,
    };
    let Some(Value::Map(lists)) = member(&root, "crosswalks").map(|node| node.value) else { return Vec::new() };
    let name = |node: &Node| match member(node, "file").map(|node| node.value) {
        Some(Value::Scalar(text, _)) if is_beside(&text) => Some(text),
        _ => None,
    };
    lists.iter().filter_map(|(_, _, node)| name(node)).collect()
}

/// Whether a name is that of a file in the same folder.
fn is_beside(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\', ':']) && !name.starts_with('.')
}

/// Reads `crosswalks:`.
pub(super) fn crosswalks(walk: &Walk, node: &Node) -> Lists {
    let read = |(name, mark, node): &(String, Mark, Node)| {
        let section = walk.section(node, format!("crosswalks.{name}"), *mark)?;
        let text = |key: &'static str| section.take(key).and_then(|node| walk.text(node, key));
        let columns = (text("from"), text("to"));
        let by_name = section.take("match").is_some_and(|node| match walk.text(node, "match").as_deref() {
            Some("name") => true,
            Some("code") | None => false,
            Some(other) => {
                let report = walk.origin.report("E0108", node.mark, format!("`match` is not `{other}`"));
                walk.push(report.nearest(other, ["code", "name"]));
                false
            }
        });
        let list = source(walk, &section, *mark);
        section.finish();
        let (csv, from, to, at) = list?;
        let (from, to) = (columns.0.unwrap_or_else(|| from.to_owned()), columns.1.unwrap_or_else(|| to.to_owned()));
        match Crosswalk::read(&csv, &from, &to, by_name) {
            Ok(list) => {
                let mark = blake3::hash(format!("{from}\n{to}\n{by_name}\n{csv}").as_bytes()).to_hex().to_string();
                Some((Arc::new(list), mark))
            }
            Err(why) => {
                walk.report("E0145", at, format!("crosswalk `{name}` cannot be used: {why}"));
                None
            }
        }
    };
    walk.entries(node, "crosswalks").iter().map(|entry| (entry.0.clone(), read(entry))).collect()
}

/// The text of a list, and its usual columns.
fn source(walk: &Walk, section: &Section<'_, '_>, at: Mark) -> Option<(String, &'static str, &'static str, Mark)> {
    let file = section.take("file").and_then(|node| walk.text(node, "file").map(|text| (text, node.mark)));
    let list = section.take("codes").and_then(|node| walk.text(node, "codes").map(|text| (text, node.mark)));
    if section.has("file") == section.has("codes") {
        walk.cure("E0106", at, "a crosswalk comes from one place", "write {file: opd.csv} or {codes: regions}");
        return None;
    }
    if let Some((name, mark)) = list {
        let csv = codes::csv(&name);
        if csv.is_none() {
            let report = walk.origin.report("E0145", mark, format!("no code list is called `{name}`"));
            walk.push(report.nearest(&name, codes::names()));
        }
        return Some((csv?.to_owned(), "code", "code", mark));
    }
    let (name, mark) = file?;
    if !is_beside(&name) {
        walk.cure("E0125", mark, "`file` leads out of the folder", "give the name of a file beside the definition");
        return None;
    }
    match walk.origin.beside.get(&name) {
        Some(Ok(text)) => Some((text.clone(), "from", "to", mark)),
        Some(Err(why)) => {
            walk.report("E0145", mark, format!("could not read `{name}`: {why}"));
            None
        }
        None => {
            walk.report("E0145", mark, format!("`{name}` was not read"));
            None
        }
    }
}

/// Gives the field table of a stream the lists that it names; returns what they add to the stream's digest.
pub(super) fn attach(stream: &mut Stream, lists: &Lists, found: &mut Vec<Diagnostic>) -> String {
    let mut marks = String::new();
    let origin = stream.origin.clone();
    table(&mut stream.map, lists, &origin, found, &mut marks);
    marks
}

fn table(map: &mut FieldTable, lists: &Lists, origin: &Origin, found: &mut Vec<Diagnostic>, marks: &mut String) {
    for field in &mut map.fields {
        match &mut field.rule {
            Rule::Each { map, .. } => table(map, lists, origin, found, marks),
            Rule::Take(take) => {
                let Some(Via::Named { name, mark, valid_on, list }) = &mut take.via else { continue };
                match lists.get(name) {
                    Some(Some((known, digest))) => {
                        if let (None, Some(code)) = (&valid_on, known.needs_day()) {
                            let what = format!("`{code}` of crosswalk `{name}` stands for other values at other times");
                            let help = "say when: `valid_on: tanggal`, a date or a year of the record";
                            found.push(origin.report("E0146", *mark, what).help(help));
                            continue;
                        }
                        marks.push_str(digest);
                        *list = Some(known.clone());
                    }
                    // It has been told of already.
                    Some(None) => {}
                    None => {
                        let report = origin.report("E0145", *mark, format!("no crosswalk is called `{name}`"));
                        found.push(report.nearest(name, lists.keys().map(String::as_str)));
                    }
                }
            }
            Rule::Const(..) => {}
        }
    }
}
