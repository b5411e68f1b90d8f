//! `muara conform --stream NAME -- ./script`: what a script of `muara-jsonl` must do, tried out.

use std::process::ExitCode;
use std::time::Duration;

use muara_connectors::conform::{Trial, conform};
use muara_connectors::json::Path;
use muara_connectors::reader::Reader;
use serde_json::json;

use crate::cli::Conform;
use crate::failure::{EXIT_FAILURES, Failure};
use crate::output;

/// How long one run of the script may take.
const LONGEST: Duration = Duration::from_mins(10);
/// How much memory it may fill.
const MEMORY: u64 = 512 * 1024 * 1024;

/// Tries the script out and tells what each trial came to.
pub(super) async fn run(options: Conform, as_json: bool) -> Result<ExitCode, Failure> {
    let config = serde_json::from_str(&options.told).map_err(|error| {
        Failure::usage(
            "E0755",
            format!("`--told` is no JSON: {error}"),
            "write an object, such as '{\"host\": \"10.1.2.3\"}'",
        )
    })?;
    let trial = Trial {
        command: options.command,
        stream: options.stream,
        config,
        key: options.key.iter().map(|field| Path::new(field)).collect(),
        guard: Reader::this_program().program,
        idle: Duration::from_secs(options.idle_secs),
        longest: LONGEST,
        memory: MEMORY,
    };
    let checked = conform(&trial).await;
    let failed = checked.iter().any(|checked| !checked.passed);
    if as_json {
        output::json(&json!({"items": checked}));
    } else {
        let verdict = |passed| if passed { "passed" } else { "FAILED" };
        let row = |checked: &muara_connectors::conform::Checked| {
            vec![verdict(checked.passed).to_owned(), checked.check.to_owned(), checked.detail.clone()]
        };
        output::table(&["", "what a script must do", "what was seen"], checked.iter().map(row).collect(), "");
    }
    Ok(if failed { ExitCode::from(EXIT_FAILURES) } else { ExitCode::SUCCESS })
}
