//! What a subscription is: where it goes, from where on, and in whose name. Pure.

use std::collections::BTreeSet;

use muara_schemas::Moment;
use serde::{Deserialize, Serialize};

use crate::event::{Filter, Position};
use crate::store::subscriptions::Subscription;

/// The id of the hub's own subscription, which feeds the exchange of changes.
pub const EXCHANGE: &str = "exchange";
/// The kind of subscriptions that go to an address.
pub const WEBHOOK: &str = "webhook";
/// How many fields can be named.
const MAX_FIELDS: usize = 100;

/// Where a subscription goes; stored with it as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Target {
    /// To an address over HTTP.
    Webhook(Webhook),
    /// Into a queue of its own.
    Amqp(Queue),
    /// To the exchange of changes: the hub's own subscription.
    Exchange,
}

/// An address that takes events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where events are posted.
    pub url: String,
    /// Its secrets, sealed; the newest first.
    pub secrets: Vec<Sealed>,
    /// How many requests are under way at once.
    pub concurrency: usize,
    /// How many requests begin in a second at most.
    #[serde(default)]
    pub per_second: Option<u32>,
}

/// A secret as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The sealed bytes.
    pub sealed: String,
    /// Until when it signs too; the newest one signs for ever.
    pub until: Option<Moment>,
}

/// A queue of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How much it holds, in bytes, before the hub waits.
    pub max_bytes: u64,
    /// How long an event waits in it, in seconds; then it goes to the dead events.
    pub ttl_secs: Option<u32>,
}

/// From where on a subscription is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// What comes from now on.
    Now,
    /// The whole log.
    Beginning,
    /// Everything as it stands, then what comes.
    Snapshot,
    /// What came after a position.
    After(Position),
    /// What was recorded from a moment on.
    Since(Moment),
}

impl Start {
    /// Reads `now`, `beginning`, `snapshot`, a position, or a time such as `2026-01-31T08:00:00Z`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "now" => Some(Self::Now),
            "beginning" => Some(Self::Beginning),
            "snapshot" => Some(Self::Snapshot),
            text => text
                .parse()
                .map(Self::After)
                .ok()
                .or_else(|| serde_json::from_value(serde_json::Value::from(text)).map(Self::Since).ok()),
        }
    }
}

/// Checks a list of fields that are to be told; the error says what is wrong.
pub fn fields(given: &[String]) -> Result<Option<BTreeSet<String>>, String> {
    if given.is_empty() {
        return Ok(None);
    }
    if given.len() > MAX_FIELDS {
        return Err(format!("`fields` has more than {MAX_FIELDS} entries"));
    }
    let is_field = |name: &String| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !name.is_empty() && name.len() <= 60 && name.bytes().all(plain)
    };
    match given.iter().find(|name| !is_field(name)) {
        Some(wrong) => Err(format!("`{wrong}` is no field at the top of a record")),
        None => Ok(Some(given.iter().cloned().collect())),
    }
}

/// What a stored subscription says.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where it goes.
    pub target: Target,
    /// What is wanted.
    pub filter: Filter,
    /// Fields that are told; none means all.
    pub fields: Option<BTreeSet<String>>,
}

impl Terms {
    /// Reads what is stored; `None` when it is damaged.
    pub fn of(row: &Subscription) -> Option<Self> {
        let fields = row.fields.as_deref().map(serde_json::from_str).transpose().ok()?;
        Some(Self {
            target: serde_json::from_str(&row.target).ok()?,
            filter: serde_json::from_str(&row.filter).ok()?,
            fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_a_word_a_position_or_a_time() {
        assert_eq!(Start::parse("now"), Some(Start::Now));
        assert_eq!(Start::parse("0a1b2c3d-7"), Some(Start::After(Position { epoch: "0a1b2c3d".into(), seq: 7 })));
        assert_eq!(Start::parse("1970-01-01T00:00:01Z"), Some(Start::Since(Moment::from_micros(1_000_000))));
        assert_eq!((Start::parse(""), Start::parse("yesterday"), Start::parse("7")), (None, None, None));
    }

    #[test]
    fn fields_have_the_form_of_fields() {
        assert_eq!(fields(&[]), Ok(None));
        assert!(fields(&["amount".into(), "fiscal_year".into()]).is_ok_and(|fields| fields.unwrap().len() == 2));
        assert!(fields(&["data.after".into()]).is_err() && fields(&[String::new()]).is_err());
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let target = Target::Webhook(Webhook {
            url: "https://a.example".into(),
            secrets: vec![],
            concurrency: 4,
            per_second: Some(9),
        });
        let text = serde_json::to_string(&target).unwrap();
        assert!(text.starts_with(r#"{"kind":"webhook","url""#), "{text}");
        assert_eq!(serde_json::from_str::<Target>(&text).unwrap(), target);
    }
}
