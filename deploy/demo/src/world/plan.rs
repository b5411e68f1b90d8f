//! Programs, activities and sub-activities (Renja): about 1,200 sub-activities over 34 agencies.
//!
//! Codes and names are those of the code list that the project ships, so that they can be looked up there.

use std::collections::BTreeSet;

use jiff::civil::{DateTime, date};

use super::agencies::{Agency, Kind};
use super::money::Sen;
use super::rng::Rng;

/// What a sub-activity spends on; it decides its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Salary,
    Office,
    Services,
    Assets,
    Field,
    Blud,
}

/// One sub-activity of one agency.
#[derive(Debug)]
pub(crate) struct SubActivity {
    pub(crate) agency: usize,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) purpose: Purpose,
}

/// The level of a plan row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Program,
    Activity,
    SubActivity,
}

/// One row of an agency's yearly plan, at any of the three levels.
#[derive(Debug)]
pub(crate) struct PlanRow {
    pub(crate) id: i64,
    pub(crate) agency: usize,
    pub(crate) level: Level,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) ceiling: Sen,
    /// Number of documents, reports or units promised; on sub-activities only.
    pub(crate) target: Option<i64>,
    pub(crate) updated: DateTime,
}

/// The nomenclature that the project ships, in the repository's own code list.
const NOMENCLATURE: &str = include_str!("../../../../schemas/codes/sub-activities.csv");

/// Sub-activities that an agency has at least, its share of the regency's 1,200.
const PER_AGENCY: i64 = 35;

/// The plan: sub-activities, and the names of the programs and activities above them as (agency, code, name).
pub(crate) struct Plan {
    pub(crate) subs: Vec<SubActivity>,
    /// Programs and activities by (agency, code); a program's code has three parts, an activity's five.
    pub(crate) heads: Vec<(usize, String, String)>,
}

/// One row of the nomenclature.
#[derive(Clone)]
struct Entry {
    code: String,
    name: String,
}

/// Draws the plan of every agency: the common support program of its bidang, and programs of its own field.
pub(crate) fn draw(seed: u64, agencies: &[Agency]) -> Plan {
    let mut rng = Rng::new(seed, "plan");
    let entries = nomenclature();
    let mut plan = Plan { subs: Vec::new(), heads: Vec::new() };
    for (index, agency) in agencies.iter().enumerate() {
        let prefix = format!("{}.", agency.bidang);
        let bidang: Vec<&Entry> = entries.iter().filter(|entry| entry.code.starts_with(&prefix)).collect();
        let first = plan.subs.len();
        for entry in chosen(&bidang, agency, &mut rng) {
            plan.subs.push(SubActivity {
                agency: index,
                code: entry.code.clone(),
                name: entry.name.clone(),
                purpose: purpose(&entry.code[prefix.len()..]),
            });
        }
        let taken = &plan.subs[first..];
        for head in bidang {
            let below = format!("{}.", head.code);
            if taken.iter().any(|sub| sub.code.starts_with(&below)) {
                plan.heads.push((index, head.code.clone(), head.name.clone()));
            }
        }
    }
    plan
}

/// Programs, activities and sub-activities of regencies, in the order of their codes.
fn nomenclature() -> Vec<Entry> {
    let mut reader = csv::Reader::from_reader(NOMENCLATURE.as_bytes());
    let mut entries: Vec<Entry> = reader
        .records()
        .flatten()
        .filter(|row| row.get(3) == Some("") && row.get(0).is_some_and(|code| code.matches('.').count() >= 2))
        .map(|row| Entry { code: row[0].to_owned(), name: row[1].to_owned() })
        .collect();
    entries.sort_by(|one, other| one.code.cmp(&other.code));
    entries
}

/// The sub-activities that an agency takes of its bidang, in the order of their codes.
fn chosen<'a>(bidang: &[&'a Entry], agency: &Agency, rng: &mut Rng) -> Vec<&'a Entry> {
    let hospital = agency.kind == Kind::Blud;
    let (mut always, mut common, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for entry in bidang.iter().copied().filter(|entry| entry.code.matches('.').count() == 5) {
        match purpose(&entry.code[agency.bidang.len() + 1..]) {
            Purpose::Salary => always.push(entry),
            Purpose::Blud if hospital => always.push(entry),
            Purpose::Blud => {}
            Purpose::Field => own.push(entry),
            Purpose::Office | Purpose::Services | Purpose::Assets => common.push(entry),
        }
    }
    rng.shuffle(&mut own);
    rng.shuffle(&mut common);
    // A hospital has little of the health field itself: its work is in the BLUD line.
    own.truncate(if hospital { 4 } else { 24 });
    let wanted = usize::try_from(PER_AGENCY + rng.between(-2, 4)).unwrap_or(0);
    common.truncate(wanted.saturating_sub(always.len() + own.len()).max(8));
    always.extend(own);
    always.extend(common);
    always.sort_by(|one, other| one.code.cmp(&other.code));
    always
}

/// What a sub-activity is for, by its code after the bidang: program 01 is the support program, alike everywhere.
fn purpose(code: &str) -> Purpose {
    match code {
        "01.2.02.0001" => Purpose::Salary,
        code if code.starts_with("01.2.07.") => Purpose::Assets,
        code if code.starts_with("01.2.08.") || code.starts_with("01.2.09.") => Purpose::Services,
        code if code.starts_with("01.2.10.") => Purpose::Blud,
        code if code.starts_with("01.") => Purpose::Office,
        _ => Purpose::Field,
    }
}

/// The plan as rows of three levels, with the ceilings summed upwards from `ceilings` of the sub-activities.
pub(crate) fn rows(seed: u64, plan: &Plan, ceilings: &[Sen]) -> Vec<PlanRow> {
    let mut rng = Rng::new(seed, "plan-rows");
    let updated = date(2026, 1, 2).at(10, 0, 0, 0);
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    for (agency, code, name) in &plan.heads {
        let below = format!("{code}.");
        let ceiling = plan
            .subs
            .iter()
            .zip(ceilings)
            .filter(|(sub, _)| sub.agency == *agency && sub.code.starts_with(&below))
            .map(|(_, ceiling)| *ceiling)
            .sum();
        if seen.insert((*agency, code)) {
            let level = if code.len() <= "1.01.01".len() { Level::Program } else { Level::Activity };
            rows.push(PlanRow {
                id: 0,
                agency: *agency,
                level,
                code: code.clone(),
                name: name.clone(),
                ceiling,
                target: None,
                updated,
            });
        }
    }
    for (sub, ceiling) in plan.subs.iter().zip(ceilings) {
        rows.push(PlanRow {
            id: 0,
            agency: sub.agency,
            level: Level::SubActivity,
            code: sub.code.clone(),
            name: sub.name.clone(),
            ceiling: *ceiling,
            target: Some(rng.between(1, 40)),
            updated,
        });
    }
    for (row, id) in rows.iter_mut().zip(20_001..) {
        row.id = id;
    }
    rows
}
