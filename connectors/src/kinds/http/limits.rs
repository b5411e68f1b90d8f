//! How long a source wants to be left alone: `Retry-After`, and the headers that tell what is left of a quota.

use std::time::Duration;

use muara_schemas::Clock;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Numbers above this are moments, in seconds since 1970, and no spans.
const MOMENT: u64 = 1_000_000_000;

/// Seconds, or a date as RFC 9110 has it.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER.as_str())?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::from_micros(u64::try_from(at.as_microsecond() - now(headers)).ok()?))
}

/// How long there is nothing left to ask for, when the source says that there is nothing.
pub(super) fn used_up(headers: &HeaderMap) -> Option<Duration> {
    let named = ["x-ratelimit", "ratelimit", "x-rate-limit"].into_iter().find_map(|family| {
        let left: f64 = text(headers, &format!("{family}-remaining"))?.parse().ok()?;
        let reset = text(headers, &format!("{family}-reset"))?.parse::<f64>().ok()?;
        (left <= 0.0 && reset >= 0.0).then_some(reset)
    });
    let reset = named.or_else(|| listed(text(headers, "ratelimit")?))?;
    span(reset, headers)
}

/// `limit=100, remaining=0, reset=30` of the older drafts, `"default";r=0;t=30` of the newer.
fn listed(header: &str) -> Option<f64> {
    let value = |names: [&str; 2]| {
        let mut pairs = header.split([';', ',']).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| names.contains(name))?.1.trim().parse::<f64>().ok()
    };
    let reset = value(["reset", "t"])?;
    (value(["remaining", "r"])? <= 0.0).then_some(reset)
}

/// A span as it is, or the time up to a moment.
fn span(reset: f64, headers: &HeaderMap) -> Option<Duration> {
    // Some say milliseconds; such a moment lies beyond any year that matters.
    let reset = if reset > 1e12 { reset / 1000.0 } else { reset };
    let span = Duration::try_from_secs_f64(reset).ok()?;
    if span.as_secs() < MOMENT {
        return Some(span);
    }
    let now = Duration::from_micros(u64::try_from(now(headers)).ok()?);
    Some(span.saturating_sub(now))
}

/// The source's own time is the one that it means; ours where it tells none.
fn now(headers: &HeaderMap) -> i64 {
    let date = text(headers, DATE.as_str()).and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    date.map_or_else(|| Clock::system().now().micros(), |date| date.timestamp().as_microsecond())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = ("date", "Sat, 21 Nov 2026 08:00:00 GMT");
        assert_eq!(retry_after(&headers(&[])), None);
        assert_eq!(retry_after(&headers(&[("retry-after", "7")])), Some(Duration::from_secs(7)));
        let later = headers(&[date, ("retry-after", "Sat, 21 Nov 2026 08:00:30 GMT")]);
        assert_eq!(retry_after(&later), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_quota_that_is_used_up_says_when_it_is_whole_again() {
        let date = ("date", "Sat, 21 Nov 2026 08:00:00 GMT");
        for (pairs, seconds) in [
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")][..], Some(30)),
            (&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "30")], None),
            (&[("x-ratelimit-remaining", "0")], None),
            (&[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795248045")], Some(45)),
            (&[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795248045000")], Some(45)),
            (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "5")], Some(5)),
            (&[("ratelimit", "limit=100, remaining=0, reset=9")], Some(9)),
            (&[("ratelimit", "\"default\";r=0;t=12")], Some(12)),
            (&[("ratelimit", "\"default\";r=3;t=12")], None),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "soon")], None),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "-1")], None),
        ] {
            assert_eq!(used_up(&headers(pairs)).map(|span| span.as_secs()), seconds, "{pairs:?}");
        }
    }
}
