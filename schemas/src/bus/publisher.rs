//! The sending side: a message in, a receipt out.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::local::Local;
use super::window::{Seat, Window};
use super::{Error, MAX_MESSAGE_BYTES};
use crate::stream::StreamName;

/// Sends messages in order, each until it is confirmed.
/// Clones share the window and the order.
#[derive(Clone)]
pub struct Publisher {
    window: Window,
    way: Way,
    token: CancellationToken,
}

#[derive(Clone)]
pub(super) enum Way {
    Local(Arc<Local>),
    Amqp(mpsc::UnboundedSender<Parcel>),
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its id, the same whenever the same message is sent; at most 255 bytes.
    pub id: String,
    /// The stream that it belongs to, which decides its partition.
    pub stream: StreamName,
    /// The CloudEvents `type`.
    pub kind: &'static str,
    /// The whole CloudEvent.
    pub body: Bytes,
}

/// Resolves once the message is confirmed, or refused for good.
///
/// While the broker is away the message is kept and sent again afterwards with the same id, in order.
/// When a single message fails, those sent after it may be confirmed before it; the hub tells by run and page.
/// Dropping a receipt does not call the message back.
#[must_use = "a message counts as sent only when its receipt says so"]
pub struct Receipt(oneshot::Receiver<Result<(), Error>>);

/// A message on its way, with its place in the window and the other end of its receipt.
pub(super) struct Parcel {
    pub(super) message: Outgoing,
    seat: Seat,
    reply: oneshot::Sender<Result<(), Error>>,
}

impl Publisher {
    pub(super) const fn new(window: Window, way: Way, token: CancellationToken) -> Self {
        Self { window, way, token }
    }

    /// Sends a message, after waiting for room in the window.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a message that no broker takes, [`Error::Closed`] after shutdown.
    pub async fn publish(&self, message: Outgoing) -> Result<Receipt, Error> {
        if message.body.len() > MAX_MESSAGE_BYTES {
            return Err(Error::TooLarge { bytes: message.body.len(), limit: MAX_MESSAGE_BYTES });
        }
        let seat = tokio::select! {
            biased;
            () = self.token.cancelled() => return Err(Error::Closed),
            seat = self.window.enter(message.body.len()) => seat.ok_or(Error::Closed)?,
        };
        let (reply, receipt) = oneshot::channel();
        let parcel = Parcel { message, seat, reply };
        match &self.way {
            Way::Local(local) => local.carry(parcel),
            // When the task is gone the parcel drops, and its receipt says that the bus is closed.
            Way::Amqp(inbox) => drop(inbox.send(parcel)),
        }
        Ok(Receipt(receipt))
    }
}

impl Parcel {
    /// Answers the receipt and gives the place in the window free.
    pub(super) fn settle(self, outcome: Result<(), Error>) {
        drop(self.seat);
        // Whoever dropped the receipt does not want to know.
        drop(self.reply.send(outcome));
    }
}

impl Future for Receipt {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| answer.unwrap_or(Err(Error::Closed)))
    }
}
