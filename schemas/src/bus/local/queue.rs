//! One queue in memory: in order, nothing forgotten until it is acknowledged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::super::parcel::Parcel;
use super::super::{DELIVERY_LIMIT, Error};
use super::lock;
use crate::clock::{Clock, Moment};

pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
    /// One place for the active reader, or none where all readers share.
    turns: Option<Arc<Semaphore>>,
}

#[derive(Default)]
struct State {
    last: u64,
    /// What waits, by number: what comes again takes its old place before all that is younger.
    waiting: BTreeMap<u64, Entry>,
    /// What is with a reader, by number.
    taken: BTreeMap<u64, (u64, Entry)>,
    dead: u64,
}

pub(super) struct Entry {
    body: Bytes,
    message_id: Option<String>,
    expires_at: Option<Moment>,
    attempts: u32,
    parcel: Option<Parcel>,
}

/// What a reader gets to see of an entry.
pub(super) struct Taken {
    pub(super) number: u64,
    pub(super) body: Bytes,
    pub(super) message_id: Option<String>,
    pub(super) attempts: u32,
}

impl Entry {
    pub(super) const fn new(
        body: Bytes,
        message_id: Option<String>,
        expires_at: Option<Moment>,
        parcel: Option<Parcel>,
    ) -> Self {
        Self { body, message_id, expires_at, attempts: 0, parcel }
    }

    fn has_expired(&self, now: Moment) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    fn settle(self, outcome: Result<(), Error>) {
        if let Some(parcel) = self.parcel {
            parcel.settle(outcome);
        }
    }
}

impl Queue {
    /// A queue with one active reader.
    pub(super) fn one_at_a_time() -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), turns: Some(Arc::new(Semaphore::new(1))) }
    }

    /// A queue that several readers may share.
    pub(super) fn shared() -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), turns: None }
    }

    /// Waits until it is this reader's turn.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        match &self.turns {
            Some(turns) => Arc::clone(turns).acquire_owned().await.ok(),
            None => None,
        }
    }

    pub(super) fn put(&self, entry: Entry) {
        lock(&self.state).put(entry);
        self.changed.notify_waiters();
    }

    /// Puts it unless so many wait already, expired ones not counted.
    pub(super) fn put_within(&self, entry: Entry, most: usize, now: Moment) -> bool {
        {
            let mut state = lock(&self.state);
            state.waiting.retain(|_, waiting| !waiting.has_expired(now));
            if state.waiting.len() >= most {
                return false;
            }
            state.put(entry);
        }
        self.changed.notify_waiters();
        true
    }

    /// The oldest waiting entry, as soon as there is one.
    pub(super) async fn take(&self, reader: u64, clock: &Clock) -> Taken {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Listening begins before looking, so that nothing put in between is missed.
            changed.as_mut().enable();
            if let Some(taken) = lock(&self.state).take(reader, clock.now()) {
                return taken;
            }
            changed.await;
        }
    }

    pub(super) fn ack(&self, reader: u64, number: u64) {
        let entry = lock(&self.state).release(reader, number);
        if let Some(entry) = entry {
            entry.settle(Ok(()));
        }
    }

    pub(super) fn give_back(&self, reader: u64, number: u64) {
        let poisoned = {
            let mut state = lock(&self.state);
            match state.release(reader, number) {
                Some(entry) => state.put_back(number, entry),
                None => return,
            }
        };
        self.after_giving_back(poisoned);
    }

    pub(super) fn give_back_all(&self, reader: u64) {
        let mut poisoned = Vec::new();
        {
            let mut state = lock(&self.state);
            let numbers: Vec<u64> =
                state.taken.iter().filter(|(_, (holder, _))| *holder == reader).map(|(number, _)| *number).collect();
            for number in numbers {
                if let Some(entry) = state.release(reader, number) {
                    poisoned.extend(state.put_back(number, entry));
                }
            }
        }
        self.after_giving_back(poisoned);
    }

    /// Drops everything; the receipts of what was not acknowledged say that the bus is closed.
    pub(super) fn clear(&self) {
        let (waiting, taken) = {
            let mut state = lock(&self.state);
            (std::mem::take(&mut state.waiting), std::mem::take(&mut state.taken))
        };
        for entry in waiting.into_values().chain(taken.into_values().map(|(_, entry)| entry)) {
            entry.settle(Err(Error::Closed));
        }
    }

    pub(super) fn dead(&self) -> u64 {
        lock(&self.state).dead
    }

    fn after_giving_back(&self, poisoned: impl IntoIterator<Item = Entry>) {
        for entry in poisoned {
            entry.settle(Err(Error::Poisoned { limit: DELIVERY_LIMIT }));
        }
        self.changed.notify_waiters();
    }
}

impl State {
    fn put(&mut self, entry: Entry) {
        self.last += 1;
        self.waiting.insert(self.last, entry);
    }

    fn take(&mut self, reader: u64, now: Moment) -> Option<Taken> {
        while let Some((number, entry)) = self.waiting.pop_first() {
            if entry.has_expired(now) {
                continue;
            }
            let taken = Taken {
                number,
                body: entry.body.clone(),
                message_id: entry.message_id.clone(),
                attempts: entry.attempts,
            };
            self.taken.insert(number, (reader, entry));
            return Some(taken);
        }
        None
    }

    /// Takes the entry from its reader; `None` when another has it by now.
    fn release(&mut self, reader: u64, number: u64) -> Option<Entry> {
        match self.taken.get(&number) {
            Some((holder, _)) if *holder == reader => self.taken.remove(&number).map(|(_, entry)| entry),
            _ => None,
        }
    }

    /// Puts the entry into its old place, or hands it out when it came again too often.
    fn put_back(&mut self, number: u64, mut entry: Entry) -> Option<Entry> {
        entry.attempts += 1;
        if entry.attempts > DELIVERY_LIMIT {
            self.dead += 1;
            return Some(entry);
        }
        self.waiting.insert(number, entry);
        None
    }
}
