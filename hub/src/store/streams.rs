//! Streams: what connectors announced, and where each chain of runs stands.

use std::collections::BTreeMap;

use muara_schemas::control::Announcement;
use muara_schemas::page::RunId;
use muara_schemas::stream::StreamName;
use muara_schemas::{Moment, canonical::hex};

use super::Tx;
use super::error::Result;
use super::rows::Statement;

/// The state of a stream that intake decides by; read after its row is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Its number.
    pub number: i64,
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

type Row = (i64, Option<Vec<u8>>, Option<Vec<u8>>, String, String, i64, Option<i64>);

const COLUMNS: &str = "stream, run, refused_run, verdict, proof_state, resets, reset_at";

fn from_row((number, run, refused, verdict, proof_state, resets, reset_at): Row) -> Stream {
    let run_id = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| RunId::from_bytes(&bytes));
    Stream { number, run: run_id(run), refused_run: run_id(refused), verdict, proof_state, resets, reset_at }
}

/// Locks the stream's row until the unit of work ends, and reads it; creates it at the first page.
pub async fn lock(tx: &mut Tx, name: &StreamName, record_type: &str) -> Result<Stream> {
    let select =
        format!("select {COLUMNS} from streams where region = $1 and system = $2 and name = $3{}", tx.for_update());
    let find = || {
        Statement::new(select.clone()).bind(name.region.as_str()).bind(name.system.as_str()).bind(name.stream.as_str())
    };
    if let Some(row) = find().fetch_optional::<Row>(tx).await? {
        return Ok(from_row(row));
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
    Ok(from_row(find().fetch_one::<Row>(tx).await?))
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

/// Notes the record type, when a stream's definition maps to another one than before.
pub async fn retype(tx: &mut Tx, stream: i64, record_type: &str) -> Result<()> {
    Statement::new("update streams set record_type = $2 where stream = $1 and record_type <> $2")
        .bind(stream)
        .bind(record_type)
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes what a connector announced.
pub async fn announce(tx: &mut Tx, announcement: &Announcement, now: Moment) -> Result<()> {
    let name = &announcement.stream;
    let stream = lock(tx, name, &announcement.record_type).await?;
    Statement::new(
        "update streams set record_type = $2, agency = $3, rank = $4, definition = $5, document = $6, every_secs = $7, \
         announced_at = $8, heartbeat_at = $8 where stream = $1",
    )
    .bind(stream.number)
    .bind(announcement.record_type.as_str())
    .bind(announcement.agency.as_str())
    .bind(i64::from(announcement.rank))
    .bind(announcement.definition.as_str())
    .bind(announcement.document.as_str())
    .bind(i64::try_from(announcement.every_secs).unwrap_or(i64::MAX))
    .bind(now.micros())
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
