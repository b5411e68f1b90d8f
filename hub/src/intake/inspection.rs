//! Looking into messages: parsed and checked on a thread for such work, beside whatever waits for the database.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use muara_schemas::bus::Delivery;
use muara_schemas::message::Message;
use muara_schemas::page::RunId;
use muara_schemas::stream::StreamName;
use muara_schemas::{Catalog, Secret};
use tokio::task::JoinHandle;

use super::checked::{self, Arrived, Poison};
use super::senders::Senders;

/// Looks into messages; cheap to clone.
#[derive(Clone)]
pub(super) struct Inspector {
    secret: Secret,
    senders: Arc<Senders>,
    /// Whether somebody beside the sender says who the sender is.
    is_verified: bool,
}

/// Messages that are being looked into.
pub(super) struct Inspection {
    work: JoinHandle<Vec<Result<Arrived, Refused>>>,
    count: usize,
}

/// A message that can never be taken, however often it is tried.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) error: String,
    /// What it says of itself, where its sender may say so.
    pub(super) claim: Option<Claim>,
}

/// Which run of which stream a page belongs to.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) name: StreamName,
    pub(super) run: RunId,
}

impl Inspector {
    pub(super) const fn new(secret: Secret, senders: Arc<Senders>, is_verified: bool) -> Self {
        Self { secret, senders, is_verified }
    }

    /// Begins to look into messages.
    pub(super) fn begin(&self, deliveries: &[Delivery]) -> Inspection {
        let messages: Vec<_> =
            deliveries.iter().map(|delivery| (delivery.body.clone(), delivery.sender.clone())).collect();
        let (inspector, count) = (self.clone(), messages.len());
        let look = move |(bytes, sender): (Bytes, Option<String>)| {
            std::panic::catch_unwind(AssertUnwindSafe(|| inspector.look(&bytes, sender)))
                .unwrap_or_else(|_| Err(Refused::from(Poison::Panicked)))
        };
        Inspection { work: tokio::task::spawn_blocking(move || messages.into_iter().map(look).collect()), count }
    }

    fn look(&self, bytes: &[u8], sender: Option<String>) -> Result<Arrived, Refused> {
        let message = checked::parse(bytes)?;
        let stream = message.stream();
        if self.is_verified && !self.senders.permit(sender.as_deref(), &stream) {
            // What it claims to be is not believed either.
            return Err(Poison::Sender { user: sender.unwrap_or_default(), stream }.into());
        }
        let claim = Claim::made(&message);
        let refused = |poison: Poison| Refused { error: poison.to_string(), claim };
        checked::verify(message, &self.secret, Catalog::embedded()).map_err(refused)
    }
}

impl Inspection {
    /// What was found, in the order of the messages.
    pub(super) async fn end(self) -> Vec<Result<Arrived, Refused>> {
        let count = self.count;
        self.work.await.unwrap_or_else(|_| (0..count).map(|_| Err(Poison::Panicked.into())).collect())
    }
}

impl Claim {
    fn made(message: &Message) -> Option<Self> {
        match message {
            Message::Page(page) => Some(Self { name: page.name(), run: page.run }),
            _ => None,
        }
    }

    /// What a message that was found good says of itself.
    pub(super) fn of(arrived: &Arrived) -> Option<Self> {
        match arrived {
            Arrived::Page(checked) => Some(Self { name: checked.name.clone(), run: checked.page.run }),
            Arrived::Word(_) => None,
        }
    }
}

impl From<Poison> for Refused {
    fn from(poison: Poison) -> Self {
        Self { error: poison.to_string(), claim: None }
    }
}
