//! The field table with what the record schema says of each target.

use std::fmt::Write as _;

use muara_schemas::Catalog;
use serde_json::Value;

use super::{cell, code, value};
use crate::definition::model::{FieldTable, Rule, Stream, Take, Via};

/// Lists of codes that are shown whole; of longer ones the number.
const MAX_SHOWN: usize = 12;

/// The table of a stream.
pub(super) fn fields(stream: &Stream, out: &mut String) {
    let Some(record_type) = Catalog::embedded().get(&stream.target) else { return };
    out.push_str("\n| target | source | read as | codes | otherwise | what it is |\n|---|---|---|---|---|---|\n");
    rows(&stream.map, "", record_type.schema(), out);
}

fn rows(map: &FieldTable, above: &str, schema: &Value, out: &mut String) {
    for field in &map.fields {
        let target = format!("{above}{}", field.target);
        let found = follow(schema, field.target.steps());
        let what = found.and_then(|found| found.get("description")).and_then(Value::as_str).unwrap_or_default();
        let (source, read_as, codes, otherwise) = match &field.rule {
            Rule::Take(take) => taken(take),
            Rule::Const(constant, _) => {
                (String::new(), String::new(), String::new(), format!("always {}", value(constant)))
            }
            Rule::Each { list, .. } => {
                (format!("each of {}", code(list.as_str())), String::new(), String::new(), String::new())
            }
        };
        let cells = [code(&target), source, read_as, codes, otherwise, what.to_owned()].map(|text| cell(&text));
        let _ = writeln!(out, "| {} |", cells.join(" | "));
        if let (Rule::Each { map, .. }, Some(items)) = (&field.rule, found.and_then(|found| found.get("items"))) {
            rows(map, &format!("{target}[]."), items, out);
        }
    }
}

fn taken(take: &Take) -> (String, String, String, String) {
    let source = match (&take.expr, take.from.as_str()) {
        (Some(expr), "") => code(expr.program.text()),
        (Some(expr), from) => format!("{} of {}", code(expr.program.text()), code(from)),
        (None, from) => code(from),
    };
    let mut read_as = take.converter.as_ref().map(|(converter, _)| code(&converter.name())).unwrap_or_default();
    if take.round {
        read_as.push_str(" rounded half to even");
    }
    let codes = match &take.via {
        Some(Via::Inline(codes)) if codes.len() > MAX_SHOWN => format!("{} codes", codes.len()),
        Some(Via::Inline(codes)) => {
            let codes: Vec<String> =
                codes.iter().map(|(from, to, _)| format!("{} → {}", code(from), value(to))).collect();
            codes.join(", ")
        }
        Some(Via::Named { name, .. }) => format!("list {}", code(name)),
        None => String::new(),
    };
    let otherwise = take.default.as_ref().map(|(default, _)| value(default)).unwrap_or_default();
    (source, read_as, codes, otherwise)
}

/// The part of a schema that a target leads to.
fn follow<'a>(schema: &'a Value, steps: &[Box<str>]) -> Option<&'a Value> {
    steps.iter().try_fold(schema, |schema, step| {
        schema
            .get("properties")
            .and_then(|fields| fields.get(&**step))
            .or_else(|| schema.get("items").filter(|_| step.bytes().all(|byte| byte.is_ascii_digit())))
            .or_else(|| schema.get("additionalProperties").filter(|other| other.is_object()))
    })
}
