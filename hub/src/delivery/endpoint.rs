//! To an address over HTTP, in rounds: what is due again, then what is new, some requests side by side.
//!
//! Deliveries about one record go one after another; one that fails holds the later ones about the same record, and lets
//! all others pass. An endpoint that fails as a whole is left alone for a while: then nothing is read for it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use muara_schemas::{Moment, random};
use tokio::time::{Instant, interval_at, sleep_until, timeout};

use super::batch;
use super::courier::{Courier, Next, PAUSE_AFTER_FAILURE, POLL, RENEW, Task};
use super::round;
use crate::store::deliveries::{self, Delivery};
use crate::store::subscriptions::{self, Progress, Subscription};
use crate::store::{Error, Result};
use crate::subscription::Webhook;
use crate::webhook::health::{Gate, Health, Notice, State};
use crate::webhook::outcome::Outcome;
use crate::webhook::schedule::{Verdict, judge};
use crate::webhook::secret::Seal;
use crate::webhook::sender::{self, Attempt, Sender};
use crate::webhook::signature::Signing;

/// How many deliveries a round has for each request that may be under way.
const ROUND: usize = 8;
/// With so many deliveries waiting or held nothing new is read.
const MAX_PENDING: usize = 10_000;
/// How long a request that is under way may take at shutdown.
const GRACE: Duration = Duration::from_secs(2);
/// The longest text of what stands in the way, in letters.
const MAX_TROUBLE: usize = 300;

/// An endpoint, as its courier remembers it from round to round.
pub(super) struct Endpoint {
    sender: Arc<Sender>,
    /// How many requests are under way at most: fewer than asked for after the endpoint was overloaded.
    window: usize,
    /// When the next request may begin.
    slot: Mutex<Instant>,
}

/// A round that was gathered.
struct Round {
    /// What goes out, by record.
    groups: Vec<Vec<Delivery>>,
    /// What waits behind something else.
    held: Vec<Delivery>,
    /// How far the subscriber has come when all of it is noted.
    to: Progress,
    /// Whether it is the word to start anew, which is noted only when it arrived.
    is_word: bool,
}

/// What a round has come to know of its endpoint.
struct Pulse {
    health: Health,
    notice: Option<Notice>,
    /// The last failure.
    trouble: Option<String>,
    arrived: usize,
    failed: usize,
    is_throttled: bool,
}

/// How an endpoint has been doing, as it is stored.
pub(super) fn health(row: &Subscription) -> Health {
    row.health.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

impl Endpoint {
    pub(super) fn new(sender: Arc<Sender>) -> Self {
        Self { sender, window: usize::MAX, slot: Mutex::new(Instant::now()) }
    }

    /// Sends the next deliveries, and saves what became of them and how far the subscriber has come.
    pub(super) async fn advance(&mut self, courier: &Courier, task: Task, webhook: &Webhook) -> Result<Next> {
        let before = health(&task.row);
        let limit = match before.gate(0, courier.hub.clock.now()) {
            Gate::Open => ROUND * self.window.min(webhook.concurrency),
            Gate::Probe => 1,
            Gate::Until(_) | Gate::Probing | Gate::Shut => return Ok(Next::Wait(POLL)),
        };
        let Some(endpoint) = opened(courier, &task.row, webhook) else {
            courier.renew(Some("E0648: its sealed secret does not open here")).await?;
            return Ok(Next::Wait(PAUSE_AFTER_FAILURE));
        };
        let Some(round) = gather(courier, &task, limit).await? else { return Ok(Next::Wait(POLL)) };
        let pulse = Mutex::new(Pulse::new(before));
        let Round { groups, held, to, is_word } = round;
        let sending = self.send(courier, (&endpoint, webhook), groups, &pulse);
        let Some(mut rows) = attended(courier, sending).await? else { return Ok(Next::Over) };
        muara_schemas::fault::point("courier.brought");
        let pulse = pulse.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.window = match (pulse.is_throttled, self.window.min(webhook.concurrency)) {
            (true, window) => (window / 2).max(1),
            (false, window) => window + 1,
        };
        rows.extend(held);
        let next = if is_word && pulse.arrived == 0 { task.row.progress() } else { to };
        save(courier, &task.row, if is_word { vec![] } else { rows }, &next, &pulse).await
    }

    /// Sends groups side by side, and within a group one after another.
    async fn send(
        &self,
        courier: &Courier,
        (endpoint, webhook): (&sender::Endpoint, &Webhook),
        groups: Vec<Vec<Delivery>>,
        pulse: &Mutex<Pulse>,
    ) -> Vec<Delivery> {
        let window = self.window.min(webhook.concurrency).max(1);
        let sent = stream::iter(groups).map(|mut group| async move {
            let mut may_go = true;
            for row in &mut group {
                if !may_go {
                    round::hold(row);
                    continue;
                }
                may_go = self.send_one(courier, (endpoint, webhook), row, pulse).await;
            }
            group
        });
        sent.buffer_unordered(window).concat().await
    }

    /// One delivery; whether a later one about the same may go.
    async fn send_one(
        &self,
        courier: &Courier,
        (endpoint, webhook): (&sender::Endpoint, &Webhook),
        row: &mut Delivery,
        pulse: &Mutex<Pulse>,
    ) -> bool {
        if let Some(rate) = webhook.per_second {
            self.wait_for_slot(rate).await;
        }
        let clock = &courier.hub.clock;
        let began = clock.now();
        let until = match lock(pulse).health.gate(0, began) {
            _ if courier.token.is_cancelled() => Some(began),
            Gate::Until(at) => Some(at),
            Gate::Shut => Some(began),
            Gate::Open | Gate::Probe | Gate::Probing => None,
        };
        if let Some(until) = until {
            round::put_off(row, until);
            return false;
        }
        let body = Bytes::from(row.body.clone().unwrap_or_default());
        let sending = self.sender.send(endpoint, &row.event, body, began);
        let Some(attempt) = unless_over(courier, sending).await else {
            round::put_off(row, began);
            return false;
        };
        let now = clock.now();
        let (outcome, asked) = (attempt.outcome, attempt.retry_after);
        let verdict = judge(usize::try_from(row.attempts).unwrap_or(0) + 1, outcome, asked, now, chance());
        lock(pulse).learn(&attempt, now, verdict);
        metrics::counter!("muara_deliveries_total", "outcome" => outcome.name()).increment(1);
        round::note(row, &attempt, verdict, now)
    }

    async fn wait_for_slot(&self, rate: u32) {
        let at = {
            let mut slot = lock(&self.slot);
            let at = (*slot).max(Instant::now());
            *slot = at + Duration::from_secs(1) / rate;
            at
        };
        sleep_until(at).await;
    }
}

impl Pulse {
    const fn new(health: Health) -> Self {
        Self { health, notice: None, trouble: None, arrived: 0, failed: 0, is_throttled: false }
    }

    fn learn(&mut self, attempt: &Attempt, now: Moment, verdict: Verdict) {
        let (health, notice) = self.health.after((attempt.outcome, attempt.retry_after), attempt.at, now, chance());
        self.health = health;
        self.notice = notice.or(self.notice);
        if attempt.outcome == Outcome::Delivered {
            self.arrived += 1;
            return;
        }
        self.failed += 1;
        self.is_throttled |= matches!(verdict, Verdict::Again { is_throttled: true, .. });
        let status = attempt.status.map_or_else(String::new, |status| format!(" {status}"));
        let trouble = format!(
            "{}: {}{status}: {}",
            attempt.outcome.code().unwrap_or_default(),
            attempt.outcome.name(),
            attempt.response
        );
        self.trouble = Some(trouble.chars().take(MAX_TROUBLE).collect());
    }
}

/// What signs and where it goes; `None` when a secret does not open here.
fn opened(courier: &Courier, row: &Subscription, webhook: &Webhook) -> Option<sender::Endpoint> {
    let seal = Seal::of(&courier.hub.secret);
    let keys = webhook.secrets.iter().map(|secret| {
        let key = seal.open(&row.id, &secret.sealed).ok()?;
        Some(Signing { key, until: secret.until })
    });
    Some(sender::Endpoint { url: webhook.url.clone(), keys: keys.collect::<Option<_>>()? })
}

/// What goes out next: what is due again before what is new.
async fn gather(courier: &Courier, task: &Task, limit: usize) -> Result<Option<Round>> {
    let Task { row, subscriber, head, .. } = task;
    let number = row.subscription;
    let now = courier.hub.clock.now();
    let mut tx = courier.hub.db.read().await?;
    if row.resync.is_some() {
        let word = batch::gather(&mut tx, row, subscriber, head, (1, false)).await?;
        let round = |batch: batch::Batch| {
            let rows = batch.events.iter().map(|event| round::delivery(event, now)).collect();
            Round { groups: round::groups(rows), held: vec![], to: batch.to, is_word: true }
        };
        return Ok(word.map(round));
    }
    let mut going = deliveries::due(&mut tx, number, now, i64::try_from(limit).unwrap_or(1)).await?;
    let pending = deliveries::pending_subjects(&mut tx, number).await?;
    let is_full = !pending.is_empty()
        && usize::try_from(deliveries::pending(&mut tx, number).await?).unwrap_or(MAX_PENDING) >= MAX_PENDING;
    let room = limit - going.len();
    let mut round = Round { groups: vec![], held: vec![], to: row.progress(), is_word: false };
    if room > 0 && !is_full {
        let wanted = (room, courier.prefers_replay);
        match batch::gather(&mut tx, row, subscriber, head, wanted).await? {
            Some(batch) => {
                let new = batch.events.iter().map(|event| round::delivery(event, now)).collect();
                let (free, held) = round::part(new, &HashSet::from_iter(pending));
                going.extend(free);
                round = Round { held, to: batch.to, ..round };
            }
            None if going.is_empty() => return Ok(None),
            None => {}
        }
    } else if going.is_empty() {
        return Ok(None);
    }
    round.groups = round::groups(going);
    Ok(Some(round))
}

/// Waits for what is sent, and says meanwhile that somebody is at work; `None` when the subscription was taken away.
async fn attended<T>(courier: &Courier, sending: impl Future<Output = T>) -> Result<Option<T>> {
    let mut renew = interval_at(Instant::now() + RENEW, RENEW);
    tokio::pin!(sending);
    loop {
        tokio::select! {
            sent = &mut sending => return Ok(Some(sent)),
            _ = renew.tick() => if !courier.keep().await? { return Ok(None) },
        }
    }
}

/// An attempt; `None` when the hub ends before it does.
async fn unless_over(courier: &Courier, sending: impl Future<Output = Attempt>) -> Option<Attempt> {
    tokio::pin!(sending);
    tokio::select! {
        attempt = &mut sending => Some(attempt),
        () = courier.token.cancelled() => timeout(GRACE, sending).await.ok(),
    }
}

async fn save(
    courier: &Courier,
    row: &Subscription,
    mut rows: Vec<Delivery>,
    to: &Progress,
    pulse: &Pulse,
) -> Result<Next> {
    let (hub, number) = (&courier.hub, row.subscription);
    let now = hub.clock.now();
    // In the order of the log, which is the order in which those that are held go later.
    rows.sort_by_key(|row| (row.delivery == 0, row.delivery, row.seq));
    let ended = rows.iter().filter(|row| row.ended_at.is_some());
    let over: Vec<String> = ended.map(|row| row.subject.clone()).collect();
    let mut tx = hub.db.write().await?;
    subscriptions::advance(&mut tx, (number, &courier.owner), &row.progress(), to, (pulse.arrived, now)).await?;
    deliveries::put(&mut tx, number, rows).await?;
    deliveries::release(&mut tx, number, over, now).await?;
    let health = serde_json::to_string(&pulse.health).map_err(|error| Error::Damaged(error.to_string()))?;
    if row.health.as_deref() != Some(&health) || row.trouble != pulse.trouble || pulse.failed > 0 {
        subscriptions::note(&mut tx, number, pulse.trouble.as_deref(), Some(&health), pulse.failed).await?;
    }
    let stopped = match pulse.health.state {
        State::Active => None,
        State::Paused => Some("E0647: no event was taken for five days"),
        State::Stopped => Some("E0646: the endpoint wants nothing more (410)"),
    };
    if let Some(reason) = stopped {
        subscriptions::set_state(&mut tx, number, "paused", Some(reason), now).await?;
    }
    tx.commit().await?;
    muara_schemas::fault::point("courier.saved");
    match pulse.notice {
        Some(Notice::Failing { hours }) => {
            tracing::warn!(subscription = row.id, hours, "E0647: a webhook's endpoint has failed for long");
        }
        Some(Notice::Paused | Notice::Stopped) => {
            tracing::warn!(subscription = row.id, "a webhook is paused: {}", stopped.unwrap_or_default());
        }
        Some(Notice::Recovered) => tracing::info!(subscription = row.id, "a webhook's endpoint takes events again"),
        None => {}
    }
    Ok(Next::More)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn chance() -> u32 {
    u32::from_le_bytes(random::bytes())
}
