//! What a run remarks beside its records: how far its cursor got, and what somebody should look at.

use muara_schemas::page::{MAX_NOTES, Note};

use super::super::cursor::{self, Greatest};
use super::super::drift;
use super::super::report::{Failure, Told};
use super::Run;
use crate::kinds;

/// How many vanished files a note names.
const NAMED: usize = 5;

impl Run<'_> {
    /// The cursor never goes back in an incremental run.
    pub(super) fn newer(&self, greatest: Greatest) -> Option<String> {
        let value = greatest.value?;
        let old = self.state.cursor.as_deref();
        old.is_none_or(|old| cursor::compare(&value, old).is_gt()).then_some(value)
    }

    /// What was odd about the cursor's values, in a read that came to its end.
    pub(super) fn note(&mut self, greatest: &Greatest) {
        self.note_columns();
        self.note_drift();
        let Some(rule) = &self.context.stream.cursor else { return };
        let field = &rule.field;
        if greatest.ahead > 0 {
            let detail = format!(
                "`{field}` of {} records lies more than a day ahead and did not move the cursor",
                greatest.ahead
            );
            self.remark("W0201", detail);
        }
        if greatest.absent > 0 {
            self.remark("W0202", format!("{} records have no `{field}`; only full reads see them", greatest.absent));
        }
    }

    /// Columns that the definition reads and the source does not have: a misspelt one would empty its field for good.
    fn note_columns(&mut self) {
        let Some(sifter) = &self.sifter else { return };
        let told = sifter.absent.iter().take(NAMED).map(|(source, target)| format!("`{source}` for `{target}`"));
        let named = told.collect::<Vec<_>>().join(", ");
        if !named.is_empty() {
            self.remark("W0204", format!("the source has no column {named}"));
        }
    }

    /// What the source has otherwise than when the definition began to read it.
    pub(super) fn note_drift(&mut self) {
        let Some(sifter) = &self.sifter else { return };
        for (code, detail) in drift::notes(&sifter.watch.drifts(), &self.context.stream) {
            self.remark(code, detail);
        }
    }

    /// Files that could not be read, and files that were read before; a note names some of them.
    pub(super) async fn note_parts(&mut self) -> Result<(), Failure> {
        if self.parts.failure().is_some() {
            self.remark("W0230", format!("what these held stays as it was: {}", self.parts.told()));
        }
        let parts = self.context.state.parts(self.state.id).await?;
        self.succeed(&parts);
        let gone: Vec<String> =
            parts.into_iter().filter(|(id, _)| !self.parts.has(*id)).map(|(_, name)| format!("`{name}`")).collect();
        if !gone.is_empty() {
            let named = gone.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = if gone.len() > NAMED { format!(" and {} more", gone.len() - NAMED) } else { String::new() };
            let stream = &self.context.name;
            let detail = format!(
                "read before and not there any more: {named}{more}; the records stay, for this proves nothing. If another file took \
                 its place, `muara source reset {stream}` deletes what is in none, and `muara source approve {stream}` what is held"
            );
            self.remark("W0203", detail);
        }
        Ok(())
    }

    /// Parts from before another definition that are in a set of today: it stands for them too.
    fn succeed(&mut self, known: &[(u32, String)]) {
        for (id, name) in known.iter().filter(|(id, _)| !self.parts.has(*id)).cloned().collect::<Vec<_>>() {
            let set = kinds::set_of(&self.context.stream, &name);
            let heir = set.and_then(|set| known.iter().find(|(_, name)| *name == set));
            if let Some((heir, _)) = heir {
                self.parts.succeed(id, *heir);
            }
        }
    }

    fn remark(&mut self, code: &str, detail: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(Note { code: code.to_owned(), detail });
        }
    }

    /// What the run tells of itself. Remarks that are not those of the run before are logged.
    pub(super) fn tells(&self, failed: bool) -> Told {
        let before = self.told.as_ref().map_or(&[][..], |told| &told.notes);
        for note in self.notes.iter().filter(|note| !before.contains(note)) {
            tracing::warn!(stream = %self.context.name, "{}: {}", note.code, note.detail);
        }
        Told { failed, notes: self.notes.clone() }
    }
}
