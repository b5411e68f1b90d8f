//! What becomes of raw records that come back out of quarantine: pure.
//!
//! A replayed record never wins over a newer value: it is taken only while its entry is open with the raw record that it
//! was made of, and only the first time.

use std::collections::{BTreeMap, BTreeSet};

use muara_schemas::page::{Quarantined, Reason};

use super::checked::{Checked, Valid};
use crate::merge::{Batch, Outcome};
use crate::store::quarantine::{Open, Standing};
use crate::store::replayed::Settled;
use crate::store::runs::Tally;

/// Decisions about the entries of a replay, collected page by page.
#[derive(Debug, Default)]
pub struct Replaying {
    standing: BTreeMap<i64, Standing>,
    /// Keys under which something is in quarantine.
    waiting: BTreeSet<String>,
    /// What became of each entry that a page names.
    pub settled: Vec<Settled>,
    /// Entries whose record is valid now.
    pub mended: Vec<i64>,
    /// Entries that are broken again, for these reasons.
    pub again: Vec<(i64, Quarantined)>,
}

impl Replaying {
    /// Begins with the open entries that the pages name, and with what is open under the keys of their records.
    pub fn new(standing: BTreeMap<i64, Standing>, open: Open) -> Self {
        Self { standing, waiting: open.by_key.into_keys().collect(), ..Self::default() }
    }

    /// Merges one page and counts what it did. What comes too late changes nothing and counts as unchanged.
    pub fn merge(&mut self, batch: &mut Batch, stream: i64, checked: &mut Checked) {
        let run = checked.page.run;
        let mut tally = Tally { pages: 1, ..checked.tally };
        for valid in std::mem::take(&mut checked.records) {
            let Some(mends) = valid.mends else { continue };
            let standing = self.standing.get(&mends.entry).filter(|standing| standing.raw_hash == mends.raw_hash);
            let Some(standing) = standing else {
                tally.unchanged += 1;
                self.settle(mends.entry, "superseded", None);
                continue;
            };
            if !self.is_free(standing, &valid, batch) {
                tally.unchanged += 1;
                self.settle(mends.entry, "refused", Some(taken()));
                continue;
            }
            self.standing.remove(&mends.entry);
            self.mended.push(mends.entry);
            match batch.upsert(valid.incoming(stream, run)) {
                Outcome::Applied => {
                    tally.applied += 1;
                    self.settle(mends.entry, "applied", None);
                }
                Outcome::Unchanged => {
                    tally.unchanged += 1;
                    self.settle(mends.entry, "unchanged", None);
                }
            }
        }
        for broken in std::mem::take(&mut checked.page.quarantined) {
            let Some(entry) = broken.entry else { continue };
            let is_standing = self.standing.get(&entry).is_some_and(|standing| standing.raw_hash == broken.raw_hash);
            if is_standing {
                tally.quarantined += 1;
                self.settle(entry, "broken", broken.errors.first().cloned());
                self.again.push((entry, broken));
            } else {
                tally.unchanged += 1;
                self.settle(entry, "superseded", None);
            }
        }
        for refusal in std::mem::take(&mut checked.page.refused) {
            self.settle(refusal.entry, "refused", Some(refusal.reason));
        }
        checked.tally = tally;
    }

    /// Whether the record's key is the entry's own. Under another one, which today's definition reads, there must be
    /// nothing yet: nobody could say which of the two is newer.
    fn is_free(&self, standing: &Standing, valid: &Valid, batch: &Batch) -> bool {
        standing.key.as_deref() == Some(&valid.key) || !(batch.knows(valid.id) || self.waiting.contains(&valid.key))
    }

    fn settle(&mut self, entry: i64, outcome: &'static str, reason: Option<Reason>) {
        self.settled.push(Settled { entry, outcome, reason });
    }
}

fn taken() -> Reason {
    Reason {
        code: "E0624".to_owned(),
        target: String::new(),
        source: None,
        message: "its key is that of another record, and nobody can say which is newer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muara_schemas::page::{Mends, Page, RunId, RunKind};
    use muara_schemas::record::Head;
    use muara_schemas::{ContentHash, Secret, StreamName};

    fn hash(raw: &str) -> ContentHash {
        ContentHash::of(raw.as_bytes())
    }

    fn standing(entry: i64, key: Option<&str>, raw: &str) -> (i64, Standing) {
        let key = key.map(str::to_owned);
        (entry, Standing { entry, key, raw_hash: hash(raw), is_discarded: false })
    }

    fn page(records: &[(i64, &str, &str)]) -> Checked {
        let name = StreamName::new("33.02", "sipd", "dpa");
        let valid = |(entry, key, raw): &(i64, &str, &str)| Valid {
            id: Secret::new([1; 32]).id(&name, key),
            key: (*key).to_owned(),
            pointer: String::new(),
            hash: hash(key),
            body: "{}".to_owned(),
            head: Head { agency: None, fiscal_year: None },
            business: None,
            mends: Some(Mends { entry: *entry, raw_hash: hash(raw) }),
        };
        let records = records.iter().map(valid).collect();
        let page = Page {
            region: name.region.clone(),
            system: name.system.clone(),
            stream: name.stream.clone(),
            record_type: "budget-line".to_owned(),
            definition: String::new(),
            run: RunId::new([1; 16]),
            prev: None,
            kind: RunKind::Replay,
            page: 1,
            records: Vec::new(),
            quarantined: Vec::new(),
            gone: Vec::new(),
            held: Vec::new(),
            have: Vec::new(),
            refused: Vec::new(),
            end: None,
        };
        Checked { name, page, records, gone_ids: Vec::new(), held_ids: Vec::new(), tally: Tally::default() }
    }

    fn outcomes(standing: Vec<(i64, Standing)>, records: &[(i64, &str, &str)]) -> Vec<&'static str> {
        let mut replaying = Replaying::new(standing.into_iter().collect(), Open::default());
        let (mut batch, mut checked) = (Batch::default(), page(records));
        replaying.merge(&mut batch, 1, &mut checked);
        let tally = checked.tally;
        assert_eq!(tally.applied + tally.unchanged, i64::try_from(records.len()).unwrap(), "every record counts once");
        assert_eq!(usize::try_from(tally.applied).unwrap(), batch.len());
        replaying.settled.iter().map(|settled| settled.outcome).collect()
    }

    #[test]
    fn an_entry_is_mended_once_and_never_by_an_older_raw_record() {
        let open = || vec![standing(7, Some("a"), "x")];
        assert_eq!(outcomes(open(), &[(7, "a", "x"), (7, "a", "x")]), ["applied", "superseded"]);
        assert_eq!(outcomes(open(), &[(7, "a", "older")]), ["superseded"]);
        assert_eq!(outcomes(Vec::new(), &[(7, "a", "x")]), ["superseded"], "a later read has closed it");
    }

    #[test]
    fn a_key_that_is_read_only_now_takes_the_place_of_nothing() {
        let two = vec![standing(7, None, "x"), standing(8, None, "y")];
        assert_eq!(outcomes(two, &[(7, "a", "x"), (8, "a", "y")]), ["applied", "refused"]);
        let moved = vec![standing(7, Some("old"), "x")];
        assert_eq!(outcomes(moved, &[(7, "new", "x")]), ["applied"]);
    }
}
