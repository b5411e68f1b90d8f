//! CSV: UTF-8 with or without a byte order mark, any delimiter, the header in the first row.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::rows::{Cell, Rows};

/// A row with more text than this is a quote that was never closed.
const MAX_ROW_BYTES: usize = 4 * 1024 * 1024;
/// What the parser reads at once, perhaps beyond the row.
const BUFFER: usize = 1 << 18;

/// Reads a file. Texts stay as they are.
pub(super) fn read(path: &Path, delimiter: u8, rows: &mut Rows) -> Result<(), String> {
    records(File::open(path).map_err(|error| error.to_string())?, delimiter, rows)
}

/// Reads what a file holds; a row that never ends is given up before it fills the memory.
pub(super) fn records(file: impl Read, delimiter: u8, rows: &mut Rows) -> Result<(), String> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(BUFFER)
        .from_reader(Limited { file, left: 0 });
    let mut record = ByteRecord::new();
    let mut number = 0;
    let mut width = 0;
    loop {
        number += 1;
        reader.get_mut().left = MAX_ROW_BYTES + BUFFER;
        let line = reader.position().line();
        let there = reader.read_byte_record(&mut record);
        // The reader passes on what it was told by the file, and only our own limit is of this kind.
        let endless = matches!(&there, Err(error) if matches!(error.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge));
        if endless || record.as_slice().len() > MAX_ROW_BYTES {
            let most = MAX_ROW_BYTES >> 20;
            return Err(format!(
                "row {number}, which begins in line {line}, has more than {most} MiB; a quote is not closed"
            ));
        }
        if !there.map_err(|error| error.to_string())? {
            break;
        }
        let text = |cell: &[u8]| {
            let cell = std::str::from_utf8(cell);
            cell.map(str::to_owned).map_err(|_| format!("row {number} is not UTF-8; save the file as CSV UTF-8"))
        };
        let mut cells = record.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        if !rows.has_header() {
            if let Some(first) = cells.first_mut() {
                *first = first.trim_start_matches('\u{feff}').to_owned();
            }
            width = cells.len();
            rows.header(cells.into_iter())?;
            continue;
        }
        // A delimiter within an unquoted text shifts every cell behind it: such a row must not pass as right.
        let surplus = cells.iter().skip(width).any(|cell| !cell.trim().is_empty());
        let spoilt = surplus.then(|| format!("row {number} has {} cells, the header has {width}", cells.len()));
        rows.row(number, |column| cells.get_mut(column).map(|cell| Cell::Text(std::mem::take(cell))), spoilt)?;
    }
    if rows.has_header() { Ok(()) } else { Err("it is empty".to_owned()) }
}

/// A file of which so much may be read until the next row begins.
struct Limited<R> {
    file: R,
    left: usize,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.left);
        if most == 0 && !into.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.file.read(&mut into[..most])?;
        self.left -= read;
        Ok(read)
    }
}
