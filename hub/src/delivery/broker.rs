//! To the broker: into a subscriber's own queue, or to the exchange of changes.
//!
//! At most one event about a record is under way, so that none overtakes another when the broker refuses one of them or
//! the connection breaks; events about different records go side by side.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use muara_schemas::bus::{self, Events, Letter, QueueBounds, Receipt, To, subscription_queue};
use tokio::time::{Instant, interval_at};

use super::batch::{self, Batch};
use super::courier::{Courier, Next, POLL, RENEW, Task};
use crate::event::Event;
use crate::hub::Hub;
use crate::store::{Error, Result, subscriptions};
use crate::subscription::{Queue, Target};

/// What is told of the exchange when a queue that is bound to it is full and refuses what comes.
const REFUSED: &str =
    "E0415: a queue that somebody bound to muara.changes is full and has `reject-publish`; it misses events";
/// How many events are gathered at once: what comes again when the hub dies meanwhile.
const BATCH: usize = 128;

/// A way to the broker.
pub(super) struct Broker {
    events: Events,
    /// How often a queue that somebody bound by hand has refused an event since that was last noted.
    refused: AtomicUsize,
    /// The subscriber's queue; none for the exchange of changes.
    bounds: Option<QueueBounds>,
}

/// How bringing ended.
enum Brought {
    /// Everything is there.
    Whole,
    /// The subscription is no longer this courier's, or the hub ends: nothing is saved.
    Stopped,
}

impl Broker {
    /// Opens the way, and the queue where the subscriber has one of his own.
    pub(super) async fn open(hub: &Hub, task: &Task) -> std::result::Result<Self, bus::Error> {
        let events = hub.bus.events().ok_or(bus::Error::NoBroker)?;
        let bounds = match &task.terms.target {
            Target::Amqp(queue) => Some(bounds(&task.row.id, queue)),
            _ => None,
        };
        if let Some(bounds) = &bounds {
            hub.bus.open_queue(bounds).await?;
        }
        Ok(Self { events, refused: AtomicUsize::new(0), bounds })
    }

    /// Brings the next events, and saves how far the subscriber has come.
    pub(super) async fn advance(&mut self, courier: &Courier, task: Task) -> Result<Next> {
        let Task { row, subscriber, head, .. } = task;
        let mut tx = courier.hub.db.read().await?;
        let gathered = batch::gather(&mut tx, &row, &subscriber, &head, (BATCH, courier.prefers_replay)).await?;
        drop(tx);
        let Some(Batch { events, to }) = gathered else { return Ok(Next::Wait(POLL)) };
        let count = events.len();
        if matches!(self.bring(courier, events).await?, Brought::Stopped) {
            return Ok(Next::Over);
        }
        muara_schemas::fault::point("courier.brought");
        let mut tx = courier.hub.db.write().await?;
        let told = (count, courier.hub.clock.now());
        subscriptions::advance(&mut tx, (row.subscription, &courier.owner), &row.progress(), &to, told).await?;
        let refused = self.refused.swap(0, Ordering::Relaxed);
        let trouble = self.events.trouble().or_else(|| (refused > 0).then(|| REFUSED.to_owned()));
        if row.trouble != trouble || refused > 0 {
            subscriptions::note(&mut tx, row.subscription, trouble.as_deref(), None, refused).await?;
        }
        tx.commit().await?;
        muara_schemas::fault::point("courier.saved");
        Ok(Next::More)
    }

    async fn bring(&self, courier: &Courier, events: Vec<Event>) -> Result<Brought> {
        let mut renew = interval_at(Instant::now() + RENEW, RENEW);
        let bringing = self.publish(events);
        tokio::pin!(bringing);
        loop {
            tokio::select! {
                brought = &mut bringing => match brought {
                    Ok(()) => return Ok(Brought::Whole),
                    Err(bus::Error::Closed) => return Ok(Brought::Stopped),
                    Err(error) => {
                        courier.renew(Some(&error.to_string())).await?;
                        return Err(Error::Lost(format!("subscription {}: {error}", courier.number)));
                    }
                },
                () = courier.token.cancelled() => return Ok(Brought::Stopped),
                _ = renew.tick() => {
                    let trouble = self.events.trouble();
                    if !courier.renew(trouble.as_deref()).await? {
                        return Ok(Brought::Stopped);
                    }
                    // Somebody may have deleted the queue; opening one that stands changes nothing.
                    if let (Some(_), Some(bounds)) = (&trouble, &self.bounds)
                        && let Err(error) = courier.hub.bus.open_queue(bounds).await
                    {
                        tracing::debug!(subscription = courier.number, "its queue could not be opened: {error}");
                    }
                }
            }
        }
    }

    async fn publish(&self, events: Vec<Event>) -> std::result::Result<(), bus::Error> {
        let mut flying: HashMap<String, Receipt> = HashMap::new();
        for event in events {
            if let Some(earlier) = flying.remove(&event.subject) {
                self.settle(earlier).await?;
            }
            let subject = event.subject.clone();
            let receipt = self.events.publish(self.letter(&event)).await?;
            flying.insert(subject, receipt);
        }
        for (_, receipt) in flying {
            self.settle(receipt).await?;
        }
        Ok(())
    }

    async fn settle(&self, receipt: Receipt) -> std::result::Result<(), bus::Error> {
        match receipt.await {
            // A queue that somebody bound by hand refused it, after some tries; the other queues have it.
            Err(bus::Error::NotKept { .. }) if self.bounds.is_none() => {
                metrics::counter!("muara_changes_refused_total").increment(1);
                self.refused.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn letter(&self, event: &Event) -> Letter {
        let to = match &self.bounds {
            Some(bounds) => To::Queue(bounds.name.clone()),
            None => To::Changes { key: event.routing_key() },
        };
        let headers = event.attributes().map(|(name, value)| (format!("ce-{name}"), value.to_owned())).into();
        Letter { id: event.id.clone(), kind: event.kind.clone(), to, headers, at: event.time, body: event.encode() }
    }
}

fn bounds(id: &str, queue: &Queue) -> QueueBounds {
    QueueBounds { max_bytes: queue.max_bytes, ttl_secs: queue.ttl_secs, ..QueueBounds::new(subscription_queue(id)) }
}
