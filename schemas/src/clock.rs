//! The one clock: microseconds since 1970, passed in, never asked for by pure code.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(i64);

/// Where the time comes from: the machine, or a test.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Moment {
    /// A moment from microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The moment so many seconds later.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1_000_000)))
    }
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until a test moves it.
    pub fn standing(start: Moment) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.0))))
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine is asked for the time")]
    pub fn now(&self) -> Moment {
        match &self.0 {
            None => Moment(jiff::Timestamp::now().as_microsecond()),
            Some(standing) => Moment(standing.load(Ordering::SeqCst)),
        }
    }

    /// Moves a standing clock on; the machine's clock does not listen.
    pub fn advance_secs(&self, secs: i64) {
        if let Some(standing) = &self.0 {
            standing.fetch_add(secs.saturating_mul(1_000_000), Ordering::SeqCst);
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let timestamp: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(timestamp.as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print_with_six_decimals_and_sort_as_text() {
        let texts: Vec<String> = [0, 1, 500_000, 1_000_000].map(|m| Moment::from_micros(m).to_string()).into();
        assert_eq!(texts[0], "1970-01-01T00:00:00.000000Z");
        assert!(texts.is_sorted());
        let back: Moment = serde_json::from_str(&format!("\"{}\"", texts[2])).unwrap();
        assert_eq!(back.micros(), 500_000);
    }
}
