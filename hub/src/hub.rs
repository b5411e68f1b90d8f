//! A running hub: the database, the bus, intake and readers, put together once for every way to run them.

use std::sync::Arc;

use muara_schemas::bus::Bus;
use muara_schemas::{Clock, Secret, random};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::intake::{Intake, Senders};
use crate::projector::Totals;
use crate::store::{Db, Result, head, installation, readers};
use crate::subscribing::Desk;
use crate::webhook::sender::Settings;
use crate::{delivery, reader, replay};

/// The parts that everything in a hub shares; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    /// The database, migrated.
    pub db: Db,
    /// The bus.
    pub bus: Bus,
    /// Its name on the outside, where events say whom they come from.
    pub name: String,
    /// The installation's secret.
    pub secret: Secret,
    /// The clock.
    pub clock: Clock,
    /// How webhooks are sent, and where they may go.
    pub webhooks: Settings,
    /// Told after each commit.
    pub news: Arc<Notify>,
    /// Told when a subscription was made or taken up.
    pub subscribed: Arc<Notify>,
}

impl Hub {
    /// Opens the database, brings its tables up to date, and makes sure that it belongs to an installation.
    pub async fn open(database: &str, bus: Bus, clock: Clock) -> Result<Self> {
        let db = Db::open(database).await?;
        db.migrate().await?;
        let mut tx = db.write().await?;
        let secret = installation::ensure(&mut tx, random::bytes(), random::bytes(), clock.now()).await?;
        tx.commit().await?;
        Ok(Self {
            db,
            bus,
            name: secret.hub_name(),
            secret,
            clock,
            webhooks: Settings::default(),
            news: Arc::new(Notify::new()),
            subscribed: Arc::default(),
        })
    }

    /// Starts intake, readers and the replays that were under way; they end when `token` is cancelled.
    pub fn start(&self, senders: Senders, tasks: &TaskTracker, token: &CancellationToken) {
        let intake = Intake {
            db: self.db.clone(),
            bus: self.bus.clone(),
            secret: self.secret.clone(),
            clock: self.clock.clone(),
            senders: Arc::new(senders),
            news: Arc::clone(&self.news),
        };
        intake.spawn(tasks, token);
        reader::spawn(Totals, self.db.clone(), Arc::clone(&self.news), tasks, token);
        delivery::spawn(self, tasks, token);
        replay::spawn(self.db.clone(), self.clock.clone(), Arc::clone(&self.news), tasks, token);
    }

    /// Where subscriptions are made.
    pub fn desk(&self) -> Desk {
        Desk {
            bus: self.bus.clone(),
            secret: self.secret.clone(),
            clock: self.clock.clone(),
            hub: self.name.clone(),
            policy: self.webhooks.policy.clone(),
        }
    }

    /// Whether every reader stands at the head of the log.
    pub async fn is_caught_up(&self) -> Result<bool> {
        let mut tx = self.db.read().await?;
        let head = head::read(&mut tx).await?;
        let readers = readers::all(&mut tx).await?;
        Ok(head.seq == 0 || (!readers.is_empty() && readers.iter().all(|reader| reader.cursor >= head.seq)))
    }
}
