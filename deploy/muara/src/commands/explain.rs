//! `muara explain CODE`

use std::process::ExitCode;

use muara_schemas::explain;
use serde_json::json;

use crate::failure::Failure;
use crate::output;

/// Prints what a code means; without one that is known, the nearest.
pub(super) fn run(code: &str, as_json: bool) -> Result<ExitCode, Failure> {
    let Some(known) = explain::find(code) else {
        let near = muara_connectors::definition::report::nearest(code, explain::all().map(|known| known.code));
        let cure =
            near.map_or_else(|| "codes look like E0101".to_owned(), |near| format!("the nearest code is {near}"));
        return Err(Failure::usage("E0704", format!("no code `{code}` is known"), cure));
    };
    if as_json {
        output::json(&json!({"code": known.code, "title": known.title, "explanation": known.explanation}));
    } else {
        output::print(&format!("{} {}\n\n{}", known.code, known.title, known.explanation));
    }
    Ok(ExitCode::SUCCESS)
}
