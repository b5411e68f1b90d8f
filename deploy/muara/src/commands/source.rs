//! `muara source list|run|pause|resume|reset|approve|prefer`

use std::collections::BTreeMap;
use std::process::ExitCode;

use muara_hub::access::Viewer;
use muara_hub::intake::order;
use muara_hub::proof;
use muara_hub::store::{Db, findings, journal, quarantine, streams, totals};
use muara_schemas::control::Order;
use muara_schemas::record::TYPES;
use muara_schemas::stream::{is_name, is_region};
use muara_schemas::{Clock, Moment, StreamName};
use serde_json::json;

use crate::cli::Source;
use crate::config::Config;
use crate::failure::Failure;
use crate::{installation, output};

/// Looks at connected systems, and gives their connectors orders; a running hub sends them.
pub(super) async fn run(what: Source, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let db = installation::look(config).await?;
    let now = Clock::system().now();
    match what {
        Source::List => list(&db, as_json).await?,
        Source::Run { stream, full } => give(&db, &stream, Order::Run { full }, now).await?,
        Source::Pause { stream, minutes } => {
            let until = Some(now.plus_secs(60 * i64::from(minutes)));
            give(&db, &stream, Order::Pause { until }, now).await?;
        }
        Source::Resume { stream } => give(&db, &stream, Order::Pause { until: None }, now).await?,
        Source::Reset { stream } => {
            let reason = "somebody gave the order on the command line".to_owned();
            give(&db, &stream, Order::Reset { reason }, now).await?;
        }
        Source::Approve { stream, count } => {
            let name = known(&db, &stream).await?;
            let waiting = proof::approve(&db, &name, count, now).await?;
            if waiting != count {
                let cure = "look at the source again, then say --count with that number";
                return Err(Failure::usage("E0722", format!("{waiting} deletes of {name} wait, not {count}"), cure));
            }
            eprintln!("{count} records of {name} are deleted; each keeps its last values");
        }
        Source::Prefer { system, record_type, region, agency, fiscal_year } => {
            if !TYPES.contains(&record_type.as_str()) {
                let cure = "see `muara schema list`";
                return Err(Failure::usage("E0705", format!("there is no record type `{record_type}`"), cure));
            }
            if !is_region(&region) || !is_name(&system) {
                let what = format!("`{region}` is no region, or `{system}` no system");
                return Err(Failure::usage("E0720", what, "take both from `muara source list`"));
            }
            let agency = agency.unwrap_or_default();
            let mut tx = db.write().await?;
            totals::set_authority(&mut tx, &record_type, &region, &agency, fiscal_year, &system).await?;
            tx.commit().await?;
            eprintln!("in {fiscal_year} the records of {system} count for {record_type} in {region} {agency}");
        }
    }
    db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Lays an order ready; the hub sends it within a second, and it is void after a day.
async fn give(db: &Db, stream: &str, order: Order, now: Moment) -> Result<(), Failure> {
    let name = known(db, stream).await?;
    let mut tx = db.write().await?;
    order::give(&mut tx, &name, order, now).await?;
    tx.commit().await?;
    eprintln!("the order to {name} is ready; a running hub sends it");
    Ok(())
}

/// A stream that the hub has heard of.
async fn known(db: &Db, text: &str) -> Result<StreamName, Failure> {
    let mut tx = db.read().await?;
    let all = streams::all(&mut tx).await?;
    let names = all.into_values().map(|stream| stream.name);
    names.into_iter().find(|name| name.to_string() == text).ok_or_else(|| {
        Failure::usage(
            "E0720",
            format!("no stream is called `{text}`"),
            "see `muara source list`: REGION/SYSTEM/STREAM",
        )
    })
}

async fn list(db: &Db, as_json: bool) -> Result<(), Failure> {
    let mut tx = db.read().await?;
    let all = streams::all(&mut tx).await?;
    let numbers: Vec<i64> = all.keys().copied().collect();
    let runs = journal::current(&mut tx, &Viewer::internal(), &numbers).await?;
    let waiting = quarantine::open_counts(&mut tx).await?;
    let open = findings::all_open(&mut tx).await?;
    drop(tx);
    let found = |name: &StreamName| {
        let (name, kinds) = (name.to_string(), open.iter());
        kinds.filter(|finding| finding.subject == name).map(|finding| finding.kind.clone()).collect::<Vec<_>>()
    };
    let moment = |at: Option<i64>| at.map_or_else(|| "never".to_owned(), |at| Moment::from_micros(at).to_string());
    let runs: BTreeMap<i64, journal::Run> = runs.into_iter().map(|run| (run.number, run)).collect();
    if as_json {
        let items: Vec<_> = all
            .values()
            .map(|stream| {
                let run = runs.get(&stream.number).map(|run| json!({"state": run.state, "read": run.read, "applied": run.applied, "quarantined": run.quarantined}));
                json!({"region": stream.name.region, "system": stream.name.system, "stream": stream.name.stream,
                    "type": stream.record_type, "rank": stream.rank, "verdict": stream.verdict, "proof": stream.proof_state,
                    "last_run": run, "heard_at": stream.heartbeat_at.map(|at| Moment::from_micros(at).to_string()),
                    "in_quarantine": waiting.get(&stream.number).unwrap_or(&0), "findings": found(&stream.name),
                    "failure": failure(stream, runs.get(&stream.number))})
            })
            .collect();
        output::json(&json!({"items": items}));
    } else {
        let failures: Vec<String> = all
            .values()
            .filter_map(|stream| Some(format!("{}: {}", stream.name, failure(stream, runs.get(&stream.number))?)))
            .collect();
        let rows = all
            .values()
            .map(|stream| {
                let run = runs.get(&stream.number);
                vec![
                    stream.name.to_string(),
                    stream.record_type.clone(),
                    stream.verdict.clone(),
                    stream.proof_state.clone(),
                    moment(run.map(|run| run.started_at)),
                    moment(stream.heartbeat_at),
                    waiting.get(&stream.number).unwrap_or(&0).to_string(),
                    found(&stream.name).join(", "),
                ]
            })
            .collect();
        output::table(
            &["stream", "record type", "verdict", "proof", "last run with news", "heard", "in quarantine", "findings"],
            rows,
            "no connector has announced anything yet",
        );
        failures.iter().for_each(|failure| output::print(failure));
    }
    Ok(())
}

/// Why a stream does not get on: what its connector says, else how its last run ended.
fn failure<'a>(stream: &'a streams::Info, run: Option<&'a journal::Run>) -> Option<&'a str> {
    stream.failure.as_deref().or_else(|| run?.failure.as_deref())
}
