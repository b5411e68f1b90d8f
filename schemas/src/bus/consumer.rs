//! The reading side: deliveries, each to be acknowledged when its work is committed.

use bytes::Bytes;

use super::{amqp, local};

/// Reads one queue; reconnects by itself.
/// Dropping it gives back everything that was not acknowledged, to whoever reads next.
pub struct Consumer(pub(super) Reading);

pub(super) enum Reading {
    Local(local::Reader),
    Amqp(amqp::Reader),
}

/// One message, until it is acknowledged.
///
/// Dropped without an answer it comes again: with the local carrier at once, with a broker when this consumer ends.
pub struct Delivery {
    /// The message.
    pub body: Bytes,
    /// The id that its sender gave it.
    pub message_id: Option<String>,
    /// The user that the broker has verified as its sender; nobody on the local carrier.
    pub sender: Option<String>,
    /// Whether it was delivered before, perhaps to another.
    pub redelivered: bool,
    /// How often it was delivered before, as far as the carrier counts.
    pub attempts: u32,
    pub(super) ticket: Ticket,
}

pub(super) enum Ticket {
    Local(local::Ticket),
    Amqp(amqp::Ticket),
}

impl Consumer {
    /// The next message; waits for one, and through any outage. `None` only after shutdown.
    /// May be dropped while it waits without losing a message.
    pub async fn next(&mut self) -> Option<Delivery> {
        match &mut self.0 {
            Reading::Local(reader) => reader.next().await,
            Reading::Amqp(reader) => reader.next().await,
        }
    }
}

impl Delivery {
    /// The message is dealt with and shall not come again.
    /// After a lost connection this does nothing, and the message comes again all the same.
    pub async fn ack(self) {
        match self.ticket {
            Ticket::Local(ticket) => ticket.ack(),
            Ticket::Amqp(ticket) => ticket.ack().await,
        }
    }

    /// The message shall come again soon. Counts against [`super::DELIVERY_LIMIT`].
    pub async fn requeue(self) {
        match self.ticket {
            Ticket::Local(ticket) => drop(ticket),
            Ticket::Amqp(ticket) => ticket.requeue().await,
        }
    }
}
