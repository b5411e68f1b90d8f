//! One run of one stream: pull → skip → map → validate → publish → save.
//!
//! Three tasks with short queues between them: one pulls and hashes, this one looks up, sifts and publishes, one
//! waits for receipts and saves. Memory is bounded by the queues, not by the source.

use std::sync::Arc;

use muara_schemas::page::{Note, RunId, RunKind};
use muara_schemas::{Moment, Proof};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::closing::Reckoning;
use super::context::Context;
use super::cursor::{self, Greatest};
use super::drift::Watch;
use super::pages::{Pages, RunHead};
use super::pull::{Pulled, Puller};
use super::push::Sifted;
use super::report::{Failure, StreamReport, Told};
use super::saver::{self, Sent};
use super::seat::Seat;
use super::sift::{Batch, Probe, Sifter};
use super::split::Sets;
use crate::definition::Stream;
use crate::kind::Source;
use crate::kinds;
use crate::raw::{Part, Place};
use crate::state::{Advance, StreamState};

mod ending;
mod parts;
mod reading;
mod remarks;
mod sending;
mod sets;
mod stop;
mod told;

use parts::Parts;
use told::ToldBySource;

pub(super) use reading::{Handed, Reading};
pub(super) use stop::{CUT, Stop, cut};

/// How many records are looked up and sifted in one go.
const BATCH: usize = 2_000;
/// How many pages of the source may wait to be sifted.
const PULLED: usize = 2;

/// A run under way.
struct Run<'a> {
    context: &'a Arc<Context>,
    cancel: CancellationToken,
    edge: CancellationToken,
    kind: RunKind,
    id: RunId,
    state: StreamState,
    /// Taken while a batch is being sifted beside the runtime.
    sifter: Option<Box<Sifter>>,
    begun: bool,
    sent: Option<mpsc::Sender<Sent>>,
    saver: Option<JoinHandle<Option<Result<(), Failure>>>>,
    saved: watch::Receiver<u32>,
    parts: Parts,
    sets: Sets,
    told_by_source: ToldBySource,
    is_pushed: bool,
    proof: Option<Proof>,
    notes: Vec<Note>,
    /// What the hub was told before this run.
    told: Option<Told>,
}

/// Runs a stream once, on the places that it was given. Never fails: the report says what went wrong. Of a push it also
/// tells what became of each record.
pub(super) async fn run(
    context: &Arc<Context>,
    reading: Reading,
    (seat, tracker): (Seat, &TaskTracker),
    stop: &Stop,
) -> (StreamReport, Vec<Sifted>) {
    let mut report = StreamReport::failed(&context.name, String::new());
    let mut told = Vec::new();
    let ended = attempt(context, reading, (Arc::new(seat), tracker), stop, (&mut report, &mut told)).await;
    report.failure = ended.err().map(|failure| failure.to_string());
    // Whatever still runs for this run ends with it.
    context.tell(report.counts.read + report.counts.left_out, None, true);
    if let Some(failure) = &report.failure {
        if stop.at_edge.is_cancelled() {
            tracing::info!(stream = %report.name, "run ended early: {failure}");
        } else {
            tracing::warn!(stream = %report.name, "run failed: {failure}");
        }
    } else {
        tracing::debug!(stream = %report.name, counts = ?report.counts, "run ended");
    }
    (report, told)
}

async fn attempt(
    context: &Arc<Context>,
    reading: Reading,
    (seat, tracker): (Arc<Seat>, &TaskTracker),
    stop: &Stop,
    (report, told): (&mut StreamReport, &mut Vec<Sifted>),
) -> Result<(), Failure> {
    let state = context.state.stream(&context.name).await?;
    let stream = &context.stream;
    let from = begin(stream, &state);
    let new = state.definition != stream.digest;
    let is_full = match &reading {
        Reading::Pull { full } => *full || new || from.is_none(),
        // What was handed over before cannot be asked for again, whatever the state file or the definition says.
        Reading::Push(handed) => handed.whole,
    };
    let kind = if is_full { RunKind::Full } else { RunKind::Incremental };
    report.kind = kind;

    // Everything of this run hangs on this token: when the run is over, so are its tasks.
    let cancel = stop.at_once.child_token();
    let _over = cancel.clone().drop_guard();
    let (sent_in, sent) = mpsc::channel(context.tuning.window);
    let (saved_in, saved) = watch::channel(0);
    let (saving, token) = (saver::run(context.clone(), sent, saved_in), cancel.clone());
    let saver = tracker.spawn(async move { token.run_until_cancelled(saving).await });

    let id = RunId::new(muara_schemas::random::bytes());
    let head = RunHead {
        name: context.name.clone(),
        record_type: stream.target.clone(),
        definition: stream.digest.clone(),
        run: id,
        prev: state.run,
        kind,
    };
    let watch = Watch::new(context, context.state.learned(state.id).await?, kind);
    let sifter = Sifter::new(context, Pages::new(head), state.next_slot, watch);
    let is_pushed = matches!(reading, Reading::Push(_));
    let sifter = if is_pushed { sifter.telling() } else { sifter };
    let (source, gone) = match reading {
        Reading::Pull { .. } => (open(context).await, Vec::new()),
        Reading::Push(handed) => (Ok(kinds::handed(handed.records, &handed.list)), handed.gone),
    };
    let mut run = Run {
        context,
        cancel,
        edge: stop.at_edge.clone(),
        kind,
        id,
        state,
        sifter: Some(Box::new(sifter)),
        begun: false,
        sent: Some(sent_in),
        saver: Some(saver),
        saved,
        parts: Parts::default(),
        sets: Sets::new(stream),
        told_by_source: ToldBySource { gone: gone.into_iter().collect(), ..ToldBySource::default() },
        is_pushed,
        proof: None,
        notes: Vec::new(),
        told: context.told(),
    };
    let result = match source {
        Ok(source) => {
            let (pulled_in, mut pulled) = mpsc::channel(PULLED);
            let puller = Puller::new(context.clone(), seat.clone(), (source, kind), context.post.clock.now());
            let (from, token) = (from.filter(|_| kind == RunKind::Incremental), run.cancel.clone());
            tracker.spawn(async move { token.run_until_cancelled(puller.run(from, pulled_in)).await });
            run.go(&mut pulled).await
        }
        Err(failure) => run.fail(failure).await,
    };
    // Nothing of this run may be saved after it is over: the next thing may be that the stream is forgotten.
    run.cancel.cancel();
    if let Some(saver) = run.saver.take() {
        drop(saver.await);
    }
    report.run = run.begun.then_some(id);
    report.proof = run.proof;
    report.notes = std::mem::take(&mut run.notes);
    if let Some(sifter) = &mut run.sifter {
        report.counts = sifter.counts;
        *told = sifter.told();
    }
    result
}

/// Where an incremental read begins.
pub(super) fn begin(stream: &Stream, state: &StreamState) -> Option<String> {
    match &stream.cursor {
        Some(rule) => state.cursor.as_deref().map(|value| cursor::before(value, rule.lag)),
        None => state.cursor.clone().filter(|_| stream.keeps_state),
    }
}

async fn open(context: &Arc<Context>) -> Result<Box<dyn Source>, Failure> {
    let context = context.clone();
    let opening = tokio::task::spawn_blocking(move || context.kind.open(&context.stream, &context.access));
    let opened = opening.await.map_err(|error| Failure::new("E0211", format!("open the source: {error}")))?;
    opened.map_err(|error| Failure::new("E0204", error.0))
}

impl Run<'_> {
    async fn go(&mut self, pulled: &mut mpsc::Receiver<Pulled>) -> Result<(), Failure> {
        let read = self.read(pulled).await;
        let (result, snapshot, greatest) = match read {
            Ok(end) => end,
            Err(failure) if ["E0207", "E0214", "E0215", "E0280"].contains(&failure.code) => {
                // What changed in the source is most often why its records are broken.
                self.note_drift();
                return self.fail(failure).await;
            }
            Err(failure) => return Err(failure),
        };
        let result = match result {
            Ok(()) => self.sifter()?.tolerable_in_all(),
            failed => failed,
        };
        let broken = self.parts.failure();
        let result = match &broken {
            Some(broken) if result.is_ok() && !self.parts.is_any_read() => Err(broken.clone()),
            _ => result,
        };
        if result.is_ok() {
            if self.kind == RunKind::Full {
                self.sifter()?.read_whole();
            }
            self.note(&greatest);
        }
        match result {
            Ok(()) if self.kind == RunKind::Full => {
                self.complete(snapshot, greatest).await?;
                // The rest of the source is whole and proved; what is broken has to be told all the same.
                broken.map_or(Ok(()), Err)
            }
            Ok(()) => {
                let definition = self.is_pushed.then(|| self.context.stream.digest.clone());
                let cursor = self.told_by_source.state.take().or_else(|| self.newer(greatest));
                let advance = Advance { definition, cursor, ..Advance::default() };
                let mut outcome = self.missing_of_sets().await?;
                self.taken_back(&mut outcome).await?;
                self.finish(&outcome, None, advance, None).await
            }
            Err(failure) => {
                self.note_drift();
                self.fail(failure).await
            }
        }
    }

    /// Takes pages until the read is over.
    async fn read(
        &mut self,
        pulled: &mut mpsc::Receiver<Pulled>,
    ) -> Result<(Result<(), Failure>, bool, Greatest), Failure> {
        loop {
            let next = tokio::select! {
                biased;
                () = self.cancel.cancelled() => None,
                // What is being pulled was not sent yet, so nothing waits for the source here.
                () = self.edge.cancelled() => return Ok((Err(cut(&self.context.name)), false, Greatest::default())),
                next = pulled.recv() => next,
            };
            match next {
                None if self.cancel.is_cancelled() => return Err(self.stopped()),
                None => return Err(Failure::new("E0211", "the reading half of the run broke off")),
                Some(Pulled::End { result, all_snapshot, greatest }) => {
                    return Ok((result, all_snapshot, greatest));
                }
                Some(Pulled::Page { probes, place, first, sets, gone, checkpoint }) => {
                    self.sets.add(sets);
                    for probe in &probes {
                        self.told_by_source.gone.remove(&*probe.key);
                    }
                    self.page(probes, place, first).await?;
                    self.told_by_source.gone.extend(gone);
                    self.checkpoint(checkpoint).await?;
                }
            }
        }
    }

    /// One page of the source.
    async fn page(&mut self, mut probes: Vec<Probe>, place: Place, first: u64) -> Result<(), Failure> {
        let part = self.part_of(place.part().cloned()).await?;
        let mut place = Some((first, place));
        while !probes.is_empty() {
            let rest = if probes.len() > BATCH { probes.split_off(BATCH) } else { Vec::new() };
            // Read before looking up: what is saved from here on is looked up too, or still pending.
            let saved = *self.saved.borrow();
            let keys: Vec<_> = probes.iter().map(|probe| (&*probe.key, probe.hash)).collect();
            let known = self.context.state.look(self.state.id, part, &keys).await?;
            let batch = Batch { probes, known, place: place.take(), part };
            let mut sifter = self.sifter.take().ok_or_else(|| self.stopped())?;
            let now = self.now();
            let sifted = tokio::task::spawn_blocking(move || {
                let (items, result) = sifter.take(batch, saved, now);
                (sifter, items, result)
            });
            let (sifter, items, result) =
                sifted.await.map_err(|error| Failure::new("E0211", format!("map a page: {error}")))?;
            self.sifter = Some(sifter);
            muara_schemas::fault::point("page.mapped");
            for item in items {
                self.send(item).await?;
            }
            result?;
            probes = rest;
        }
        Ok(())
    }

    /// The number of the part that a page belongs to; 0 where the source is one piece.
    async fn part_of(&mut self, part: Option<Part>) -> Result<u32, Failure> {
        let Some(part) = part else { return Ok(0) };
        let number = match self.parts.known(&part.name) {
            Some(number) => number,
            None => self.context.state.part(self.state.id, &part.name).await?,
        };
        self.parts.meet(number, &part);
        Ok(number)
    }

    /// A complete full read: everything is confirmed, then all keys are gone over once.
    async fn complete(&mut self, snapshot: bool, greatest: Greatest) -> Result<(), Failure> {
        let now = self.now();
        if let Some(item) = self.sifter()?.rest(now) {
            self.send(item).await?;
        }
        self.confirmed().await?;
        if self.parts.are_there() {
            self.note_parts().await?;
        }
        let whole = self.parts.whole();
        let Some(sifter) = self.sifter.as_deref() else { return Err(self.stopped()) };
        let mut reckoning = Reckoning::new(&sifter.seen, &sifter.twice, &whole, snapshot, &self.sets, !sifter.keyless);
        reckoning.told(&self.told_by_source.gone);
        let mut after = Arc::<str>::from("");
        loop {
            let rows = self.context.state.scan(self.state.id, &after).await?;
            let Some(last) = rows.last() else { break };
            after = (*last.key).into();
            rows.into_iter().for_each(|row| reckoning.row(row));
        }
        let outcome = reckoning.end(self.context.stream.full_read.limits);
        let advance = Advance {
            definition: Some(self.context.stream.digest.clone()),
            cursor: self.told_by_source.state.take().or(greatest.value),
            full_at: Some(self.now()),
            learned: None,
        };
        self.proof = Some(outcome.proof);
        self.finish(&outcome, Some(outcome.proof), advance, None).await
    }

    fn sifter(&mut self) -> Result<&mut Sifter, Failure> {
        let stopped = self.stopped();
        self.sifter.as_deref_mut().ok_or(stopped)
    }

    fn now(&self) -> Moment {
        self.context.post.clock.now()
    }

    fn stopped(&self) -> Failure {
        Failure::new("E0209", format!("the run of {} was stopped", self.context.name))
    }
}
