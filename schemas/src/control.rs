//! What the hub says to connectors, and what connectors say of themselves.

use serde::{Deserialize, Serialize};

use crate::canonical::ContentHash;
use crate::clock::Moment;
use crate::page::{RawForm, Reason, RunId};
use crate::stream::StreamName;

/// An order to the connector that owns a system; lost or late ones do no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Random id, 32 hex digits; the answer names it.
    pub id: String,
    /// After this moment the order is void.
    pub expires_at: Moment,
    /// Which stream is meant.
    pub stream: StreamName,
    /// What to do.
    pub order: Order,
}

/// What a connector can be told to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Forget the stream's cursor and fingerprints and read it from the start with `prev: none`.
    Reset {
        /// Why, for the log.
        reason: String,
    },
    /// Run the stream now.
    Run {
        /// Read it whole.
        full: bool,
    },
    /// Do not start runs of this stream before the given moment; `None` resumes.
    Pause {
        /// When to go on.
        until: Option<Moment>,
    },
    /// The proof of `run` is broken: send the list of keys and hashes.
    Compare {
        /// The run whose proof is broken.
        run: RunId,
    },
    /// Forget the fingerprints of these keys and read the stream whole, so that they travel again.
    Reread {
        /// The keys.
        keys: Vec<String>,
    },
    /// Map these raw records with today's definition.
    Replay {
        /// Only answer what would come of them. Otherwise they come in as a run of their own.
        dry_run: bool,
        /// At most [`MAX_RECORDS`](crate::page::MAX_RECORDS), and about [`MAX_PAGE_BYTES`](crate::page::MAX_PAGE_BYTES).
        entries: Vec<Replayable>,
    },
}

/// A raw record out of quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replayable {
    /// Number of its quarantine entry.
    pub entry: i64,
    /// The entry's key, where one could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where in the source it stood.
    pub pointer: String,
    /// Hash of the whole raw record.
    pub raw_hash: ContentHash,
    /// The raw record as text.
    pub raw: String,
    /// What the text stands for.
    pub form: RawForm,
}

/// What would come of a raw record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreseen {
    /// Number of its quarantine entry.
    pub entry: i64,
    /// What would come of it.
    pub outcome: Prospect,
    /// The first reason why it would not be valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What would come of a raw record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prospect {
    /// It would be a valid record.
    Valid,
    /// It would be broken again.
    Broken,
    /// It cannot be mapped at all.
    Refused,
}

/// A connector's answer to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The command's id.
    pub command: String,
    /// Which stream was meant.
    pub stream: StreamName,
    /// Whether it was carried out.
    pub done: bool,
    /// Why not, or what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What would come of each raw record, when a replay was only to be tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreseen: Vec<Foreseen>,
}

/// What a connector tells about one stream when it starts or its definition changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    /// Which stream.
    pub stream: StreamName,
    /// Record type that the stream maps to.
    #[serde(rename = "type")]
    pub record_type: String,
    /// The agency that owns the system.
    pub agency: String,
    /// Rank of the system: of two that hold the same fact, the lower counts.
    pub rank: u16,
    /// Digest of definition and target schema.
    pub definition: String,
    /// The definition itself without secrets, as YAML text.
    pub document: String,
    /// Seconds between runs.
    pub every_secs: u64,
    /// Warnings of lint, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A connector's sign of life for one of its systems, each minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Which stream.
    pub stream: StreamName,
    /// When it was sent, by the connector's clock; shown, never compared with records.
    pub at: Moment,
    /// The last failure, while the stream is failing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}
