//! The tests of a proposed definition: a record of the sample in which nobody is recognised, and the same one broken.

use muara_schemas::Catalog;

use super::target::{Target, targets};
use crate::definition::model::{FieldTable, Rule};
use crate::definition::{Ask, Definition};
use crate::json::{self, Json, Path};
use crate::mapping::shape::Kind;
use crate::mapping::{Mapped, Table};
use crate::raw::{Fields, Raw};

/// Records that are tried.
const MAX_TRIED: usize = 50;
/// Objects and lists stand this deep in each other.
const MAX_DEPTH: usize = 6;
/// What stands in the place of words that no line reads.
const WORDS: &str = "Contoh";
/// Numbers of so many digits may be those of a person, a telephone or an account.
const LONG: usize = 9;
/// Words by which a column tells what its numbers are of a person.
const PERSONAL: &[&str] =
    &["lahir", "nip", "nik", "npwp", "hp", "telp", "telepon", "telpon", "ponsel", "wa", "ktp", "kk", "bpjs", "alamat"];
/// What stands in the place of a value that is broken on purpose.
const BROKEN: &str = "???";

/// How many of the records the definition's first stream maps, and the tests as lines of YAML; none where no record maps.
pub fn tests(definition: &Definition, records: &[Raw], ask: Ask<'_>) -> Vec<String> {
    let Some(stream) = definition.streams.first() else { return Vec::new() };
    let Some(record_type) = Catalog::embedded().get(&stream.target) else { return Vec::new() };
    let Ok(table) = Table::compile(stream, &definition.system, record_type) else { return Vec::new() };
    let all = targets(record_type);
    let mut used = Vec::new();
    uses(&stream.map, &mut used);
    let mut paths: Vec<Path> = stream.key.clone();
    paths.extend(stream.cursor.iter().map(|cursor| cursor.field.clone()));
    let mut map = |raw: &Json| {
        let answers = ask(table.programs(), raw);
        table.map(raw, &answers)
    };
    for raw in records.iter().take(MAX_TRIED) {
        let Some(mut raw) = json_of(raw).map(|raw| part(&raw, &stream.map, &paths)) else { continue };
        for (path, target) in &used {
            if let Some(invented) = all.iter().find(|known| known.path == *target).and_then(invented) {
                put(&mut raw, path, &invented);
            }
        }
        hide_numbers(&mut raw);
        let Mapped::Record(body) = map(&raw) else { continue };
        let mut lines = vec![
            "      - name: a record of the sample, persons and texts invented".to_owned(),
            format!("        raw: {}", raw.to_text()),
            format!("        expect: {body}"),
        ];
        if let Some((broken, pointer)) = broken(&raw, &used, &all, &mut map) {
            lines.push(format!("      - name: the same with `{BROKEN}` in the place of a value"));
            lines.push(format!("        raw: {}", broken.to_text()));
            lines.push(format!("        quarantine: [{}]", super::yaml::quoted(&pointer)));
        }
        return lines;
    }
    Vec::new()
}

/// How many of the records are mapped by the definition's first stream, and the reasons of the first that is not.
pub fn trial(definition: &Definition, records: &[Raw], ask: Ask<'_>) -> (usize, Option<String>) {
    let table = definition
        .streams
        .first()
        .and_then(|stream| Table::compile(stream, &definition.system, Catalog::embedded().get(&stream.target)?).ok());
    let Some(table) = table else { return (0, None) };
    let (mut good, mut first) = (0, None);
    for raw in records {
        let Some(json) = json_of(raw) else { continue };
        let answers = ask(table.programs(), &json);
        let mapped = match raw.parse() {
            Ok(fields) => table.map(&fields, &answers),
            Err(_) => continue,
        };
        match mapped {
            Mapped::Record(_) => good += 1,
            Mapped::Broken { errors, .. } => {
                first = first.or_else(|| {
                    let told = errors.iter().map(|error| format!("{} {}: {}", error.code, error.target, error.message));
                    Some(told.collect::<Vec<_>>().join("; "))
                });
            }
        }
    }
    (good, first)
}

/// A record as JSON; a row as an object of texts.
fn json_of(raw: &Raw) -> Option<Json> {
    match raw.parse().ok()? {
        Fields::Json(json) => Some(json),
        Fields::Row(_) => json::Json::parse(raw.to_text().as_bytes()).ok(),
    }
}

/// Source fields of single values with the targets that they fill.
fn uses(table: &FieldTable, found: &mut Vec<(String, String)>) {
    for field in &table.fields {
        match &field.rule {
            Rule::Take(take) => found.push((take.from.to_string(), field.target.to_string())),
            Rule::Each { list, map, .. } => {
                let inner = format!("{}.0.", field.target);
                let mut below = Vec::new();
                uses(map, &mut below);
                found.extend(below.into_iter().map(|(from, to)| (format!("{list}.0.{from}"), format!("{inner}{to}"))));
            }
            Rule::Const(..) => {}
        }
    }
}

/// What the definition reads of a record, of lists the first item, and the form of everything else: so that a test still
/// has the column when a line is changed, and nothing that may be personal.
fn part(raw: &Json, table: &FieldTable, more: &[Path]) -> Json {
    let mut out = disguised(raw, 0);
    for path in more {
        copy(raw, path, &mut out);
    }
    for field in &table.fields {
        match &field.rule {
            Rule::Take(take) => copy(raw, &take.from, &mut out),
            Rule::Each { list, map, .. } => {
                let first = raw.get(list).and_then(Json::as_list).and_then(<[Json]>::first);
                let items = first.map(|first| part(first, map, &[])).into_iter().collect();
                set(&mut out, list.steps(), Json::List(items));
            }
            Rule::Const(..) => {}
        }
    }
    out
}

/// A value of which only the form is left: numbers and dates stay, but for long ones, and words go.
fn disguised(raw: &Json, depth: usize) -> Json {
    match raw {
        Json::Object(members) if depth < MAX_DEPTH => Json::Object(
            members.iter().map(|(name, value)| (name.clone(), disguised_under(name, value, depth + 1))).collect(),
        ),
        Json::List(items) if depth < MAX_DEPTH => {
            Json::List(items.iter().take(1).map(|item| disguised(item, depth + 1)).collect())
        }
        Json::Object(_) | Json::List(_) => Json::Null,
        Json::Text(text) if text.chars().any(char::is_alphabetic) => Json::Text(WORDS.into()),
        Json::Text(text) if longest_number(text) >= LONG => Json::Text("0".into()),
        Json::Number(number) if longest_number(number) >= LONG => Json::Number("0".into()),
        other => other.clone(),
    }
}

fn disguised_under(name: &str, value: &Json, depth: usize) -> Json {
    let words = super::words::normal(name);
    let is_personal = words.iter().any(|word| PERSONAL.contains(&word.as_str()));
    match value {
        Json::Text(text) if is_personal && !text.is_empty() => Json::Text("0".into()),
        Json::Number(_) if is_personal => Json::Number("0".into()),
        value => disguised(value, depth),
    }
}

/// The most digits in a row.
fn longest_number(text: &str) -> usize {
    text.split(|letter: char| !letter.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}

fn copy(raw: &Json, path: &Path, out: &mut Json) {
    // The name of a column may hold dots.
    if let Some(value) = raw.step(path.as_str()) {
        set(out, &[path.as_str().into()], value.clone());
    } else if let Some(value) = raw.get(path) {
        set(out, path.steps(), value.clone());
    }
}

fn put(raw: &mut Json, path: &str, text: &str) {
    let path = Path::new(path);
    let direct = raw.step(path.as_str()).is_some();
    let there = if direct { raw.step(path.as_str()) } else { raw.get(&path) };
    if there.and_then(Json::as_text).is_some_and(|text| !text.is_empty()) {
        let steps: Vec<Box<str>> = if direct { vec![path.as_str().into()] } else { path.steps().to_vec() };
        set(raw, &steps, Json::Text(text.into()));
    }
}

/// Sets a value, making the objects and lists on the way.
fn set(at: &mut Json, steps: &[Box<str>], value: Json) {
    let Some((step, rest)) = steps.split_first() else {
        *at = value;
        return;
    };
    match at {
        Json::List(items) => {
            let number = step.parse::<usize>().unwrap_or(0).min(items.len());
            if number == items.len() {
                items.push(Json::Null);
            }
            set(&mut items[number], rest, value);
        }
        Json::Object(members) => {
            let known = members.iter().position(|(name, _)| name == step);
            let number = known.unwrap_or_else(|| {
                let next = rest.first().is_some_and(|next| next.bytes().all(|byte| byte.is_ascii_digit()));
                members.push((step.clone(), if next { Json::List(Vec::new()) } else { Json::Object(Vec::new()) }));
                members.len() - 1
            });
            set(&mut members[number].1, rest, value);
        }
        other => {
            *other = Json::Object(Vec::new());
            set(other, steps, value);
        }
    }
}

/// What stands in the place of a value by which somebody may be recognised.
fn invented(target: &Target) -> Option<String> {
    let text = match (target.form.as_str(), target.last()) {
        ("nip", _) => "190001012001011001",
        ("npwp", _) => "000000000000000",
        ("bank_account", _) => "0000000000",
        (_, "supervisor_id") => "P0002",
        ("id", _) if target.personal => "P0001",
        _ if target.personal && target.last().contains("name") => "NAMA PEGAWAI",
        _ if target.personal && matches!(target.last(), "payee" | "applicant") => "NAMA CONTOH",
        _ if target.path.starts_with("vendor.") || target.path.starts_with("winner.name") => "CV CONTOH",
        ("text", _) => "Contoh uraian",
        _ if target.personal => "Contoh",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Numbers of persons, wherever they stand.
fn hide_numbers(json: &mut Json) {
    match json {
        Json::Text(text) | Json::Number(text)
            if matches!(text.len(), 16 | 18)
                && text.bytes().all(|b| b.is_ascii_digit())
                && !text.starts_with("1900") =>
        {
            *json = Json::Text("0".repeat(text.len()).into());
        }
        Json::List(items) => items.iter_mut().for_each(hide_numbers),
        Json::Object(members) => members.iter_mut().for_each(|(_, value)| hide_numbers(value)),
        _ => {}
    }
}

/// The record with one value broken, and the pointer that tells of it: amounts first, then what has a form.
fn broken(
    raw: &Json,
    used: &[(String, String)],
    all: &[Target],
    map: &mut dyn FnMut(&Json) -> Mapped,
) -> Option<(Json, String)> {
    let of = |wanted: &dyn Fn(&Target) -> bool| {
        used.iter()
            .filter(move |(_, target)| all.iter().any(|known| known.path == *target && wanted(known)))
            .collect::<Vec<_>>()
    };
    let money = of(&|target| target.kind == Kind::Money);
    let formed =
        of(&|target| matches!(target.kind, Kind::Date | Kind::Integer | Kind::Quantity) || !target.form.is_empty());
    for (from, target) in money.into_iter().chain(formed) {
        let mut wrong = raw.clone();
        put(&mut wrong, from, BROKEN);
        let pointer = Path::new(target).pointer();
        if let Mapped::Broken { errors, .. } = map(&wrong)
            && errors.iter().any(|error| error.target == pointer)
        {
            return Some((wrong, pointer));
        }
    }
    None
}

/// The region's zone: western, central or eastern time by the first two digits of its code.
pub fn timezone(region: &str) -> &'static str {
    match region.get(..2).unwrap_or_default() {
        "51" | "52" | "53" | "63" | "64" | "65" | "71" | "72" | "73" | "74" | "75" | "76" => "Asia/Makassar",
        "81" | "82" | "91" | "92" | "93" | "94" | "95" | "96" | "97" => "Asia/Jayapura",
        _ => "Asia/Jakarta",
    }
}
