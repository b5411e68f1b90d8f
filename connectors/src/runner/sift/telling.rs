//! What a sender is told of each of its records.

use std::sync::Arc;

use muara_schemas::page::Reason;

use super::super::push::{Fate, Sifted};
use super::super::verdict::{Verdict, reason};
use super::Sifter;
use crate::definition::model::OnInvalid;
use crate::raw::Raw;
use crate::state::{Mark, Print};

/// How many reasons a sender is told of one record; quarantine has them all.
const TOLD: usize = 20;

impl Sifter {
    /// Tells of each record from now on. A sender that is told is not judged by how many are broken.
    pub(in super::super) fn telling(mut self) -> Self {
        self.told = Some(Vec::new());
        self.on_invalid = OnInvalid::Quarantine { share: 10_000, of: u64::MAX >> 16 };
        self
    }

    /// What became of each record, in order.
    pub(in super::super) fn told(&mut self) -> Vec<Sifted> {
        self.told.take().unwrap_or_default()
    }

    pub(super) fn tell(&mut self, key: Option<&Arc<str>>, result: Fate, errors: &[Reason]) {
        let Some(told) = &mut self.told else { return };
        let (index, item) = self.seen.place();
        let errors = errors.iter().take(TOLD).cloned().collect();
        told.push(Sifted { index, item, key: key.cloned(), result, errors });
    }

    /// Whether the record may settle a key that was not unique, although it is known: its sender has nobody to ask for
    /// a whole read. Within one push the first record stands.
    pub(super) fn is_settled_by_telling(&self, print: &Print) -> bool {
        self.told.is_some() && print.mark == Mark::NotUnique && self.seen.first(print.slot).is_none()
    }

    /// Tells of a record that stands as it was; why it is broken has to be found again.
    pub(super) fn tell_known(&mut self, raw: &Raw, key: &Arc<str>, keyless: Option<Reason>, print: &Print) {
        if self.told.is_none() {
            return;
        }
        if let Some(reason) = keyless {
            return self.tell(None, Fate::Quarantined, &[reason]);
        }
        if print.mark != Mark::Quarantined {
            return self.tell(Some(key), Fate::Unchanged, &[]);
        }
        let verdict = match raw.parse() {
            Err(error) => vec![reason("E0321", format!("the record is no JSON that we take: {error}"))],
            Ok(fields) => match self.judge.selects(&fields, raw) {
                Err(reason) => vec![reason],
                Ok(_) => match self.judge.judge(&fields, raw) {
                    Verdict::Broken(errors, _) => errors,
                    Verdict::Valid(..) => Vec::new(),
                },
            },
        };
        self.tell(Some(key), Fate::Quarantined, &verdict);
    }
}
