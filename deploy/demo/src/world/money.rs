//! Rupiah as a whole number of sen: exact, and independent of the code that the demo is there to test.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// An amount in sen, a hundredth of a rupiah.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sen(pub(crate) i64);

impl Sen {
    /// A whole amount of rupiah.
    pub(crate) const fn rupiah(amount: i64) -> Self {
        Self(amount * 100)
    }

    /// The share `part / whole` of this amount, rounded down to a full thousand rupiah where it is large enough.
    pub(crate) fn share(self, part: i64, whole: i64) -> Self {
        let exact = self.0 / whole * part + self.0 % whole * part / whole;
        let step = 100_000;
        if exact >= step { Self(exact / step * step) } else { Self(exact) }
    }

    /// As SIPD writes it: without decimals where there are none, else with two.
    pub(crate) fn short(self) -> String {
        if self.0 % 100 == 0 { (self.0 / 100).to_string() } else { self.to_string() }
    }
}

/// Two decimals always, a leading minus for what is below zero: the wire form of money.
impl fmt::Display for Sen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let sen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", sen / 100, sen % 100)
    }
}

impl Add for Sen {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Sen {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Sen {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Sen {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for Sen {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0), Self::add)
    }
}
