//! The spine: what arrives on the bus is checked, merged and stored, and acknowledged only after the commit.
//!
//! One task a partition, so that the pages of a stream are taken in order. Intake never rejects for its own trouble:
//! while the database is away it holds the pages and tries again. A page that fails alone three times is parked.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use muara_schemas::bus::{Bus, Consumer, Delivery};
use muara_schemas::message::Message;
use muara_schemas::stream::PARTITIONS;
use muara_schemas::{Catalog, Clock, Secret, fault};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::proof;
use crate::store::{self, Db, parked, runs, streams};

pub mod apply;
pub mod chain;
pub mod checked;
pub mod holding;

use apply::Ended;
use checked::{Arrived, Poison};

/// Pages that one unit of work takes in at most.
const MAX_PAGES: usize = 20;
/// How often a page that fails alone is tried before it is parked.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Which broker user may write which systems: user → list of (region, system); `*` stands for any.
pub type Senders = BTreeMap<String, Vec<(String, String)>>;

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
        for partition in 0..PARTITIONS {
            let (intake, token) = (self.clone(), token.clone());
            tasks.spawn(async move { intake.partition(partition, token).await });
        }
        let (intake, token) = (self.clone(), token.clone());
        tasks.spawn(async move { intake.send_orders(token).await });
    }

    async fn partition(&self, partition: u8, token: CancellationToken) {
        let mut consumer = self.bus.pages(partition);
        while let Some(deliveries) = next_batch(&mut consumer, &token).await {
            fault::point("intake.delivered");
            if !self.take(partition, deliveries, &token).await {
                return;
            }
        }
    }

    /// Takes deliveries in and acknowledges them, trying again as long as only the database is to blame; `false` when
    /// the process is to end.
    async fn take(&self, partition: u8, deliveries: Vec<Delivery>, token: &CancellationToken) -> bool {
        let mut waiting = deliveries;
        let mut failures = 0;
        let mut pause = FIRST_PAUSE;
        loop {
            let checked = self.check(&waiting).await;
            let (mut arrived, mut healthy) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
            for (delivery, checked) in waiting.into_iter().zip(checked) {
                match checked {
                    Ok(message) => {
                        arrived.push(message);
                        healthy.push(delivery);
                    }
                    Err(poison) => {
                        if !self.park(partition, delivery, &poison, token).await {
                            return false;
                        }
                    }
                }
            }
            let error = match self.attempt(&mut arrived).await {
                Ok(()) => {
                    acknowledge(healthy).await;
                    self.news.notify_waiters();
                    return true;
                }
                Err(error) => error,
            };
            match error {
                Failure::Passing(error) => {
                    tracing::warn!(partition, "intake holds {} messages and tries again: {error}", healthy.len());
                    tokio::select! {
                        () = token.cancelled() => return false,
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    }
                }
                Failure::Lasting(_) if healthy.len() > 1 => {
                    // One of them is at fault: take each alone.
                    for delivery in healthy {
                        if !Box::pin(self.take(partition, vec![delivery], token)).await {
                            return false;
                        }
                    }
                    return true;
                }
                Failure::Lasting(error) => {
                    failures += 1;
                    if failures == ATTEMPTS {
                        let Some(delivery) = healthy.pop() else { return true };
                        return self.park(partition, delivery, &error, token).await;
                    }
                }
            }
            waiting = healthy;
        }
    }

    /// Parses and checks, on a thread for such work. An error is final for its message.
    async fn check(&self, deliveries: &[Delivery]) -> Vec<Result<Arrived, String>> {
        let work: Vec<_> = deliveries.iter().map(|delivery| (delivery.body.clone(), delivery.sender.clone())).collect();
        let (secret, senders) = (self.secret.clone(), Arc::clone(&self.senders));
        let count = work.len();
        tokio::task::spawn_blocking(move || {
            let one = |(bytes, sender): (bytes::Bytes, Option<String>)| {
                std::panic::catch_unwind(AssertUnwindSafe(|| {
                    let arrived = checked::check(&bytes, &secret, Catalog::embedded())?;
                    may_write(&senders, sender, &arrived).map(|()| arrived)
                }))
                .map_or_else(
                    |_| Err("checking the message panicked".to_owned()),
                    |result| result.map_err(|poison| poison.to_string()),
                )
            };
            work.into_iter().map(one).collect()
        })
        .await
        .unwrap_or_else(|_| (0..count).map(|_| Err("checking the message was cut off".to_owned())).collect())
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
            proof::look(&self.db, run, &self.secret, &self.clock).await?;
        }
        Ok(())
    }

    /// Parks a message, ends the run that it belongs to if that can be told, and acknowledges it.
    async fn park(&self, partition: u8, delivery: Delivery, error: &str, token: &CancellationToken) -> bool {
        tracing::error!(partition, "a message is parked, it can never be taken: {error}");
        let page = match Message::decode(&delivery.body) {
            Ok(Message::Page(page)) => Some(page),
            _ => None,
        };
        let mut pause = FIRST_PAUSE;
        loop {
            let attempt = async {
                let (mut tx, now) = (self.db.write().await?, self.clock.now());
                let name = page.as_ref().map(|page| page.name());
                let stream = name.as_ref().map(ToString::to_string);
                parked::put(
                    &mut tx,
                    partition,
                    delivery.message_id.as_deref(),
                    stream.as_deref(),
                    &delivery.body,
                    error,
                    now,
                )
                .await?;
                if let (Some(page), Some(name)) = (&page, &name) {
                    let mut stream = streams::lock(&mut tx, name, &page.record_type).await?;
                    if stream.run == Some(page.run) {
                        runs::stop(&mut tx, page.run, "parked", error, now).await?;
                    }
                    apply::order_reset(&mut tx, &mut stream, name, "a page of its run could not be taken", now).await?;
                    streams::save(&mut tx, &stream).await?;
                }
                tx.commit().await
            };
            match attempt.await {
                Ok(()) => {
                    acknowledge(vec![delivery]).await;
                    return true;
                }
                Err(error) => tracing::warn!("parking waits for the database: {error}"),
            }
            tokio::select! {
                () = token.cancelled() => return false,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
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
            self.bus.command(&command).await.map_err(|error| error.to_string())?;
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

/// The next delivery and those that wait behind it, at most [`MAX_PAGES`]; `None` at the end.
async fn next_batch(consumer: &mut Consumer, token: &CancellationToken) -> Option<Vec<Delivery>> {
    let first = tokio::select! {
        () = token.cancelled() => return None,
        delivery = consumer.next() => delivery?,
    };
    let mut batch = vec![first];
    while batch.len() < MAX_PAGES {
        match consumer.next().now_or_never() {
            Some(Some(delivery)) => batch.push(delivery),
            Some(None) | None => break,
        }
    }
    Some(batch)
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

/// Whether the broker-verified user may write the stream; without a list of senders everybody may.
fn may_write(senders: &Senders, user: Option<String>, arrived: &Arrived) -> Result<(), Poison> {
    if senders.is_empty() {
        return Ok(());
    }
    let stream = match arrived {
        Arrived::Page(page) => page.name.clone(),
        Arrived::Word(word) => word.stream(),
    };
    let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
    let granted = user.as_ref().and_then(|user| senders.get(user)).is_some_and(|grants| {
        grants.iter().any(|(region, system)| fits(region, &stream.region) && fits(system, &stream.system))
    });
    if granted { Ok(()) } else { Err(Poison::Sender { user: user.unwrap_or_default(), stream }) }
}
