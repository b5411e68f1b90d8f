//! What identifies a record of a source, and what tells which ones are new.

use std::collections::HashSet;

use super::SourceField;
use super::words::normal;
use crate::mapping::Converter;

/// Fields that a key is combined of are looked for among so many.
const MAX_CANDIDATES: usize = 14;
/// The field that a proposed `match` takes the year from.
pub(crate) const YEAR: &str = "$tahun";
/// What a rank below this names is no key by itself: an amount or a text may be unique by chance.
const LEAST: u8 = 20;

/// A proposed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Source fields.
    pub fields: Vec<String>,
    /// Why.
    pub reason: String,
    /// Whether a person has to look at it.
    pub confirm: bool,
}

/// The key, from the sample. `rows` has a value of every field for each record.
pub fn key(fields: &[SourceField], rows: &[Vec<Option<String>>]) -> Option<Key> {
    let mut ranked: Vec<(u8, usize)> = (0..fields.len())
        .filter(|at| {
            fields[*at].items.is_empty() && fields[*at].present > 0 && fields[*at].present == fields[*at].looked
        })
        .map(|at| (rank(&fields[at]), at))
        .filter(|(rank, _)| *rank >= LEAST)
        .collect();
    ranked.sort_by_key(|(rank, at)| (std::cmp::Reverse(*rank), *at));
    ranked.truncate(MAX_CANDIDATES);
    let candidates: Vec<usize> = ranked.iter().map(|(_, at)| *at).collect();
    for count in 1..=3 {
        for chosen in choose(&candidates, count) {
            if is_unique(rows, &chosen) {
                return Some(found(fields, &chosen, rows.len()));
            }
        }
    }
    let first = candidates.first().copied()?;
    let reason = if rows.len() < 2 {
        "the sample has too few records to tell; it looks like an identifier".to_owned()
    } else {
        "no field, and no three of them, is unique in the sample: without a unique key records are quarantined"
            .to_owned()
    };
    Some(Key { fields: vec![fields[first].path.clone()], reason, confirm: true })
}

/// The same where the name of a file tells the year of its records: another year's file may have the same codes.
pub fn within_year(key: Key, fields: &[SourceField]) -> Key {
    let own = |name: &String| fields.iter().any(|field| field.path == *name && rank(field) >= 90);
    let is_told = fields.iter().any(|field| field.path == YEAR);
    if !is_told || key.fields.iter().any(|name| name == YEAR || own(name)) {
        return key;
    }
    let fields = std::iter::once(YEAR.to_owned()).chain(key.fields).collect();
    Key { fields, reason: format!("{}; the file of another year may have the same", key.reason), ..key }
}

/// The field that tells what is new: a moment of the last change.
pub fn cursor(fields: &[SourceField]) -> Option<String> {
    let moment = Converter::parse("datetime").ok()?;
    let is_named = |field: &&SourceField| {
        let name = normal(&field.path);
        let has = |words: &[&str]| name.iter().any(|word| words.contains(&word.as_str()));
        has(&["updated", "update", "modified", "diubah", "ubah", "lastupdate"]) && !has(&["by", "oleh", "user"])
    };
    let is_moment = |field: &&SourceField| {
        !field.values.is_empty() && field.values.iter().all(|value| moment.text(value, field.numeric).is_some())
    };
    fields.iter().filter(is_named).find(is_moment).map(|field| field.path.clone())
}

fn found(fields: &[SourceField], chosen: &[usize], looked: usize) -> Key {
    let names: Vec<String> = chosen.iter().map(|at| fields[*at].path.clone()).collect();
    let is_id = chosen.len() == 1 && rank(&fields[chosen[0]]) >= 90;
    let reason = match (is_id, chosen.len()) {
        (true, _) => format!("the source's own id; present and unique in {looked} records"),
        (_, 1) => format!("present and unique in {looked} records; make sure that nobody ever corrects it"),
        _ => format!("present, and unique together in {looked} records; make sure that nobody ever corrects them"),
    };
    Key { fields: names, reason, confirm: !is_id && looked < 20 }
}

/// How much a field looks like an identifier.
fn rank(field: &SourceField) -> u8 {
    let name = normal(&field.path);
    let has = |word: &str| name.iter().any(|known| known == word);
    let longest = field.values.iter().map(|value| value.chars().count()).max().unwrap_or(0);
    if longest > 120 || field.values.iter().any(|value| value.contains('\n')) {
        return 0;
    }
    // Who wrote a record is no id of it, and a date or an amount is none either.
    if has("by")
        || has("oleh")
        || has("user")
        || has("nama")
        || has("pagu")
        || has("nilai")
        || has("jumlah")
        || has("total")
    {
        return 0;
    }
    // The number of a row is another one as soon as somebody inserts a row above.
    let counts = field.values.iter().enumerate().all(|(at, value)| value.parse() == Ok(at + 1));
    if counts && !has("id") {
        return 0;
    }
    match name.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["id" | "uuid"] => 100,
        ["nomor", "id"] => 98,
        _ if has("uuid") => 97,
        ["id", ..] => 95,
        _ if has("id") => 92,
        ["kode", "rup" | "tender" | "nontender" | "paket" | "rba"] => 80,
        ["kode"] => 75,
        ["nomor", ..] => 60,
        _ if has("nomor") => 50,
        _ if has("kode") => 45,
        _ if has("nip") || has("rekening") => 42,
        _ if has("tahun") || has("bulan") || has("periode") => 35,
        _ if has("tanggal") || has("tahap") => 30,
        _ if longest <= 24 && field.values.iter().all(|value| !value.contains(' ') && !value.contains(',')) => LEAST,
        _ => 0,
    }
}

fn is_unique(rows: &[Vec<Option<String>>], chosen: &[usize]) -> bool {
    let mut seen = HashSet::new();
    rows.len() > 1
        && rows
            .iter()
            .all(|row| seen.insert(chosen.iter().map(|at| row.get(*at).and_then(Option::as_deref)).collect::<Vec<_>>()))
}

/// Every choice of so many, the first ones first.
fn choose(from: &[usize], count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (number, first) in from.iter().enumerate() {
        all.extend(choose(&from[number + 1..], count - 1).into_iter().map(|rest| [vec![*first], rest].concat()));
    }
    all
}
