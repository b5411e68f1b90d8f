//! Which target a source field is, from its name and the look of its values: what `muara connector new` writes, and what
//! a finding about a new field proposes.
//!
//! Pure: no IO, no clock. Nothing is learnt and nothing guessed by a model; every proposal gives its reasons in words.

use muara_schemas::catalog::RecordType;

use crate::mapping::shape::Kind;

mod assignment;
mod codes;
mod constant;
pub mod document;
pub mod example;
mod field;
mod identity;
mod kinship;
mod leaf;
mod name;
mod target;
#[cfg(test)]
mod tests;
mod value;
mod weight;
mod words;
pub mod yaml;

pub use assignment::{Assignment, Given, Line, assign, best};
pub use field::{MAX_FIELDS, MAX_VALUES, Sample, SourceField};
pub use identity::{Key, cursor, key, within_year};
pub use leaf::{Leaf, leaf};
use target::{Target, targets};

/// Below this nobody is helped.
const LEAST: u8 = 35;
/// The price of one is no total, whatever else speaks for it: a person has to look.
const OF_ONE: u8 = 40;
/// Fields of the items of a list that are looked at.
const MAX_ITEM_FIELDS: usize = 60;

/// One line of a field table, proposed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Proposal {
    /// The target, as a field table names it: `amount`, `spp.number`, `lines`.
    pub target: String,
    /// The right side in YAML: `nilai`, or `{from: tgl, as: date("dd/MM/yyyy")}`.
    pub rule: String,
    /// How sure it is, up to 100.
    pub confidence: u8,
    /// Why, in words.
    pub reasons: Vec<String>,
}

/// What a source field may be in records of a type, best first. `taken` are targets that are mapped already, as paths or
/// JSON pointers.
pub fn for_field(field: &SourceField, record_type: &RecordType, taken: &[&str]) -> Vec<Proposal> {
    let taken: Vec<String> = taken.iter().map(|target| target.trim_start_matches('/').replace('/', ".")).collect();
    among(field, record_type.name(), &targets(record_type), &taken)
}

/// The names of the amounts that a record of a type holds itself, in no list and no object.
pub(crate) fn amounts(record_type: &RecordType) -> Vec<String> {
    let is_own = |target: &Target| target.kind == Kind::Money && !target.path.contains('.');
    targets(record_type).into_iter().filter(is_own).map(|target| target.path).collect()
}

/// The same with the type's targets at hand.
pub(crate) fn among(field: &SourceField, record_type: &str, targets: &[Target], taken: &[String]) -> Vec<Proposal> {
    let is_free = |target: &&Target| {
        let within = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        taken.iter().all(|taken| *taken != target.path && !within(taken, &target.path) && !within(&target.path, taken))
    };
    let mut found: Vec<Proposal> = if field.items.is_empty() {
        targets.iter().filter(is_free).filter_map(|target| one(field, record_type, target)).collect()
    } else {
        lists(field, record_type, targets).into_iter().filter(|list| taken.iter().all(|t| *t != list.target)).collect()
    };
    found.sort_by(|a, b| b.confidence.cmp(&a.confidence).then_with(|| a.target.cmp(&b.target)));
    found
}

/// One field against one target.
fn one(field: &SourceField, record_type: &str, target: &Target) -> Option<Proposal> {
    let named = name::likeness(&field.path, record_type, target);
    let read = value::reading(field, target)?;
    let weight = weight::of(field, target, &read);
    // Two independent hints, each of which may be wrong; values that do not fit count against both.
    let both = 1.0 - (1.0 - 0.92 * named.share) * (1.0 - 0.85 * weight);
    let whole = if read.looked == 0 { 0.7 } else { 0.3 + 0.7 * read.share() };
    let of_one = name::is_of_one(&field.path) && target.kind == Kind::Money && !name::is_of_one(&target.path);
    let confidence = percent(both * whole).min(if of_one { OF_ONE } else { 100 });
    if confidence < LEAST || (named.share < 0.35 && weight < 0.5) {
        return None;
    }
    let mut reasons = Vec::from_iter(named.reason);
    if of_one {
        reasons.push("its name says that it is the price of one: the amount is a total".to_owned());
    }
    reasons.push(read.reason(target));
    reasons.extend(codes::reason(field, target));
    Some(Proposal { target: target.path.clone(), rule: read.rule(&field.path), confidence, reasons })
}

/// A list of objects against the lists of the type: its items' fields are assigned as those of a record are.
fn lists(field: &SourceField, record_type: &str, targets: &[Target]) -> Vec<Proposal> {
    let mut names: Vec<&str> = targets.iter().filter_map(|target| target.list.as_deref()).collect();
    names.dedup();
    names.into_iter().filter_map(|list| each(field, record_type, targets, list)).collect()
}

fn each(field: &SourceField, record_type: &str, targets: &[Target], list: &str) -> Option<Proposal> {
    let inner: Vec<Target> =
        targets.iter().filter(|target| target.list.as_deref() == Some(list)).filter_map(Target::within_item).collect();
    let items = &field.items[..field.items.len().min(MAX_ITEM_FIELDS)];
    let scope = format!("{record_type}/{list}");
    let mut all: Vec<(usize, Proposal)> = Vec::new();
    for (number, item) in items.iter().enumerate() {
        all.extend(among(item, &scope, &inner, &[]).into_iter().map(|proposal| (number, proposal)));
    }
    all.sort_by(|a, b| b.1.confidence.cmp(&a.1.confidence).then_with(|| a.0.cmp(&b.0)));
    let (mut lines, mut used): (Vec<Proposal>, Vec<usize>) = (Vec::new(), Vec::new());
    for (number, proposal) in all {
        if !used.contains(&number) && lines.iter().all(|line| line.target != proposal.target) {
            used.push(number);
            lines.push(proposal);
        }
    }
    let is_whole =
        inner.iter().filter(|target| target.required).all(|t| lines.iter().any(|line| line.target == t.path));
    if lines.is_empty() || !is_whole {
        return None;
    }
    // As the source has them, which is how a person compares.
    let mut lines: Vec<(usize, Proposal)> = used.into_iter().zip(lines).collect();
    lines.sort_by_key(|(number, _)| *number);
    let lines: Vec<Proposal> = lines.into_iter().map(|(_, line)| line).collect();
    let mean = lines.iter().map(|line| u32::from(line.confidence)).sum::<u32>() / u32::try_from(lines.len()).ok()?;
    let few = u32::try_from(lines.len().min(3)).ok()? * 10;
    let map: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.target, line.rule)).collect();
    Some(Proposal {
        target: list.to_owned(),
        rule: format!("{{each: {}, map: {{{}}}}}", yaml::scalar(&field.path), map.join(", ")),
        confidence: u8::try_from((mean * (70 + few) / 100).min(100)).ok()?,
        reasons: vec![format!("a list whose items have {} of the fields of `{list}`", lines.len())],
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
fn percent(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u8
}
