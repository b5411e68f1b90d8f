//! Which fields of a record are personal data, by `x-muara-class: personal`.

use serde_json::{Value, json};

/// Depth at which a schema is no longer followed; ours are three deep.
const MAX_DEPTH: usize = 8;

/// Paths of personal fields; `*` stands for every item of a list.
pub(super) fn paths(schema: &Value, head: &Value) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    walk(schema, head, &mut Vec::new(), &mut found);
    found
}

fn walk(schema: &Value, head: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    if path.len() > MAX_DEPTH {
        return;
    }
    let target = resolve(schema, head);
    let personal = |schema: &Value| schema.get("x-muara-class").and_then(Value::as_str) == Some("personal");
    if personal(schema) || personal(target) {
        found.push(path.clone());
        return;
    }
    if let Some(properties) = target.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            path.push(name.clone());
            walk(property, head, path, found);
            path.pop();
        }
    }
    if let Some(items) = target.get("items") {
        path.push("*".to_owned());
        walk(items, head, path, found);
        path.pop();
    }
}

/// A schema in which what is personal may be `null`; what refers to such a definition is written out.
pub(super) fn shown(schema: &Value, head: &Value) -> Value {
    let target = resolve(schema, head);
    let is_personal = |schema: &Value| schema.get("x-muara-class").and_then(Value::as_str) == Some("personal");
    if is_personal(schema) || is_personal(target) {
        return json!({"anyOf": [schema, {"type": "null"}]});
    }
    if paths(schema, head).is_empty() {
        return schema.clone();
    }
    let mut shown_schema = target.clone();
    if let Some(properties) = shown_schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|property| *property = shown(property, head));
    }
    if let Some(items) = shown_schema.get_mut("items") {
        *items = shown(items, head);
    }
    shown_schema
}

/// Follows a `$ref` into the shared definitions.
fn resolve<'a>(schema: &'a Value, head: &'a Value) -> &'a Value {
    schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.split_once('#'))
        .and_then(|(_, pointer)| head.pointer(pointer))
        .unwrap_or(schema)
}

/// Sets the values at a path to `null`.
pub(super) fn mask(value: &mut Value, path: &[String]) {
    let Some((step, rest)) = path.split_first() else {
        *value = Value::Null;
        return;
    };
    match value {
        Value::Object(fields) => {
            if let Some(field) = fields.get_mut(step) {
                mask(field, rest);
            }
        }
        Value::Array(items) if step == "*" => items.iter_mut().for_each(|item| mask(item, rest)),
        _ => {}
    }
}
