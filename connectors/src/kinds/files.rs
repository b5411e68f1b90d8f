//! `kind: files` – CSV files, workbooks, JSON and XML that people and programs put into a folder.
//!
//! Each file, or the newest of a set of files, is one snapshot and one part: what is missing from it is gone, what a
//! file held that is not there any more stays. A file is read by a process of its own (`serve`), which hands over a
//! piece of records at a time (`frame`): one that fills the memory, never ends or breaks the reader costs that process
//! and nothing else, and the next file is read.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use regex::Regex;
use secrecy::ExposeSecret as _;

use crate::definition::model::{FilesRead, Form, Layout, Read, Snapshot};
use crate::definition::{SourceSpec, Stream};
use crate::kind::{Access, Cursor, Kind, OpenError, Page, PullError, Source};
use crate::raw::{Part, Place, Standing};
use crate::reader::Reader;

mod bomb;
mod book;
mod cell;
mod child;
mod delimiter;
mod folder;
mod frame;
mod grid;
mod header;
mod number;
mod records;
mod rows;
mod serve;
mod sets;
mod sheet;
mod table;
#[cfg(test)]
mod tests;

use child::Reading;
use frame::{Job, Piece, Problem, Said, Spot};
use sets::Task;

pub(crate) use folder::is_meant;
pub(super) use serve::read_one_file;
pub(crate) use sets::set_of;

/// Codes of what is wrong with a file; its process can say no others.
const CODES: [&str; 7] = ["E0203", "E0208", "E0230", "E0231", "E0232", "E0233", "E0234"];

/// The kind `files`.
pub(super) struct Files;

/// One stream's files, open for one run.
struct Folder {
    root: PathBuf,
    read: FilesRead,
    fits: Option<Regex>,
    /// Columns of the key.
    needed: Vec<String>,
    reader: Reader,
    clock: muara_schemas::Clock,
    /// What is still to be done.
    left: VecDeque<Step>,
    reading: Option<(Task, Reading)>,
    pages: u64,
}

enum Step {
    /// No file of this set is ready.
    Wait(Arc<str>),
    Read(Task),
}

impl Kind for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError> {
        let (SourceSpec::Files(source), Read::Files(read)) = (&*access.source, &stream.read) else {
            return Err(OpenError("the stream is not one of kind files".to_owned()));
        };
        let root = access.resolve("source.folder", &source.folder)?;
        let root = PathBuf::from(root.expose_secret());
        let fits = match &read.fits {
            // The whole name has to fit.
            Some(pattern) => {
                Some(Regex::new(&format!("^(?:{pattern})$")).map_err(|error| OpenError(error.to_string()))?)
            }
            None => None,
        };
        Ok(Box::new(Folder {
            root: std::path::absolute(&root).unwrap_or(root),
            read: read.clone(),
            fits,
            needed: stream.needed(),
            reader: access.reader.clone(),
            clock: access.clock.clone(),
            left: VecDeque::new(),
            reading: None,
            pages: 0,
        }))
    }
}

#[async_trait]
impl Source for Folder {
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, PullError> {
        if let Cursor::Start { .. } = cursor {
            self.look().await?;
        }
        if self.reading.is_none() {
            match self.left.pop_front() {
                None => return Err(PullError::Config("there is no file left to read".to_owned())),
                Some(Step::Wait(name)) => {
                    let part = Part { name: name.clone(), standing: Standing::Waiting };
                    return Ok(self.page(Piece::none(), Place::lines(&name, part)));
                }
                Some(Step::Read(task)) => match self.start(&task).await {
                    Ok(reading) => self.reading = Some((task, reading)),
                    Err(problem) => return Ok(self.broken(&task, problem)),
                },
            }
        }
        let Some((task, mut reading)) = self.reading.take() else {
            return Err(PullError::Config("there is no file left to read".to_owned()));
        };
        Ok(match reading.hear().await {
            Ok(Said::Piece(piece)) => {
                let place = place(&task.file, &piece.spot, self.part(&task));
                self.reading = Some((task, reading));
                self.page(piece, place)
            }
            // An empty page says that the file was read to its end, even when it held nothing.
            Ok(Said::Head | Said::End) => {
                let place = Place::lines(&task.file, self.part(&task));
                self.page(Piece::none(), place)
            }
            Ok(Said::Problem(problem)) | Err(problem) => self.broken(&task, problem),
        })
    }

    fn plan(&mut self, _from: Option<&str>) -> Vec<String> {
        let files = self.root.join(&self.read.file).display().to_string();
        vec![match &self.read.fits {
            None => files,
            Some(fits) => format!("{files}, named as `{fits}`"),
        }]
    }
}

impl Folder {
    /// Looks what lies there, and what of it is to be read.
    async fn look(&mut self) -> Result<(), PullError> {
        let (root, read) = (self.root.clone(), self.read.clone());
        let listing = tokio::task::spawn_blocking(move || folder::list(&root, &read));
        let failed = |error| PullError::retry(format!("could not list the folder: {error}"));
        let found = listing.await.map_err(failed)??;
        let plan = sets::plan(found, self.fits.as_ref(), &self.read, self.clock.now());
        if let (true, Some(fits)) = (plan.tasks.is_empty() && plan.waiting.is_empty(), &self.read.fits) {
            return Err(PullError::Config(format!("no file in {} is called as `{fits}` says", self.root.display())));
        }
        self.left = plan.waiting.into_iter().map(Step::Wait).chain(plan.tasks.into_iter().map(Step::Read)).collect();
        self.reading = None;
        Ok(())
    }

    async fn start(&self, task: &Task) -> Result<Reading, Problem> {
        let mut layout = Layout::clone(&self.read.layout);
        layout.format = layout.format.or_else(|| Form::of(&task.file));
        if layout.format.is_none() {
            let why = "its ending tells no form that is read; say it with `format`";
            return Err(Problem::damaged(why));
        }
        // Of all CSV files these alone say in their name what parts their columns.
        if layout.delimiter.is_none() && task.file.to_ascii_lowercase().ends_with(".tsv") {
            layout.delimiter = Some(b'\t');
        }
        let job = Job {
            root: self.root.clone(),
            path: self.root.join(&task.file),
            layout,
            groups: task.groups.clone(),
            needed: self.needed.clone(),
        };
        Reading::start(&self.reader, &job).await
    }

    fn part(&self, task: &Task) -> Part {
        let standing = match self.read.snapshot {
            Snapshot::PerFile => Standing::Whole,
            Snapshot::Append => Standing::Growing,
        };
        Part { name: task.part.clone(), standing }
    }

    /// A page that says what is wrong with a file; the next one is read all the same.
    fn broken(&mut self, task: &Task, problem: Problem) -> Page {
        let code = CODES.into_iter().find(|code| *code == problem.code).unwrap_or("E0203");
        let why = format!("could not read {}: {}", task.file, problem.why).into();
        let part = Part { name: task.part.clone(), standing: Standing::Broken { code, why } };
        self.page(Piece::none(), Place::lines(&task.file, part))
    }

    fn page(&mut self, piece: Piece, place: Place) -> Page {
        self.pages += 1;
        Page {
            records: piece.records,
            place,
            first: piece.first,
            next: Cursor::At(self.pages.to_string()),
            more: self.reading.is_some() || !self.left.is_empty(),
            snapshot: true,
            total: None,
            checkpoint: None,
            gone: Vec::new(),
        }
    }
}

fn place(file: &str, spot: &Spot, part: Part) -> Place {
    match spot {
        Spot::Lines => Place::lines(file, part),
        Spot::Sheet(sheet) => Place::sheet(file, sheet, part),
        Spot::List(list) => Place::items(file, list, part),
    }
}

impl Piece {
    const fn none() -> Self {
        Self { records: Vec::new(), first: 0, spot: Spot::Lines }
    }
}
