//! What became of a record: a body, or reasons with what could be read all the same.

use muara_schemas::Rupiah;
use muara_schemas::catalog::{RecordType, Violation};
use muara_schemas::page::{About, Reason};
use muara_schemas::record::Head;
use serde_json::Value;

use super::plan::Table;

/// Fields that tell a record's money, in this order.
const AMOUNTS: [&str; 4] = ["amount", "ceiling", "value", "total"];

/// What became of a raw record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// A canonical body.
    Record(Value),
    /// It goes to quarantine.
    Broken {
        /// Every reason, at least one.
        errors: Vec<Reason>,
        /// What could be read of it.
        about: About,
    },
}

impl Table {
    /// Everything in which a body breaks the schema of its record type, as reasons with E03xx codes.
    pub fn validate(&self, body: &Value) -> Vec<Reason> {
        self.sourced(self.record_type.violations(body).into_iter().map(reason).collect())
    }

    /// Reasons with the source of their targets, where one is known: what is missing is most often misspelt there.
    pub(super) fn sourced(&self, mut reasons: Vec<Reason>) -> Vec<Reason> {
        for reason in reasons.iter_mut().filter(|reason| reason.source.is_none()) {
            let origin = self.origins.iter().find(|(target, _)| *target == reason.target);
            reason.source = origin.map(|(_, source)| source.clone());
        }
        reasons
    }

    /// What a body is about, for a quarantined record.
    pub fn about(body: &Value) -> About {
        about(body)
    }
}

/// The head and the money of a body, whatever of it is there.
pub(super) fn about(body: &Value) -> About {
    let Head { agency, fiscal_year } = Head::of(body);
    let amount = AMOUNTS.iter().find_map(|field| body.get(field)).and_then(Value::as_str);
    About { agency, fiscal_year, amount: amount.and_then(|amount| Rupiah::from_wire(amount).ok()) }
}

/// Adds what the schema says of a body whose broken fields are missing, except that they are missing.
pub(super) fn add_violations(record_type: &RecordType, body: &Value, errors: &mut Vec<Reason>) {
    let told: Vec<String> = errors.iter().map(|error| error.target.clone()).collect();
    let known = |target: &str| {
        told.iter().any(|told| told == target || told.strip_prefix(target).is_some_and(|rest| rest.starts_with('/')))
    };
    errors.extend(record_type.violations(body).into_iter().map(reason).filter(|reason| !known(&reason.target)));
}

fn reason(violation: Violation) -> Reason {
    let code = match violation.keyword.as_str() {
        "required" | "minProperties" | "dependentRequired" => "E0301",
        "pattern" | "format" => "E0306",
        "enum" | "const" => "E0307",
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "minLength" | "maxLength" | "minItems"
        | "maxItems" | "maxProperties" | "multipleOf" => "E0308",
        "type" | "additionalProperties" | "unevaluatedProperties" | "propertyNames" | "items" => "E0309",
        _ => "E0312",
    };
    let mut target = violation.pointer;
    if violation.keyword == "required"
        && let Some(name) = violation.message.split('"').nth(1)
    {
        // The schema's engine names the object; a person looks for the field.
        target = format!("{target}/{}", name.replace('~', "~0").replace('/', "~1"));
    }
    Reason { code: code.to_owned(), target, source: None, message: violation.message }
}
