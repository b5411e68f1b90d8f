//! The line of the field table that would take up a new field.

use muara_schemas::Catalog;

use crate::definition::Stream;
use crate::definition::model::Rule;
use crate::profile::{Drift, Form};
use crate::proposal::{SourceField, for_field};

/// The best line, where one is likely. What a field in `lost` was mapped to is free again: most often the new field is
/// the old one under another name.
pub(super) fn of(drift: &Drift, stream: &Stream, lost: &[&str]) -> Option<String> {
    // What stands in a list is taken up by the list's own line.
    if drift.path.contains("[]") || matches!(drift.form?, Form::List | Form::Object | Form::Absent) {
        return None;
    }
    let record_type = Catalog::embedded().get(&stream.target)?;
    let is_lost = |rule: &Rule| matches!(rule, Rule::Take(take) if lost.contains(&take.from.as_str()));
    let taken: Vec<String> =
        stream.map.fields.iter().filter(|field| !is_lost(&field.rule)).map(|field| field.target.pointer()).collect();
    let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
    let best = for_field(&field(drift)?, record_type, &taken).into_iter().next()?;
    Some(format!("{}: {}", best.target, best.rule))
}

/// The field by examples of its forms: nothing of a record is known here.
fn field(drift: &Drift) -> Option<SourceField> {
    let form = drift.form?;
    let examples: Vec<&str> = match form {
        Form::Bool => vec!["true"],
        Form::DateIso => vec!["2026-12-31"],
        Form::DateSlash => vec!["31/12/2026"],
        Form::DateDash => vec!["31-12-2026"],
        // The pattern of a number or a code is one itself.
        _ => drift.now.iter().map(String::as_str).collect(),
    };
    let mut field = SourceField::of(&drift.path, examples.into_iter().map(Some));
    field.numeric = matches!(form, Form::Whole | Form::Decimal);
    Some(field)
}
