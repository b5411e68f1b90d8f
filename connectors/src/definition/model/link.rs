//! `links:` – which other records a record belongs to.

use crate::definition::report::Mark;
use crate::json::Path;

/// One way in which records of a stream belong to records of another type; the hub's linker looks for the pairs.
#[derive(Debug, Clone)]
pub struct Link {
    /// The other record type.
    pub to: String,
    /// Where it stands.
    pub mark: Mark,
    /// Fields that must be equal, at least one.
    pub when: Vec<Pair>,
}

/// Two fields that must be equal.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The other record's field.
    pub theirs: Path,
    /// Where it is named.
    pub mark: Mark,
    /// This record's field, as the field table fills it; items of a list have no number.
    pub ours: Path,
    /// Where it is named.
    pub ours_mark: Mark,
}
