//! One file: from its tree to a [`Definition`], with everything that is wrong with it.
//!
//! Reading goes on after an error with a stand-in, so that all errors come at once;
//! whoever gets errors must not use the definition.

use std::sync::Arc;
use std::time::Duration;

use muara_schemas::Catalog;
use muara_schemas::page::Limits;
use muara_schemas::record::TYPES;
use muara_schemas::stream::is_name;

use super::model::{
    Definition, FieldTable, Files, FilesRead, FullRead, Places, PushRead, Read, Schedule, SourceSpec, Stream, of_parent,
};
use super::node::{self, Node, Value};
use super::reference::Setting;
use super::report::{Diagnostic, Mark, Origin};
use super::walk::{Section, Walk};
use super::{canonical, crosswalk, drift, expression, link, paging, schedule, source, system, table};
use crate::json::Path;

/// The version of the language that this program reads.
const LANGUAGE: &str = "1";

/// What came of a file.
pub(super) struct Parsed {
    /// A definition as far as it could be read; to be used only when `found` has no error.
    pub(super) definition: Option<Definition>,
    /// Where the system's id stands.
    pub(super) id: Mark,
    pub(super) found: Vec<Diagnostic>,
}

/// Reads one file.
pub(super) fn parse(origin: Origin) -> Parsed {
    let origin = Arc::new(origin);
    let root = match node::parse(&origin) {
        Ok(root) => root,
        Err(found) => return Parsed { definition: None, id: Mark::default(), found },
    };
    let walk = Walk::new(origin);
    let read = definition(&walk, &root);
    let (definition, id) = read.map_or((None, Mark::default()), |(definition, id)| (Some(definition), id));
    Parsed { definition, id, found: walk.found.into_inner() }
}

fn definition(walk: &Walk, root: &Node) -> Option<(Definition, Mark)> {
    let top = walk.section(root, "the file", Mark { line: 1, column: 1, width: 1 })?;
    if let Some(node) = top.need("muara")
        && let Some(version) = walk.text(node, "muara")
        && version != LANGUAGE
    {
        walk.cure(
            "E0124",
            node.mark,
            format!("this program does not know version {version} of the language"),
            "write `muara: 1`",
        );
    }
    let about = top.take("about").and_then(|node| walk.text(node, "about"));
    let (system, id) = match top.need("system") {
        Some(node) => system::system(walk, node, top.place("system")),
        None => (system::stand_in(), Mark::default()),
    };
    let spec = top.need("source").and_then(|node| source::source(walk, node, top.place("source")));
    let mut streams = Vec::new();
    let context = canonical::Context::of(root);
    if let Some(node) = top.need("streams") {
        let entries = walk.entries(node, "streams");
        if entries.is_empty() && matches!(node.value, Value::Map(_)) {
            walk.cure("E0105", top.place("streams"), "`streams` has no stream", "give at least one");
        }
        for (name, mark, node) in entries {
            if !is_name(name) {
                walk.cure(
                    "E0109",
                    *mark,
                    format!("`{name}` is no name of a stream"),
                    "1 to 40 of a-z, 0-9 and -, beginning with a letter",
                );
            }
            if let Some(mut stream) = stream(walk, node, name, *mark, spec.as_ref()) {
                let schema = Catalog::embedded().get(&stream.target).map_or("", |record_type| record_type.digest());
                stream.digest = context.digest(name, node, schema);
                stream.settings = canonical::settings(node);
                streams.push(stream);
            }
        }
    }
    let lists = top.take("crosswalks").map(|node| crosswalk::crosswalks(walk, node)).unwrap_or_default();
    for stream in &mut streams {
        let lists = crosswalk::attach(stream, &lists, &mut walk.found.borrow_mut());
        if !lists.is_empty() {
            // Another list is another definition.
            stream.digest = canonical::with(&stream.digest, &lists);
        }
    }
    let document = canonical::document(root);
    top.finish();
    let source = Arc::new(spec.unwrap_or(SourceSpec::Files(Files { folder: Setting::Plain(String::new()) })));
    let (system, access, origin) = (Arc::new(system), context.access(), walk.origin.clone());
    Some((Definition { about, system, source, access, streams, document, origin }, id))
}

fn stream(walk: &Walk, node: &Node, name: &str, mark: Mark, spec: Option<&SourceSpec>) -> Option<Stream> {
    let kind = spec.map(SourceSpec::kind);
    let full = format!("streams.{name}");
    let section = walk.section(node, full.clone(), mark)?;
    let about = section.take("about").and_then(|node| walk.text(node, "about"));
    let target = section.need("target").and_then(|node| {
        let target = walk.text(node, "target")?;
        if Catalog::embedded().get(&target).is_none() {
            let report = walk.origin.report("E0112", node.mark, format!("no record type is called `{target}`"));
            walk.push(report.nearest(&target, TYPES.iter().copied()));
        }
        Some(target)
    });
    let is_pushed = kind == Some("push");
    let read = if is_pushed { section.take("read") } else { section.need("read") };
    let read = read.and_then(|node| source::read(walk, node, &full, section.place("read"), kind?));
    let read = read.or_else(|| is_pushed.then(|| Read::Push(PushRead { records: Path::new("") })));
    if is_pushed {
        source::useless(walk, &section);
    }
    let mut max_pages = None;
    let page = section.take("page").and_then(|node| match kind {
        Some("http") => paging::page(walk, node, &full, section.place("page"), &mut max_pages),
        Some("push") => None,
        Some(other) => {
            let what = format!("`page` belongs to kind http, but this source is of kind {other}");
            walk.cure("E0111", section.place("page"), what, "take `page` out: this kind pages by itself");
            None
        }
        None => None,
    });
    // Read whole each time, and compared by hash: what a stream without a cursor does, said aloud.
    let by_hash =
        section.take("cursor").is_some_and(|node| matches!(&node.value, Value::Scalar(text, _) if text == "hash"));
    let keeps_state = section.take("cursor").is_some_and(paging::is_state);
    if keeps_state && kind.is_some_and(|kind| kind != "exec") {
        walk.cure(
            "E0121",
            section.place("cursor"),
            "only programs of kind exec keep a state",
            "name a field: `cursor: {field: …}`",
        );
    }
    let cursor = section.take("cursor").filter(|_| !by_hash && !keeps_state && !is_pushed);
    let cursor = cursor.and_then(|node| paging::cursor(walk, node, &full, section.place("cursor"), kind));
    if let Some(Read::Http(read)) = &read {
        let [at_page, at_cursor] = ["page", "cursor"].map(|key| section.place(key));
        source::names(walk, read, spec, (page.as_ref(), at_page), (cursor.as_ref(), at_cursor));
    }
    let full_read = full_read(walk, &section, &full, section.has("cursor") && !by_hash && !is_pushed);
    let each = section.take("each").and_then(|node| expression::each(walk, node, &full, section.place("each")));
    let (key, key_places) = key(walk, &section, kind, section.has("each"));
    let map = section.need("map").map(|node| table::table(walk, node, &format!("{full}.map"), section.place("map")));
    let links = section.take("links").map(|node| link::links(walk, node, &format!("{full}.links"))).unwrap_or_default();
    let zero = section.take("zero").map_or_else(Vec::new, |node| {
        walk.list(node, "zero")
            .iter()
            .filter_map(|item| walk.text(item, "zero"))
            .map(|text| text.trim().to_owned())
            .collect()
    });
    let (where_, where_places) = section.take("where").map(|node| expression::filter(walk, node)).unwrap_or_default();
    let says_when = section.has("schedule");
    let schedule = section.take("schedule");
    let schedule = schedule.and_then(|node| schedule::schedule(walk, node, &full, section.place("schedule")));
    let schedule = schedule.unwrap_or_else(|| if is_pushed { Schedule::of_pushes() } else { Schedule::default() });
    let on_invalid = section.take("on_invalid").filter(|_| !is_pushed);
    let on_invalid = on_invalid
        .and_then(|node| schedule::on_invalid(walk, node, &full, section.place("on_invalid")))
        .unwrap_or_default();
    let drift = section.take("drift");
    let drift = drift.and_then(|node| drift::drift(walk, node, &full, section.place("drift"))).unwrap_or_default();
    let tests = section.take("tests").map(|node| table::tests(walk, node, &format!("{full}.tests")));
    if tests.as_ref().is_none_or(Vec::is_empty) {
        walk.cure(
            "W0101",
            mark,
            format!("stream `{name}` has no tests"),
            "add a typical record under `tests:`, and one that must be quarantined",
        );
    }
    let places = Places { key: key_places, cursor: section.place("cursor"), where_: where_places };
    section.finish();
    Some(Stream {
        name: name.to_owned(),
        about,
        target: target.unwrap_or_default(),
        read: read.unwrap_or(Read::Files(FilesRead::default())),
        page,
        max_pages,
        cursor,
        keeps_state,
        full_read,
        each,
        key,
        places,
        map: map.unwrap_or_else(|| FieldTable { mark, ..FieldTable::default() }),
        links,
        zero,
        where_,
        says_when,
        schedule,
        on_invalid,
        drift,
        tests: tests.unwrap_or_default(),
        digest: String::new(),
        settings: String::new(),
        warnings: Vec::new(),
        origin: walk.origin.clone(),
        mark,
    })
}

fn full_read(walk: &Walk, section: &Section<'_, '_>, name: &str, incremental: bool) -> FullRead {
    let Some(node) = section.take("full_read") else {
        if incremental {
            walk.cure(
                "W0102",
                section.place("cursor"),
                "this stream is never read whole: what the source deletes is never noticed",
                "add `full_read: {every: 1d}`",
            );
        }
        return FullRead::default();
    };
    let at = section.place("full_read");
    let Some(inner) = walk.section(node, format!("{name}.full_read"), at) else {
        return FullRead::default();
    };
    let every = inner.take("every").and_then(|node| walk.duration(node, "every", Duration::from_secs(1)));
    if inner.has("every") && !incremental {
        walk.cure(
            "W0104",
            inner.place("every"),
            "`every` has no use here: a stream without `cursor` is read whole each time",
            "take it out, or give a `cursor`",
        );
    }
    if incremental && !inner.has("every") {
        walk.cure(
            "W0102",
            at,
            "this stream is never read whole: what the source deletes is never noticed",
            "add `every: 1d`",
        );
    }
    let default = Limits::default();
    let max_share = inner.take("max_share").map_or(Some(default.max_share), |node| walk.share(node, "max_share"));
    let max_count = inner
        .take("max_count")
        .map_or(Some(default.max_count), |node| walk.number(node, "max_count", 0, 1_000_000_000));
    inner.finish();
    let limits =
        Limits { max_share: max_share.unwrap_or(default.max_share), max_count: max_count.unwrap_or(default.max_count) };
    FullRead { every, limits }
}

fn key(walk: &Walk, section: &Section<'_, '_>, kind: Option<&'static str>, each: bool) -> (Vec<Path>, Vec<Mark>) {
    let Some(node) = section.need("key") else { return Default::default() };
    let items = walk.list(node, "key");
    if items.is_empty() && matches!(node.value, Value::List(_)) {
        walk.cure(
            "E0120",
            section.place("key"),
            "`key` names no field",
            "name the raw fields that identify a record, best the source's own id",
        );
    }
    let (mut key, mut places): (Vec<Path>, Vec<Mark>) = Default::default();
    for item in items {
        let field = match kind {
            // What comes of a cell has the names that stand in it.
            Some("sql") if !each => source::identifier(walk, item, "key", 1),
            _ => walk.text(item, "key"),
        };
        let Some(field) = field.map(|text| Path::new(&text)) else { continue };
        if key.contains(&field) {
            walk.cure("E0120", item.mark, format!("`key` names `{field}` twice"), "take one of the two out");
        }
        key.push(field);
        places.push(item.mark);
    }
    let of_parent = key.iter().take_while(|path| of_parent(path).is_some()).count();
    if each && !key.is_empty() && (of_parent == 0 || of_parent == key.len()) {
        walk.cure(
            "E0129",
            section.place("key"),
            "the key of a record that `each` makes begins with what identifies its parent and ends with what tells it from its brothers",
            "write [$parent.id, no], or [$parent.id, $index] where nothing else tells them apart",
        );
    }
    (key, places)
}
