//! `muara preview FILE [STREAM]`: the first records of a definition on their way.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use muara_connectors::definition::{Definition, Stream, Variables};
use muara_connectors::reader::Reader;
use muara_connectors::runner::preview::{self, Look, Outcome, Preview, Shown};
use muara_connectors::worker::Launch;
use serde_json::{Value, json};

use super::bars::Bars;
use crate::failure::{EXIT_FAILURES, Failure};
use crate::{installation, output};

/// Shows the first records of a definition's streams: what was asked, the raw record, what it became and why not.
pub(super) async fn run(file: &Path, stream: Option<&str>, most: usize, as_json: bool) -> Result<ExitCode, Failure> {
    let (definitions, variables) = definitions(&[file.to_path_buf()])?;
    let (mut shown, bars) = (Vec::new(), Bars::new(as_json));
    for (definition, stream) in streams(&definitions, stream)? {
        let name = definition.stream_name(stream).to_string();
        let seen = bars.during(name, preview::preview(definition, stream, look(&variables, most))).await;
        shown.push((stream.name.clone(), seen));
    }
    let failed = shown.iter().any(|(_, seen)| seen.failure.is_some());
    if as_json {
        let items: Vec<Value> = shown.iter().map(|(name, seen)| json!({"stream": name, "preview": seen})).collect();
        output::json(&json!({"items": items}));
    } else {
        shown.iter().for_each(|(name, seen)| output::print(&text(name, seen)));
    }
    Ok(if failed { ExitCode::from(EXIT_FAILURES) } else { ExitCode::SUCCESS })
}

pub(super) fn definitions(paths: &[PathBuf]) -> Result<(Vec<Definition>, Variables), Failure> {
    let variables = Variables::new();
    Ok((installation::drafts(paths, &variables)?, variables))
}

pub(super) fn look(variables: &Variables, most: usize) -> Look {
    Look { variables: variables.clone(), worker: Launch::again(), reader: Reader::this_program(), most }
}

/// The streams that are meant: one, or all.
pub(super) fn streams<'a>(
    definitions: &'a [Definition],
    wanted: Option<&str>,
) -> Result<Vec<(&'a Definition, &'a Stream)>, Failure> {
    let all = definitions.iter().flat_map(|known| known.streams.iter().map(move |stream| (known, stream)));
    let all: Vec<_> = all.filter(|(_, stream)| wanted.is_none_or(|wanted| wanted == stream.name)).collect();
    if let (Some(wanted), true) = (wanted, all.is_empty()) {
        let names = definitions.iter().flat_map(|known| &known.streams).map(|stream| stream.name.as_str());
        let near = muara_connectors::definition::report::suggestion(wanted, names).unwrap_or_default();
        return Err(Failure::usage("E0740", format!("the definition has no stream `{wanted}`"), near));
    }
    Ok(all)
}

/// One stream for people.
fn text(name: &str, seen: &Preview) -> String {
    let mut out = format!("{name}\n  asked: {}\n", seen.asks.join("\n         "));
    for (number, record) in seen.records.iter().enumerate() {
        out.push_str(&one(number + 1, record));
    }
    if let Some(failure) = &seen.failure {
        out.extend(["  ", failure, "\n"]);
    }
    out
}

fn one(number: usize, record: &Shown) -> String {
    let key = record.key.as_deref().unwrap_or("no key");
    let verdict = match &record.outcome {
        Outcome::Valid { body } => format!("valid   {body}"),
        Outcome::LeftOut => "left out by `where`".to_owned(),
        Outcome::Quarantined { errors } => {
            let told = errors.iter().map(|error| {
                let source = error.source.as_ref().map_or_else(String::new, |source| format!(" from `{source}`"));
                format!("{} {}{source}: {}", error.code, error.target, error.message)
            });
            format!("broken  {}", told.collect::<Vec<_>>().join("\n             "))
        }
    };
    format!("  {number}. {} ({key})\n     raw     {}\n     {verdict}\n", record.pointer, record.raw)
}
