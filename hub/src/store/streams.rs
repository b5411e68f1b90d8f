//! Streams: what connectors announced, and where each chain of runs stands.

use std::collections::BTreeMap;

use muara_schemas::control::Announcement;
use muara_schemas::page::RunId;
use muara_schemas::stream::StreamName;
use muara_schemas::{Moment, canonical::hex};

use super::error::{Error, Result};
use super::rows::Statement;
use super::{Tx, findings, records};

/// The state of a stream that intake decides by; read after its row is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Its number.
    pub number: i64,
    /// Its record type.
    pub record_type: String,
    /// The current run.
    pub run: Option<RunId>,
    /// The run that was refused last, so that it is answered only once.
    pub refused_run: Option<RunId>,
    /// `none`, `ok`, `failed` or `unproved`.
    pub verdict: String,
    /// `none`, `equal`, `comparing`, `rereading` or `broken`.
    pub proof_state: String,
    /// Resets within the hour that began at `reset_at`.
    pub resets: i64,
    /// When the first of them was.
    pub reset_at: Option<i64>,
}

type Row = (i64, String, Option<Vec<u8>>, Option<Vec<u8>>, String, String, i64, Option<i64>);

const COLUMNS: &str = "stream, record_type, run, refused_run, verdict, proof_state, resets, reset_at";

fn from_row((number, record_type, run, refused, verdict, proof_state, resets, reset_at): Row) -> Stream {
    let run_id = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| RunId::from_bytes(&bytes));
    Stream {
        number,
        record_type,
        run: run_id(run),
        refused_run: run_id(refused),
        verdict,
        proof_state,
        resets,
        reset_at,
    }
}

/// Locks the stream's row until the unit of work ends, and reads it; creates it at the first page.
pub async fn lock(tx: &mut Tx, name: &StreamName, record_type: &str) -> Result<Stream> {
    if let Some(stream) = lock_known(tx, name).await? {
        return Ok(stream);
    }
    Statement::new(
        "insert into streams (region, system, name, record_type) values ($1, $2, $3, $4) \
         on conflict (region, system, name) do nothing",
    )
    .bind(name.region.as_str())
    .bind(name.system.as_str())
    .bind(name.stream.as_str())
    .bind(record_type)
    .execute(tx)
    .await?;
    lock_known(tx, name).await?.ok_or_else(|| Error::Damaged(format!("stream {name} is gone")))
}

/// The same for a stream that is known; creates nothing.
pub async fn lock_known(tx: &mut Tx, name: &StreamName) -> Result<Option<Stream>> {
    let select =
        format!("select {COLUMNS} from streams where region = $1 and system = $2 and name = $3{}", tx.for_update());
    let row: Option<Row> = Statement::new(select)
        .bind(name.region.as_str())
        .bind(name.system.as_str())
        .bind(name.stream.as_str())
        .fetch_optional(tx)
        .await?;
    Ok(row.map(from_row))
}

/// The number of a stream that is known.
pub async fn find(tx: &mut Tx, name: &StreamName) -> Result<Option<i64>> {
    let row: Option<(i64,)> =
        Statement::new("select stream from streams where region = $1 and system = $2 and name = $3")
            .bind(name.region.as_str())
            .bind(name.system.as_str())
            .bind(name.stream.as_str())
            .fetch_optional(tx)
            .await?;
    Ok(row.map(|(stream,)| stream))
}

/// Writes back what intake decided.
pub async fn save(tx: &mut Tx, stream: &Stream) -> Result<()> {
    let bytes = |run: Option<RunId>| run.map(|run| run.as_bytes().to_vec());
    Statement::new(
        "update streams set run = $2, refused_run = $3, verdict = $4, proof_state = $5, resets = $6, reset_at = $7 \
         where stream = $1",
    )
    .bind(stream.number)
    .bind(bytes(stream.run))
    .bind(bytes(stream.refused_run))
    .bind(stream.verdict.as_str())
    .bind(stream.proof_state.as_str())
    .bind(stream.resets)
    .bind(stream.reset_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets a stream's definition map to another record type, as long as the stream has had no record: read models would
/// take the old bodies for the new type. Answers whether the type is now this one; if not, a finding says why.
pub async fn retype(tx: &mut Tx, stream: &Stream, name: &StreamName, record_type: &str, now: Moment) -> Result<bool> {
    if stream.record_type == record_type {
        return Ok(true);
    }
    if records::any(tx, stream.number).await? {
        let detail = format!(
            "its definition maps to `{record_type}` and its records are of the type `{}`; give the new one another stream name",
            stream.record_type
        );
        findings::open(tx, findings::TYPE, name, stream.number, &detail, now).await?;
        return Ok(false);
    }
    Statement::new("update streams set record_type = $2 where stream = $1")
        .bind(stream.number)
        .bind(record_type)
        .execute(tx)
        .await?;
    Ok(true)
}

/// Notes what a connector announced.
pub async fn announce(tx: &mut Tx, announcement: &Announcement, now: Moment) -> Result<()> {
    let name = &announcement.stream;
    let stream = lock(tx, name, &announcement.record_type).await?;
    if retype(tx, &stream, name, &announcement.record_type, now).await? {
        findings::close(tx, &[findings::TYPE], name, stream.number, now).await?;
    }
    Statement::new(
        "update streams set agency = $2, rank = $3, definition = $4, document = $5, every_secs = $6, \
         announced_at = $7, heartbeat_at = $7 where stream = $1",
    )
    .bind(stream.number)
    .bind(announcement.agency.as_str())
    .bind(i64::from(announcement.rank))
    .bind(announcement.definition.as_str())
    .bind(announcement.document.as_str())
    .bind(i64::try_from(announcement.every_secs).unwrap_or(i64::MAX))
    .bind(now.micros())
    .execute(tx)
    .await?;
    if announcement.warnings.is_empty() {
        return findings::close(tx, &[findings::LINT], name, stream.number, now).await;
    }
    findings::open(tx, findings::LINT, name, stream.number, &announcement.warnings.join("; "), now).await
}

/// Breaks every chain of runs, after the database was brought back from a copy: connectors may be ahead of it, and each
/// has to start anew.
pub async fn unchain(tx: &mut Tx, now: Moment) -> Result<()> {
    Statement::new("update runs set state = 'abandoned', ended_at = $1 where state = 'running'")
        .bind(now.micros())
        .execute(tx)
        .await?;
    Statement::new(
        "update streams set run = null, refused_run = null, proof_state = 'none', resets = 0, reset_at = null",
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A run came to its end, so what the last sign of life told of a failure is over.
pub async fn recovered(tx: &mut Tx, stream: i64) -> Result<()> {
    Statement::new("update streams set failure = null where stream = $1 and failure is not null")
        .bind(stream)
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes a sign of life.
pub async fn beat(tx: &mut Tx, name: &StreamName, failure: Option<&str>, now: Moment) -> Result<()> {
    Statement::new(
        "update streams set heartbeat_at = $4, failure = $5 where region = $1 and system = $2 and name = $3",
    )
    .bind(name.region.as_str())
    .bind(name.system.as_str())
    .bind(name.stream.as_str())
    .bind(now.micros())
    .bind(failure.map(str::to_owned))
    .execute(tx)
    .await?;
    Ok(())
}

/// What everybody may know of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: StreamName,
    /// Record type.
    pub record_type: String,
    /// Agency that owns the system.
    pub agency: Option<String>,
    /// Rank of the system; the lower counts.
    pub rank: i64,
    /// Digest of the definition.
    pub definition: Option<String>,
    /// Seconds between runs.
    pub every_secs: Option<i64>,
    /// Last sign of life.
    pub heartbeat_at: Option<i64>,
    /// The connector's last failure, while it lasts.
    pub failure: Option<String>,
    /// The current run.
    pub run: Option<String>,
    /// `none`, `ok`, `failed` or `unproved`.
    pub verdict: String,
    /// `none`, `equal`, `comparing`, `rereading` or `broken`.
    pub proof_state: String,
}

/// All streams, by number; an installation has hundreds at most.
pub async fn all(tx: &mut Tx) -> Result<BTreeMap<i64, Info>> {
    type Row = (
        i64,
        String,
        String,
        String,
        String,
        Option<String>,
        i64,
        Option<String>,
        Option<i64>,
        Option<i64>,
        Option<String>,
        Option<Vec<u8>>,
        String,
        String,
    );
    let rows: Vec<Row> = Statement::new(
        "select stream, region, system, name, record_type, agency, rank, definition, every_secs, heartbeat_at, failure, \
         run, verdict, proof_state from streams order by stream limit 100000",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let info = Info {
                number: r.0,
                name: StreamName::new(r.1, r.2, r.3),
                record_type: r.4,
                agency: r.5,
                rank: r.6,
                definition: r.7,
                every_secs: r.8,
                heartbeat_at: r.9,
                failure: r.10,
                run: r.11.map(|bytes| hex(&bytes)),
                verdict: r.12,
                proof_state: r.13,
            };
            (info.number, info)
        })
        .collect())
}
