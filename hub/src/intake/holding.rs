//! What becomes of a stream's quarantine while pages are taken in: pure.

use std::collections::BTreeMap;

use muara_schemas::ContentHash;
use muara_schemas::page::Quarantined;

use crate::store::quarantine::Open;

/// Decisions about quarantine entries, collected page by page.
#[derive(Debug, Default)]
pub struct Holding {
    open: Open,
    superseded: Vec<i64>,
    replaced: Vec<i64>,
    again: Vec<i64>,
    fresh: BTreeMap<Slot, Quarantined>,
}

/// One open entry per key; per raw record where the key cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Key(String),
    Raw(ContentHash),
}

impl Holding {
    /// Begins with what is open.
    pub fn new(open: Open) -> Self {
        Self { open, ..Self::default() }
    }

    /// A valid record of this key was read, or it was deleted: its entry is over.
    pub fn settle(&mut self, key: &str) {
        if self.fresh.is_empty() && self.open.by_key.is_empty() {
            return;
        }
        self.fresh.remove(&Slot::Key(key.to_owned()));
        if let Some((entry, _)) = self.open.by_key.remove(key) {
            self.superseded.push(entry);
        }
    }

    /// A broken record was read.
    pub fn hold(&mut self, broken: Quarantined) {
        let slot = broken.key.clone().map_or(Slot::Raw(broken.raw_hash), Slot::Key);
        match &slot {
            Slot::Key(key) => match self.open.by_key.get(key) {
                Some((entry, raw)) if *raw == broken.raw_hash => return self.again.push(*entry),
                Some((entry, _)) => {
                    self.replaced.push(*entry);
                    self.open.by_key.remove(key);
                }
                None => {}
            },
            Slot::Raw(raw) => {
                if let Some(entry) = self.open.by_raw.get(raw) {
                    return self.again.push(*entry);
                }
            }
        }
        self.fresh.insert(slot, broken);
    }

    /// The decisions: entries to supersede, to replace, seen again, and to open.
    pub fn finish(self) -> (Vec<i64>, Vec<i64>, Vec<i64>, Vec<Quarantined>) {
        (self.superseded, self.replaced, self.again, self.fresh.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(key: Option<&str>, raw: &str) -> Quarantined {
        Quarantined {
            key: key.map(str::to_owned),
            pointer: String::new(),
            raw_hash: ContentHash::of(raw.as_bytes()),
            raw: raw.to_owned(),
            errors: vec![],
            about: Default::default(),
        }
    }

    fn with_open(key: &str, raw: &str) -> Holding {
        let mut open = Open::default();
        open.by_key.insert(key.to_owned(), (7, ContentHash::of(raw.as_bytes())));
        Holding::new(open)
    }

    #[test]
    fn one_entry_per_key_and_the_newest_raw_stands() {
        let mut holding = with_open("a", "old");
        holding.hold(broken(Some("a"), "newer"));
        holding.hold(broken(Some("a"), "newest"));
        let (superseded, replaced, _, fresh) = holding.finish();
        assert_eq!((superseded, replaced), (vec![], vec![7]));
        assert_eq!(fresh.iter().map(|entry| entry.raw.as_str()).collect::<Vec<_>>(), ["newest"]);
    }

    #[test]
    fn the_same_raw_again_writes_nothing_new() {
        let mut holding = with_open("a", "old");
        holding.hold(broken(Some("a"), "old"));
        assert_eq!(holding.finish(), (vec![], vec![], vec![7], vec![]));
    }

    #[test]
    fn a_valid_read_ends_it_even_within_one_batch() {
        let mut holding = with_open("a", "old");
        holding.hold(broken(Some("b"), "x"));
        holding.settle("a");
        holding.settle("b");
        assert_eq!(holding.finish(), (vec![7], vec![], vec![], vec![]));
    }

    #[test]
    fn entries_without_a_key_go_by_their_raw() {
        let mut holding = Holding::default();
        holding.hold(broken(None, "x"));
        holding.hold(broken(None, "x"));
        holding.hold(broken(None, "y"));
        assert_eq!(holding.finish().3.len(), 2);
    }
}
