//! The current state of every record: head columns, hash and version; the body stands once, in the log.

use std::collections::HashMap;

use muara_schemas::{ContentHash, RecordId};

use super::Tx;
use super::error::{Error, Result};
use super::rows::{Column, Rows, Statement};

/// What is known of a record before a page is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its number: the `seq` of its first change.
    pub record: i64,
    /// Its version, from 1.
    pub version: i64,
    /// Hash of its last body.
    pub hash: ContentHash,
    /// The change that holds its last body.
    pub body_seq: i64,
    /// Whether it is deleted.
    pub deleted: bool,
    /// Whether its delete waits for approval.
    pub held: bool,
    /// Its agency.
    pub agency: Option<String>,
    /// Its fiscal year.
    pub fiscal_year: Option<i64>,
    /// Its business key.
    pub business: Option<String>,
}

/// A row as it is to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Number.
    pub record: i64,
    /// Stream.
    pub stream: i64,
    /// Key within the stream.
    pub key: String,
    /// Opaque id.
    pub id: RecordId,
    /// Agency.
    pub agency: Option<String>,
    /// Fiscal year.
    pub fiscal_year: Option<i64>,
    /// Business key.
    pub business: Option<String>,
    /// Hash of the last body.
    pub hash: ContentHash,
    /// Version.
    pub version: i64,
    /// Latest change.
    pub seq: i64,
    /// Latest change with a body.
    pub body_seq: i64,
    /// When it was deleted.
    pub deleted_at: Option<i64>,
}

/// What is known of these records.
pub async fn known(tx: &mut Tx, ids: &[RecordId]) -> Result<HashMap<RecordId, Known>> {
    type Found = (Vec<u8>, i64, i64, Vec<u8>, i64, Option<i64>, i64, Option<String>, Option<i64>, Option<String>);
    let rows = Rows::new().blobs("id", ids.iter().map(|id| id.as_bytes().to_vec()));
    let found: Vec<Found> = Statement::new(
        "select r.id, r.record, r.version, r.hash, r.body_seq, r.deleted_at, r.held, r.agency, r.fiscal_year, \
         r.business \
         from {rows} given_ids join records r on r.id = given_ids.id",
    )
    .rows(tx, rows)
    .fetch_all(tx)
    .await?;
    found
        .into_iter()
        .map(|(id, record, version, hash, body_seq, deleted_at, held, agency, fiscal_year, business)| {
            let damaged = || Error::Damaged(format!("record {record} has no proper id or hash"));
            let id = RecordId::from_bytes(&id).ok_or_else(damaged)?;
            let hash = ContentHash::from_bytes(&hash).ok_or_else(damaged)?;
            let (deleted, held) = (deleted_at.is_some(), held != 0);
            Ok((id, Known { record, version, hash, body_seq, deleted, held, agency, fiscal_year, business }))
        })
        .collect()
}

/// Writes rows: new ones, whose number is a place from `first` on, and changed ones. A row that is written is no longer
/// held.
pub async fn put(tx: &mut Tx, rows: Vec<Row>, first: i64) -> Result<()> {
    let (new, changed): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.record >= first);
    if !new.is_empty() {
        Statement::new(
            "insert into records (record, stream, key, id, agency, fiscal_year, business, hash, version, seq, body_seq, \
             deleted_at) select record, stream, key, id, agency, fiscal_year, business, hash, version, seq, body_seq, \
             deleted_at from {rows} given_records",
        )
        .rows(tx, Columns::of(new))
        .execute(tx)
        .await?;
    }
    if !changed.is_empty() {
        Statement::new(
            "update records set agency = given.agency, fiscal_year = given.fiscal_year, business = given.business, \
             hash = given.hash, version = given.version, seq = given.seq, body_seq = given.body_seq, \
             deleted_at = given.deleted_at, held = 0 from {rows} given where records.record = given.record",
        )
        .rows(tx, Columns::of(changed))
        .execute(tx)
        .await?;
    }
    Ok(())
}

#[derive(Default)]
struct Columns {
    ints: [Vec<Option<i64>>; 7],
    keys: Vec<Option<String>>,
    agencies: Vec<Option<String>>,
    businesses: Vec<Option<String>>,
    ids: Vec<Option<Vec<u8>>>,
    hashes: Vec<Option<Vec<u8>>>,
}

impl Columns {
    fn of(rows: Vec<Row>) -> Rows {
        let count = rows.len();
        let mut columns = Self { keys: Vec::with_capacity(count), ids: Vec::with_capacity(count), ..Self::default() };
        for row in rows {
            columns.push(row);
        }
        columns.into_rows()
    }

    fn push(&mut self, row: Row) {
        let ints = [
            Some(row.record),
            Some(row.stream),
            row.fiscal_year,
            Some(row.version),
            Some(row.seq),
            Some(row.body_seq),
            row.deleted_at,
        ];
        for (column, value) in self.ints.iter_mut().zip(ints) {
            column.push(value);
        }
        self.keys.push(Some(row.key));
        self.agencies.push(row.agency);
        self.businesses.push(row.business);
        self.ids.push(Some(row.id.as_bytes().to_vec()));
        self.hashes.push(Some(row.hash.as_bytes().to_vec()));
    }

    fn into_rows(self) -> Rows {
        let [record, stream, fiscal_year, version, seq, body_seq, deleted_at] = self.ints;
        Rows::new()
            .column("record", Column::Ints(record))
            .column("stream", Column::Ints(stream))
            .column("key", Column::Texts(self.keys))
            .column("id", Column::Blobs(self.ids))
            .column("agency", Column::Texts(self.agencies))
            .column("fiscal_year", Column::Ints(fiscal_year))
            .column("business", Column::Texts(self.businesses))
            .column("hash", Column::Blobs(self.hashes))
            .column("version", Column::Ints(version))
            .column("seq", Column::Ints(seq))
            .column("body_seq", Column::Ints(body_seq))
            .column("deleted_at", Column::Ints(deleted_at))
    }
}

/// The mark of records that a repair holds: the connector does not know them, so no read of its tells of them again
/// unless the source has them back.
pub const HELD_BY_REPAIR: i64 = 1;

/// Marks records whose delete waits for approval, with the mark of the run that found them.
pub async fn hold(tx: &mut Tx, ids: &[RecordId], mark: i64) -> Result<u64> {
    let rows = Rows::new().blobs("id", ids.iter().map(|id| id.as_bytes().to_vec()));
    Statement::new("update records set held = $1 where deleted_at is null and id in (select id from {rows} given_ids)")
        .bind(mark)
        .rows(tx, rows)
        .execute(tx)
        .await
}

/// Lets go of records that an earlier read held and this one did not.
pub async fn release_held(tx: &mut Tx, stream: i64, mark: i64) -> Result<u64> {
    Statement::new("update records set held = 0 where stream = $1 and held <> 0 and held > $2 and held <> $3")
        .bind(stream)
        .bind(HELD_BY_REPAIR)
        .bind(mark)
        .execute(tx)
        .await
}

/// Lets go of records that came again.
pub async fn release(tx: &mut Tx, ids: &[RecordId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows = Rows::new().blobs("id", ids.iter().map(|id| id.as_bytes().to_vec()));
    Statement::new("update records set held = 0 where held <> 0 and id in (select id from {rows} given_ids)")
        .rows(tx, rows)
        .execute(tx)
        .await?;
    Ok(())
}

/// Records whose delete waits for approval: id and key.
pub async fn held(tx: &mut Tx, stream: i64, limit: i64) -> Result<Vec<(RecordId, String)>> {
    let rows: Vec<(Vec<u8>, String)> = Statement::new(
        "select id, key from records where stream = $1 and held <> 0 and deleted_at is null order by record limit $2",
    )
    .bind(stream)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|(id, key)| Ok((identify(&id)?, key))).collect()
}

/// How many records of a stream wait so.
pub async fn held_count(tx: &mut Tx, stream: i64) -> Result<i64> {
    let (count,): (i64,) =
        Statement::new("select count(*) from records where stream = $1 and held <> 0 and deleted_at is null")
            .bind(stream)
            .fetch_one(tx)
            .await?;
    Ok(count)
}

/// Whether a stream ever had a record.
pub async fn any(tx: &mut Tx, stream: i64) -> Result<bool> {
    let row: Option<(i64,)> =
        Statement::new("select record from records where stream = $1 limit 1").bind(stream).fetch_optional(tx).await?;
    Ok(row.is_some())
}

/// A stored id.
pub(super) fn identify(bytes: &[u8]) -> Result<RecordId> {
    RecordId::from_bytes(bytes).ok_or_else(|| Error::Damaged("a record has no proper id".into()))
}

/// How many live records a stream has.
pub async fn live_count(tx: &mut Tx, stream: i64) -> Result<u64> {
    let (count,): (i64,) = Statement::new("select count(*) from records where stream = $1 and deleted_at is null")
        .bind(stream)
        .fetch_one(tx)
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The next live records of a stream by key: key, hash, and whether the record is held.
pub async fn range(tx: &mut Tx, stream: i64, after: &str, limit: i64) -> Result<Vec<(String, ContentHash, bool)>> {
    let rows: Vec<(String, Vec<u8>, i64)> = Statement::new(
        "select key, hash, held from records where stream = $1 and key > $2 and deleted_at is null \
         order by key limit $3",
    )
    .bind(stream)
    .bind(after)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|(key, hash, held)| {
            let hash =
                ContentHash::from_bytes(&hash).ok_or_else(|| Error::Damaged("a record has no proper hash".into()))?;
            Ok((key, hash, held != 0))
        })
        .collect()
}
