//! What a message that was not kept means, and how often it is tried again: decided without doing anything.

use std::time::Duration;

use tokio::time::Instant;

use super::super::Error;
use super::super::parcel::Route;
use super::confirm::Verdict;

/// How often a change is tried again while a queue that somebody bound refuses it.
const TRIES: u32 = 3;
/// For how long no change is tried again after that.
const WORN: Duration = Duration::from_secs(30);

/// A publisher's patience with queues that are none of ours.
#[derive(Debug, Default)]
pub(super) struct Patience {
    worn_until: Option<Instant>,
}

impl Patience {
    /// Whether a message that failed so many times is given back to its sender.
    ///
    /// Pages and what goes to a queue of ours never are. Of changes the first that fails wears the patience out, so that
    /// the queues with room are not sent all that follows several times.
    pub(super) fn ends(&mut self, route: &Route, failures: u32, now: Instant) -> bool {
        let Route::Changes(_) = route else { return false };
        if self.is_worn(now) {
            return true;
        }
        let ends = failures > TRIES;
        if ends {
            self.worn_until = Some(now + WORN);
        }
        ends
    }

    /// Whether it is worn out at present.
    pub(super) fn is_worn(&self, now: Instant) -> bool {
        self.worn_until.is_some_and(|until| now < until)
    }
}

/// Why a message was not kept.
pub(super) fn failure(verdict: Verdict, route: &Route) -> Error {
    match (verdict, route) {
        (Verdict::Rejected, Route::Queue(queue)) => Error::Full { queue: queue.clone() },
        (Verdict::Returned, Route::Queue(queue)) => Error::Gone { queue: queue.clone() },
        // Without the routing key: one full queue is one trouble, whatever is sent to it.
        (Verdict::Rejected, Route::Changes(_)) => {
            Error::NotKept { cause: "a queue that somebody bound to the changes is full".to_owned() }
        }
        (verdict, Route::Page(stream)) => Error::NotKept { cause: format!("{} for {stream}", verdict.cause()) },
        (verdict, _) => Error::NotKept { cause: verdict.cause().to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_tried_three_times_more_and_those_after_it_once() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        let change = Route::Changes("budget-line.updated.33-02._".to_owned());

        let ends: Vec<bool> = (1..=4).map(|failures| patience.ends(&change, failures, now)).collect();

        assert_eq!(ends, [false, false, false, true]);
        assert!(patience.ends(&change, 1, now + WORN / 2));
        assert!(!patience.ends(&change, 1, now + WORN), "after a while a new one has its tries");
    }

    #[test]
    fn what_has_a_queue_of_ours_is_never_given_back() {
        let mut patience = Patience::default();
        assert!(!patience.ends(&Route::Queue("muara.subscription.7".to_owned()), u32::MAX, Instant::now()));
    }

    #[test]
    fn a_full_queue_is_told_from_one_that_is_gone() {
        let route = Route::Queue("muara.subscription.7".to_owned());
        assert_eq!(failure(Verdict::Rejected, &route).code(), "E0411");
        assert_eq!(failure(Verdict::Returned, &route).code(), "E0412");
        assert_eq!(failure(Verdict::Rejected, &Route::Changes(String::new())).code(), "E0407");
    }
}
