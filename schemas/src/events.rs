//! The contract of change events: what each kind of event says, as closed JSON Schemas made from the record types. Pure.
//!
//! The files in `events/` are written from here. How to add an event: an entry in [`families`], and its sentence in the
//! event catalogue.

use serde_json::{Map, Value, json};

use crate::catalog::{Catalog, RecordType};

mod examples;
mod page;
#[cfg(test)]
mod tests;

pub use page::page;

/// What dereferences to a schema of this version.
const BASE: &str = "https://muara.id/schemas/events";
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
const HEAD: &str = "https://muara.id/schemas/head/1#/$defs";

/// Events that say the same kind of thing.
#[derive(Debug, Clone)]
pub struct Family {
    /// What they are about: a record type, `run`, `finding` or `subscription`.
    pub name: String,
    /// What can have happened; with the name it makes the type of an event.
    pub verbs: &'static [&'static str],
    /// One line.
    pub title: String,
    /// The JSON Schema of `data`.
    pub schema: Value,
    /// Whole events.
    pub examples: Vec<Value>,
}

impl Family {
    /// The type of an event: `muara.budget-line.updated.v1`.
    pub fn kind(&self, verb: &str) -> String {
        format!("muara.{}.{verb}.v1", self.name)
    }
}

/// Every family: the record types by name, then the rest.
pub fn families() -> Vec<Family> {
    let catalog = Catalog::embedded();
    let mut families: Vec<Family> = catalog.iter().map(|record_type| of_record(catalog, record_type)).collect();
    families.extend([run(), finding(), subscription()]);
    families
}

/// The schema of a whole event, whatever it is about.
pub fn envelope() -> Value {
    json!({
        "$schema": DRAFT,
        "$id": id("envelope"),
        "title": "Event",
        "description": "A CloudEvent 1.0 in its structured JSON form. An event above 64 KiB has no `data` but a `dataref`: \
            the path under which the hub's API tells it whole.",
        "type": "object",
        "additionalProperties": false,
        "required": ["specversion", "id", "source", "type", "subject", "time", "dataschema", "sequence"],
        "oneOf": [{"required": ["data", "datacontenttype"]}, {"required": ["dataref"]}],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9]{1,19}(-read|-(resync|test)-[0-9a-f]{8})?$", "maxLength": 60,
                "description": "Position `<epoch>-<seq>`; of a record as it stands and of a word to a subscriber followed by what it is. The same event always has the same id."},
            "source": {"type": "string", "format": "uri-reference", "pattern": "^//[^/]+(/[^/]+/[^/]+)?$", "maxLength": 300,
                "description": "`//<hub>/<region>/<system>`."},
            "type": {"type": "string", "pattern": "^muara\\.[a-z-]+\\.[a-z-]+\\.v1$", "maxLength": 100},
            "subject": {"type": "string", "minLength": 1, "maxLength": 300,
                "description": "Opaque id of the record; of a run or finding `<region>/<system>/<stream>`; of a word the subscription."},
            "time": {"type": "string", "format": "date-time", "description": "When the log recorded it."},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"type": "string", "format": "uri", "maxLength": 200},
            "sequence": {"type": "string", "pattern": "^[0-9]{20}$",
                "description": "Place in the log; as text it sorts as the log does."},
            "dataref": {"type": "string", "format": "uri-reference", "maxLength": 200},
            "data": {"type": "object"}
        }
    })
}

fn id(name: &str) -> String {
    format!("{BASE}/{name}/1")
}

fn of_record(catalog: &Catalog, record_type: &RecordType) -> Family {
    let name = record_type.name();
    let title = record_type.schema()["title"].as_str().unwrap_or(name).to_owned();
    let body = catalog.shown(record_type);
    let fields: Vec<&String> = body.as_object().into_iter().flat_map(Map::keys).collect();
    let head = |definition: &str, what: &str| json!({"$ref": format!("{HEAD}/{definition}"), "description": what});
    let schema = json!({
        "$schema": DRAFT,
        "$id": id(name),
        "title": format!("{title}: change"),
        "description": "A change of a record, or a record as it stands (`read`). Both bodies are told as the subscriber may see them: \
            personal fields are null to whoever may not, and fields that were not asked for are absent.",
        "type": "object",
        "additionalProperties": false,
        "required": ["op", "version", "record_type", "region", "source"],
        "properties": {
            "op": {"enum": RECORD_VERBS},
            "reason": {"const": "moved", "description": "The record still stands, but has left what the subscriber may see."},
            "version": {"type": "integer", "minimum": 0, "description": "Version of the record from now on; every change makes the next."},
            "record_type": {"const": name},
            "region": head("region", "Region of the record."),
            "agency": head("agency", "Agency from now on; of a record that moved away the agency before."),
            "fiscal_year": head("fiscal_year", "Fiscal year from now on."),
            "before": {"$ref": "#/$defs/body", "description": "Body until now, of updates and deletes."},
            "after": {"$ref": "#/$defs/body", "description": "Body from now on, of creates, updates and reads."},
            "changed": {"type": "array", "items": {"enum": &fields}, "uniqueItems": true, "maxItems": fields.len(),
                "description": "Fields at the top of the body that differ, when both bodies are told."},
            "source": {"$ref": "#/$defs/source"}
        },
        "$defs": {
            "body": {"type": "object", "additionalProperties": false, "required": ["region"], "properties": &body},
            "source": source()
        }
    });
    let examples = examples::of_record(record_type);
    Family { name: name.to_owned(), verbs: RECORD_VERBS, title, schema, examples }
}

/// What can happen to a record.
const RECORD_VERBS: &[&str] = &["created", "updated", "deleted", "erased", "read"];

fn source() -> Value {
    let text =
        |most: u32, what: &str| json!({"type": "string", "minLength": 1, "maxLength": most, "description": what});
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["system", "stream", "received_at"],
        "properties": {
            "system": text(100, "Legacy system."),
            "stream": text(100, "Stream within the system."),
            "key": text(1_000, "Key within the stream, as the source has it; absent where it names a person."),
            "pointer": text(2_000, "Where in the source it stands; absent where it names a person."),
            "run": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The run that brought it."},
            "definition": text(100, "Digest of the definition that mapped it."),
            "received_at": {"type": "string", "format": "date-time", "description": "When the hub took it in."}
        }
    })
}

fn run() -> Family {
    let verbs = &["failed", "recovered", "proof-broken", "proof-mended"];
    let detail = json!({
        "type": "object", "additionalProperties": false, "required": ["region", "system", "stream"],
        "properties": {
            "region": {"type": "string"}, "system": {"type": "string"}, "stream": {"type": "string"},
            "failure": {"type": ["string", "null"], "description": "Why it failed, with a code that `muara explain` knows."}
        }
    });
    let what = "The verdict on a stream's runs differs from the one before.";
    note("run", verbs, "Verdict on a stream's runs", what, &detail)
}

fn finding() -> Family {
    let detail = json!({
        "type": "object", "additionalProperties": false, "required": ["kind", "subject"],
        "properties": {
            "kind": {"type": "string", "description": "What kind of finding."},
            "subject": {"type": "string", "description": "What it is about."},
            "detail": {"type": "string", "description": "One sentence, with a code that `muara explain` knows."}
        }
    });
    note("finding", &["opened", "closed"], "Finding", "A finding was opened or closed.", &detail)
}

fn note(name: &str, verbs: &'static [&'static str], title: &str, what: &str, detail: &Value) -> Family {
    let text = |what: &str| json!({"type": "string", "maxLength": 100, "description": what});
    let schema = json!({
        "$schema": DRAFT,
        "$id": id(name),
        "title": title,
        "description": what,
        "type": "object",
        "additionalProperties": false,
        "required": ["op", "region", "system", "stream", "record_type"],
        "properties": {
            "op": {"enum": verbs},
            "region": text("Region of the stream."),
            "system": text("Legacy system."),
            "stream": text("Stream within the system."),
            "record_type": text("Record type of the stream."),
            "agency": text("The agency that owns the stream."),
            "detail": detail
        }
    });
    let examples = examples::of_note(name);
    Family { name: name.to_owned(), verbs, title: title.to_owned(), schema, examples }
}

fn subscription() -> Family {
    let verbs: &[&str] = &["resync", "test"];
    let title = "Word to a subscriber";
    let schema = json!({
        "$schema": DRAFT,
        "$id": id("subscription"),
        "title": title,
        "description": "From the hub to one subscriber. `resync`: forget what you have; everything as it stands follows, then \
            the changes after the position. `test`: nothing happened.",
        "type": "object",
        "additionalProperties": false,
        "required": ["op", "position"],
        "properties": {
            "op": {"enum": verbs},
            "reason": {"enum": ["restored", "asked"], "description": "Why to start anew."},
            "position": {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9]{1,19}$", "description": "From where on the changes follow."}
        }
    });
    let examples = examples::of_word();
    Family { name: "subscription".to_owned(), verbs, title: title.to_owned(), schema, examples }
}
