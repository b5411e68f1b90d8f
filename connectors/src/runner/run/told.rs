//! What a source says by itself: where a later run may go on, and which records are gone.

use std::collections::BTreeSet;

use super::super::closing::Outcome;
use super::super::report::Failure;
use super::Run;
use crate::state::{Closing, NONE};

/// How many keys are looked up in one go.
const BATCH: usize = 2_000;

/// What the source has said so far.
#[derive(Debug, Default)]
pub(super) struct ToldBySource {
    /// The newest state from which a later run may go on.
    pub(super) state: Option<String>,
    /// Keys of records that are gone, unless they came again afterwards.
    pub(super) gone: BTreeSet<Box<str>>,
}

impl Run<'_> {
    /// What becomes of records that the source says are gone, in a read that is not whole. Under the guards for deletes.
    pub(super) async fn taken_back(&mut self) -> Result<Outcome, Failure> {
        let keys: Vec<Box<str>> = self.told_by_source.gone.iter().cloned().collect();
        let (mut gone, mut unsent) = (Vec::new(), Vec::new());
        for keys in keys.chunks(BATCH) {
            // No record has this hash and no part this number, so that every print comes whole.
            let probes: Vec<_> = keys.iter().map(|key| (&**key, NONE)).collect();
            let known = self.context.state.look(self.state.id, u32::MAX, &probes).await?;
            for (key, print) in keys.iter().zip(known) {
                match print {
                    None => {}
                    // What was never published deletes no record: it only ends its entry in quarantine.
                    Some(print) if print.body == NONE => unsent.push(key.clone()),
                    Some(_) => gone.push(key.clone()),
                }
            }
        }
        let known = self.context.state.count(self.state.id).await?;
        let mut closing = Closing { gone: unsent.clone(), ..Closing::default() };
        if self.context.stream.full_read.limits.hold(gone.len() as u64, known) {
            closing.held = std::mem::take(&mut gone);
        }
        closing.gone.extend(gone.iter().cloned());
        unsent.append(&mut gone);
        Ok(Outcome { closing, gone: unsent, ..Outcome::default() })
    }
}
