//! What is known of a key.

/// The mark of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// Its body was published and stands.
    #[default]
    Live,
    /// Its newest raw record is in quarantine.
    Quarantined,
    /// Different records of one read have this key; the others are in quarantine.
    NotUnique,
    /// It was missing, and its delete is held for approval.
    Held,
}

impl Mark {
    /// The number in the state file.
    pub const fn number(self) -> u8 {
        match self {
            Self::Live => 0,
            Self::Quarantined => 1,
            Self::NotUnique => 2,
            Self::Held => 3,
        }
    }

    /// The mark of a number in the state file.
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::Live, Self::Quarantined, Self::NotUnique, Self::Held]
            .into_iter()
            .find(|mark| u64::from(mark.number()) == number)
    }
}
