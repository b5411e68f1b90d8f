//! CSV: UTF-8 with or without a byte order mark, any delimiter, the header in the first row.

use std::fs::File;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::rows::{Cell, Rows};

/// A row with more text than this is a quote that was never closed.
const MAX_ROW_BYTES: usize = 4 * 1024 * 1024;

/// Reads a file. Texts stay as they are.
pub(super) fn read(path: &Path, delimiter: u8, rows: &mut Rows) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(1 << 18)
        .from_reader(file);
    let mut record = ByteRecord::new();
    let mut number = 0;
    let mut width = 0;
    while reader.read_byte_record(&mut record).map_err(|error| error.to_string())? {
        number += 1;
        if record.as_slice().len() > MAX_ROW_BYTES {
            return Err(format!("row {number} has more than {} MiB; a quote is not closed", MAX_ROW_BYTES >> 20));
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
