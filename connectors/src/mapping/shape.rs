//! A record type's schema as the mapping sees it: which targets there are and what each can hold.

use std::collections::BTreeMap;

use muara_schemas::Catalog;
use muara_schemas::catalog::RecordType;
use serde_json::Value;

/// Schemas are followed this deep; ours are four deep.
const MAX_DEPTH: usize = 12;

/// What a single value can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Money,
    Quantity,
    Integer,
    Bool,
    Date,
    Moment,
}

/// A target, or the record itself.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// A single value.
    Value {
        kind: Kind,
        /// The only values allowed, when the schema lists them.
        allowed: Vec<String>,
    },
    /// An object.
    Object {
        fields: BTreeMap<String, Shape>,
        required: Vec<String>,
        /// What members of any other name hold, when the schema lets them in.
        other: Option<Box<Shape>>,
    },
    /// A list.
    List(Box<Shape>),
}

impl Kind {
    /// Its name for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Money => "money",
            Self::Quantity => "a quantity",
            Self::Integer => "an integer",
            Self::Bool => "true or false",
            Self::Date => "a date",
            Self::Moment => "a date and time",
        }
    }
}

impl Shape {
    /// The shape of a whole record.
    pub(crate) fn of(record_type: &RecordType) -> Self {
        read(record_type.schema(), Catalog::embedded().head(), 0)
    }

    /// The shape of a field of an object, or of an item of a list.
    pub(crate) fn step(&self, step: &str) -> Option<&Self> {
        match self {
            Self::Object { fields, other, .. } => fields.get(step).or(other.as_deref()),
            Self::List(item) => step.bytes().all(|b| b.is_ascii_digit()).then_some(item),
            Self::Value { .. } => None,
        }
    }

    /// Every path below, written with dots, for suggestions; items of lists are left to their own table.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Self::Object { fields, .. } = self {
            for (name, shape) in fields {
                match shape {
                    Self::Object { .. } => {
                        found.extend(shape.paths().into_iter().map(|below| format!("{name}.{below}")));
                    }
                    _ => found.push(name.clone()),
                }
            }
        }
        found
    }

    /// What it is, for people.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Value { kind, .. } => kind.name(),
            Self::Object { .. } => "an object",
            Self::List(_) => "a list",
        }
    }
}

fn read(schema: &Value, head: &Value, depth: usize) -> Shape {
    let target = resolve(schema, head);
    let is = |name: &str| target.get("type").and_then(Value::as_str) == Some(name);
    if depth < MAX_DEPTH && is("object") {
        let fields = target.get("properties").and_then(Value::as_object).into_iter().flatten();
        let required = target.get("required").and_then(Value::as_array).into_iter().flatten();
        return Shape::Object {
            fields: fields.map(|(name, field)| (name.clone(), read(field, head, depth + 1))).collect(),
            required: required.filter_map(Value::as_str).map(str::to_owned).collect(),
            other: target
                .get("additionalProperties")
                .filter(|other| other.is_object())
                .map(|other| Box::new(read(other, head, depth + 1))),
        };
    }
    if depth < MAX_DEPTH && is("array") {
        let item = target
            .get("items")
            .map_or(Shape::Value { kind: Kind::Text, allowed: Vec::new() }, |item| read(item, head, depth + 1));
        return Shape::List(Box::new(item));
    }
    let allowed = match (target.get("enum").and_then(Value::as_array), target.get("const")) {
        (Some(values), _) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        (None, Some(Value::String(only))) => vec![only.clone()],
        _ => Vec::new(),
    };
    Shape::Value { kind: kind(target, head), allowed }
}

/// Money and quantities are known by the pattern of their shared definition, so that a schema may spell it out.
pub(crate) fn kind(schema: &Value, head: &Value) -> Kind {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let shared = |name: &str| {
        let pattern = head.pointer(&format!("/$defs/{name}/pattern")).and_then(Value::as_str);
        pattern.is_some() && text("pattern") == pattern
    };
    match (text("type"), text("format")) {
        (Some("integer"), _) => Kind::Integer,
        (Some("boolean"), _) => Kind::Bool,
        (_, Some("date")) => Kind::Date,
        (_, Some("date-time")) => Kind::Moment,
        _ if shared("money") => Kind::Money,
        _ if shared("quantity") || shared("percent") => Kind::Quantity,
        _ => Kind::Text,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(record: &str, path: &[&str]) -> Kind {
        let root = Shape::of(Catalog::embedded().get(record).unwrap());
        match path.iter().try_fold(&root, |shape, step| shape.step(step)) {
            Some(Shape::Value { kind, .. }) => *kind,
            other => panic!("{record} {path:?} is {other:?}"),
        }
    }

    #[test]
    fn kinds_are_read_off_the_schemas() {
        assert_eq!(kind_of("budget-line", &["amount"]), Kind::Money);
        assert_eq!(kind_of("budget-line", &["fiscal_year"]), Kind::Integer);
        assert_eq!(kind_of("budget-line", &["stage_locked"]), Kind::Bool);
        assert_eq!(kind_of("budget-line", &["account"]), Kind::Text);
        assert_eq!(kind_of("progress-report", &["actual"]), Kind::Quantity);
        assert_eq!(kind_of("indicator", &["target"]), Kind::Quantity);
        assert_eq!(kind_of("disbursement", &["sp2d", "date"]), Kind::Date);
        assert_eq!(kind_of("disbursement", &["sp2d", "issued_at"]), Kind::Moment);
        assert_eq!(kind_of("disbursement", &["lines", "0", "amount"]), Kind::Money);
        assert_eq!(kind_of("cash-plan", &["months", "11"]), Kind::Money);
        assert_eq!(kind_of("agency", &["other_codes", "sipd"]), Kind::Text);
    }

    #[test]
    fn allowed_values_are_known() {
        let root = Shape::of(Catalog::embedded().get("disbursement").unwrap());
        let Some(Shape::Value { allowed, .. }) = root.step("kind") else { panic!("kind is a value") };
        assert_eq!(allowed, &["UP", "GU", "TU", "LS"]);
        assert!(root.paths().contains(&"sp2d.number".to_owned()));
    }
}
