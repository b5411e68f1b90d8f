//! The record types, and the head that every record shares.

use serde_json::Value;

/// The fourteen record types. To add one: a schema and examples under `schemas/`, and its name here.
pub const TYPES: &[&str] = &[
    "agency",
    "budget-line",
    "cash-plan",
    "contract",
    "disbursement",
    "employee",
    "indicator",
    "plan-activity",
    "procurement-package",
    "progress-report",
    "realization",
    "service-case",
    "tender",
    "work-log",
];

/// What every record says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// Agency code; indicators and service cases may have none.
    pub agency: Option<String>,
    /// Fiscal year.
    pub fiscal_year: Option<i32>,
}

impl Head {
    /// Reads the head of a body.
    pub fn of(body: &Value) -> Self {
        Self {
            agency: body.get("agency").and_then(Value::as_str).map(str::to_owned),
            fiscal_year: body.get("fiscal_year").and_then(Value::as_i64).and_then(|year| year.try_into().ok()),
        }
    }
}

/// The business key: the values of the type's key fields, joined by `/`; a field that is absent leaves its part empty
/// (a macro indicator has no agency). `None` for a type without a key, or when every part is empty.
pub fn business_key(body: &Value, fields: &[String]) -> Option<String> {
    let part = |field: &String| match body.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let parts: Vec<String> = fields.iter().map(part).collect();
    parts.iter().any(|part| !part.is_empty()).then(|| parts.join("/"))
}
