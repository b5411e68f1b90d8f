//! Canonical JSON and its hash: one value has one wire form.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The first 16 bytes of BLAKE3 over a canonical body, printed as 32 hex digits.
///
/// It tells whether two bodies are the same; the hub computes it anew and trusts no sender's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 16]);

/// Writes a value as canonical JSON: keys sorted by bytes, no insignificant space.
///
/// Bodies of Muara hold no floats, so numbers are integers and print as themselves.
pub fn to_bytes(value: &Value) -> Vec<u8> {
    // `serde_json::Map` is a B-tree as long as nobody switches on `preserve_order`; a test below watches over it.
    serde_json::to_vec(value).expect("a JSON value always serialises")
}

impl ContentHash {
    /// Hashes the canonical bytes of a body.
    pub fn of(canonical: &[u8]) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(canonical).as_bytes()[..16]);
        Self(short)
    }

    /// The bytes as they are stored.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes stored bytes back; `None` unless there are exactly 16.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Parses 32 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex_decode(text.as_bytes()).map(Self)
    }
}

/// Prints bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)] as char, DIGITS[usize::from(b & 15)] as char]).collect()
}

/// Parses exactly `N` bytes of lower-case hex.
pub fn hex_decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (slot, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *slot = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("a content hash is 32 lower-case hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_whatever_the_order_of_the_source() {
        let parsed: Value = serde_json::from_str(r#"{ "z": 1, "a": {"y": [2, 1], "b": null} }"#).unwrap();
        assert_eq!(to_bytes(&parsed), br#"{"a":{"b":null,"y":[2,1]},"z":1}"#);
    }

    #[test]
    fn hex_is_strict() {
        let hash = ContentHash::of(b"{}");
        assert_eq!(ContentHash::from_hex(&hash.to_string()), Some(hash));
        assert_eq!(ContentHash::from_hex(&hash.to_string().to_uppercase()), None);
        assert_eq!(ContentHash::from_hex("00"), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z_]{1,6}", inner, 0..5).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_bytes_are_a_fixed_point(value in any_json()) {
            let bytes = to_bytes(&value);
            let again: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(to_bytes(&again), bytes);
        }
    }
}
