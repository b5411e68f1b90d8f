//! `kind: files` – CSV files and workbooks that people put into a folder.
//!
//! The header stands in the first row. Each file is one snapshot and one part: what is missing from a file that was
//! read is gone, what a file held that is not there any more stays. The reading itself blocks, so it stands on a
//! thread for blocking work that hands over a piece of rows at a time and waits until it is taken.

use std::path::PathBuf;
use std::time::SystemTime;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;

use crate::definition::model::{FilesRead, Read};
use crate::definition::{SourceSpec, Stream};
use crate::kind::{Access, Cursor, Kind, OpenError, Page, PullError, Source};
use crate::raw::{Place, Raw};

mod bomb;
mod folder;
mod number;
mod rows;
mod sheet;
mod table;
#[cfg(test)]
mod tests;

use rows::{Piece, Rows};

/// Rows in one piece.
const PIECE: usize = 2_000;
/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 2 << 30;

/// The kind `files`.
pub(super) struct Files;

/// One stream's files, open for one run.
struct Folder {
    root: PathBuf,
    pattern: String,
    sheet: Option<String>,
    delimiter: u8,
    /// Files that are still to be read, the next one last.
    left: Vec<String>,
    reading: Option<Reading>,
    pages: u64,
}

/// A file being read.
struct Reading {
    file: String,
    pieces: mpsc::Receiver<Result<Piece, PullError>>,
}

/// The form of a file, by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Workbook,
}

impl Kind for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError> {
        let (SourceSpec::Files(source), Read::Files(FilesRead { file, sheet, delimiter })) =
            (&*access.source, &stream.read)
        else {
            return Err(OpenError("the stream is not one of kind files".to_owned()));
        };
        let root = access.resolve("source.folder", &source.folder)?;
        Ok(Box::new(Folder {
            root: PathBuf::from(root.expose_secret()),
            pattern: file.clone(),
            sheet: sheet.clone(),
            delimiter: delimiter.unwrap_or(b','),
            left: Vec::new(),
            reading: None,
            pages: 0,
        }))
    }
}

#[async_trait]
impl Source for Folder {
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, PullError> {
        if let Cursor::Start { .. } = cursor {
            let (root, pattern) = (self.root.clone(), self.pattern.clone());
            let listing = move || folder::list(&root, &pattern);
            self.left = tokio::task::spawn_blocking(listing)
                .await
                .map_err(|error| PullError::retry(format!("could not list the folder: {error}")))??;
            self.left.reverse();
            self.reading = None;
        }
        if self.reading.is_none() {
            let file = self.left.pop().ok_or_else(|| PullError::Config("there is no file left to read".to_owned()))?;
            self.reading = Some(self.start(file)?);
        }
        let Some(reading) = &mut self.reading else {
            return Err(PullError::Config("there is no file left to read".to_owned()));
        };
        let piece = reading.pieces.recv().await;
        let piece = piece
            .ok_or_else(|| PullError::Config(format!("could not read {}: the reader stopped", reading.file)))??;
        let place = match piece.sheet {
            Some(sheet) => Place::sheet(&reading.file, &sheet),
            None => Place::lines(&reading.file),
        };
        if piece.last {
            self.reading = None;
        }
        self.pages += 1;
        Ok(Page {
            records: piece.rows.into_iter().map(Raw::Row).collect(),
            place,
            first: piece.first,
            next: Cursor::At(self.pages.to_string()),
            more: !piece.last || !self.left.is_empty(),
            snapshot: true,
            total: None,
        })
    }

    fn plan(&mut self, _from: Option<&str>) -> Vec<String> {
        vec![self.root.join(&self.pattern).display().to_string()]
    }
}

impl Folder {
    /// Begins to read a file beside the runtime; the reader ends when nobody takes its pieces.
    fn start(&self, file: String) -> Result<Reading, PullError> {
        let form = Form::of(&file).ok_or_else(|| {
            PullError::Config(format!("could not read {file}: known are .csv, .tsv, .txt, .xlsx and .xlsm"))
        })?;
        let (out, pieces) = mpsc::channel(1);
        let (path, name, sheet, delimiter) = (self.root.join(&file), file.clone(), self.sheet.clone(), self.delimiter);
        drop(tokio::task::spawn_blocking(move || {
            let mut rows = Rows::new(out, PIECE);
            let read = stamp(&path).and_then(|before| {
                match form {
                    Form::Csv => table::read(&path, delimiter, &mut rows)?,
                    Form::Workbook => sheet::read(&path, sheet.as_deref(), &mut rows)?,
                }
                // Half of an old file and half of a new one are no snapshot.
                if stamp(&path)? == before {
                    Ok(())
                } else {
                    Err("it was changed while it was read; the next run reads it again".to_owned())
                }
            });
            rows.end(read.map_err(|why| PullError::malformed(format!("could not read {name}: {why}"), "")));
        }));
        Ok(Reading { file, pieces })
    }
}

impl Form {
    fn of(file: &str) -> Option<Self> {
        let ending = file.rsplit_once('.')?.1.to_ascii_lowercase();
        match ending.as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "xlsx" | "xlsm" => Some(Self::Workbook),
            _ => None,
        }
    }
}

/// Size and time of a file, to see whether it was changed.
fn stamp(path: &std::path::Path) -> Result<(u64, Option<SystemTime>), String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if about.len() > MAX_FILE_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_FILE_BYTES >> 20));
    }
    Ok((about.len(), about.modified().ok()))
}
