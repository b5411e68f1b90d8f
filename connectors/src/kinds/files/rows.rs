//! Rows on their way from the reading thread, in pieces without gaps.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::kind::{MAX_PAGE_BYTES, PullError};
use crate::raw::{Head, Row};

/// Rows that follow each other in their file.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) rows: Vec<Row>,
    /// Number of the first row; the header is row 1 of most files.
    pub(super) first: u64,
    /// The sheet, in a workbook.
    pub(super) sheet: Option<Arc<str>>,
    /// Whether the file ends here.
    pub(super) last: bool,
}

/// Takes rows and hands them over.
pub(super) struct Rows {
    out: mpsc::Sender<Result<Piece, PullError>>,
    size: usize,
    head: Option<Arc<Head>>,
    /// Numbers of the file's columns that have a name.
    columns: Vec<usize>,
    sheet: Option<Arc<str>>,
    piece: Vec<Row>,
    bytes: usize,
    first: u64,
}

/// One cell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// A value as text.
    Text(String),
    /// An error that stands in the place of a value.
    Fault {
        /// What stands in the cell.
        shown: String,
        /// What is wrong, with the cell's address.
        message: String,
    },
}

impl Rows {
    pub(super) const fn new(out: mpsc::Sender<Result<Piece, PullError>>, size: usize) -> Self {
        Self { out, size, head: None, columns: Vec::new(), sheet: None, piece: Vec::new(), bytes: 0, first: 0 }
    }

    /// Names the sheet that the rows stand in.
    pub(super) fn sheet(&mut self, name: &str) {
        self.sheet = Some(name.into());
    }

    /// Whether the header was taken.
    pub(super) const fn has_header(&self) -> bool {
        self.head.is_some()
    }

    /// Takes the header. Columns without a name are not read; the second of two with one name is `name (2)`.
    pub(super) fn header(&mut self, names: impl Iterator<Item = String>) -> Result<(), String> {
        let mut taken: Vec<String> = Vec::new();
        for (number, name) in names.enumerate() {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            if name.is_empty() {
                continue;
            }
            let mut unique = name.clone();
            let mut count = 1;
            while taken.contains(&unique) {
                count += 1;
                unique = format!("{name} ({count})");
            }
            taken.push(unique);
            self.columns.push(number);
        }
        if taken.is_empty() {
            return Err("its first row names no column".to_owned());
        }
        self.head = Some(Head::new(taken));
        Ok(())
    }

    /// Takes the row of this number. Empty rows are left out. `cells` gives the cell of a column; `spoilt` is what is
    /// wrong with the row as a whole.
    pub(super) fn row(
        &mut self,
        number: u64,
        mut cells: impl FnMut(usize) -> Option<Cell>,
        spoilt: Option<String>,
    ) -> Result<(), String> {
        let head = self.head.as_ref().ok_or("it has no header")?;
        let mut row = head.row();
        let mut empty = spoilt.is_none();
        for column in &self.columns {
            match cells(*column) {
                None => row.push(None),
                Some(Cell::Text(text)) => {
                    empty &= text.trim().is_empty();
                    row.push(Some(&text));
                }
                Some(Cell::Fault { shown, message }) => {
                    empty = false;
                    row.push_fault(&shown, message);
                }
            }
        }
        if empty {
            return Ok(());
        }
        if let Some(spoilt) = spoilt {
            row.spoil(spoilt);
        }
        // Pointers count on from the first row of a piece.
        let follows = self.first + self.piece.len() as u64 == number;
        let full = self.piece.len() >= self.size || self.bytes >= MAX_PAGE_BYTES;
        if full || !(follows || self.piece.is_empty()) {
            self.hand_over(false)?;
        }
        if self.piece.is_empty() {
            self.first = number;
        }
        self.bytes += row.size();
        self.piece.push(row);
        Ok(())
    }

    /// Hands over the last piece, or what went wrong.
    pub(super) fn end(mut self, result: Result<(), PullError>) {
        let handed = match result {
            // Whoever does not listen any more does not want to know.
            Err(error) => self.out.blocking_send(Err(error)).map_err(|_| String::new()),
            Ok(()) => self.hand_over(true),
        };
        drop(handed);
    }

    fn hand_over(&mut self, last: bool) -> Result<(), String> {
        let rows = std::mem::take(&mut self.piece);
        self.bytes = 0;
        let piece = Piece { rows, first: self.first, sheet: self.sheet.clone(), last };
        self.out.blocking_send(Ok(piece)).map_err(|_| "nobody reads on".to_owned())
    }
}
