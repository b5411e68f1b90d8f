//! A condition on what an event says: a JSONPath (RFC 9535), a comparison, a value. Pure.

use std::cmp::Ordering;
use std::str::FromStr;

use muara_schemas::Quantity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json_path::JsonPath;
use utoipa::ToSchema;

/// The longest path, in bytes.
const MAX_PATH_BYTES: usize = 500;
/// The longest value, in bytes of JSON.
const MAX_VALUE_BYTES: usize = 2_000;

/// A condition. It holds when any place that the path finds in the event stands so to the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventCondition)]
pub struct Condition {
    /// Where to look in the event, as JSONPath.
    #[schema(example = "$.data.after.amount")]
    pub path: String,
    /// How what stands there has to stand to the value.
    pub op: Op,
    /// What it is compared with; amounts and quantities are less and greater as exact decimals, other texts by their
    /// bytes. Left out of `eq` and `ne` it is `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Equal.
    Eq,
    /// Nothing that the path finds is equal; also when it finds nothing.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// One of a list.
    In,
    /// Something is there, and it is not `null`; takes no value.
    Exists,
}

/// A condition that is ready to be asked.
#[derive(Debug, Clone)]
pub struct Test {
    path: JsonPath,
    op: Op,
    value: Value,
}

impl Condition {
    /// Makes the condition ready, or says what is wrong with it.
    pub fn test(&self) -> Result<Test, String> {
        let Self { path, op, value } = self;
        if path.len() > MAX_PATH_BYTES {
            return Err(format!("a path is longer than {MAX_PATH_BYTES} bytes"));
        }
        let parsed = JsonPath::parse(path).map_err(|error| format!("`{path}` is no JSONPath: {error}"))?;
        let fits = match (op, value) {
            (Op::Exists, value) => value.is_none(),
            (Op::Eq | Op::Ne, None) => true,
            (Op::In, Some(Value::Array(list))) => list.iter().all(is_plain),
            (Op::In, _) | (_, None) => false,
            (_, Some(value)) => is_plain(value),
        };
        if !fits {
            let wants = match op {
                Op::Exists => "no value",
                Op::In => "a list of texts and numbers",
                _ => "a text, a number, true, false or null",
            };
            return Err(format!("the condition on `{path}` takes {wants}"));
        }
        if value.as_ref().is_some_and(|value| value.to_string().len() > MAX_VALUE_BYTES) {
            return Err(format!("the value of the condition on `{path}` is longer than {MAX_VALUE_BYTES} bytes"));
        }
        Ok(Test { path: parsed, op: *op, value: value.clone().unwrap_or_default() })
    }
}

impl Test {
    /// Whether the condition holds for an event.
    pub fn holds(&self, event: &Value) -> bool {
        let found = self.path.query(event);
        let order = |node: &Value| order(node, &self.value);
        match self.op {
            Op::Exists => found.iter().any(|node| !node.is_null()),
            Op::Ne => !found.iter().any(|node| order(node) == Some(Ordering::Equal)),
            Op::In => {
                let list = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
                found.iter().any(|node| list.iter().any(|value| self::order(node, value) == Some(Ordering::Equal)))
            }
            Op::Eq => found.iter().any(|node| order(node) == Some(Ordering::Equal)),
            Op::Lt => found.iter().any(|node| order(node) == Some(Ordering::Less)),
            Op::Lte => found.iter().any(|node| order(node).is_some_and(Ordering::is_le)),
            Op::Gt => found.iter().any(|node| order(node) == Some(Ordering::Greater)),
            Op::Gte => found.iter().any(|node| order(node).is_some_and(Ordering::is_ge)),
        }
    }
}

fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// How two plain values stand to each other; `None` when they cannot be compared. Two texts are equal only when they are
/// the same text, because `5.1` and `5.10` are two codes.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let (Some(one), Some(other)) = (text(left), text(right)) else {
        return (left == right).then_some(Ordering::Equal);
    };
    let by_worth =
        Quantity::from_str(&one).ok().zip(Quantity::from_str(&other).ok()).map(|(one, other)| one.cmp(&other));
    match by_worth {
        Some(Ordering::Equal) if left.is_string() && right.is_string() => Some(one.cmp(&other)),
        Some(order) => Some(order),
        None => Some(one.cmp(&other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn holds(path: &str, op: &str, value: Value) -> bool {
        let event = json!({"type": "t", "data": {"after": {"amount": "1000000.00", "fund": null, "lines": [{"c": "5.1"}, {"c": "5.2"}]}}});
        let mut condition = json!({"path": path, "op": op});
        if op != "exists" {
            condition["value"] = value;
        }
        let condition: Condition = serde_json::from_value(condition).unwrap();
        condition.test().unwrap().holds(&event)
    }

    #[test]
    fn money_compares_by_its_worth_and_not_by_its_letters() {
        let amount = "$.data.after.amount";
        assert!(holds(amount, "gt", json!("999999.99")) && holds(amount, "eq", json!(1_000_000)));
        assert!(!holds(amount, "lt", json!("999999.99")) && holds(amount, "lte", json!("1000000.00")));
        assert_eq!(order(&json!("5.1"), &json!("5.10")), Some(Ordering::Less), "codes are text");
    }

    #[test]
    fn any_place_that_is_found_will_do() {
        assert!(
            holds("$.data.after.lines[*].c", "eq", json!("5.2"))
                && !holds("$.data.after.lines[*].c", "ne", json!("5.2"))
        );
        assert!(holds("$.data.after.lines[*].c", "in", json!(["5.2", "5.9"])));
        assert!(!holds("$.data.before.amount", "eq", json!("1")) && holds("$.data.before.amount", "ne", json!("1")));
        assert!(
            holds("$.data.after.amount", "exists", Value::Null) && !holds("$.data.after.fund", "exists", Value::Null)
        );
        assert!(holds("$.data.after.fund", "eq", Value::Null));
    }

    #[test]
    fn what_cannot_be_asked_is_said() {
        for (path, op, value) in [
            ("data.after", Op::Eq, Some(json!(1))),
            ("$.a", Op::Gt, None),
            ("$.a", Op::In, Some(json!("x"))),
            ("$.a", Op::Exists, Some(json!(1))),
            ("$.a", Op::Lt, Some(json!([1]))),
        ] {
            assert!(Condition { path: path.into(), op, value }.test().is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_panics(path in "\\PC{0,40}") {
            let condition = Condition { path, op: Op::Exists, value: None };
            if let Ok(test) = condition.test() {
                test.holds(&json!({"a": [1, {"b": null}]}));
            }
        }
    }
}
