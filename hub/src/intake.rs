//! The spine: what arrives on the bus is checked, merged and stored, and acknowledged only after the commit.
//!
//! One task a partition, so that the pages of a stream are taken in order. Intake never rejects for its own trouble:
//! while the database is away it holds the pages and tries again. A page that fails alone three times is parked.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use muara_schemas::bus::{Bus, Consumer, Delivery};
use muara_schemas::stream::PARTITIONS;
use muara_schemas::{Clock, Secret, fault};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::proof;
use crate::store::{self, Db, findings, parked, runs, streams};

mod answer;
pub mod apply;
pub mod chain;
pub mod checked;
pub mod holding;
mod inspection;
pub mod order;
pub mod replaying;
pub mod senders;
pub mod unit;
pub mod verdict;

use apply::Ended;
pub use senders::Senders;

use checked::Arrived;
use inspection::{Claim, Inspection, Inspector, Refused};

/// Pages that one unit of work takes in at most.
const MAX_PAGES: usize = 20;
/// No page is added to so many bytes.
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How often a page that fails alone is tried before it is parked.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What intake needs.
#[derive(Clone)]
pub struct Intake {
    /// The database.
    pub db: Db,
    /// The bus.
    pub bus: Bus,
    /// The installation's secret.
    pub secret: Secret,
    /// The clock.
    pub clock: Clock,
    /// Who may write what; empty lets every user of the broker write.
    pub senders: Arc<Senders>,
    /// Told after each commit, so that readers and the sender of orders need not poll.
    pub news: Arc<Notify>,
}

impl Intake {
    /// Starts one task a partition, and the sender of orders.
    pub fn spawn(&self, tasks: &TaskTracker, token: &CancellationToken) {
        if self.senders.is_open() && self.bus.verifies_senders() {
            tracing::warn!("every user of the broker may write every stream; list them under `senders`");
        }
        for partition in 0..PARTITIONS {
            let (intake, token) = (self.clone(), token.clone());
            tasks.spawn(async move { intake.partition(partition, token).await });
        }
        let (intake, token) = (self.clone(), token.clone());
        tasks.spawn(async move { intake.send_orders(token).await });
    }

    async fn partition(&self, partition: u8, token: CancellationToken) {
        let inspector = Inspector::new(self.secret.clone(), Arc::clone(&self.senders), self.bus.verifies_senders());
        let mut consumer = self.bus.pages(partition);
        let mut next = fetch(&mut consumer, &inspector, &token).await;
        while let Some(batch) = next {
            fault::point("intake.delivered");
            // While a batch is stored, the one behind it is looked into.
            let fetching = fetch(&mut consumer, &inspector, &token);
            let (is_taken, fetched) = tokio::join!(self.take(partition, batch, &inspector, &token), fetching);
            if !is_taken {
                return;
            }
            next = fetched;
        }
    }

    /// Takes deliveries in and acknowledges them, trying again as long as only the database is to blame; `false` when
    /// the process is to end.
    async fn take(&self, partition: u8, batch: Batch, inspector: &Inspector, token: &CancellationToken) -> bool {
        let Batch { deliveries: mut waiting, inspection } = batch;
        let mut inspection = Some(inspection);
        let mut failures = 0;
        let mut pause = FIRST_PAUSE;
        while !waiting.is_empty() {
            let checked = inspection.take().unwrap_or_else(|| inspector.begin(&waiting)).end().await;
            let (mut arrived, mut healthy) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
            for (delivery, checked) in waiting.into_iter().zip(checked) {
                match checked {
                    Ok(message) => {
                        arrived.push(message);
                        healthy.push(delivery);
                    }
                    Err(refused) => {
                        if !self.park(partition, delivery, &refused, token).await {
                            return false;
                        }
                    }
                }
            }
            arrived.truncate(unit::next(&arrived));
            let rest = healthy.split_off(arrived.len());
            match self.attempt(&mut arrived).await {
                Ok(()) => {
                    acknowledge(healthy).await;
                    self.news.notify_waiters();
                    (failures, pause, waiting) = (0, FIRST_PAUSE, rest);
                    continue;
                }
                Err(Failure::Passing(error)) => {
                    tracing::warn!(partition, "intake holds {} messages and tries again: {error}", healthy.len());
                    tokio::select! {
                        () = token.cancelled() => return false,
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    }
                }
                Err(Failure::Lasting(_)) if healthy.len() > 1 => {
                    // One of them is at fault: take each alone.
                    for delivery in healthy {
                        let inspection = inspector.begin(std::slice::from_ref(&delivery));
                        let alone = Batch { deliveries: vec![delivery], inspection };
                        if !Box::pin(self.take(partition, alone, inspector, token)).await {
                            return false;
                        }
                    }
                    healthy = Vec::new();
                }
                Err(Failure::Lasting(error)) => {
                    failures += 1;
                    if failures == ATTEMPTS
                        && let Some(delivery) = healthy.pop()
                    {
                        let refused = Refused { error, claim: arrived.first().and_then(Claim::of) };
                        if !self.park(partition, delivery, &refused, token).await {
                            return false;
                        }
                        failures = 0;
                    }
                }
            }
            healthy.extend(rest);
            waiting = healthy;
        }
        true
    }

    async fn attempt(&self, arrived: &mut [Arrived]) -> Result<(), Failure> {
        let work = async {
            let mut tx = self.db.write().await?;
            let ended = apply::apply(&mut tx, arrived, &self.secret, self.clock.now()).await?;
            tx.commit().await?;
            fault::point("intake.committed");
            count(arrived);
            self.prove(&ended).await
        };
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.is_transient() => Err(Failure::Passing(error.to_string())),
            Ok(Err(error)) => Err(Failure::Lasting(error.to_string())),
            Err(_) => Err(Failure::Lasting("storing the page panicked".to_owned())),
        }
    }

    async fn prove(&self, ended: &[Ended]) -> store::Result<()> {
        for run in ended {
            proof::look(&self.db, run, &self.clock).await?;
        }
        Ok(())
    }

    /// Parks a message, ends the run that it belongs to if that can be told, and acknowledges it.
    async fn park(&self, partition: u8, delivery: Delivery, refused: &Refused, token: &CancellationToken) -> bool {
        tracing::error!(partition, "a message is parked, it can never be taken: {}", refused.error);
        let mut claim = refused.claim.as_ref();
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_park(partition, &delivery, refused, claim).await {
                Ok(()) => {
                    acknowledge(vec![delivery]).await;
                    return true;
                }
                // Whatever is the matter with its stream, the message itself is kept.
                Err(error) if !error.is_transient() && claim.is_some() => {
                    tracing::error!(partition, "the stream of a parked message could not be stopped: {error}");
                    claim = None;
                }
                Err(error) => tracing::warn!("parking waits for the database: {error}"),
            }
            tokio::select! {
                () = token.cancelled() => return false,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }

    async fn try_park(
        &self,
        partition: u8,
        delivery: &Delivery,
        refused: &Refused,
        claim: Option<&Claim>,
    ) -> store::Result<()> {
        let (mut tx, now) = (self.db.write().await?, self.clock.now());
        // PostgreSQL keeps no NUL in a text.
        let plain = |text: &str| text.replace('\0', "\u{fffd}");
        let message = parked::Message {
            partition,
            message_id: delivery.message_id.as_deref().map(plain),
            stream: claim.map(|claim| claim.name.to_string()),
            body: &delivery.body,
            error: plain(&refused.error),
        };
        parked::put(&mut tx, message, now).await?;
        if let Some(claim) = claim
            && let Some(mut stream) = streams::lock_known(&mut tx, &claim.name).await?
        {
            if stream.run == Some(claim.run) {
                runs::stop(&mut tx, claim.run, "parked", &plain(&refused.error), now).await?;
            }
            let detail = format!("a page of it can never be taken: {}", plain(&refused.error));
            findings::open(&mut tx, findings::PARKED, &claim.name, stream.number, &detail, now).await?;
            let reason = "a page of its run could not be taken";
            order::reset(&mut tx, &mut stream, &claim.name, reason, now).await?;
            streams::save(&mut tx, &stream).await?;
        }
        tx.commit().await
    }

    /// Sends the orders that were stored with decisions; an order leaves the table when the bus has it.
    async fn send_orders(&self, token: CancellationToken) {
        loop {
            if let Err(error) = self.send_waiting().await {
                tracing::warn!("orders to connectors wait: {error}");
            }
            tokio::select! {
                () = token.cancelled() => return,
                () = self.news.notified() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    async fn send_waiting(&self) -> Result<(), String> {
        let mut tx = self.db.read().await.map_err(|error| error.to_string())?;
        let waiting = store::commands::waiting(&mut tx, self.clock.now()).await.map_err(|error| error.to_string())?;
        drop(tx);
        for command in waiting {
            // One system whose queue takes nothing must not keep the orders of the others.
            if let Err(error) = self.bus.command(&command).await {
                tracing::warn!(stream = %command.stream, "an order waits: {error}");
                continue;
            }
            let mut tx = self.db.write().await.map_err(|error| error.to_string())?;
            store::commands::sent(&mut tx, &command.id, self.clock.now()).await.map_err(|error| error.to_string())?;
            tx.commit().await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// Why messages could not be stored.
enum Failure {
    /// The database is away or busy.
    Passing(String),
    /// One of the messages is at fault.
    Lasting(String),
}

/// Deliveries that are being looked into.
struct Batch {
    deliveries: Vec<Delivery>,
    inspection: Inspection,
}

/// The next delivery and those that wait behind it, within bounds; `None` at the end.
async fn fetch(consumer: &mut Consumer, inspector: &Inspector, token: &CancellationToken) -> Option<Batch> {
    let first = tokio::select! {
        () = token.cancelled() => return None,
        delivery = consumer.next() => delivery?,
    };
    let mut bytes = first.body.len();
    let mut deliveries = vec![first];
    while deliveries.len() < MAX_PAGES && bytes < MAX_BATCH_BYTES {
        match consumer.next().now_or_never() {
            Some(Some(delivery)) => {
                bytes += delivery.body.len();
                deliveries.push(delivery);
            }
            Some(None) | None => break,
        }
    }
    let inspection = inspector.begin(&deliveries);
    Some(Batch { deliveries, inspection })
}

async fn acknowledge(deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        delivery.ack().await;
    }
    fault::point("intake.acked");
}

/// Counts what was taken in; only after the commit, so that a page that is tried again counts once.
fn count(arrived: &[Arrived]) {
    let tallies = arrived.iter().filter_map(|message| match message {
        Arrived::Page(checked) => Some(checked.tally),
        Arrived::Word(_) => None,
    });
    for tally in tallies {
        let number = |value: i64| u64::try_from(value).unwrap_or(0);
        metrics::counter!("muara_pages_total").increment(number(tally.pages));
        for (outcome, value) in [
            ("applied", tally.applied),
            ("unchanged", tally.unchanged),
            ("quarantined", tally.quarantined),
            ("deleted", tally.deleted),
        ] {
            metrics::counter!("muara_records_total", "outcome" => outcome).increment(number(value));
        }
    }
}
