//! What becomes of records: pure. Known state and incoming records go in, changes and rows come out.

use std::collections::HashMap;

use muara_schemas::page::RunId;
use muara_schemas::{ContentHash, Moment, RecordId};

use crate::store::changes::Entry;
use crate::store::records::{Known, Row};

#[cfg(test)]
mod tests;

/// A valid record on its way in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its opaque id.
    pub id: RecordId,
    /// Its key.
    pub key: String,
    /// Its stream's number.
    pub stream: i64,
    /// Hash of the body.
    pub hash: ContentHash,
    /// Canonical body.
    pub body: String,
    /// Agency.
    pub agency: Option<String>,
    /// Fiscal year.
    pub fiscal_year: Option<i64>,
    /// Business key.
    pub business: Option<String>,
    /// Where in the source it stands.
    pub pointer: String,
    /// The run that brings it.
    pub run: RunId,
}

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It makes a change.
    Applied,
    /// It is known as it is.
    Unchanged,
}

/// A place in the log: known, or the n-th of this batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Known(i64),
    New(i64),
}

impl Place {
    const fn resolve(self, first: i64) -> i64 {
        match self {
            Self::Known(seq) => seq,
            Self::New(at) => first + at,
        }
    }
}

#[derive(Debug, Clone)]
struct Standing {
    key: String,
    stream: i64,
    record: Place,
    version: i64,
    hash: ContentHash,
    seq: Option<Place>,
    body_seq: Place,
    deleted: bool,
    agency: Option<String>,
    fiscal_year: Option<i64>,
    business: Option<String>,
}

/// The changes of one unit of work, in order. Places are given when it is finished.
#[derive(Default)]
pub struct Batch {
    known: HashMap<RecordId, Known>,
    standing: HashMap<RecordId, Standing>,
    order: Vec<RecordId>,
    entries: Vec<(Place, Entry)>,
    released: Vec<RecordId>,
}

impl Batch {
    /// Tells the batch what is known of records that may come.
    pub fn learn(&mut self, known: HashMap<RecordId, Known>) {
        self.known.extend(known);
    }

    /// How many changes there are so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is a record of this id, deleted or not.
    pub fn knows(&self, id: RecordId) -> bool {
        self.standing.contains_key(&id) || self.known.contains_key(&id)
    }

    /// Takes a valid record in.
    pub fn upsert(&mut self, incoming: Incoming) -> Outcome {
        let next = Place::New(i64::try_from(self.entries.len()).unwrap_or(i64::MAX));
        let before = self.standing(incoming.id, &incoming.key, incoming.stream);
        let (record, version, prev_agency, op) = match before {
            Some(standing) if !standing.deleted && standing.hash == incoming.hash => {
                if self.known.get(&incoming.id).is_some_and(|known| known.held) {
                    self.released.push(incoming.id);
                }
                return Outcome::Unchanged;
            }
            Some(standing) if standing.deleted => (standing.record, standing.version + 1, None, "created"),
            Some(standing) => (standing.record, standing.version + 1, standing.agency, "updated"),
            None => (next, 1, None, "created"),
        };
        self.entries.push((
            record,
            Entry {
                record: 0,
                version,
                stream: incoming.stream,
                op,
                agency: incoming.agency.clone(),
                prev_agency,
                fiscal_year: incoming.fiscal_year,
                hash: incoming.hash,
                body: Some(incoming.body),
                pointer: Some(incoming.pointer),
                run: incoming.run,
            },
        ));
        let standing = Standing {
            key: incoming.key,
            stream: incoming.stream,
            record,
            version,
            hash: incoming.hash,
            seq: Some(next),
            body_seq: next,
            deleted: false,
            agency: incoming.agency,
            fiscal_year: incoming.fiscal_year,
            business: incoming.business,
        };
        self.stand(incoming.id, standing);
        Outcome::Applied
    }

    /// Records that came as they stand although their delete was held: they are let go.
    pub fn released(&mut self) -> Vec<RecordId> {
        std::mem::take(&mut self.released)
    }

    /// Takes a delete in; the record keeps its last values.
    pub fn delete(&mut self, id: RecordId, key: &str, stream: i64, run: RunId) -> Outcome {
        let next = Place::New(i64::try_from(self.entries.len()).unwrap_or(i64::MAX));
        let Some(mut standing) = self.standing(id, key, stream).filter(|standing| !standing.deleted) else {
            return Outcome::Unchanged;
        };
        standing.version += 1;
        standing.deleted = true;
        standing.seq = Some(next);
        self.entries.push((
            standing.record,
            Entry {
                record: 0,
                version: standing.version,
                stream,
                op: "deleted",
                agency: standing.agency.clone(),
                prev_agency: standing.agency.clone(),
                fiscal_year: standing.fiscal_year,
                hash: standing.hash,
                body: None,
                pointer: None,
                run,
            },
        ));
        self.stand(id, standing);
        Outcome::Applied
    }

    fn standing(&self, id: RecordId, key: &str, stream: i64) -> Option<Standing> {
        if let Some(standing) = self.standing.get(&id) {
            return Some(standing.clone());
        }
        let known = self.known.get(&id)?;
        Some(Standing {
            key: key.to_owned(),
            stream,
            record: Place::Known(known.record),
            version: known.version,
            hash: known.hash,
            seq: None,
            body_seq: Place::Known(known.body_seq),
            deleted: known.deleted,
            agency: known.agency.clone(),
            fiscal_year: known.fiscal_year,
            business: known.business.clone(),
        })
    }

    fn stand(&mut self, id: RecordId, standing: Standing) {
        if self.standing.insert(id, standing).is_none() {
            self.order.push(id);
        }
    }

    /// Gives places, the first at `first`: the entries for the log, and the rows as they stand afterwards.
    pub fn finish(mut self, first: i64, at: Moment) -> (Vec<Entry>, Vec<Row>) {
        let entries =
            self.entries.into_iter().map(|(record, entry)| Entry { record: record.resolve(first), ..entry }).collect();
        let rows = self
            .order
            .into_iter()
            .filter_map(|id| {
                let standing = self.standing.remove(&id)?;
                Some(Row {
                    record: standing.record.resolve(first),
                    stream: standing.stream,
                    key: standing.key,
                    id,
                    agency: standing.agency,
                    fiscal_year: standing.fiscal_year,
                    business: standing.business,
                    hash: standing.hash,
                    version: standing.version,
                    seq: standing.seq?.resolve(first),
                    body_seq: standing.body_seq.resolve(first),
                    deleted_at: standing.deleted.then(|| at.micros()),
                })
            })
            .collect();
        (entries, rows)
    }
}
