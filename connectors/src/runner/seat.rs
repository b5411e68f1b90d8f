//! The places that a run holds among the streams that run at once.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A run's places: one among the streams of its system, and one among all. Both are given back with the last of it.
#[derive(Debug)]
pub(super) struct Seat {
    all: Arc<Semaphore>,
    #[expect(dead_code, reason = "gives its place back when it is dropped")]
    own: Option<OwnedSemaphorePermit>,
    /// `None` while somebody else may have it.
    among_all: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Seat {
    /// Waits for a place among the streams of the system, then among all.
    pub(super) async fn take([own, all]: &[Arc<Semaphore>; 2]) -> Self {
        // The semaphores are never closed.
        let own = own.clone().acquire_owned().await.ok();
        let place = all.clone().acquire_owned().await.ok();
        Self { all: all.clone(), own, among_all: Mutex::new(place) }
    }

    /// Waits, and lets another system have the place among all when that takes longer than `patience`.
    ///
    /// The one among the system's own streams stays taken: what the system asks for holds for all of them.
    pub(super) async fn leave_for<T>(&self, waiting: impl Future<Output = T>, patience: Duration) -> T {
        let mut waiting = pin!(waiting);
        if let Ok(done) = tokio::time::timeout(patience, &mut waiting).await {
            return done;
        }
        self.hold(None);
        let done = waiting.await;
        let place = self.all.clone().acquire_owned().await.ok();
        self.hold(place);
        done
    }

    fn hold(&self, place: Option<OwnedSemaphorePermit>) {
        *self.among_all.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> [Arc<Semaphore>; 2] {
        [Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1))]
    }

    #[tokio::test]
    async fn a_long_wait_frees_the_place_among_all_and_takes_one_again() {
        let turns = places();
        let seat = Seat::take(&turns).await;
        let other = async {
            let taken = turns[1].acquire().await.is_ok();
            (taken, turns[0].available_permits())
        };

        let ((), (taken, own)) =
            tokio::join!(seat.leave_for(tokio::time::sleep(Duration::from_millis(50)), Duration::ZERO), other);

        assert!(taken, "another system ran meanwhile");
        assert_eq!((own, turns[1].available_permits()), (0, 0), "and now the place is taken again");
        drop(seat);
        assert_eq!(turns.map(|places| places.available_permits()), [1, 1]);
    }

    #[tokio::test]
    async fn a_short_wait_keeps_it() {
        let turns = places();
        let seat = Seat::take(&turns).await;

        let seen = seat.leave_for(async { turns[1].available_permits() }, Duration::from_mins(1)).await;

        assert_eq!(seen, 0);
    }
}
