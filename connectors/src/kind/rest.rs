//! When a system wants to be asked again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The longest rest that a source may ask for.
const MOST: Duration = Duration::from_mins(15);

/// The rest that a system asked for; it holds for all its streams, whichever of them was told.
#[derive(Debug, Default)]
pub struct Rest(Mutex<Option<Instant>>);

impl Rest {
    /// The system asks to be left alone for so long, but never for more than a quarter of an hour.
    pub fn ask(&self, how_long: Duration) {
        let until = Instant::now() + how_long.min(MOST);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(until, |known| known.max(until)));
    }

    /// The end of the rest, unless it is over.
    pub fn until(&self) -> Option<Instant> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.filter(|until| *until > Instant::now())
    }
}
