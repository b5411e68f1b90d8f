//! The bus: one page, one message; confirmed, in order, at least once.
//!
//! Two carriers with one behaviour, proved by one contract test (`tests/bus_contract`): `amqp` (RabbitMQ) and
//! `local` (in this process).
//! They differ in one thing only: `amqp` confirms when the broker holds the message on disk, `local` when the
//! reader has acknowledged it, because nothing else would keep it.
//! Callers never see which one carries them, nor the client library beneath.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::control::Command;
use crate::stream::PARTITIONS;

mod amqp;
mod consumer;
mod error;
mod events;
mod local;
mod parcel;
mod permissions;
mod publisher;
mod subscriber;
mod window;

pub use amqp::AmqpConfig;
pub use consumer::{Consumer, Delivery};
pub use error::Error;
pub use events::{Events, Letter, To};
pub use parcel::Receipt;
pub use permissions::{binding_commands, reading_commands};
pub use publisher::{Outgoing, Publisher};
pub use subscriber::{EVENTS_NOT_TAKEN, QueueBounds, QueueDepth, subscription_queue};

/// The largest message that the bus takes, in bytes: what RabbitMQ 4 takes unless told otherwise.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// How many messages a publisher has under way before it waits.
pub const PUBLISH_WINDOW: usize = 64;
/// How many bytes a publisher has under way before it waits.
pub const PUBLISH_WINDOW_BYTES: usize = 8 * 1024 * 1024;
/// How many events one publisher of letters has under way before it waits.
pub const EVENT_WINDOW: usize = 128;
/// How many bytes of events it has under way before it waits.
pub const EVENT_WINDOW_BYTES: usize = 8 * 1024 * 1024;
/// How many pages a partition's consumer holds unacknowledged.
pub const PAGE_PREFETCH: u16 = 40;
/// How many commands a connector holds unacknowledged.
pub const COMMAND_PREFETCH: u16 = 10;
/// How often a message may come again before it goes to the dead letters.
pub const DELIVERY_LIMIT: u32 = 20;
/// How many commands wait for one system at most.
pub const MAX_WAITING_COMMANDS: usize = 1_000;

/// Belongs into the log filter of every program that uses the bus: the client library logs returned messages whole,
/// personal data and all, and of the rest it tells nothing that the bus does not tell itself.
pub const LOG_DIRECTIVE: &str = "lapin=off";

/// The bus, whichever carries it; cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Bus(Carrier);

#[derive(Clone)]
enum Carrier {
    Local(Arc<local::Local>),
    Amqp(Arc<amqp::Amqp>),
}

/// Whether the bus carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Everything is connected and nothing is refused.
    Connected,
    /// Something is not as it should be; the bus goes on trying by itself.
    Failing(Error),
}

impl Bus {
    /// A bus within this process.
    pub fn local() -> Self {
        Self(Carrier::Local(local::Local::new()))
    }

    /// A bus over RabbitMQ, trying each address once before it returns.
    ///
    /// A broker that cannot be reached is no error: the bus goes on trying, and [`Bus::health`] tells.
    /// What trying again cannot cure is one: a malformed address, a refused login, a queue that exists otherwise
    /// than this version declares it.
    /// Everything ends when `token` is cancelled; let readers and writers finish before that.
    pub async fn connect(config: AmqpConfig, token: CancellationToken) -> Result<Self, Error> {
        // Boxed, because a future of two connections being made is large.
        Ok(Self(Carrier::Amqp(Box::pin(amqp::Amqp::connect(config, &token)).await?)))
    }

    /// A publisher with a window of its own.
    pub fn publisher(&self) -> Publisher {
        match &self.0 {
            Carrier::Local(local) => local.publisher(),
            Carrier::Amqp(amqp) => amqp.publisher(),
        }
    }

    /// A publisher of events with a channel and a window of its own; `None` on the local carrier, where nobody else could
    /// read them.
    pub fn events(&self) -> Option<Events> {
        match &self.0 {
            Carrier::Local(_) => None,
            Carrier::Amqp(amqp) => Some(amqp.events()),
        }
    }

    /// Makes sure that a subscriber's queue stands; one that stands with the same bounds stays as it is.
    pub async fn open_queue(&self, bounds: &QueueBounds) -> Result<(), Error> {
        match &self.0 {
            Carrier::Local(_) => Err(Error::NoBroker),
            Carrier::Amqp(amqp) => amqp.open_queue(bounds).await,
        }
    }

    /// Deletes a subscriber's queue with all that is in it; one that is not there is as good as deleted.
    pub async fn remove_queue(&self, name: &str) -> Result<(), Error> {
        match &self.0 {
            Carrier::Local(_) => Err(Error::NoBroker),
            Carrier::Amqp(amqp) => amqp.remove_queue(name).await,
        }
    }

    /// How a subscriber's queue stands.
    pub async fn queue_depth(&self, name: &str) -> Result<QueueDepth, Error> {
        match &self.0 {
            Carrier::Local(_) => Err(Error::NoBroker),
            Carrier::Amqp(amqp) => amqp.queue_depth(name).await,
        }
    }

    /// What stands before the name of every exchange and queue.
    pub fn prefix(&self) -> &str {
        match &self.0 {
            Carrier::Local(_) => "",
            Carrier::Amqp(amqp) => amqp.prefix(),
        }
    }

    /// The pages of one partition (0 to 7), in order.
    /// Of several consumers of a partition one is active; the next takes over when that one is dropped or dies.
    pub fn pages(&self, partition: u8) -> Consumer {
        let partition = partition % PARTITIONS;
        match &self.0 {
            Carrier::Local(local) => local.pages(partition),
            Carrier::Amqp(amqp) => amqp.pages(partition),
        }
    }

    /// How many pages came more than [`DELIVERY_LIMIT`] times again and were put aside.
    pub async fn dead_letter_count(&self) -> Result<u64, Error> {
        match &self.0 {
            Carrier::Local(local) => Ok(local.dead_letter_count()),
            Carrier::Amqp(amqp) => amqp.dead_letter_count().await,
        }
    }

    /// Lays a command ready for the connector that owns its system, until it expires.
    /// The body of the delivery is the command as JSON.
    pub async fn command(&self, command: &Command) -> Result<(), Error> {
        match &self.0 {
            Carrier::Local(local) => local.command(command),
            Carrier::Amqp(amqp) => amqp.command(command).await,
        }
    }

    /// The commands for one system. What was laid ready before comes too; look at `expires_at` before obeying.
    pub fn commands(&self, region: &str, system: &str) -> Consumer {
        match &self.0 {
            Carrier::Local(local) => local.commands(region, system),
            Carrier::Amqp(amqp) => amqp.commands(region, system),
        }
    }

    /// Whether somebody beside the sender says who the sender is.
    pub const fn verifies_senders(&self) -> bool {
        matches!(self.0, Carrier::Amqp(_))
    }

    /// Whether the bus carries, or the latest reason why not.
    pub fn health(&self) -> Health {
        match &self.0 {
            Carrier::Local(_) => Health::Connected,
            Carrier::Amqp(amqp) => amqp.health(),
        }
    }

    /// Ends every consumer and publisher of this bus and waits until their connections are closed, 5 s at most.
    /// What was not confirmed by then resolves as [`Error::Closed`].
    pub async fn close(&self) {
        match &self.0 {
            Carrier::Local(local) => local.close(),
            Carrier::Amqp(amqp) => amqp.close().await,
        }
    }
}

impl Health {
    /// Whether everything is connected.
    pub const fn is_connected(&self) -> bool {
        matches!(self, Self::Connected)
    }
}

/// The key by which a system's commands find their queue, dots in codes written as dashes.
fn control_key(region: &str, system: &str) -> String {
    format!("{}.{system}", region.replace('.', "-"))
}
