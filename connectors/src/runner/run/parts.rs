//! The parts of a source that a run has met, such as files, and how each of them stands.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::report::Failure;
use crate::raw::{Part, Standing};

/// How many broken parts a message names.
const NAMED: usize = 3;
/// How many are kept to be named.
const KEPT: usize = 100;

/// What one run knows of its parts, by their number in the state file.
#[derive(Debug, Default)]
pub(super) struct Parts {
    met: HashMap<u32, Met>,
    /// The part of the last page, which is most often that of the next.
    last: Option<(Arc<str>, u32)>,
    faults: Vec<(&'static str, Arc<str>)>,
    /// How many are broken; `faults` holds some of them.
    broken: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    Whole,
    Growing,
    Waiting,
    Broken,
}

impl Parts {
    /// The number of the part of this name, when it is that of the page before.
    pub(super) fn known(&self, name: &Arc<str>) -> Option<u32> {
        self.last.as_ref().filter(|(last, _)| last == name).map(|(_, number)| *number)
    }

    /// A page of the part with this number came.
    pub(super) fn meet(&mut self, number: u32, part: &Part) {
        self.last = Some((part.name.clone(), number));
        let met = match &part.standing {
            Standing::Whole => Met::Whole,
            Standing::Growing => Met::Growing,
            Standing::Waiting => Met::Waiting,
            Standing::Broken { code, why } => {
                self.broken += 1;
                if self.faults.len() < KEPT {
                    self.faults.push((code, why.clone()));
                }
                Met::Broken
            }
        };
        // A part that broke once does not become whole in the same read.
        let standing = self.met.entry(number).or_insert(met);
        if *standing != Met::Broken {
            *standing = met;
        }
    }

    /// A part that was not met belongs to another one now, and stands as that does.
    pub(super) fn succeed(&mut self, old: u32, heir: u32) {
        if let Some(met) = self.met.get(&heir).copied() {
            self.met.insert(old, met);
        }
    }

    /// Whether the source has parts.
    pub(super) fn are_there(&self) -> bool {
        !self.met.is_empty()
    }

    /// Whether a part was met, however it stands.
    pub(super) fn has(&self, number: u32) -> bool {
        self.met.contains_key(&number)
    }

    /// The parts of which a missing key is gone; the one without a name where the source has none.
    pub(super) fn whole(&self) -> HashSet<u32> {
        if self.met.is_empty() {
            return HashSet::from([0]);
        }
        self.met.iter().filter(|(_, met)| **met == Met::Whole).map(|(number, _)| *number).collect()
    }

    /// Whether something could be read beside what is broken.
    pub(super) fn is_any_read(&self) -> bool {
        self.met.values().any(|met| matches!(met, Met::Whole | Met::Growing))
    }

    /// What could not be read, when there is such a part.
    pub(super) fn failure(&self) -> Option<Failure> {
        let (code, _) = self.faults.first()?;
        Some(Failure::new(code, self.told()))
    }

    /// Names what could not be read, and why.
    pub(super) fn told(&self) -> String {
        let named: Vec<&str> = self.faults.iter().take(NAMED).map(|(_, why)| &**why).collect();
        let more = self.broken.saturating_sub(named.len());
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        format!("{}{more}", named.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, standing: Standing) -> Part {
        Part { name: name.into(), standing }
    }

    fn broken(why: &str) -> Standing {
        Standing::Broken { code: "E0203", why: why.into() }
    }

    #[test]
    fn only_what_was_read_whole_can_miss_a_key() {
        let mut parts = Parts::default();
        assert_eq!((parts.whole(), parts.is_any_read()), (HashSet::from([0]), false), "a source of one piece");
        parts.meet(1, &part("a", Standing::Whole));
        parts.meet(2, &part("b", Standing::Whole));
        parts.meet(2, &part("b", broken("could not read b")));
        parts.meet(2, &part("b", Standing::Whole));
        parts.meet(3, &part("c", Standing::Growing));
        parts.meet(4, &part("d", Standing::Waiting));
        assert_eq!((parts.whole(), parts.is_any_read()), (HashSet::from([1]), true));
        assert!((1..=4).all(|number| parts.has(number)) && !parts.has(5));
        assert_eq!(parts.failure().unwrap().to_string(), "E0203: could not read b");
    }

    #[test]
    fn a_part_that_belongs_to_another_now_stands_as_that_does() {
        let mut parts = Parts::default();
        parts.meet(1, &part("year=2026", Standing::Whole));
        parts.meet(2, &part("year=2025", broken("no")));

        for (old, heir) in [(7, 1), (8, 2), (9, 3)] {
            parts.succeed(old, heir);
        }

        assert_eq!(parts.whole(), HashSet::from([1, 7]));
        assert_eq!([7, 8, 9].map(|number| parts.has(number)), [true, true, false]);
    }

    #[test]
    fn many_broken_parts_are_counted_and_some_named() {
        let mut parts = Parts::default();
        for number in 1..=200 {
            parts.meet(number, &part(&number.to_string(), broken(&format!("no {number}"))));
        }
        assert_eq!((parts.told().as_str(), parts.is_any_read()), ("no 1; no 2; no 3; and 197 more", false));
    }
}
