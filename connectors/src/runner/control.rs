//! Commands of the hub to one system, and the answers.

use std::collections::{HashMap, VecDeque};

use muara_schemas::bus::{Consumer, Delivery};
use muara_schemas::control::{self, Answer, Command};
use muara_schemas::message::Message;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::context::Post;
use super::worker::Order;

/// How many command ids are remembered, so that one that comes again is not obeyed again.
const REMEMBERED: usize = 256;

/// Serves the commands of one system.
pub(super) struct Control {
    pub(super) post: Post,
    /// By the stream's name.
    pub(super) workers: HashMap<String, mpsc::Sender<Order>>,
    pub(super) tracker: TaskTracker,
    pub(super) token: CancellationToken,
    pub(super) obeyed: VecDeque<String>,
}

impl Control {
    /// Serves until the token is cancelled or the bus is shut down.
    pub(super) async fn serve(mut self, mut commands: Consumer) {
        let token = self.token.clone();
        while let Some(Some(delivery)) = token.run_until_cancelled(commands.next()).await {
            self.take(delivery).await;
        }
    }

    /// A command is acknowledged once it is obeyed as far as it has to outlive this process.
    async fn take(&mut self, delivery: Delivery) {
        match serde_json::from_slice::<Command>(&delivery.body) {
            Err(error) => tracing::warn!("E0213: a command that is none was dropped: {error}"),
            Ok(command) if self.obeyed.contains(&command.id) => {}
            Ok(command) => {
                self.obeyed.push_back(command.id.clone());
                if self.obeyed.len() > REMEMBERED {
                    self.obeyed.pop_front();
                }
                self.obey(command).await;
            }
        }
        delivery.ack().await;
    }

    async fn obey(&self, command: Command) {
        tracing::info!(stream = %command.stream, order = ?command.order, "command");
        if command.expires_at <= self.post.clock.now() {
            return self.refuse(command, "it has expired").await;
        }
        let Some(worker) = self.workers.get(&command.stream.stream) else {
            return self.refuse(command, "this connector has no such stream").await;
        };
        let Command { id, stream, order, .. } = command;
        let answer = move |outcome: Result<Option<String>, String>| match outcome {
            Ok(detail) => Answer { command: id, stream, done: true, detail },
            Err(why) => Answer { command: id, stream, done: false, detail: Some(why) },
        };
        match order {
            control::Order::Reset { .. } => {
                let (done, outcome) = oneshot::channel();
                // When the worker is gone, so is its end of `done`, and the answer says so.
                drop(worker.send(Order::Reset { done }).await);
                let outcome = self.token.run_until_cancelled(outcome).await;
                self.answer(answer(flat(outcome).map(|()| None))).await;
            }
            control::Order::Pause { until } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Pause { until, done }).await);
                let outcome = self.token.run_until_cancelled(outcome).await;
                self.answer(answer(flat(outcome).map(|()| None))).await;
            }
            control::Order::Run { full } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Run { full, done }).await);
                self.later(async move {
                    let outcome = outcome.await.map_err(|_| gone()).and_then(|report| match report.failure {
                        Some(failure) => Err(failure),
                        None => Ok(Some(format!("{} records read", report.counts.read))),
                    });
                    answer(outcome)
                });
            }
            control::Order::Compare { .. } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Compare { done }).await);
                self.later(async move { answer(outcome.await.unwrap_or_else(|_| Err(gone())).map(Some)) });
            }
            control::Order::Reread { keys } => {
                let (done, outcome) = oneshot::channel();
                drop(worker.send(Order::Reread { keys, done }).await);
                self.later(async move { answer(outcome.await.unwrap_or_else(|_| Err(gone())).map(Some)) });
            }
        }
    }

    /// Answers when the work is done, and serves other commands meanwhile.
    fn later(&self, work: impl Future<Output = Answer> + Send + 'static) {
        let (post, token) = (self.post.clone(), self.token.clone());
        self.tracker.spawn(async move {
            if let Some(answer) = token.run_until_cancelled(work).await {
                send(&post, &token, answer).await;
            }
        });
    }

    async fn refuse(&self, command: Command, why: &str) {
        let Command { id, stream, .. } = command;
        self.answer(Answer { command: id, stream, done: false, detail: Some(why.to_owned()) }).await;
    }

    async fn answer(&self, answer: Answer) {
        send(&self.post, &self.token, answer).await;
    }
}

async fn send(post: &Post, token: &CancellationToken, answer: Answer) {
    let id = format!("answer-{}", answer.command);
    let message = Message::Answer(answer);
    // The receipt is not waited for: an answer that is lost costs nothing.
    if let Some(Err(failure)) = token.run_until_cancelled(post.send(id, &message)).await {
        tracing::debug!("an answer was not sent: {failure}");
    }
}

fn flat<T>(outcome: Option<Result<Result<T, String>, oneshot::error::RecvError>>) -> Result<T, String> {
    outcome.and_then(Result::ok).unwrap_or_else(|| Err(gone()))
}

fn gone() -> String {
    "the connector is shutting down".to_owned()
}
