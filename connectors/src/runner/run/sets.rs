//! Sets in a read that is not whole: what is missing of a parent that was read again is gone.

use super::super::closing::{Outcome, Reckoning};
use super::super::report::Failure;
use super::Run;
use crate::state::Closing;

impl Run<'_> {
    /// Adds what the system itself takes back.
    pub(super) fn taken_back(&mut self, outcome: &mut Outcome) {
        outcome.gone.extend(self.gone.iter().cloned());
        outcome.closing.gone.append(&mut self.gone);
    }

    /// What is gone of the parents that this read met. Beyond the guards for deletes it is left to the next full read,
    /// which holds it for approval.
    pub(super) async fn missing_of_sets(&mut self) -> Result<Outcome, Failure> {
        let Some(sifter) = self.sifter.as_deref() else { return Err(self.stopped()) };
        let mut sets = self.sets.iter().peekable();
        if sifter.keyless || sets.peek().is_none() {
            return Ok(Outcome::default());
        }
        let known = self.context.state.count(self.state.id).await?;
        let whole = self.parts.whole();
        let mut reckoning = Reckoning::new(&sifter.seen, &sifter.twice, &whole, true, &self.sets, true);
        reckoning.known_beside(known);
        for set in sets {
            let mut after = set.clone();
            'set: loop {
                let rows = self.context.state.scan(self.state.id, &after).await?;
                let Some(last) = rows.last() else { break };
                after = (*last.key).into();
                for row in rows {
                    if !row.key.starts_with(&*set) {
                        break 'set;
                    }
                    reckoning.row(row);
                }
            }
        }
        let mut outcome = reckoning.end(self.context.stream.full_read.limits);
        // This read says nothing of keys that it did not meet, and holds nothing.
        let gone = std::mem::take(&mut outcome.closing.gone);
        outcome.closing = Closing { gone, ..Closing::default() };
        Ok(outcome)
    }
}
