//! The sending side of events: letters to whoever bound a queue for them, or straight into a subscriber's queue.

use std::borrow::Cow;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Error;
use super::amqp::Plight;
use super::parcel::{Interest, Message, Parcel, Receipt, Route};
use super::window::Window;
use crate::clock::Moment;

/// The longest text that a name, a key or a property may be on the wire.
const LONGEST_NAME_BYTES: usize = 255;

/// Sends letters in order, each until it is confirmed.
///
/// Each has a channel and a window of its own ([`super::EVENT_WINDOW`], [`super::EVENT_WINDOW_BYTES`]), so that a full
/// queue holds up only the one that writes to it; clones share both, and the order.
/// It goes on for as long as somebody holds it or one of its receipts; when the last is dropped, what is not confirmed
/// is forgotten, so a subscription whose queue is full can be ended at once.
#[derive(Clone)]
pub struct Events {
    pub(super) window: Window,
    pub(super) outbox: mpsc::UnboundedSender<Parcel>,
    pub(super) interest: Interest,
    pub(super) plight: Plight,
    pub(super) prefix: String,
    pub(super) token: CancellationToken,
}

/// An event to be sent.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The event's id, the same whenever the same event is sent; at most 255 bytes.
    pub id: String,
    /// The CloudEvents `type`; at most 255 bytes.
    pub kind: String,
    /// Where it goes.
    pub to: To,
    /// What stands on the message besides its properties; names of at most 255 bytes.
    pub headers: Vec<(String, String)>,
    /// When it happened; the message tells it to the second.
    pub at: Moment,
    /// The whole CloudEvent.
    pub body: Bytes,
}

/// Where a letter goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// To every queue that somebody bound to the exchange of changes for this routing key; none is as good as many.
    ///
    /// While such a queue refuses what it is sent, being full, a letter is tried three times more and its receipt then
    /// answers [`Error::NotKept`]; for half a minute after that each is tried once, so that a queue which is none of
    /// ours neither stops the others nor sends them everything several times.
    Changes {
        /// The routing key, at most 255 bytes.
        key: String,
    },
    /// Straight into this queue, tried until it is kept.
    ///
    /// While the queue is full or gone, [`Events::trouble`] says so, and one letter at a time is tried.
    Queue(String),
}

impl Events {
    /// Sends a letter, after waiting for room in the window.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::Unfit`] for a letter that no broker takes, [`Error::Closed`] after shutdown.
    pub async fn publish(&self, letter: Letter) -> Result<Receipt, Error> {
        let message = self.message(letter)?;
        let interest = Some(Interest::clone(&self.interest));
        let (parcel, receipt) = Parcel::pack(message, &self.window, interest, &self.token).await?;
        // When the task is gone the parcel drops, and its receipt says that the bus is closed.
        drop(self.outbox.send(parcel));
        Ok(receipt)
    }

    /// Why letters stand still at present, or did not get through at the last try; `None` while all goes well.
    pub fn trouble(&self) -> Option<String> {
        self.plight.latest().map(|error| error.to_string())
    }

    fn message(&self, letter: Letter) -> Result<Message, Error> {
        let Letter { id, kind, to, headers, at, body } = letter;
        let route = match to {
            To::Changes { key } => Route::Changes(key),
            To::Queue(name) => Route::Queue(format!("{}{name}", self.prefix)),
        };
        let address = route.address();
        let names = headers.iter().map(|(name, _)| ("name of a header", name));
        for (what, text) in [("id", &id), ("type", &kind), ("address", &address)].into_iter().chain(names) {
            if text.len() > LONGEST_NAME_BYTES {
                return Err(Error::Unfit { what, bytes: text.len(), limit: LONGEST_NAME_BYTES });
            }
        }
        Ok(Message { id, kind: Cow::Owned(kind), route, headers, at: Some(at), body })
    }
}
