//! What a connector tells of itself: its streams at start, and a sign of life each minute.

use muara_schemas::control::{Announcement, Heartbeat};
use muara_schemas::{Moment, StreamName};

use crate::definition::{Definition, Stream};

/// What the hub has to know of a stream; no secrets, for references stay references.
pub fn announcement(definition: &Definition, stream: &Stream, now: Moment) -> Announcement {
    Announcement {
        stream: definition.stream_name(stream),
        record_type: stream.target.clone(),
        agency: definition.system.agency.clone(),
        rank: definition.system.rank,
        definition: stream.digest.clone(),
        document: definition.document.clone(),
        every_secs: stream.schedule.longest_gap(now, &definition.system.timezone).as_secs(),
        warnings: stream.warnings.iter().map(crate::definition::Diagnostic::one_line).collect(),
    }
}

/// A sign of life, with the failure of the last run.
pub fn heartbeat(stream: &StreamName, at: Moment, failure: Option<String>) -> Heartbeat {
    Heartbeat { stream: stream.clone(), at, failure }
}
