//! Workbooks: xlsx streamed row by row; xls and ods, whose forms allow no other way, from memory.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, Write};
use std::path::Path;

use calamine::{Data, Dimensions, Ods, Range, Reader as _, Xls, Xlsx};

use super::frame::Problem;
use super::grid::Grid;
use super::rows::{Cell, MAX_COLUMNS, Rows};
use super::{bomb, cell, rows, sheet};
use crate::definition::model::{Bounds, Layout};

type Opened = BufReader<File>;

/// Reads a workbook of Excel since 2007.
pub(super) fn xlsx<W: Write>(path: &Path, layout: &Layout, out: &mut Rows<W>) -> Result<(), Problem> {
    let file = opened(path, Magic::Zip)?;
    bomb::check(path)?;
    let mut book: Xlsx<Opened> = Xlsx::new(file).map_err(|error| damaged("it is no workbook", error))?;
    for chosen in sheet::choose(book.sheets_metadata(), layout)? {
        let name = &chosen.name;
        let what = format!("sheet `{name}`");
        // They stand behind the cells, so that to know them the sheet is read twice.
        let merges = if layout.header.rows > 1 {
            let merges = book.merge_cells_by_sheet_name(name).map_err(|error| damaged(&what, error))?;
            merges.iter().map(bounds).collect()
        } else {
            Vec::new()
        };
        out.table(rows::sheet(name), &chosen.groups)?;
        let mut grid = Grid::new(layout, out, Some(merges), false);
        let mut cells = book.worksheet_cells_reader(name).map_err(|error| damaged(&what, error))?;
        let mut values: Vec<(u32, calamine::DataRef<'_>)> = Vec::new();
        let mut row = 0;
        let mut wanted = true;
        while wanted && let Some(next) = cells.next_cell().map_err(|error| damaged(&what, error))? {
            let (at, column) = next.get_position();
            if at != row {
                wanted = hand_on(&mut grid, row, &values)?;
                values.clear();
                row = at;
            }
            if column as usize >= MAX_COLUMNS {
                return Err(Problem::too_large(format!("{what} has a cell beyond column {MAX_COLUMNS}")));
            }
            // Cells that only have a colour say nothing.
            if *next.get_value() != calamine::DataRef::Empty {
                values.push((column, next.get_value().clone()));
            }
        }
        if wanted {
            hand_on(&mut grid, row, &values)?;
        }
        grid.end(&what)?;
    }
    Ok(())
}

/// Hands a row of some cells on.
fn hand_on<W: Write>(
    grid: &mut Grid<'_, W>,
    row: u32,
    values: &[(u32, calamine::DataRef<'_>)],
) -> Result<bool, Problem> {
    if values.is_empty() {
        return Ok(true);
    }
    let width = values.iter().map(|(column, _)| *column as usize + 1).max().unwrap_or(0);
    let mut cells = vec![Cell::Empty; width];
    for (column, value) in values {
        cells[*column as usize] = cell::streamed(value, row, *column);
    }
    grid.row(row, &mut cells)
}

/// Reads a workbook of Excel before 2007.
pub(super) fn xls<W: Write>(path: &Path, layout: &Layout, out: &mut Rows<W>) -> Result<(), Problem> {
    let mut book: Xls<Opened> =
        Xls::new(opened(path, Magic::Compound)?).map_err(|error| damaged("it is no workbook", error))?;
    for chosen in sheet::choose(book.sheets_metadata(), layout)? {
        let what = format!("sheet `{}`", chosen.name);
        let merges = book.merge_cells_by_sheet_name(&chosen.name).map_err(|error| damaged(&what, error))?;
        let range = book.worksheet_range(&chosen.name).map_err(|error| damaged(&what, error))?;
        out.table(rows::sheet(&chosen.name), &chosen.groups)?;
        loaded(&range, Grid::new(layout, out, Some(merges.iter().map(bounds).collect()), false), &what)?;
    }
    Ok(())
}

/// Reads a workbook of LibreOffice.
pub(super) fn ods<W: Write>(path: &Path, layout: &Layout, out: &mut Rows<W>) -> Result<(), Problem> {
    let file = opened(path, Magic::Zip)?;
    bomb::check(path)?;
    let mut book: Ods<Opened> = Ods::new(file).map_err(|error| damaged("it is no workbook", error))?;
    for chosen in sheet::choose(book.sheets_metadata(), layout)? {
        let what = format!("sheet `{}`", chosen.name);
        let range = book.worksheet_range(&chosen.name).map_err(|error| damaged(&what, error))?;
        out.table(rows::sheet(&chosen.name), &chosen.groups)?;
        // Merged cells are not told; a header is spread to the right instead.
        loaded(&range, Grid::new(layout, out, None, false), &what)?;
    }
    Ok(())
}

/// Hands on the rows of a sheet that is in memory.
fn loaded<W: Write>(range: &Range<Data>, mut grid: Grid<'_, W>, what: &str) -> Result<(), Problem> {
    let (top, left) = range.start().unwrap_or_default();
    if left as usize + range.width() > MAX_COLUMNS {
        return Err(Problem::too_large(format!("{what} has cells beyond column {MAX_COLUMNS}")));
    }
    for (row, values) in (top..).zip(range.rows()) {
        let mut cells = vec![Cell::Empty; left as usize];
        cells.extend((left..).zip(values).map(|(column, value)| cell::loaded(value, row, column)));
        if !grid.row(row, &mut cells)? {
            break;
        }
    }
    grid.end(what)
}

fn bounds(merge: &Dimensions) -> Bounds {
    Bounds { from: merge.start, to: merge.end }
}

fn damaged(what: &str, error: impl std::fmt::Display) -> Problem {
    Problem::damaged(format!("{what}: {error}"))
}

/// What the first bytes of a file have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Magic {
    /// xlsx and ods.
    Zip,
    /// xls, and any workbook with a password.
    Compound,
}

/// Opens a file whose beginning is that of its form. A web page with the ending of a workbook is what many portals
/// give for one.
fn opened(path: &Path, wanted: Magic) -> Result<Opened, Problem> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    io::Read::by_ref(&mut file).take(64).read_to_end(&mut start)?;
    let found = match start.as_slice() {
        [b'P', b'K', ..] => Some(Magic::Zip),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(Magic::Compound),
        _ => None,
    };
    if found == Some(wanted) {
        file.rewind()?;
        return Ok(BufReader::new(file));
    }
    let is_page = start.trim_ascii_start().strip_prefix(b"\xef\xbb\xbf").unwrap_or(start.trim_ascii_start());
    Err(Problem::damaged(match found {
        _ if start.is_empty() => "it is empty",
        Some(Magic::Compound) => "it is no .xlsx: it has a password, or it is an .xls with another ending",
        Some(Magic::Zip) => "it is no .xls but an .xlsx or .ods: say which with `format`",
        None if is_page.starts_with(b"<") => "it is no workbook but a web page or XML: save it as .xlsx",
        None => "it is no workbook",
    }))
}
