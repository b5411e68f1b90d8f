//! `muara quarantine replay|replays|stop`: replays are laid down here, and a running hub carries them out.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use muara_hub::access::Viewer;
use muara_hub::api::replays::{Filter, unknown};
use muara_hub::store::replays::{MAX_ENTRIES, Replay, Wish};
use muara_hub::store::{Db, Tx, replayed, replays};
use muara_hub::views::replay::{Counts, counts};
use muara_schemas::{Clock, Moment};
use serde_json::{Value, json};

use crate::failure::{EXIT_FAILURES, Failure};
use crate::installation::signature;
use crate::output;

/// How often a replay is looked at while it goes on.
const LOOK: Duration = Duration::from_millis(500);
/// After so long without a step somebody should be asked whether a hub runs at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// Begins a replay and follows it to its end; fails when some of its entries stay open.
pub(super) async fn begin(
    db: &Db,
    filter: Filter,
    is_dry: bool,
    wait: bool,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let by = signature();
    let shown = serde_json::to_string(&filter).unwrap_or_else(|_| "{}".to_owned());
    let wish = Wish { filter: &filter.open(), shown, is_dry, by: &by };
    let mut tx = db.write().await?;
    let (number, count) = replays::begin(&mut tx, &Viewer::internal(), &wish, Clock::system().now()).await?;
    if count > MAX_ENTRIES {
        let cure = "ask for one stream or one cause: --stream, --code, --field";
        return Err(Failure::usage("E0731", format!("more than {MAX_ENTRIES} entries"), cure));
    }
    if count == 0 {
        if let Some(what) = unknown(&mut tx, &Viewer::internal(), &filter).await? {
            return Err(Failure::usage("E0720", what, "see `muara source list`: REGION/SYSTEM/STREAM"));
        }
        tell_nothing(&filter, is_dry, as_json);
        return Ok(ExitCode::SUCCESS);
    }
    tx.commit().await?;
    eprintln!(
        "replay {number} has {count} entries; it goes on without this command, `muara quarantine stop {number}` stops it"
    );
    let (replay, counts) = if wait { follow(db, number).await? } else { look(&mut db.read().await?, number).await? };
    if as_json {
        output::json(&document(&replay, &counts));
    } else {
        tell(&replay, &counts);
    }
    let failed = counts.broken_again + counts.refused > 0;
    Ok(if failed { ExitCode::from(EXIT_FAILURES) } else { ExitCode::SUCCESS })
}

/// Says that no replay was begun, for there is nothing to replay.
fn tell_nothing(filter: &Filter, is_dry: bool, as_json: bool) {
    if as_json {
        output::json(&json!({"id": null, "dry_run": is_dry, "filter": filter, "counts": Counts::default()}));
    } else {
        output::print("nothing is open for this filter that is not being replayed already; no replay was begun");
    }
}

/// Replays, the newest first.
pub(super) async fn list(db: &Db, limit: u32, as_json: bool) -> Result<(), Failure> {
    let mut tx = db.read().await?;
    let mut found = Vec::new();
    for replay in replays::page(&mut tx, None, i64::MAX, i64::from(limit)).await? {
        let counts = counts(replayed::counts(&mut tx, replay.replay).await?);
        found.push((replay, counts));
    }
    if as_json {
        let items: Vec<Value> = found.iter().map(|(replay, counts)| document(replay, counts)).collect();
        output::json(&json!({"items": items}));
        return Ok(());
    }
    let row = |(replay, counts): &(Replay, Counts)| {
        let kind = if replay.dry == 1 { "dry run" } else { "" };
        let numbers = [
            counts.asked,
            counts.applied + counts.valid,
            counts.unchanged,
            counts.broken_again,
            counts.superseded,
            counts.refused,
            counts.stopped,
            counts.remaining,
        ];
        let asked_at = Moment::from_micros(replay.asked_at).to_string();
        let mut row =
            vec![replay.replay.to_string(), replay.state.clone(), kind.to_owned(), asked_at, replay.asked_by.clone()];
        row.extend(numbers.map(|number| number.to_string()));
        row
    };
    let header = [
        "replay",
        "state",
        "",
        "asked at",
        "by",
        "asked",
        "applied",
        "unchanged",
        "broken again",
        "superseded",
        "refused",
        "stopped",
        "remaining",
    ];
    output::table(&header, found.iter().map(row).collect(), "nothing was replayed yet");
    Ok(())
}

/// Stops a replay.
pub(super) async fn stop(db: &Db, number: i64, as_json: bool) -> Result<(), Failure> {
    let mut tx = db.write().await?;
    look(&mut tx, number).await?;
    replays::stop(&mut tx, number, &signature()).await?;
    let (replay, counts) = look(&mut tx, number).await?;
    tx.commit().await?;
    if as_json {
        output::json(&document(&replay, &counts));
    } else {
        tell(&replay, &counts);
    }
    Ok(())
}

async fn look(tx: &mut Tx, number: i64) -> Result<(Replay, Counts), Failure> {
    let Some(replay) = replays::one(tx, number, None).await? else {
        let what = format!("there is no replay {number}");
        return Err(Failure::usage("E0730", what, "see `muara quarantine replays`"));
    };
    Ok((replay, counts(replayed::counts(tx, number).await?)))
}

/// Waits for the end, and says how far it has come whenever it goes on.
async fn follow(db: &Db, number: i64) -> Result<(Replay, Counts), Failure> {
    let (mut before, mut moved, mut has_asked) = (None, Instant::now(), false);
    loop {
        let (replay, counts) = look(&mut db.read().await?, number).await?;
        if replay.ended_at.is_some() {
            return Ok((replay, counts));
        }
        let now = (counts.remaining, counts.sent);
        if before.replace(now) != Some(now) {
            moved = Instant::now();
            eprintln!("{} of {} done", counts.asked - counts.remaining, counts.asked);
        } else if moved.elapsed() > PATIENCE && !has_asked {
            has_asked = true;
            eprintln!(
                "nothing has moved for a while; is a hub running, and the connector of the stream? It is not lost: the replay waits"
            );
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn document(replay: &Replay, counts: &Counts) -> Value {
    let moment = |at: i64| Moment::from_micros(at).to_string();
    let filter: Value = serde_json::from_str(&replay.filter).unwrap_or_default();
    json!({"id": replay.replay, "dry_run": replay.dry == 1, "filter": filter, "asked_by": replay.asked_by,
        "asked_at": moment(replay.asked_at), "state": replay.state, "stopped_by": replay.stopped_by,
        "ended_at": replay.ended_at.map(moment), "counts": counts})
}

fn tell(replay: &Replay, counts: &Counts) {
    let ends = [
        ("would be valid", counts.valid),
        ("applied", counts.applied),
        ("unchanged", counts.unchanged),
        ("broken again", counts.broken_again),
        ("superseded", counts.superseded),
        ("refused", counts.refused),
        ("stopped", counts.stopped),
        ("remaining", counts.remaining),
    ];
    let told: Vec<String> =
        ends.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")).collect();
    let told = if told.is_empty() { "nothing to replay".to_owned() } else { told.join(", ") };
    output::print(&format!("replay {}, {}: {} entries, {told}", replay.replay, replay.state, counts.asked));
    let row = |cause: &muara_hub::views::replay::Cause| {
        vec![
            cause.outcome.clone(),
            cause.code.clone(),
            cause.target.clone(),
            cause.source.clone(),
            cause.entries.to_string(),
        ]
    };
    if !counts.causes.is_empty() {
        let rows = counts.causes.iter().map(row).collect();
        output::table(&["outcome", "code", "target", "source", "entries"], rows, "");
    }
}
