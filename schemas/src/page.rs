//! A page: up to 500 records of one run of one stream, travelling as one message.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::canonical::{ContentHash, hex, hex_decode};
use crate::money::Rupiah;
use crate::proof::Proof;
use crate::stream::StreamName;

/// The most records (read, quarantined or gone) in one page.
pub const MAX_RECORDS: usize = 500;
/// A page is closed when its bodies reach this size; a single larger record still travels alone.
pub const MAX_PAGE_BYTES: usize = 256 * 1024;
/// A canonical body above this size is quarantined as too large.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// A run tells at most so many notes.
pub const MAX_NOTES: usize = 20;
/// Raw input is kept up to this size, with the hash of the whole.
pub const MAX_RAW_BYTES: usize = 64 * 1024;

/// A run's random id: 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId([u8; 16]);

/// What a run does with its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// Reads the source from a cursor.
    Incremental,
    /// Reads the source whole, and ends with a proof.
    Full,
    /// Reads nothing: lists keys and hashes so that both sides can be compared after a broken proof.
    Compare,
    /// Reads nothing: maps raw records out of quarantine with today's definition.
    Replay,
}

/// One page of one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Region of the system.
    pub region: String,
    /// The legacy system.
    pub system: String,
    /// The stream within the system.
    pub stream: String,
    /// The record type of the stream, such as `budget-line`.
    #[serde(rename = "type")]
    pub record_type: String,
    /// Digest of the definition and target schema that mapped these records.
    pub definition: String,
    /// The run that this page belongs to.
    pub run: RunId,
    /// The run before it of this stream; `None` starts the chain anew and is always accepted.
    pub prev: Option<RunId>,
    /// What the run does.
    pub kind: RunKind,
    /// Number of the page within its run, from 1.
    pub page: u32,
    /// Records that mapped and validated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Record>,
    /// Records that did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<Quarantined>,
    /// Keys that a complete read no longer found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// Keys that would be gone, but are too many to delete without approval.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
    /// Keys and hashes of a [`RunKind::Compare`] run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub have: Vec<(String, ContentHash)>,
    /// Entries that a [`RunKind::Replay`] run cannot map at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// Present on the last page of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// One valid record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The record's key within its stream, at most 512 bytes.
    pub key: String,
    /// Where in the source it stands: URL, table key, or `file#sheet!cell`.
    pub pointer: String,
    /// Hash of `body`.
    pub hash: ContentHash,
    /// The canonical body, byte for byte as it is stored.
    pub body: Box<RawValue>,
    /// In a [`RunKind::Replay`] run, and in no other: what it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mends: Option<Mends>,
}

/// The quarantine entry whose raw record became valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mends {
    /// Its number.
    pub entry: i64,
    /// Hash of the raw record that was mapped: when the entry holds another one by now, nothing is mended.
    pub raw_hash: ContentHash,
}

/// A quarantine entry that no mapping mends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Its number.
    pub entry: i64,
    /// Why.
    pub reason: Reason,
}

/// What the text of a raw record stands for, so that it can be mapped again as it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RawForm {
    /// JSON of the source, byte for byte.
    #[default]
    Json,
    /// A row: its cells as texts under the names of their columns.
    Row,
    /// A row some of whose cells hold an error of the source, which the text cannot tell from a value.
    FaultyRow,
}

/// One record that could not be mapped or is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantined {
    /// The key, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where in the source it stands.
    pub pointer: String,
    /// Hash of the whole raw record.
    pub raw_hash: ContentHash,
    /// The raw record as text, cut at 64 KiB.
    pub raw: String,
    /// What the text stands for.
    #[serde(default)]
    pub form: RawForm,
    /// Every reason, at least one.
    pub errors: Vec<Reason>,
    /// What could be read of it all the same.
    #[serde(default)]
    pub about: About,
    /// In a [`RunKind::Replay`] run, and in no other: the entry that is broken again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<i64>,
}

/// One reason for a quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Stable code, such as `E0301`; `muara explain` knows it.
    pub code: String,
    /// JSON pointer of the target field, or empty for the whole record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// Path of the source field, where one is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What is wrong, without the value.
    pub message: String,
}

/// What a quarantined record is about, so that its money is not forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Agency code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// Fiscal year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal_year: Option<i32>,
    /// The record's `amount` (or `ceiling`, `value`, `total`), when that field itself was readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Rupiah>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Whether the read reached the source's end without an error.
    pub complete: bool,
    /// How many pages the run has, this one included.
    pub pages: u32,
    /// What became of what was read.
    pub counts: Counts,
    /// The connector's side of the proof, after a complete full read; of a [`RunKind::Compare`] run, over what it lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The guards for deletes that a repair has to keep.
    pub limits: Limits,
    /// Why the run failed, when it is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What a person should look at although the run did not fail, at most [`MAX_NOTES`]. A full read tells all that
    /// there is: what it does not tell is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// What a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Stable code, such as `W0201`; one note a code.
    pub code: String,
    /// One sentence, without a value of a record.
    pub detail: String,
}

/// The connector's counts: `read = published + unchanged + quarantined + quarantined_again`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Records read, after `where:` and `each:`.
    pub read: u64,
    /// Records sent as valid; the hub tells how many of them changed anything.
    pub published: u64,
    /// Records skipped because they stand as they were.
    pub unchanged: u64,
    /// Records sent as quarantined.
    pub quarantined: u64,
    /// Records that are in quarantine already and did not travel again.
    pub quarantined_again: u64,
    /// Records that `where:` dropped; not part of `read`.
    pub left_out: u64,
    /// Keys sent as gone.
    pub gone: u64,
    /// Keys held for approval.
    pub held: u64,
}

/// The guards for deletes: only when a delete is above both is it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest share of the stream's records that one read may delete, in ten-thousandths.
    pub max_share: u32,
    /// Number of records that one read may always delete.
    pub max_count: u64,
}

impl Page {
    /// Whose page this is.
    pub fn name(&self) -> StreamName {
        StreamName::new(&self.region, &self.system, &self.stream)
    }

    /// The message id: the same whenever the same page is sent.
    pub fn message_id(&self) -> String {
        format!("{}-{}", self.run, self.page)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_share: 200, max_count: 5 }
    }
}

impl Limits {
    /// Whether deleting `gone` of `known` records needs a person's approval.
    pub fn hold(self, gone: u64, known: u64) -> bool {
        gone > self.max_count && u128::from(gone) * 10_000 > u128::from(known) * u128::from(self.max_share)
    }
}

impl RunId {
    /// An id from 16 random bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes as they are stored.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes stored bytes back; `None` unless there are exactly 16.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        hex_decode(text.as_bytes())
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a run id is 32 lower-case hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delete_is_held_only_above_both_guards() {
        let limits = Limits { max_share: 200, max_count: 5 };
        assert!(!limits.hold(5, 10), "five may always go");
        assert!(limits.hold(6, 10));
        assert!(!limits.hold(20, 1000), "two per cent exactly");
        assert!(limits.hold(21, 1000));
    }
}
