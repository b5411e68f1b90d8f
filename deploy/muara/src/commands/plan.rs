//! `muara plan PATH…`: what each stream would ask of its source and, with `--read`, what the next sync would change.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use muara_connectors::definition::{Definition, Stream};
use muara_connectors::json::Path;
use muara_connectors::runner::rehearsal::{Cause, Rehearsed, rehearse};
use muara_connectors::runner::{Options, preview};
use muara_schemas::Rupiah;
use muara_schemas::bus::Bus;
use muara_schemas::page::{Note, RunKind};
use serde::Serialize;
use serde_json::json;

use super::preview::{definitions, look, streams};
use super::serve::cannot_start;
use crate::config::Config;
use crate::failure::{EXIT_FAILURES, Failure};
use crate::output;

/// Causes of quarantine that are shown to people.
const MAX_CAUSES: usize = 10;

/// What is planned for one stream.
#[derive(Debug, Serialize)]
struct Planned {
    stream: String,
    target: String,
    key: Vec<String>,
    cursor: Option<String>,
    links: Vec<String>,
    asks: Vec<String>,
    definition: String,
    /// What the next sync would do, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    would: Option<Would>,
    failure: Option<String>,
}

/// What the next sync of a stream would do.
#[derive(Debug, Serialize)]
struct Would {
    read_whole: bool,
    read: u64,
    new: u64,
    changed: u64,
    unchanged: u64,
    quarantined: u64,
    left_out: u64,
    gone: u64,
    held: u64,
    /// What the amounts add up to of the records that would be sent.
    sums: BTreeMap<String, Rupiah>,
    /// Why records would go to quarantine that have not been there yet.
    causes: Vec<Cause>,
    notes: Vec<Note>,
}

/// Plans; `read` says that the sources may be read for it.
pub(super) async fn run(paths: &[PathBuf], read: bool, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let (known, variables) = definitions(paths)?;
    let mut items = Vec::new();
    for (definition, stream) in streams(&known, None)? {
        let asks = preview::plan(definition, stream, look(&variables, 0)).await;
        items.push(Planned::of(definition, stream, asks));
    }
    if read {
        // The order of both is that of the definitions.
        for (item, rehearsed) in items.iter_mut().zip(rehearsed(&known, config).await?) {
            item.failure = item.failure.take().or(rehearsed.report.failure.clone());
            if !rehearsed.asks.is_empty() {
                item.asks.clone_from(&rehearsed.asks);
            }
            item.would = Some(Would::of(rehearsed));
        }
    }
    let failed = items.iter().any(|item| item.failure.is_some());
    if as_json {
        output::json(&json!({"items": items}));
    } else {
        items.iter().for_each(|item| output::print(&text(item)));
    }
    Ok(if failed { ExitCode::from(EXIT_FAILURES) } else { ExitCode::SUCCESS })
}

async fn rehearsed(known: &[Definition], config: &Config) -> Result<Vec<Rehearsed>, Failure> {
    let folder = tempfile::tempdir().map_err(|error| {
        let cure = "make room in the folder for temporary files, or name another one with TMPDIR";
        Failure::unreachable("E0710", format!("could not copy the state file: {error}"), cure)
    })?;
    // The rehearsal brings a bus of its own.
    let options = Options::new(Bus::local(), &config.state);
    rehearse(known, options, folder.path()).await.map_err(|error| cannot_start(&error))
}

impl Planned {
    fn of(definition: &Definition, stream: &Stream, asks: Result<Vec<String>, String>) -> Self {
        let (asks, failure) = match asks {
            Ok(asks) => (asks, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        Self {
            stream: definition.stream_name(stream).to_string(),
            target: stream.target.clone(),
            key: stream.key.iter().map(Path::to_string).collect(),
            cursor: stream.cursor.as_ref().map(|cursor| cursor.field.to_string()),
            links: stream.links.iter().map(|link| link.to.clone()).collect(),
            asks,
            definition: stream.digest.clone(),
            would: None,
            failure,
        }
    }
}

impl Would {
    fn of(Rehearsed { report, new, sums, causes, .. }: Rehearsed) -> Self {
        let counts = report.counts;
        Self {
            read_whole: report.kind == RunKind::Full,
            read: counts.read,
            new,
            changed: counts.published.saturating_sub(new),
            unchanged: counts.unchanged,
            quarantined: counts.quarantined + counts.quarantined_again,
            left_out: counts.left_out,
            gone: counts.gone,
            held: counts.held,
            sums,
            causes,
            notes: report.notes,
        }
    }
}

/// One stream for people.
fn text(item: &Planned) -> String {
    let new = item.cursor.as_ref().map_or_else(|| "read whole each time".to_owned(), |cursor| format!("by {cursor}"));
    let mut out = format!("{} → {}\n  key {}; {new}\n", item.stream, item.target, item.key.join(", "));
    if !item.links.is_empty() {
        let _ = writeln!(out, "  links to {}", item.links.join(", "));
    }
    for line in item.asks.iter().chain(&item.failure) {
        let _ = writeln!(out, "  {line}");
    }
    let Some(would) = &item.would else { return out };
    let whole = if would.read_whole { "whole" } else { "from its cursor" };
    let _ = writeln!(
        out,
        "  the next sync would read {} records, {whole}: {} new, {} changed, {} unchanged, {} quarantined, {} left out, \
         {} deleted, {} held for approval",
        would.read,
        would.new,
        would.changed,
        would.unchanged,
        would.quarantined,
        would.left_out,
        would.gone,
        would.held
    );
    for (target, sum) in &would.sums {
        let _ = writeln!(out, "    `{target}` of new and changed records adds up to {sum}");
    }
    for Cause { records, reason } in would.causes.iter().take(MAX_CAUSES) {
        let source = reason.source.as_ref().map_or_else(String::new, |source| format!(" from `{source}`"));
        let _ = writeln!(out, "    {records} × {} {}{source}: {}", reason.code, reason.target, reason.message);
    }
    for note in &would.notes {
        let _ = writeln!(out, "  {}: {}", note.code, note.detail);
    }
    out
}
