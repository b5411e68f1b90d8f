//! The life of one stream: runs on schedule and on order, one at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use muara_schemas::Moment;
use muara_schemas::control::{Foreseen, Replayable};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::compare::compare;
use super::context::Context;
use super::push::{Push, Sifted, Taken, Untaken};
use super::replay::{self, replay};
use super::report::{Failure, StreamReport};
use super::run::{self, Reading, Stop, run};
use super::seat::Seat;
use crate::state;

mod pushing;

/// How soon a failed run is tried again, when the schedule would not come to it sooner.
const AFTER_FAILURE: Duration = Duration::from_mins(5);
/// How often a paused stream looks whether its pause is over.
const PAUSE_LOOK: Duration = Duration::from_secs(30);

/// What a stream is told to do. Of an order that could not be obeyed `done` is dropped, and it comes again.
#[derive(Debug)]
pub(super) enum Order {
    /// Run now.
    Run { full: bool, done: oneshot::Sender<StreamReport> },
    /// Forget everything and read from the start.
    Reset { done: oneshot::Sender<()> },
    /// Start no runs before a moment.
    Pause { until: Option<Moment>, done: oneshot::Sender<()> },
    /// Send all keys and hashes.
    Compare { done: oneshot::Sender<Result<String, String>> },
    /// Forget the hashes of these keys and read whole.
    Reread { keys: Vec<String>, done: oneshot::Sender<Result<String, String>> },
    /// Map raw records anew.
    Replay { dry_run: bool, entries: Vec<Replayable>, done: oneshot::Sender<Result<Vec<Foreseen>, String>> },
    /// Take what a system hands over.
    Push { push: Box<Push>, done: oneshot::Sender<Result<Taken, Untaken>> },
}

/// What a stream shows of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Status {
    /// The last run, if there was one since the start.
    pub(super) report: Option<StreamReport>,
    /// Of a system that calls us: that it has not for longer than is expected.
    pub(super) silence: Option<String>,
    /// Orders and runs that were begun but are not over; orders still in the queue are not counted.
    pub(super) busy: bool,
}

/// What a stream is to work by; `None` when it is taken away. The newest counts.
pub(super) type Task = Option<Arc<Context>>;

/// The worker's ends of what others hold of a stream.
pub(super) struct Ends {
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) task: watch::Receiver<Task>,
    pub(super) status: watch::Sender<Status>,
}

/// What the workers of one system share.
#[derive(Clone)]
pub(super) struct Means {
    /// How many streams of this system, and of all, run at once.
    pub(super) turns: [Arc<Semaphore>; 2],
    pub(super) schedule: bool,
    pub(super) tracker: TaskTracker,
    pub(super) token: CancellationToken,
}

/// The life of one stream.
pub(super) struct Worker {
    context: Arc<Context>,
    ends: Ends,
    means: Means,
    waiting: VecDeque<Order>,
    /// When the next scheduled run is due; `None` when nothing runs by itself.
    due: Option<tokio::time::Instant>,
    /// When this worker began, and when the system called us since.
    begun: Moment,
    heard: Option<Moment>,
}

impl Worker {
    pub(super) fn new(context: Arc<Context>, ends: Ends, means: Means) -> Self {
        let begun = context.post.clock.now();
        let mut worker = Self { context, ends, means, waiting: VecDeque::new(), due: None, begun, heard: None };
        worker.settle_in();
        worker
    }

    /// Lives until the token is cancelled or the stream is taken away.
    pub(super) async fn live(mut self) {
        while self.renew() {
            let order = if let Some(order) = self.waiting.pop_front() {
                Some(order)
            } else {
                self.show(false);
                let due = self.due.unwrap_or_else(|| tokio::time::Instant::now() + Duration::from_hours(24));
                tokio::select! {
                    biased;
                    () = self.means.token.cancelled() => return,
                    changed = self.ends.task.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => return,
                    },
                    order = self.ends.orders.recv() => match order {
                        None => return,
                        some => some,
                    },
                    () = tokio::time::sleep_until(due) => None,
                }
            };
            self.show(true);
            match order {
                Some(order) => self.obey(order).await,
                None if self.due.is_some() => self.scheduled().await,
                None => {}
            }
            if self.means.token.is_cancelled() {
                return;
            }
        }
    }

    /// Takes over the newest definition, between two runs; false when the stream was taken away.
    fn renew(&mut self) -> bool {
        let Some(context) = self.ends.task.borrow_and_update().clone() else { return false };
        if !Arc::ptr_eq(&context, &self.context) {
            self.context = context;
            self.settle_in();
        }
        true
    }

    /// A definition that has just come begins as its schedule says.
    fn settle_in(&mut self) {
        if self.means.schedule && (self.context.stream.schedule.begins_at_once() || self.is_pushed()) {
            self.due = Some(tokio::time::Instant::now());
        } else {
            self.plan(false);
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Run { full, done } => {
                let report = if self.is_paused().await { self.paused() } else { self.read(full).await };
                // Whoever asked may have gone.
                drop(done.send(report));
            }
            Order::Reset { done } => self.reset(done).await,
            Order::Pause { until, done } => self.pause(until, done).await,
            Order::Compare { done } => {
                let _turn = self.turn().await;
                let outcome = compare(&self.context, &self.means.token).await;
                drop(done.send(outcome.map(|count| format!("{count} keys")).map_err(|failure| failure.to_string())));
            }
            Order::Reread { keys, done } => {
                let forgotten = self.context.state.reread(self.context.id, &keys).await;
                if !kept(&self.context, forgotten) {
                    return;
                }
                let outcome = if self.is_paused().await {
                    Ok("forgotten; the stream is paused".to_owned())
                } else {
                    match self.read_again().await.failure {
                        None => Ok("read again".to_owned()),
                        Some(failure) => Err(failure),
                    }
                };
                drop(done.send(outcome));
            }
            // A pause does not hold it: nothing is asked of the source.
            Order::Replay { dry_run, entries, done } => {
                let _turn = self.turn().await;
                match replay(&self.context, entries, dry_run, &self.means.token).await {
                    Ok(foreseen) => drop(done.send(Ok(foreseen))),
                    Err(failure) if failure.code == replay::NOT_YET => drop(done.send(Err(failure.to_string()))),
                    Err(failure) => {
                        tracing::warn!(stream = %self.context.name, "a replay was not carried out, it comes again: {failure}");
                    }
                }
            }
            Order::Push { push, done } => self.push(*push, done).await,
        }
    }

    async fn scheduled(&mut self) {
        if self.is_paused().await {
            self.due = Some(tokio::time::Instant::now() + self.context.stream.schedule.patience(PAUSE_LOOK));
            return;
        }
        if self.is_pushed() {
            self.fill_up_when_due().await;
            return self.notice_silence().await;
        }
        let full = self.full_is_due().await;
        self.read(full).await;
    }

    /// Reads the source; of a system that calls us there is nothing to read.
    async fn read(&mut self, full: bool) -> StreamReport {
        if self.is_pushed() {
            return StreamReport::awaited(&self.context.name);
        }
        self.run(Reading::Pull { full }).await.0
    }

    /// Everything once more: the whole source, or what a system has handed over lately.
    async fn read_again(&mut self) -> StreamReport {
        if self.is_pushed() { self.fill_up().await } else { self.read(true).await }
    }

    /// Runs; a read that a newer definition cuts off is done again with that one.
    async fn run(&mut self, reading: Reading) -> (StreamReport, Vec<Sifted>) {
        let again = if let Reading::Pull { full } = &reading { Some(*full) } else { None };
        let mut reading = reading;
        loop {
            let (report, sifted) = self.attempt(reading).await;
            let cut = report.failure.as_deref().is_some_and(|failure| failure.starts_with(run::CUT));
            let reset = matches!(self.waiting.front(), Some(Order::Reset { .. }));
            if let Some(full) = again
                && cut
                && !reset
                && self.renew()
                && !self.is_paused().await
            {
                reading = Reading::Pull { full };
                continue;
            }
            self.plan(report.failure.is_some());
            self.ends.status.send_modify(|status| status.report = Some(report.clone()));
            return (report, sifted);
        }
    }

    /// Runs once, and goes on listening meanwhile: a reset or pause does not wait, a newer definition no longer than to
    /// the edge of a page, anything else to the end. What a system hands over cannot be asked for again, so a push is
    /// taken to its end.
    async fn attempt(&mut self, reading: Reading) -> (StreamReport, Vec<Sifted>) {
        let is_pull = matches!(reading, Reading::Pull { .. });
        let stop = Stop { at_once: self.means.token.child_token(), at_edge: CancellationToken::new() };
        let context = self.context.clone();
        let means = self.means.clone();
        let running = async {
            match stop.at_edge.run_until_cancelled(Seat::take(&means.turns)).await {
                Some(seat) => run(&context, reading, (seat, &means.tracker), &stop).await,
                None => (StreamReport::failed(&context.name, run::cut(&context.name).to_string()), Vec::new()),
            }
        };
        tokio::pin!(running);
        let mut resets = Vec::new();
        let (report, sifted) = loop {
            tokio::select! {
                ended = &mut running => break ended,
                _ = self.ends.task.changed(), if is_pull && !stop.at_edge.is_cancelled() => stop.at_edge.cancel(),
                Some(order) = self.ends.orders.recv() => match order {
                    Order::Reset { done } => {
                        stop.at_once.cancel();
                        resets.push(done);
                    }
                    Order::Pause { until, done } => Self::keep_pause(&context, until, done).await,
                    order => self.waiting.push_back(order),
                },
            }
        };
        for done in resets {
            self.waiting.push_front(Order::Reset { done });
        }
        (report, sifted)
    }

    /// Forgets the stream, answers, and reads it whole at once.
    async fn reset(&mut self, done: oneshot::Sender<()>) {
        // The hub waits for a run that begins the chain anew, even when it has nothing but a failure to tell.
        self.context.keep_told(None);
        if !kept(&self.context, self.context.state.forget(self.context.id).await) {
            return;
        }
        let read = !self.is_paused().await;
        done.send(()).ok();
        if read {
            self.read_again().await;
        } else if self.means.schedule {
            self.due = Some(tokio::time::Instant::now());
        }
    }

    async fn pause(&mut self, until: Option<Moment>, done: oneshot::Sender<()>) {
        Self::keep_pause(&self.context, until, done).await;
        if self.means.schedule && until.is_none() {
            self.due = Some(tokio::time::Instant::now());
        }
    }

    async fn keep_pause(context: &Context, until: Option<Moment>, done: oneshot::Sender<()>) {
        if kept(context, context.state.pause(context.id, until).await) {
            done.send(()).ok();
        }
    }

    /// When the next scheduled run is due.
    fn plan(&mut self, failed: bool) {
        if !self.means.schedule {
            self.due = None;
            return;
        }
        if self.is_pushed() {
            // After a push nothing is due but a look at the time.
            let wait = if failed { AFTER_FAILURE } else { Duration::ZERO };
            self.due = Some(tokio::time::Instant::now() + wait);
            return;
        }
        let (schedule, zone) = (&self.context.stream.schedule, &self.context.access.system.timezone);
        let now = self.context.post.clock.now();
        let next = schedule.next(now, zone, u32::from_le_bytes(muara_schemas::random::bytes()));
        let mut wait = Duration::from_micros(u64::try_from(next.micros() - now.micros()).unwrap_or(0));
        if failed {
            wait = wait.min(schedule.patience(AFTER_FAILURE));
        }
        self.due = Some(tokio::time::Instant::now() + wait);
    }

    async fn full_is_due(&self) -> bool {
        let Some(every) = self.context.stream.full_read.every else { return false };
        let Ok(state) = self.context.state.stream(&self.context.name).await else { return false };
        let seconds = i64::try_from(every.as_secs()).unwrap_or(i64::MAX);
        state.full_at.is_none_or(|at| at.plus_secs(seconds) <= self.context.post.clock.now())
    }

    async fn is_paused(&self) -> bool {
        let state = self.context.state.stream(&self.context.name).await;
        let until = state.ok().and_then(|state| state.paused_until);
        until.is_some_and(|until| until > self.context.post.clock.now())
    }

    fn paused(&self) -> StreamReport {
        StreamReport::failed(&self.context.name, Failure::new("E0212", "the stream is paused").to_string())
    }

    async fn turn(&self) -> Seat {
        Seat::take(&self.means.turns).await
    }

    fn show(&self, busy: bool) {
        self.ends.status.send_if_modified(|status| std::mem::replace(&mut status.busy, busy) != busy);
    }
}

/// Whether the state file took what an order changes.
fn kept(context: &Context, outcome: Result<(), state::Error>) -> bool {
    let Err(error) = outcome else { return true };
    tracing::error!(stream = %context.name, "an order was not obeyed: {}", Failure::from(error));
    false
}
