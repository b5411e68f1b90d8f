//! The envelope of everything that travels from connectors to the hub: one CloudEvent.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::clock::Moment;
use crate::control::{Announcement, Answer, Heartbeat};
use crate::page::Page;
use crate::stream::StreamName;

/// A message for intake.
#[derive(Debug)]
pub enum Message {
    /// `muara.page.v1`
    Page(Box<Page>),
    /// `muara.announcement.v1`
    Announcement(Announcement),
    /// `muara.heartbeat.v1`
    Heartbeat(Heartbeat),
    /// `muara.answer.v1`
    Answer(Answer),
}

/// Why bytes are no message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not the closed form of its type.
    #[error("the message is not a CloudEvent of a known form: {0}")]
    Form(#[from] serde_json::Error),
    /// A type that this version does not know.
    #[error("the message has the unknown type `{0}`")]
    UnknownType(String),
    /// The stream's name is malformed.
    #[error("{0}")]
    Name(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    specversion: &'a str,
    id: std::borrow::Cow<'a, str>,
    source: std::borrow::Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'a str,
    time: Moment,
    datacontenttype: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Message {
    /// The CloudEvents `type`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Page(_) => "muara.page.v1",
            Self::Announcement(_) => "muara.announcement.v1",
            Self::Heartbeat(_) => "muara.heartbeat.v1",
            Self::Answer(_) => "muara.answer.v1",
        }
    }

    /// The stream that the message belongs to.
    pub fn stream(&self) -> StreamName {
        match self {
            Self::Page(page) => page.name(),
            Self::Announcement(announcement) => announcement.stream.clone(),
            Self::Heartbeat(heartbeat) => heartbeat.stream.clone(),
            Self::Answer(answer) => answer.stream.clone(),
        }
    }

    /// The message as bytes for the bus. `id` must be the same each time that the same message is sent.
    pub fn encode(&self, id: &str, at: Moment) -> Vec<u8> {
        let data = match self {
            Self::Page(page) => serde_json::value::to_raw_value(page),
            Self::Announcement(announcement) => serde_json::value::to_raw_value(announcement),
            Self::Heartbeat(heartbeat) => serde_json::value::to_raw_value(heartbeat),
            Self::Answer(answer) => serde_json::value::to_raw_value(answer),
        }
        .expect("messages always serialise");
        let source = format!("//connector/{}", self.stream());
        let envelope = Envelope {
            specversion: "1.0",
            id: id.into(),
            source: source.into(),
            kind: self.kind(),
            time: at,
            datacontenttype: "application/json",
            data: &data,
        };
        serde_json::to_vec(&envelope).expect("messages always serialise")
    }

    /// Reads a message; everything about it is checked but the records' bodies.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let envelope: Envelope<'_> = serde_json::from_slice(bytes)?;
        let data = envelope.data.get();
        let message = match envelope.kind {
            "muara.page.v1" => Self::Page(serde_json::from_str(data)?),
            "muara.announcement.v1" => Self::Announcement(serde_json::from_str(data)?),
            "muara.heartbeat.v1" => Self::Heartbeat(serde_json::from_str(data)?),
            "muara.answer.v1" => Self::Answer(serde_json::from_str(data)?),
            other => return Err(Error::UnknownType(other.to_owned())),
        };
        message.stream().check().map_err(Error::Name)?;
        Ok(message)
    }
}
