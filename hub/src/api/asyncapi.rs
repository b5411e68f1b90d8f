//! The description of change events (AsyncAPI 3): where they come out, and what they say.

use std::sync::LazyLock;

use bytes::Bytes;
use muara_schemas::Catalog;
use muara_schemas::events::{self, Family};
use serde_json::{Map, Value, json};

/// The description, written once.
pub(super) static DESCRIPTION: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec_pretty(&description()).expect("the description is made of texts").into());

/// Beginning of addresses of the shared definitions, and where they stand in this document.
const HEAD: [&str; 2] = ["https://muara.id/schemas/head/1#", "#/components/schemas/head"];

/// The whole document; it refers to nothing outside of itself.
fn description() -> Value {
    let families = events::families();
    let (words, changes): (Vec<_>, Vec<_>) = families.iter().partition(|family| family.name == "subscription");
    let all: Vec<&Family> = changes.iter().chain(&words).copied().collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Muara: change events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What changed in the unified view, as CloudEvents 1.0 in structured JSON, the same on every way out. \
                Each event comes at least once: skip ids that you have seen, and forget them when you are told `resync`. Events about one `subject` come in the order of `sequence`. \
                Everything is cut to the regions and agencies of the API key, and personal fields are null unless it may see them.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "hub": {
                "host": "muara.example.go.id", "protocol": "https", "description": "The hub, behind its reverse proxy.",
                "security": [{"$ref": "#/components/securitySchemes/key"}]
            },
            "broker": {
                "host": "broker.example.go.id:5671", "protocol": "amqps", "description": "The hub's RabbitMQ; a user of it for each application.",
                "security": [{"$ref": "#/components/securitySchemes/user"}]
            }
        },
        "channels": channels(&changes, &all),
        "operations": {
            "publishChange": operation("changes", "Each change is published to the exchange of changes, masked as for a key without any right to personal data."),
            "fillQueue": operation("queue", "Each change that a subscription wants goes into its own queue."),
            "callWebhook": operation("webhook", "Each change that a subscription wants is posted to its endpoint, until it answers 2xx."),
            "streamChanges": operation("stream", "Each change is written to everybody who listens."),
            "answerPull": operation("pull", "Each change is told to whoever asks for what comes after a position.")
        },
        "components": {
            "messages": messages(&families),
            "schemas": schemas(&families),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "mua_<id>_<secret>", "description": "An API key, made by `muara key create`."},
                "user": {"type": "userPassword", "description": "A user of the broker, made by its operator; the commands come with the subscription."}
            }
        }
    })
}

fn channels(changes: &[&Family], all: &[&Family]) -> Value {
    let server = |name: &str| json!([{"$ref": format!("#/servers/{name}")}]);
    let refer = |families: &[&Family]| -> Map<String, Value> {
        let reference =
            |family: &&Family| (family.name.clone(), json!({"$ref": format!("#/components/messages/{}", family.name)}));
        families.iter().map(reference).collect()
    };
    json!({
        "changes": {
            "address": "muara.changes",
            "title": "Exchange of changes",
            "description": "A topic exchange for queues that are bound by hand. Routing key `<what>.<verb>.<region>.<agency>`; a point \
                within a code is `-`, and what is missing is `_`: `budget-line.updated.33-02.1-02-0-00-0-00-01-0000`.",
            "servers": server("broker"),
            "messages": refer(changes),
            "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": "muara.changes", "type": "topic", "durable": true, "autoDelete": false, "vhost": "/"}, "bindingVersion": "0.3.0"}}
        },
        "queue": {
            "address": "muara.subscription.{subscription}",
            "title": "A subscription's own queue",
            "description": "A quorum queue, made by the hub. When it is full the hub waits; nothing is lost, and nobody else waits.",
            "servers": server("broker"),
            "parameters": {"subscription": {"description": "Id of the subscription.", "examples": ["sub-2n6q8s0v4x5y7z9b"]}},
            "messages": refer(all),
            "bindings": {"amqp": {"is": "queue", "queue": {"name": "muara.subscription.{subscription}", "durable": true, "exclusive": false, "autoDelete": false, "vhost": "/"}, "bindingVersion": "0.3.0"}}
        },
        "webhook": {
            "address": null,
            "title": "An application's endpoint",
            "description": "The address that the subscription names. Requests are signed after Standard Webhooks: headers `webhook-id`, \
                `webhook-timestamp`, `webhook-signature`. Answer 2xx first and work afterwards; 410 ends the subscription.",
            "messages": refer(all)
        },
        "stream": {
            "address": "/api/v1/changes/stream",
            "title": "Server-sent events",
            "description": "`id` is the position, `data` the event on one line. Goes on after `Last-Event-ID` or `after`. A frame \
                `event: resync` says that the position means nothing in this log.",
            "servers": server("hub"),
            "messages": refer(changes)
        },
        "pull": {
            "address": "/api/v1/changes",
            "title": "Pull",
            "description": "`GET` with `after`, `limit` and `wait` answers `{items, next, head}`; each item is an event.",
            "servers": server("hub"),
            "messages": refer(changes)
        }
    })
}

fn operation(channel: &str, summary: &str) -> Value {
    json!({"action": "send", "channel": {"$ref": format!("#/channels/{channel}")}, "summary": summary})
}

fn messages(families: &[Family]) -> Map<String, Value> {
    families.iter().map(|family| (family.name.clone(), message(family))).collect()
}

fn message(family: &Family) -> Value {
    let kinds: Vec<String> = family.verbs.iter().map(|verb| family.kind(verb)).collect();
    let examples: Vec<Value> =
        family.examples.iter().map(|event| json!({"name": event["data"]["op"], "payload": event})).collect();
    json!({
        "name": family.name,
        "title": family.title,
        "summary": format!("Types {}.", kinds.join(", ")),
        "contentType": "application/cloudevents+json",
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/envelope"},
                {"type": "object", "properties": {
                    "type": {"enum": kinds},
                    "dataschema": {"const": family.schema["$id"]},
                    "data": {"$ref": format!("#/components/schemas/{}", family.name)}
                }}
            ]
        },
        "examples": examples
    })
}

fn schemas(families: &[Family]) -> Map<String, Value> {
    let mut schemas: Map<String, Value> =
        families.iter().map(|family| (family.name.clone(), placed(family.schema.clone(), &family.name))).collect();
    schemas.insert("envelope".into(), placed(events::envelope(), "envelope"));
    schemas.insert("head".into(), placed(Catalog::embedded().head().clone(), "head"));
    let text = |what: &str| json!({"type": "string", "description": what});
    schemas.insert(
        "headers".into(),
        json!({"type": "object", "properties": {
            "ce-id": text("Of a message of the broker: the event's attributes, repeated as `ce-*`."),
            "ce-type": text("Type of the event."),
            "ce-source": text("Source of the event."),
            "ce-subject": text("What it is about."),
            "ce-sequence": text("Place in the log."),
            "ce-dataschema": text("Schema of the data."),
            "ce-specversion": text("`1.0`."),
            "webhook-id": text("Of a request to an endpoint: the event's id."),
            "webhook-timestamp": text("When it was sent, in seconds since 1970."),
            "webhook-signature": text("`v1,` and the HMAC-SHA256 of `<id>.<timestamp>.<body>` in Base64, for each valid secret.")
        }}),
    );
    schemas
}

/// A schema within this document: what it refers to stands here too.
fn placed(mut schema: Value, name: &str) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$schema");
        fields.remove("$id");
    }
    relocate(&mut schema, name);
    schema
}

fn relocate(value: &mut Value, name: &str) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref") {
                let local = reference.strip_prefix('#').map(|pointer| format!("#/components/schemas/{name}{pointer}"));
                *reference = local.unwrap_or_else(|| reference.replace(HEAD[0], HEAD[1]));
            }
            fields.values_mut().for_each(|field| relocate(field, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| relocate(item, name)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn everything_that_is_referred_to_stands_in_the_document() {
        let document = description();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is outside"));
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_record_type_is_a_message_of_every_way_out() {
        let document = description();
        for name in Catalog::embedded().iter().map(muara_schemas::catalog::RecordType::name) {
            for channel in ["changes", "queue", "webhook", "stream", "pull"] {
                assert!(
                    document.pointer(&format!("/channels/{channel}/messages/{name}")).is_some(),
                    "{channel} {name}"
                );
            }
        }
        assert!(document.pointer("/channels/changes/messages/subscription").is_none());
    }
}
