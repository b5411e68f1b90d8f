//! `source:` and `read:` of kind files.

use std::time::Duration;

use regex::Regex;

use super::need_setting;
use crate::definition::model::{FORMATS, Files, FilesRead, Form, Header, Layout, Ready, SheetChoice, Snapshot};
use crate::definition::node::{Node, Value};
use crate::definition::report::Mark;
use crate::definition::walk::{Section, Walk};
use crate::text::Encoding;

mod region;

/// Keys of `source:` and of `read:`.
pub(super) const SOURCE: &[&str] = &["folder"];
pub(super) const READ: &[&str] = &[
    "file",
    "match",
    "ready",
    "snapshot",
    "format",
    "encoding",
    "delimiter",
    "records",
    "sheet",
    "hidden",
    "region",
    "header",
    "skip",
    "fill_down",
];
/// A number in `sheet:` beyond this is a name: sheets are called after years, and no workbook has so many.
const MAX_SHEETS: u32 = 255;

/// Reads the keys of `source:`.
pub(super) fn source(walk: &Walk, section: &Section<'_, '_>) -> Files {
    Files { folder: need_setting(walk, section, "folder") }
}

/// Reads the keys of `read:`.
pub(super) fn read(walk: &Walk, section: &Section<'_, '_>) -> Option<FilesRead> {
    let file = section.take("file").and_then(|node| walk.text(node, "file").map(|file| (file, node.mark)));
    let fits = section.take("match").and_then(|node| {
        let pattern = walk.text(node, "match")?;
        expression(walk, node.mark, "match", &pattern)?;
        Some(pattern)
    });
    if !section.has("file") && !section.has("match") {
        section.need("file");
    }
    if let Some((file, mark)) = &file
        && (file.starts_with(['/', '\\']) || file.split(['/', '\\']).any(|part| part == "..") || file.contains(':'))
    {
        walk.cure(
            "E0125",
            *mark,
            "`file` leads out of the folder",
            "give a name or pattern below `folder`, such as \"rsud/RBA_*.xlsx\"",
        );
    }
    let ready = section.take("ready").and_then(|node| ready(walk, node, section)).unwrap_or_default();
    let snapshot = section.take("snapshot").and_then(|node| {
        one_of(walk, node, "snapshot", &[("per_file", Snapshot::PerFile), ("append", Snapshot::Append)])
    });
    let layout = Box::new(Layout {
        format: section.take("format").and_then(|node| one_of(walk, node, "format", FORMATS)),
        encoding: section.take("encoding").and_then(|node| encoding(walk, node)),
        delimiter: section.take("delimiter").and_then(|node| delimiter(walk, node)),
        records: section.take("records").and_then(|node| match &node.value {
            // The empty text is the file itself.
            Value::Scalar(text, _) if text.is_empty() => Some(String::new()),
            _ => walk.path(node, "records").map(|path| path.as_str().to_owned()),
        }),
        sheet: section.take("sheet").and_then(|node| sheet(walk, node, section)).unwrap_or_default(),
        hidden: section.take("hidden").and_then(|node| flag(walk, node, "hidden")).unwrap_or_default(),
        region: section.take("region").and_then(|node| region::region(walk, node, section)).unwrap_or_default(),
        header: section.take("header").and_then(|node| header(walk, node, section)).unwrap_or_default(),
        skip: small(section.take("skip").and_then(|node| walk.number(node, "skip", 0, 1_000))).unwrap_or_default(),
        fill_down: section.take("fill_down").map_or_else(Vec::new, |node| {
            walk.list(node, "fill_down").iter().filter_map(|item| walk.text(item, "fill_down")).collect()
        }),
    });
    let form = layout.format.or_else(|| file.as_ref().and_then(|(file, _)| Form::of(file)));
    if let Some(form) = form {
        belong(walk, section, form);
    }
    if file.is_none() && fits.is_none() {
        return None;
    }
    let file = file.map_or_else(|| "*".to_owned(), |(file, _)| file);
    Some(FilesRead { file, fits, ready, snapshot: snapshot.unwrap_or_default(), layout })
}

/// Keys that have no effect on a file of this form.
fn belong(walk: &Walk, section: &Section<'_, '_>, form: Form) {
    let is_tree = matches!(form, Form::Json | Form::Jsonl | Form::Xml);
    let is_book = matches!(form, Form::Xlsx | Form::Xls | Form::Ods);
    let useless = [
        ("sheet", !is_book),
        ("hidden", !is_book),
        ("delimiter", form != Form::Csv),
        ("encoding", is_book),
        ("records", !matches!(form, Form::Json | Form::Xml)),
        ("region", is_tree),
        ("header", is_tree),
        ("skip", is_tree),
        ("fill_down", is_tree),
    ];
    for (key, _) in useless.iter().filter(|(key, is_useless)| *is_useless && section.has(key)) {
        walk.cure(
            "E0135",
            section.place(key),
            format!("`{key}` has no effect on files of this form"),
            "take it out, or correct `file` or `format`",
        );
    }
    if form == Form::Xml && !section.has("records") {
        walk.cure(
            "E0105",
            section.mark,
            format!("`{}` lacks `records`", section.name),
            "name the path of the elements that are records, such as `records: data.row`",
        );
    }
}

fn ready(walk: &Walk, node: &Node, section: &Section<'_, '_>) -> Option<Ready> {
    let inner = walk.section(node, format!("{}.ready", section.name), section.place("ready"))?;
    let stable_for =
        inner.take("stable_for").and_then(|node| walk.duration(node, "stable_for", Duration::from_secs(1)));
    let marker = inner.take("marker").and_then(|node| {
        let marker = walk.text(node, "marker")?;
        if !marker.contains("{name}") || marker == "{name}" || marker.contains(['/', '\\']) {
            walk.cure(
                "E0108",
                node.mark,
                format!("`marker` names no file beside the file: `{marker}`"),
                "write the name of the file with something before or behind it, such as \"{name}.ok\"",
            );
            return None;
        }
        Some(marker)
    });
    if !inner.has("stable_for") && !inner.has("marker") {
        walk.cure(
            "E0105",
            section.place("ready"),
            "`ready` says nothing",
            "give `stable_for`, such as 2m, or `marker`, such as \"{name}.ok\"",
        );
    }
    inner.finish();
    Some(Ready { stable_for, marker })
}

/// A name, a number from 1, `/…/` or `{match: …}`.
fn sheet(walk: &Walk, node: &Node, section: &Section<'_, '_>) -> Option<SheetChoice> {
    if let Value::Map(_) = node.value {
        let inner = walk.section(node, format!("{}.sheet", section.name), section.place("sheet"))?;
        let pattern = inner.need("match").and_then(|node| walk.text(node, "match").map(|text| (text, node.mark)));
        inner.finish();
        let (pattern, mark) = pattern?;
        expression(walk, mark, "sheet", &pattern)?;
        return Some(SheetChoice::Fits(pattern));
    }
    let text = walk.text(node, "sheet")?;
    if let Some(pattern) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        expression(walk, node.mark, "sheet", pattern)?;
        return Some(SheetChoice::Fits(pattern.to_owned()));
    }
    let number =
        text.parse().ok().filter(|number| matches!(node.value, Value::Scalar(_, true)) && *number <= MAX_SHEETS);
    match number {
        Some(0) => {
            walk.cure("E0108", node.mark, "there is no sheet 0", "sheets are counted from 1");
            None
        }
        Some(number) => Some(SheetChoice::Number(number)),
        None => Some(SheetChoice::Name(text)),
    }
}

fn header(walk: &Walk, node: &Node, section: &Section<'_, '_>) -> Option<Header> {
    let inner = walk.section(node, format!("{}.header", section.name), section.place("header"))?;
    let rows = small(inner.need("rows").and_then(|node| walk.number(node, "rows", 1, 20)));
    let join = inner.take("join").and_then(|node| walk.text(node, "join"));
    inner.finish();
    let default = Header::default();
    Some(Header { rows: rows.unwrap_or(default.rows), join: join.unwrap_or(default.join) })
}

fn encoding(walk: &Walk, node: &Node) -> Option<String> {
    let name = walk.text(node, "encoding")?;
    if Encoding::named(&name).is_none() {
        walk.cure(
            "E0136",
            node.mark,
            format!("`{name}` is no encoding that is known"),
            "write utf-8, utf-16le, utf-16be, windows-1252 or another name that web pages use",
        );
        return None;
    }
    Some(name)
}

fn delimiter(walk: &Walk, node: &Node) -> Option<u8> {
    let text = walk.text(node, "delimiter")?;
    match text.as_bytes() {
        _ if text == "\\t" => Some(b'\t'),
        [one] if one.is_ascii() && !matches!(one, b'"' | b'\r' | b'\n') => Some(*one),
        _ => {
            walk.cure(
                "E0108",
                node.mark,
                format!("`delimiter` is one character, not `{text}`"),
                "write \";\", \",\", \"|\" or \"\\t\"",
            );
            None
        }
    }
}

fn flag(walk: &Walk, node: &Node, name: &str) -> Option<bool> {
    one_of(walk, node, name, &[("true", true), ("false", false)])
}

/// One of a few words.
fn one_of<T: Copy>(walk: &Walk, node: &Node, name: &str, known: &[(&str, T)]) -> Option<T> {
    let text = walk.text(node, name)?;
    let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        let words: Vec<String> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
        let report =
            walk.origin.report("E0108", node.mark, format!("`{name}` is one of {}, not `{text}`", words.join(", ")));
        walk.push(report.nearest(&text, known.iter().map(|(word, _)| *word)));
    }
    found
}

/// A regular expression that compiles, and fits in memory when it does.
fn expression(walk: &Walk, mark: Mark, name: &str, pattern: &str) -> Option<()> {
    // Said again here: expressions that span lines are shown in a form that no line of ours can hold.
    let why = match Regex::new(pattern) {
        Ok(_) => return Some(()),
        Err(error) => error.to_string(),
    };
    let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    walk.cure(
        "E0137",
        mark,
        format!("`{name}` is no regular expression: {last}"),
        "write it in single quotes, so that `\\d` stays what it is; a named group is (?<name>…)",
    );
    None
}

fn small(number: Option<u64>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}
