//! One full sync of every stream, and the summary of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use muara_connectors::runner::{Handle, StreamReport};
use muara_hub::access::Viewer;
use muara_hub::store::{commands, head, journal, streams};
use muara_hub::{Hub, digest};
use muara_schemas::canonical::hex;
use serde::Serialize;

use crate::failure::Failure;
use crate::output;

/// How long proofs may take to be repaired and readers to catch up.
const SETTLE: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_millis(50);

/// What a sync did.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// One line a stream.
    pub streams: Vec<Line>,
    /// Where the log stands.
    pub log_head: String,
    /// The digest of the view; the same for the same data on any engine.
    pub view_digest: String,
}

/// What a sync did with one stream.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    /// System.
    pub system: String,
    /// Stream.
    pub stream: String,
    /// Records read.
    pub read: i64,
    /// Records that made a change.
    pub applied: i64,
    /// Records known as they are.
    pub unchanged: i64,
    /// Records in quarantine.
    pub quarantined: i64,
    /// Records that the definition leaves out.
    pub left_out: i64,
    /// Records deleted.
    pub deleted: i64,
    /// Records whose delete waits for approval.
    pub held: i64,
    /// The proof, after a complete full read.
    pub proof: Option<Proof>,
    /// Why the stream failed; not there when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A proof, as both sides see it.
#[derive(Debug, Serialize)]
pub(super) struct Proof {
    /// Records.
    pub count: i64,
    /// The connector's digest.
    pub digest: String,
    /// Whether the hub's is the same.
    pub equal: bool,
}

impl Line {
    /// Whether every record read is accounted for.
    pub(super) const fn is_balanced(&self) -> bool {
        self.read == self.applied + self.unchanged + self.quarantined
    }

    /// Whether nothing is wrong with it.
    pub(super) fn is_good(&self) -> bool {
        self.failure.is_none() && self.is_balanced() && self.proof.as_ref().is_some_and(|proof| proof.equal)
    }
}

impl Summary {
    /// Whether every stream balances and proves.
    pub(super) fn is_good(&self) -> bool {
        self.streams.iter().all(Line::is_good)
    }

    /// Shows it.
    pub(super) fn show(&self, json: bool) {
        if json {
            return output::json(self);
        }
        let number = |value: i64| if value == 0 { "·".to_owned() } else { value.to_string() };
        let rows = self
            .streams
            .iter()
            .map(|line| {
                let verdict = match (&line.failure, line.is_balanced(), &line.proof) {
                    (Some(failure), ..) => format!("failed: {failure}"),
                    (None, false, _) => "does not balance".to_owned(),
                    (None, true, Some(proof)) if proof.equal => format!("proved {}", proof.count),
                    (None, true, _) => "not proved".to_owned(),
                };
                let counts =
                    [line.read, line.applied, line.unchanged, line.quarantined, line.left_out, line.deleted, line.held];
                let mut row = vec![line.system.clone(), line.stream.clone()];
                row.extend(counts.map(number));
                row.push(verdict);
                row
            })
            .collect();
        let header = [
            "system",
            "stream",
            "read",
            "applied",
            "unchanged",
            "quarantined",
            "left out",
            "deleted",
            "held",
            "verdict",
        ];
        output::table(&header, rows, "no streams");
        output::print(&format!("log head    {}\nview digest {}", self.log_head, self.view_digest));
    }
}

/// Waits until the hub has taken everything in: every run ended, no order waits, no proof is being repaired, every reader
/// has caught up.
pub(super) async fn settle(hub: &Hub, connectors: &Handle) -> Result<(), Failure> {
    let deadline = Instant::now() + SETTLE;
    while !is_settled(hub, connectors).await? {
        if Instant::now() > deadline {
            return Err(Failure::unreachable(
                "E0713",
                "the sync did not settle within five minutes",
                "look at `muara source list` and the log",
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn is_settled(hub: &Hub, connectors: &Handle) -> Result<bool, Failure> {
    if !connectors.is_idle() || !hub.is_caught_up().await? {
        return Ok(false);
    }
    let mut tx = hub.db.read().await?;
    let waiting = commands::waiting(&mut tx, hub.clock.now()).await?;
    let known = streams::all(&mut tx).await?;
    let runs = journal::current(&mut tx, &Viewer::internal(), &known.keys().copied().collect::<Vec<_>>()).await?;
    let repairing = known.values().any(|stream| matches!(stream.proof_state.as_str(), "comparing" | "rereading"));
    let ended: BTreeMap<String, bool> = runs
        .iter()
        .map(|run| (hex(&run.run), run.state != "running" && (run.proof_count.is_none() || run.hub_count.is_some())))
        .collect();
    let arrived = connectors
        .reports()
        .iter()
        .all(|report| report.run.is_none_or(|run| ended.get(&run.to_string()).copied().unwrap_or(false)));
    Ok(waiting.is_empty() && !repairing && arrived && connectors.is_idle())
}

/// What a sync did, by the hub's own counts.
pub(super) async fn summarise(hub: &Hub, reports: &[StreamReport]) -> Result<Summary, Failure> {
    let mut tx = hub.db.read().await?;
    let mut lines = Vec::new();
    for report in reports {
        let filter = journal::Filter {
            region: Some(report.name.region.clone()),
            system: Some(report.name.system.clone()),
            stream: Some(report.name.stream.clone()),
        };
        let runs = journal::page(&mut tx, &Viewer::internal(), &filter, None, 20).await?;
        // After a repair the newest full read speaks for the stream.
        let run = runs.into_iter().find(|run| run.kind != "compare");
        lines.push(line(report, run));
    }
    let head = head::read(&mut tx).await?;
    drop(tx);
    let view_digest = digest::reading::read(&hub.db).await?.view.digest;
    Ok(Summary { streams: lines, log_head: head.position(head.seq), view_digest })
}

fn line(report: &StreamReport, run: Option<journal::Run>) -> Line {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let mut line = Line {
        system: report.name.system.clone(),
        stream: report.name.stream.clone(),
        read: number(report.counts.read),
        applied: 0,
        unchanged: number(report.counts.unchanged),
        quarantined: number(report.counts.quarantined + report.counts.quarantined_again),
        left_out: number(report.counts.left_out),
        deleted: 0,
        held: number(report.counts.held),
        proof: None,
        failure: report.failure.clone(),
    };
    let Some(run) = run else { return line };
    (line.read, line.applied, line.unchanged, line.quarantined) =
        (run.read, run.applied, run.unchanged, run.quarantined);
    (line.left_out, line.deleted, line.held) = (run.left_out, run.deleted, run.held);
    line.failure = line.failure.or(run.failure);
    line.proof = run.proof_count.zip(run.proof_digest).map(|(count, digest)| {
        let equal = run.hub_count == Some(count) && run.hub_digest.as_deref() == Some(digest.as_str());
        Proof { count, digest, equal }
    });
    line
}
