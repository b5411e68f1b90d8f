//! Who a record belongs to: region, system, stream; and the partition that keeps its order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many partition queues an installation has; fixed for its life.
pub const PARTITIONS: u8 = 8;

/// The longest key of a record, in bytes.
pub const MAX_KEY_BYTES: usize = 512;

/// One stream of one legacy system of one region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamName {
    /// Kemendagri code of the region, `NN` or `NN.NN`; `00` for the nation.
    pub region: String,
    /// Id of the legacy system, lower-case letters, digits and dashes.
    pub system: String,
    /// Name of the stream within the system, the same alphabet.
    pub stream: String,
}

impl StreamName {
    /// Names a stream; use [`StreamName::check`] on names from outside.
    pub fn new(region: impl Into<String>, system: impl Into<String>, stream: impl Into<String>) -> Self {
        Self { region: region.into(), system: system.into(), stream: stream.into() }
    }

    /// The partition that all pages of this stream travel through, in order.
    pub fn partition(&self) -> u8 {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.region, &self.system, &self.stream] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        hasher.finalize().as_bytes()[0] % PARTITIONS
    }

    /// The routing key `<partition>.<region>.<system>.<stream>`, dots in codes written as dashes.
    pub fn routing_key(&self) -> String {
        format!("{}.{}.{}.{}", self.partition(), self.region.replace('.', "-"), self.system, self.stream)
    }

    /// Tells what is wrong with the name, if anything.
    pub fn check(&self) -> Result<(), String> {
        if !is_region(&self.region) {
            return Err(format!("`{}` is no region code such as 33.02", self.region));
        }
        for (what, name) in [("system", &self.system), ("stream", &self.stream)] {
            if !is_name(name) {
                return Err(format!("`{name}` is no {what} name: 1 to 40 of a-z, 0-9 and -, beginning with a letter"));
            }
        }
        Ok(())
    }
}

/// Whether a text has the form of a province or regency code.
pub fn is_region(text: &str) -> bool {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    match text.as_bytes() {
        [a, b] => digits(&[*a, *b]),
        [a, b, b'.', c, d] => digits(&[*a, *b, *c, *d]),
        _ => false,
    }
}

/// Whether a text may name a system or a stream.
pub fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=40).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.region, self.system, self.stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_never_moves() {
        // Changing this would let two consumers work on one stream after an upgrade.
        for (stream, partition) in [("dpa", 0), ("rak", 4), ("sp2d", 2)] {
            assert_eq!(StreamName::new("33.02", "sipd", stream).partition(), partition, "{stream}");
        }
        let spread: std::collections::BTreeSet<u8> =
            (0..200).map(|n| StreamName::new("33.02", "sipd", format!("s{n}")).partition()).collect();
        assert_eq!(spread.len(), usize::from(PARTITIONS));
    }

    #[test]
    fn names_from_outside_are_checked() {
        assert!(StreamName::new("33.02", "sipd", "budget-lines").check().is_ok());
        assert!(StreamName::new("00", "kemnaker", "programs").check().is_ok());
        for (region, system, stream) in [
            ("3302", "sipd", "a"),
            ("33.02", "SIPD", "a"),
            ("33.02", "sipd", "a.b"),
            ("33.02", "", "a"),
            ("33.02", "sipd", "#"),
        ] {
            assert!(StreamName::new(region, system, stream).check().is_err());
        }
    }

    #[test]
    fn the_routing_key_has_four_words() {
        let key = StreamName::new("33.02", "sipd", "dpa").routing_key();
        assert_eq!(key.split('.').count(), 4);
        assert!(key.ends_with(".33-02.sipd.dpa"));
    }
}
