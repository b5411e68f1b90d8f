//! What the API works with; cheap to clone.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use muara_schemas::Clock;
use muara_schemas::bus::Bus;
use tokio::sync::{Mutex, Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::auth::Remembered;
use super::meter::Meter;
use crate::digest::reading::Reading;
use crate::hub::Hub;
use crate::store::Db;
use crate::subscribing::Desk;

/// How many requests may wait for news at once; whoever comes after them is answered at once.
const MAX_WAITING: usize = 256;
/// How many listen to the log at once.
const MAX_LISTENING: usize = 1_000;

/// What the API works with.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The bus, of which only its health is asked.
    pub bus: Bus,
    /// The hub's name, where events say whom they come from.
    pub name: String,
    /// The clock.
    pub clock: Clock,
    /// Told after each commit.
    pub news: Arc<Notify>,
    /// Cancelled at shutdown, so that nobody goes on waiting.
    pub closing: CancellationToken,
    /// Told when a subscription was made or taken up.
    pub subscribed: Arc<Notify>,
    /// Where subscriptions are made.
    pub desk: Desk,
    pub(super) keys: Arc<Remembered>,
    pub(super) meter: Meter,
    pub(super) waiting: Arc<Semaphore>,
    pub(super) listening: Arc<Semaphore>,
    pub(super) listeners: TaskTracker,
    pub(super) digest: Arc<Mutex<Option<Reading>>>,
}

impl App {
    /// For a hub; `closing` is cancelled at shutdown.
    pub fn new(hub: &Hub, closing: CancellationToken) -> Self {
        Self {
            db: hub.db.clone(),
            bus: hub.bus.clone(),
            name: hub.name.clone(),
            clock: hub.clock.clone(),
            news: Arc::clone(&hub.news),
            closing,
            subscribed: Arc::clone(&hub.subscribed),
            desk: hub.desk(),
            keys: Arc::default(),
            meter: Meter::shared(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            listening: Arc::new(Semaphore::new(MAX_LISTENING)),
            listeners: TaskTracker::new(),
            digest: Arc::default(),
        }
    }

    /// Shows the metrics of a recorder that the caller has installed before, made with
    /// [`builder`](super::meter::builder). Without it the first app of a process installs one.
    #[must_use]
    pub fn metered(self, handle: PrometheusHandle) -> Self {
        Self { meter: Meter::global(handle), ..self }
    }
}
