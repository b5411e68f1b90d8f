//! What a complete full read says of every key that the state file knows: the proof, and what is gone.

use std::collections::{BTreeSet, HashSet};

use muara_schemas::page::Limits;
use muara_schemas::{ContentHash, Proof};

use super::key::KEYLESS;
use super::seen::Seen;
use super::split::Sets;
use crate::state::{Closing, Mark, NONE, Row};

/// How often a key has to be missing in a row when a read is no snapshot.
const MISSES: u32 = 2;

/// Goes over all prints once, in any order.
pub(super) struct Reckoning<'a> {
    seen: &'a Seen,
    /// Keys of which this read met two different records.
    twice: &'a HashSet<u32>,
    /// Parts that were read whole.
    parts: &'a HashSet<u32>,
    /// Whether the read was one snapshot.
    snapshot: bool,
    /// Parents that were read: what is missing of their records is gone at once.
    sets: &'a Sets,
    /// Whether a missing key proves anything: not when a record without a key was met.
    deletable: bool,
    /// Keys of which the source says that they are gone.
    told: Option<&'a BTreeSet<Box<str>>>,
    /// How many keys there are.
    known: u64,
    candidates: Vec<Box<str>>,
    /// Keys that are gone and were only ever in quarantine.
    unsent: Vec<Box<str>>,
    proof: Proof,
    closing: Closing,
}

/// The outcome.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) proof: Proof,
    pub(super) closing: Closing,
    /// Keys to be sent as gone. [`Closing::gone`] holds these and entries that have no key.
    pub(super) gone: Vec<Box<str>>,
}

impl<'a> Reckoning<'a> {
    pub(super) fn new(
        seen: &'a Seen,
        twice: &'a HashSet<u32>,
        parts: &'a HashSet<u32>,
        snapshot: bool,
        sets: &'a Sets,
        deletable: bool,
    ) -> Self {
        let (known, proof, closing) = (0, Proof::default(), Closing::default());
        Self {
            seen,
            twice,
            parts,
            snapshot,
            sets,
            deletable,
            told: None,
            known,
            candidates: Vec::new(),
            unsent: Vec::new(),
            proof,
            closing,
        }
    }

    /// The source says of these keys that they are gone.
    pub(super) const fn told(&mut self, keys: &'a BTreeSet<Box<str>>) {
        self.told = Some(keys);
    }

    /// Looks at one print. Keys that wait for a second miss, or that nothing proves gone, still count as there:
    /// the hub has them too.
    pub(super) fn row(&mut self, row: Row) {
        let keyless = row.key.starts_with(KEYLESS);
        self.known += u64::from(!keyless);
        if self.told.is_some_and(|told| told.contains(&row.key)) {
            if row.body == NONE { self.unsent.push(row.key) } else { self.candidates.push(row.key) }
        } else if self.seen.first(row.slot).is_some() {
            if row.mark == Mark::NotUnique && !self.twice.contains(&row.slot) {
                self.closing.unsettled.push(row.key.clone());
            }
            self.add(&row);
            if row.missed > 0 {
                self.closing.back.push(row.key);
            }
        } else if keyless {
            self.closing.gone.push(row.key);
        } else if !self.deletable || !self.parts.contains(&row.part) {
            self.add(&row);
        } else if self.snapshot || row.missed + 1 >= MISSES || self.sets.holds(&row.key) {
            // What was never published deletes no record: it only ends its entry in quarantine.
            if row.body == NONE { self.unsent.push(row.key) } else { self.candidates.push(row.key) }
        } else {
            self.add(&row);
            self.closing.missed.push(row.key);
        }
    }

    /// Keys that are not gone over are there too.
    pub(super) fn known_beside(&mut self, count: u64) {
        self.known = self.known.max(count);
    }

    /// The outcome under the guards for deletes.
    pub(super) fn end(mut self, limits: Limits) -> Outcome {
        let mut gone = self.unsent;
        self.closing.gone.extend(gone.iter().cloned());
        if limits.hold(self.candidates.len() as u64, self.known) {
            self.closing.held = self.candidates;
        } else {
            self.closing.gone.extend(self.candidates.iter().cloned());
            gone.extend(self.candidates);
        }
        Outcome { proof: self.proof, closing: self.closing, gone }
    }

    fn add(&mut self, row: &Row) {
        if row.mark == Mark::Live
            && let Some(hash) = ContentHash::from_bytes(&row.body)
        {
            self.proof.add(&row.key, hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::Place;

    const LIMITS: Limits = Limits { max_share: 200, max_count: 1 };

    fn row(slot: u32, mark: Mark, missed: u32, part: u32) -> Row {
        Row { key: format!("k{slot}").into(), slot, mark, missed, part, body: [7; 16] }
    }

    fn proof_of(keys: &[&str]) -> Proof {
        let mut proof = Proof::default();
        keys.iter().for_each(|key| proof.add(key, ContentHash::from_bytes(&[7; 16]).unwrap()));
        proof
    }

    fn seen(slots: &[u32]) -> Seen {
        let mut seen = Seen::new(10);
        seen.page(0, Place::table("t"));
        for slot in slots {
            seen.next();
            seen.mark(*slot);
        }
        seen
    }

    fn reckon(rows: &[Row], seen: &Seen, snapshot: bool, deletable: bool) -> Outcome {
        let (twice, parts, sets) = (HashSet::new(), HashSet::from([0]), Sets::default());
        let mut reckoning = Reckoning::new(seen, &twice, &parts, snapshot, &sets, deletable);
        rows.iter().cloned().for_each(|row| reckoning.row(row));
        reckoning.end(LIMITS)
    }

    #[test]
    fn a_snapshot_deletes_at_once_and_other_reads_at_the_second_miss() {
        let seen = seen(&[1]);
        let outcome = reckon(&[row(1, Mark::Live, 0, 0), row(2, Mark::Live, 0, 0)], &seen, true, true);
        assert_eq!((outcome.gone, outcome.proof), (vec!["k2".into()], proof_of(&["k1"])));
        let outcome = reckon(&[row(1, Mark::Live, 1, 0), row(2, Mark::Live, 0, 0)], &seen, false, true);
        assert_eq!((outcome.gone.len(), outcome.proof), (0, proof_of(&["k1", "k2"])), "a key that waits still counts");
        assert_eq!((outcome.closing.missed, outcome.closing.back), (vec!["k2".into()], vec!["k1".into()]));
        let outcome = reckon(&[row(1, Mark::Live, 0, 0), row(2, Mark::Live, 1, 0)], &seen, false, true);
        assert_eq!(outcome.gone, vec!["k2".into()]);
    }

    #[test]
    fn what_was_never_published_goes_without_a_guard() {
        let seen = seen(&[1]);
        let broken = |slot| Row { body: NONE, ..row(slot, Mark::Quarantined, 0, 0) };
        let rows = [
            row(1, Mark::Live, 0, 0),
            broken(2),
            broken(3),
            broken(4),
            row(5, Mark::Live, 0, 0),
            row(6, Mark::Live, 0, 0),
        ];
        let outcome = reckon(&rows, &seen, true, true);
        assert_eq!(outcome.gone, vec!["k2".into(), "k3".into(), "k4".into()]);
        assert_eq!(outcome.closing.held, vec!["k5".into(), "k6".into()], "two records are above the guard of one");
    }

    #[test]
    fn nothing_goes_when_a_record_had_no_key_or_its_file_was_not_read() {
        let seen = seen(&[1]);
        let rows = [row(1, Mark::Live, 0, 0), row(2, Mark::Live, 1, 0)];
        let outcome = reckon(&rows, &seen, true, false);
        assert_eq!((outcome.closing, outcome.proof), (Closing { ..Closing::default() }, proof_of(&["k1", "k2"])));
        let outcome = reckon(&[row(1, Mark::Live, 0, 0), row(2, Mark::Live, 0, 9)], &seen, true, true);
        assert_eq!((outcome.gone.len(), outcome.proof), (0, proof_of(&["k1", "k2"])));
    }

    #[test]
    fn too_many_deletes_are_held_and_stand_aside() {
        let seen = seen(&[1, 4]);
        let rows = [
            row(1, Mark::Live, 0, 0),
            row(2, Mark::Live, 0, 0),
            row(3, Mark::Quarantined, 0, 0),
            row(4, Mark::Quarantined, 0, 0),
        ];
        let outcome = reckon(&rows, &seen, true, true);
        assert_eq!(outcome.closing.held, vec!["k2".into(), "k3".into()]);
        assert_eq!((outcome.gone.len(), outcome.proof), (0, proof_of(&["k1"])), "quarantined keys stand aside");
    }

    #[test]
    fn entries_without_a_key_are_forgotten_and_a_settled_key_is_mapped_again() {
        let seen = seen(&[1]);
        let keyless = Row { key: "\u{1}ff".into(), ..row(2, Mark::Quarantined, 0, 0) };
        let outcome = reckon(&[row(1, Mark::NotUnique, 0, 0), keyless], &seen, true, true);
        assert_eq!(outcome.closing.gone, vec!["\u{1}ff".into()]);
        assert_eq!(outcome.closing.unsettled, vec!["k1".into()]);
        assert!(outcome.gone.is_empty());
    }
}
