//! Which page is newer, without a clock: every run names the run before it. Pure.

use std::collections::BTreeSet;

use muara_schemas::page::RunId;

/// Resets that a stream may be sent within one hour; more only make a storm.
pub const MAX_RESETS_AN_HOUR: i64 = 2;
const HOUR_MICROS: i64 = 3_600_000_000;

/// Where a stream's chain of runs stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// The current run.
    pub current: Option<RunId>,
    /// Whether the current run was stopped: a page of it was parked, or is missing.
    pub stopped: bool,
    /// Pages of the current run that were seen.
    pub seen: BTreeSet<u32>,
}

/// What to do with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It begins a new run.
    Begin,
    /// It goes on with the current run.
    Go,
    /// It was seen; it changes nothing.
    Seen,
    /// It belongs to a run that is over; it changes nothing, and nobody need be told.
    Stale,
    /// It names another run before it than the hub has: the connector must start anew.
    Mismatch,
    /// Its run was stopped; the connector was told.
    Stopped,
}

impl Chain {
    /// Decides about a page. `known` tells whether its run has been seen before.
    pub fn admit(&self, run: RunId, prev: Option<RunId>, page: u32, known: bool) -> Verdict {
        if self.current == Some(run) {
            return match (self.stopped, self.seen.contains(&page)) {
                (true, _) => Verdict::Stopped,
                (false, true) => Verdict::Seen,
                (false, false) => Verdict::Go,
            };
        }
        // A run that was here and is no longer current must not begin again, whatever it names.
        if known {
            return Verdict::Stale;
        }
        match prev {
            None => Verdict::Begin,
            // What a stopped run lacks would never come again, and neither would a page between others of a run that
            // never reached its end.
            prev if prev == self.current && !self.stopped && !self.has_gap() => Verdict::Begin,
            Some(_) => Verdict::Mismatch,
        }
    }

    /// Notes an admitted page.
    pub fn take(&mut self, run: RunId, page: u32) {
        if self.current != Some(run) {
            *self = Self { current: Some(run), ..Self::default() };
        }
        self.seen.insert(page);
    }

    /// Whether a run that ends with this many pages lacks one.
    pub fn lacks_page(&self, pages: u32) -> bool {
        self.has_gap() || self.seen.last() != Some(&pages)
    }

    /// Whether a page before the last one that was seen was not.
    fn has_gap(&self) -> bool {
        self.seen.last().is_some_and(|last| self.seen.len() != *last as usize)
    }
}

/// How to answer a stream that has to start anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// Whether to send the order at all.
    pub send: bool,
    /// Whether a person should look: it happens again and again.
    pub finding: bool,
    /// Resets within the hour, this one included.
    pub resets: i64,
    /// When that hour began.
    pub since: i64,
}

/// Decides about a reset at `now`, given the count and beginning of the running hour.
pub fn reset(resets: i64, since: Option<i64>, now: i64) -> Reset {
    match since {
        Some(since) if now - since < HOUR_MICROS => {
            let resets = resets + 1;
            Reset { send: resets <= MAX_RESETS_AN_HOUR, finding: resets >= 2, resets, since }
        }
        _ => Reset { send: true, finding: false, resets: 1, since: now },
    }
}

/// Whether the hour of the last reset is over.
pub fn is_calm(since: Option<i64>, now: i64) -> bool {
    since.is_none_or(|since| now - since >= HOUR_MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: RunId = RunId::new([1; 16]);
    const B: RunId = RunId::new([2; 16]);
    const C: RunId = RunId::new([3; 16]);

    fn at(run: RunId, pages: &[u32]) -> Chain {
        Chain { current: Some(run), stopped: false, seen: pages.iter().copied().collect() }
    }

    #[test]
    fn a_chain_goes_on_only_from_its_end() {
        assert_eq!(Chain::default().admit(A, None, 1, false), Verdict::Begin);
        assert_eq!(Chain::default().admit(B, Some(A), 1, false), Verdict::Mismatch, "the hub was restored");
        assert_eq!(at(A, &[1]).admit(A, None, 2, true), Verdict::Go);
        assert_eq!(at(A, &[1]).admit(A, None, 1, true), Verdict::Seen);
        assert_eq!(at(A, &[1]).admit(B, Some(A), 1, false), Verdict::Begin);
        assert_eq!(at(B, &[1]).admit(C, Some(A), 1, false), Verdict::Mismatch, "an old state file");
        assert_eq!(at(B, &[1]).admit(C, None, 1, false), Verdict::Begin, "a lost state file");
    }

    #[test]
    fn a_run_that_is_over_never_begins_again() {
        assert_eq!(
            at(B, &[1]).admit(A, None, 5, true),
            Verdict::Stale,
            "a late redelivery must not bring old values back"
        );
        let stopped = Chain { stopped: true, ..at(A, &[1]) };
        assert_eq!(stopped.admit(A, None, 2, true), Verdict::Stopped);
        assert_eq!(stopped.admit(B, Some(A), 1, false), Verdict::Mismatch, "what it lacks would never come");
        assert_eq!(stopped.admit(B, None, 1, false), Verdict::Begin);
    }

    #[test]
    fn a_missing_page_is_noticed_at_the_end() {
        assert!(!at(A, &[1, 2, 3]).lacks_page(3));
        assert!(at(A, &[1, 3]).lacks_page(3));
        assert!(at(A, &[1, 2]).lacks_page(3));
        assert_eq!(
            at(A, &[1, 3]).admit(B, Some(A), 1, false),
            Verdict::Mismatch,
            "or at the next run, if it had no end"
        );
        assert_eq!(at(A, &[1, 2]).admit(B, Some(A), 1, false), Verdict::Begin);
    }

    #[test]
    fn resets_do_not_become_a_storm() {
        let first = reset(0, None, 0);
        assert_eq!((first.send, first.finding), (true, false));
        let second = reset(first.resets, Some(first.since), 1_000_000);
        assert_eq!((second.send, second.finding), (true, true));
        let third = reset(second.resets, Some(second.since), 2_000_000);
        assert_eq!((third.send, third.finding), (false, true));
        let later = reset(third.resets, Some(third.since), HOUR_MICROS + 1);
        assert_eq!((later.send, later.finding), (true, false));
    }
}
