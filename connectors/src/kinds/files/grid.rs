//! From the rows of a sheet or a CSV file to the rows of its table: where it begins and ends, and what its columns
//! are called. Decides only; rows come in and go out one at a time.

use std::borrow::Cow;
use std::io::Write;

use super::frame::Problem;
use super::header::Caption;
use super::rows::{Cell, Rows};
use crate::definition::model::{Bounds, Layout};

/// Goes over the rows of one sheet, from above.
pub(super) struct Grid<'g, W> {
    layout: &'g Layout,
    rows: &'g mut Rows<W>,
    state: State,
    /// Whether a row with more cells than the header is one that a delimiter within a text has shifted.
    delimited: bool,
    caption: Caption,
    /// Cells of the table.
    bounds: Bounds,
    /// How many cells the header has.
    width: usize,
    /// Columns to be filled down, with the value above.
    fill_down: Vec<(usize, Option<Cell<'static>>)>,
    /// Texts that end the table, in small letters.
    texts: Vec<String>,
    find: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Above the header.
    Above,
    /// In the header, which begins in this row.
    Header(u32),
    /// Below it; data begins in this row at the earliest, and this was the last row that was not blank.
    Data { from: u32, last: u32 },
    /// Behind the end.
    Below,
}

impl<'g, W: Write> Grid<'g, W> {
    /// `merges` are the merged cells of the sheet, where they are known.
    pub(super) fn new(layout: &'g Layout, rows: &'g mut Rows<W>, merges: Option<Vec<Bounds>>, delimited: bool) -> Self {
        let region = &layout.region;
        Self {
            state: State::Above,
            caption: Caption::new(layout.header.clone(), merges),
            bounds: region.cells,
            width: 0,
            fill_down: Vec::new(),
            texts: region.texts.iter().map(|text| plain(text)).collect(),
            find: region.find.as_deref().map(plain),
            layout,
            rows,
            delimited,
        }
    }

    /// Takes a row; its number counts from 0. Says whether the rows that follow are wanted.
    pub(super) fn row(&mut self, number: u32, cells: &mut Vec<Cell<'_>>) -> Result<bool, Problem> {
        if let State::Above = self.state {
            self.begin(number, cells)?;
        }
        if let State::Header(first) = self.state {
            if number - first < self.layout.header.rows {
                if let Some(torn) = self.torn(cells) {
                    return Err(Problem::damaged(torn));
                }
                self.width = self.width.max(cells.len());
                self.caption.take(number, cells);
                // Most headers have one row, and then the row below needs not be waited for.
                if number - first + 1 == self.layout.header.rows {
                    self.name(first)?;
                }
                return Ok(true);
            }
            self.name(first)?;
        }
        if let State::Data { from, last } = self.state
            && number >= from
        {
            self.data(number, last, cells)?;
        }
        Ok(self.state != State::Below)
    }

    /// Says that there are no more rows; `what` the rows stood in.
    pub(super) fn end(mut self, what: &str) -> Result<(), Problem> {
        if let State::Header(first) = self.state {
            self.name(first)?;
        }
        if self.state != State::Above {
            return Ok(());
        }
        Err(match &self.layout.region.find {
            Some(find) => Problem::no_table(format!("{what} has no cell `{find}` where its header is looked for")),
            None => Problem::damaged(format!("{what} is empty")),
        })
    }

    /// Looks whether the header begins in this row.
    fn begin(&mut self, number: u32, cells: &[Cell<'_>]) -> Result<(), Problem> {
        if let Some(find) = &self.find {
            let within = self.layout.region.within;
            let found = (0..).zip(cells).position(|(column, cell)| {
                within.holds(number, column) && !cell.is_blank() && plain(cell.text()) == *find
            });
            if let Some(column) = found.and_then(|column| u32::try_from(column).ok()) {
                self.bounds.from = (number, column);
                self.state = State::Header(number);
            } else if number > within.to.0 {
                let (from, to) = (within.from.0 + 1, within.to.0 + 1);
                let find = self.layout.region.find.as_deref().unwrap_or_default();
                return Err(Problem::no_table(format!("no cell `{find}` stands in rows {from} to {to}")));
            }
            return Ok(());
        }
        let first = self.bounds.from.0;
        if first > 0 {
            if number >= first {
                self.state = State::Header(first);
            }
        } else if self.table(cells).iter().any(|cell| !cell.is_blank()) {
            self.state = State::Header(number);
        }
        Ok(())
    }

    /// The header is whole: columns get their names.
    fn name(&mut self, first: u32) -> Result<(), Problem> {
        let names = self.caption.names(self.bounds);
        let columns = self.rows.header(names.into_iter())?.to_vec();
        let names = self.rows.names();
        self.fill_down.clear();
        for wanted in &self.layout.fill_down {
            let at = names.iter().position(|name| name == wanted).and_then(|at| columns.get(at));
            let column = at
                .ok_or_else(|| Problem::no_table(format!("no column is called `{wanted}`, which `fill_down` names")))?;
            self.fill_down.push((*column, None));
        }
        let from = first.saturating_add(self.layout.header.rows).saturating_add(self.layout.skip);
        self.state = State::Data { from, last: from.saturating_sub(1) };
        Ok(())
    }

    fn data(&mut self, number: u32, last: u32, cells: &mut Vec<Cell<'_>>) -> Result<(), Problem> {
        let table = self.table(cells);
        if number > self.bounds.to.0 {
            self.state = State::Below;
            return Ok(());
        }
        let Some(filled) = table.iter().find(|cell| !cell.is_blank()) else { return Ok(()) };
        let blank = number.saturating_sub(last).saturating_sub(1);
        let ends = self.layout.region.blank_rows > 0 && blank >= self.layout.region.blank_rows;
        if ends || self.ends(filled) {
            self.state = State::Below;
            return Ok(());
        }
        if let State::Data { last, .. } = &mut self.state {
            *last = number;
        }
        self.fill(cells);
        // A delimiter within an unquoted text shifts every cell behind it: such a row must not pass as right.
        let surplus = self.delimited && cells.iter().skip(self.width).any(|cell| !cell.is_blank());
        let number = u64::from(number) + 1;
        let surplus = surplus.then(|| format!("row {number} has {} cells, the header has {}", cells.len(), self.width));
        let spoilt = self.torn(cells).or(surplus);
        self.rows.row(number, cells, spoilt)
    }

    /// What is wrong with a row of CSV that is not what the file says: it has errors in cells only for that.
    fn torn(&self, cells: &[Cell<'_>]) -> Option<String> {
        let mut faults = cells.iter().filter_map(|cell| match cell {
            Cell::Fault { message, .. } => Some(message.clone()),
            _ => None,
        });
        faults.next().filter(|_| self.delimited)
    }

    /// Whether a row that begins so stands behind the table.
    fn ends(&self, first: &Cell<'_>) -> bool {
        if self.texts.is_empty() {
            return false;
        }
        let text = plain(first.text());
        let whole = text.trim_end_matches(['.', ',', ':']);
        self.texts.iter().any(|end| end.strip_suffix('*').map_or(whole == end, |start| text.starts_with(start)))
    }

    /// A new value of an outer column ends what the inner ones had.
    fn fill(&mut self, cells: &mut Vec<Cell<'_>>) {
        for at in 0..self.fill_down.len() {
            let (column, above) = &self.fill_down[at];
            match cells.get(*column) {
                Some(cell) if !cell.is_blank() => {
                    // An error above says nothing of what is meant here.
                    let above = match cell {
                        Cell::Fault { .. } => cell.clone().into_owned(),
                        _ => Cell::Text(Cow::Owned(cell.text().to_owned())),
                    };
                    self.fill_down[at].1 = Some(above);
                    self.fill_down[at + 1..].iter_mut().for_each(|(_, inner)| *inner = None);
                }
                _ => {
                    if let Some(above) = above {
                        if cells.len() <= *column {
                            cells.resize(*column + 1, Cell::Empty);
                        }
                        cells[*column] = above.clone();
                    }
                }
            }
        }
    }

    /// The cells of a row that are in the table.
    fn table<'c, 'a>(&self, cells: &'c [Cell<'a>]) -> &'c [Cell<'a>] {
        let end = usize::try_from(self.bounds.to.1).unwrap_or(usize::MAX).saturating_add(1).min(cells.len());
        let start = usize::try_from(self.bounds.from.1).unwrap_or(usize::MAX).min(end);
        &cells[start..end]
    }
}

/// A text as it is compared: small letters, and one space between words.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
