//! Columns that the definition reads and the source does not have.

use std::sync::Arc;

use super::Sifter;
use crate::raw::Row;

impl Sifter {
    /// Notes columns that the field table reads and these rows do not have.
    pub(super) fn look_for_columns(&mut self, row: &Row) {
        if self.head.as_ref().is_some_and(|head| Arc::ptr_eq(head, row.head())) {
            return;
        }
        self.head = Some(row.head().clone());
        // A column that holds JSON may be gone into with dots.
        let is_there = |source: &str| {
            let dots = source.match_indices('.').map(|(dot, _)| &source[..dot]);
            dots.chain([source]).any(|name| row.position(name).is_some())
        };
        let absent = self.uses.0.iter().filter(|(source, _)| !source.is_empty() && !is_there(source));
        self.absent.extend(absent.cloned());
    }
}
