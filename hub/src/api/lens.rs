//! What a viewer sees of a row that is within his scope, and whether personal data was among it.

use std::cell::Cell;

use serde_json::value::RawValue;

use super::auth::Caller;
use crate::mask;

/// Shows rows to one viewer, and remembers whether personal data was shown.
pub(super) struct Lens<'a> {
    caller: &'a Caller,
    shown: Cell<usize>,
}

impl<'a> Lens<'a> {
    /// A lens for a caller.
    pub(super) fn of(caller: &'a Caller) -> Self {
        Self { caller, shown: Cell::new(0) }
    }

    /// A stored body; personal fields are `null` unless the viewer may see them. `None` for a body that is not there,
    /// and for one of which it is not known what in it is personal.
    pub(super) fn body(&self, record_type: &str, stored: Option<String>) -> Option<Box<RawValue>> {
        let stored = stored?;
        self.note(record_type);
        mask::body(record_type, stored, self.caller.viewer.may_see_personal)
    }

    /// Remembers that a body of this type was shown.
    pub(super) fn note(&self, record_type: &str) {
        let is_shown = self.caller.viewer.may_see_personal && mask::has_personal_fields(record_type);
        self.shown.set(self.shown.get() + usize::from(is_shown));
    }

    /// A key, business key or pointer, which name the person where the record is about one.
    pub(super) fn name(&self, record_type: &str, text: Option<String>) -> Option<String> {
        mask::name(record_type, text, self.caller.viewer.may_see_personal)
    }

    /// Notes in the audit trail that personal data was read, if it was.
    pub(super) fn audit(&self, what: &'static str) {
        if self.shown.get() > 0 {
            tracing::info!(target: "muara::audit", key = %self.caller.key, what, count = self.shown.get(), "personal data was read");
        }
    }
}
