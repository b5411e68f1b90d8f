//! The log: append-only, gap-free, in commit order; history, feed and outbox in one.

use muara_schemas::page::RunId;
use muara_schemas::{ContentHash, Moment};

use super::Tx;
use super::error::Result;
use super::head;
use super::rows::{Column, Rows, Statement};

/// A change of a record, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record's number.
    pub record: i64,
    /// Version that the record has from now on.
    pub version: i64,
    /// Stream of the record.
    pub stream: i64,
    /// `created`, `updated`, `deleted` or `erased`.
    pub op: &'static str,
    /// Agency from now on.
    pub agency: Option<String>,
    /// Agency before, when there was a version before.
    pub prev_agency: Option<String>,
    /// Fiscal year from now on.
    pub fiscal_year: Option<i64>,
    /// Hash of the body.
    pub hash: ContentHash,
    /// Canonical body; `None` for deletes.
    pub body: Option<String>,
    /// Where in the source it stands.
    pub pointer: Option<String>,
    /// The run that brought it.
    pub run: RunId,
}

/// Writes changes at consecutive places, the first at `first`.
pub async fn append(tx: &mut Tx, first: i64, at: Moment, entries: Vec<Entry>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut ints: [Vec<Option<i64>>; 5] = Default::default();
    let mut texts: [Vec<Option<String>>; 4] = Default::default();
    let (mut hashes, mut runs, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    for (seq, entry) in (first..).zip(entries) {
        let row = [Some(seq), Some(entry.record), Some(entry.version), Some(entry.stream), entry.fiscal_year];
        ints.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        let row = [Some(entry.op.to_owned()), entry.agency, entry.prev_agency, entry.pointer];
        texts.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        hashes.push(Some(entry.hash.as_bytes().to_vec()));
        runs.push(Some(entry.run.as_bytes().to_vec()));
        bodies.push(entry.body);
    }
    let [seq, record, version, stream, fiscal_year] = ints;
    let [op, agency, prev_agency, pointer] = texts;
    let rows = Rows::new()
        .column("seq", Column::Ints(seq))
        .column("record", Column::Ints(record))
        .column("version", Column::Ints(version))
        .column("stream", Column::Ints(stream))
        .column("fiscal_year", Column::Ints(fiscal_year))
        .column("op", Column::Texts(op))
        .column("agency", Column::Texts(agency))
        .column("prev_agency", Column::Texts(prev_agency))
        .column("pointer", Column::Texts(pointer))
        .column("hash", Column::Blobs(hashes))
        .column("run", Column::Blobs(runs))
        .column("body", Column::Json(bodies));
    Statement::new(
        "insert into changes (seq, kind, record, version, stream, op, agency, prev_agency, fiscal_year, hash, body, \
         pointer, run, at) select seq, 'record', record, version, stream, op, agency, prev_agency, fiscal_year, hash, \
         body, pointer, run, $1 from {rows} given_changes",
    )
    .bind(at.micros())
    .rows(tx, rows)
    .execute(tx)
    .await?;
    Ok(())
}

/// Something other than a record that enters the log: the verdict on a stream's runs, a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// `run` or `finding`.
    pub kind: &'static str,
    /// `failed`, `recovered`, `proof-broken`, `proof-mended`; `opened`, `closed`.
    pub op: &'static str,
    /// The stream that it is about.
    pub stream: Option<i64>,
    /// What it says.
    pub body: serde_json::Value,
    /// When.
    pub at: Moment,
}

/// Writes notes at the next places; the last thing that a unit of work does.
pub(super) async fn append_notes(tx: &mut Tx, notes: Vec<Note>) -> Result<()> {
    let Some(now) = notes.iter().map(|note| note.at).max() else { return Ok(()) };
    let count = notes.len();
    let head = head::advance(tx, count, now).await?;
    let first = head.seq - i64::try_from(count).unwrap_or(0) + 1;
    let texts = |of: fn(&Note) -> String| notes.iter().map(|note| Some(of(note))).collect::<Vec<_>>();
    let rows = Rows::new()
        .column("seq", Column::Ints((first..=head.seq).map(Some).collect()))
        .column("kind", Column::Texts(texts(|note| note.kind.to_owned())))
        .column("stream", Column::Ints(notes.iter().map(|note| note.stream).collect()))
        .column("op", Column::Texts(texts(|note| note.op.to_owned())))
        .column("body", Column::Json(texts(|note| note.body.to_string())));
    Statement::new(
        "insert into changes (seq, kind, stream, op, body, at) select seq, kind, stream, op, body, $1 \
         from {rows} given_notes",
    )
    .bind(head.at.micros())
    .rows(tx, rows)
    .execute(tx)
    .await?;
    Ok(())
}

/// A change as projectors read it: its body and the body before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place.
    pub seq: i64,
    /// Stream of the record.
    pub stream: i64,
    /// `created`, `updated`, `deleted` or `erased`.
    pub op: String,
    /// Body from now on.
    pub after: Option<String>,
    /// Body until now; `None` when the record was not there or was deleted.
    pub before: Option<String>,
}

/// The changes of records of some streams after a place, at most `limit`, up to and including `until`.
pub async fn steps(tx: &mut Tx, after: i64, until: i64, streams: &[i64], limit: i64) -> Result<Vec<Step>> {
    if streams.is_empty() {
        return Ok(Vec::new());
    }
    type Row = (i64, i64, String, Option<String>, Option<String>);
    let rows = Rows::new().ints("stream", streams.iter().copied());
    let found: Vec<Row> = Statement::new(
        "select c.seq, c.stream, c.op, cast(c.body as text), \
         (select cast(p.body as text) from changes p where p.record = c.record and p.version = c.version - 1) \
         from changes c where c.seq > $1 and c.seq <= $2 and c.kind = 'record' \
         and c.stream in (select stream from {rows} given_streams) order by c.seq limit $3",
    )
    .bind(after)
    .bind(until)
    .bind(limit)
    .rows(tx, rows)
    .fetch_all(tx)
    .await?;
    Ok(found.into_iter().map(|(seq, stream, op, after, before)| Step { seq, stream, op, after, before }).collect())
}
