//! What becomes of a stream's quarantine while pages are taken in: pure.

use std::collections::BTreeMap;

use muara_schemas::ContentHash;
use muara_schemas::page::Quarantined;

use crate::store::quarantine::Open;

/// Collects decisions about quarantine entries, page by page.
#[derive(Debug, Default)]
pub struct Holding {
    open: Open,
    decided: Decided,
    fresh: BTreeMap<Slot, Quarantined>,
}

/// What is decided about quarantine entries.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// A valid record of their key was read, or it was deleted.
    pub superseded: Vec<i64>,
    /// Another broken record of their key was read.
    pub replaced: Vec<i64>,
    /// The same raw record was broken again, for these reasons.
    pub again: Vec<(i64, Quarantined)>,
    /// The same raw record came again, and somebody has discarded it.
    pub discarded: Vec<i64>,
    /// Entries to be opened.
    pub fresh: Vec<Quarantined>,
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
        if let Some(standing) = self.open.by_key.remove(key) {
            self.decided.superseded.push(standing.entry);
        }
    }

    /// A broken record was read.
    pub fn hold(&mut self, broken: Quarantined) {
        let slot = broken.key.clone().map_or(Slot::Raw(broken.raw_hash), Slot::Key);
        let standing = match &slot {
            Slot::Key(key) => self.open.by_key.get(key),
            Slot::Raw(raw) => self.open.by_raw.get(raw),
        };
        match standing {
            Some(same) if same.raw_hash == broken.raw_hash && same.is_discarded => {
                return self.decided.discarded.push(same.entry);
            }
            Some(same) if same.raw_hash == broken.raw_hash => return self.decided.again.push((same.entry, broken)),
            Some(other) => {
                self.decided.replaced.push(other.entry);
                broken.key.as_deref().and_then(|key| self.open.by_key.remove(key));
            }
            None => {}
        }
        self.fresh.insert(slot, broken);
    }

    /// The decisions.
    pub fn finish(self) -> Decided {
        Decided { fresh: self.fresh.into_values().collect(), ..self.decided }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::quarantine::Standing;

    fn broken(key: Option<&str>, raw: &str) -> Quarantined {
        Quarantined {
            key: key.map(str::to_owned),
            pointer: String::new(),
            raw_hash: ContentHash::of(raw.as_bytes()),
            raw: raw.to_owned(),
            form: Default::default(),
            errors: vec![],
            about: Default::default(),
            entry: None,
        }
    }

    fn with_open(key: &str, raw: &str) -> Holding {
        with(key, raw, false)
    }

    fn with(key: &str, raw: &str, is_discarded: bool) -> Holding {
        let mut open = Open::default();
        let raw_hash = ContentHash::of(raw.as_bytes());
        let standing = Standing { entry: 7, key: Some(key.to_owned()), raw_hash, is_discarded };
        open.by_key.insert(key.to_owned(), standing);
        Holding::new(open)
    }

    #[test]
    fn one_entry_per_key_and_the_newest_raw_stands() {
        let mut holding = with_open("a", "old");
        holding.hold(broken(Some("a"), "newer"));
        holding.hold(broken(Some("a"), "newest"));
        let Decided { superseded, replaced, fresh, .. } = holding.finish();
        assert_eq!((superseded, replaced), (vec![], vec![7]));
        assert_eq!(fresh.iter().map(|entry| entry.raw.as_str()).collect::<Vec<_>>(), ["newest"]);
    }

    #[test]
    fn the_same_raw_again_opens_nothing_new() {
        let mut holding = with_open("a", "old");
        holding.hold(broken(Some("a"), "old"));
        let again = vec![(7, broken(Some("a"), "old"))];
        assert_eq!(holding.finish(), Decided { again, ..Decided::default() });
    }

    #[test]
    fn what_was_discarded_stays_so_until_its_raw_changes() {
        let mut holding = with("a", "old", true);
        holding.hold(broken(Some("a"), "old"));
        assert_eq!(holding.finish(), Decided { discarded: vec![7], ..Decided::default() });

        let mut holding = with("a", "old", true);
        holding.hold(broken(Some("a"), "new"));
        let decided = holding.finish();
        assert_eq!((decided.replaced, decided.fresh.len()), (vec![7], 1));
    }

    #[test]
    fn a_valid_read_ends_it_even_within_one_batch() {
        let mut holding = with_open("a", "old");
        holding.hold(broken(Some("b"), "x"));
        holding.settle("a");
        holding.settle("b");
        assert_eq!(holding.finish(), Decided { superseded: vec![7], ..Decided::default() });
    }

    #[test]
    fn entries_without_a_key_go_by_their_raw() {
        let mut holding = Holding::default();
        holding.hold(broken(None, "x"));
        holding.hold(broken(None, "x"));
        holding.hold(broken(None, "y"));
        assert_eq!(holding.finish().fresh.len(), 2);
    }
}
