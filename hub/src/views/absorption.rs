//! Absorption: budget against what was spent, per agency, on SP2D and on LRA basis, which are never added.

use std::collections::{BTreeMap, BTreeSet};

use muara_schemas::Rupiah;

use crate::store::totals::{Stage, Sum};

/// One agency's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Region.
    pub region: String,
    /// Agency; `None` gathers what names no agency.
    pub agency: Option<String>,
    /// Budget at the stage that counts.
    pub budget: Rupiah,
    /// SP2D of LS and GU that were transferred.
    pub realized_sp2d: Rupiah,
    /// Realization by LRA.
    pub realized_lra: Rupiah,
    /// What is in quarantine and therefore not counted.
    pub aside: Aside,
    /// Whether nothing that waits is known to belong to these figures.
    pub is_complete: bool,
}

/// The whole view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Ordered by region and agency.
    pub lines: Vec<Line>,
    /// What is in quarantine and names no agency or no year, so that nobody knows whose figures lack it.
    pub unplaced: Aside,
}

/// Records that no figure counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Aside {
    /// Those that wait.
    pub waiting: NotCounted,
    /// Those that somebody has discarded.
    pub discarded: NotCounted,
}

/// Records in quarantine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotCounted {
    /// How many.
    pub records: u64,
    /// Of how many of these the amount could not be read.
    pub without_amount: u64,
    /// The money of the others.
    pub amount: Rupiah,
}

impl Aside {
    fn add(&mut self, held: &Held) {
        let sum = if held.is_discarded { &mut self.discarded } else { &mut self.waiting };
        sum.records += held.what.records;
        sum.without_amount += held.what.without_amount;
        sum.amount += held.what.amount;
    }
}

/// Quarantine entries that are alike, as far as this view looks at them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Region of its stream.
    pub region: String,
    /// System of its stream.
    pub system: String,
    /// Record type of its stream.
    pub record_type: String,
    /// Agency, where it is known.
    pub agency: Option<String>,
    /// Whether somebody has discarded them.
    pub is_discarded: bool,
    /// Whether their year is known; then it is the one that is looked at.
    pub has_year: bool,
    /// How many, and their money.
    pub what: NotCounted,
}

/// Which system counts: what somebody decided, else the lowest rank among those that hold the fact.
#[derive(Debug, Clone, Default)]
pub struct Authority {
    /// (record type, region, agency or nothing) → system, for the year that is looked at.
    pub decided: BTreeMap<(String, String, String), String>,
    /// (region, system) → rank.
    pub ranks: BTreeMap<(String, String), i64>,
}

/// The record type that a measure comes from.
fn record_type(measure: &str) -> Option<&'static str> {
    match measure {
        "budget" => Some("budget-line"),
        "realized-sp2d" => Some("disbursement"),
        "realized-lra" => Some("realization"),
        _ => None,
    }
}

impl Authority {
    /// The one of these systems whose rows count for an agency.
    fn counting<'a>(
        &self,
        record_type: &str,
        region: &str,
        agency: &str,
        systems: &BTreeSet<&'a str>,
    ) -> Option<&'a str> {
        let of = |agency: &str| self.decided.get(&(record_type.to_owned(), region.to_owned(), agency.to_owned()));
        // A decision for the whole region stands without an agency.
        let decided = of(agency).or_else(|| of(""));
        let rank =
            |system: &&str| self.ranks.get(&(region.to_owned(), (*system).to_owned())).copied().unwrap_or(i64::MAX);
        let decided = decided.and_then(|name| systems.iter().find(|system| *system == name));
        decided.or_else(|| systems.iter().min_by_key(|system| (rank(system), **system))).copied()
    }
}

/// Puts the view together.
pub fn view(sums: &[Sum], stages: &[(Stage, i64)], held: &[Held], authority: &Authority) -> View {
    let mut holders: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for sum in sums {
        let Some(record_type) = record_type(&sum.measure) else { continue };
        // A system whose every record of an agency is gone no longer holds the fact.
        if sum.records != 0 {
            holders.entry((record_type, &sum.region, &sum.agency)).or_default().insert(&sum.system);
        }
    }
    let counts = |record_type: &str, region: &str, agency: &str, system: &str| {
        holders
            .get(&(record_type, region, agency))
            .and_then(|systems| authority.counting(record_type, region, agency, systems))
            .is_none_or(|counting| counting == system)
    };
    let newest = newest_locked(stages);
    let mut lines: BTreeMap<(String, Option<String>), Line> = BTreeMap::new();
    for sum in sums {
        let Some(record_type) = record_type(&sum.measure) else { continue };
        if !counts(record_type, &sum.region, &sum.agency, &sum.system) {
            continue;
        }
        if sum.measure == "budget" && newest.get(&(&*sum.region, &*sum.agency, &*sum.system)) != Some(&sum.stage) {
            continue;
        }
        let line = line(&mut lines, &sum.region, Some(sum.agency.clone()).filter(|agency| !agency.is_empty()));
        match sum.measure.as_str() {
            "budget" => line.budget += sum.amount,
            "realized-sp2d" => line.realized_sp2d += sum.amount,
            _ => line.realized_lra += sum.amount,
        }
    }
    let mut unplaced = Aside::default();
    for entry in held {
        if !authority_counts_held(entry, &holders, authority) {
            continue;
        }
        // Without a year it may belong to this one: it is counted once, at the top, and its agency is told.
        if entry.agency.is_none() || !entry.has_year {
            unplaced.add(entry);
        }
        if entry.agency.is_some() {
            let line = line(&mut lines, &entry.region, entry.agency.clone());
            line.is_complete &= entry.is_discarded;
            if entry.has_year {
                line.aside.add(entry);
            }
        }
    }
    View { lines: lines.into_values().collect(), unplaced }
}

/// Whether an entry would count if it were mended. Where its agency has no counting system yet, or is unknown, the
/// lowest rank of its record type decides.
fn authority_counts_held(
    entry: &Held,
    holders: &BTreeMap<(&str, &str, &str), BTreeSet<&str>>,
    authority: &Authority,
) -> bool {
    let of_agency = entry.agency.as_deref().and_then(|agency| {
        let systems = holders.get(&(entry.record_type.as_str(), entry.region.as_str(), agency))?;
        authority.counting(&entry.record_type, &entry.region, agency, systems)
    });
    let of_region = || {
        let systems: BTreeSet<&str> = holders
            .iter()
            .filter(|((record_type, region, _), _)| *record_type == entry.record_type && *region == entry.region)
            .flat_map(|(_, systems)| systems.iter().copied())
            .collect();
        authority.counting(&entry.record_type, &entry.region, "", &systems)
    };
    of_agency.or_else(of_region).is_none_or(|counting| counting == entry.system)
}

/// The newest stage with a locked line, per region, agency and system.
fn newest_locked(stages: &[(Stage, i64)]) -> BTreeMap<(&str, &str, &str), i64> {
    let mut newest = BTreeMap::new();
    for (stage, locked) in stages {
        if *locked > 0 {
            let slot = newest.entry((&*stage.region, &*stage.agency, &*stage.system)).or_insert(stage.stage);
            *slot = (*slot).max(stage.stage);
        }
    }
    newest
}

fn line<'a>(
    lines: &'a mut BTreeMap<(String, Option<String>), Line>,
    region: &str,
    agency: Option<String>,
) -> &'a mut Line {
    lines.entry((region.to_owned(), agency.clone())).or_insert_with(|| Line {
        region: region.to_owned(),
        agency,
        budget: Rupiah::ZERO,
        realized_sp2d: Rupiah::ZERO,
        realized_lra: Rupiah::ZERO,
        aside: Aside::default(),
        is_complete: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(measure: &str, system: &str, stage: i64, cents: i128) -> Sum {
        Sum {
            region: "33.02".into(),
            measure: measure.into(),
            system: system.into(),
            agency: "1.01".into(),
            stage,
            amount: Rupiah::from_cents(cents),
            records: 1,
        }
    }

    fn stage(system: &str, stage: i64, locked: i64) -> (Stage, i64) {
        let key =
            Stage { region: "33.02".into(), fiscal_year: 2026, agency: "1.01".into(), system: system.into(), stage };
        (key, locked)
    }

    fn ranks(list: &[(&str, i64)]) -> Authority {
        let ranks = list.iter().map(|(system, rank)| (("33.02".to_owned(), (*system).to_owned()), *rank)).collect();
        Authority { ranks, ..Authority::default() }
    }

    #[test]
    fn the_newest_locked_stage_of_the_counting_system_counts() {
        let sums = [
            sum("budget", "sipd", 0, 100),
            sum("budget", "sipd", 1, 120),
            sum("budget", "sipd", 2, 999),
            sum("budget", "simda", 1, 777),
        ];
        let stages = [stage("sipd", 0, 5), stage("sipd", 1, 5), stage("sipd", 2, 0), stage("simda", 1, 9)];

        let lines = view(&sums, &stages, &[], &ranks(&[("sipd", 10), ("simda", 20)])).lines;

        assert_eq!(lines[0].budget, Rupiah::from_cents(120), "an unlocked stage and a lower system do not count");
    }

    #[test]
    fn a_decision_beats_the_rank() {
        let sums = [sum("realized-lra", "sipd", 0, 100), sum("realized-lra", "simda", 0, 70)];
        let mut authority = ranks(&[("sipd", 10), ("simda", 20)]);
        authority.decided.insert(("realization".into(), "33.02".into(), "1.01".into()), "simda".into());
        assert_eq!(view(&sums, &[], &[], &authority).lines[0].realized_lra, Rupiah::from_cents(70));
        let own = authority.decided.insert(("realization".into(), "33.02".into(), String::new()), "sipd".into());
        assert_eq!(own, None);
        assert_eq!(
            view(&sums, &[], &[], &authority).lines[0].realized_lra,
            Rupiah::from_cents(70),
            "an agency's own comes first"
        );
        authority.decided.remove(&("realization".into(), "33.02".into(), "1.01".into()));
        assert_eq!(
            view(&sums, &[], &[], &authority).lines[0].realized_lra,
            Rupiah::from_cents(100),
            "then its region's"
        );
    }

    fn held(system: &str, agency: Option<&str>, cents: Option<i128>) -> Held {
        Held {
            region: "33.02".into(),
            system: system.into(),
            record_type: "budget-line".into(),
            agency: agency.map(str::to_owned),
            is_discarded: false,
            has_year: true,
            what: not_counted(1, cents),
        }
    }

    fn not_counted(records: u64, cents: Option<i128>) -> NotCounted {
        let amount = Rupiah::from_cents(cents.unwrap_or_default());
        NotCounted { records, without_amount: if cents.is_none() { records } else { 0 }, amount }
    }

    #[test]
    fn quarantined_money_is_told_beside_the_figures() {
        let entries = [
            held("sipd", Some("1.01"), Some(30)),
            held("sipd", Some("1.01"), None),
            held("simda", Some("1.01"), Some(999)),
            held("sipd", None, Some(7)),
            Held { is_discarded: true, ..held("sipd", Some("1.01"), Some(5)) },
        ];
        let sums = [sum("budget", "sipd", 0, 100), sum("budget", "simda", 0, 100)];

        let view = view(&sums, &[stage("sipd", 0, 1)], &entries, &ranks(&[("sipd", 10), ("simda", 20)]));

        let waiting = NotCounted { without_amount: 1, ..not_counted(2, Some(30)) };
        assert_eq!(view.lines.len(), 1);
        assert_eq!(view.lines[0].aside, Aside { waiting, discarded: not_counted(1, Some(5)) });
        assert!(!view.lines[0].is_complete);
        assert_eq!(view.unplaced, Aside { waiting: not_counted(1, Some(7)), ..Aside::default() });
    }

    #[test]
    fn figures_are_incomplete_while_something_waits_that_may_be_theirs() {
        let is_complete =
            |entry| view(&[sum("budget", "sipd", 0, 100)], &[], &[entry], &Authority::default()).lines[0].is_complete;
        let undated = Held { has_year: false, ..held("sipd", Some("1.01"), Some(1)) };
        assert!(!is_complete(undated.clone()), "its year is not known, and may be this one");
        assert!(is_complete(Held { is_discarded: true, ..held("sipd", Some("1.01"), Some(1)) }));

        let view = view(&[], &[], &[undated], &Authority::default());
        assert_eq!((view.unplaced.waiting.records, view.lines[0].aside), (1, Aside::default()), "it is counted once");
    }
}
