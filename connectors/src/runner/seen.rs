//! Which keys a read has met, and where each stood first.

use crate::raw::Place;

/// Four bytes per key that the stream ever had; that is what a full read of a million records costs in memory.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// By slot: the number within the read of the first record with the key, from 1; 0 when there was none.
    firsts: Vec<u32>,
    /// Number of the first record of each page, its number for pointers, and the page's place.
    places: Vec<(u32, u64, Place)>,
    at: u32,
}

impl Seen {
    pub(super) fn new(slots: u32) -> Self {
        Self { firsts: vec![0; slots as usize], ..Self::default() }
    }

    /// A new page begins; its records follow.
    pub(super) fn page(&mut self, first: u64, place: Place) {
        self.places.push((self.at + 1, first, place));
    }

    /// The next record of the page.
    pub(super) fn next(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// The number of the record that is looked at.
    pub(super) const fn at(&self) -> u32 {
        self.at
    }

    /// The number of the first record with this slot, when there was one.
    pub(super) fn first(&self, slot: u32) -> Option<u32> {
        self.firsts.get(slot as usize).copied().filter(|first| *first > 0)
    }

    /// The record that is looked at has this slot; the first one counts.
    pub(super) fn mark(&mut self, slot: u32) {
        let slot = slot as usize;
        if slot >= self.firsts.len() {
            self.firsts.resize(slot + 1, 0);
        }
        if self.firsts[slot] == 0 {
            self.firsts[slot] = self.at;
        }
    }

    /// Where in its page the record that is looked at stands, and among those that were made of its parent.
    pub(super) fn place(&self) -> (u64, Option<u64>) {
        let Some((start, first, place)) = self.places.last() else { return (u64::from(self.at), None) };
        place.number(first + u64::from(self.at - start))
    }

    /// The pointer of the record that is looked at.
    pub(super) fn pointer(&self, key: &str) -> String {
        self.pointer_of(self.at, key)
    }

    /// The pointer of the record with this number.
    fn pointer_of(&self, number: u32, key: &str) -> String {
        let after = self.places.partition_point(|(start, ..)| *start <= number);
        let page = after.checked_sub(1).and_then(|page| self.places.get(page));
        page.map_or_else(String::new, |(start, first, place)| place.pointer(first + u64::from(number - start), key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::{Part, Standing};

    fn lines(file: &str) -> Place {
        Place::lines(file, Part { name: file.into(), standing: Standing::Whole })
    }

    #[test]
    fn the_first_record_of_a_key_is_found_again() {
        let mut seen = Seen::new(2);
        seen.page(2, lines("a.csv"));
        (0..3).for_each(|_| seen.next());
        seen.mark(1);
        seen.page(2, lines("b.csv"));
        seen.next();
        seen.mark(1);
        seen.mark(9);
        assert_eq!(seen.first(0), None);
        assert_eq!(seen.pointer_of(seen.first(1).unwrap(), "k"), "a.csv#row=4");
        assert_eq!(seen.pointer("k"), "b.csv#row=2");
        assert_eq!(seen.first(9), Some(4));
    }
}
