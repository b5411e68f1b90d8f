//! `muara connector new files|sql|http`: asks the source, proposes, lints, writes.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use muara_connectors::definition::Variables;
use muara_connectors::proposal::yaml;
use muara_connectors::reader::Reader;
use muara_connectors::runner::preview::Look;
use muara_connectors::survey::writing::{self, Wanted, Written};
use muara_connectors::survey::{Found, Trouble, files, http, slug, sql};
use muara_connectors::worker::{Evaluator, Launch};
use muara_schemas::Catalog;
use serde_json::json;

use super::{need, put};
use crate::cli::{NewConnector, NewSource};
use crate::failure::{EXIT_UNDECIDED, Failure};
use crate::{installation, output};

/// Most answers that are asked of a person about one source.
const MAX_CHOICES: usize = 5;

/// Looks at the source and writes its definition.
pub(super) async fn run(mut options: NewConnector, as_json: bool) -> Result<ExitCode, Failure> {
    let Some(mut source) = options.source.take() else {
        let cure = "write `files FOLDER`, `sql URL` or `http URL` behind it, or --from ID";
        return Err(Failure::usage("E0745", "where the data is, is not known", cure));
    };
    let mut wanted = wanted(&options, &source)?;
    let look = Look {
        variables: Variables::new(),
        worker: Launch::again(),
        reader: Reader::this_program(),
        most: usize::from(options.sample),
    };
    eprintln!("looking at the source …");
    let found = found(&mut source, &wanted.system, &look).await?;
    if found.records.is_empty() {
        return Err(empty());
    }
    let mut ask = Evaluator::own().asker();
    let mut written = writing::write(&found, &wanted, &mut ask).ok_or_else(empty)?;
    if std::io::stdin().is_terminal() && !written.table.missing.is_empty() {
        for target in written.table.missing.clone() {
            let question = format!(
                "`{}` requires `{target}`, which no field fills; its value for all records",
                written.table.record_type
            );
            if let Ok(value) = need(None, "--set", &question) {
                wanted.constants.push((target, yaml::constant(&value)));
            }
        }
        written = writing::write(&found, &wanted, &mut ask).ok_or_else(empty)?;
    }
    drop(ask);
    let is_whole = written.table.missing.is_empty();
    if is_whole && written.found.iter().any(muara_connectors::definition::Diagnostic::is_error) {
        installation::tell(&written.found, as_json);
        return Err(Failure::usage(
            "E0750",
            "the proposed definition does not lint",
            "correct the values that the errors name",
        ));
    }
    if !as_json || options.output.is_some() {
        put(options.output.as_deref(), options.force, &written.text)?;
    }
    if as_json {
        output::json(&document(&found, &written));
    }
    tell(&written, &found, options.output.as_deref());
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(EXIT_UNDECIDED) })
}

fn empty() -> Failure {
    Failure::unreachable(
        "E0748",
        "the source gave no record that could be looked at",
        "check its address, and that it holds data",
    )
}

/// What the person says, asked for where it is missing.
fn wanted(options: &NewConnector, source: &NewSource) -> Result<Wanted, Failure> {
    if let Some(name) = &options.record_type
        && Catalog::embedded().get(name).is_none()
    {
        let names = Catalog::embedded().iter().map(muara_schemas::catalog::RecordType::name);
        let cure = muara_connectors::definition::report::suggestion(name, names);
        let cure = cure.unwrap_or_else(|| "`muara schema list` shows them".to_owned());
        return Err(Failure::usage("E0749", format!("no record type `{name}` is known"), cure));
    }
    let constant = |given: &String| {
        let (target, value) =
            given.split_once('=').filter(|(target, _)| !target.trim().is_empty()).ok_or_else(|| {
                Failure::usage(
                    "E0749",
                    format!("`{given}` sets nothing"),
                    "write --set TARGET=VALUE, such as --set stage=murni",
                )
            })?;
        let value = value.trim();
        // A list, such as `lines=[]`, is YAML already.
        let value = if value.starts_with(['[', '{']) { value.to_owned() } else { yaml::constant(value) };
        Ok((target.trim().to_owned(), value))
    };
    let proposed = match source {
        NewSource::Files { folder, .. } => folder
            .canonicalize()
            .ok()
            .and_then(|folder| folder.file_name().map(|name| name.to_string_lossy().into_owned())),
        NewSource::Sql { .. } | NewSource::Http { .. } => None,
    };
    Ok(Wanted {
        system: need(
            options.system.clone().or(proposed.map(|name| slug(&name))),
            "--system",
            "id of the system, such as sipd",
        )?,
        region: need(options.region.clone(), "--region", "Kemendagri code of the region, such as 33.02")?,
        agency: need(options.agency.clone(), "--agency", "code of the agency that owns the system")?,
        record_type: options.record_type.clone(),
        constants: options.set.iter().map(constant).collect::<Result<_, Failure>>()?,
    })
}

/// Looks until nothing has to be chosen any more.
async fn found(source: &mut NewSource, system: &str, look: &Look) -> Result<Found, Failure> {
    for _ in 0..MAX_CHOICES {
        let seen = match &*source {
            NewSource::Files { folder, file, sheet } => {
                files::look(files::Wanted { folder, file: file.as_deref(), sheet: sheet.as_deref() }, look).await
            }
            NewSource::Sql { url, table } => {
                sql::look(sql::Wanted { url, table: table.as_deref(), system }, look).await
            }
            NewSource::Http { url, token_env } => {
                http::look(http::Wanted { url, token_env: token_env.as_deref(), system }, look).await
            }
        };
        match seen {
            Ok(found) => return Ok(found),
            Err(Trouble::Failed(why)) => {
                let why = why.strip_prefix("E0748: ").unwrap_or(&why).to_owned();
                return Err(Failure::unreachable(
                    "E0748",
                    why,
                    "`muara explain` knows the code that stands in front of it",
                ));
            }
            Err(Trouble::Choose { what, among }) => {
                eprintln!("there are several:\n  {}", among.join("\n  "));
                let chosen = need(None, &format!("--{what}"), &format!("which {what} is meant"))?;
                match source {
                    NewSource::Files { file, .. } => *file = Some(chosen),
                    NewSource::Sql { table, .. } => *table = Some(chosen),
                    NewSource::Http { .. } => {}
                }
            }
        }
    }
    Err(empty())
}

fn document(found: &Found, written: &Written) -> serde_json::Value {
    let best: Vec<_> = written.best.iter().map(|(name, score)| json!({"record_type": name, "score": score})).collect();
    json!({"record_types": best, "table": written.table, "key": written.key.fields, "key_reason": written.key.reason,
        "asked": found.asked, "needs": found.needs, "looked_at": written.tried.0, "valid": written.tried.1, "definition": written.text})
}

/// The talk: what was decided, and what is left to do.
fn tell(written: &Written, found: &Found, file: Option<&std::path::Path>) {
    let best: Vec<String> = written.best.iter().map(|(name, score)| format!("{name} {score} %")).collect();
    eprintln!("record types: {}", best.join(", "));
    let fields = written.table.lines.iter().filter(|line| line.source.is_some()).count();
    let confirm = written.table.lines.iter().filter(|line| line.confirm).count();
    eprintln!(
        "{}: {fields} fields mapped, {} not; {confirm} lines to confirm; {} of {} records of the sample are valid",
        written.table.record_type,
        written.table.unused.len(),
        written.tried.1,
        written.tried.0
    );
    if let Some(first) = &written.first {
        eprintln!("the first record that is not: {first}");
    }
    if !written.table.missing.is_empty() {
        let lines: Vec<String> = written.table.missing.iter().map(|target| format!("--set {target}=…")).collect();
        eprintln!(
            "E0751: a decision is needed for {}; give {} or fill the lines marked DECIDE",
            written.table.missing.join(", "),
            lines.join(" ")
        );
    }
    if !found.needs.is_empty() {
        eprintln!("before a run, set {}", found.needs.join(", "));
    }
    if let Some(file) = file {
        eprintln!("wrote {0}; next: muara preview {0}", file.display());
    }
}
