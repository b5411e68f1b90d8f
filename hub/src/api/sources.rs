//! `sources`: every stream, how it stands and how fresh it is.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use muara_schemas::Moment;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Called;
use super::list::{self, List};
use super::params::{self, Params};
use super::problem::{Body, Problem, Refusals};
use super::runs::{self, Run};
use crate::store::{head, journal, sources};

/// A stream of a legacy system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceStream)]
pub struct Source {
    /// Region.
    pub region: String,
    /// Legacy system.
    pub system: String,
    /// Stream within the system.
    pub stream: String,
    /// Record type that it maps to.
    #[serde(rename = "type")]
    pub record_type: String,
    /// Agency that owns the system.
    pub agency: Option<String>,
    /// Rank: of two systems that hold the same fact, the lower counts.
    pub rank: i64,
    /// Digest of the definition that the connector announced.
    pub definition: Option<String>,
    /// Seconds between runs.
    pub every_secs: Option<i64>,
    /// `none` (no run has ended), `ok`, `failed` or `unproved`.
    pub verdict: String,
    /// `none`, `equal`, `comparing`, `rereading` or `broken`.
    pub proof_state: String,
    /// The connector's last sign of life; `null` when there was none.
    pub heartbeat: Option<Heartbeat>,
    /// The connector's last failure, while it lasts.
    pub failure: Option<String>,
    /// The newest run; `null` when there was none.
    pub last_run: Option<Run>,
    /// What a person should look at.
    pub findings: Vec<Finding>,
}

/// A sign of life.
#[derive(Debug, Serialize, ToSchema)]
pub struct Heartbeat {
    /// When the hub took it in.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// How many seconds ago that was.
    pub age_secs: i64,
}

/// An open finding.
#[derive(Debug, Serialize, ToSchema)]
pub struct Finding {
    /// What sort: `resets`, `proof`, `deletes-held`, `parked`, …
    pub kind: String,
    /// One sentence.
    pub detail: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Moment,
}

/// How many sources.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Streams, in the order in which they were first heard of.
#[utoipa::path(
    get,
    path = "/sources",
    tag = "sources",
    operation_id = "sources",
    params(Query),
    responses(
        (status = 200, description = "A page of streams.", body = List<Source>),
        (status = 410, description = "`after` is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<List<Source>>, Problem> {
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let after = list::number(list::after(query.after.as_deref(), &head, question)?)?.unwrap_or(0);
    let rows = sources::page(&mut tx, &caller.viewer, after, limit + 1).await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let runs = journal::current(&mut tx, &caller.viewer, &numbers).await?;
    let open = sources::findings(&mut tx, &caller.viewer, &numbers).await?;
    drop(tx);
    let mut runs: HashMap<i64, Run> = runs.into_iter().map(|run| (run.number, runs::show(run))).collect();
    let mut findings: HashMap<i64, Vec<Finding>> = HashMap::new();
    for finding in open {
        let shown =
            Finding { kind: finding.kind, detail: finding.detail, opened_at: Moment::from_micros(finding.opened_at) };
        findings.entry(finding.stream).or_default().push(shown);
    }
    let now = app.clock.now();
    let next = |last: &sources::Source| list::place(&head, question, &last.number.to_be_bytes());
    Ok(Json(List::cut(rows, limit, next, |row| Source {
        last_run: runs.remove(&row.number),
        findings: findings.remove(&row.number).unwrap_or_default(),
        region: row.region,
        system: row.system,
        stream: row.stream,
        record_type: row.record_type,
        agency: row.agency,
        rank: row.rank,
        definition: row.definition,
        every_secs: row.every_secs,
        verdict: row.verdict,
        proof_state: row.proof_state,
        heartbeat: row
            .heartbeat_at
            .map(|at| Heartbeat { at: Moment::from_micros(at), age_secs: (now.micros() - at).max(0) / 1_000_000 }),
        failure: row.failure,
    })))
}
