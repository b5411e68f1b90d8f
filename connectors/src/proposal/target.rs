//! The places of a record type that a single value can fill, and what each demands.

use muara_schemas::Catalog;
use muara_schemas::catalog::RecordType;
use regex::Regex;
use serde_json::Value;

use crate::mapping::shape::{Kind, kind};

/// Lists of exactly so many items get a target for each of them.
const MAX_ITEMS: u64 = 12;

/// One place.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// As a field table writes it: `spp.number`, `months.3`, `lines.0.account`.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) kind: Kind,
    /// The shared definition behind it, such as `account`; empty where it has none.
    pub(crate) form: String,
    /// The only values, where the schema lists them.
    pub(crate) allowed: Vec<String>,
    /// Whether a record without it is broken; within a list or an object that may be absent: whether that is.
    pub(crate) required: bool,
    /// Whether persons stand in it.
    pub(crate) personal: bool,
    /// The list of objects whose item it is in.
    pub(crate) list: Option<String>,
    /// The optional object, or item of a list, that it is a part of.
    pub(crate) group: Option<String>,
    /// Whether that lacks something without it.
    pub(crate) member: bool,
    pattern: Option<Regex>,
    longest: usize,
    range: (i64, i64),
}

/// The targets of a type in the order of its schema. `region` is left out, for every definition fills it.
pub(crate) fn targets(record_type: &RecordType) -> Vec<Target> {
    let mut found = Vec::new();
    object(record_type.schema(), "", &Above { required: true, list: None, group: None, member: true }, &mut found);
    found.retain(|target| target.path != "region");
    found
}

/// What a place inherits from what it stands in.
#[derive(Clone)]
struct Above {
    required: bool,
    list: Option<String>,
    group: Option<String>,
    member: bool,
}

fn object(schema: &Value, path: &str, above: &Above, found: &mut Vec<Target>) {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let is_named = required.contains(&name.as_str());
        let inside = Above { required: above.required && is_named, member: above.member && is_named, ..above.clone() };
        place(field, &below, &inside, found);
    }
}

fn place(field: &Value, path: &str, above: &Above, found: &mut Vec<Target>) {
    let head = Catalog::embedded().head();
    let form = field.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next()).unwrap_or_default();
    let schema = if form.is_empty() { field } else { head.pointer(&format!("/$defs/{form}")).unwrap_or(field) };
    let is = |name: &str| schema.get("type").and_then(Value::as_str) == Some(name);
    if is("object") {
        // An object that may be absent has required parts of its own.
        let inside = if above.member {
            above.clone()
        } else {
            Above { group: Some(path.to_owned()), member: true, ..above.clone() }
        };
        return object(schema, path, &inside, found);
    }
    if is("array") {
        let items = schema.get("items").unwrap_or(&Value::Null);
        if items.get("properties").is_some() {
            // Whether an item lacks something is seen only when there is one.
            let (list, group) = (Some(path.to_owned()), Some(format!("{path}.0")));
            let inside = Above { required: true, list, group, member: true };
            return object(items, &format!("{path}.0"), &inside, found);
        }
        let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let same = schema.get("maxItems").and_then(Value::as_u64) == Some(count) && count <= MAX_ITEMS;
        for number in 0..if same { count } else { 1 } {
            let inside = Above { required: above.required && same, member: above.member && same, ..above.clone() };
            place(items, &format!("{path}.{number}"), &inside, found);
        }
        return;
    }
    let number = |key: &str| schema.get(key).and_then(Value::as_i64);
    let texts = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let personal = |schema: &Value| schema.get("x-muara-class").and_then(Value::as_str) == Some("personal");
    found.push(Target {
        path: path.to_owned(),
        kind: kind(schema, head),
        form: form.to_owned(),
        allowed: texts.filter_map(Value::as_str).map(str::to_owned).collect(),
        required: above.required,
        personal: personal(field) || personal(schema),
        list: above.list.clone(),
        group: above.group.clone(),
        member: above.member,
        pattern: schema.get("pattern").and_then(Value::as_str).and_then(|pattern| Regex::new(pattern).ok()),
        longest: schema.get("maxLength").and_then(Value::as_u64).and_then(|n| n.try_into().ok()).unwrap_or(usize::MAX),
        range: (number("minimum").unwrap_or(i64::MIN), number("maximum").unwrap_or(i64::MAX)),
    });
}

impl Target {
    /// Whether the schema takes a value, given as text.
    pub(crate) fn takes(&self, value: &str) -> bool {
        let fits = self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(value));
        let listed = self.allowed.is_empty() || self.allowed.iter().any(|allowed| allowed == value);
        let ranged = self.kind != Kind::Integer
            || value.parse::<i64>().is_ok_and(|number| (self.range.0..=self.range.1).contains(&number));
        fits && listed && ranged && !value.is_empty() && value.chars().count() <= self.longest
    }

    /// The target as a field table within its list names it.
    pub(super) fn within_item(&self) -> Option<Self> {
        let path = self.path.strip_prefix(self.list.as_deref()?)?.strip_prefix(".0.")?;
        Some(Self { path: path.to_owned(), list: None, ..self.clone() })
    }

    /// The name without what it stands in.
    pub(crate) fn last(&self) -> &str {
        self.path.rsplit('.').find(|step| !step.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(&self.path)
    }
}
