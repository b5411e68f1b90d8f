//! What a subscriber is told next: a word to start anew, a part of a snapshot, a stretch of the log.

use muara_schemas::{Moment, random};

use crate::event::{Event, teller};
use crate::store::head::Head;
use crate::store::listing::{self, Filter as Listing};
use crate::store::subscriptions::{Progress, Subscription};
use crate::store::{Result, Tx};
use crate::subscriber::Subscriber;

/// How many stretches of the log are looked at in one go while nothing of them is wanted.
const SPANS: usize = 4;

/// The next events, and how far the subscriber has come when he has them.
#[derive(Debug)]
pub struct Batch {
    /// The events, those about one record in their order.
    pub events: Vec<Event>,
    /// How far he has come then.
    pub to: Progress,
}

/// Gathers the next events, `limit` at most; `None` when there is nothing to be told or passed over.
pub async fn gather(
    tx: &mut Tx,
    row: &Subscription,
    subscriber: &Subscriber,
    head: &Head,
    (limit, prefers_replay): (usize, bool),
) -> Result<Option<Batch>> {
    if row.resync.is_some() {
        return Ok(Some(word(row, subscriber, head)));
    }
    if let Some(after) = row.snapshot {
        return snapshot(tx, row, subscriber, after, limit).await.map(Some);
    }
    let again = row.replay_at.zip(row.replay_until);
    if let Some((from, until)) = again.filter(|_| prefers_replay || row.cursor >= head.seq) {
        let end = Head { seq: until.min(head.seq), ..head.clone() };
        let stretch = subscriber.read(tx, &end, from, limit, SPANS).await?;
        let is_over = stretch.until >= end.seq;
        let to = Progress { replay_at: (!is_over).then_some(stretch.until), ..row.progress() };
        return Ok(Some(Batch { events: stretch.events, to }));
    }
    if row.cursor >= head.seq {
        return Ok(None);
    }
    let stretch = subscriber.read(tx, head, row.cursor, limit, SPANS).await?;
    Ok(Some(Batch { events: stretch.events, to: Progress { cursor: stretch.until, ..row.progress() } }))
}

/// The records that have not changed since the snapshot's place, by their numbers; what has changed comes with the log.
async fn snapshot(tx: &mut Tx, row: &Subscription, subscriber: &Subscriber, after: i64, limit: usize) -> Result<Batch> {
    let types = &subscriber.sieve.record_types;
    let filter = Listing {
        types: (!types.is_empty()).then(|| types.clone()),
        unchanged_since: Some(row.cursor),
        ..Listing::default()
    };
    let rows = listing::page(tx, &subscriber.viewer, &filter, after, i64::try_from(limit).unwrap_or(1)).await?;
    let is_over = rows.len() < limit;
    let last = rows.last().map_or(after, |last| last.record);
    let events = rows.into_iter().map(|row| subscriber.teller.read(row));
    let events = events.filter(|event| subscriber.sieve.lets_through(event)).collect();
    Ok(Batch { events, to: Progress { snapshot: (!is_over).then_some(last), ..row.progress() } })
}

fn word(row: &Subscription, subscriber: &Subscriber, head: &Head) -> Batch {
    let reason = match row.resync.as_deref() {
        Some("restored") => "restored",
        _ => "asked",
    };
    let position = head.position(row.cursor);
    let word = teller::resync(reason, position);
    let at: Moment = head.at;
    let event = subscriber.teller.word(&row.id, row.cursor, at, random::bytes(), word);
    Batch { events: vec![event], to: Progress { resync: None, ..row.progress() } }
}
