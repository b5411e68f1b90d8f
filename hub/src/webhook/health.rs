//! How an endpoint is: whether it may be tried now, when somebody is warned, and when it is given a rest. Pure.

use std::time::Duration;

use muara_schemas::Moment;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::schedule::{MOST_ASKED, later, spread};

/// The first back-off of an endpoint; each failure after it doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest back-off that we choose ourselves.
const LONGEST: Duration = Duration::from_mins(5);
const HOUR_MICROS: i64 = 3_600_000_000;
/// After so many hours without a success somebody is warned; after the last of them the endpoint is paused.
const STEPS_HOURS: [i64; 4] = [24, 72, 108, 120];

/// How an endpoint is. Stored with its subscription, and changed only by [`Health::after`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Health {
    /// Failures that lengthened the back-off since the last success.
    pub failures: u32,
    /// The first failure since the last success.
    pub failing_since: Option<Moment>,
    /// Nothing is sent before this moment.
    pub next_at: Option<Moment>,
    /// How often somebody was warned since the last success.
    pub warnings: u8,
    /// Whether it is sent to at all.
    pub state: State,
}

/// Whether an endpoint is sent to at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is.
    #[default]
    Active,
    /// Not after five days without a success, until somebody resumes it (E0647).
    Paused,
    /// Not since it answered 410, until somebody resumes it (E0646).
    Stopped,
}

/// What may be sent to an endpoint now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Whatever is due.
    Open,
    /// One event, to see whether the endpoint is back.
    Probe,
    /// Nothing: a probe is under way.
    Probing,
    /// Nothing before this moment.
    Until(Moment),
    /// Nothing until somebody resumes it.
    Shut,
}

/// What somebody has to be told about an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It has failed for so many hours, and is paused after 120 of them.
    Failing {
        /// Since its first failure.
        hours: i64,
    },
    /// It is paused now.
    Paused,
    /// It is stopped now.
    Stopped,
    /// It takes events again, after somebody was told that it does not.
    Recovered,
}

impl Health {
    /// What may be sent while so many events are under way.
    pub fn gate(&self, under_way: usize, now: Moment) -> Gate {
        if self.state != State::Active {
            return Gate::Shut;
        }
        match self.next_at {
            None => Gate::Open,
            Some(at) if now < at => Gate::Until(at),
            Some(_) if under_way > 0 => Gate::Probing,
            Some(_) => Gate::Probe,
        }
    }

    /// How the endpoint is after an attempt that began at `began`, and what somebody is told; `chance` is random.
    ///
    /// Of events that were under way together only the first failure lengthens the back-off. Warnings come one a
    /// failure, so that nobody's endpoint is paused unwarned because it was seldom tried.
    #[must_use]
    pub fn after(
        self,
        (outcome, asked): (Outcome, Option<Duration>),
        began: Moment,
        now: Moment,
        chance: u32,
    ) -> (Self, Option<Notice>) {
        match outcome {
            // What was under way when the endpoint was paused or stopped does not resume it.
            _ if self.state != State::Active => (self, None),
            Outcome::Delivered => (Self::default(), (self.warnings > 0).then_some(Notice::Recovered)),
            Outcome::Gone => (Self { state: State::Stopped, ..self }, Some(Notice::Stopped)),
            _ => self.backed_off(asked, began, now, chance).warned(now),
        }
    }

    fn backed_off(self, asked: Option<Duration>, began: Moment, now: Moment, chance: u32) -> Self {
        let failing_since = Some(self.failing_since.unwrap_or(now));
        let asked = asked.map(|asked| later(now, asked.min(MOST_ASKED)));
        if self.next_at.is_some_and(|at| began < at) {
            return Self { failing_since, next_at: self.next_at.max(asked), ..self };
        }
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        let next_at = Some(later(now, spread(doubled, chance))).max(asked);
        Self { failures: self.failures.saturating_add(1), failing_since, next_at, ..self }
    }

    fn warned(self, now: Moment) -> (Self, Option<Notice>) {
        let since = self.failing_since.unwrap_or(now);
        let hours = now.micros().saturating_sub(since.micros()) / HOUR_MICROS;
        let Some(step) = STEPS_HOURS.get(usize::from(self.warnings)) else { return (self, None) };
        if hours < *step {
            return (self, None);
        }
        if usize::from(self.warnings) + 1 == STEPS_HOURS.len() {
            return (Self { state: State::Paused, ..self }, Some(Notice::Paused));
        }
        (Self { warnings: self.warnings + 1, ..self }, Some(Notice::Failing { hours }))
    }
}

#[cfg(test)]
#[path = "health/tests.rs"]
mod tests;
