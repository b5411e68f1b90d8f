//! `muara lint PATH…`

use std::path::PathBuf;
use std::process::ExitCode;

use muara_connectors::definition;
use muara_connectors::worker::Evaluator;

use crate::failure::EXIT_USAGE;
use crate::installation;

/// Runs the tests that stand in definitions, and tells how many there are.
pub(super) fn test(paths: &[PathBuf], json: bool) -> ExitCode {
    let (definitions, diagnostics) = definition::check(paths, &mut Evaluator::own().asker());
    let diagnostics: Vec<_> = diagnostics.into_iter().filter(definition::Diagnostic::is_error).collect();
    let errors = installation::tell(&diagnostics, json);
    let streams = || definitions.iter().flat_map(|known| known.streams.iter().map(move |stream| (known, stream)));
    let tests: usize = streams().map(|(_, stream)| stream.tests.len()).sum();
    for (definition, stream) in streams() {
        eprintln!("{}: {} tests pass", definition.stream_name(stream), stream.tests.len());
    }
    eprintln!("{tests} tests pass, {errors} errors");
    if errors > 0 { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
}

/// Checks definitions without asking for the values of references.
pub(super) fn run(paths: &[PathBuf], json: bool) -> ExitCode {
    let diagnostics = definition::lint(paths, &mut Evaluator::own().asker());
    let errors = installation::tell(&diagnostics, json);
    let warnings = diagnostics.len() - errors;
    eprintln!("{errors} errors, {warnings} warnings");
    if errors > 0 { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
}
