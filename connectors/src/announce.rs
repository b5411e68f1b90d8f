//! What a connector tells of itself: its streams at start, and a sign of life each minute.

use muara_schemas::control::{Announcement, Heartbeat};
use muara_schemas::{Moment, StreamName};

use crate::definition::{Definition, Diagnostic, Stream};

/// What the hub has to know of a stream; no secrets, for references stay references. `unused` says why a newer definition
/// is not in use.
pub fn announcement(definition: &Definition, stream: &Stream, unused: Option<&str>, now: Moment) -> Announcement {
    let unused = unused.map(|why| format!("W0210 {}: a newer definition is not used: {why}", definition.origin.file));
    Announcement {
        stream: definition.stream_name(stream),
        record_type: stream.target.clone(),
        agency: definition.system.agency.clone(),
        rank: definition.system.rank,
        definition: stream.digest.clone(),
        document: definition.document.clone(),
        every_secs: stream.schedule.longest_gap(now, &definition.system.timezone).as_secs(),
        warnings: unused.into_iter().chain(stream.warnings.iter().map(Diagnostic::one_line)).collect(),
    }
}

/// A sign of life, with the failure of the last run.
pub fn heartbeat(stream: &StreamName, at: Moment, failure: Option<String>) -> Heartbeat {
    Heartbeat { stream: stream.clone(), at, failure }
}
