//! The proof after a complete full read: do both sides hold the same records?

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::canonical::{ContentHash, hex, hex_decode};

/// How many records, and the sum modulo 2¹²⁸ of the first 16 bytes of BLAKE3(key ‖ 0x00 ‖ content hash).
///
/// The sum does not depend on order, so each side adds in the order that it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Number of records.
    pub count: u64,
    /// The sum, on the wire as 32 hex digits.
    pub digest: Digest,
}

/// The sum of a [`Proof`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest(u128);

impl Proof {
    /// Adds one record.
    pub fn add(&mut self, key: &str, hash: ContentHash) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(key.as_bytes());
        hasher.update(&[0]);
        hasher.update(hash.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        self.count += 1;
        self.digest.0 = self.digest.0.wrapping_add(u128::from_be_bytes(short));
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0.to_be_bytes()))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        hex_decode(text.as_bytes())
            .map(|bytes| Self(u128::from_be_bytes(bytes)))
            .ok_or_else(|| serde::de::Error::custom("a proof's digest is 32 lower-case hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn order_does_not_matter_but_every_record_does(keys in prop::collection::btree_set("[a-z0-9/]{1,12}", 1..30)) {
            let hash = ContentHash::of(b"{}");
            let (mut forward, mut backward, mut short) = (Proof::default(), Proof::default(), Proof::default());
            keys.iter().for_each(|key| forward.add(key, hash));
            keys.iter().rev().for_each(|key| backward.add(key, hash));
            keys.iter().skip(1).for_each(|key| short.add(key, hash));
            prop_assert_eq!(forward, backward);
            prop_assert_ne!(forward.digest, short.digest);
            let wire = serde_json::to_string(&forward).unwrap();
            prop_assert_eq!(serde_json::from_str::<Proof>(&wire).unwrap(), forward);
        }
    }
}
