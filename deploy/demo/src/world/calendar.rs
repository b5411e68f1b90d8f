//! The world's calendar: local time of the regency (WIB, +07:00), a fiscal year and a day that is always "today" at tick 0.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Weekday, date};

use super::rng::Rng;

/// The fiscal year that the world plays in.
pub(crate) const FISCAL_YEAR: i16 = 2026;

/// The moment of tick 0: the morning of 31 October 2026.
pub(crate) const START: DateTime = date(2026, 10, 31).at(8, 0, 0, 0);

/// The moment of a tick: the world moves two seconds each.
pub(crate) fn moment_of(tick: u64) -> DateTime {
    let seconds = i64::try_from(tick).unwrap_or(i64::MAX / 4).saturating_mul(2);
    START.saturating_add(SignedDuration::from_secs(seconds))
}

/// The day `days` later.
pub(crate) fn plus_days(day: Date, days: i64) -> Date {
    day.saturating_add(SignedDuration::from_hours(days * 24))
}

/// The moment `minutes` later.
pub(crate) fn plus_minutes(moment: DateTime, minutes: i64) -> DateTime {
    moment.saturating_add(SignedDuration::from_mins(minutes))
}

/// This day, or the Monday after it when the offices are closed.
pub(crate) fn working_day(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => plus_days(day, 2),
        Weekday::Sunday => plus_days(day, 1),
        _ => day,
    }
}

/// The working day `days` working days later.
pub(crate) fn plus_working_days(day: Date, days: i64) -> Date {
    (0..days).fold(working_day(day), |day, _| working_day(plus_days(day, 1)))
}

/// A moment in office hours of this day.
pub(crate) fn office_hour(day: Date, rng: &mut Rng) -> DateTime {
    plus_minutes(day.at(7, 30, 0, 0), rng.between(0, 500)).saturating_add(SignedDuration::from_secs(rng.between(0, 59)))
}

/// The last day of a month of the fiscal year.
pub(crate) fn month_end(month: i8) -> Date {
    date(FISCAL_YEAR, month, 1).last_of_month()
}
