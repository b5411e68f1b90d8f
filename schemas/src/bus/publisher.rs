//! The sending side of pages: a message in, a receipt out.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Error;
use super::local::Local;
use super::parcel::{Message, Parcel, Receipt, Route};
use super::window::Window;
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

impl Publisher {
    pub(super) const fn new(window: Window, way: Way, token: CancellationToken) -> Self {
        Self { window, way, token }
    }

    /// Sends a message, after waiting for room in the window.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a message that no broker takes, [`Error::Closed`] after shutdown.
    pub async fn publish(&self, message: Outgoing) -> Result<Receipt, Error> {
        let partition = message.stream.partition();
        let (parcel, receipt) = Parcel::pack(message.into(), &self.window, None, &self.token).await?;
        match &self.way {
            Way::Local(local) => local.carry(partition, parcel),
            // When the task is gone the parcel drops, and its receipt says that the bus is closed.
            Way::Amqp(inbox) => drop(inbox.send(parcel)),
        }
        Ok(receipt)
    }
}

impl From<Outgoing> for Message {
    fn from(outgoing: Outgoing) -> Self {
        let Outgoing { id, stream, kind, body } = outgoing;
        Self { id, kind: Cow::Borrowed(kind), route: Route::Page(stream), headers: Vec::new(), at: None, body }
    }
}
