//! CSV, in any encoding and with any delimiter.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use super::delimiter;
use super::frame::Problem;
use super::grid::Grid;
use super::rows::{Cell, MAX_COLUMNS, Rows};
use crate::definition::model::Layout;
use crate::delimited::{Cells, Delimited, Error};
use crate::text::{self, Encoding, Text};

/// What is read at once.
const BUFFER: usize = 1 << 18;
/// How much of a file is looked at to find its delimiter.
const BEGINNING: u64 = 1 << 16;

/// Reads a file.
pub(super) fn read<W: Write>(path: &Path, layout: &Layout, rows: &mut Rows<W>) -> Result<(), Problem> {
    let delimiter = match layout.delimiter {
        Some(delimiter) => delimiter,
        None => delimiter::find(&beginning(open(path, layout)?)?),
    };
    records(open(path, layout)?, delimiter, layout, rows)
}

/// Opens a file as text.
pub(super) fn open(path: &Path, layout: &Layout) -> Result<Text<BufReader<File>>, Problem> {
    let told = layout.encoding.as_deref().and_then(Encoding::named);
    Ok(text::read(BufReader::new(File::open(path)?), told)?)
}

fn beginning(text: impl Read) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    text.take(BEGINNING).read_to_end(&mut bytes).map_err(text::from_io)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads what a file holds.
pub(super) fn records<W: Write>(
    text: impl Read,
    delimiter: u8,
    layout: &Layout,
    rows: &mut Rows<W>,
) -> Result<(), Problem> {
    let mut reader = Delimited::new(BufReader::with_capacity(BUFFER, text), delimiter);
    let mut grid = Grid::new(layout, rows, None, true);
    let mut read = Cells::default();
    while reader.read(&mut read).map_err(problem)? {
        let number =
            u32::try_from(read.row()).map_err(|_| Problem::too_large("it has more than 4 billion rows".to_owned()))?;
        let row = number + 1;
        if read.len() > MAX_COLUMNS && read.flaw().is_none() {
            let why = format!("row {row} has {} cells, {MAX_COLUMNS} are read", read.len());
            return Err(Problem::too_large(why));
        }
        let mut cells = Vec::with_capacity(read.len());
        for cell in read.iter().take(MAX_COLUMNS) {
            let cell = std::str::from_utf8(cell).map_err(|_| Problem::damaged(format!("row {row} is not UTF-8")))?;
            cells.push(Cell::Text(Cow::Borrowed(cell)));
        }
        if let Some(flaw) = read.flaw() {
            spoil(&mut cells, flaw.cell(), &flaw.told(u64::from(row)));
        }
        if !grid.row(number, &mut cells)? {
            return Ok(());
        }
    }
    grid.end("it")
}

/// Makes errors of the cells from a certain one on, or of one beyond them where the row ends before it.
fn spoil(cells: &mut Vec<Cell<'_>>, from: usize, why: &str) {
    let fault = |cell: &Cell<'_>| Cell::Fault { shown: cell.text().to_owned(), message: why.to_owned() };
    let from = from.min(cells.len());
    let spoilt: Vec<Cell<'_>> = cells.drain(from..).map(|cell| fault(&cell)).collect();
    cells.extend(spoilt);
    if cells.len() == from {
        cells.push(fault(&Cell::Empty));
    }
}

fn problem(error: Error) -> Problem {
    match error {
        Error::Io(error) => text::from_io(error).into(),
        Error::Endless(_) => Problem::too_large(error.to_string()),
        Error::Unclosed(_) | Error::Swallowed { .. } => Problem::damaged(error.to_string()),
    }
}
