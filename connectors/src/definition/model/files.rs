//! `kind: files`: where the files are, which of them are read, and how one is read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::definition::reference::Setting;

/// A folder with files that people put there.
#[derive(Debug, Clone)]
pub struct Files {
    /// The folder that `file:` is relative to.
    pub folder: Setting,
}

/// `read:` of a file or several of one form.
#[derive(Debug, Clone, Default)]
pub struct FilesRead {
    /// Name relative to the folder, `*` for any part of a name.
    pub file: String,
    /// A regular expression that a file's name has to fit as a whole; its named groups are fields of each record.
    pub fits: Option<String>,
    /// When a file is ready to be read.
    pub ready: Ready,
    /// What a file says of the records that it does not hold.
    pub snapshot: Snapshot,
    /// How one file is read.
    pub layout: Box<Layout>,
}

/// `ready:` – when a file may be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ready {
    /// It was not changed for so long.
    pub stable_for: Option<Duration>,
    /// Another file lies beside it; `{name}` stands for its name.
    pub marker: Option<String>,
}

/// `snapshot:` – what a file says of the records that it does not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Snapshot {
    /// They are gone: the newest file of a set is all that there is.
    #[default]
    PerFile,
    /// Nothing: every file only adds.
    Append,
}

/// How the rows of one file are found; all that the process which reads it is told of the definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The form of the file; its ending where nothing is said.
    pub format: Option<Form>,
    /// Its encoding, where it cannot be seen.
    pub encoding: Option<String>,
    /// Column delimiter of a CSV file, where it cannot be seen.
    pub delimiter: Option<u8>,
    /// Path of the list in a JSON or XML file.
    pub records: Option<String>,
    /// Which sheets of a workbook.
    pub sheet: SheetChoice,
    /// Whether hidden sheets are read too.
    pub hidden: bool,
    /// Where the table stands.
    pub region: Region,
    /// How its header is made.
    pub header: Header,
    /// Rows below the header that are not data.
    pub skip: u32,
    /// Columns whose empty cells mean the value above, the outermost first.
    pub fill_down: Vec<String>,
}

/// The forms of files that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Excel since 2007, streamed.
    Xlsx,
    /// Excel before 2007.
    Xls,
    /// `OpenDocument`, as LibreOffice writes it.
    Ods,
    /// Texts between delimiters.
    Csv,
    /// One list of records.
    Json,
    /// A record a line.
    Jsonl,
    /// Elements that repeat.
    Xml,
}

/// `sheet:` – which sheets of a workbook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SheetChoice {
    /// The first one.
    #[default]
    First,
    /// The one of this name; neither case nor space around it counts.
    Name(String),
    /// The one of this number, counted from 1.
    Number(u32),
    /// Every one whose name holds this regular expression; its named groups are fields of each record.
    Fits(String),
}

/// `region:` – where the table stands; the whole sheet where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// The text of the first cell of the header.
    pub find: Option<String>,
    /// The cells in which it is looked for.
    pub within: Bounds,
    /// The cells of the table, where they are always the same.
    pub cells: Bounds,
    /// The table ends before so many empty rows; 0 where it does not.
    pub blank_rows: u32,
    /// The table ends before a row whose first text begins so.
    pub texts: Vec<String>,
}

/// A rectangle of cells, both corners included, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Row and column of the first cell.
    pub from: (u32, u32),
    /// Row and column of the last cell.
    pub to: (u32, u32),
}

/// `header:` – how columns get their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// How many rows it has, at least 1.
    pub rows: u32,
    /// What stands between their texts.
    pub join: String,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { from: (0, 0), to: (u32::MAX, u32::MAX) }
    }
}

impl Default for Header {
    fn default() -> Self {
        Self { rows: 1, join: " / ".to_owned() }
    }
}

impl Bounds {
    /// Whether a cell is in it.
    pub fn holds(&self, row: u32, column: u32) -> bool {
        (self.from.0..=self.to.0).contains(&row) && (self.from.1..=self.to.1).contains(&column)
    }
}

impl Form {
    /// The form that the ending of a file's name tells.
    pub fn of(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        Some(match ending.as_str() {
            "csv" | "tsv" | "txt" => Self::Csv,
            "xlsx" | "xlsm" => Self::Xlsx,
            "xls" => Self::Xls,
            "ods" => Self::Ods,
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::Jsonl,
            "xml" => Self::Xml,
            _ => return None,
        })
    }

    /// The form of this name in a definition.
    pub fn named(name: &str) -> Option<Self> {
        FORMATS.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// Forms by the names that `format:` has for them.
pub const FORMATS: &[(&str, Form)] = &[
    ("xlsx", Form::Xlsx),
    ("xlsm", Form::Xlsx),
    ("xls", Form::Xls),
    ("ods", Form::Ods),
    ("csv", Form::Csv),
    ("tsv", Form::Csv),
    ("txt", Form::Csv),
    ("json", Form::Json),
    ("jsonl", Form::Jsonl),
    ("xml", Form::Xml),
];
