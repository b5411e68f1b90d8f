//! A raw record, as the source gave it: a row of texts or a JSON text.
//!
//! Most records of most reads stand as they were, so a record is hashed and its key taken without parsing it.

use std::sync::Arc;

use muara_schemas::ContentHash;

use crate::json::{self, Json};
use crate::mapping::{Columns, Lookup};

mod children;
mod place;
mod pluck;
mod rebuild;
#[cfg(test)]
mod tests;
pub(crate) mod wire;

pub use children::children;
pub use place::{Part, Place, Standing};
pub use pluck::Pluck;
pub use rebuild::Rebuild;

/// Marks a null in [`Row::ends`]; texts of a row end below it.
const NULL: u32 = 1 << 31;

/// One record of a source.
#[derive(Debug, Clone)]
pub enum Raw {
    /// Cells under column names: SQL, CSV, workbooks.
    Row(Row),
    /// One JSON value, byte for byte as it came.
    Json(Box<str>),
}

/// What the rows of one read share.
#[derive(Debug)]
pub struct Head {
    columns: Arc<Columns>,
    hash: ContentHash,
}

/// A row whose cells lie one after another in one buffer.
#[derive(Debug, Clone)]
pub struct Row {
    head: Arc<Head>,
    text: String,
    /// Where each cell ends in `text`, with [`NULL`] set for a null.
    ends: Vec<u32>,
    /// Cells that hold no value but an error of the source, with what a person should know.
    faults: Vec<(usize, Box<str>)>,
}

/// A raw record opened for the mapping.
#[derive(Debug)]
pub enum Fields<'a> {
    /// A row needs no parsing.
    Row(&'a Row),
    /// A parsed JSON value.
    Json(Json),
}

impl Raw {
    /// The first 16 bytes of BLAKE3 over everything in the record, column names included.
    pub fn hash(&self) -> ContentHash {
        match self {
            Self::Json(text) => ContentHash::of(text.as_bytes()),
            Self::Row(row) => row.hash(),
        }
    }

    /// About how many bytes it takes.
    pub const fn size(&self) -> usize {
        match self {
            Self::Json(text) => text.len(),
            Self::Row(row) => row.size(),
        }
    }

    /// The record as JSON text, for quarantine and for people.
    pub fn to_text(&self) -> String {
        match self {
            Self::Json(text) => text.to_string(),
            Self::Row(row) => row.to_json(),
        }
    }

    /// Opens the record for the mapping.
    ///
    /// # Errors
    /// For JSON that is malformed, nested too deep or holds NUL.
    pub fn parse(&self) -> Result<Fields<'_>, json::Error> {
        match self {
            Self::Json(text) => Json::parse(text.as_bytes()).map(Fields::Json),
            Self::Row(row) => Ok(Fields::Row(row)),
        }
    }

    /// Errors of the source in cells, as (column, message); only files have them. The column of an error that spoils
    /// the whole row is empty.
    pub fn faults(&self) -> impl Iterator<Item = (&str, &str)> {
        let row = if let Self::Row(row) = self { Some(row) } else { None };
        row.into_iter().flat_map(|row| {
            let name = |cell: usize| row.head.columns.names().get(cell).map_or("", |name| &**name);
            row.faults.iter().map(move |(cell, fault)| (name(*cell), &**fault))
        })
    }
}

impl Head {
    /// The columns that all rows of one read share.
    pub fn new(names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Arc<Self> {
        let columns = Columns::new(names);
        let mut hasher = blake3::Hasher::new();
        for name in columns.names() {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
        }
        Arc::new(Self { columns: Arc::new(columns), hash: short(&hasher) })
    }

    /// The columns.
    pub const fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    /// An empty row under these columns, to be filled in their order.
    pub fn row(self: &Arc<Self>) -> Row {
        let width = self.columns.len();
        Row {
            head: self.clone(),
            text: String::with_capacity(width * 12),
            ends: Vec::with_capacity(width),
            faults: Vec::new(),
        }
    }
}

impl Row {
    /// Adds the next cell. Texts beyond 2 GiB a row are cut off, which no source gives.
    pub fn push(&mut self, cell: Option<&str>) {
        let null = if let Some(cell) = cell {
            self.text.push_str(cell);
            0
        } else {
            NULL
        };
        let end = u32::try_from(self.text.len()).unwrap_or(NULL - 1).min(NULL - 1);
        self.ends.push(end | null);
    }

    /// Adds a cell that holds an error of the source instead of a value, such as `#REF!`.
    pub fn push_fault(&mut self, cell: &str, message: impl Into<Box<str>>) {
        self.faults.push((self.ends.len(), message.into()));
        self.push(Some(cell));
    }

    /// Makes it an empty row again.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.faults.clear();
    }

    /// Tells that the row as a whole cannot be trusted.
    pub fn spoil(&mut self, message: impl Into<Box<str>>) {
        self.faults.push((usize::MAX, message.into()));
    }

    /// About how many bytes it takes.
    pub const fn size(&self) -> usize {
        self.text.len() + 4 * self.ends.len()
    }

    /// The cell of this number; `None` for null, and where the row is too short.
    pub fn cell(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        if end & NULL != 0 {
            return None;
        }
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] & !NULL);
        self.text.get(start as usize..end as usize)
    }

    /// The number of a column.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.head.columns.position(column)
    }

    /// What this row shares with the others of its read.
    pub const fn head(&self) -> &Arc<Head> {
        &self.head
    }

    fn hash(&self) -> ContentHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.head.hash.as_bytes());
        let mut ends = [0; 4 * 64];
        for part in self.ends.chunks(64) {
            for (slot, end) in ends.chunks_exact_mut(4).zip(part) {
                slot.copy_from_slice(&end.to_le_bytes());
            }
            hasher.update(&ends[..4 * part.len()]);
        }
        hasher.update(self.text.as_bytes());
        // A row that is mended may have the very cells that it had before, and must not be taken for known.
        for (cell, _) in &self.faults {
            hasher.update(&(*cell as u64).to_le_bytes());
        }
        short(&hasher)
    }

    fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.text.len() * 2);
        out.push('{');
        for (index, name) in self.head.columns.names().iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            json::write_text(name, &mut out);
            out.push(':');
            match self.cell(index) {
                Some(cell) => json::write_text(cell, &mut out),
                None => out.push_str("null"),
            }
        }
        out.push('}');
        out
    }
}

fn short(hasher: &blake3::Hasher) -> ContentHash {
    ContentHash::from_bytes(&hasher.finalize().as_bytes()[..16]).expect("sixteen bytes are sixteen bytes")
}

impl Lookup for Fields<'_> {
    fn columns(&self) -> Option<&Arc<Columns>> {
        if let Self::Row(row) = self { Some(&row.head.columns) } else { None }
    }

    fn cell(&self, index: usize) -> Option<&str> {
        if let Self::Row(row) = self { row.cell(index) } else { None }
    }

    fn json(&self) -> Option<&Json> {
        if let Self::Json(json) = self { Some(json) } else { None }
    }
}
