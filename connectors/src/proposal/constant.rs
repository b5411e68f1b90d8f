//! What fills a required target that no field tells: a constant that the field knows, which a person confirms.

use muara_schemas::catalog::RecordType;
use serde_json::Value;

use super::SourceField;
use super::assignment::{Given, Line};
use super::{words, yaml};

/// What fills a target.
pub(super) struct Found {
    /// As YAML.
    pub(super) value: String,
    /// Why.
    pub(super) why: &'static str,
    /// Whether a person has to look at it.
    pub(super) confirm: bool,
}

/// Constants by type and target. Those that a wrong guess would make figures of are confirmed.
const CONSTANTS: &[(&str, &str, &str, bool)] = &[
    ("budget-line/fund", "1.1.01", "no field tells the fund; 1.1.01 is the region's own revenue", true),
    ("budget-line/stage", "murni", "no field tells the stage", true),
    ("budget-line/stage_version", "0", "0 is the first budget; count one more for each shift or revision", true),
    ("budget-line/stage_locked", "true", "no field tells whether the budget is final", true),
    ("realization/basis", "lra", "what recognises the amounts: lra, sp2b or spj", true),
    ("realization/document", "LRA", "no field names the document", true),
    ("disbursement/kind", "LS", "no field tells the kind: UP, GU, TU or LS", true),
    ("disbursement/status", "sp2d", "no field tells how far a payment has come", true),
    ("procurement-package/active", "true", "no field tells whether a package stands", true),
    ("agency/kind", "skpd", "no field tells the kind of agency", true),
    ("agency/blud", "false", "no field tells which ones are BLUD", true),
    ("agency/active", "true", "no field tells which ones exist", true),
    ("contract/status", "active", "no field tells where a contract stands", true),
    ("tender/version", "1", "no field tells which run of the selection it is", true),
    ("tender/method", "tender", "no field tells the method", true),
    ("work-log/status", "submitted", "no field tells what the supervisor said", true),
    ("employee/status", "active", "no field tells the status", true),
    ("indicator/level", "outcome", "no field tells the level of the indicator", true),
    ("indicator/unit", "persen", "no field tells the unit", true),
    ("service-case/kind", "permit", "no field tells the kind of service", true),
    ("service-case/status", "open", "no field tells where a case stands", true),
];

/// What fills a required target of a type.
pub(super) fn of(
    record_type: &str,
    target: &str,
    fields: &[SourceField],
    lines: &[(usize, Line)],
    given: &Given,
) -> Option<Found> {
    let found = |value: String, why, confirm| Some(Found { value, why, confirm });
    let names = || given.names.iter().flat_map(|name| words::normal(name));
    match target {
        "agency" => found(
            yaml::scalar_or_quoted(given.agency.as_deref()?),
            "no field tells it; all records are said to be this agency's",
            true,
        ),
        "fiscal_year" => {
            let year = names()
                .find(|word| word.len() == 4 && word.starts_with("20") && word.bytes().all(|b| b.is_ascii_digit()));
            found(year?, "no field tells it; the name of the source does", true)
        }
        "ledger" => {
            let is_blud = names().any(|word| word == "rba" || word == "blud");
            let value = if is_blud { "blud-internal" } else { "apbd" };
            found(value.to_owned(), "apbd is the region's budget, blud-internal a hospital's own books", is_blud)
        }
        "provider" => {
            let of_fields = fields.iter().flat_map(|field| words::normal(&field.path));
            let own = names().chain(of_fields).any(|word| word == "swakelola");
            let other = fields.iter().any(|field| words::normal(&field.path).iter().any(|word| word == "metode"));
            let value = if own && !other { "swakelola" } else { "penyedia" };
            found(value.to_owned(), "told by the names of the source", true)
        }
        "direction" => direction(fields, lines),
        "level" if record_type == "plan-activity" => level(fields, lines),
        "subject_kind" => {
            found("sub-activity".to_owned(), "what `subject` names: sub-activity, package or contract", true)
        }
        _ => {
            let key = format!("{record_type}/{target}");
            let (_, value, why, confirm) = CONSTANTS.iter().find(|(known, ..)| *known == key)?;
            found((*value).to_owned(), why, *confirm)
        }
    }
}

/// Lists of objects or values that must be there, be they empty.
pub(super) fn required_lists(record_type: &RecordType) -> Vec<String> {
    let schema = record_type.schema();
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let is_list = |name: &&str| {
        let field = schema.pointer(&format!("/properties/{name}"));
        let is = field.and_then(|field| field.get("type")).and_then(Value::as_str) == Some("array");
        is && field.and_then(|field| field.get("minItems")).is_none()
    };
    required.filter(is_list).map(str::to_owned).collect()
}

/// The field that fills a target.
fn source<'a>(fields: &'a [SourceField], lines: &[(usize, Line)], target: &str) -> Option<&'a SourceField> {
    let (number, _) = lines.iter().find(|(_, line)| line.proposal.target == target)?;
    fields.get(*number)
}

/// Revenue begins with 4, expenditure with 5.
fn direction(fields: &[SourceField], lines: &[(usize, Line)]) -> Option<Found> {
    let account = source(fields, lines, "account")?;
    let of = |first: char| account.values.iter().filter(|value| value.starts_with(first)).count();
    let why = "told by the first digit of the account: 4 is revenue, 5 expenditure";
    let (value, confirm) = match (of('4'), of('5')) {
        (0, 0) => return None,
        (0, _) => ("expenditure".to_owned(), false),
        (_, 0) => ("revenue".to_owned(), false),
        _ if account.path.contains('.') => return None,
        _ => {
            let script = "if startswith(\"4\") then \"revenue\" else \"expenditure\" end";
            (format!("{{from: {}, expr: '{script}'}}", yaml::scalar(&account.path)), true)
        }
    };
    Some(Found { value, why, confirm })
}

/// How long the codes are.
fn level(fields: &[SourceField], lines: &[(usize, Line)]) -> Option<Found> {
    let codes = &source(fields, lines, "sub_activity")?.values;
    let depth = codes.first()?.matches('.').count();
    let value = match depth {
        0 | 2 => "program",
        1 | 4 => "activity",
        5 => "sub-activity",
        _ => return None,
    };
    let same = codes.iter().all(|code| code.matches('.').count() == depth);
    Some(Found { value: value.to_owned(), why: "told by the length of the codes", confirm: !same })
}
