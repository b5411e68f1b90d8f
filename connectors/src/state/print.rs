//! A print: what is kept of one key, and how it is packed.

use super::{Error, Mark};

/// 16 bytes of BLAKE3.
pub type Hash = [u8; 16];

/// No hash: nothing was published, or nothing may be skipped.
pub const NONE: Hash = [0; 16];

/// How many other raw records of a key that is not unique are remembered.
const MAX_OTHERS: usize = 8;

/// What is kept of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// The key's number within its stream; never given to another key.
    pub slot: u32,
    /// What is known of it.
    pub mark: Mark,
    /// In how many complete full reads in a row it was missing.
    pub missed: u32,
    /// The part of the source that it was read from; 0 where the source is one piece.
    pub part: u32,
    /// Hash of the raw record under today's definition, or [`NONE`].
    pub raw: Hash,
    /// Content hash of the body last published, or [`NONE`].
    pub body: Hash,
    /// Raw hashes of the other records with this key, when it is not unique.
    pub others: Vec<Hash>,
}

impl Print {
    /// Remembers another raw record of a key that is not unique; beyond `MAX_OTHERS` it travels each time.
    pub fn add_other(&mut self, raw: Hash) {
        if self.others.len() < MAX_OTHERS && !self.others.contains(&raw) {
            self.others.push(raw);
        }
    }
}

/// Keys as a JSON list, for `json_each`.
pub(super) fn keys<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::from("[");
    for key in keys {
        if list.len() > 1 {
            list.push(',');
        }
        crate::json::write_text(key, &mut list);
    }
    list.push(']');
    list
}

/// Takes one hash from the front of upper-case hex, as SQLite's `hex()` prints it.
pub(super) fn unhex(digits: &[u8]) -> Result<Hash, Error> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(Error::Damaged("a hash")),
    };
    let mut hash = NONE;
    if digits.len() < 32 {
        return Err(Error::Damaged("a hash"));
    }
    for (slot, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *slot = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(hash)
}
