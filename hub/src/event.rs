//! A change as subscribers read it: one CloudEvent, the same bytes on every way out. Pure.
//!
//! How to add an event: a variant of [`Data`], its arm in [`Teller`], and its schema in `schemas/src/events.rs`.

use bytes::Bytes;
use muara_schemas::Moment;
use serde::Serialize;
use serde_json::value::RawValue;

pub mod condition;
pub mod filter;
pub mod position;
pub mod sides;
pub mod teller;

pub use filter::Filter;
pub use position::Position;
pub use teller::Teller;

/// The largest event that carries its data, in bytes: what every intermediary of CloudEvents has to forward. A larger
/// one carries the address where the whole is.
pub const MAX_BYTES: usize = 64 * 1024;

/// An event before it is written down.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    specversion: &'static str,
    /// Position, and for what is no change of the log what it is instead; unique within its source.
    pub id: String,
    /// `//<hub>/<region>/<system>`.
    pub source: String,
    /// `muara.<what>.<verb>.v1`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The record's opaque id; of a run or finding the stream; of a subscription its id.
    pub subject: String,
    /// When the log recorded it.
    pub time: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    datacontenttype: Option<&'static str>,
    dataschema: String,
    sequence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataref: Option<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    /// Its place in the log.
    #[serde(skip)]
    pub position: Position,
}

/// What an event says.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Of a record.
    Record(Box<Record>),
    /// Of a run or a finding.
    Note(Note),
    /// From the hub to a subscriber.
    Word(Word),
}

/// A change of a record, or the record as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// `created`, `updated`, `deleted`, `erased`; `read` of a record as it stands.
    pub op: String,
    /// `moved`, when the record only left what the subscriber may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Version of the record from now on; every change makes the next.
    pub version: i64,
    /// Record type.
    pub record_type: String,
    /// Region.
    pub region: String,
    /// Agency from now on; of a record that moved away the agency before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// Fiscal year from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_year: Option<i64>,
    /// Body until now, of updates and deletes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<RawValue>>,
    /// Body from now on, of creates, updates and reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<RawValue>>,
    /// Fields at the top of the body that differ, when both bodies are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Vec<String>>,
    /// Where it comes from.
    pub source: Source,
}

/// Where a record's change comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    /// Legacy system.
    pub system: String,
    /// Stream within the system.
    pub stream: String,
    /// Key within the stream, as the source has it; absent where it names a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where in the source it stands; absent where it names a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The run that brought it, 32 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Digest of the definition that mapped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// When the hub took it in.
    pub received_at: Moment,
}

/// A verdict on a stream's runs, or a finding.
#[derive(Debug, Clone, Serialize)]
pub struct Note {
    /// Of a run `failed`, `recovered`, `proof-broken`, `proof-mended`; of a finding `opened`, `closed`.
    pub op: String,
    /// Region.
    pub region: String,
    /// Legacy system.
    pub system: String,
    /// Stream within the system.
    pub stream: String,
    /// Record type of the stream.
    pub record_type: String,
    /// The agency that owns the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<RawValue>>,
}

/// A word from the hub to one subscriber.
#[derive(Debug, Clone, Serialize)]
pub struct Word {
    /// `resync`: forget what you have, all of it follows. `test`: nothing happened.
    pub op: &'static str,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// From where on the changes follow.
    pub position: String,
}

impl Event {
    /// The event as it goes out. One that is too large goes without its data and says where they are.
    pub fn encode(&self) -> Bytes {
        let whole = serde_json::to_vec(self).expect("events always serialise");
        if whole.len() <= MAX_BYTES {
            return whole.into();
        }
        let dataref = Some(format!("/api/v1/changes/{}", self.position));
        let without = Self { data: None, datacontenttype: None, dataref, ..self.clone() };
        serde_json::to_vec(&without).expect("events always serialise").into()
    }

    /// The event whole, however large it is.
    pub fn whole(&self) -> Box<RawValue> {
        serde_json::value::to_raw_value(self).expect("events always serialise")
    }

    /// Its attributes but for the data, as headers repeat them; none of them says anything about a person.
    pub fn attributes(&self) -> [(&'static str, &str); 7] {
        [
            ("specversion", self.specversion),
            ("id", &self.id),
            ("source", &self.source),
            ("type", &self.kind),
            ("subject", &self.subject),
            ("dataschema", &self.dataschema),
            ("sequence", &self.sequence),
        ]
    }

    /// The routing key on the exchange of changes: `<what>.<verb>.<region>.<agency>`; a point within a code is `-`, and
    /// a missing one is `_`.
    pub fn routing_key(&self) -> String {
        let mut words = self.kind.split('.').skip(1);
        let (what, verb) = (words.next().unwrap_or("_"), words.next().unwrap_or("_"));
        let (region, agency) = match &self.data {
            Some(Data::Record(record)) => (Some(record.region.as_str()), record.agency.as_deref()),
            Some(Data::Note(note)) => (Some(note.region.as_str()), note.agency.as_deref()),
            _ => (None, None),
        };
        let word = |code: Option<&str>| code.map_or_else(|| "_".to_owned(), |code| code.replace('.', "-"));
        format!("{what}.{verb}.{}.{}", word(region), word(agency))
    }
}
