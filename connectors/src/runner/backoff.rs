//! How long to wait before asking a source again, and how often it may be asked at all.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::definition::model::Budget;
use crate::kind::Rest;

/// The longest wait that we choose ourselves.
const MOST: Duration = Duration::from_mins(1);
/// The longest wait that a source may ask for.
const MOST_ASKED: Duration = Duration::from_mins(15);

/// The wait before repeat number `attempt` (from 0): doubling, with jitter, and never less than the source asked for.
/// `chance` is random.
pub(super) fn wait(attempt: u32, first: Duration, after: Option<Duration>, chance: u32) -> Duration {
    let full = first.saturating_mul(1 << attempt.min(16)).min(MOST);
    let jittered = full / 2 + (full / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX));
    jittered.max(after.unwrap_or_default().min(MOST_ASKED))
}

/// The requests of one system: never more than so many within any such span, never more than so many at once, and none
/// while the system rests.
#[derive(Debug)]
pub(super) struct Requests {
    budget: Option<Budget>,
    places: Option<Arc<Semaphore>>,
    rest: Arc<Rest>,
    sent: Mutex<VecDeque<Instant>>,
}

/// A request that is under way until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(
    #[expect(dead_code, reason = "gives its place back when it is dropped")] Option<OwnedSemaphorePermit>,
);

impl Requests {
    pub(super) fn new(budget: Option<Budget>, concurrency: Option<u32>, rest: Arc<Rest>) -> Self {
        let places = concurrency.map(|most| Arc::new(Semaphore::new(most as usize)));
        Self { budget, places, rest, sent: Mutex::default() }
    }

    /// Waits until the system does not rest.
    pub(super) async fn rested(&self) {
        while let Some(until) = self.rest.until() {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Waits until one more request is allowed, and counts it.
    pub(super) async fn take(&self) -> UnderWay {
        let place = match self.places.clone() {
            // The semaphore is never closed.
            Some(places) => places.acquire_owned().await.ok(),
            None => None,
        };
        // Whoever waits holds the lock: requests leave in the order in which they were asked for.
        let mut sent = self.sent.lock().await;
        if let Some(Budget { requests, per }) = self.budget
            && sent.len() >= usize::try_from(requests).unwrap_or(usize::MAX).max(1)
            && let Some(oldest) = sent.pop_front()
        {
            tokio::time::sleep_until(oldest + per).await;
        }
        self.rested().await;
        if self.budget.is_some() {
            sent.push_back(Instant::now());
        }
        UnderWay(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_respect_what_the_source_asks() {
        let first = Duration::from_millis(500);
        assert_eq!(wait(0, first, None, u32::MAX), Duration::from_millis(500));
        assert_eq!(wait(0, first, None, 0), Duration::from_millis(250));
        assert_eq!(wait(3, first, None, u32::MAX), Duration::from_secs(4));
        assert_eq!(wait(60, first, None, u32::MAX), MOST);
        assert_eq!(wait(0, first, Some(Duration::from_secs(20)), 7), Duration::from_secs(20));
        assert_eq!(wait(0, first, Some(Duration::from_hours(25)), 7), MOST_ASKED);
    }

    #[tokio::test]
    async fn a_budget_holds_in_any_span() {
        let per = Duration::from_millis(40);
        let requests = Requests::new(Some(Budget { requests: 3, per }), None, Arc::default());
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..10 {
            requests.take().await;
            times.push(start.elapsed());
        }
        // The bench notes the time a little after the request was counted.
        assert!(times.windows(4).all(|four| four[3].checked_sub(four[0]).unwrap() >= per / 2), "{times:?}");
        assert!(times[9] >= per * 3, "{times:?}");
    }
    #[tokio::test]
    async fn a_rest_holds_for_every_request() {
        let rest = Arc::new(Rest::default());
        let requests = Requests::new(None, None, rest.clone());
        let start = Instant::now();
        rest.ask(Duration::from_millis(30));
        rest.ask(Duration::from_millis(1));

        requests.take().await;

        assert!(start.elapsed() >= Duration::from_millis(30), "a shorter rest does not end a longer one");
        requests.take().await;
        assert!(rest.until().is_none());
        rest.ask(Duration::from_hours(24));
        assert!(rest.until().is_some_and(|until| until <= Instant::now() + MOST_ASKED));
    }

    #[tokio::test]
    async fn no_more_requests_are_under_way_than_are_allowed() {
        let requests = Requests::new(None, Some(1), Arc::default());
        let first = requests.take().await;
        let second = tokio::time::timeout(Duration::from_millis(20), requests.take()).await;

        assert!(second.is_err(), "it waits for the first");
        drop(first);
        requests.take().await;
    }
}
