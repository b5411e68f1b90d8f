//! What a run reads: a source that is asked, or what a system hands over.

use crate::raw::Raw;

/// What a run reads.
pub(in crate::runner) enum Reading {
    /// The source; `full` reads it whole even when it has a cursor.
    Pull { full: bool },
    /// What a system hands over.
    Push(Handed),
}

/// What a system hands over.
pub(in crate::runner) struct Handed {
    pub(in crate::runner) records: Vec<Raw>,
    /// JSON pointer to where the records stood.
    pub(in crate::runner) list: String,
    /// Whether they are all that there is.
    pub(in crate::runner) whole: bool,
    /// Keys that the system takes back.
    pub(in crate::runner) gone: Vec<Box<str>>,
}
