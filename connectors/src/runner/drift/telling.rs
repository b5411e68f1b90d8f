//! Drift in words, with the line of the field table that would take it up.

use muara_schemas::page::Reason;

use super::line;
use crate::definition::Stream;
use crate::definition::model::{FieldTable, Rule};
use crate::json::write_text;
use crate::profile::{Change, Drift, Form};

/// How many fields a note names.
const NAMED: usize = 5;
/// How long a note may be, in bytes; the hub keeps no more.
const MAX_NOTE_BYTES: usize = 1_000;
/// The longest name that is shown, in letters.
const SHOWN: usize = 80;

/// One note for each sort of change.
pub(in super::super) fn notes(drifts: &[Drift], stream: &Stream) -> Vec<(&'static str, String)> {
    let codes = [(Change::Added, "W0205"), (Change::Removed, "W0206"), (Change::Retyped, "W0207")];
    let lost: Vec<&str> =
        drifts.iter().filter(|drift| drift.change == Change::Removed).map(|drift| drift.path.as_str()).collect();
    let note = |(change, code): (Change, &'static str)| {
        let same: Vec<&Drift> = drifts.iter().filter(|drift| drift.change == change).collect();
        (!same.is_empty()).then(|| (code, note(&same, stream, &lost)))
    };
    codes.into_iter().filter_map(note).collect()
}

/// As many sentences as there is room for, and how many more there are.
fn note(drifts: &[&Drift], stream: &Stream, lost: &[&str]) -> String {
    let mut text = String::new();
    let mut told = 0;
    for drift in drifts.iter().take(NAMED) {
        let sentence = sentence(drift, stream, lost);
        if told > 0 && text.len() + sentence.len() + 20 > MAX_NOTE_BYTES {
            break;
        }
        text.push_str(if told > 0 { "; " } else { "" });
        text.push_str(&sentence);
        told += 1;
    }
    if drifts.len() > told {
        text.extend(["; and ", &(drifts.len() - told).to_string(), " more"]);
    }
    text.truncate(text.floor_char_boundary(MAX_NOTE_BYTES));
    text
}

fn sentence(drift: &Drift, stream: &Stream, lost: &[&str]) -> String {
    let path = shown(&drift.path);
    let (count, of) = (grouped(drift.count), grouped(drift.of));
    let counted = format!("{count} of {of}");
    let (before, now) = (samples(&drift.before, "nothing"), samples(&drift.now, form(drift.form)));
    match drift.change {
        Change::Added => {
            let such = if drift.now.is_empty() { String::new() } else { format!(", such as {now}") };
            let line = line::of(drift, stream, lost).map_or_else(String::new, |line| format!(": perhaps `{line}`"));
            format!("new field `{path}` ({counted}{such}){line}")
        }
        Change::Removed => {
            let such = if drift.before.is_empty() { String::new() } else { format!(", which was such as {before}") };
            let reads = targets(&stream.map, &drift.path);
            let reads = if reads.is_empty() { String::new() } else { format!(": `{}` reads it", reads.join("`, `")) };
            format!("no field `{path}` any more in {count} records{such}{reads}")
        }
        Change::Retyped => {
            let line = targets(&stream.map, &drift.path).into_iter().next();
            let line = line.and_then(|target| {
                let converter = converter(drift.form?)?;
                Some(format!(": perhaps `{target}: {{from: {}, as: {converter}}}`", quoted(&drift.path)))
            });
            format!("`{path}` was {before} and is now {now} ({counted}){}", line.unwrap_or_default())
        }
    }
}

/// Why a record waits in quarantine. Names the field and holds no value.
pub(super) fn reason(change: Change, path: String) -> Reason {
    let code = if change == Change::Removed { "E0327" } else { "E0326" };
    let message = format!("the record {}", what(change, &path));
    Reason { code: code.to_owned(), target: String::new(), source: Some(path), message }
}

/// What a record does that others did not.
pub(super) fn what(change: Change, path: &str) -> String {
    let path = shown(path);
    match change {
        Change::Added => format!("has the field `{path}`, which the source did not have"),
        Change::Removed => format!("lacks the field `{path}`, which every record had"),
        Change::Retyped => format!("has `{path}` in a form that it never had"),
    }
}

/// The targets that are taken from a source field.
pub(super) fn targets(map: &FieldTable, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for field in &map.fields {
        match &field.rule {
            Rule::Take(take) if take.from.as_str() == path => found.push(field.target.as_str().to_owned()),
            Rule::Each { list, map, .. } => {
                if let Some(item) = path.strip_prefix(list.as_str()).and_then(|rest| rest.strip_prefix("[].")) {
                    found.extend(targets(map, item));
                }
            }
            _ => {}
        }
    }
    found
}

const fn converter(form: Form) -> Option<&'static str> {
    match form {
        Form::TextComma => Some("money_id"),
        Form::TextPoint => Some("money"),
        Form::DateIso => Some("date"),
        Form::DateSlash => Some("date(\"dd/MM/yyyy\")"),
        Form::DateDash => Some("date(\"dd-MM-yyyy\")"),
        _ => None,
    }
}

/// What a form is called, where no pattern shows it.
const fn form(form: Option<Form>) -> &'static str {
    match form {
        Some(Form::Bool) => "`true` or `false`",
        Some(Form::List) => "a list",
        Some(Form::Object) => "an object",
        Some(_) => "a value",
        None => "nothing",
    }
}

fn samples(patterns: &[String], otherwise: &str) -> String {
    if patterns.is_empty() {
        return otherwise.to_owned();
    }
    let quoted: Vec<String> = patterns.iter().take(2).map(|pattern| format!("`{pattern}`")).collect();
    quoted.join(" or ")
}

/// A source path as it is written in a table in braces.
pub(super) fn quoted(path: &str) -> String {
    let is_plain = path.starts_with(|first: char| first.is_alphabetic())
        && path.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'));
    if is_plain {
        return path.to_owned();
    }
    let mut quoted = String::new();
    write_text(path, &mut quoted);
    quoted
}

fn shown(path: &str) -> String {
    let mut letters = path.chars();
    let mut shown: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// `1,234`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
