//! Runs: what each one read, and which of its pages were seen.

use std::collections::{BTreeMap, BTreeSet};

use muara_schemas::page::{End, Page, RunId, RunKind};
use muara_schemas::{Moment, Proof};

use super::Tx;
use super::error::Result;
use super::rows::{Rows, Statement};

/// What intake knows of a run that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// `running`, `complete`, `failed`, `abandoned`, `parked` or `broken`.
    pub state: String,
    /// How many of its pages were seen.
    pub pages_seen: i64,
    /// When it ended or was stopped.
    pub ended_at: Option<i64>,
}

/// What the pages of one run did, added up over one unit of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pages.
    pub pages: i64,
    /// Records that became a change.
    pub applied: i64,
    /// Records that were known as they are.
    pub unchanged: i64,
    /// Records in quarantine.
    pub quarantined: i64,
    /// Records deleted.
    pub deleted: i64,
    /// Records held for approval.
    pub held: i64,
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            pages: self.pages + other.pages,
            applied: self.applied + other.applied,
            unchanged: self.unchanged + other.unchanged,
            quarantined: self.quarantined + other.quarantined,
            deleted: self.deleted + other.deleted,
            held: self.held + other.held,
        }
    }
}

/// Which of these runs are known, and how they stand.
pub async fn known(tx: &mut Tx, runs: &[RunId]) -> Result<BTreeMap<RunId, Begun>> {
    let rows = Rows::new().blobs("run", runs.iter().map(|run| run.as_bytes().to_vec()));
    let found: Vec<(Vec<u8>, String, i64, Option<i64>)> = Statement::new(
        "select r.run, r.state, r.pages_seen, r.ended_at from runs r where r.run in (select run from {rows} given_runs)",
    )
    .rows(tx, rows)
    .fetch_all(tx)
    .await?;
    Ok(found
        .into_iter()
        .filter_map(|(run, state, pages_seen, ended_at)| {
            Some((RunId::from_bytes(&run)?, Begun { state, pages_seen, ended_at }))
        })
        .collect())
}

/// The run of a stream that began last.
pub async fn newest(tx: &mut Tx, stream: i64) -> Result<Option<RunId>> {
    let row: Option<(Vec<u8>,)> =
        Statement::new("select run from runs where stream = $1 order by started_at desc, run desc limit 1")
            .bind(stream)
            .fetch_optional(tx)
            .await?;
    Ok(row.and_then(|(run,)| RunId::from_bytes(&run)))
}

/// Which pages of a run were seen.
pub async fn seen(tx: &mut Tx, run: RunId) -> Result<BTreeSet<u32>> {
    let pages: Vec<(i64,)> =
        Statement::new("select page from run_pages where run = $1").bind(run.as_bytes()).fetch_all(tx).await?;
    Ok(pages.into_iter().filter_map(|(page,)| u32::try_from(page).ok()).collect())
}

/// Notes that a run has begun; the one before it is over, and its pages need not be known any more.
pub async fn begin(tx: &mut Tx, stream: i64, page: &Page, before: Option<RunId>, now: Moment) -> Result<()> {
    if let Some(before) = before {
        Statement::new("update runs set state = 'abandoned', ended_at = $2 where run = $1 and state = 'running'")
            .bind(before.as_bytes())
            .bind(now.micros())
            .execute(tx)
            .await?;
        Statement::new("delete from run_pages where run = $1").bind(before.as_bytes()).execute(tx).await?;
    }
    let kind = match page.kind {
        RunKind::Incremental => "incremental",
        RunKind::Full => "full",
        RunKind::Compare => "compare",
        RunKind::Replay => "replay",
    };
    Statement::new(
        "insert into runs (run, stream, prev, kind, definition, state, started_at) \
         values ($1, $2, $3, $4, $5, 'running', $6)",
    )
    .bind(page.run.as_bytes())
    .bind(stream)
    .bind(page.prev.map(|prev| prev.as_bytes().to_vec()))
    .bind(kind)
    .bind(page.definition.as_str())
    .bind(now.micros())
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes pages as seen and adds what they did.
pub async fn add(tx: &mut Tx, run: RunId, pages: &[u32], tally: Tally) -> Result<()> {
    let rows = Rows::new().ints("page", pages.iter().map(|page| i64::from(*page)));
    Statement::new("insert into run_pages (run, page) select $1, page from {rows} given_pages where true on conflict (run, page) do nothing")
        .bind(run.as_bytes())
        .rows(tx, rows)
        .execute(tx)
        .await?;
    Statement::new(
        "update runs set pages_seen = pages_seen + $2, applied = applied + $3, unchanged = unchanged + $4, \
         quarantined = quarantined + $5, deleted = deleted + $6, held = held + $7 where run = $1",
    )
    .bind(run.as_bytes())
    .bind(tally.pages)
    .bind(tally.applied)
    .bind(tally.unchanged)
    .bind(tally.quarantined)
    .bind(tally.deleted)
    .bind(tally.held)
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes how a run ended. What the connector skipped counts in the class that it had.
pub async fn end(tx: &mut Tx, run: RunId, state: &str, end: &End, now: Moment) -> Result<()> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let counts = end.counts;
    Statement::new(
        "update runs set state = $2, ended_at = $3, pages = $4, read = $5, published = $6, unchanged = unchanged + $7, \
         quarantined = quarantined + $8, left_out = $9, proof_count = $10, proof_digest = $11, limits_share = $12, \
         limits_count = $13, failure = $14 where run = $1",
    )
    .bind(run.as_bytes())
    .bind(state)
    .bind(now.micros())
    .bind(i64::from(end.pages))
    .bind(number(counts.read))
    .bind(number(counts.published))
    .bind(number(counts.unchanged))
    .bind(number(counts.quarantined_again))
    .bind(number(counts.left_out))
    .bind(end.proof.map(|proof| number(proof.count)))
    .bind(end.proof.map(|proof| proof.digest.to_string()))
    .bind(i64::from(end.limits.max_share))
    .bind(number(end.limits.max_count))
    .bind(end.failure.clone())
    .execute(tx)
    .await?;
    Ok(())
}

/// Marks a run that cannot go on: a page of it was parked, or is missing.
pub async fn stop(tx: &mut Tx, run: RunId, state: &str, failure: &str, now: Moment) -> Result<()> {
    Statement::new("update runs set state = $2, failure = $3, ended_at = $4 where run = $1")
        .bind(run.as_bytes())
        .bind(state)
        .bind(failure)
        .bind(now.micros())
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes the hub's side of the proof.
pub async fn proved(tx: &mut Tx, run: RunId, ours: &Proof) -> Result<()> {
    Statement::new("update runs set hub_count = $2, hub_digest = $3 where run = $1")
        .bind(run.as_bytes())
        .bind(i64::try_from(ours.count).unwrap_or(i64::MAX))
        .bind(ours.digest.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether the hub's side of a run's proof is still to be computed, for a page that comes again after a crash.
pub async fn wants_proof(tx: &mut Tx, run: RunId) -> Result<bool> {
    let row: Option<(i64,)> = Statement::new(
        "select proof_count from runs where run = $1 and state = 'complete' and proof_count is not null and hub_count is null",
    )
    .bind(run.as_bytes())
    .fetch_optional(tx)
    .await?;
    Ok(row.is_some())
}
