//! What came of an attempt, and how long the endpoint asked us to wait. Pure.

use std::time::Duration;

use muara_schemas::Moment;

/// What came of an attempt to deliver an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint took it: any 2xx.
    Delivered,
    /// 410: the endpoint wants nothing more, ever.
    Gone,
    /// 429, 502, 503 or 504: the endpoint, or what stands before it, is overloaded.
    Throttled,
    /// 3xx, which is not followed.
    Redirected,
    /// Any other status.
    Rejected,
    /// No answer in time.
    Silent,
    /// No connection: the name, the port or the certificate.
    Unreachable,
    /// Not even tried: the address is none that events may be sent to.
    Refused,
}

impl Outcome {
    /// What an answer of this status means.
    pub const fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Delivered,
            300..=399 => Self::Redirected,
            410 => Self::Gone,
            429 | 502 | 503 | 504 => Self::Throttled,
            _ => Self::Rejected,
        }
    }

    /// The word under which it is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::Throttled => "throttled",
            Self::Redirected => "redirected",
            Self::Rejected => "rejected",
            Self::Silent => "silent",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
        }
    }

    /// The code that explains it; none when the event was delivered.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Delivered => None,
            Self::Gone => Some("E0646"),
            Self::Throttled | Self::Rejected => Some("E0642"),
            Self::Redirected => Some("E0643"),
            Self::Silent => Some("E0644"),
            Self::Unreachable => Some("E0645"),
            Self::Refused => Some("E0641"),
        }
    }
}

/// What `Retry-After` asks for: seconds, or a date as RFC 9110 has it, reckoned from the answer's own `Date` where it
/// tells one. A date that is past asks for nothing.
pub fn retry_after(text: &str, date: Option<&str>, now: Moment) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit ask for longer than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = moment(text)?;
    let from = date.and_then(moment).unwrap_or_else(|| now.micros());
    u64::try_from(until.saturating_sub(from)).ok().map(Duration::from_micros)
}

fn moment(date: &str) -> Option<i64> {
    Some(jiff::fmt::rfc2822::parse(date.trim()).ok()?.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_status_means_what_the_standard_says() {
        for (status, outcome) in [
            (200, Outcome::Delivered),
            (204, Outcome::Delivered),
            (299, Outcome::Delivered),
            (300, Outcome::Redirected),
            (302, Outcome::Redirected),
            (308, Outcome::Redirected),
            (400, Outcome::Rejected),
            (404, Outcome::Rejected),
            (410, Outcome::Gone),
            (429, Outcome::Throttled),
            (500, Outcome::Rejected),
            (501, Outcome::Rejected),
            (502, Outcome::Throttled),
            (503, Outcome::Throttled),
            (504, Outcome::Throttled),
            (599, Outcome::Rejected),
            (999, Outcome::Rejected),
        ] {
            assert_eq!(Outcome::of_status(status), outcome, "{status}");
        }
    }

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        // Tue, 01 Dec 2026 00:00:00 GMT.
        let now = Moment::from_micros(1_796_083_200_000_000);
        let soon = "Tue, 01 Dec 2026 00:00:30 GMT";
        for (text, date, secs) in [
            ("7", None, Some(7)),
            (" 7 ", None, Some(7)),
            ("99999999999999999999999", None, Some(u64::MAX)),
            (soon, None, Some(30)),
            (soon, Some("Tue, 01 Dec 2026 00:00:20 GMT"), Some(10)),
            (soon, Some("Tue, 01 Dec 2026 00:00:40 GMT"), None),
            (soon, Some("no date"), Some(30)),
            ("-7", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("", None, None),
        ] {
            assert_eq!(retry_after(text, date, now), secs.map(Duration::from_secs), "{text:?} {date:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}", date in proptest::option::of("\\PC{0,40}"), now in any::<i64>()) {
            let _ = retry_after(&text, date.as_deref(), Moment::from_micros(now));
        }
    }
}
