//! Rows of CSV (RFC 4180), read strictly where a lenient reader would lose records: a quote that is never closed is an
//! error, and what stands behind a closing quote spoils its row.
//!
//! Only a cell that begins with a quote is quoted: in `5" pipe` it is a letter like others. Lines end with LF, CR or
//! both, and empty ones are passed over, but counted: a row has the number that a spreadsheet gives it.

use std::io::{self, BufRead};

#[cfg(test)]
mod tests;

/// The longest row that is kept.
pub const MAX_ROW_BYTES: usize = 4 << 20;
/// Of a longer one so much is passed over at most.
const MAX_PASSED_BYTES: usize = 64 << 20;

/// Reads one row after another.
#[derive(Debug)]
pub struct Delimited<R> {
    text: R,
    machine: Machine,
}

/// The cells of one row.
#[derive(Debug, Default)]
pub struct Cells {
    text: Vec<u8>,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
    line: u64,
    row: u64,
    flaw: Option<Flaw>,
    /// About how many bytes it has in the file.
    length: usize,
}

/// Why a row must not pass as right. Cells before the named one are what the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Something stands behind the closing quote of this cell.
    Stray(usize),
    /// The row is longer than is kept, and this cell is where it was cut.
    TooLong(usize),
}

/// Why no more rows can be told apart.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text ends within quotes, so every row behind the quote is in its cell.
    #[error("the quote that begins in line {0} is not closed")]
    Unclosed(u64),
    /// A cell over several lines goes on behind its closing quote: that one most likely opens another cell, and the
    /// rows between are in this one.
    #[error("the quote that begins in line {opened} is closed in line {closed}, where text follows it")]
    Swallowed {
        /// The line of the opening quote.
        opened: u64,
        /// The line of the closing one.
        closed: u64,
    },
    /// It is longer than anything that is passed over.
    #[error("the row that begins in line {0} has more than {most} MiB", most = MAX_PASSED_BYTES >> 20)]
    Endless(u64),
    /// The text cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[derive(Debug)]
struct Machine {
    delimiter: u8,
    state: State,
    /// The line that is read, counted from 1.
    line: u64,
    /// How many rows were begun, empty lines included.
    rows: u64,
    /// Whether the last line ended with CR: a LF behind it is no line of its own.
    after_cr: bool,
    /// The line of the last opening quote.
    opened: u64,
    /// Whether what stands within the quotes goes over several lines.
    spans: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// At the beginning of a row.
    Row,
    /// At the beginning of a cell.
    Cell,
    Plain,
    Quoted,
    /// Behind a quote within quotes: it closes them, or is the first of two that mean one.
    Quote,
}

impl<R: BufRead> Delimited<R> {
    /// Reads a text of UTF-8, or of any encoding that has ASCII in it, without a byte order mark.
    pub const fn new(text: R, delimiter: u8) -> Self {
        let (state, after_cr, spans) = (State::Row, false, false);
        Self { text, machine: Machine { delimiter, state, line: 1, rows: 0, after_cr, opened: 1, spans } }
    }

    /// Reads the next row in the place of what `cells` held; false at the end of the text.
    ///
    /// # Errors
    /// After an error no row can be read.
    pub fn read(&mut self, cells: &mut Cells) -> Result<bool, Error> {
        cells.clear();
        loop {
            let chunk = match self.text.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                return self.machine.end(cells);
            }
            let (taken, is_whole) = self.machine.take(chunk, cells)?;
            self.text.consume(taken);
            if is_whole {
                return Ok(true);
            }
        }
    }
}

impl Machine {
    /// Takes bytes up to the end of the row: how many, and whether they reach it.
    fn take(&mut self, chunk: &[u8], cells: &mut Cells) -> Result<(usize, bool), Error> {
        let mut rest = chunk;
        while let Some((byte, behind)) = rest.split_first() {
            match self.state {
                State::Row if ends_line(*byte) => {
                    self.rows += u64::from(*byte == b'\r' || !self.after_cr);
                    self.end_line(*byte);
                }
                State::Row => {
                    (cells.line, cells.row) = (self.line, self.rows);
                    self.rows += 1;
                    self.state = State::Cell;
                    continue;
                }
                State::Cell if *byte == b'"' => {
                    (self.state, self.opened, self.spans) = (State::Quoted, self.line, false);
                    cells.count(1);
                }
                State::Cell => {
                    self.state = State::Plain;
                    continue;
                }
                State::Plain => {
                    let run = rest.iter().position(|byte| *byte == self.delimiter || ends_line(*byte));
                    let (run, behind) = rest.split_at(run.unwrap_or(rest.len()));
                    cells.push(run);
                    rest = behind;
                    let Some((byte, behind)) = rest.split_first() else { break };
                    cells.end_cell();
                    if *byte != self.delimiter {
                        self.end_line(*byte);
                        self.state = State::Row;
                        return Ok((chunk.len() - behind.len(), true));
                    }
                    self.state = State::Cell;
                    rest = behind;
                    continue;
                }
                State::Quoted => {
                    let run = rest.iter().position(|byte| *byte == b'"');
                    let (run, behind) = rest.split_at(run.unwrap_or(rest.len()));
                    self.line += run.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
                    self.spans |= run.iter().any(|byte| ends_line(*byte));
                    cells.push(run);
                    rest = behind;
                    let Some((_, behind)) = rest.split_first() else { break };
                    self.state = State::Quote;
                    rest = behind;
                    continue;
                }
                State::Quote if *byte == b'"' => {
                    cells.push(b"\"");
                    self.state = State::Quoted;
                }
                State::Quote if *byte == self.delimiter || ends_line(*byte) => {
                    self.state = State::Plain;
                    continue;
                }
                State::Quote if self.spans => {
                    return Err(Error::Swallowed { opened: self.opened, closed: self.line });
                }
                State::Quote => {
                    cells.flaw.get_or_insert(Flaw::Stray(cells.ends.len()));
                    self.state = State::Plain;
                    continue;
                }
            }
            rest = behind;
        }
        if cells.length > MAX_PASSED_BYTES {
            // A quote that is not closed is the more likely reason, and the one that can be mended.
            return Err(match self.state {
                State::Quoted => Error::Unclosed(self.opened),
                _ => Error::Endless(cells.line),
            });
        }
        Ok((chunk.len(), false))
    }

    fn end_line(&mut self, byte: u8) {
        self.line += u64::from(byte == b'\n');
        self.after_cr = byte == b'\r';
    }

    /// The text is at its end; whether a row was under way.
    fn end(&mut self, cells: &mut Cells) -> Result<bool, Error> {
        match std::mem::replace(&mut self.state, State::Row) {
            State::Row => Ok(false),
            State::Quoted => Err(Error::Unclosed(self.opened)),
            State::Cell | State::Plain | State::Quote => {
                cells.end_cell();
                Ok(true)
            }
        }
    }
}

impl Cells {
    /// How many cells the row has; of one that is too long, how many are whole.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no row was read.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of each cell.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    /// The line in which it begins, counted from 1.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Its number, counted from 0 as spreadsheets do: an empty line is a row, and a line within quotes is none.
    pub const fn row(&self) -> u64 {
        self.row
    }

    /// What is wrong with it.
    pub const fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        (self.flaw, self.length) = (None, 0);
    }

    /// Counts bytes; whether they are kept.
    fn count(&mut self, bytes: usize) -> bool {
        self.length += bytes;
        if self.length > MAX_ROW_BYTES && !matches!(self.flaw, Some(Flaw::TooLong(_))) {
            // The beginning of a cell must not pass as the cell.
            self.text.truncate(self.ends.last().copied().unwrap_or(0));
            let whole = self.ends.len();
            let spoilt = if let Some(Flaw::Stray(cell)) = self.flaw { cell } else { whole };
            self.flaw = Some(Flaw::TooLong(spoilt.min(whole)));
        }
        !matches!(self.flaw, Some(Flaw::TooLong(_)))
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.count(bytes.len()) {
            self.text.extend_from_slice(bytes);
        }
    }

    fn end_cell(&mut self) {
        if self.count(1) {
            self.ends.push(self.text.len());
        }
    }
}

impl Flaw {
    /// The first cell that is not what the file says.
    pub const fn cell(self) -> usize {
        let (Self::Stray(cell) | Self::TooLong(cell)) = self;
        cell
    }

    /// What a person should know of a row, after its number.
    pub fn told(self, number: u64) -> String {
        match self {
            Self::Stray(cell) => {
                format!("row {number} has text behind the closing quote of its cell {}", cell + 1)
            }
            Self::TooLong(_) => {
                format!("row {number} is too large: it has more than {} MiB", MAX_ROW_BYTES >> 20)
            }
        }
    }
}

const fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
