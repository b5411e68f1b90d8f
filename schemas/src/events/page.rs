//! The event catalogue, for people. Pure.

use std::fmt::Write as _;

use super::Family;

/// The page: every event with its schema, and one of each kind whole.
pub fn page(families: &[Family]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for family in families {
        let verbs: Vec<String> = family.verbs.iter().map(|verb| format!("`{verb}`")).collect();
        let Family { name, title, .. } = family;
        let _infallible =
            writeln!(page, "| `muara.{name}.*.v1` | {title} | {} | [{name}.json]({name}.json) |", verbs.join(" "));
    }
    page.push_str("\n## Examples\n");
    let shown = families.iter().filter(|family| SHOWN.contains(&family.name.as_str()));
    for example in shown.flat_map(|family| family.examples.iter()).filter(|event| SHOWN_VERBS.contains(&verb(event))) {
        let text = serde_json::to_string_pretty(example).expect("examples are made of texts");
        let _infallible = write!(page, "\n```json\n{text}\n```\n");
    }
    page
}

const SHOWN: &[&str] = &["budget-line", "run", "finding", "subscription"];
const SHOWN_VERBS: &[&str] = &["updated", "failed", "opened", "resync"];

fn verb(event: &serde_json::Value) -> &str {
    event.pointer("/data/op").and_then(serde_json::Value::as_str).unwrap_or_default()
}

const INTRODUCTION: &str = "# Events

Written from `schemas/src/events.rs`; change it there.

Every event is a CloudEvent 1.0 in its structured JSON form, the same bytes on every way out.
[envelope.json](envelope.json) is the schema of the whole, and the file in the last column the schema of its `data`, which `dataschema` names.
How to receive them stands in [hub/SUBSCRIBE.md](../../hub/SUBSCRIBE.md); `/asyncapi.json` of a hub describes channels and messages.

- `id` is the position in the log, `<epoch>-<seq>`. The same event has the same id however often it comes: skip ids that you have seen, and forget them when you are told `resync`, for then the same records come again.
- `sequence` is the place in the log with leading zeros. Events about one `subject` come in its order.
- `source` is `//<hub>/<region>/<system>`. `subject` is the record's opaque id.
- `before` and `after` are what you may see. A record that leaves what you may see is told as `deleted` with `\"reason\": \"moved\"`.
- Personal fields are `null` unless the key may see them; keys and pointers that name persons are absent.
- With a selection of fields the others are absent from `before`, `after` and `changed`.
- An event above 64 KiB has no `data` but a `dataref`, the path under which the API tells it whole.
- `read` is a record as it stands, in a snapshot. `erased` is a delete that also took the history away.
- Schemas are closed and follow the rule of the record types: what was valid under `/1` stays valid.

| type | about | verbs | schema of `data` |
|---|---|---|---|
";
