//! `muara source list`

use std::collections::BTreeMap;
use std::process::ExitCode;

use muara_hub::access::Viewer;
use muara_hub::store::{journal, streams};
use muara_schemas::Moment;
use muara_schemas::bus::Bus;
use serde_json::json;

use crate::cli::Source;
use crate::config::Config;
use crate::failure::Failure;
use crate::{installation, output};

/// Shows every stream with its last run.
pub(super) async fn run(what: Source, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let Source::List = what;
    let hub = installation::hub(config, Bus::local()).await?;
    let mut tx = hub.db.read().await?;
    let all = streams::all(&mut tx).await?;
    let numbers: Vec<i64> = all.keys().copied().collect();
    let runs = journal::current(&mut tx, &Viewer::internal(), &numbers).await?;
    drop(tx);
    let runs: BTreeMap<i64, journal::Run> = runs.into_iter().map(|run| (run.number, run)).collect();
    if as_json {
        let items: Vec<_> = all
            .values()
            .map(|stream| {
                let run = runs.get(&stream.number).map(|run| json!({"state": run.state, "read": run.read, "applied": run.applied, "quarantined": run.quarantined}));
                json!({"region": stream.name.region, "system": stream.name.system, "stream": stream.name.stream,
                    "type": stream.record_type, "rank": stream.rank, "verdict": stream.verdict, "proof": stream.proof_state,
                    "last_run": run, "failure": stream.failure})
            })
            .collect();
        output::json(&json!({"items": items}));
    } else {
        let rows = all
            .values()
            .map(|stream| {
                let run = runs.get(&stream.number);
                let at = run.map_or_else(|| "never".to_owned(), |run| Moment::from_micros(run.started_at).to_string());
                let quarantined = run.map_or(0, |run| run.quarantined);
                vec![
                    stream.name.to_string(),
                    stream.record_type.clone(),
                    stream.verdict.clone(),
                    stream.proof_state.clone(),
                    at,
                    quarantined.to_string(),
                ]
            })
            .collect();
        output::table(
            &["stream", "record type", "verdict", "proof", "last run", "quarantined"],
            rows,
            "no connector has announced anything yet",
        );
    }
    hub.db.close().await;
    Ok(ExitCode::SUCCESS)
}
