//! Workbooks: one sheet, streamed row by row; numbers as Excel shows them, dates in ISO form.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{Cell as XlsxCell, DataRef, ExcelDateTime, Reader as _, Xlsx};

use super::bomb;
use super::number;
use super::rows::{Cell, Rows};

/// Reads a sheet, the first one unless it is named.
pub(super) fn read(path: &Path, sheet: Option<&str>, rows: &mut Rows) -> Result<(), String> {
    bomb::check(path)?;
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(|error| format!("it is no workbook: {error}"))?;
    let names = book.sheet_names();
    let name = match sheet {
        None => names.first().cloned().ok_or("it has no sheet")?,
        Some(wanted) => {
            let found = names.iter().find(|name| name.trim().eq_ignore_ascii_case(wanted.trim()));
            found.cloned().ok_or_else(|| format!("it has no sheet `{wanted}`, but {}", quoted(&names)))?
        }
    };
    rows.sheet(&name);
    let mut cells = book.worksheet_cells_reader(&name).map_err(|error| format!("sheet `{name}`: {error}"))?;
    let mut line = Line::default();
    while let Some(cell) = cells.next_cell().map_err(|error| format!("sheet `{name}`: {error}"))? {
        let (row, column) = cell.get_position();
        if row != line.row {
            line.end(rows)?;
            line.row = row;
        }
        if let Some(value) = value(&cell) {
            line.put(column as usize, value);
        }
    }
    line.end(rows)?;
    if rows.has_header() { Ok(()) } else { Err(format!("sheet `{name}` is empty")) }
}

/// The cells of one row.
#[derive(Default)]
struct Line {
    row: u32,
    cells: Vec<Option<Cell>>,
}

impl Line {
    fn put(&mut self, column: usize, cell: Cell) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, None);
        }
        self.cells[column] = Some(cell);
    }

    fn end(&mut self, rows: &mut Rows) -> Result<(), String> {
        let mut cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            return Ok(());
        }
        if rows.has_header() {
            let result = rows.row(u64::from(self.row) + 1, |column| cells.get_mut(column).and_then(Option::take), None);
            cells.clear();
            self.cells = cells;
            return result;
        }
        rows.header(cells.into_iter().map(|cell| match cell {
            Some(Cell::Text(text)) => text,
            _ => String::new(),
        }))
    }
}

/// A cell's value as text; `None` when it is empty.
fn value(cell: &XlsxCell<DataRef<'_>>) -> Option<Cell> {
    let fault = |shown: String, what: &str| {
        let (row, column) = cell.get_position();
        Cell::Fault { message: format!("cell {}{} {what}", number::column(column), row + 1), shown }
    };
    Some(match cell.get_value() {
        DataRef::Empty => return None,
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(float) => match number::shown(*float) {
            Some(text) => Cell::Text(text),
            None => fault(
                float.to_string(),
                "holds a number of more than 15 digits, which Excel has rounded; make it a text",
            ),
        },
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Bool(flag) => Cell::Text(flag.to_string()),
        DataRef::DateTime(moment) => match moment_of(moment) {
            Some(text) => Cell::Text(text),
            None => fault(moment.as_f64().to_string(), "holds a date that is none"),
        },
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(text.clone()),
        DataRef::Error(error) => fault(error.to_string(), &format!("holds the error {error}")),
    })
}

/// `2026-03-01`, `2026-03-01 10:30:00`, or `10:30:00` for a time alone.
fn moment_of(moment: &ExcelDateTime) -> Option<String> {
    let float = moment.as_f64();
    if !(0.0..2_958_466.0).contains(&float) {
        return None;
    }
    if moment.is_duration() {
        // A duration of hours and minutes may be longer than a day.
        let seconds = number::whole((float * 86_400.0).round())?;
        return Some(format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60));
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let (mut date, mut seconds) =
        (jiff::civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok(), 0);
    if float >= 1.0 || date.is_some() {
        seconds = u32::from(hour) * 3_600 + u32::from(minute) * 60 + u32::from(second) + u32::from(milli >= 500);
    }
    if seconds >= 86_400 {
        seconds -= 86_400;
        date = date.and_then(|date| date.tomorrow().ok());
    }
    let time = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if float < 1.0 {
        return Some(time);
    }
    let date = date?;
    Some(if seconds == 0 { date.to_string() } else { format!("{date} {time}") })
}

fn quoted(names: &[String]) -> String {
    names.iter().take(12).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
