//! The courier of one subscription: gathers, brings, saves, until the subscription is paused or taken away.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::broker::Broker;
use super::endpoint::{Endpoint, health};
use crate::access::Viewer;
use crate::api::key;
use crate::hub::Hub;
use crate::store::head::{self, Head};
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Error, Result, Tx, deliveries, keys};
use crate::subscriber::Subscriber;
use crate::subscription::{EXCHANGE, Target, Terms, WEBHOOK};
use crate::webhook::health::Gate;
use crate::webhook::sender::Sender;

/// A courier that says nothing for this long may be replaced by one in another process.
const LEASE_SECS: i64 = 15;
/// How often a courier says that it is at work.
pub(super) const RENEW: Duration = Duration::from_secs(5);
/// How often the log is looked at when nobody says that there is news.
pub(super) const POLL: Duration = Duration::from_millis(500);
pub(super) const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Brings events to one subscriber.
pub struct Courier {
    pub(super) hub: Hub,
    pub(super) number: i64,
    pub(super) owner: Arc<str>,
    pub(super) token: CancellationToken,
    /// Whether a stretch that is told again goes before what is new, turn by turn.
    pub(super) prefers_replay: bool,
    /// What sends webhooks; none where it could not be set up.
    sender: Option<Arc<Sender>>,
    broker: Option<Broker>,
    endpoint: Option<Endpoint>,
    /// When the lease was taken or renewed last.
    leased: Option<Instant>,
}

/// A subscription as its courier works on it.
pub(super) struct Task {
    /// What is stored.
    pub(super) row: Subscription,
    /// What it says.
    pub(super) terms: Terms,
    /// Who is told, as his rights are today.
    pub(super) subscriber: Subscriber,
    /// Where the log stands.
    pub(super) head: Head,
}

/// What comes next.
pub(super) enum Next {
    /// There may be more at once.
    More,
    /// Nothing for now.
    Wait(Duration),
    /// The subscription is not active, or gone.
    Over,
}

impl Courier {
    /// The courier of the subscription with this number.
    pub fn new(hub: Hub, number: i64, owner: Arc<str>, sender: Option<Arc<Sender>>, token: CancellationToken) -> Self {
        let (broker, endpoint, leased) = (None, None, None);
        Self { hub, number, owner, token, prefers_replay: false, sender, broker, endpoint, leased }
    }

    /// Tells the subscriber until his subscription is no longer active, or until shutdown.
    pub async fn run(mut self) {
        while !self.token.is_cancelled() {
            let news = Arc::clone(&self.hub.news);
            let told = news.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            let advanced = self.advance().await;
            if advanced.is_err() {
                self.leased = None;
            }
            let pause = match advanced {
                Ok(Next::More) => continue,
                Ok(Next::Wait(pause)) => pause,
                Ok(Next::Over) => return,
                // Another process tells him now, or somebody has moved the cursor.
                Err(Error::Lost(_)) => PAUSE_AFTER_FAILURE,
                Err(error) => {
                    tracing::warn!(subscription = self.number, "a subscriber waits, the store is away: {error}");
                    PAUSE_AFTER_FAILURE
                }
            };
            tokio::select! {
                () = self.token.cancelled() => {}
                () = told => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Ok(mut tx) = self.hub.db.write().await
            && subscriptions::release(&mut tx, self.number, &self.owner).await.is_ok()
        {
            drop(tx.commit().await);
        }
    }

    async fn advance(&mut self) -> Result<Next> {
        let mut tx = self.hub.db.read().await?;
        let head = head::read(&mut tx).await?;
        let Some(seen) = subscriptions::one(&mut tx, self.number).await? else { return Ok(Next::Over) };
        if seen.state != "active" {
            return Ok(Next::Over);
        }
        // While nothing is to be done nothing is written, not even a lease.
        if let Some(pause) = self.idle(&mut tx, &seen, &head).await? {
            return Ok(Next::Wait(pause));
        }
        drop(tx);
        let Some((row, head)) = self.own(seen, head).await? else { return Ok(Next::Wait(PAUSE_AFTER_FAILURE)) };
        let mut tx = self.hub.db.read().await?;
        let rights = self.rights(&mut tx, &row).await?;
        drop(tx);
        let viewer = match rights {
            Ok(viewer) => viewer,
            Err(reason) => return self.pause(&row, reason).await,
        };
        if row.epoch != head.epoch || row.cursor > head.seq {
            let mut tx = self.hub.db.write().await?;
            subscriptions::restart(&mut tx, self.number, "restored", &head, row.kind != EXCHANGE).await?;
            tx.commit().await?;
            return Ok(Next::More);
        }
        let Some((terms, subscriber)) = self.subscriber(&row, &viewer, &head) else {
            return Ok(Next::Wait(PAUSE_AFTER_FAILURE));
        };
        self.prefers_replay = !self.prefers_replay;
        self.bring(Task { row, terms, subscriber, head }).await
    }

    /// How long there is nothing to be done; `None` when there is.
    async fn idle(&self, tx: &mut Tx, seen: &Subscription, head: &Head) -> Result<Option<Duration>> {
        let now = self.hub.clock.now();
        if let Gate::Until(at) = health(seen).gate(0, now) {
            let pause = u64::try_from(at.micros().saturating_sub(now.micros())).unwrap_or(0);
            return Ok(Some(Duration::from_micros(pause).min(POLL)));
        }
        // A queue stands before there is anything to tell, so that its reader finds it.
        let must_open = seen.kind != WEBHOOK && self.broker.is_none();
        let is_behind = must_open
            || seen.epoch != head.epoch
            || seen.cursor < head.seq
            || seen.snapshot.is_some()
            || seen.resync.is_some()
            || seen.replay_at.is_some();
        if is_behind {
            return Ok(None);
        }
        let is_due =
            seen.kind == WEBHOOK && deliveries::next_at(tx, self.number).await?.is_some_and(|due| due <= now.micros());
        Ok((!is_due).then_some(POLL))
    }

    /// The subscription as this courier's own; `None` while another process tells it. A lease that was taken a moment ago
    /// needs no second one: whatever is saved is saved by its owner alone.
    async fn own(&mut self, seen: Subscription, head: Head) -> Result<Option<(Subscription, Head)>> {
        if self.leased.is_some_and(|at| at.elapsed() < RENEW) {
            return Ok(Some((seen, head)));
        }
        let mut tx = self.hub.db.write().await?;
        let head = head::read(&mut tx).await?;
        let row = subscriptions::lease(&mut tx, self.number, &self.owner, LEASE_SECS).await?;
        tx.commit().await?;
        self.leased = row.is_some().then(Instant::now);
        Ok(row.map(|row| (row, head)))
    }

    async fn pause(&self, row: &Subscription, reason: &str) -> Result<Next> {
        let mut tx = self.hub.db.write().await?;
        subscriptions::set_state(&mut tx, self.number, "paused", Some(reason), self.hub.clock.now()).await?;
        tx.commit().await?;
        tracing::warn!(subscription = row.id, "a subscription is paused: {reason}");
        Ok(Next::Over)
    }

    async fn bring(&mut self, task: Task) -> Result<Next> {
        match task.terms.target.clone() {
            Target::Amqp(_) | Target::Exchange => {
                let mut broker = match self.broker.take() {
                    Some(broker) => broker,
                    None => match Broker::open(&self.hub, &task).await {
                        Ok(broker) => broker,
                        Err(error) => {
                            self.renew(Some(&error.to_string())).await?;
                            return Ok(Next::Wait(PAUSE_AFTER_FAILURE));
                        }
                    },
                };
                let next = broker.advance(self, task).await;
                // After any failure, and when it is over, what was under way is forgotten and begun anew.
                self.broker = matches!(next, Ok(Next::More | Next::Wait(_))).then_some(broker);
                next
            }
            Target::Webhook(webhook) => {
                let Some(sender) = &self.sender else {
                    self.renew(Some("webhooks cannot be sent; the hub's log says why")).await?;
                    return Ok(Next::Wait(PAUSE_AFTER_FAILURE));
                };
                let mut endpoint = self.endpoint.take().unwrap_or_else(|| Endpoint::new(Arc::clone(sender)));
                let next = endpoint.advance(self, task, &webhook).await;
                self.endpoint = Some(endpoint);
                next
            }
        }
    }

    /// What the subscriber may see today, or why he may see nothing.
    async fn rights(&self, tx: &mut Tx, row: &Subscription) -> Result<std::result::Result<Viewer, &'static str>> {
        if row.kind == EXCHANGE {
            return Ok(Ok(Viewer { may_see_personal: false, ..Viewer::internal() }));
        }
        let Some(stored) = keys::find(tx, &row.key).await? else { return Ok(Err("its key is gone")) };
        Ok(match key::granted(&stored, self.hub.clock.now()) {
            Ok(grants) => Ok(grants.viewer()),
            Err(key::Refusal::Expired) => Err("its key has expired"),
            Err(_) => Err("its key was taken back"),
        })
    }

    fn subscriber(&self, row: &Subscription, viewer: &Viewer, head: &Head) -> Option<(Terms, Subscriber)> {
        let terms = Terms::of(row);
        let made = terms.as_ref().map(|terms| Subscriber::new(viewer, &terms.filter, &self.hub.name, &head.epoch));
        let (Some(terms), Some(Ok(mut subscriber))) = (terms, made) else {
            tracing::error!(
                subscription = row.id,
                "what is stored of a subscription is damaged; delete it and make it anew"
            );
            return None;
        };
        subscriber.teller.fields.clone_from(&terms.fields);
        Some((terms, subscriber))
    }

    /// Says that this courier is at work, and nothing else; whether the subscription is still active and its own.
    pub(super) async fn keep(&self) -> Result<bool> {
        let mut tx = self.hub.db.write().await?;
        let held = subscriptions::lease(&mut tx, self.number, &self.owner, LEASE_SECS).await?;
        tx.commit().await?;
        Ok(held.is_some())
    }

    /// Says that this courier is at work, and what stands in its way; whether the subscription is still active and its own.
    pub(super) async fn renew(&self, trouble: Option<&str>) -> Result<bool> {
        let mut tx = self.hub.db.write().await?;
        let held = subscriptions::lease(&mut tx, self.number, &self.owner, LEASE_SECS).await?;
        if held.as_ref().is_some_and(|row| row.trouble.as_deref() != trouble) {
            subscriptions::note(&mut tx, self.number, trouble, None, 0).await?;
        }
        tx.commit().await?;
        Ok(held.is_some())
    }
}
