//! The bus within one process: the same promises, kept in memory.
//!
//! A page is confirmed when its reader has acknowledged it, so what this process forgets when it dies was never
//! confirmed, and its sender sends it again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use self::queue::{Entry, Queue};
use super::consumer::{Consumer, Delivery, Reading};
use super::parcel::Parcel;
use super::publisher::{Publisher, Way};
use super::window::Window;
use super::{
    COMMAND_PREFETCH, Error, MAX_WAITING_COMMANDS, PAGE_PREFETCH, PUBLISH_WINDOW, PUBLISH_WINDOW_BYTES, control_key,
};
use crate::clock::Clock;
use crate::control::Command;
use crate::stream::PARTITIONS;

mod queue;

/// The carrier; everything hangs on it.
pub(super) struct Local {
    partitions: Vec<Arc<Queue>>,
    control: Mutex<HashMap<String, Arc<Queue>>>,
    readers: AtomicU64,
    clock: Clock,
    token: CancellationToken,
}

/// Reads one queue.
pub(super) struct Reader {
    queue: Arc<Queue>,
    id: u64,
    turn: Option<OwnedSemaphorePermit>,
    room: Arc<Semaphore>,
    clock: Clock,
    token: CancellationToken,
}

/// What a delivery is acknowledged with.
pub(super) struct Ticket {
    queue: Arc<Queue>,
    reader: u64,
    number: u64,
    _room: OwnedSemaphorePermit,
}

impl Local {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            partitions: (0..PARTITIONS).map(|_| Arc::new(Queue::one_at_a_time())).collect(),
            control: Mutex::new(HashMap::new()),
            readers: AtomicU64::new(1),
            clock: Clock::system(),
            token: CancellationToken::new(),
        })
    }

    pub(super) fn publisher(self: &Arc<Self>) -> Publisher {
        let window = Window::new(PUBLISH_WINDOW, PUBLISH_WINDOW_BYTES);
        Publisher::new(window, Way::Local(Arc::clone(self)), self.token.clone())
    }

    /// Puts a parcel into its partition, where it waits to be acknowledged.
    pub(super) fn carry(&self, partition: u8, parcel: Parcel) {
        let partition = usize::from(partition);
        let body = parcel.message.body.clone();
        let message_id = Some(parcel.message.id.clone());
        self.partitions[partition].put(Entry::new(body, message_id, None, Some(parcel)));
        crate::fault::point("page.published");
        if self.token.is_cancelled() {
            self.partitions[partition].clear();
        }
    }

    pub(super) fn pages(&self, partition: u8) -> Consumer {
        self.reader(Arc::clone(&self.partitions[usize::from(partition)]), PAGE_PREFETCH)
    }

    pub(super) fn commands(&self, region: &str, system: &str) -> Consumer {
        self.reader(self.control_queue(region, system), COMMAND_PREFETCH)
    }

    pub(super) fn command(&self, command: &Command) -> Result<(), Error> {
        if self.token.is_cancelled() {
            return Err(Error::Closed);
        }
        let now = self.clock.now();
        if command.expires_at <= now {
            return Err(Error::Expired);
        }
        let body = serde_json::to_vec(command).expect("commands always serialise");
        let entry = Entry::new(Bytes::from(body), Some(command.id.clone()), Some(command.expires_at), None);
        let queue = self.control_queue(&command.stream.region, &command.stream.system);
        if queue.put_within(entry, MAX_WAITING_COMMANDS, now) {
            Ok(())
        } else {
            Err(Error::NotKept { cause: format!("{MAX_WAITING_COMMANDS} commands wait for this system already") })
        }
    }

    pub(super) fn dead_letter_count(&self) -> u64 {
        self.partitions.iter().map(|queue| queue.dead()).sum()
    }

    pub(super) fn close(&self) {
        self.token.cancel();
        for queue in &self.partitions {
            queue.clear();
        }
    }

    fn reader(&self, queue: Arc<Queue>, prefetch: u16) -> Consumer {
        Consumer(Reading::Local(Reader {
            queue,
            id: self.readers.fetch_add(1, Ordering::Relaxed),
            turn: None,
            room: Arc::new(Semaphore::new(usize::from(prefetch))),
            clock: self.clock.clone(),
            token: self.token.clone(),
        }))
    }

    fn control_queue(&self, region: &str, system: &str) -> Arc<Queue> {
        let mut queues = lock(&self.control);
        Arc::clone(queues.entry(control_key(region, system)).or_insert_with(|| Arc::new(Queue::shared())))
    }
}

impl Reader {
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        let token = self.token.clone();
        tokio::select! {
            biased;
            () = token.cancelled() => None,
            delivery = self.wait() => delivery,
        }
    }

    async fn wait(&mut self) -> Option<Delivery> {
        if self.turn.is_none() {
            self.turn = self.queue.turn().await;
        }
        let room = Arc::clone(&self.room).acquire_owned().await.ok()?;
        let entry = self.queue.take(self.id, &self.clock).await;
        Some(Delivery {
            body: entry.body,
            message_id: entry.message_id,
            sender: None,
            redelivered: entry.attempts > 0,
            attempts: entry.attempts,
            ticket: super::consumer::Ticket::Local(Ticket {
                queue: Arc::clone(&self.queue),
                reader: self.id,
                number: entry.number,
                _room: room,
            }),
        })
    }
}

impl Drop for Reader {
    /// The next reader in turn starts with what this one leaves.
    fn drop(&mut self) {
        self.queue.give_back_all(self.id);
    }
}

impl Ticket {
    pub(super) fn ack(self) {
        self.queue.ack(self.reader, self.number);
    }
}

impl Drop for Ticket {
    /// Not acknowledged: it comes again. After an acknowledgement there is nothing left to give back.
    fn drop(&mut self) {
        self.queue.give_back(self.reader, self.number);
    }
}

/// A panic elsewhere leaves these maps whole: every change to them is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
