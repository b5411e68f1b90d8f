//! `muara connect PATH…`: connectors alone, near the legacy systems, with no open port but for systems that push.

use std::process::ExitCode;
use std::sync::Arc;

use muara_connectors::definition::{Definition, SourceSpec, Variables};
use muara_connectors::ingest;
use muara_connectors::runner::reload::{self, Follower};
use muara_connectors::runner::{Connector, Observer, Options, StreamReport};
use muara_connectors::worker::Launch;
use muara_hub::api;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::Connect;
use crate::config::Config;
use crate::failure::{EXIT_FAILURES, Failure};
use crate::{installation, output};

use super::bars::Bars;
use super::demo::stopped;
use super::serve::{bind, cannot_start};

/// Runs until it is told to end, or once.
pub(super) async fn run(options: Connect, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    if config.bus == "local" {
        return Err(Failure::usage(
            "E0714",
            "with `bus = \"local\"` connectors cannot reach a hub in another process",
            "run `muara serve --connect …`, or set `bus` to a broker",
        ));
    }
    // Before they are loaded, so that an edit in between is seen.
    let follower = Follower::new(options.paths.clone(), Variables::new(), Launch::again());
    let definitions = installation::definitions(&options.paths, &Variables::new())?;
    check_listen(&options, &definitions)?;
    let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
    installation::end_on_signal(token.clone(), &tasks);
    let listener = match &options.listen {
        Some(listen) => Some(bind(listen).await?),
        None => None,
    };
    let bus = installation::bus(config, CancellationToken::new()).await?;
    let bars = Arc::new(Bars::new(as_json));
    let (seen, once) = (bars.clone(), options.once);
    let observer: Observer = Arc::new(move |progress| seen.show(&progress));
    let observer = once.then_some(observer);
    let settings = Options { schedule: !once, observer, ..Options::new(bus.clone(), &config.state) };
    let connectors =
        Connector::spawn(&definitions, settings, token.clone()).await.map_err(|error| cannot_start(&error))?;
    let mut code = ExitCode::SUCCESS;
    let door = ingest::router(&connectors);
    if once {
        code = tokio::select! {
            reports = connectors.run_all_full() => {
                bars.clear();
                show(&reports, as_json);
                let failed = reports.iter().any(|report| report.failure.is_some());
                if failed { ExitCode::from(EXIT_FAILURES) } else { ExitCode::SUCCESS }
            }
            () = token.cancelled() => stopped(),
        };
    } else {
        let asked = installation::asked_to_look(token.clone(), &tasks);
        let following = follower.follow(&connectors, reload::EVERY, &asked, &token);
        if let Some(listener) = listener {
            tokio::join!(following, api::server::serve(listener, door, tasks.clone(), token.clone()));
        } else {
            following.await;
        }
    }
    connectors.stop().await;
    tasks.close();
    token.cancel();
    tasks.wait().await;
    bus.close().await;
    Ok(code)
}

/// Systems that push need an address, and an address needs them.
fn check_listen(options: &Connect, definitions: &[Definition]) -> Result<(), Failure> {
    let pushes = definitions.iter().find(|definition| matches!(*definition.source, SourceSpec::Push(_)));
    match (pushes, &options.listen) {
        (Some(definition), None) if !options.once => Err(Failure::usage(
            "E0758",
            format!("system `{}` pushes its records, and nothing listens for it", definition.system.id),
            "add --listen with an address, such as --listen 127.0.0.1:8090",
        )),
        (None, Some(listen)) => Err(Failure::usage(
            "E0759",
            format!("none of the definitions is of kind push, so nobody would call {listen}"),
            "take --listen out, or name the definition whose system pushes",
        )),
        _ => Ok(()),
    }
}

/// What each stream sent; what came of it the hub tells.
fn show(reports: &[StreamReport], as_json: bool) {
    if as_json {
        let streams: Vec<_> = reports
            .iter()
            .map(|report| {
                json!({"system": report.name.system, "stream": report.name.stream, "read": report.counts.read,
                    "published": report.counts.published, "unchanged": report.counts.unchanged,
                    "quarantined": report.counts.quarantined + report.counts.quarantined_again,
                    "left_out": report.counts.left_out, "gone": report.counts.gone, "held": report.counts.held,
                    "proof": report.proof, "failure": report.failure, "notes": report.notes})
            })
            .collect();
        return output::json(&json!({"streams": streams}));
    }
    let rows = reports
        .iter()
        .map(|report| {
            let counts = report.counts;
            let numbers = [
                counts.read,
                counts.published,
                counts.unchanged,
                counts.quarantined + counts.quarantined_again,
                counts.left_out,
                counts.gone,
            ];
            let mut row = vec![report.name.system.clone(), report.name.stream.clone()];
            row.extend(numbers.map(|number| number.to_string()));
            row.push(report.failure.clone().unwrap_or_else(|| "sent".to_owned()));
            row
        })
        .collect();
    output::table(
        &["system", "stream", "read", "published", "unchanged", "quarantined", "left out", "gone", "verdict"],
        rows,
        "no streams",
    );
}
