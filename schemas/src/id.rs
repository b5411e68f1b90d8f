//! The opaque id by which a record goes outside the database.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::stream::StreamName;

/// The installation's own secret; with it, and only with it, ids can be computed from keys.
#[derive(Clone)]
pub struct Secret([u8; 32]);

/// 130 bits printed as 26 characters of Crockford base32, lower case.
///
/// BLAKE3 keyed with the installation's [`Secret`] over (region, system, stream, key), so that an id tells nothing
/// about the key and cannot be guessed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; 16]);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl Secret {
    /// Takes 32 random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The id of the record with this key.
    pub fn id(&self, stream: &StreamName, key: &str) -> RecordId {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for part in [&stream.region, &stream.system, &stream.stream] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        hasher.update(key.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        RecordId(id)
    }

    /// A key for another purpose, which tells nothing about the secret or about the keys of other purposes.
    ///
    /// The purpose is a constant text of the program, such as `muara 2026-12-01 webhook secrets`.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }
}

impl Secret {
    /// The hub's name on the outside, such as `muara-7f3k9x2a`: the same in every process of the installation, and another
    /// in every other one.
    pub fn hub_name(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("muara 2026-12-01 the hub's name");
        hasher.update(&self.0);
        let letters = hasher.finalize().as_bytes()[..8]
            .iter()
            .map(|byte| ALPHABET[usize::from(byte & 31)] as char)
            .collect::<String>();
        format!("muara-{letters}")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl RecordId {
    /// The bytes as they are stored.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes stored bytes back; `None` unless there are exactly 16.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 128 bits are 26 digits of 5 bits with two bits to spare at the front.
        let bits = u128::from_be_bytes(self.0);
        let text: String = (0..26)
            .rev()
            .map(|place| ALPHABET[usize::try_from(bits >> (place * 5) & 31).unwrap_or(0)] as char)
            .collect();
        f.write_str(&text)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no record id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record id is 26 characters of Crockford base32")]
pub struct Malformed;

impl FromStr for RecordId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.len() != 26 || text.as_bytes()[0] > b'7' {
            return Err(Malformed);
        }
        let mut bits = 0_u128;
        for byte in text.bytes() {
            let digit = ALPHABET.iter().position(|letter| *letter == byte).ok_or(Malformed)?;
            bits = bits << 5 | u128::try_from(digit).map_err(|_| Malformed)?;
        }
        Ok(Self(bits.to_be_bytes()))
    }
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn another_installation_has_other_ids() {
        let stream = StreamName::new("33.02", "sipd", "dpa");
        let here = Secret::new([1; 32]).id(&stream, "2026/1");
        assert_eq!(here, Secret::new([1; 32]).id(&stream, "2026/1"));
        assert_ne!(here, Secret::new([2; 32]).id(&stream, "2026/1"));
        assert_ne!(here, Secret::new([1; 32]).id(&stream, "2026/2"));
        assert_eq!(here.to_string().len(), 26);
    }

    #[test]
    fn each_purpose_and_each_installation_has_a_key_of_its_own() {
        let key = Secret::new([1; 32]).derive("one purpose");

        assert_eq!(key, Secret::new([1; 32]).derive("one purpose"));
        assert_ne!(key, Secret::new([1; 32]).derive("another purpose"));
        assert_ne!(key, Secret::new([2; 32]).derive("one purpose"));
        assert_ne!(key, [1; 32]);
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(bytes in any::<[u8; 16]>()) {
            let id = RecordId(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = text.parse::<RecordId>();
        }
    }
}
