//! Values that stand in a definition itself: `const`, `default`, the right side of `via`, and what a test expects.

use muara_schemas::catalog::RecordType;
use muara_schemas::{Quantity, Rupiah};
use serde_json::{Map, Value};

use super::shape::{Kind, Shape};
use crate::json::Json;

/// A constant in the one wire form of its target: a number where the target is text keeps its digits as text.
pub(crate) fn value(given: &Json, shape: &Shape) -> Result<Value, String> {
    match (given, shape) {
        (Json::List(items), Shape::List(item)) => {
            items.iter().map(|one| value(one, item)).collect::<Result<_, _>>().map(Value::Array)
        }
        (Json::Object(members), Shape::Object { .. }) => {
            let member = |(name, given): &(Box<str>, Json)| {
                let shape =
                    shape.step(name).ok_or_else(|| format!("a field `{name}` that the target does not have"))?;
                Ok((name.to_string(), value(given, shape)?))
            };
            members.iter().map(member).collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        (given, Shape::Value { kind, .. }) => single(given, *kind),
        (_, shape) => Err(format!("a single value, but the target is {}", shape.name())),
    }
}

fn single(given: &Json, kind: Kind) -> Result<Value, String> {
    let text = match given {
        Json::Bool(flag) if kind == Kind::Bool => return Ok(Value::Bool(*flag)),
        Json::Text(text) | Json::Number(text) => text,
        Json::Bool(_) => return Err(format!("true or false, but the target is {}", kind.name())),
        Json::Null => return Err("nothing: leave the entry out instead".to_owned()),
        Json::List(_) | Json::Object(_) => {
            return Err(format!("a list or an object, but the target is {}", kind.name()));
        }
    };
    let wrong = || format!("`{text}`, but the target is {}", kind.name());
    match kind {
        Kind::Text | Kind::Date | Kind::Moment => Ok(Value::from(&**text)),
        Kind::Money => Rupiah::from_decimal(text).map(|amount| Value::String(amount.to_string())).map_err(|_| wrong()),
        Kind::Quantity => {
            Quantity::from_decimal(text).map(|quantity| Value::String(quantity.to_string())).map_err(|_| wrong())
        }
        Kind::Integer => text.parse::<i64>().map(Value::from).map_err(|_| wrong()),
        Kind::Bool => Err(wrong()),
    }
}

/// What the schema says against a value at a place such as `/lines/*/account`, if anything.
pub(crate) fn violation(record_type: &RecordType, place: &str, value: &Value) -> Option<String> {
    let mut body = value.clone();
    for step in place.rsplit('/').filter(|step| !step.is_empty()) {
        body = if step.bytes().all(|b| b.is_ascii_digit()) || step == "*" {
            Value::Array(vec![body])
        } else {
            Value::Object(Map::from_iter([(step.replace("~1", "/").replace("~0", "~"), body)]))
        };
    }
    // A numbered item stands first in the probe.
    let pointer: String =
        place
            .split('/')
            .skip(1)
            .map(|step| {
                if step.bytes().all(|b| b.is_ascii_digit()) || step == "*" {
                    "/0".to_owned()
                } else {
                    format!("/{step}")
                }
            })
            .collect();
    let within = |found: &str| {
        found == pointer || found.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    record_type
        .violations(&body)
        .into_iter()
        .find(|violation| within(&violation.pointer))
        .map(|violation| violation.message)
}
