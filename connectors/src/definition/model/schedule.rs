//! `schedule:` – when a stream runs by itself.

use std::time::Duration;

use croner::Cron;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use muara_schemas::Moment;

/// How long a stream waits between runs when its definition does not say.
const DEFAULT_EVERY: Duration = Duration::from_mins(15);
/// How often something is expected of a system that calls us, when its definition does not say.
const DEFAULT_PUSHES: Duration = Duration::from_hours(24);
/// How many runs are looked at to know how far apart they can be: a week of runs each quarter of an hour.
const LOOKED_AT: usize = 700;

/// When a stream runs by itself; times are those of the system's zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// How often.
    pub pace: Pace,
    /// At most so much later, by chance, so that not all streams come at once.
    pub jitter: Duration,
}

/// How often a stream runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Pace {
    /// So long after the run before began, within working hours where they are said.
    Every(Duration, Option<Hours>),
    /// At times of the clock.
    Cron(Box<Cron>),
}

/// `hours:` and `days:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Runs begin from this full hour on.
    pub from: i8,
    /// And before this one, 24 at most.
    pub to: i8,
    /// On these days.
    pub days: Vec<Weekday>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { pace: Pace::Every(DEFAULT_EVERY, None), jitter: Duration::ZERO }
    }
}

impl Schedule {
    /// When a system that calls us is expected to do so.
    pub const fn of_pushes() -> Self {
        Self { pace: Pace::Every(DEFAULT_PUSHES, None), jitter: Duration::ZERO }
    }

    /// When the run after one that began at `begun` is due. `chance` is random.
    pub fn next(&self, begun: Moment, zone: &TimeZone, chance: u32) -> Moment {
        let jitter = self.jitter.mul_f64(f64::from(chance) / f64::from(u32::MAX));
        let micros = i64::try_from(jitter.as_micros()).unwrap_or(0);
        Moment::from_micros(self.on_time(begun, zone).micros().saturating_add(micros))
    }

    /// How long to wait before a failed run is tried again.
    pub fn patience(&self, most: Duration) -> Duration {
        match &self.pace {
            Pace::Every(every, _) => most.min(*every),
            Pace::Cron(_) => most,
        }
    }

    /// Whether a fresh process begins with a run. At times of the clock it does not: they may be chosen with care.
    pub const fn begins_at_once(&self) -> bool {
        matches!(self.pace, Pace::Every(..))
    }

    /// The longest time between two runs, nights and weekends included, from `now` on.
    pub fn longest_gap(&self, now: Moment, zone: &TimeZone) -> Duration {
        if let Pace::Every(every, None) = &self.pace {
            return *every + self.jitter;
        }
        let (mut at, mut longest) = (now, 0);
        for _ in 0..LOOKED_AT {
            let next = self.on_time(at, zone);
            if next <= at {
                break;
            }
            longest = longest.max(next.micros() - at.micros());
            at = next;
        }
        Duration::from_micros(u64::try_from(longest).unwrap_or(0)) + self.jitter
    }

    fn on_time(&self, begun: Moment, zone: &TimeZone) -> Moment {
        let Ok(begun_at) = Timestamp::from_microsecond(begun.micros()) else { return begun };
        let next = match &self.pace {
            Pace::Every(every, hours) => {
                let due = SignedDuration::try_from(*every).ok().and_then(|every| begun_at.checked_add(every).ok());
                due.map(|due| due.to_zoned(zone.clone())).and_then(|due| match hours {
                    Some(hours) => hours.open(due),
                    None => Some(due),
                })
            }
            Pace::Cron(cron) => cron.find_next_occurrence(&begun_at.to_zoned(zone.clone()), false).ok(),
        };
        // What never comes again is as good as in a year.
        const YEAR: i64 = 366 * 86_400 * 1_000_000;
        next.map_or_else(
            || Moment::from_micros(begun.micros().saturating_add(YEAR)),
            |next| Moment::from_micros(next.timestamp().as_microsecond()),
        )
    }
}

impl Hours {
    /// The time itself, or when the next working hours begin.
    fn open(&self, due: Zoned) -> Option<Zoned> {
        if !self.days.contains(&due.weekday()) || due.hour() >= self.to {
            let mut day = due.date();
            for _ in 0..7 {
                day = day.tomorrow().ok()?;
                if self.days.contains(&day.weekday()) {
                    return day.to_datetime(self.opening()?).to_zoned(due.time_zone().clone()).ok();
                }
            }
            return None;
        }
        if due.hour() < self.from {
            return due.date().to_datetime(self.opening()?).to_zoned(due.time_zone().clone()).ok();
        }
        Some(due)
    }

    fn opening(&self) -> Option<Time> {
        Time::new(self.from, 0, 0, 0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        let zoned: Zoned = format!("{text}[Asia/Jakarta]").parse().unwrap();
        Moment::from_micros(zoned.timestamp().as_microsecond())
    }

    fn next(schedule: &Schedule, begun: &str) -> String {
        let next = schedule.next(at(begun), &TimeZone::get("Asia/Jakarta").unwrap(), 0);
        let zoned =
            Timestamp::from_microsecond(next.micros()).unwrap().to_zoned(TimeZone::get("Asia/Jakarta").unwrap());
        zoned.strftime("%a %d %H:%M").to_string()
    }

    fn office(every: Duration) -> Schedule {
        let days = vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
        let pace = Pace::Every(every, Some(Hours { from: 6, to: 20, days }));
        Schedule { pace, jitter: Duration::ZERO }
    }

    #[test]
    fn runs_keep_to_working_hours() {
        let schedule = office(Duration::from_mins(15));
        // The 20th of November 2026 is a Friday.
        assert_eq!(next(&schedule, "2026-11-20T10:00"), "Fri 20 10:15");
        assert_eq!(next(&schedule, "2026-11-20T19:50"), "Mon 23 06:00");
        assert_eq!(next(&schedule, "2026-11-23T02:00"), "Mon 23 06:00");
        assert_eq!(next(&schedule, "2026-11-21T12:00"), "Mon 23 06:00");
        let gap = schedule.longest_gap(at("2026-11-20T10:00"), &TimeZone::get("Asia/Jakarta").unwrap());
        assert_eq!(gap, Duration::from_mins(58 * 60 + 15));
    }

    #[test]
    fn cron_knows_the_zone() {
        let schedule = Schedule { pace: Pace::Cron(Box::new("15 2 * * *".parse().unwrap())), jitter: Duration::ZERO };
        assert_eq!(next(&schedule, "2026-11-20T02:14"), "Fri 20 02:15");
        assert_eq!(next(&schedule, "2026-11-20T02:15"), "Sat 21 02:15");
        let gap = schedule.longest_gap(at("2026-11-20T10:00"), &TimeZone::get("Asia/Jakarta").unwrap());
        assert_eq!(gap, Duration::from_hours(24));
        assert!(!schedule.begins_at_once());
    }

    #[test]
    fn jitter_adds_and_never_takes_off() {
        let schedule = Schedule { jitter: Duration::from_secs(30), ..office(Duration::from_mins(15)) };
        let (now, zone) = (at("2026-11-20T10:00"), TimeZone::get("Asia/Jakarta").unwrap());
        let wait = |chance| schedule.next(now, &zone, chance).micros() - now.micros();
        assert_eq!((wait(0), wait(u32::MAX)), (900_000_000, 930_000_000));
    }

    #[test]
    fn a_day_that_never_comes_is_far_away() {
        let schedule = Schedule { pace: Pace::Cron(Box::new("0 0 31 2 *".parse().unwrap())), jitter: Duration::ZERO };
        let now = at("2026-11-20T10:00");
        assert!(schedule.next(now, &TimeZone::UTC, 0) > now);
    }
}
