//! One unit of work for up to 20 waiting pages: lock, read, decide, write. Commits nothing itself.

use std::collections::BTreeMap;

use muara_schemas::control::{Command, Order};
use muara_schemas::message::Message;
use muara_schemas::page::{End, RunId, RunKind};
use muara_schemas::stream::StreamName;
use muara_schemas::{Moment, RecordId, Secret, canonical::hex, fault, random};

use super::chain::{self, Chain, Verdict};
use super::checked::{Arrived, Checked};
use super::holding::Holding;
use crate::merge::{Batch, Incoming, Outcome};
use crate::store::runs::{Begun, Tally};
use crate::store::{Result, Tx, changes, commands, compared, findings, head, quarantine, records, runs, streams};

/// How long an order to a connector is worth carrying out.
const ORDER_SECS: i64 = 24 * 3600;

/// A run that ended and whose proof is now to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The stream.
    pub name: StreamName,
    /// The run.
    pub run: RunId,
    /// What it was.
    pub kind: RunKind,
    /// What it said at its end.
    pub end: End,
}

/// Takes messages in. Answers the runs whose proof is to be looked at after the commit.
pub async fn apply(tx: &mut Tx, arrived: &mut [Arrived], secret: &Secret, now: Moment) -> Result<Vec<Ended>> {
    let mut pages: BTreeMap<StreamName, Vec<&mut Checked>> = BTreeMap::new();
    for message in arrived {
        match message {
            Arrived::Page(checked) => pages.entry(checked.name.clone()).or_default().push(checked),
            Arrived::Word(word) => listen(tx, word, now).await?,
        }
    }
    let mut work = Work { batch: Batch::default(), ended: Vec::new(), now };
    for (name, pages) in pages {
        work.stream(tx, &name, pages, secret).await?;
    }
    work.write(tx).await?;
    fault::point("intake.written");
    Ok(work.ended)
}

/// Notes what a connector says of itself.
async fn listen(tx: &mut Tx, word: &Message, now: Moment) -> Result<()> {
    match word {
        Message::Announcement(announcement) => streams::announce(tx, announcement, now).await,
        Message::Heartbeat(beat) => streams::beat(tx, &beat.stream, beat.failure.as_deref(), now).await,
        Message::Answer(answer) => {
            tracing::info!(stream = %answer.stream, done = answer.done, "the connector answered order {}", answer.command);
            Ok(())
        }
        Message::Page(_) => Ok(()),
    }
}

struct Work {
    batch: Batch,
    ended: Vec<Ended>,
    now: Moment,
}

/// What one run's pages did in this unit of work.
#[derive(Default)]
struct Share {
    pages: Vec<u32>,
    tally: Tally,
}

impl Work {
    async fn stream(
        &mut self,
        tx: &mut Tx,
        name: &StreamName,
        pages: Vec<&mut Checked>,
        secret: &Secret,
    ) -> Result<()> {
        let record_type = pages.last().map_or("", |checked| checked.page.record_type.as_str()).to_owned();
        let mut stream = streams::lock(tx, name, &record_type).await?;
        fault::point("intake.locked");
        let mut asked: Vec<RunId> = pages.iter().map(|checked| checked.page.run).chain(stream.run).collect();
        asked.sort_unstable();
        asked.dedup();
        let known = runs::known(tx, &asked).await?;
        let mut chain = chain_of(tx, stream.run, &known).await?;
        let (admitted, again) = self.admit(tx, &mut chain, &mut stream, name, pages, &known).await?;
        for checked in again {
            // It was committed, but perhaps the proof after it was not.
            if let Some(end) = checked.page.end.clone().filter(|_| known.contains_key(&checked.page.run))
                && runs::wants_proof(tx, checked.page.run).await?
            {
                self.ended.push(Ended { name: name.clone(), run: checked.page.run, kind: checked.page.kind, end });
            }
        }
        if !admitted.is_empty() {
            streams::retype(tx, stream.number, &record_type).await?;
            self.take(tx, &mut chain, &mut stream, name, admitted, secret).await?;
        }
        streams::save(tx, &stream).await
    }

    /// Splits pages into those that are taken and those that were taken before; the rest changes nothing.
    async fn admit<'p>(
        &mut self,
        tx: &mut Tx,
        chain: &mut Chain,
        stream: &mut streams::Stream,
        name: &StreamName,
        pages: Vec<&'p mut Checked>,
        known: &BTreeMap<RunId, Begun>,
    ) -> Result<(Vec<&'p mut Checked>, Vec<&'p mut Checked>)> {
        let (mut admitted, mut again) = (Vec::new(), Vec::new());
        let mut begun: Vec<RunId> = Vec::new();
        for checked in pages {
            let page = &checked.page;
            let is_known = known.contains_key(&page.run) || begun.contains(&page.run);
            match chain.admit(page.run, page.prev, page.page, is_known) {
                Verdict::Begin => {
                    runs::begin(tx, stream.number, page, chain.current, self.now).await?;
                    begun.push(page.run);
                    stream.run = Some(page.run);
                    if page.kind == RunKind::Compare {
                        compared::clear(tx, stream.number).await?;
                    }
                    chain.take(page.run, page.page);
                    admitted.push(checked);
                }
                Verdict::Go => {
                    chain.take(page.run, page.page);
                    admitted.push(checked);
                }
                Verdict::Seen => again.push(checked),
                Verdict::Stale | Verdict::Stopped => {
                    tracing::debug!(stream = %name, run = %page.run, "a page of a run that is over changes nothing");
                }
                Verdict::Mismatch => {
                    if stream.refused_run != Some(page.run) {
                        stream.refused_run = Some(page.run);
                        order_reset(tx, stream, name, "its run does not follow the one that the hub has", self.now)
                            .await?;
                    }
                }
            }
        }
        Ok((admitted, again))
    }

    async fn take(
        &mut self,
        tx: &mut Tx,
        chain: &mut Chain,
        stream: &mut streams::Stream,
        name: &StreamName,
        mut admitted: Vec<&mut Checked>,
        secret: &Secret,
    ) -> Result<()> {
        let ids: Vec<RecordId> = admitted
            .iter()
            .flat_map(|checked| checked.records.iter().map(|valid| valid.id).chain(checked.gone_ids.iter().copied()))
            .collect();
        if !ids.is_empty() {
            self.batch.learn(records::known(tx, &ids).await?);
        }
        let mut holding = Holding::new(quarantine::open(tx, stream.number).await?);
        let mut shares: BTreeMap<RunId, Share> = BTreeMap::new();
        let mut last = None;
        for checked in &mut admitted {
            let run = checked.page.run;
            let share = shares.entry(run).or_default();
            share.pages.push(checked.page.page);
            share.tally.pages += 1;
            self.merge(stream.number, checked, share, &mut holding);
            if !checked.held_ids.is_empty() {
                share.tally.held += i64::try_from(records::hold(tx, &checked.held_ids, mark(run)).await?).unwrap_or(0);
                let detail = format!("{} records would be deleted; approve or mend the source", checked.held_ids.len());
                findings::open(tx, "deletes-held", &name.to_string(), Some(stream.number), &detail, self.now).await?;
            }
            let have: Vec<_> =
                checked.page.have.iter().map(|(key, hash)| (secret.id(name, key), key.clone(), *hash)).collect();
            compared::put(tx, stream.number, &have).await?;
            last = Some((run, checked.page.definition.clone()));
        }
        let Some((run, definition)) = last else { return Ok(()) };
        let (superseded, replaced, again, fresh) = holding.finish();
        quarantine::close(tx, &superseded, "superseded", self.now).await?;
        quarantine::close(tx, &replaced, "replaced", self.now).await?;
        quarantine::seen_again(tx, &again, run).await?;
        quarantine::put(tx, stream.number, run, &definition, fresh, self.now).await?;
        for (run, share) in &shares {
            runs::add(tx, *run, &share.pages, share.tally).await?;
        }
        for checked in admitted {
            if let Some(end) = checked.page.end.take() {
                self.end(tx, chain, stream, name, checked, end).await?;
            }
        }
        Ok(())
    }

    /// Merges one page; pure but for the counting.
    fn merge(&mut self, stream: i64, checked: &mut Checked, share: &mut Share, holding: &mut Holding) {
        let run = checked.page.run;
        let before = share.tally;
        for valid in std::mem::take(&mut checked.records) {
            holding.settle(&valid.key);
            let incoming = Incoming {
                id: valid.id,
                key: valid.key,
                stream,
                hash: valid.hash,
                body: valid.body,
                agency: valid.head.agency,
                fiscal_year: valid.head.fiscal_year.map(i64::from),
                business: valid.business,
                pointer: valid.pointer,
                run,
            };
            match self.batch.upsert(incoming) {
                Outcome::Applied => share.tally.applied += 1,
                Outcome::Unchanged => share.tally.unchanged += 1,
            }
        }
        for broken in std::mem::take(&mut checked.page.quarantined) {
            share.tally.quarantined += 1;
            holding.hold(broken);
        }
        for (id, key) in checked.gone_ids.iter().zip(&checked.page.gone) {
            holding.settle(key);
            if self.batch.delete(*id, key, stream, run) == Outcome::Applied {
                share.tally.deleted += 1;
            }
        }
        checked.tally = Tally {
            pages: 1,
            applied: share.tally.applied - before.applied,
            unchanged: share.tally.unchanged - before.unchanged,
            quarantined: share.tally.quarantined - before.quarantined,
            deleted: share.tally.deleted - before.deleted,
            held: 0,
        };
    }

    async fn end(
        &mut self,
        tx: &mut Tx,
        chain: &mut Chain,
        stream: &mut streams::Stream,
        name: &StreamName,
        checked: &Checked,
        end: End,
    ) -> Result<()> {
        let run = checked.page.run;
        if chain.current == Some(run) && chain.lacks_page(end.pages) {
            chain.stopped = true;
            runs::stop(tx, run, "broken", "a page is missing", self.now).await?;
            return order_reset(tx, stream, name, "a page of its run is missing", self.now).await;
        }
        let state = if end.complete { "complete" } else { "failed" };
        runs::end(tx, run, state, &end, self.now).await?;
        if checked.page.kind == RunKind::Full && end.complete {
            records::release_held(tx, stream.number, mark(run)).await?;
            quarantine::close_unkeyed(tx, stream.number, run, self.now).await?;
            if end.counts.held == 0 {
                findings::close(tx, "deletes-held", &name.to_string(), Some(stream.number), self.now).await?;
            }
        }
        let verdict = if end.complete { "ok" } else { "failed" };
        note_verdict(tx, stream, name, verdict, end.failure.as_deref(), self.now).await?;
        if end.complete && (end.proof.is_some() || checked.page.kind == RunKind::Compare) {
            self.ended.push(Ended { name: name.clone(), run, kind: checked.page.kind, end });
        }
        Ok(())
    }

    /// Takes places in the log, which makes other committers wait, and writes changes and rows.
    async fn write(&mut self, tx: &mut Tx) -> Result<()> {
        write(tx, std::mem::take(&mut self.batch), self.now).await
    }
}

/// The mark that a run leaves on records that it holds; never 0.
fn mark(run: RunId) -> i64 {
    let bytes = run.as_bytes();
    i64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])) + 1
}

/// Writes a batch: places, then changes, then rows.
pub async fn write(tx: &mut Tx, batch: Batch, now: Moment) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let count = batch.len();
    let head = head::advance(tx, count, now).await?;
    let first = head.seq - i64::try_from(count).unwrap_or(0) + 1;
    let (entries, rows) = batch.finish(first, head.at);
    changes::append(tx, first, head.at, entries).await?;
    records::put(tx, rows).await
}

async fn chain_of(tx: &mut Tx, current: Option<RunId>, known: &BTreeMap<RunId, Begun>) -> Result<Chain> {
    let Some(current) = current else { return Ok(Chain::default()) };
    let stopped = known.get(&current).is_some_and(|run| matches!(run.state.as_str(), "parked" | "broken"));
    Ok(Chain { current: Some(current), stopped, seen: runs::seen(tx, current).await? })
}

/// A run enters the log only when its verdict differs from the one before.
pub async fn note_verdict(
    tx: &mut Tx,
    stream: &mut streams::Stream,
    name: &StreamName,
    verdict: &str,
    failure: Option<&str>,
    now: Moment,
) -> Result<()> {
    let before = std::mem::replace(&mut stream.verdict, verdict.to_owned());
    let op = match (before.as_str(), verdict) {
        (before, now) if before == now => return Ok(()),
        ("none", "ok") => return Ok(()),
        (_, "failed") => "failed",
        (_, "unproved") => "proof-broken",
        ("unproved", _) => "proof-mended",
        _ => "recovered",
    };
    let body =
        serde_json::json!({"region": name.region, "system": name.system, "stream": name.stream, "failure": failure});
    changes::note(tx, "run", op, Some(stream.number), &body, now).await?;
    Ok(())
}

/// Stores an order to the connector of a stream.
pub async fn order(tx: &mut Tx, name: &StreamName, order: Order, now: Moment) -> Result<()> {
    let command =
        Command { id: hex(&random::bytes::<16>()), expires_at: now.plus_secs(ORDER_SECS), stream: name.clone(), order };
    commands::put(tx, &command).await
}

/// Tells a connector to start a stream anew, within bounds.
pub async fn order_reset(
    tx: &mut Tx,
    stream: &mut streams::Stream,
    name: &StreamName,
    reason: &str,
    now: Moment,
) -> Result<()> {
    let reset = chain::reset(stream.resets, stream.reset_at, now.micros());
    (stream.resets, stream.reset_at) = (reset.resets, Some(reset.since));
    if reset.finding {
        let detail = format!(
            "reset {} times within an hour, last because {reason}; is a second connector at work?",
            reset.resets
        );
        findings::open(tx, "resets", &name.to_string(), Some(stream.number), &detail, now).await?;
    }
    if reset.send {
        tracing::warn!(stream = %name, "the stream starts anew: {reason}");
        order(tx, name, Order::Reset { reason: reason.to_owned() }, now).await?;
    }
    Ok(())
}
