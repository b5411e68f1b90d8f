//! `muara connector new|list|show`

use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use muara_connectors::catalog::{self, Entry};
use muara_connectors::definition::report::suggestion;
use serde_json::{Value, json};

use crate::cli::{Connector, NewConnector};
use crate::failure::Failure;
use crate::output;

mod new;

/// Does what was asked for.
pub(super) async fn run(what: Connector, as_json: bool) -> Result<ExitCode, Failure> {
    match what {
        Connector::List => list(as_json),
        Connector::Show { id } => output::print(find(&id)?.text.trim_end()),
        Connector::New(options) => match options.from.clone() {
            Some(id) => copy(&id, &options)?,
            None => return new::run(*options, as_json).await,
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn list(as_json: bool) {
    let item = |entry: &Entry| {
        let streams: Vec<String> =
            entry.definition.streams.iter().map(|stream| format!("{} → {}", stream.name, stream.target)).collect();
        json!({"id": entry.id, "name": entry.definition.system.name, "kind": entry.definition.source.kind(),
            "streams": streams, "variables": entry.variables()})
    };
    let items: Vec<Value> = catalog::all().iter().map(item).collect();
    if as_json {
        output::json(&json!({"items": items}));
        return;
    }
    let text = |value: &Value| match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let row = |item: &Value| ["id", "name", "kind", "streams", "variables"].map(|field| text(&item[field])).to_vec();
    output::table(&["id", "name", "kind", "streams", "needs"], items.iter().map(row).collect(), "no ready definition");
}

fn find(id: &str) -> Result<Entry, Failure> {
    let mut all = catalog::all();
    if let Some(at) = all.iter().position(|entry| entry.id == id) {
        return Ok(all.swap_remove(at));
    }
    let near = suggestion(id, all.iter().map(|entry| entry.id.as_str()));
    let cure = near.unwrap_or_else(|| "`muara connector list` shows them".to_owned());
    Err(Failure::usage("E0747", format!("no ready definition is called `{id}`"), cure))
}

/// Copies a ready definition for another region.
fn copy(id: &str, options: &NewConnector) -> Result<(), Failure> {
    let entry = find(id)?;
    let text = entry.of(options.region.as_deref(), options.agency.as_deref());
    put(options.output.as_deref(), options.force, &text)?;
    let needs = entry.variables();
    if !needs.is_empty() {
        eprintln!("set {}, then run `muara preview` on it", needs.join(", "));
    }
    Ok(())
}

/// Writes the file, or prints it where none is named.
fn put(file: Option<&Path>, force: bool, text: &str) -> Result<(), Failure> {
    let Some(file) = file else {
        output::print(text.trim_end());
        return Ok(());
    };
    let failed = |error: std::io::Error| {
        let is_there = error.kind() == std::io::ErrorKind::AlreadyExists;
        let cure = if is_there {
            "name another one with --output, or replace it with --force"
        } else {
            "check the folder's rights"
        };
        Failure::usage("E0746", format!("could not write {}: {error}", file.display()), cure)
    };
    let mut open = OpenOptions::new();
    // A file that came meanwhile is not overwritten either.
    let open = if force { open.create(true).truncate(true) } else { open.create_new(true) };
    let mut opened = open.write(true).open(file).map_err(failed)?;
    opened.write_all(text.as_bytes()).map_err(failed)
}

/// What the option says, or what the person at the terminal answers.
fn need(given: Option<String>, option: &str, question: &str) -> Result<String, Failure> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("E0745", format!("{question} is not known"), format!("say it with {option}")));
    }
    eprint!("{question}: ");
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    let answer = line.trim().to_owned();
    if read.is_err() || answer.is_empty() {
        return Err(Failure::usage("E0745", format!("{question} is not known"), format!("say it with {option}")));
    }
    Ok(answer)
}
