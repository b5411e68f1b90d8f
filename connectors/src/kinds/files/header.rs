//! The names of columns, from a header of one row or of several with merged cells.

use std::collections::BTreeMap;

use super::number;
use super::rows::Cell;
use crate::definition::model::{Bounds, Header};

/// Most columns that go by their letters.
const MAX_LETTERED: u32 = 199;

/// Gathers the rows of a header.
pub(super) struct Caption {
    header: Header,
    /// Merged cells, where the form of the file tells them.
    merges: Option<Vec<Bounds>>,
    /// Texts by row and column.
    texts: BTreeMap<(u32, u32), String>,
    rows: Vec<u32>,
    width: u32,
}

impl Caption {
    pub(super) const fn new(header: Header, merges: Option<Vec<Bounds>>) -> Self {
        Self { header, merges, texts: BTreeMap::new(), rows: Vec::new(), width: 0 }
    }

    /// Takes a row of the header.
    pub(super) fn take(&mut self, row: u32, cells: &[Cell<'_>]) {
        self.rows.push(row);
        for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_blank()) {
            // An error in a header names nothing.
            self.texts.insert((row, column), cell.text().to_owned());
            self.width = self.width.max(column + 1);
        }
    }

    /// The names of the columns within some bounds, with their numbers. Texts that stand above each other are joined,
    /// and a text that is repeated below itself counts once.
    pub(super) fn names(&self, bounds: Bounds) -> Vec<(usize, String)> {
        if self.header.rows == 0 {
            // A sheet that is looked at before anybody knows its header: columns go by their letters.
            let end = bounds.to.1.min(bounds.from.1.saturating_add(MAX_LETTERED));
            return (bounds.from.1..=end).map(|column| (column as usize, number::column(column))).collect();
        }
        let (first, last) = (self.rows.first().copied().unwrap_or(0), self.rows.last().copied().unwrap_or(0));
        let merges: Vec<&Bounds> = self.merges.iter().flatten().filter(|merge| reaches(merge, first, last)).collect();
        let width = merges.iter().map(|merge| merge.to.1.saturating_add(1)).max().unwrap_or(0).max(self.width);
        let end = width.min(bounds.to.1.saturating_add(1));
        (bounds.from.1..end).map(|column| (column as usize, self.name(column, bounds.from.1, &merges))).collect()
    }

    fn name(&self, column: u32, first: u32, merges: &[&Bounds]) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for row in &self.rows {
            let text = self.text(*row, column, first, merges);
            if !text.is_empty() && parts.last() != Some(&text) {
                parts.push(text);
            }
        }
        parts.join(&self.header.join)
    }

    fn text(&self, row: u32, column: u32, first: u32, merges: &[&Bounds]) -> &str {
        let at = |row, column| self.texts.get(&(row, column)).map_or("", String::as_str);
        if self.merges.is_some() {
            let merge = merges.iter().find(|merge| merge.holds(row, column));
            return merge.map_or_else(|| at(row, column), |merge| at(merge.from.0, merge.from.1));
        }
        // Without merged cells, a text stands for the empty cells on its right that have something below them.
        let has_below = self.rows.iter().any(|below| *below > row && !at(*below, column).is_empty());
        if !at(row, column).is_empty() || !has_below {
            return at(row, column);
        }
        (first..column).rev().map(|left| at(row, left)).find(|text| !text.is_empty()).unwrap_or("")
    }
}

/// Whether a merged cell stands in one of these rows.
const fn reaches(merge: &Bounds, first: u32, last: u32) -> bool {
    merge.from.0 <= last && merge.to.0 >= first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caption(rows: &[&[&str]], merges: Option<&[(u32, u32, u32, u32)]>) -> Vec<String> {
        let merges = merges.map(|merges| {
            merges
                .iter()
                .map(|(top, left, bottom, right)| Bounds { from: (*top, *left), to: (*bottom, *right) })
                .collect()
        });
        let header = Header { rows: u32::try_from(rows.len()).unwrap(), ..Header::default() };
        let mut caption = Caption::new(header, merges);
        for (row, texts) in (5..).zip(rows) {
            let cells: Vec<_> = texts.iter().map(|text| Cell::Text((*text).into())).collect();
            caption.take(row, &cells);
        }
        caption.names(Bounds::default()).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn merged_cells_stand_in_every_cell_that_they_cover() {
        let rows: &[&[&str]] = &[
            &["Kode", "", "Uraian", "Belanja", "", "", ""],
            &["", "", "", "Operasi", "", "Modal", ""],
            &["", "", "", "Anggaran", "Realisasi", "Anggaran", "Realisasi"],
        ];
        let merges = [(5, 0, 7, 1), (5, 2, 7, 2), (5, 3, 5, 6), (6, 3, 6, 4), (6, 5, 6, 6), (0, 0, 0, 900)];
        let names = [
            "Kode",
            "Kode",
            "Uraian",
            "Belanja / Operasi / Anggaran",
            "Belanja / Operasi / Realisasi",
            "Belanja / Modal / Anggaran",
            "Belanja / Modal / Realisasi",
        ];
        assert_eq!(caption(rows, Some(&merges)), names);
    }

    #[test]
    fn without_merged_cells_a_text_goes_to_the_right_over_what_stands_below() {
        let rows: &[&[&str]] = &[&["Kode", "Target", "", "", "Ket"], &["", "Volume", "Satuan", "", ""]];
        assert_eq!(caption(rows, None), ["Kode", "Target / Volume", "Target / Satuan", "", "Ket"]);
    }

    #[test]
    fn a_header_of_one_row_is_what_it_says() {
        assert_eq!(caption(&[&["id", "", " nilai "]], None), ["id", "", "nilai"]);
    }
}
