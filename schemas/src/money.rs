//! Money: exact to the last digit, from source bytes to exported cell.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount in rupiah with exactly two decimals, kept as whole cents (sen).
///
/// The wire form is a string such as `"1250000000.50"`: no grouping, two decimals, never `-0.00`.
/// On the wire at most 18 digits stand before the point; sums may be larger and still are exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rupiah(i128);

/// Why a text is no amount in the wire form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not `digits.dd` with an optional minus sign.
    #[error("not an amount of the form 1250000.50")]
    Form,
    /// More than 18 digits before the point.
    #[error("more than 18 digits before the decimal point")]
    TooLarge,
    /// A non-zero digit beyond the second decimal.
    #[error("more than two decimals")]
    TooPrecise,
}

const MAX_WHOLE_DIGITS: usize = 18;

impl Rupiah {
    /// Nothing at all; not the same as an amount that is absent.
    pub const ZERO: Self = Self(0);

    /// An amount from whole cents (1 rupiah = 100 sen).
    pub const fn from_cents(cents: i128) -> Self {
        Self(cents)
    }

    /// The amount in whole cents.
    pub const fn cents(self) -> i128 {
        self.0
    }

    /// Parses the strict wire form; anything else, even `1.5`, is an error.
    pub fn from_wire(text: &str) -> Result<Self, Error> {
        let (negative, digits) = sign(text);
        let (whole, cents) = digits.split_once('.').ok_or(Error::Form)?;
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if cents.len() != 2 || leading_zero {
            return Err(Error::Form);
        }
        let amount = Self::assemble(negative, whole, cents)?;
        if negative && amount == Self::ZERO { Err(Error::Form) } else { Ok(amount) }
    }

    /// Parses a plain decimal number as databases and APIs print it: `1500000`, `1500000.5`, `0.00`, `007.10`.
    ///
    /// Zeros beyond the second decimal are dropped; other digits there are [`Error::TooPrecise`].
    pub fn from_decimal(text: &str) -> Result<Self, Error> {
        let (negative, digits) = sign(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if digits.ends_with('.') || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::Form);
        }
        if fraction.len() > 2 && fraction[2..].bytes().any(|b| b != b'0') {
            return Err(Error::TooPrecise);
        }
        let mut cents = [b'0'; 2];
        for (slot, digit) in cents.iter_mut().zip(fraction.bytes()) {
            *slot = digit;
        }
        let cents = std::str::from_utf8(&cents).map_err(|_| Error::Form)?;
        Self::assemble(negative, whole, cents)
    }

    fn assemble(negative: bool, whole: &str, cents: &str) -> Result<Self, Error> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(cents) {
            return Err(Error::Form);
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > MAX_WHOLE_DIGITS {
            return Err(Error::TooLarge);
        }
        let value = |text: &str| text.bytes().fold(0_i128, |sum, b| sum * 10 + i128::from(b - b'0'));
        let magnitude = value(whole) * 100 + value(cents);
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }
}

fn sign(text: &str) -> (bool, &str) {
    text.strip_prefix('-').map_or((false, text), |rest| (true, rest))
}

impl FromStr for Rupiah {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_wire(text)
    }
}

impl fmt::Display for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let minus = if self.0 < 0 { "-" } else { "" };
        write!(f, "{minus}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

impl fmt::Debug for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rp{self}")
    }
}

impl Serialize for Rupiah {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rupiah {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_wire(&text).map_err(D::Error::custom)
    }
}

impl Add for Rupiah {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Rupiah {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Rupiah {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Rupiah {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Rupiah {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wire_form_is_one_and_strict() {
        for good in ["0.00", "0.05", "-0.01", "1250000000.50", "999999999999999999.99"] {
            assert_eq!(Rupiah::from_wire(good).map(|a| a.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "-", "-0.00", "1", "1.5", "1.500", "01.00", "+1.00", "1,00", "1.00 ", ".50", "1e3", "١.00"] {
            assert!(Rupiah::from_wire(bad).is_err(), "{bad}");
        }
        assert_eq!(Rupiah::from_wire("1000000000000000000.00"), Err(Error::TooLarge));
    }

    #[test]
    fn plain_decimals_are_read_exactly_or_refused() {
        let read = |text| Rupiah::from_decimal(text).map(|a| a.to_string());
        assert_eq!(read("9007199254740993"), Ok("9007199254740993.00".into()));
        assert_eq!(read("166081537531.96"), Ok("166081537531.96".into()));
        assert_eq!(read("-0.00"), Ok("0.00".into()));
        assert_eq!(read("007.1"), Ok("7.10".into()));
        assert_eq!(read("12.3400"), Ok("12.34".into()));
        assert_eq!(read("12.345"), Err(Error::TooPrecise));
        assert_eq!(read("12."), Err(Error::Form));
        assert_eq!(read("n/a"), Err(Error::Form));
        assert_eq!(read("--1"), Err(Error::Form));
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(cents in -99_999_999_999_999_999_999_i128..=99_999_999_999_999_999_999) {
            let amount = Rupiah::from_cents(cents);
            prop_assert_eq!(Rupiah::from_wire(&amount.to_string()), Ok(amount));
            prop_assert_eq!(Rupiah::from_decimal(&amount.to_string()), Ok(amount));
        }

        #[test]
        fn sums_do_not_depend_on_order(mut cents in prop::collection::vec(any::<i64>(), 0..50)) {
            let sum = |list: &[i64]| list.iter().map(|c| Rupiah::from_cents(i128::from(*c))).sum::<Rupiah>();
            let forward = sum(&cents);
            cents.reverse();
            prop_assert_eq!(forward, sum(&cents));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Rupiah::from_wire(&text);
            let _ = Rupiah::from_decimal(&text);
        }
    }
}
