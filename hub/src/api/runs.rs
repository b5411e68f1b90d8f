//! `runs`: what each run read, what became of it, and whether it balances and proves.

use axum::Json;
use axum::extract::State;
use muara_schemas::Moment;
use muara_schemas::canonical::hex;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Called;
use super::list::{self, List};
use super::params::{self, Params};
use super::problem::{Body, Problem, Refusals};
use crate::store::head;
use crate::store::journal::{self, Filter};

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Run {
    /// Its id, 32 hex digits.
    pub run: String,
    /// The run before it; `null` when it started the stream anew.
    pub prev: Option<String>,
    /// Region.
    pub region: String,
    /// Legacy system.
    pub system: String,
    /// Stream.
    pub stream: String,
    /// `incremental`, `full`, `compare` or `replay`.
    pub kind: String,
    /// Digest of the definition.
    pub definition: String,
    /// `running`, `complete`, `failed`, `abandoned`, `parked` or `broken`.
    pub state: String,
    /// When its first page came.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Moment,
    /// When its last page came; `null` while it runs.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Moment>,
    /// Pages that came.
    pub pages: i64,
    /// What became of its records.
    pub counts: Counts,
    /// The proof of a complete full read; `null` without one.
    pub proof: Option<Proof>,
    /// Whether every record read is applied, unchanged or quarantined; only a run that has ended balances.
    pub balanced: bool,
    /// Why it failed; `null` when it did not.
    pub failure: Option<String>,
}

/// What became of the records of a run.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Counts {
    /// Read from the source, after `where:` and `each:`; known at the end.
    pub read: i64,
    /// Became a change.
    pub applied: i64,
    /// Known as they are.
    pub unchanged: i64,
    /// In quarantine.
    pub quarantined: i64,
    /// Dropped by `where:`; not part of `read`.
    pub left_out: i64,
    /// Deleted because the source no longer has them; not part of `read`.
    pub deleted: i64,
    /// Wait for approval to be deleted.
    pub held: i64,
}

/// What both sides of a proof hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proof {
    /// Records that the source's side holds.
    pub count: i64,
    /// Digest of the source's side, 32 hex digits.
    pub digest: String,
    /// Whether the view holds the same; `null` until it was compared.
    pub equal: Option<bool>,
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Region, exactly.
    #[param(example = "33.02")]
    region: Option<String>,
    /// Legacy system.
    system: Option<String>,
    /// Stream.
    stream: Option<String>,
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Runs, the newest first.
#[utoipa::path(
    get,
    path = "/runs",
    tag = "sources",
    operation_id = "runs",
    params(Query),
    responses(
        (status = 200, description = "A page of runs.", body = List<Run>),
        (status = 410, description = "`after` is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<List<Run>>, Problem> {
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    params::stream(query.region.as_deref(), query.system.as_deref(), query.stream.as_deref())?;
    let filter = Filter { region: query.region, system: query.system, stream: query.stream };
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let before = list::after(query.after.as_deref(), &head, question)?.as_deref().map(place).transpose()?;
    let rows = journal::page(&mut tx, &caller.viewer, &filter, before, limit + 1).await?;
    drop(tx);
    let next =
        |last: &journal::Run| list::place(&head, question, &[&last.started_at.to_be_bytes(), &*last.run].concat());
    Ok(Json(List::cut(rows, limit, next, show)))
}

fn place(bytes: &[u8]) -> Result<(i64, [u8; 16]), Problem> {
    let (started_at, run) = bytes.split_at_checked(8).ok_or_else(Problem::cursor)?;
    let started_at = started_at.try_into().map(i64::from_be_bytes).map_err(|_| Problem::cursor())?;
    Ok((started_at, run.try_into().map_err(|_| Problem::cursor())?))
}

/// A stored run as it is told.
pub(super) fn show(row: journal::Run) -> Run {
    let equal = row.hub_count.zip(row.hub_digest.as_deref());
    let equal = equal.map(|ours| row.proof_count.zip(row.proof_digest.as_deref()) == Some(ours));
    let proof = row.proof_count.zip(row.proof_digest.clone()).map(|(count, digest)| Proof { count, digest, equal });
    let counts = Counts {
        read: row.read,
        applied: row.applied,
        unchanged: row.unchanged,
        quarantined: row.quarantined,
        left_out: row.left_out,
        deleted: row.deleted,
        held: row.held,
    };
    let has_ended = matches!(row.state.as_str(), "complete" | "failed");
    Run {
        run: hex(&row.run),
        prev: row.prev.as_deref().map(hex),
        region: row.region,
        system: row.system,
        stream: row.stream,
        kind: row.kind,
        definition: row.definition,
        state: row.state,
        started_at: Moment::from_micros(row.started_at),
        ended_at: row.ended_at.map(Moment::from_micros),
        pages: row.pages_seen,
        counts,
        proof,
        balanced: has_ended && counts.read == counts.applied + counts.unchanged + counts.quarantined,
        failure: row.failure,
    }
}
