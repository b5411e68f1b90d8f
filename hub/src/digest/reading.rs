//! Feeds the digest by ranges, so that no unit of work is open for long.

use muara_schemas::StreamName;

use super::{Digest, View};
use crate::projector;
use crate::store::head::{self, Head};
use crate::store::readers::{self, Reader};
use crate::store::{Db, Result, records, streams, totals};

/// How many rows are read in one go.
const RANGE: i64 = 5_000;
/// How often it is tried to read everything between two changes.
const ATTEMPTS: usize = 3;
/// The readers that keep what the digest covers.
const READ_MODELS: [&str; 1] = [projector::TOTALS];

/// The digest, and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The digest.
    pub view: View,
    /// What stood where when it was read.
    pub standing: Standing,
    /// Whether nothing moved meanwhile, every read model is up to the log, and no proof is being repaired: then another
    /// installation with the same sources gives the same digest.
    pub settled: bool,
}

/// What a digest depends on, and what can still change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The log's head.
    pub head: Head,
    /// Where the readers stand.
    pub readers: Vec<Reader>,
    /// Streams whose proof is being repaired.
    pub repairing: Vec<StreamName>,
}

impl Standing {
    /// Looks.
    pub async fn look(db: &Db) -> Result<Self> {
        let mut tx = db.read().await?;
        let streams = streams::all(&mut tx).await?;
        let repairing = |stream: &streams::Info| matches!(stream.proof_state.as_str(), "comparing" | "rereading");
        Ok(Self {
            head: head::read(&mut tx).await?,
            readers: readers::all(&mut tx).await?,
            repairing: streams.into_values().filter(repairing).map(|stream| stream.name).collect(),
        })
    }

    /// Whether two looks mean the same view.
    pub fn is_same_view(&self, other: &Self) -> bool {
        self.head == other.head && self.cursors() == other.cursors()
    }

    /// Whether nothing is under way that will change the view by itself.
    pub fn is_settled(&self) -> bool {
        self.repairing.is_empty() && self.cursors().iter().all(|cursor| *cursor >= self.head.seq)
    }

    /// Where the read models stand; one that never read stands at 0.
    fn cursors(&self) -> [i64; READ_MODELS.len()] {
        READ_MODELS.map(|name| self.readers.iter().find(|reader| reader.name == name).map_or(0, |reader| reader.cursor))
    }
}

/// Reads the digest of the whole view. While changes keep coming it tries again a few times and then says that the
/// answer is not settled.
pub async fn read(db: &Db) -> Result<Reading> {
    let mut standing = Standing::look(db).await?;
    let mut attempt = 1;
    loop {
        let view = pass(db).await?;
        let afterwards = Standing::look(db).await?;
        let steady = standing.is_same_view(&afterwards);
        if steady || attempt == ATTEMPTS {
            let settled = steady && afterwards.is_settled();
            return Ok(Reading { view, standing: afterwards, settled });
        }
        standing = afterwards;
        attempt += 1;
    }
}

async fn pass(db: &Db) -> Result<View> {
    let mut digest = Digest::default();
    let mut tx = db.read().await?;
    let streams = streams::all(&mut tx).await?;
    drop(tx);
    let mut streams: Vec<(StreamName, i64)> =
        streams.into_values().map(|stream| (stream.name, stream.number)).collect();
    streams.sort_unstable();
    for (name, number) in streams {
        let mut after = String::new();
        loop {
            let mut tx = db.read().await?;
            let range = records::range(&mut tx, number, &after, RANGE).await?;
            drop(tx);
            for (key, hash, _) in &range {
                digest.record(&name, key, *hash);
            }
            match range.into_iter().last() {
                Some((key, ..)) => after = key,
                None => break,
            }
        }
    }
    let mut offset = 0;
    loop {
        let mut tx = db.read().await?;
        let lines = totals::lines(&mut tx, offset, RANGE).await?;
        drop(tx);
        for line in &lines {
            digest.total(line);
        }
        match i64::try_from(lines.len()) {
            Ok(0) | Err(_) => return Ok(digest.finish()),
            Ok(count) => offset += count,
        }
    }
}
