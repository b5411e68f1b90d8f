//! Records on their way out of the process that reads them, in pieces without gaps.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use super::frame::{Problem, Speaker, Spot};
use crate::kind::MAX_PAGE_BYTES;
use crate::raw::wire;
use crate::raw::{Head, Row};

/// Rows in one piece.
pub(super) const PIECE: usize = 2_000;
/// The most columns of a table; no spreadsheet has more.
pub(super) const MAX_COLUMNS: usize = 16_384;
/// The longest record.
pub(super) const MAX_RECORD_BYTES: usize = 4 << 20;

/// Takes records and hands them over.
pub(super) struct Rows<W> {
    speaker: Speaker<W>,
    /// Fields of each record that the names of file and sheet give.
    groups: Vec<(String, String)>,
    /// Columns without which no record has a key.
    needed: Vec<String>,
    /// The row that is being filled, under the head of the table.
    row: Option<Row>,
    /// Numbers of the table's columns that have a name.
    columns: Vec<usize>,
    spot: Spot,
    /// Whether records are rows and no JSON texts.
    tabular: bool,
    piece: Vec<u8>,
    count: usize,
    first: u64,
}

/// One cell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A value as text.
    Text(Cow<'a, str>),
    /// An error that stands in the place of a value.
    Fault {
        /// What stands in the cell.
        shown: String,
        /// What is wrong, with the cell's address.
        message: String,
    },
}

impl Cell<'_> {
    /// Its text, trimmed; nothing for an error.
    pub(super) fn text(&self) -> &str {
        if let Self::Text(text) = self { text.trim() } else { "" }
    }

    /// The same, for as long as anybody wants.
    pub(super) fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Empty => Cell::Empty,
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Fault { shown, message } => Cell::Fault { shown, message },
        }
    }

    /// Whether nothing stands in it.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Fault { .. } => false,
        }
    }
}

impl<W: Write> Rows<W> {
    pub(super) const fn new(out: W, groups: Vec<(String, String)>, needed: Vec<String>) -> Self {
        Self {
            speaker: Speaker::new(out),
            groups,
            needed,
            row: None,
            columns: Vec::new(),
            spot: Spot::Lines,
            tabular: false,
            piece: Vec::new(),
            count: 0,
            first: 0,
        }
    }

    /// Begins another table, with fields of each record that are its own.
    pub(super) fn table(&mut self, spot: Spot, own: &[(String, String)]) -> Result<(), Problem> {
        self.hand_over()?;
        self.row = None;
        self.tabular = false;
        self.spot = spot;
        self.groups.retain(|(name, _)| own.iter().all(|(other, _)| other != name));
        self.groups.extend_from_slice(own);
        Ok(())
    }

    /// Takes the header: names of columns with their numbers. The second of two with one name is `name (2)`.
    pub(super) fn header(&mut self, names: impl Iterator<Item = (usize, String)>) -> Result<&[usize], Problem> {
        self.hand_over()?;
        let (mut taken, mut known) = (Vec::new(), HashSet::new());
        self.columns.clear();
        for (column, name) in names {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            if name.is_empty() {
                continue;
            }
            if taken.len() == MAX_COLUMNS {
                return Err(Problem::too_large(format!("it has more than {MAX_COLUMNS} columns")));
            }
            let mut unique = name.clone();
            let mut count = 1;
            while !known.insert(unique.clone()) {
                count += 1;
                unique = format!("{name} ({count})");
            }
            taken.push(unique);
            self.columns.push(column);
        }
        if taken.is_empty() {
            return Err(Problem::no_table("its first row names no column"));
        }
        taken.extend(self.groups.iter().map(|(name, _)| name.clone()));
        // A header that is none, such as a title, would make a table without rows, and all that was there gone.
        if let Some(missing) = self.needed.iter().find(|needed| !taken.contains(needed)) {
            return Err(Problem::no_column(missing));
        }
        self.speaker.head(&taken)?;
        self.row = Some(Head::new(taken).row());
        self.tabular = true;
        Ok(&self.columns)
    }

    /// The names of the columns, in the order of their numbers.
    pub(super) fn names(&self) -> Vec<String> {
        let head = self.row.as_ref().map(Row::head);
        head.map_or_else(Vec::new, |head| head.columns().names().iter().map(ToString::to_string).collect())
    }

    /// Takes the row of this number, unless its columns are empty. `spoilt` is what is wrong with the row as a whole.
    pub(super) fn row(&mut self, number: u64, cells: &[Cell<'_>], spoilt: Option<String>) -> Result<(), Problem> {
        let mut row = self.row.take().ok_or_else(|| Problem::no_table("it has no header"))?;
        row.clear();
        let named = self.columns.iter().filter_map(|column| cells.get(*column));
        if spoilt.is_none() && named.into_iter().all(Cell::is_blank) {
            self.row = Some(row);
            return Ok(());
        }
        for column in &self.columns {
            match cells.get(*column) {
                None | Some(Cell::Empty) => row.push(None),
                Some(Cell::Text(text)) => row.push(Some(text)),
                Some(Cell::Fault { shown, message }) => row.push_fault(shown, message.as_str()),
            }
        }
        for (_, value) in &self.groups {
            row.push(Some(value));
        }
        if let Some(spoilt) = spoilt {
            row.spoil(spoilt);
        }
        self.make_room(number, row.size())?;
        row.encode(&mut self.piece);
        self.count += 1;
        self.row = Some(row);
        Ok(())
    }

    /// Takes the JSON text of this number.
    pub(super) fn item(&mut self, number: u64, item: &str) -> Result<(), Problem> {
        let item = item.trim();
        if item.len() > MAX_RECORD_BYTES {
            let most = MAX_RECORD_BYTES >> 20;
            return Err(Problem::too_large(format!("record {number} has more than {most} MiB")));
        }
        let item = match item.strip_prefix('{') {
            Some(rest) if !self.groups.is_empty() => Cow::Owned(self.with_groups(rest)),
            _ => Cow::Borrowed(item),
        };
        self.make_room(number, item.len())?;
        wire::number(item.len(), &mut self.piece);
        self.piece.extend_from_slice(item.as_bytes());
        self.count += 1;
        Ok(())
    }

    /// An object with the groups as its first members; `rest` is what follows its brace.
    fn with_groups(&self, rest: &str) -> String {
        let mut object = String::from("{");
        for (at, (name, value)) in self.groups.iter().enumerate() {
            if at > 0 {
                object.push(',');
            }
            crate::json::write_text(name, &mut object);
            object.push(':');
            crate::json::write_text(value, &mut object);
        }
        if !rest.trim_start().starts_with('}') {
            object.push(',');
        }
        object.push_str(rest);
        object
    }

    /// Hands over what is there when the next record does not belong to it.
    fn make_room(&mut self, number: u64, bytes: usize) -> Result<(), Problem> {
        // Pointers count on from the first record of a piece.
        let follows = self.first + self.count as u64 == number;
        let full = self.count >= PIECE || self.piece.len() + bytes > MAX_PAGE_BYTES;
        if self.count > 0 && (full || !follows) {
            self.hand_over()?;
        }
        if self.count == 0 {
            self.first = number;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Problem> {
        if self.count > 0 {
            self.speaker.piece(&self.spot, self.first, self.count, &self.piece, self.tabular)?;
        }
        self.piece.clear();
        self.count = 0;
        Ok(())
    }

    /// Hands over the last piece, and says how it ended.
    pub(super) fn end(&mut self, result: Result<(), Problem>) -> std::io::Result<()> {
        let result = self.hand_over().and(result);
        self.speaker.end(result)
    }
}

/// A spot by the name of a sheet.
pub(super) fn sheet(name: &str) -> Spot {
    Spot::Sheet(Arc::from(name))
}
