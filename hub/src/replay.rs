//! Replays at work: raw records go back to the connector that owns them, an order at a time for each stream.
//!
//! What comes of them comes in through intake, which notes it with the entry in one unit of work. So an order that is
//! lost is sent again, one that is carried out twice changes nothing the second time, and every entry is counted once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use muara_schemas::canonical::hex;
use muara_schemas::control::{Command, Order, Replayable};
use muara_schemas::page::{MAX_PAGE_BYTES, MAX_RECORDS, RawForm, Reason};
use muara_schemas::{Clock, ContentHash, Moment, StreamName, random};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::store::replayed::{Left, Settled, Waiting};
use crate::store::replays::{Lease, Replay};
use crate::store::{Db, Result, Tx, commands, replayed, replays};

/// A replay whose process does not say anything for this long may be taken over by another.
const LEASE_SECS: i64 = 15;
/// How often a lease is renewed while nothing else is to be done.
const RENEW: Duration = Duration::from_secs(5);
/// How often replays are looked at when nobody says that there is news.
const POLL: Duration = Duration::from_millis(500);
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long an order to a connector is worth carrying out; it may have to wait for a read to end.
const ORDER_SECS: i64 = 300;
/// A connector that gave no sign of life for so long does not answer.
const SILENT_SECS: i64 = 300;

/// The process's part in all replays.
pub struct Replayer {
    db: Db,
    clock: Clock,
    owner: String,
    /// When each lease was renewed last.
    renewed: HashMap<i64, Instant>,
}

/// Works on replays until shutdown.
pub fn spawn(db: Db, clock: Clock, news: Arc<Notify>, tasks: &TaskTracker, token: &CancellationToken) {
    let token = token.clone();
    tasks.spawn(async move {
        let mut replayer = Replayer::new(db, clock);
        loop {
            let told = news.notified();
            let pause = match replayer.advance().await {
                Ok(true) => {
                    // The sender of orders need not find out by itself.
                    news.notify_waiters();
                    continue;
                }
                Ok(false) => POLL,
                Err(error) => {
                    tracing::warn!("replays wait and are tried again: {error}");
                    PAUSE_AFTER_FAILURE
                }
            };
            tokio::select! {
                () = token.cancelled() => break,
                () = told => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Ok(mut tx) = replayer.db.write().await
            && replays::release(&mut tx, &replayer.owner).await.is_ok()
        {
            drop(tx.commit().await);
        }
    });
}

impl Replayer {
    /// For one process, or for one test of what several do.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, owner: hex(&random::bytes::<8>()), renewed: HashMap::new() }
    }

    /// Takes each running replay a step further; whether there may be more to do at once.
    pub async fn advance(&mut self) -> Result<bool> {
        let mut tx = self.db.read().await?;
        let running = replays::running(&mut tx).await?;
        let mut due = Vec::new();
        for replay in running {
            let left = replayed::left(&mut tx, replay.replay).await?;
            let is_ours = self.renewed.get(&replay.replay).is_some_and(|at| at.elapsed() < RENEW);
            if !is_ours || left.is_empty() || left.iter().any(|left| is_due(left, self.clock.now())) {
                due.push(replay);
            }
        }
        drop(tx);
        let mut more = false;
        for replay in due {
            more |= self.step(&replay).await?;
        }
        Ok(more)
    }

    async fn step(&mut self, replay: &Replay) -> Result<bool> {
        let (number, now) = (replay.replay, self.clock.now());
        let mut tx = self.db.write().await?;
        match replays::lease(&mut tx, number, &self.owner, LEASE_SECS).await? {
            Lease::Others => {
                self.renewed.remove(&number);
                return Ok(false);
            }
            Lease::Kept => {}
            // A bus within the process before has forgotten its orders; a broker brings them, which does no harm.
            Lease::Taken => replayed::unsend(&mut tx, number, None).await?,
        }
        let left = replayed::left(&mut tx, number).await?;
        let mut more = false;
        if left.is_empty() {
            replays::end(&mut tx, number, now).await?;
        }
        for left in left.iter().filter(|left| is_due(left, now)) {
            more |= stream(&mut tx, replay, left, now).await?;
        }
        tx.commit().await?;
        self.renewed.insert(number, Instant::now());
        Ok(more)
    }
}

/// Whether an order to the stream may go out: none is under way, or the one that was is void.
fn is_due(left: &Left, now: Moment) -> bool {
    left.under_way == 0 || left.expires_at.is_none_or(|until| until <= now.micros())
}

/// Sends the next order of one stream.
async fn stream(tx: &mut Tx, replay: &Replay, left: &Left, now: Moment) -> Result<bool> {
    if left.under_way > 0 {
        let is_silent = left.heard_at.is_none_or(|at| now.micros() - at > SILENT_SECS * 1_000_000);
        let name = format!("{}/{}/{}", left.region, left.system, left.name);
        if is_silent || replay.state == "stopping" {
            tracing::warn!(stream = %name, replay = replay.replay, "E0623: its connector does not answer a replay");
            let (outcome, code) = if is_silent { ("refused", "E0623") } else { ("stopped", "") };
            replayed::settle_stream(tx, replay.replay, left.stream, outcome, code).await?;
            return Ok(true);
        }
        // It is at work on something long.
        replayed::unsend(tx, replay.replay, Some(left.stream)).await?;
    }
    let limit = i64::try_from(MAX_RECORDS).unwrap_or(i64::MAX);
    let waiting = replayed::waiting(tx, replay.replay, left.stream, limit).await?;
    let (settled, batch) = choose(waiting);
    let is_settled = !settled.is_empty();
    if replay.dry == 1 {
        replayed::settle_of(tx, replay.replay, settled).await?;
    } else {
        replayed::settle(tx, left.stream, settled).await?;
    }
    if batch.is_empty() {
        return Ok(is_settled);
    }
    let entries = replayed::raws(tx, &batch).await?.into_iter().filter_map(replayable).collect();
    let command = Command {
        id: hex(&random::bytes::<16>()),
        expires_at: now.plus_secs(ORDER_SECS),
        stream: StreamName::new(&left.region, &left.system, &left.name),
        order: Order::Replay { dry_run: replay.dry == 1, entries },
    };
    commands::put(tx, &command).await?;
    replayed::sent(tx, replay.replay, &batch, &command.id, [now, command.expires_at]).await?;
    Ok(true)
}

/// What becomes of entries without asking anybody, and which go into the next order: pure.
fn choose(waiting: Vec<Waiting>) -> (Vec<Settled>, Vec<i64>) {
    let (mut settled, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    for entry in waiting {
        let number = entry.entry;
        if entry.state != "open" || entry.asked != entry.raw_hash {
            settled.push(Settled { entry: number, outcome: "superseded", reason: None });
        } else if let Some(reason) = refusal(&entry) {
            settled.push(Settled { entry: number, outcome: "refused", reason: Some(reason) });
        } else {
            bytes += usize::try_from(entry.bytes).unwrap_or(usize::MAX);
            if !batch.is_empty() && bytes > MAX_PAGE_BYTES {
                break;
            }
            batch.push(number);
        }
    }
    (settled, batch)
}

/// Why no mapping mends an entry.
fn refusal(entry: &Waiting) -> Option<Reason> {
    let (code, message) = match entry.code.as_str() {
        "E0322" => ("E0322", "two records of one read have its key; no mapping tells which one stands"),
        "E0325" => {
            ("E0325", "its raw record is that of a parent, and its own records are made when that is read again")
        }
        code if code.starts_with("E05") => ("E0622", "the hub refused what its connector took for valid"),
        _ if entry.code == "E0324" || entry.form == "faulty-row" => {
            ("E0324", "a cell of it holds an error of the source, which its text cannot tell from a value")
        }
        _ => return None,
    };
    let (code, message) = (code.to_owned(), message.to_owned());
    Some(Reason { code, target: String::new(), source: None, message })
}

fn replayable(row: replayed::Raw) -> Option<Replayable> {
    let form = if row.form == "row" { RawForm::Row } else { RawForm::Json };
    let (raw_hash, raw) = (ContentHash::from_bytes(&row.raw_hash)?, String::from_utf8(row.raw).ok()?);
    Some(Replayable { entry: row.entry, key: row.key, pointer: row.pointer, raw_hash, raw, form })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(entry: i64, bytes: i64) -> Waiting {
        let hash = Some(ContentHash::of(b"raw"));
        let (state, form, code) = ("open".to_owned(), "row".to_owned(), "E0304".to_owned());
        Waiting { entry, asked: hash, raw_hash: hash, state, form, code, bytes }
    }

    #[test]
    fn an_order_is_bound_in_bytes_and_never_empty() {
        let most = i64::try_from(MAX_PAGE_BYTES).unwrap();
        assert_eq!(choose(vec![waiting(1, most), waiting(2, 1)]).1, [1]);
        assert_eq!(choose(vec![waiting(1, most + 1), waiting(2, 1)]).1, [1], "a single larger one travels alone");
        assert_eq!(choose(vec![waiting(1, most - 1), waiting(2, 1), waiting(3, 1)]).1, [1, 2]);
    }

    #[test]
    fn what_no_mapping_mends_is_not_sent() {
        let closed = Waiting { state: "superseded".into(), ..waiting(1, 1) };
        let other = Waiting { raw_hash: Some(ContentHash::of(b"newer")), ..waiting(2, 1) };
        let faulty = Waiting { form: "faulty-row".into(), ..waiting(3, 1) };
        let by_hub = Waiting { code: "E0502".into(), ..waiting(4, 1) };
        let double = Waiting { code: "E0322".into(), ..waiting(5, 1) };

        let (settled, batch) = choose(vec![closed, other, faulty, by_hub, double, waiting(6, 1)]);

        let told: Vec<_> = settled.iter().map(|one| (one.outcome, one.reason.as_ref().map(|why| &*why.code))).collect();
        let refused = |code| ("refused", Some(code));
        let expected =
            [("superseded", None), ("superseded", None), refused("E0324"), refused("E0622"), refused("E0322")];
        assert_eq!((told.as_slice(), batch), (expected.as_slice(), vec![6]));
    }
}
