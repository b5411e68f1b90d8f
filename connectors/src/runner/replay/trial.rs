//! Raw records out of quarantine, mapped with today's definition: pure.

use std::sync::Arc;

use muara_schemas::control::{Foreseen, Prospect, Replayable};
use muara_schemas::page::{About, MAX_RAW_BYTES, Mends, Quarantined, RawForm, Reason, Record, Refusal};

use super::super::key::key;
use super::super::verdict::{Judge, Verdict, reason};
use crate::json::Path;
use crate::raw::{Pluck, Rebuild};
use crate::state::Hash;

/// A raw record of which less than this is missing to the bound may have been cut: never within a letter.
const NEARLY: usize = 4;

/// What became of one raw record.
#[derive(Debug)]
pub(super) struct Tried {
    /// The key of its entry, where one could be read then.
    pub(super) before: Option<String>,
    /// Hash of the raw record, without salt.
    pub(super) hash: Hash,
    pub(super) outcome: Outcome,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is valid; `body` is the hash of its body.
    Valid { record: Record, body: Hash },
    /// It is broken again; the key is the one that today's definition reads.
    Broken(Quarantined),
    /// No mapping mends it.
    Refused(Refusal),
}

/// Tries each of them; blocks while expressions are evaluated.
pub(super) fn attempt(entries: Vec<Replayable>, keys: &[Path], judge: &mut Judge) -> Vec<Tried> {
    let mut trial = Trial { pluck: Pluck::new(keys.to_vec()), rebuild: Rebuild::default(), keys, judge };
    entries.into_iter().map(|entry| trial.one(entry)).collect()
}

struct Trial<'a> {
    pluck: Pluck,
    rebuild: Rebuild,
    keys: &'a [Path],
    judge: &'a mut Judge,
}

impl Trial<'_> {
    fn one(&mut self, mut asked: Replayable) -> Tried {
        let (before, hash) = (asked.key.take(), *asked.raw_hash.as_bytes());
        let text = std::mem::take(&mut asked.raw);
        let is_cut = text.len() + NEARLY > MAX_RAW_BYTES;
        let outcome = if self.judge.runs_away() {
            refused(&asked, "E0214", "the expressions of other records took too long or too much memory")
        } else {
            match self.map(&asked, text) {
                Ok(outcome) => outcome,
                Err(_) if is_cut => refused(
                    &asked,
                    "E0252",
                    "only the first 64 KiB of the raw record were kept, which is not all of it",
                ),
                Err(why) => {
                    let why = format!("the record is no JSON that we take: {why}");
                    broken(&asked, None, vec![reason("E0321", why)], About::default())
                }
            }
        };
        Tried { before, hash, outcome }
    }

    /// Fails, with why, for a text that is no record.
    fn map(&mut self, asked: &Replayable, text: String) -> Result<Outcome, String> {
        let raw = self.rebuild.raw(text, asked.form).map_err(|error| error.to_string())?;
        let fields = raw.parse().map_err(|error| error.to_string())?;
        let selected = self.judge.selects(&fields, &raw);
        if selected == Ok(false) {
            return Ok(refused(asked, "E0251", "`where` of today's definition leaves the record out"));
        }
        let key = match key(&raw, &mut self.pluck, self.keys, |_| ()) {
            Ok(key) => key,
            Err(reason) => return Ok(broken(asked, None, vec![reason], self.judge.about(&fields, &raw))),
        };
        if let Err(reason) = selected {
            return Ok(broken(asked, Some(key), vec![reason], self.judge.about(&fields, &raw)));
        }
        Ok(match self.judge.judge(&fields, &raw) {
            Verdict::Broken(errors, about) => broken(asked, Some(key), errors, about),
            Verdict::Valid(record, body) => {
                let mends = Some(Mends { entry: asked.entry, raw_hash: asked.raw_hash });
                Outcome::Valid { record: Record { key, pointer: asked.pointer.clone(), mends, ..record }, body }
            }
        })
    }
}

fn refused(asked: &Replayable, code: &str, message: &str) -> Outcome {
    Outcome::Refused(Refusal { entry: asked.entry, reason: reason(code, message.to_owned()) })
}

/// The hub has the raw record; sending it once more would only make the page large.
fn broken(asked: &Replayable, key: Option<String>, errors: Vec<Reason>, about: About) -> Outcome {
    let Replayable { entry, pointer, raw_hash, .. } = asked;
    let (pointer, raw_hash, raw, form, entry) =
        (pointer.clone(), *raw_hash, String::new(), RawForm::Json, Some(*entry));
    Outcome::Broken(Quarantined { key, pointer, raw_hash, raw, form, errors, about, entry })
}

impl Tried {
    /// The key under which it is known today.
    pub(super) fn key(&self) -> Option<Arc<str>> {
        match &self.outcome {
            Outcome::Valid { record, .. } => Some(record.key.as_str().into()),
            Outcome::Broken(quarantined) => quarantined.key.as_deref().map(Arc::from),
            Outcome::Refused(_) => None,
        }
    }

    /// What it tells of itself when it was only tried.
    pub(super) fn foreseen(&self) -> Foreseen {
        let (entry, outcome, reason) = match &self.outcome {
            Outcome::Valid { record, .. } => (record.mends.map(|mends| mends.entry), Prospect::Valid, None),
            Outcome::Broken(broken) => (broken.entry, Prospect::Broken, broken.errors.first().cloned()),
            Outcome::Refused(refusal) => (Some(refusal.entry), Prospect::Refused, Some(refusal.reason.clone())),
        };
        Foreseen { entry: entry.unwrap_or_default(), outcome, reason }
    }
}
