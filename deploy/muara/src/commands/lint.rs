//! `muara lint PATH…`

use std::path::PathBuf;
use std::process::ExitCode;

use muara_connectors::definition;
use muara_connectors::worker::Evaluator;

use crate::failure::EXIT_USAGE;
use crate::installation;

/// Checks definitions without asking for the values of references.
pub(super) fn run(paths: &[PathBuf], json: bool) -> ExitCode {
    let diagnostics = definition::lint(paths, &mut Evaluator::own().asker());
    let errors = installation::tell(&diagnostics, json);
    let warnings = diagnostics.len() - errors;
    eprintln!("{errors} errors, {warnings} warnings");
    if errors > 0 { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
}
