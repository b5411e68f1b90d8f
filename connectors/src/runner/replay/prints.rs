//! What a replay changes in the state file, before its pages go out and once they are confirmed: pure.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::sift::xor;
use super::trial::{Outcome, Tried};
use crate::state::{Hash, Mark, NONE, Print, Save};

/// What is to be saved.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prints {
    /// Before the first page goes out. Should this process die before the receipts, the next read takes these records
    /// for new and sends them, whatever the hub has made of the replay by then.
    pub(super) ahead: Vec<Save>,
    /// Once every page is confirmed.
    pub(super) after: Vec<Save>,
    /// The number that the next new key gets.
    pub(super) next_slot: u32,
}

/// What the state file knows of a key that was tried.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Its print.
    pub(super) print: Option<Print>,
    /// Where it was read, when it was not known under this key.
    pub(super) part: u32,
}

/// Plans the saves. Prints are salted with today's definition, or with the one before it while no full read has ended
/// since; a print of another raw record belongs to a newer read and is left alone.
pub(super) fn plan(tried: &[Tried], known: &[Known], salts: [Hash; 2], next_slot: u32) -> Prints {
    let mut prints = Prints { next_slot, ..Prints::default() };
    let mut met = HashSet::new();
    for (tried, known) in tried.iter().zip(known) {
        let Some(key) = tried.key() else { continue };
        if !met.insert(key.clone()) {
            continue;
        }
        prints.one(tried, known, key, salts);
    }
    prints
}

impl Prints {
    fn one(&mut self, tried: &Tried, known: &Known, key: Arc<str>, salts: [Hash; 2]) {
        let raw = xor(tried.hash, salts[0]);
        let is_this = |print: &Print| {
            print.mark == Mark::Quarantined && salts.iter().any(|salt| print.raw == xor(tried.hash, *salt))
        };
        let save = |slot, part, mark, raw, body| Save { key, slot, mark, part, raw, body, others: Vec::new() };
        match (&tried.outcome, &known.print) {
            (Outcome::Valid { body, .. }, print) if print.as_ref().is_none_or(is_this) => {
                let (slot, part) =
                    print.as_ref().map_or((self.next_slot, known.part), |print| (print.slot, print.part));
                self.next_slot = self.next_slot.max(slot + 1);
                let ahead = save(slot, part, Mark::Quarantined, NONE, *body);
                self.after.push(Save { mark: Mark::Live, raw, ..ahead.clone() });
                self.ahead.push(ahead);
            }
            (Outcome::Broken(_), Some(print)) if is_this(print) => {
                self.after.push(save(print.slot, print.part, Mark::Quarantined, raw, print.body));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muara_schemas::ContentHash;
    use muara_schemas::page::{Mends, Record};

    const RAW: Hash = [9; 16];
    const TODAY: Hash = [1; 16];
    const BEFORE: Hash = [2; 16];

    fn valid(key: &str) -> Tried {
        let raw_hash = ContentHash::from_bytes(&RAW).unwrap();
        let body = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
        let mends = Some(Mends { entry: 1, raw_hash });
        let record = Record { key: key.into(), pointer: String::new(), hash: raw_hash, body, mends };
        Tried { before: Some(key.into()), hash: RAW, outcome: Outcome::Valid { record, body: [7; 16] } }
    }

    fn print(mark: Mark, raw: Hash) -> Known {
        let print = Print { slot: 4, mark, missed: 1, part: 3, raw, body: [5; 16], others: Vec::new() };
        Known { print: Some(print), part: 0 }
    }

    fn marks(known: Known) -> Vec<(Mark, Hash, Hash)> {
        let prints = plan(&[valid("a")], &[known], [TODAY, BEFORE], 10);
        prints.ahead.into_iter().chain(prints.after).map(|save| (save.mark, save.raw, save.body)).collect()
    }

    #[test]
    fn the_raw_that_was_replayed_is_forgotten_first_and_live_afterwards() {
        let both = [(Mark::Quarantined, NONE, [7; 16]), (Mark::Live, xor(RAW, TODAY), [7; 16])];
        assert_eq!(marks(print(Mark::Quarantined, xor(RAW, TODAY))), both);
        assert_eq!(marks(print(Mark::Quarantined, xor(RAW, BEFORE))), both, "read under the definition before");
    }

    #[test]
    fn a_print_of_another_read_is_left_alone() {
        assert_eq!(marks(print(Mark::Quarantined, [77; 16])), []);
        assert_eq!(marks(print(Mark::Live, xor(RAW, TODAY))), []);
        assert_eq!(marks(print(Mark::Quarantined, NONE)), [], "it travels again at the next read in any case");
    }

    #[test]
    fn a_key_that_could_not_be_read_before_gets_a_number() {
        let known = [Known { print: None, part: 6 }, Known { print: None, part: 6 }];
        let prints = plan(&[valid("a"), valid("a")], &known, [TODAY, BEFORE], 10);
        assert_eq!((prints.next_slot, prints.after.len()), (11, 1));
        assert_eq!((prints.after[0].slot, prints.after[0].part), (10, 6));
    }
}
