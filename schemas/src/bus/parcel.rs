//! What travels: a message on its way, with its place in the window and the other end of its receipt.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::window::{Seat, Window};
use super::{Error, MAX_MESSAGE_BYTES};
use crate::clock::Moment;
use crate::stream::StreamName;

/// Resolves once the message is confirmed, or refused for good.
///
/// While the broker is away the message is kept and sent again afterwards with the same id, in order.
/// When a single message fails, those sent after it may be confirmed before it; the hub tells by run and page.
/// Dropping a receipt does not call the message back.
#[must_use = "a message counts as sent only when its receipt says so"]
pub struct Receipt {
    answer: oneshot::Receiver<Result<(), Error>>,
    _interest: Option<Interest>,
}

/// Held by all who want to know what becomes of a publisher's messages; when the last lets go, its task ends.
pub(super) type Interest = Arc<DropGuard>;

/// A message on its way.
pub(super) struct Parcel {
    pub(super) message: Message,
    seat: Seat,
    reply: oneshot::Sender<Result<(), Error>>,
}

/// What is sent, whoever sends it.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) kind: Cow<'static, str>,
    pub(super) route: Route,
    pub(super) headers: Vec<(String, String)>,
    pub(super) at: Option<Moment>,
    pub(super) body: Bytes,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// To the partition of its stream; a queue has to take it.
    Page(StreamName),
    /// To whoever bound a queue for this routing key, if anybody did.
    Changes(String),
    /// Straight to this queue, which has to take it.
    Queue(String),
}

impl Route {
    /// The routing key; for the default exchange it is the name of the queue.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Page(stream) => stream.routing_key(),
            Self::Changes(address) | Self::Queue(address) => address.clone(),
        }
    }
}

impl Parcel {
    /// Packs a message, after waiting for room in the window.
    pub(super) async fn pack(
        message: Message,
        window: &Window,
        interest: Option<Interest>,
        token: &CancellationToken,
    ) -> Result<(Self, Receipt), Error> {
        let bytes = message.body.len();
        if bytes > MAX_MESSAGE_BYTES {
            return Err(Error::TooLarge { bytes, limit: MAX_MESSAGE_BYTES });
        }
        let seat = tokio::select! {
            biased;
            () = token.cancelled() => return Err(Error::Closed),
            seat = window.enter(bytes) => seat.ok_or(Error::Closed)?,
        };
        let (reply, answer) = oneshot::channel();
        Ok((Self { message, seat, reply }, Receipt { answer, _interest: interest }))
    }

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
        Pin::new(&mut self.answer).poll(cx).map(|answer| answer.unwrap_or(Err(Error::Closed)))
    }
}
