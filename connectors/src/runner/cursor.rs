//! Cursor values: which of two is greater, what is a lag before one, which one is not to be believed.
//!
//! A cursor is the greatest value seen in the source, never a clock, and it goes back to the source in its own form.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use muara_schemas::Moment;

/// A value further ahead than this does not move the cursor: it is a typing error.
pub(super) const AHEAD: Duration = Duration::from_hours(24);

/// The greatest value of a read, and what was odd about the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Greatest {
    /// The greatest believable value.
    pub(super) value: Option<String>,
    /// Values beyond the source's own now + 1 day.
    pub(super) ahead: u64,
    /// Records without a value, or with one that means none; only full reads see them.
    pub(super) absent: u64,
}

/// A date or a moment as text: its parts, and how it was written.
struct Written<'a> {
    civil: DateTime,
    nanos: u64,
    /// Seconds east of UTC, where it says.
    offset: Option<i64>,
    separator: Option<char>,
    seconds: bool,
    /// What stands behind the seconds: fraction and offset.
    tail: &'a str,
}

impl Greatest {
    /// Looks at the value of one more record.
    pub(super) fn see(&mut self, value: Option<&str>, zero: &[String], now: Moment, zone: &TimeZone) {
        let Some(value) = value.map(str::trim).filter(|value| !is_zero(value, zero)) else {
            self.absent += 1;
            return;
        };
        if self.value.as_deref().is_some_and(|greatest| compare(value, greatest) != Ordering::Greater) {
            return;
        }
        if is_ahead(value, now, zone) {
            self.ahead += 1;
        } else {
            self.value = Some(value.to_owned());
        }
    }
}

/// Which of two values comes first: whole numbers by size, dates and moments by time, everything else by bytes.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    // Most neighbours are written alike, and then text order is time order.
    if a == b {
        return Ordering::Equal;
    }
    if let (Some(a), Some(b)) = (integer(a), integer(b)) {
        return compare_integers(a, b);
    }
    match (written(a), written(b)) {
        (Some(a), Some(b)) => a.order().cmp(&b.order()),
        _ => a.cmp(b),
    }
}

/// The value to read from: so much before the cursor. What is no time has no lag.
pub(super) fn before(value: &str, lag: Duration) -> String {
    let Some(written) = written(value).filter(|_| !lag.is_zero()) else { return value.to_owned() };
    let seconds = i64::try_from(lag.as_secs() + u64::from(lag.subsec_nanos() > 0)).unwrap_or(i64::MAX);
    let Ok(earlier) = written.civil.checked_sub(SignedDuration::from_secs(seconds)) else {
        return value.to_owned();
    };
    let mut text = earlier.strftime("%Y-%m-%d").to_string();
    if let Some(separator) = written.separator {
        text.push(separator);
        text.push_str(&earlier.strftime(if written.seconds { "%H:%M:%S" } else { "%H:%M" }).to_string());
        text.push_str(written.tail);
    }
    text
}

/// Whether a value means that there is none.
fn is_zero(value: &str, zero: &[String]) -> bool {
    value.is_empty()
        || value == "-infinity"
        || value.starts_with("0001-01-01")
        || value.starts_with("0000-00-00")
        || zero.iter().any(|zero| zero == value)
}

fn is_ahead(value: &str, now: Moment, zone: &TimeZone) -> bool {
    // PostgreSQL has a moment after all others; what comes at or after it is nothing.
    let Some(written) = written(value) else { return value == "infinity" };
    let Ok(now) = Timestamp::from_microsecond(now.micros()) else { return false };
    let offset = written.offset.unwrap_or_else(|| i64::from(zone.to_offset(now).seconds()));
    let limit = now.as_second().saturating_add(i64::try_from(AHEAD.as_secs()).unwrap_or(i64::MAX));
    written.seconds_since_year_zero() - offset > limit.saturating_add(EPOCH)
}

/// Seconds from the start of year zero to 1970, so that civil times can be compared as numbers.
const EPOCH: i64 = 719_528 * 86_400;

impl Written<'_> {
    fn seconds_since_year_zero(&self) -> i64 {
        let days = jiff::civil::date(0, 1, 1).until(self.civil.date()).map_or(0, |span| i64::from(span.get_days()));
        let time = self.civil.time();
        days * 86_400 + i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second())
    }

    fn order(&self) -> (i64, u64) {
        (self.seconds_since_year_zero() - self.offset.unwrap_or(0), self.nanos)
    }
}

/// A whole number with its sign, without leading zeros.
fn integer(text: &str) -> Option<(bool, &str)> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| (negative, digits.trim_start_matches('0')))
}

fn compare_integers((a_negative, a): (bool, &str), (b_negative, b): (bool, &str)) -> Ordering {
    let size = a.len().cmp(&b.len()).then_with(|| a.cmp(b));
    match (a_negative && !a.is_empty(), b_negative && !b.is_empty()) {
        (false, false) => size,
        (true, true) => size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// `yyyy-MM-dd`, then perhaps `T` or a space, `HH:mm`, seconds, a fraction, and `Z`, `+07`, `+0700` or `+07:00`.
fn written(text: &str) -> Option<Written<'_>> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
    };
    let at = |index: usize, byte: u8| bytes.get(index) == Some(&byte);
    if !(at(4, b'-') && at(7, b'-')) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let small = |number: i64| i8::try_from(number).ok();
    let date = jiff::civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    if bytes.len() == 10 {
        let civil = date.to_datetime(jiff::civil::Time::midnight());
        return Some(Written { civil, nanos: 0, offset: None, separator: None, seconds: false, tail: "" });
    }
    let separator = char::from(bytes[10]);
    if !matches!(separator, 'T' | ' ') || !at(13, b':') {
        return None;
    }
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let seconds = at(16, b':');
    let second = if seconds { number(17, 19)? } else { 0 };
    // A leap second is the last second of its minute.
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second.min(59))?, 0).ok()?;
    let tail = text.get(if seconds { 19 } else { 16 }..)?;
    let (nanos, zone) = match tail.strip_prefix('.') {
        None => (0, tail),
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let fraction: String = rest[..digits].chars().chain("000000000".chars()).take(9).collect();
            (if digits == 0 { return None } else { fraction.parse().ok()? }, &rest[digits..])
        }
    };
    Some(Written {
        civil: date.to_datetime(time),
        nanos,
        offset: offset(zone)?,
        separator: Some(separator),
        seconds,
        tail,
    })
}

/// `None` for what is no offset; `Some(None)` when there is none.
fn offset(text: &str) -> Option<Option<i64>> {
    let text = text.trim_start();
    let sign = match text.as_bytes().first() {
        None => return Some(None),
        Some(b'Z' | b'z') if text.len() == 1 => return Some(Some(0)),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|letter| *letter != ':').collect();
    if !matches!(digits.len(), 2 | 4 | 6) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| digits.get(from..from + 2).and_then(|part| part.parse::<i64>().ok()).unwrap_or(0);
    Some(Some(sign * (part(0) * 3_600 + part(2) * 60 + part(4))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_compared_by_what_they_mean() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, order) in [
            ("9", "10", Less),
            ("-3", "2", Less),
            ("-10", "-9", Less),
            ("9007199254740993", "9007199254740992", Greater),
            ("2026-01-02", "2026-01-01", Greater),
            ("2026-01-01T09:00:00+07:00", "2026-01-01T02:00:00Z", Equal),
            ("2026-01-01 09:00:00.5+07", "2026-01-01 09:00:00.25+07", Greater),
            ("2026-01-01 23:00:00-01", "2026-01-02 00:30:00+00", Less),
            ("2026-01-01", "2026-01-01 00:00:01", Less),
            ("b", "a", Greater),
        ] {
            assert_eq!(compare(a, b), order, "{a} {b}");
        }
    }

    #[test]
    fn lag_is_taken_off_in_the_form_of_the_source() {
        let lag = Duration::from_mins(10);
        for (value, expected) in [
            ("2026-01-01T00:05:00.250+07:00", "2025-12-31T23:55:00.250+07:00"),
            ("2026-01-01 00:05:00+07", "2025-12-31 23:55:00+07"),
            ("2026-01-01 00:05", "2025-12-31 23:55"),
            ("2026-01-01", "2025-12-31"),
            ("4711", "4711"),
            ("abc", "abc"),
        ] {
            assert_eq!(before(value, lag), expected);
        }
        assert_eq!(before("2026-01-01", Duration::ZERO), "2026-01-01");
    }

    #[test]
    fn a_value_from_the_future_or_from_nowhere_does_not_move_the_cursor() {
        let zone = TimeZone::fixed(jiff::tz::offset(7));
        let now = Moment::from_micros("2026-11-21T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond());
        let mut greatest = Greatest::default();
        for value in [
            Some("2026-11-20 10:00:00"),
            None,
            Some("0001-01-01"),
            Some("2062-11-20 10:00:00"),
            Some("2026-11-21 08:00:00"),
            Some("-"),
            Some("infinity"),
            Some("-infinity"),
        ] {
            greatest.see(value, &["-".to_owned()], now, &zone);
        }
        assert_eq!(greatest, Greatest { value: Some("2026-11-21 08:00:00".to_owned()), ahead: 2, absent: 4 });
        greatest.see(Some("2026-11-22 06:59:59"), &[], now, &zone);
        greatest.see(Some("2026-11-22 07:00:01"), &[], now, &zone);
        assert_eq!(
            (greatest.value.as_deref(), greatest.ahead),
            (Some("2026-11-22 06:59:59"), 3),
            "now + 1 day in the system's zone"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(a in "\\PC{0,30}", b in "[0-9T: .+Z-]{0,30}") {
            compare(&a, &b);
            before(&b, Duration::from_secs(90));
            Greatest::default().see(Some(&b), &[], Moment::default(), &TimeZone::UTC);
        }

        #[test]
        fn a_lag_never_goes_forward(second in 0_i64..4_000_000_000, lag in 0_u64..1_000_000) {
            let value = Timestamp::from_second(second).unwrap().to_string();
            prop_assert_ne!(compare(&before(&value, Duration::from_secs(lag)), &value), Ordering::Greater);
        }
    }
}
