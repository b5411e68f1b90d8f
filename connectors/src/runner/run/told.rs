//! What a source says by itself: where a later run may go on, and which records are gone.

use std::collections::BTreeSet;

use super::super::closing::Outcome;
use super::super::report::Failure;
use super::Run;
use crate::state::NONE;

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
    /// Adds what becomes of records that the source says are gone, in a read that is not whole. Under the guards for
    /// deletes, as far as they are known here; what is not known may be known to the hub.
    pub(super) async fn taken_back(&mut self, outcome: &mut Outcome) -> Result<(), Failure> {
        let keys: Vec<Box<str>> = std::mem::take(&mut self.told_by_source.gone).into_iter().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let (mut gone, mut free) = (Vec::new(), Vec::new());
        for keys in keys.chunks(BATCH) {
            // No record has this hash and no part this number, so that every print comes whole.
            let probes: Vec<_> = keys.iter().map(|key| (&**key, NONE)).collect();
            let known = self.context.state.look(self.state.id, u32::MAX, &probes).await?;
            for (key, print) in keys.iter().zip(known) {
                // What was never published deletes no record: at most it ends an entry in quarantine.
                let is_published = print.is_some_and(|print| print.body != NONE);
                if is_published { gone.push(key.clone()) } else { free.push(key.clone()) }
            }
        }
        let known = self.context.state.count(self.state.id).await?;
        if self.context.stream.full_read.limits.hold(gone.len() as u64, known) {
            outcome.closing.held.append(&mut gone);
        }
        gone.append(&mut free);
        outcome.closing.gone.extend(gone.iter().cloned());
        outcome.gone.append(&mut gone);
        Ok(())
    }
}
