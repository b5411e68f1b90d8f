//! Commands of the hub to one system, and the answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muara_schemas::StreamName;
use muara_schemas::bus::{Consumer, Delivery};
use muara_schemas::control::{self, Answer, Command, Foreseen};
use muara_schemas::message::Message;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::context::Post;
use super::report::{AWAITED, StreamReport};
use super::system::Roster;
use super::worker::Order;

/// How many command ids are remembered, so that one that comes again is not obeyed again.
const REMEMBERED: usize = 256;

/// How long an order that could not be obeyed is kept from the bus, which may bring it again at once.
const AGAIN: Duration = Duration::from_secs(10);

/// What an answer tells of an order that was obeyed.
#[derive(Debug, Default)]
struct Told {
    detail: Option<String>,
    foreseen: Vec<Foreseen>,
}

/// Serves the commands of one system.
pub(super) struct Control {
    /// Which streams there are now.
    pub(super) roster: watch::Receiver<Roster>,
    pub(super) desk: Desk,
}

/// What every order needs until it is settled.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) post: Post,
    pub(super) tracker: TaskTracker,
    pub(super) token: CancellationToken,
    /// Ids of orders that were obeyed or are under way.
    pub(super) obeyed: Arc<Mutex<VecDeque<String>>>,
}

/// An order with its delivery, which is acknowledged when the order is obeyed or refused for good, and not before.
struct Charge {
    desk: Desk,
    id: String,
    stream: StreamName,
    delivery: Delivery,
}

impl Control {
    /// Serves until the token is cancelled or the bus is shut down.
    pub(super) async fn serve(self, mut commands: Consumer) {
        let token = self.desk.token.clone();
        while let Some(Some(delivery)) = token.run_until_cancelled(commands.next()).await {
            self.take(delivery).await;
        }
    }

    async fn take(&self, delivery: Delivery) {
        match serde_json::from_slice::<Command>(&delivery.body) {
            Err(error) => {
                tracing::warn!("E0213: a command that is none was dropped: {error}");
                delivery.ack().await;
            }
            Ok(command) if self.desk.knows(&command.id) => delivery.ack().await,
            Ok(command) => self.obey(command, delivery).await,
        }
    }

    async fn obey(&self, command: Command, delivery: Delivery) {
        let Command { id, stream, order, expires_at } = command;
        let (verb, keys) = said(&order);
        tracing::info!(%stream, order = verb, keys, "command");
        self.desk.remember(&id);
        let charge = Charge { desk: self.desk.clone(), id, stream, delivery };
        if expires_at <= charge.desk.post.clock.now() {
            return charge.settle(Err("it has expired".to_owned())).await;
        }
        let worker = self.roster.borrow().orders(&charge.stream);
        let Some(worker) = worker else {
            return charge.settle(Err("E0253: this connector has no such stream".to_owned())).await;
        };
        // When a worker is gone, so is its end of `done`, and the order counts as not obeyed.
        match order {
            control::Order::Reset { .. } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Reset { done }).await);
                charge.wait(outcome, |()| Ok(Told::default())).await;
            }
            control::Order::Pause { until } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Pause { until, done }).await);
                charge.wait(outcome, |()| Ok(Told::default())).await;
            }
            // These take long: other commands are served meanwhile.
            control::Order::Run { full } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Run { full, done }).await);
                let told = |report: StreamReport| {
                    if let Some(failure) = report.failure {
                        return Err(failure);
                    }
                    // Of a run that reads nothing its remark says why.
                    let why = report.notes.iter().find(|note| note.code == AWAITED);
                    Ok(Told::of(why.map_or_else(
                        || format!("{} records read", report.counts.read),
                        |note| format!("{}: {}", note.code, note.detail),
                    )))
                };
                self.desk.tracker.spawn(charge.wait(outcome, told));
            }
            control::Order::Compare { .. } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Compare { done }).await);
                self.desk.tracker.spawn(charge.wait(outcome, |outcome: Result<_, _>| outcome.map(Told::of)));
            }
            control::Order::Reread { keys } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Reread { keys, done }).await);
                self.desk.tracker.spawn(charge.wait(outcome, |outcome: Result<_, _>| outcome.map(Told::of)));
            }
            control::Order::Replay { dry_run, entries } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Replay { dry_run, entries, done }).await);
                let told = |outcome: Result<_, _>| outcome.map(|foreseen| Told { detail: None, foreseen });
                self.desk.tracker.spawn(charge.wait(outcome, told));
            }
        }
    }
}

impl Told {
    fn of(detail: String) -> Self {
        Self { detail: Some(detail), ..Self::default() }
    }
}

impl Charge {
    /// Waits for what comes of the order. What nobody obeyed goes back to the bus, for this process or the next.
    async fn wait<T>(self, outcome: oneshot::Receiver<T>, told: impl FnOnce(T) -> Result<Told, String>) {
        let token = self.desk.token.clone();
        match token.run_until_cancelled(outcome).await {
            Some(Ok(outcome)) => self.settle(told(outcome)).await,
            None | Some(Err(_)) => self.give_back(),
        }
    }

    /// Answers, and takes the order off the bus.
    async fn settle(self, outcome: Result<Told, String>) {
        let done = outcome.is_ok();
        let Told { detail, foreseen } = outcome.unwrap_or_else(Told::of);
        let answer = Answer { command: self.id, stream: self.stream, done, detail, foreseen };
        let id = format!("answer-{}", answer.command);
        let message = Message::Answer(answer);
        // The receipt is not waited for: an answer that is lost costs nothing.
        if let Some(Err(failure)) = self.desk.token.run_until_cancelled(self.desk.post.send(id, &message)).await {
            tracing::debug!("an answer was not sent: {failure}");
        }
        self.delivery.ack().await;
    }

    fn give_back(self) {
        let Self { desk, id, delivery, .. } = self;
        let tracker = desk.tracker.clone();
        tracker.spawn(async move {
            desk.token.run_until_cancelled(tokio::time::sleep(AGAIN)).await;
            desk.forget(&id);
            delivery.requeue().await;
        });
    }
}

impl Desk {
    fn knows(&self, id: &str) -> bool {
        self.ids().iter().any(|known| known == id)
    }

    fn remember(&self, id: &str) {
        let mut ids = self.ids();
        ids.push_back(id.to_owned());
        if ids.len() > REMEMBERED {
            ids.pop_front();
        }
    }

    fn forget(&self, id: &str) {
        self.ids().retain(|known| known != id);
    }

    fn ids(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.obeyed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the log says of an order: its verb and how many keys it names, never the keys, for they may be a person's.
const fn said(order: &control::Order) -> (&'static str, usize) {
    match order {
        control::Order::Reset { .. } => ("reset", 0),
        control::Order::Run { .. } => ("run", 0),
        control::Order::Pause { .. } => ("pause", 0),
        control::Order::Compare { .. } => ("compare", 0),
        control::Order::Reread { keys } => ("reread", keys.len()),
        control::Order::Replay { entries, .. } => ("replay", entries.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_counts_keys_and_names_none() {
        let keys = vec!["190001012001011001".to_owned(), "b".to_owned()];
        assert_eq!(said(&control::Order::Reread { keys }), ("reread", 2));
        assert_eq!(said(&control::Order::Reset { reason: "a page is missing".to_owned() }), ("reset", 0));
    }
}
