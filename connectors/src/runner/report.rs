//! What became of a run, for people and for the program's summary.

use muara_schemas::page::{Counts, Note, RunId, RunKind};
use muara_schemas::{Proof, StreamName};

/// The remark of a run of a system that calls us.
pub(super) const AWAITED: &str = "W0270";

/// What became of one run of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamReport {
    /// The stream.
    pub name: StreamName,
    /// Whether it was read whole.
    pub kind: RunKind,
    /// The run, when it went onto the wire.
    pub run: Option<RunId>,
    /// What became of what was read; `published` counts what was sent, the hub tells what it changed.
    pub counts: Counts,
    /// The connector's side of the proof, after a complete full read.
    pub proof: Option<Proof>,
    /// Why it failed, with its code: `E0202: …`.
    pub failure: Option<String>,
    /// What somebody should look at although it did not fail.
    pub notes: Vec<Note>,
}

/// How a run ended, as the hub was told. A run that has nothing to send and the same to tell sends nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Whether it failed; why may differ from run to run while a source is away.
    pub(super) failed: bool,
    /// What somebody should look at.
    pub(super) notes: Vec<Note>,
}

impl StreamReport {
    /// Nothing was asked of a system that calls us.
    pub(super) fn awaited(name: &StreamName) -> Self {
        let detail = "nothing is pulled from a system that pushes; it calls us".to_owned();
        let notes = vec![Note { code: AWAITED.to_owned(), detail }];
        Self { kind: RunKind::Incremental, failure: None, notes, ..Self::failed(name, String::new()) }
    }

    /// The report of a run that did not begin.
    pub(super) fn failed(name: &StreamName, failure: String) -> Self {
        Self {
            name: name.clone(),
            kind: RunKind::Full,
            run: None,
            counts: Counts::default(),
            proof: None,
            failure: Some(failure),
            notes: Vec::new(),
        }
    }
}

/// What a run tells while it goes on, for progress bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The stream.
    pub name: StreamName,
    /// Records read so far.
    pub read: u64,
    /// How many there are in all, where the source tells.
    pub total: Option<u64>,
    /// Whether the run is over.
    pub ended: bool,
}

/// Why a run stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct Failure {
    /// Stable code.
    pub(super) code: &'static str,
    /// What was attempted, and what came.
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<crate::state::Error> for Failure {
    fn from(error: crate::state::Error) -> Self {
        Self::new("E0210", error.to_string())
    }
}

impl From<muara_schemas::bus::Error> for Failure {
    fn from(error: muara_schemas::bus::Error) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
