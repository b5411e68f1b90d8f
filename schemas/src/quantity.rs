//! Rates and quantities: exact decimals in their shortest form.

use std::fmt;
use std::str::FromStr;

/// A decimal with at most 18 digits before and 6 after the point, printed without trailing zeros.
///
/// The wire form is a string such as `"12.5"`, `"0.25"` or `"40"`; never `-0`, `1.50` or `.5`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(i128);

/// Why a text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not a plain decimal number.
    #[error("not a decimal number such as 12.5")]
    Form,
    /// More than 18 digits before the point.
    #[error("more than 18 digits before the decimal point")]
    TooLarge,
    /// More decimals than the target has.
    #[error("more decimals than the field allows")]
    TooPrecise,
}

const SCALE: u32 = 6;
const UNIT: i128 = 10_i128.pow(SCALE);

impl Quantity {
    /// Parses a plain decimal number; zeros at its end are dropped, digits beyond the sixth decimal refused.
    pub fn from_decimal(text: &str) -> Result<Self, Error> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) {
            return Err(Error::Form);
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        if whole.len() > 18 {
            return Err(Error::TooLarge);
        }
        if fraction.len() > SCALE as usize {
            return Err(Error::TooPrecise);
        }
        let value = |part: &str| part.bytes().fold(0_i128, |sum, b| sum * 10 + i128::from(b - b'0'));
        let padding = 10_i128.pow(SCALE - u32::try_from(fraction.len()).map_err(|_| Error::TooPrecise)?);
        let magnitude = value(whole) * UNIT + value(fraction) * padding;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }

    /// How many decimals the shortest form has.
    pub fn decimals(self) -> u32 {
        let mut rest = self.0.unsigned_abs() % UNIT.unsigned_abs();
        let mut decimals = SCALE;
        while decimals > 0 && rest.is_multiple_of(10) {
            rest /= 10;
            decimals -= 1;
        }
        decimals
    }

    /// The value in millionths.
    pub const fn millionths(self) -> i128 {
        self.0
    }
}

impl FromStr for Quantity {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_decimal(text)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let minus = if self.0 < 0 { "-" } else { "" };
        write!(f, "{minus}{}", magnitude / UNIT.unsigned_abs())?;
        let decimals = self.decimals();
        if decimals == 0 {
            return Ok(());
        }
        let fraction = magnitude % UNIT.unsigned_abs() / 10_u128.pow(SCALE - decimals);
        write!(f, ".{fraction:0width$}", width = decimals as usize)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_shortest_form_is_the_only_form() {
        for (given, printed) in [
            ("12.50", "12.5"),
            ("-0.0", "0"),
            ("007", "7"),
            ("0.000001", "0.000001"),
            ("-3.25", "-3.25"),
            ("100", "100"),
        ] {
            assert_eq!(Quantity::from_decimal(given).map(|q| q.to_string()).as_deref(), Ok(printed));
        }
        for bad in ["", "-", ".5", "5.", "1e3", "1,5", "NaN"] {
            assert_eq!(Quantity::from_decimal(bad), Err(Error::Form), "{bad}");
        }
        assert_eq!(Quantity::from_decimal("0.0000001"), Err(Error::TooPrecise));
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(millionths in -10_i128.pow(24) + 1..10_i128.pow(24)) {
            let quantity = Quantity(millionths);
            prop_assert_eq!(Quantity::from_decimal(&quantity.to_string()), Ok(quantity));
        }
    }
}
