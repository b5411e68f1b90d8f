//! Whole events that show what a family says. Pure.

use serde_json::{Value, json};

use super::id;
use crate::catalog::RecordType;

const EPOCH: &str = "7f3a9c01";
const HUB: &str = "//muara-4k2m8q0a";
const AT: &str = "2026-03-09T02:05:00.123456Z";

/// A record as it comes, changes and goes.
pub(super) fn of_record(record_type: &RecordType) -> Vec<Value> {
    let name = record_type.name();
    let Some(body) = record_type.schema().pointer("/examples/0") else { return vec![] };
    let told = |seq: u32, op: &str, version: u32, rest: &Value| {
        let mut data = json!({
            "op": op, "version": version, "record_type": name, "region": body["region"],
            "source": {
                "system": "sipd", "stream": name, "key": "12", "pointer": "/data/11",
                "run": "8e0a4d1cf2b94a6f9d3c5e7b1a2f4c6d", "definition": "5a0f3c9e1b7d2468", "received_at": AT
            }
        });
        for field in ["agency", "fiscal_year"] {
            if let Some(value) = body.get(field) {
                data[field] = value.clone();
            }
        }
        for (field, value) in rest.as_object().into_iter().flatten() {
            data[field] = value.clone();
        }
        let source = format!("{HUB}/{}/sipd", body["region"].as_str().unwrap_or("00"));
        event(name, seq, op, &source, "0d7k9q2m4s6v8x1z3b5n7p9rtc", &data)
    };
    let mut examples = vec![told(4711, "created", 1, &json!({"after": body}))];
    if let Some((before, field)) = altered(record_type, body) {
        let rest = json!({"before": before, "after": body, "changed": [field]});
        examples.push(told(4712, "updated", 2, &rest));
    }
    let mut gone = told(4713, "deleted", 3, &json!({"before": body}));
    if let Some(data) = gone["data"].as_object_mut() {
        data.remove("fiscal_year");
    }
    examples.push(gone);
    examples
}

/// The body before one amount changed, and which.
fn altered(record_type: &RecordType, body: &Value) -> Option<(Value, String)> {
    let properties = record_type.schema()["properties"].as_object()?;
    let is_money = |schema: &Value| schema["$ref"].as_str().is_some_and(|reference| reference.ends_with("/money"));
    let field = properties.keys().find(|name| body.get(*name).is_some() && is_money(&properties[*name]))?;
    let mut before = body.clone();
    before[field] = "1000000.00".into();
    (before != *body).then(|| (before, field.clone()))
}

/// A verdict, or a finding.
pub(super) fn of_note(name: &str) -> Vec<Value> {
    let (region, system, stream) = ("33.02", "sipd", "dpa");
    let subject = format!("{region}/{system}/{stream}");
    let told = |seq: u32, op: &str, detail: &Value| {
        let data = json!({
            "op": op, "region": region, "system": system, "stream": stream, "record_type": "budget-line", "detail": detail
        });
        event(name, seq, op, &format!("{HUB}/{region}/{system}"), &subject, &data)
    };
    if name == "run" {
        let place = json!({"region": region, "system": system, "stream": stream});
        let with = |failure: Value| {
            let mut detail = place.clone();
            detail["failure"] = failure;
            detail
        };
        return vec![
            told(4714, "failed", &with("E0203: the source answered 502".into())),
            told(4715, "recovered", &with(Value::Null)),
        ];
    }
    let detail = json!({"kind": "held-deletes", "subject": subject, "detail": "W0203: 1240 deletes wait for approval"});
    vec![told(4716, "opened", &detail), told(4717, "closed", &json!({"kind": "held-deletes", "subject": subject}))]
}

/// Words to a subscriber.
pub(super) fn of_word() -> Vec<Value> {
    let told = |op: &str, data: Value| {
        let mut event = event("subscription", 4718, op, HUB, "sub-2n6q8s0v4x5y7z9b", &data);
        event["id"] = format!("{EPOCH}-4718-{op}-0b1c2d3e").into();
        event
    };
    let position = format!("{EPOCH}-4718");
    vec![
        told("resync", json!({"op": "resync", "reason": "restored", "position": position})),
        told("test", json!({"op": "test", "position": position})),
    ]
}

fn event(name: &str, seq: u32, op: &str, source: &str, subject: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("{EPOCH}-{seq}"),
        "source": source,
        "type": format!("muara.{name}.{op}.v1"),
        "subject": subject,
        "time": AT,
        "datacontenttype": "application/json",
        "dataschema": id(name),
        "sequence": format!("{seq:020}"),
        "data": data
    })
}
