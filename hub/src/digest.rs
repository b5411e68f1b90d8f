//! The digest of the view: two installations that show the same give the same 64 hex digits. Pure.
//!
//! It covers the live records, sorted by (region, system, stream, key), each with its content hash, and the rows of the
//! totals; no places in the log, no ids and no times, so that engines, buses and histories do not matter.

use muara_schemas::{ContentHash, StreamName};

use crate::store::totals::{self, Line};

pub mod reading;

/// A digest that is being fed; records first, in order, then totals, in order.
#[derive(Default)]
pub struct Digest {
    hasher: blake3::Hasher,
    records: u64,
    totals: u64,
}

/// A digest that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// 64 hex digits.
    pub digest: String,
    /// Live records.
    pub records: u64,
    /// Rows of the totals that are not zero.
    pub totals: u64,
}

impl Digest {
    /// Adds a live record.
    pub fn record(&mut self, stream: &StreamName, key: &str, hash: ContentHash) {
        self.hasher.update(b"r");
        for part in [&stream.region, &stream.system, &stream.stream] {
            self.text(part);
        }
        self.text(key);
        self.hasher.update(hash.as_bytes());
        self.records += 1;
    }

    /// Adds a row of the totals.
    pub fn total(&mut self, line: &Line) {
        let (
            region,
            fiscal_year,
            measure,
            ledger,
            system,
            agency,
            stage,
            sub_activity,
            fund,
            month,
            high,
            low,
            records,
        ) = line;
        self.hasher.update(b"t");
        for part in [region, measure, ledger, system, agency, sub_activity, fund] {
            self.text(part);
        }
        for number in [fiscal_year, stage, month, records] {
            self.hasher.update(&number.to_be_bytes());
        }
        // One amount may stand as two pairs of integers, depending on the order in which it was added up.
        self.hasher.update(&totals::amount(*high, *low).cents().to_be_bytes());
        self.totals += 1;
    }

    /// What it comes to.
    pub fn finish(&self) -> View {
        View { digest: self.hasher.finalize().to_hex().to_string(), records: self.records, totals: self.totals }
    }

    /// Lengths stand before texts, so that no two lists of texts look alike.
    fn text(&mut self, text: &str) {
        self.hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.hasher.update(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(high: i64, low: i64) -> Line {
        let text = |text: &str| text.to_owned();
        (
            text("33.02"),
            2026,
            text("budget"),
            text("apbd"),
            text("sipd"),
            text("1.01"),
            0,
            text("a"),
            text("f"),
            0,
            high,
            low,
            1,
        )
    }

    fn of(build: impl Fn(&mut Digest)) -> View {
        let mut digest = Digest::default();
        build(&mut digest);
        digest.finish()
    }

    #[test]
    fn it_is_of_the_content_alone() {
        let stream = StreamName::new("33.02", "sipd", "dpa");
        let (one, other) = (ContentHash::of(b"{}"), ContentHash::of(b"[]"));
        let view = of(|digest| digest.record(&stream, "a", one));
        assert_eq!(view, of(|digest| digest.record(&stream, "a", one)));
        assert_ne!(view.digest, of(|digest| digest.record(&stream, "a", other)).digest);
        assert_ne!(view.digest, of(|digest| digest.record(&StreamName::new("33.02", "sip", "ddpa"), "a", one)).digest);
        assert_eq!(view.digest.len(), 64);
    }

    #[test]
    fn an_amount_is_one_however_it_was_added_up() {
        let split = of(|digest| digest.total(&line(1, -2)));
        let plain = of(|digest| digest.total(&line(0, 999_999_999_998)));
        assert_eq!(split, plain);
        assert_ne!(plain.digest, of(|digest| digest.total(&line(0, 2))).digest);
    }
}
