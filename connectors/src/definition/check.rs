//! Checks that need more than one key: the field table against the schema, the tests, and one file against the others.

use std::collections::BTreeMap;

use muara_schemas::Catalog;
use muara_schemas::catalog::RecordType;
use serde_json::Value;

use super::model::{Definition, FieldTable, Outcome, Read, Rule, SqlRead, Stream, Test};
use super::parse::Parsed;
use super::reference::{Reference, Setting, Variables};
use super::report::{Diagnostic, Mark};
use super::{Ask, link, open};
use crate::json::{Json, Path};
use crate::mapping::lookup::find;
use crate::mapping::{Mapped, Table, constant, shape::Shape};

mod samples;

/// The code of a test that fails.
pub(super) const FAILED_TEST: &str = "E0122";
/// How many differences of a failed test are shown.
const SHOWN: usize = 5;

/// Everything about one file that its keys alone do not tell.
pub(super) fn definition(parsed: &mut Parsed, ask: Ask<'_>) {
    let Some(definition) = &parsed.definition else { return };
    open::lines(&definition.origin, &mut parsed.found);
    for stream in &definition.streams {
        columns(stream, &mut parsed.found);
        defaults(stream, &stream.map, &mut parsed.found);
        samples::unseen(stream, &mut parsed.found);
        link::check(stream, &mut parsed.found);
        let Some(record_type) = Catalog::embedded().get(&stream.target) else { continue };
        if stream.map.fields.is_empty() {
            continue;
        }
        match Table::compile(stream, &definition.system, record_type) {
            Err(found) => parsed.found.extend(found),
            Ok(table) => {
                let run = |test| run(stream, test, &table, record_type, ask).map(|why| (test, why));
                let failed = stream.tests.iter().filter_map(run);
                parsed.found.extend(failed.map(|(test, why)| {
                    stream.origin.report(FAILED_TEST, test.mark, format!("test `{}` failed: {why}", test.name))
                }));
            }
        }
    }
}

/// Two files that describe one system.
pub(super) fn across(files: &mut [Parsed]) {
    let mut seen: BTreeMap<(String, String), (String, Mark)> = BTreeMap::new();
    for parsed in files {
        let Some(definition) = &parsed.definition else { continue };
        let system = &definition.system;
        if system.id.is_empty() {
            continue;
        }
        let name = (system.region.clone(), system.id.clone());
        if let Some((file, mark)) = seen.get(&name) {
            let what = format!("system `{}` of region {} is described in {file}:{} already", name.1, name.0, mark.line);
            let report = definition.origin.report("E0119", parsed.id, what);
            parsed.found.push(report.help("give it another id, or put its streams into one file"));
        } else {
            seen.insert(name, (definition.origin.file.clone(), parsed.id));
        }
    }
}

/// References that have no value now. Commands are not run for it.
pub(super) fn references(definition: &Definition, variables: &Variables) -> Vec<Diagnostic> {
    let mut missing: Vec<String> = Vec::new();
    for setting in definition.settings() {
        let why = match setting {
            Setting::Reference(Reference::Env(name)) if variables.get(name).is_none() => {
                format!("environment variable `{name}` is not set")
            }
            Setting::Reference(Reference::File(path)) if !std::path::Path::new(path).is_file() => {
                format!("file `{path}` is not there")
            }
            _ => continue,
        };
        if !missing.contains(&why) {
            missing.push(why);
        }
    }
    let report = |why: String| {
        definition.origin.report(
            "E0123",
            Mark::default(),
            format!("system `{}` cannot be reached: {why}", definition.system.id),
        )
    };
    missing.into_iter().map(report).collect()
}

/// A SQL stream that names its columns must name those it uses.
fn columns(stream: &Stream, found: &mut Vec<Diagnostic>) {
    let Read::Sql(SqlRead { columns, .. }) = &stream.read else { return };
    if columns.is_empty() {
        return;
    }
    let known = |path: &Path| {
        let text = path.as_str();
        columns.iter().any(|column| {
            text == column || text.strip_prefix(column.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let mut check = |path: &Path, mark: Mark, what: &str| {
        if !known(path) {
            let report =
                stream.origin.report("E0127", mark, format!("{what} reads `{path}`, which `columns` does not list"));
            found.push(report.nearest(path.as_str(), columns.iter().map(String::as_str)));
        }
    };
    for field in &stream.map.fields {
        match &field.rule {
            Rule::Take(take) if take.from.as_str().is_empty() => {}
            Rule::Take(take) => check(&take.from, field.mark, &format!("`{}`", field.target)),
            Rule::Each { list, mark, .. } => check(list, *mark, &format!("`{}`", field.target)),
            Rule::Const(..) => {}
        }
    }
    for (path, mark) in stream.key.iter().zip(&stream.places.key) {
        check(path, *mark, "`key`");
    }
    if let Some(cursor) = &stream.cursor {
        check(&cursor.field, stream.places.cursor, "`cursor`");
    }
    for ((path, _), mark) in stream.where_.fields.iter().zip(&stream.places.where_) {
        check(path, *mark, "`where`");
    }
}

/// A default that no record can reach, for its source is never absent.
fn defaults(stream: &Stream, table: &FieldTable, found: &mut Vec<Diagnostic>) {
    for field in &table.fields {
        let Rule::Take(take) = &field.rule else { continue };
        let Some((_, mark)) = &take.default else { continue };
        let why = if take.expr.is_some() {
            continue;
        } else if stream.key.contains(&take.from) {
            "is part of the key, which no record lacks"
        } else if stream
            .where_
            .fields
            .iter()
            .any(|(path, wanted)| *path == take.from && !wanted.iter().any(String::is_empty))
        {
            "is never absent where `where` lets a record in"
        } else {
            continue;
        };
        let report = stream.origin.report("W0103", *mark, format!("this default is never used: `{}` {why}", take.from));
        found.push(report.help("take `default` out"));
    }
}

/// Why a test failed; `None` when it passed.
fn run(stream: &Stream, test: &Test, table: &Table, record_type: &RecordType, ask: Ask<'_>) -> Option<String> {
    let answer = table.condition().and_then(|condition| ask(std::slice::from_ref(condition), &test.raw).pop());
    match (&test.outcome, table.selects(&test.raw, answer.as_ref())) {
        (Outcome::LeftOut, Ok(false)) => return None,
        (Outcome::LeftOut, Ok(true)) => return Some("`where` lets the record in".to_owned()),
        (Outcome::Body(_) | Outcome::Quarantine(_), Ok(false)) => {
            return Some("`where` leaves the record out".to_owned());
        }
        (Outcome::Body(_) | Outcome::LeftOut, Err(reason)) => {
            return Some(format!("the record was quarantined: {} {}", reason.code, reason.message));
        }
        _ => {}
    }
    if matches!(test.outcome, Outcome::Body(_))
        && let Some(path) = without_value(stream, test)
    {
        return Some(format!("the record has no key: `{path}` has no value in it"));
    }
    let answers = ask(table.programs(), &test.raw);
    match (&test.outcome, table.map(&test.raw, &answers)) {
        (Outcome::LeftOut, _) => None,
        (Outcome::Body(expected), Mapped::Record(made)) => {
            let mut expected = match constant::value(expected, &Shape::of(record_type)) {
                Ok(expected) => expected,
                Err(why) => return Some(format!("`expect` gives {why}")),
            };
            if let (Some(fields), Some(region)) = (expected.as_object_mut(), made.get("region")) {
                fields.entry("region").or_insert_with(|| region.clone());
            }
            let mut differences = Vec::new();
            differ(&expected, &made, String::new(), &mut differences);
            let more = differences.len().saturating_sub(SHOWN);
            differences.truncate(SHOWN);
            if more > 0 {
                differences.push(format!("and {more} more"));
            }
            (!differences.is_empty()).then(|| differences.join("; "))
        }
        (Outcome::Body(_), Mapped::Broken { errors, .. }) => {
            let told: Vec<String> = errors
                .iter()
                .take(SHOWN)
                .map(|error| format!("{} {}: {}", error.code, error.target, error.message))
                .collect();
            Some(format!("the record was quarantined: {}", told.join("; ")))
        }
        (Outcome::Quarantine(_), Mapped::Record(_)) => {
            Some("the record was mapped, and nothing was wrong with it".to_owned())
        }
        (Outcome::Quarantine(pointers), Mapped::Broken { errors, .. }) => {
            let missing: Vec<&str> = pointers
                .iter()
                .map(String::as_str)
                .filter(|pointer| !errors.iter().any(|error| error.target == *pointer))
                .collect();
            let told: Vec<&str> = errors.iter().map(|error| error.target.as_str()).collect();
            (!missing.is_empty())
                .then(|| format!("nothing was wrong with {}, only with {}", missing.join(", "), told.join(", ")))
        }
    }
}

/// A field of the key that a test's record lacks; what the reader adds to a record is in no test.
fn without_value<'a>(stream: &'a Stream, test: &Test) -> Option<&'a Path> {
    let lacks =
        |path: &&Path| matches!(find(&test.raw, path), None | Some(Json::Null | Json::List(_) | Json::Object(_)));
    stream.key.iter().filter(|path| !path.as_str().starts_with('$')).find(lacks)
}

fn differ(expected: &Value, made: &Value, pointer: String, found: &mut Vec<String>) {
    match (expected, made) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in a {
                match b.get(name) {
                    Some(other) => differ(value, other, format!("{pointer}/{name}"), found),
                    None => found.push(format!("{pointer}/{name} expected {value}, made nothing")),
                }
            }
            found.extend(
                b.iter()
                    .filter(|(name, _)| !a.contains_key(*name))
                    .map(|(name, value)| format!("{pointer}/{name} expected nothing, made {value}")),
            );
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (number, (a, b)) in a.iter().zip(b).enumerate() {
                differ(a, b, format!("{pointer}/{number}"), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(format!("{pointer} expected {a}, made {b}")),
    }
}
