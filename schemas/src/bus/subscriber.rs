//! The queue of a subscriber: what it is called and how much it holds.

/// How much a subscriber's queue holds unless the subscription says otherwise.
const QUEUE_BYTES: u64 = 64 << 20;

/// The queue of one subscriber, as the broker is to keep it.
///
/// It is a quorum queue that refuses what is too much for it; nothing in it is dropped for room.
/// Its bounds cannot be changed while it stands: remove it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueBounds {
    /// Its name without the prefix of the bus; [`subscription_queue`] gives it.
    pub name: String,
    /// How many bytes it holds before it refuses more.
    pub max_bytes: u64,
    /// How many messages it holds before it refuses more, if they are counted.
    pub max_messages: Option<u64>,
    /// After how long a message that nobody took goes to the dead events; longer than 45 days counts as 45 days.
    pub ttl_secs: Option<u32>,
}

/// How a queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDepth {
    /// How many messages wait in it, those aside that a consumer holds.
    pub ready: u64,
    /// How many read it.
    pub consumers: u64,
}

/// The queue where events go that no subscriber took in time.
pub const EVENTS_NOT_TAKEN: &str = "muara.events.dead";

impl QueueBounds {
    /// The usual bounds: 64 MiB, and neither number nor time.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), max_bytes: QUEUE_BYTES, max_messages: None, ttl_secs: None }
    }
}

/// What the queue of the subscription with this id is called.
pub fn subscription_queue(id: &str) -> String {
    format!("muara.subscription.{id}")
}
