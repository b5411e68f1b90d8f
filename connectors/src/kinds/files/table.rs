//! CSV, in any encoding and with any delimiter.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::delimiter;
use super::frame::Problem;
use super::grid::Grid;
use super::rows::{Cell, MAX_COLUMNS, MAX_RECORD_BYTES, Rows};
use crate::definition::model::Layout;
use crate::text::{self, Encoding, Text};

/// What the parser reads at once, perhaps beyond the row.
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

/// Reads what a file holds; a row that never ends is given up before it fills the memory.
pub(super) fn records<W: Write>(
    text: impl Read,
    delimiter: u8,
    layout: &Layout,
    rows: &mut Rows<W>,
) -> Result<(), Problem> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(BUFFER)
        .from_reader(Limited { text, left: 0 });
    let mut grid = Grid::new(layout, rows, None, true);
    let mut record = ByteRecord::new();
    for number in 0.. {
        reader.get_mut().left = MAX_RECORD_BYTES + BUFFER;
        let line = reader.position().line();
        let there = reader.read_byte_record(&mut record);
        // The reader passes on what it was told by the file, and only our own limit is of this kind.
        let endless = matches!(&there, Err(error) if matches!(error.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge));
        let row = number + 1;
        if endless || record.as_slice().len() > MAX_RECORD_BYTES {
            let most = MAX_RECORD_BYTES >> 20;
            let why =
                format!("row {row}, which begins in line {line}, has more than {most} MiB; a quote is not closed");
            return Err(Problem::damaged(why));
        }
        if !there.map_err(problem)? {
            break;
        }
        if record.len() > MAX_COLUMNS {
            let why = format!("row {row} has {} cells, {MAX_COLUMNS} are read", record.len());
            return Err(Problem::too_large(why));
        }
        let mut cells = Vec::with_capacity(record.len());
        for cell in &record {
            let cell = std::str::from_utf8(cell).map_err(|_| Problem::damaged(format!("row {row} is not UTF-8")))?;
            cells.push(Cell::Text(Cow::Borrowed(cell)));
        }
        if !grid.row(number, &mut cells)? {
            return Ok(());
        }
    }
    grid.end("it")
}

fn problem(error: csv::Error) -> Problem {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => text::from_io(error).into(),
        other => Problem::damaged(format!("{other:?}")),
    }
}

/// A text of which so much may be read until the next row begins.
struct Limited<R> {
    text: R,
    left: usize,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.left);
        if most == 0 && !into.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.text.read(&mut into[..most])?;
        self.left -= read;
        Ok(read)
    }
}
