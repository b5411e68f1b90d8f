//! The window of a publisher: so many messages and so many bytes under way, then it waits.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places in a publisher's window.
#[derive(Clone)]
pub(super) struct Window {
    messages: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    most_bytes: u32,
}

/// A message's place in the window; dropping it lets the next one in.
pub(super) struct Seat {
    _message: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

impl Window {
    pub(super) fn new(messages: usize, bytes: usize) -> Self {
        let most_bytes = u32::try_from(bytes.max(1)).unwrap_or(u32::MAX);
        Self {
            messages: Arc::new(Semaphore::new(messages.clamp(1, 1 << 20))),
            bytes: Arc::new(Semaphore::new(most_bytes as usize)),
            most_bytes,
        }
    }

    /// Waits for room. A message larger than the whole window travels alone.
    pub(super) async fn enter(&self, bytes: usize) -> Option<Seat> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).clamp(1, self.most_bytes);
        let message = Arc::clone(&self.messages).acquire_owned().await.ok()?;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(bytes).await.ok()?;
        Some(Seat { _message: message, _bytes: bytes })
    }
}
