//! One unit of work: lock, read, decide, write. Commits nothing itself.

use std::collections::BTreeMap;

use muara_schemas::message::Message;
use muara_schemas::page::{End, RunId, RunKind};
use muara_schemas::stream::StreamName;
use muara_schemas::{Moment, RecordId, Secret, fault};

use super::chain::{Chain, Verdict};
use super::checked::{Arrived, Checked};
use super::holding::Holding;
use super::replaying::Replaying;
use super::{answer, order, verdict};
use crate::merge::{Batch, Outcome};
use crate::store::runs::{Begun, Tally};
use crate::store::streams::Stream;
use crate::store::{Result, Tx, changes, compared, findings, head, quarantine, records, replayed, runs, streams};

/// For so long after a run was stopped its followers are refused without another order to start anew.
const ORDER_PATIENCE_MICROS: i64 = 5 * 60 * 1_000_000;

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

/// Takes messages in, of each stream the pages of one run ([`super::unit`]). Answers the runs whose proof is to be
/// looked at after the commit.
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
    // Places in the log make other committers wait, so they are taken when everything else is done.
    write(tx, work.batch, now).await?;
    fault::point("intake.written");
    Ok(work.ended)
}

/// Notes what a connector says of itself.
async fn listen(tx: &mut Tx, word: &Message, now: Moment) -> Result<()> {
    match word {
        Message::Announcement(announcement) => streams::announce(tx, announcement, now).await,
        Message::Heartbeat(beat) => streams::beat(tx, &beat.stream, beat.failure.as_deref(), now).await,
        Message::Answer(said) => answer::take(tx, said).await,
        Message::Page(_) => Ok(()),
    }
}

/// The run whose pages are taken.
struct Taken {
    number: i64,
    run: RunId,
    definition: String,
}

struct Work {
    batch: Batch,
    ended: Vec<Ended>,
    now: Moment,
}

impl Work {
    /// Takes in the pages of one run of a stream.
    async fn stream(
        &mut self,
        tx: &mut Tx,
        name: &StreamName,
        pages: Vec<&mut Checked>,
        secret: &Secret,
    ) -> Result<()> {
        let record_type = pages.first().map_or("", |checked| checked.page.record_type.as_str()).to_owned();
        let mut stream = streams::lock(tx, name, &record_type).await?;
        fault::point("intake.locked");
        if !streams::retype(tx, &stream, name, &record_type, self.now).await? {
            return Ok(());
        }
        let asked: Vec<RunId> = pages.iter().take(1).map(|checked| checked.page.run).chain(stream.run).collect();
        let known = runs::known(tx, &asked).await?;
        let mut chain = chain_of(tx, stream.run, &known).await?;
        let (admitted, again) = self.admit(tx, &mut chain, &mut stream, name, pages, &known).await?;
        for checked in again {
            // It was committed, but perhaps the proof after it was not.
            if let Some(end) = checked.page.end.clone()
                && runs::wants_proof(tx, checked.page.run).await?
            {
                self.ended.push(Ended { name: name.clone(), run: checked.page.run, kind: checked.page.kind, end });
            }
        }
        if !admitted.is_empty() {
            self.take(tx, &chain, &mut stream, name, admitted, secret).await?;
        }
        streams::save(tx, &stream).await
    }

    /// Splits pages into those that are taken and those that were taken before; the rest changes nothing.
    async fn admit<'p>(
        &mut self,
        tx: &mut Tx,
        chain: &mut Chain,
        stream: &mut Stream,
        name: &StreamName,
        pages: Vec<&'p mut Checked>,
        known: &BTreeMap<RunId, Begun>,
    ) -> Result<(Vec<&'p mut Checked>, Vec<&'p mut Checked>)> {
        let (mut admitted, mut again) = (Vec::new(), Vec::new());
        for checked in pages {
            let page = &checked.page;
            match chain.admit(page.run, page.prev, page.page, known.contains_key(&page.run)) {
                Verdict::Begin => {
                    runs::begin(tx, stream.number, page, chain.current, self.now).await?;
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
                    let was_refused = stream.refused_run.replace(page.run) == Some(page.run);
                    let is_told = page.prev == chain.current && was_just_stopped(chain, known, self.now);
                    if !was_refused && !is_told {
                        let reason = "its run does not follow the one that the hub has";
                        order::reset(tx, stream, name, reason, self.now).await?;
                    }
                }
            }
        }
        Ok((admitted, again))
    }

    async fn take(
        &mut self,
        tx: &mut Tx,
        chain: &Chain,
        stream: &mut Stream,
        name: &StreamName,
        mut admitted: Vec<&mut Checked>,
        secret: &Secret,
    ) -> Result<()> {
        let Some((run, definition)) = admitted.first().map(|first| (first.page.run, first.page.definition.clone()))
        else {
            return Ok(());
        };
        let ids: Vec<RecordId> = admitted
            .iter()
            .flat_map(|checked| checked.records.iter().map(|valid| valid.id).chain(checked.gone_ids.iter().copied()))
            .collect();
        if !ids.is_empty() {
            self.batch.learn(records::known(tx, &ids).await?);
        }
        let open = open_entries(tx, stream.number, &admitted).await?;
        let is_replay = admitted.first().is_some_and(|first| first.page.kind == RunKind::Replay);
        let taken = Taken { number: stream.number, run, definition };
        if is_replay {
            self.replay(tx, &taken, open, &mut admitted).await?;
        } else {
            self.read(tx, &taken, open, &mut admitted).await?;
        }
        let mut tally = Tally::default();
        for checked in &mut admitted {
            if !checked.held_ids.is_empty() {
                let held = records::hold(tx, &checked.held_ids, mark(run)).await?;
                checked.tally.held = i64::try_from(held).unwrap_or(i64::MAX);
            }
            tally = tally + checked.tally;
            let have: Vec<_> =
                checked.page.have.iter().map(|(key, hash)| (secret.id(name, key), key.clone(), *hash)).collect();
            compared::put(tx, stream.number, &have).await?;
        }
        records::release(tx, &self.batch.released()).await?;
        let numbers: Vec<u32> = admitted.iter().map(|checked| checked.page.page).collect();
        runs::add(tx, run, &numbers, tally).await?;
        for checked in admitted {
            if let Some(end) = checked.page.end.take() {
                self.end(tx, chain, stream, name, checked, end).await?;
            }
        }
        Ok(())
    }

    /// What a source was read to hold.
    async fn read(
        &mut self,
        tx: &mut Tx,
        of: &Taken,
        open: quarantine::Open,
        pages: &mut [&mut Checked],
    ) -> Result<()> {
        let mut holding = Holding::new(open);
        for checked in pages {
            self.merge(of.number, checked, &mut holding);
        }
        let decided = holding.finish();
        quarantine::close(tx, &decided.superseded, "superseded", self.now).await?;
        quarantine::close(tx, &decided.replaced, "replaced", self.now).await?;
        quarantine::seen_again(tx, &decided.discarded, of.run).await?;
        quarantine::broken_again(tx, of.run, &of.definition, decided.again).await?;
        quarantine::put(tx, of.number, of.run, &of.definition, decided.fresh, self.now).await
    }

    /// What came of raw records out of quarantine.
    async fn replay(
        &mut self,
        tx: &mut Tx,
        of: &Taken,
        open: quarantine::Open,
        pages: &mut [&mut Checked],
    ) -> Result<()> {
        let mended = pages.iter().flat_map(|checked| checked.records.iter().filter_map(|valid| valid.mends));
        let broken = pages.iter().flat_map(|checked| checked.page.quarantined.iter().filter_map(|broken| broken.entry));
        let named: Vec<i64> = mended.map(|mends| mends.entry).chain(broken).collect();
        let mut replaying = Replaying::new(quarantine::standing(tx, of.number, &named).await?, open);
        for checked in pages {
            replaying.merge(&mut self.batch, of.number, checked);
        }
        quarantine::close(tx, &replaying.mended, "replayed", self.now).await?;
        quarantine::broken_again(tx, of.run, &of.definition, replaying.again).await?;
        replayed::settle(tx, of.number, replaying.settled).await
    }

    /// Merges one page and counts what it did; pure.
    fn merge(&mut self, stream: i64, checked: &mut Checked, holding: &mut Holding) {
        let run = checked.page.run;
        let mut tally = Tally { pages: 1, ..Tally::default() };
        for valid in std::mem::take(&mut checked.records) {
            holding.settle(&valid.key);
            match self.batch.upsert(valid.incoming(stream, run)) {
                Outcome::Applied => tally.applied += 1,
                Outcome::Unchanged => tally.unchanged += 1,
            }
        }
        for broken in std::mem::take(&mut checked.page.quarantined) {
            tally.quarantined += 1;
            holding.hold(broken);
        }
        for (id, key) in checked.gone_ids.iter().zip(&checked.page.gone) {
            holding.settle(key);
            if self.batch.delete(*id, key, stream, run) == Outcome::Applied {
                tally.deleted += 1;
            }
        }
        checked.tally = tally;
    }

    async fn end(
        &mut self,
        tx: &mut Tx,
        chain: &Chain,
        stream: &mut Stream,
        name: &StreamName,
        checked: &Checked,
        end: End,
    ) -> Result<()> {
        let (run, number, is_full) = (checked.page.run, stream.number, checked.page.kind == RunKind::Full);
        if chain.lacks_page(end.pages) {
            runs::stop(tx, run, "broken", "a page is missing", self.now).await?;
            return order::reset(tx, stream, name, "a page of its run is missing", self.now).await;
        }
        let state = if end.complete { "complete" } else { "failed" };
        runs::end(tx, run, state, &end, self.now).await?;
        // It says nothing of how the source is.
        if checked.page.kind == RunKind::Replay {
            return Ok(());
        }
        if is_full && end.complete {
            records::release_held(tx, number, mark(run)).await?;
            quarantine::close_unkeyed(tx, number, run, self.now).await?;
            match records::held_count(tx, number).await? {
                0 => findings::close(tx, &[findings::HELD], name, number, self.now).await?,
                held => {
                    let detail = format!("{held} records are no longer in the source and would be deleted");
                    findings::open(tx, findings::HELD, name, number, &detail, self.now).await?;
                }
            }
        }
        let told =
            findings::Told { notes: &end.notes, failure: end.failure.as_deref(), is_whole: is_full && end.complete };
        findings::tell(tx, &told, name, number, self.now).await?;
        let verdict = if end.complete { "ok" } else { "failed" };
        if let Some(note) = verdict::pass(stream, name, verdict, end.failure.as_deref(), self.now) {
            tx.note(note);
        }
        if end.complete {
            streams::recovered(tx, number).await?;
        }
        if end.complete && end.proof.is_some() {
            self.ended.push(Ended { name: name.clone(), run, kind: checked.page.kind, end });
        }
        Ok(())
    }
}

/// The open quarantine entries that these pages may touch.
async fn open_entries(tx: &mut Tx, stream: i64, pages: &[&mut Checked]) -> Result<quarantine::Open> {
    let (mut keys, mut raws) = (Vec::new(), Vec::new());
    for checked in pages {
        keys.extend(checked.records.iter().map(|valid| valid.key.as_str()));
        keys.extend(checked.page.gone.iter().map(String::as_str));
        keys.extend(checked.page.quarantined.iter().filter_map(|entry| entry.key.as_deref()));
        raws.extend(checked.page.quarantined.iter().map(|entry| entry.raw_hash));
    }
    quarantine::open(tx, stream, &keys, &raws).await
}

/// The mark that a run leaves on records that it holds; never 0, and never [`records::HELD_BY_REPAIR`].
fn mark(run: RunId) -> i64 {
    let bytes = run.as_bytes();
    i64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])) + records::HELD_BY_REPAIR + 1
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
    records::put(tx, rows, first).await
}

/// Whether the current run was stopped so lately that the order to start anew may still be on its way.
fn was_just_stopped(chain: &Chain, known: &BTreeMap<RunId, Begun>, now: Moment) -> bool {
    let stopped_at = chain.current.filter(|_| chain.stopped).and_then(|run| known.get(&run)?.ended_at);
    stopped_at.is_some_and(|at| now.micros() - at < ORDER_PATIENCE_MICROS)
}

async fn chain_of(tx: &mut Tx, current: Option<RunId>, known: &BTreeMap<RunId, Begun>) -> Result<Chain> {
    let Some(current) = current else { return Ok(Chain::default()) };
    let stopped = known.get(&current).is_some_and(|run| matches!(run.state.as_str(), "parked" | "broken"));
    Ok(Chain { current: Some(current), stopped, seen: runs::seen(tx, current).await? })
}
