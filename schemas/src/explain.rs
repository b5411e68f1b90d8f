//! Every error and warning code of Muara, with a paragraph for `muara explain`.
//!
//! To add one: a [`Code`] in the file of its area, in order. A code is never used for something else later.

pub mod bus;
pub mod connectors;
pub mod definition;
pub mod files;
pub mod hub;
pub mod program;
pub mod telling;

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `E0101`, or `W0101` for a warning.
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// What it means, what usually causes it, and what to do.
    pub explanation: &'static str,
}

/// All codes, area by area.
pub fn all() -> impl Iterator<Item = &'static Code> {
    definition::CODES
        .iter()
        .chain(connectors::CODES)
        .chain(files::CODES)
        .chain(bus::CODES)
        .chain(hub::CODES)
        .chain(telling::CODES)
        .chain(program::CODES)
}

/// The code of this name, whatever its case.
pub fn find(code: &str) -> Option<&'static Code> {
    all().find(|known| known.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_well_formed_and_explained() {
        let mut seen = std::collections::BTreeSet::new();
        for code in all() {
            assert!(seen.insert(code.code), "{} stands twice", code.code);
            assert!(code.code.len() == 5 && code.code.starts_with(['E', 'W']), "{}", code.code);
            assert!(code.code[1..].bytes().all(|b| b.is_ascii_digit()), "{}", code.code);
            assert!(code.explanation.len() > code.title.len(), "{} is explained", code.code);
        }
        assert_eq!(find(&all().next().unwrap().code.to_lowercase()), all().next());
    }
}
