//! Files of records that a tap has written instead of messages.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};

use flate2::read::MultiGzDecoder;

use super::process::MAX_LINE_BYTES;
use super::said::{Files, Said};

/// How many lines are read in one go.
const PIECE: usize = 500;

/// The files that are still to be read, one after another.
#[derive(Default)]
pub(super) struct Batch {
    files: VecDeque<(String, bool)>,
    open: Option<Box<dyn BufRead + Send + Sync>>,
    read: VecDeque<Said>,
}

impl Batch {
    /// More files.
    pub(super) fn add(&mut self, files: Files) {
        self.files.extend(files.paths.into_iter().map(|path| (path, files.gzip)));
    }

    /// The next record; `None` when all files are read.
    pub(super) async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some(said) = self.read.pop_front() {
                return Some(said);
            }
            let open = self.open.take();
            let file = if open.is_none() { Some(self.files.pop_front()?) } else { None };
            let reading = tokio::task::spawn_blocking(move || piece(open, file));
            match reading.await.unwrap_or_else(|error| Err(io::Error::other(error))) {
                Ok((lines, open)) => (self.read, self.open) = (lines, open),
                Err(error) => return Some(Said::Noise(format!("a BATCH that cannot be read: {error}"))),
            }
        }
    }
}

type Piece = (VecDeque<Said>, Option<Box<dyn BufRead + Send + Sync>>);

fn piece(open: Option<Box<dyn BufRead + Send + Sync>>, file: Option<(String, bool)>) -> io::Result<Piece> {
    let mut reader = match (open, file) {
        (Some(open), _) => open,
        (None, Some((path, true))) => Box::new(BufReader::new(MultiGzDecoder::new(File::open(path)?))),
        (None, Some((path, false))) => Box::new(BufReader::new(File::open(path)?)),
        (None, None) => return Ok((VecDeque::new(), None)),
    };
    let mut lines = VecDeque::with_capacity(PIECE);
    while lines.len() < PIECE {
        let mut line = String::new();
        let length = (&mut reader).take(MAX_LINE_BYTES as u64 + 1).read_line(&mut line)?;
        if length == 0 {
            return Ok((lines, None));
        }
        if length > MAX_LINE_BYTES {
            return Err(io::Error::other("a line is too long"));
        }
        let line = line.trim();
        if line.starts_with('{') {
            lines.push_back(Said::Record(line.into()));
        } else if !line.is_empty() {
            return Err(io::Error::other("a line is no object"));
        }
    }
    Ok((lines, Some(reader)))
}
