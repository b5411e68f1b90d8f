//! `muara doctor`: looks at everything that an installation needs, and says what to do.

use std::path::PathBuf;
use std::process::ExitCode;

use muara_connectors::definition;
use muara_connectors::worker::Evaluator;
use muara_hub::access::Viewer;
use muara_hub::store::head::Head;
use muara_hub::store::subscriptions::Subscription;
use muara_hub::store::{Db, findings, head, journal, parked, quarantine, readers, streams, subscriptions};
use muara_hub::subscription::EXCHANGE;
use muara_schemas::bus::{EVENTS_NOT_TAKEN, Health};
use muara_schemas::{Clock, Moment};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::failure::{EXIT_FAILURES, Failure};
use crate::{installation, output};

/// A stream that has not been heard of for so many of its intervals is silent.
const SILENT_INTERVALS: i64 = 3;
/// A reader that is more changes behind than this does not keep up.
const MUCH_BEHIND: i64 = 10_000;
const LEAST_SILENCE_SECS: i64 = 300;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Look {
    what: &'static str,
    state: State,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    Warning,
    Bad,
}

fn look(what: &'static str, state: State, detail: impl Into<String>, cure: Option<&str>) -> Look {
    Look { what, state, detail: detail.into(), cure: cure.map(str::to_owned) }
}

/// Looks, shows, and ends with 1 when something is bad.
pub(super) async fn run(config: &Config, paths: &[PathBuf], as_json: bool) -> Result<ExitCode, Failure> {
    let mut looks = vec![look("program", State::Good, format!("muara {}", env!("CARGO_PKG_VERSION")), None)];
    looks.push(bus(config).await);
    match installation::look(config).await {
        Ok(db) => {
            looks.push(look("database", State::Good, format!("{}, tables up to date", db.engine()), None));
            looks.extend(contents(&db, Clock::system().now()).await?);
            db.close().await;
        }
        Err(failure) => {
            looks.push(look("database", State::Bad, failure.what(), Some(failure.cure())));
        }
    }
    if !paths.is_empty() {
        let errors = definition::lint(paths, &mut Evaluator::own().asker())
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .count();
        let state = if errors == 0 { State::Good } else { State::Bad };
        looks.push(look(
            "definitions",
            state,
            format!("{errors} errors"),
            (errors > 0).then_some("run `muara lint` on them"),
        ));
    }
    let bad = looks.iter().any(|look| look.state == State::Bad);
    if as_json {
        output::json(&looks);
    } else {
        for look in &looks {
            let sign = match look.state {
                State::Good => "ok  ",
                State::Warning => "warn",
                State::Bad => "BAD ",
            };
            output::print(&format!("{sign}  {:12} {}", look.what, look.detail));
            if let Some(cure) = &look.cure {
                output::print(&format!("      {:12} cure: {cure}", ""));
            }
        }
    }
    Ok(if bad { ExitCode::from(EXIT_FAILURES) } else { ExitCode::SUCCESS })
}

/// What to do about a finding.
fn cure_of(kind: &str) -> &'static str {
    match kind {
        findings::HELD => "look at the source; when the deletes are meant, `muara source approve STREAM --count N`",
        findings::RESETS => "stop the second connector, or keep the state file; see `muara explain E0511`",
        findings::PARKED => "nothing, when the stream has started anew; see `muara explain E0510`",
        findings::PROOF => "see `muara explain E0512` and the hub's log",
        findings::TYPE => "give the stream another name in its definition",
        findings::LINT => "see `muara lint`",
        _ => "see `muara explain` with its code",
    }
}

async fn bus(config: &Config) -> Look {
    if config.bus == "local" {
        return look("bus", State::Good, "local, within `muara serve --connect`", None);
    }
    let bus = match installation::bus(config, CancellationToken::new()).await {
        Ok(bus) => bus,
        Err(failure) => return look("bus", State::Bad, failure.what(), Some(failure.cure())),
    };
    let dead = bus.dead_letter_count().await;
    let late = bus.queue_depth(EVENTS_NOT_TAKEN).await.map_or(0, |depth| depth.ready);
    let answer = match (bus.health(), dead) {
        (Health::Failing(error), _) => {
            look("bus", State::Bad, error.to_string(), Some("check `bus` in muara.toml and the broker"))
        }
        (Health::Connected, Err(error)) => look("bus", State::Bad, error.to_string(), None),
        (Health::Connected, Ok(0)) if late > 0 => look(
            "bus",
            State::Warning,
            format!("{late} events that no subscriber took in time in queue {EVENTS_NOT_TAKEN}"),
            Some("see which of the queues is not read; `muara changes replay` tells its subscriber again"),
        ),
        (Health::Connected, Ok(0)) => look("bus", State::Good, "connected, no dead letters", None),
        (Health::Connected, Ok(count)) => look(
            "bus",
            State::Warning,
            format!("{count} dead letters in queue muara.dead"),
            Some("give their streams the order to start anew: `muara source reset`, and see `muara explain E0409`"),
        ),
    };
    bus.close().await;
    answer
}

async fn contents(db: &Db, now: Moment) -> Result<Vec<Look>, Failure> {
    let mut tx = db.read().await?;
    let head = head::read(&mut tx).await?;
    let mut looks = vec![look("log", State::Good, format!("head {}", head.position(head.seq)), None)];
    for reader in readers::all(&mut tx).await? {
        let behind = head.seq - reader.cursor;
        let (state, cure) = match behind {
            ..=MUCH_BEHIND => (State::Good, None),
            _ => (State::Warning, Some("is a `muara serve` running, and what does its log say?")),
        };
        looks.push(look("reader", state, format!("{} is {behind} changes behind", reader.name), cure));
    }
    let count = parked::count(&mut tx).await?;
    if count > 0 {
        looks.push(look(
            "parked",
            State::Warning,
            format!("{count} messages could not be taken"),
            Some("read why in the hub's log; the streams were reset"),
        ));
    }
    for finding in findings::all_open(&mut tx).await? {
        looks.push(look(
            "finding",
            State::Warning,
            format!("{}: {} — {}", finding.subject, finding.kind, finding.detail),
            Some(cure_of(&finding.kind)),
        ));
    }
    let waiting: i64 = quarantine::open_counts(&mut tx).await?.values().sum();
    if waiting > 0 {
        let detail = format!("{waiting} records wait; nothing counts them");
        looks.push(look(
            "quarantine",
            State::Warning,
            detail,
            Some("see `muara quarantine list`, and mend the source or its definition"),
        ));
    }
    looks.extend(subscriptions::all(&mut tx).await?.iter().filter_map(|row| told(row, &head)));
    let now = now.micros();
    let all = streams::all(&mut tx).await?;
    let runs = journal::current(&mut tx, &Viewer::internal(), &all.keys().copied().collect::<Vec<_>>()).await?;
    for stream in all.values() {
        let patience = (stream.every_secs.unwrap_or(0) * SILENT_INTERVALS).max(LEAST_SILENCE_SECS) * 1_000_000;
        if stream.heartbeat_at.is_some_and(|at| now - at > patience) {
            looks.push(look(
                "source",
                State::Warning,
                format!("{} is silent", stream.name),
                Some("is its `muara connect` running?"),
            ));
        }
        if stream.verdict == "failed" || stream.failure.is_some() {
            let told = runs.iter().find(|run| run.number == stream.number).and_then(|run| run.failure.clone());
            let why = stream.failure.clone().or(told).unwrap_or_else(|| "its last run failed".to_owned());
            looks.push(look("source", State::Warning, format!("{}: {why}", stream.name), None));
        }
    }
    Ok(looks)
}

/// What is to be said of a subscription; nothing of one that is well, or that somebody paused.
fn told(row: &Subscription, head: &Head) -> Option<Look> {
    let id = &row.id;
    let warn = |detail: String, cure: &str| Some(look("subscription", State::Warning, detail, Some(cure)));
    if row.state == "paused" {
        let reason = row.reason.as_deref().filter(|reason| *reason != "asked for")?;
        return warn(format!("{id} is paused: {reason}"), "mend its endpoint or key, then `muara subscription resume`");
    }
    if let Some(trouble) = &row.trouble {
        let cure = if row.id == EXCHANGE {
            "see `muara explain` with the code; bind queues with `drop-head`, or subscribe with a queue of its own"
        } else {
            "see `muara subscription deliveries` and `muara explain` with the code"
        };
        return warn(format!("{id}: {trouble}"), cure);
    }
    let behind = if row.epoch == head.epoch { head.seq - row.cursor } else { head.seq };
    if behind > MUCH_BEHIND {
        return warn(
            format!("{id} is {behind} changes behind"),
            "is a `muara serve` running, and does its reader keep up?",
        );
    }
    None
}
