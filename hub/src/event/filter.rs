//! Which events a subscriber wants. Pure.
//!
//! Regions and agencies narrow what the subscriber sees, so that a record which leaves them is told as deleted; the rest
//! chooses among events that he sees, by what they say to him and by nothing that is hidden from him.

use muara_schemas::record::TYPES;
use muara_schemas::stream::is_region;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::condition::{Condition, Test};
use super::{Data, Event};
use crate::access::Viewer;

/// How many entries each list has at most.
const MAX_ENTRIES: usize = 100;
/// The longest entry, in bytes.
const MAX_ENTRY_BYTES: usize = 100;
/// How many conditions there are at most.
const MAX_CONDITIONS: usize = 20;

/// Which events are wanted: those that pass every list that is not empty, and every condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EventFilter)]
pub struct Filter {
    /// Event types; a `*` at the end stands for any rest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["muara.budget-line.*"]))]
    pub types: Vec<String>,
    /// Regions, with all regencies of a province that is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Agencies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agencies: Vec<String>,
    /// Record types, also of the streams that runs and findings are about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub record_types: Vec<String>,
    /// Fund sources: either side of a change has one of them as its `fund`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub funds: Vec<String>,
    /// Conditions on what the event says.
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// A filter that is ready to choose.
#[derive(Debug, Clone, Default)]
pub struct Sieve {
    types: Vec<String>,
    /// Record types, which the database can choose by.
    pub record_types: Vec<String>,
    funds: Vec<String>,
    tests: Vec<Test>,
}

impl Filter {
    /// Makes the filter ready, or says what is wrong with it.
    pub fn sieve(&self) -> Result<Sieve, String> {
        let lists = [
            ("types", &self.types),
            ("regions", &self.regions),
            ("agencies", &self.agencies),
            ("record_types", &self.record_types),
            ("funds", &self.funds),
        ];
        for (name, list) in lists {
            if list.len() > MAX_ENTRIES {
                return Err(format!("`{name}` has more than {MAX_ENTRIES} entries"));
            }
            if list.iter().any(|entry| entry.is_empty() || entry.len() > MAX_ENTRY_BYTES) {
                return Err(format!("an entry of `{name}` is empty or longer than {MAX_ENTRY_BYTES} bytes"));
            }
        }
        if let Some(wrong) = self.types.iter().find(|pattern| !is_pattern(pattern)) {
            return Err(format!("`{wrong}` is no event type such as muara.budget-line.updated.v1 or muara.run.*"));
        }
        if let Some(wrong) = self.regions.iter().find(|code| !is_region(code)) {
            return Err(format!("`{wrong}` is no region such as 33 or 33.02"));
        }
        if let Some(wrong) = self.record_types.iter().find(|name| !TYPES.contains(&name.as_str())) {
            return Err(format!("there is no record type `{wrong}`; the types are {}", TYPES.join(", ")));
        }
        if self.conditions.len() > MAX_CONDITIONS {
            return Err(format!("`where` has more than {MAX_CONDITIONS} conditions"));
        }
        Ok(Sieve {
            types: self.types.clone(),
            record_types: self.record_types.clone(),
            funds: self.funds.clone(),
            tests: self.conditions.iter().map(Condition::test).collect::<Result<_, _>>()?,
        })
    }

    /// The viewer as this filter lets him look.
    pub fn narrow(&self, viewer: &Viewer) -> Viewer {
        viewer.narrowed(&self.regions, &self.agencies)
    }
}

impl Sieve {
    /// Whether the event is wanted.
    pub fn lets_through(&self, event: &Event) -> bool {
        let named = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => event.kind.starts_with(beginning),
            None => event.kind == *pattern,
        };
        if !self.types.is_empty() && !self.types.iter().any(named) {
            return false;
        }
        if !self.funds.is_empty() && !self.is_funded(event) {
            return false;
        }
        if self.tests.is_empty() {
            return true;
        }
        let said = serde_json::to_value(event).unwrap_or(Value::Null);
        self.tests.iter().all(|test| test.holds(&said))
    }

    fn is_funded(&self, event: &Event) -> bool {
        let Some(Data::Record(record)) = &event.data else { return false };
        [&record.before, &record.after].into_iter().flatten().any(|body| {
            let body: Value = serde_json::from_str(body.get()).unwrap_or(Value::Null);
            body.get("fund").and_then(Value::as_str).is_some_and(|fund| self.funds.iter().any(|wish| wish == fund))
        })
    }
}

fn is_pattern(pattern: &str) -> bool {
    let body = pattern.strip_suffix('*').unwrap_or(pattern);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    ("muara.".starts_with(body) || body.starts_with("muara.")) && body.bytes().all(plain)
}
