//! When an event that was not taken is sent again, after Standard Webhooks' schedule. Pure.

use std::time::Duration;

use muara_schemas::Moment;

use super::outcome::Outcome;

/// The pause before each attempt, in seconds; the first is sent at once. Together a little over three days.
const PAUSES_SECS: [u64; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The longest pause that an endpoint may ask for.
pub const MOST_ASKED: Duration = Duration::from_hours(24);

/// What becomes of an event after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Delivered,
    /// It is sent again.
    Again {
        /// Not before this moment.
        at: Moment,
        /// Whether the endpoint wants fewer events at a time.
        is_throttled: bool,
    },
    /// It was sent for the last time; somebody may send it anew (E0649).
    GivenUp,
    /// The endpoint wants nothing more: it is stopped, and the event waits with it (E0646).
    Stop,
}

/// Decides after attempt number `tried`, which counts from 1; `chance` is random.
pub fn judge(tried: usize, outcome: Outcome, asked: Option<Duration>, now: Moment, chance: u32) -> Verdict {
    match outcome {
        Outcome::Delivered => return Verdict::Delivered,
        Outcome::Gone => return Verdict::Stop,
        _ => {}
    }
    let Some(pause) = PAUSES_SECS.get(tried.max(1)) else { return Verdict::GivenUp };
    let pause = spread(Duration::from_secs(*pause), chance).max(asked.unwrap_or_default().min(MOST_ASKED));
    Verdict::Again { at: later(now, pause), is_throttled: outcome == Outcome::Throttled }
}

/// A pause that is up to a fifth shorter or longer, so that what failed together is not sent again together.
pub(super) fn spread(pause: Duration, chance: u32) -> Duration {
    pause.mul_f64(0.8 + 0.4 * f64::from(chance) / f64::from(u32::MAX))
}

/// The moment after a pause.
pub(super) fn later(now: Moment, pause: Duration) -> Moment {
    Moment::from_micros(now.micros().saturating_add(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Moment = Moment::from_micros(1_796_083_200_000_000);
    /// The dice that change nothing, nearly.
    const MIDDLE: u32 = u32::MAX / 2;

    fn pause_secs(verdict: Verdict) -> i64 {
        let Verdict::Again { at, .. } = verdict else { panic!("{verdict:?} is no pause") };
        (at.micros() - NOW.micros() + 500_000) / 1_000_000
    }

    fn rejected(tried: usize, asked: Option<u64>, chance: u32) -> Verdict {
        judge(tried, Outcome::Rejected, asked.map(Duration::from_secs), NOW, chance)
    }

    #[test]
    fn an_event_is_sent_ten_times_over_three_days_and_given_up() {
        let pauses: Vec<i64> = (1..10).map(|tried| pause_secs(rejected(tried, None, MIDDLE))).collect();

        assert_eq!(pauses, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(rejected(10, None, MIDDLE), Verdict::GivenUp);
        assert_eq!(rejected(usize::MAX, None, MIDDLE), Verdict::GivenUp);
    }

    #[test]
    fn the_dice_move_a_pause_by_a_fifth() {
        assert_eq!(pause_secs(rejected(2, None, 0)), 240);
        assert_eq!(pause_secs(rejected(2, None, u32::MAX)), 360);
    }

    #[test]
    fn an_endpoint_may_ask_for_a_longer_pause_up_to_a_day() {
        assert_eq!(pause_secs(rejected(1, Some(600), MIDDLE)), 600);
        assert_eq!(pause_secs(rejected(3, Some(600), MIDDLE)), 1_800, "never for a shorter one");
        assert_eq!(pause_secs(rejected(1, Some(u64::MAX), MIDDLE)), 86_400);
    }

    #[test]
    fn what_is_taken_or_unwanted_is_not_sent_again() {
        assert_eq!(judge(1, Outcome::Delivered, None, NOW, 0), Verdict::Delivered);
        assert_eq!(judge(10, Outcome::Delivered, None, NOW, 0), Verdict::Delivered);
        assert_eq!(judge(1, Outcome::Gone, None, NOW, 0), Verdict::Stop);
        assert_eq!(judge(10, Outcome::Gone, None, NOW, 0), Verdict::Stop);
    }

    #[test]
    fn only_an_overloaded_endpoint_wants_fewer() {
        for (outcome, expected) in [
            (Outcome::Throttled, true),
            (Outcome::Rejected, false),
            (Outcome::Redirected, false),
            (Outcome::Silent, false),
            (Outcome::Unreachable, false),
            (Outcome::Refused, false),
        ] {
            let verdict = judge(1, outcome, None, NOW, MIDDLE);
            assert!(
                matches!(verdict, Verdict::Again { is_throttled, .. } if is_throttled == expected),
                "{outcome:?}: {verdict:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_pause_is_within_its_bounds(tried in 0_usize..12, asked in proptest::option::of(any::<u64>()), chance in any::<u32>()) {
            match rejected(tried, asked, chance) {
                Verdict::Again { at, .. } => {
                    let secs = (at.micros() - NOW.micros()) / 1_000_000;
                    prop_assert!((4..=103_680).contains(&secs), "{}", secs);
                }
                verdict => prop_assert!(tried >= 10 && verdict == Verdict::GivenUp),
            }
        }
    }
}
