//! A running connector: its streams, their commands and their signs of life.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muara_schemas::stream::StreamName;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::fleet::{Difference, Ground, News, Systems};
use super::prepared::prepare;
use super::push::Door;
use super::report::{Failure, StreamReport};
use super::settings::Options;
use super::worker::Order;
use crate::definition::Definition;
use crate::state::{self, State};

/// Starts connectors.
pub struct Connector;

/// A connector that runs until its token is cancelled.
pub struct Handle {
    ground: Ground,
    systems: Mutex<Systems>,
    /// Where systems come in that call us.
    doors: watch::Sender<Vec<Door>>,
}

/// Why a connector cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] state::Error),
    /// A definition names a kind or a record type that this version does not know, or does not compile.
    #[error("start stream {name}: {why}")]
    Definition {
        /// The stream.
        name: StreamName,
        /// What is wrong.
        why: String,
    },
    /// Two definitions describe the same system, and each would take the other's commands.
    #[error("start system {region}/{system}: two definitions describe it")]
    Twice {
        /// The region.
        region: String,
        /// The system.
        system: String,
    },
}

impl Connector {
    /// Starts all streams of some definitions. They run until the token is cancelled; then call [`Handle::stop`].
    ///
    /// # Errors
    /// When the state file or a definition cannot be used; then nothing was started.
    pub async fn spawn(
        definitions: &[Definition],
        options: Options,
        token: CancellationToken,
    ) -> Result<Handle, StartError> {
        let state = State::open(&options.state).await?;
        let all = Arc::new(Semaphore::new(options.tuning.runs_at_once.max(1)));
        let tracker = TaskTracker::new();
        tracker.close();
        let ground = Ground { options, state, all, tracker, token };
        let handle = Handle { ground, systems: Mutex::default(), doors: watch::Sender::default() };
        let news = News { definitions: definitions.to_vec(), ..News::default() };
        match handle.reload(&news).await {
            Ok(_) => Ok(handle),
            Err(error) => {
                handle.ground.state.close().await;
                Err(error)
            }
        }
    }
}

impl Handle {
    /// Reads every stream whole, once, and says what became of each; streams of one system share its budget.
    /// Commands of the hub are served meanwhile and afterwards.
    pub async fn run_all_full(&self) -> Vec<StreamReport> {
        self.run_all(true).await
    }

    /// Runs every stream once, whole or from its cursor as it has one.
    pub async fn run_all(&self, full: bool) -> Vec<StreamReport> {
        let streams = self.systems().streams();
        let mut waiting = Vec::new();
        for stream in &streams {
            let (done, report) = oneshot::channel();
            // When the worker is gone, so is its end of `done`.
            drop(stream.orders.send(Order::Run { full, done }).await);
            waiting.push((&stream.name, report));
        }
        let mut reports = Vec::new();
        for (name, report) in waiting {
            reports.push(report.await.unwrap_or_else(|_| {
                StreamReport::failed(name, Failure::new("E0209", "the connector is shutting down").to_string())
            }));
        }
        reports
    }

    /// Takes over other definitions while everything runs. Streams whose definition is the same go on undisturbed; of the
    /// others a run that is under way ends at the edge of a page, and the next one reads by the new definition.
    ///
    /// # Errors
    /// When the state file or a definition cannot be used; then nothing was changed.
    pub async fn reload(&self, news: &News) -> Result<Difference, StartError> {
        let prepared = prepare(&news.definitions, &self.ground.state).await?;
        let mut systems = self.systems();
        let difference = systems.change(prepared, &news.broken, &self.ground)?;
        self.doors.send_replace(systems.doors(&self.ground.options));
        Ok(difference)
    }

    /// Where systems come in that call us, as they are and as they become.
    pub(crate) fn doors(&self) -> watch::Receiver<Vec<Door>> {
        self.doors.subscribe()
    }

    /// The definitions in use.
    pub fn definitions(&self) -> Vec<Arc<Definition>> {
        self.systems().definitions()
    }

    /// The last report of each stream that has run, in the order of the definitions.
    pub fn reports(&self) -> Vec<StreamReport> {
        self.systems().streams().iter().filter_map(|stream| stream.status.borrow().report.clone()).collect()
    }

    /// The streams, in the order of the definitions.
    pub fn streams(&self) -> Vec<StreamName> {
        self.systems().streams().into_iter().map(|stream| stream.name).collect()
    }

    /// Whether no stream runs and none was told to.
    pub fn is_idle(&self) -> bool {
        self.systems()
            .streams()
            .iter()
            .all(|stream| stream.orders.capacity() == stream.orders.max_capacity() && !stream.status.borrow().busy)
    }

    /// Ends everything and waits for it: no run is cut off in the middle of a save.
    pub async fn stop(self) {
        self.ground.token.cancel();
        self.ground.tracker.wait().await;
        self.ground.state.close().await;
    }

    /// What changes here is whole at every step.
    fn systems(&self) -> MutexGuard<'_, Systems> {
        self.systems.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
