//! Change events on their way out: a courier for each active subscription.
//!
//! A courier is a reader of the log with a cursor of its own: it gathers the next events for its subscriber, brings them
//! where they go, and saves how far it came. What goes out and what is saved are two things, so an event may come twice
//! after a crash, always with the same id; it is never lost, and never overtakes an earlier one about the same record.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use muara_schemas::canonical::hex;
use muara_schemas::random;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hub::Hub;
use crate::store::subscriptions::New;
use crate::store::{Result, deliveries, head, subscriptions};
use crate::subscription::{EXCHANGE, WEBHOOK};
use crate::webhook::sender::Sender;

pub mod batch;
mod broker;
pub mod courier;
mod endpoint;
mod round;

use courier::Courier;

/// How often subscriptions are looked for that somebody made or took up in another process.
const LOOK: Duration = Duration::from_secs(1);
/// How often deliveries that are long over are forgotten.
const FORGET: Duration = Duration::from_hours(1);
/// How long deliveries that are over are kept, in seconds.
const KEPT_SECS: i64 = 7 * 24 * 3_600;
/// How many are forgotten in one unit of work.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Tells all active subscribers until shutdown.
pub fn spawn(hub: &Hub, tasks: &TaskTracker, token: &CancellationToken) {
    let (hub, couriers, token) = (hub.clone(), tasks.clone(), token.clone());
    tasks.spawn(async move {
        let mut told: HashMap<i64, tokio::task::JoinHandle<()>> = HashMap::new();
        let owner: Arc<str> = hex(&random::bytes::<8>()).into();
        let mut is_begun = false;
        let sender =
            Sender::new(hub.webhooks.clone()).map(Arc::new).inspect_err(|error| tracing::error!("{error}")).ok();
        let mut forget = tokio::time::interval(FORGET);
        while !token.is_cancelled() {
            let changed = hub.subscribed.notified();
            told.retain(|_, courier| !courier.is_finished());
            if !is_begun {
                is_begun = begin(&hub).await.is_ok();
            }
            match active(&hub).await {
                Ok(active) => {
                    for number in active {
                        told.entry(number).or_insert_with(|| {
                            let courier = Courier::new(
                                hub.clone(),
                                number,
                                Arc::clone(&owner),
                                sender.clone(),
                                token.child_token(),
                            );
                            couriers.spawn(courier.run())
                        });
                    }
                }
                Err(error) => tracing::warn!("subscriptions could not be looked for, this is tried again: {error}"),
            }
            tokio::select! {
                () = token.cancelled() => {}
                () = changed => {}
                _ = forget.tick() => {
                    if let Err(error) = forget_old(&hub).await {
                        tracing::warn!("old deliveries could not be forgotten, this is tried again: {error}");
                    }
                }
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    });
}

/// Makes the hub's own subscription, by which the exchange of changes is fed from now on, where there is a broker; and
/// takes the leases of a process that is surely dead.
async fn begin(hub: &Hub) -> Result<()> {
    let mut tx = hub.db.write().await?;
    if hub.db.is_of_one_process() {
        subscriptions::release_all(&mut tx).await?;
    }
    if hub.bus.events().is_some() {
        let head = head::read(&mut tx).await?;
        let new = New {
            id: EXCHANGE,
            name: "the exchange of changes",
            kind: EXCHANGE,
            key: "",
            target: r#"{"kind":"exchange"}"#.to_owned(),
            filter: "{}".to_owned(),
            fields: None,
            by: "the hub",
            cursor: head.seq,
            with_snapshot: false,
        };
        subscriptions::put(&mut tx, new, &head.epoch, hub.clock.now()).await?;
    }
    tx.commit().await
}

async fn active(hub: &Hub) -> Result<Vec<i64>> {
    let mut tx = hub.db.read().await?;
    subscriptions::active(&mut tx).await
}

/// Forgets deliveries that have been over for a week.
async fn forget_old(hub: &Hub) -> Result<()> {
    let mut tx = hub.db.read().await?;
    let all = subscriptions::all(&mut tx).await?;
    drop(tx);
    let before = hub.clock.now().plus_secs(-KEPT_SECS);
    for row in all.iter().filter(|row| row.kind == WEBHOOK) {
        loop {
            let mut tx = hub.db.write().await?;
            let forgotten = deliveries::prune(&mut tx, row.subscription, before, FORGOTTEN_AT_ONCE).await?;
            tx.commit().await?;
            if i64::try_from(forgotten).is_ok_and(|forgotten| forgotten < FORGOTTEN_AT_ONCE) {
                break;
            }
        }
    }
    Ok(())
}
