//! What a run remarks beside its records: how far its cursor got, and what somebody should look at.

use super::super::cursor::{self, Greatest};
use super::super::report::Failure;
use super::Run;

impl Run<'_> {
    /// The cursor never goes back in an incremental run.
    pub(super) fn newer(&self, greatest: Greatest) -> Option<String> {
        let value = greatest.value?;
        let old = self.state.cursor.as_deref();
        old.is_none_or(|old| cursor::compare(&value, old).is_gt()).then_some(value)
    }

    pub(super) fn note(&mut self, greatest: &Greatest) {
        let Some(rule) = &self.context.stream.cursor else { return };
        if greatest.ahead > 0 {
            self.notes.push(format!(
                "W0201: `{}` of {} records lies more than a day ahead and did not move the cursor",
                rule.field, greatest.ahead
            ));
        }
        if greatest.absent > 0 {
            self.notes
                .push(format!("W0202: {} records have no `{}`; only full reads see them", greatest.absent, rule.field));
        }
    }

    pub(super) async fn note_vanished(&mut self) -> Result<(), Failure> {
        for (id, name) in self.context.state.parts(self.state.id).await? {
            if !self.parts.contains(&id) {
                self.notes
                    .push(format!("W0203: file `{name}` was read before and is not there any more; its records stay"));
            }
        }
        Ok(())
    }
}
