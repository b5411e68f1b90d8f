//! A place in the log as it is told outside: `<epoch>-<seq>`. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A place in one epoch of the log. Nothing is ever numbered twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The log's epoch: 8 hex digits, new with an empty database and at every restore.
    pub epoch: String,
    /// The place within it; 0 is before the first change.
    pub seq: i64,
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a position looks like 0a1b2c3d-4711, as an earlier answer gave it")]
pub struct Malformed;

impl FromStr for Position {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (epoch, seq) = text.split_once('-').ok_or(Malformed)?;
        let is_hex = epoch.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let is_plain = seq.bytes().all(|byte| byte.is_ascii_digit()) && (seq == "0" || !seq.starts_with('0'));
        let seq = seq.parse().ok().filter(|_| is_plain && is_hex && epoch.len() == 8).ok_or(Malformed)?;
        Ok(Self { epoch: epoch.to_owned(), seq })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_one_form() {
        let position = Position { epoch: "0a1b2c3d".into(), seq: 7 };
        assert_eq!((position.to_string(), "0a1b2c3d-7".parse()), ("0a1b2c3d-7".to_owned(), Ok(position)));
        for bad in [
            "",
            "7",
            "0a1b2c3d-",
            "0a1b2c3d-07",
            "0a1b2c3d-+7",
            "0A1B2C3D-7",
            "0a1b2c3d--7",
            "0a1b2c3d-99999999999999999999",
        ] {
            assert_eq!(bad.parse::<Position>(), Err(Malformed), "{bad}");
        }
    }
}
