//! What the process that reads a file says to the one that started it: a mark, a length, and so many bytes.

use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::definition::model::Layout;
use crate::raw::wire::{number, take_number, text};
use crate::raw::{Head, Raw, Row};

/// The mark and the length.
pub(super) const HEADER: usize = 5;
/// A frame is never longer: a piece ends soon after `MAX_PAGE_BYTES`, and its longest record is bounded.
pub(super) const MAX_FRAME: usize = 64 << 20;

/// What the process is told, as JSON, with its length before it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    /// The folder, by its absolute path; nothing outside of it is read.
    pub(super) root: std::path::PathBuf,
    /// The file, by its absolute path.
    pub(super) path: std::path::PathBuf,
    /// What the definition says of it, with the form decided.
    pub(super) layout: Layout,
    /// Fields of each record that the file's name gives.
    pub(super) groups: Vec<(String, String)>,
    /// Columns of the key.
    pub(super) needed: Vec<String>,
}

/// Where the records of a piece stand in their file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    /// In lines or rows.
    Lines,
    /// On a sheet.
    Sheet(Arc<str>),
    /// In a list, named by a JSON pointer.
    List(Arc<str>),
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Problem {
    /// Stable code.
    pub(super) code: String,
    /// What a person should know, after "could not read …: ".
    pub(super) why: String,
}

/// Records that follow each other in their file.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) records: Vec<Raw>,
    /// Number of the first one, as pointers count.
    pub(super) first: u64,
    pub(super) spot: Spot,
}

/// What was said.
#[derive(Debug)]
pub(super) enum Said {
    Piece(Piece),
    /// Nothing to hand on: the columns of what follows.
    Head,
    Problem(Problem),
    /// The file is read to its end.
    End,
}

/// The marks.
const HEAD: u8 = b'H';
const ROWS: u8 = b'R';
const ITEMS: u8 = b'I';
const PROBLEM: u8 = b'P';
const END: u8 = b'E';

/// Understands frames: rows need the columns that were said before.
#[derive(Debug, Default)]
pub(super) struct Listener {
    head: Option<Arc<Head>>,
}

/// Gathers records and says them a piece at a time.
#[derive(Debug)]
pub(super) struct Speaker<W> {
    out: W,
    frame: Vec<u8>,
}

impl<W: Write> Speaker<W> {
    pub(super) const fn new(out: W) -> Self {
        Self { out, frame: Vec::new() }
    }

    pub(super) fn head(&mut self, names: &[String]) -> io::Result<()> {
        let names = serde_json::to_vec(names)?;
        self.say(HEAD, &[&names])
    }

    /// Says `count` encoded records, rows under the last head or JSON texts.
    pub(super) fn piece(
        &mut self,
        spot: &Spot,
        first: u64,
        count: usize,
        records: &[u8],
        are_rows: bool,
    ) -> io::Result<()> {
        let (kind, name) = match spot {
            Spot::Lines => (0, ""),
            Spot::Sheet(name) => (1, &**name),
            Spot::List(list) => (2, &**list),
        };
        let mut about = first.to_le_bytes().to_vec();
        about.push(kind);
        number(name.len(), &mut about);
        about.extend_from_slice(name.as_bytes());
        number(count, &mut about);
        self.say(if are_rows { ROWS } else { ITEMS }, &[&about, records])
    }

    /// Says how it ended.
    pub(super) fn end(&mut self, result: Result<(), Problem>) -> io::Result<()> {
        match result {
            Ok(()) => self.say(END, &[]),
            Err(problem) => {
                let problem = serde_json::to_vec(&problem)?;
                self.say(PROBLEM, &[&problem])
            }
        }
    }

    fn say(&mut self, mark: u8, parts: &[&[u8]]) -> io::Result<()> {
        self.frame.clear();
        self.frame.push(mark);
        number(parts.iter().map(|part| part.len()).sum(), &mut self.frame);
        parts.iter().for_each(|part| self.frame.extend_from_slice(part));
        self.out.write_all(&self.frame)
    }
}

impl Listener {
    /// The mark and the length of the frame that follows; `None` when it is none.
    pub(super) fn header(bytes: [u8; HEADER]) -> Option<(u8, usize)> {
        let length = take_number(&mut &bytes[1..])? as usize;
        (length <= MAX_FRAME).then_some((bytes[0], length))
    }

    /// What a frame says; `None` when it says nothing that can be understood.
    pub(super) fn hear(&mut self, mark: u8, mut bytes: &[u8]) -> Option<Said> {
        Some(match mark {
            HEAD => {
                let names: Vec<String> = serde_json::from_slice(bytes).ok()?;
                self.head = Some(Head::new(names));
                Said::Head
            }
            ROWS | ITEMS => {
                let (first, rest) = bytes.split_first_chunk::<8>()?;
                let (kind, rest) = rest.split_first()?;
                bytes = rest;
                let name = text(&mut bytes)?;
                let spot = match kind {
                    0 => Spot::Lines,
                    1 => Spot::Sheet(name.into()),
                    _ => Spot::List(name.into()),
                };
                let count = take_number(&mut bytes)? as usize;
                let head = self.head.as_ref();
                let mut records = Vec::with_capacity(count.min(10_000));
                for _ in 0..count {
                    records.push(if mark == ROWS {
                        Raw::Row(Row::decode(head?, &mut bytes)?)
                    } else {
                        Raw::Json(text(&mut bytes)?.into())
                    });
                }
                Said::Piece(Piece { records, first: u64::from_le_bytes(*first), spot })
            }
            PROBLEM => Said::Problem(serde_json::from_slice(bytes).ok()?),
            END => Said::End,
            _ => return None,
        })
    }
}

impl Problem {
    /// The file is not what it should be.
    pub(super) fn damaged(why: impl Into<String>) -> Self {
        Self { code: "E0203".to_owned(), why: why.into() }
    }

    /// It takes more than reading one file may take.
    pub(super) fn too_large(why: impl Into<String>) -> Self {
        Self { code: "E0230".to_owned(), why: why.into() }
    }

    /// It has no such sheet.
    pub(super) fn no_sheet(why: impl Into<String>) -> Self {
        Self { code: "E0231".to_owned(), why: why.into() }
    }

    /// Its table has no column that the key names.
    pub(super) fn no_column(name: &str) -> Self {
        Self {
            code: "E0208".to_owned(),
            why: format!("it has no column `{name}`, which the key of the definition names"),
        }
    }

    /// It is no file of the folder.
    pub(super) fn outside(why: impl Into<String>) -> Self {
        Self { code: "E0234".to_owned(), why: why.into() }
    }

    /// It has no table where the definition looks for one.
    pub(super) fn no_table(why: impl Into<String>) -> Self {
        Self { code: "E0232".to_owned(), why: why.into() }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::damaged(error.to_string())
    }
}

impl From<crate::text::Error> for Problem {
    fn from(error: crate::text::Error) -> Self {
        Self::damaged(error.to_string())
    }
}
