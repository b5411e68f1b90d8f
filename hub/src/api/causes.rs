//! `quarantine/groups`: what waits, grouped by cause.

use axum::Json;
use axum::extract::State;
use muara_schemas::{Moment, Rupiah};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Called;
use super::list::{self, List};
use super::params::{self, Params};
use super::problem::{Body, Problem, Refusals};
use crate::store::causes;
use crate::store::entries::Filter;
use crate::store::head;

/// Open entries of one stream with one cause: the first reason of each.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuarantineGroup)]
pub struct Group {
    /// Region.
    pub region: String,
    /// Legacy system.
    pub system: String,
    /// Stream.
    pub stream: String,
    /// Record type that the stream maps to.
    #[serde(rename = "type")]
    pub record_type: String,
    /// Code of the reason.
    #[schema(example = "E0304")]
    pub code: String,
    /// JSON pointer of the target field; empty for the record as a whole.
    #[schema(example = "/amount")]
    pub target: String,
    /// Path of the source field that is to blame; `null` when none is.
    pub source: Option<String>,
    /// How many entries.
    pub entries: i64,
    /// Of how many of these the money could not be read.
    pub without_amount: i64,
    /// The money of the others, which no view counts.
    #[schema(value_type = String, example = "1250000.00")]
    pub amount: Rupiah,
    /// Since when the oldest of them waits.
    #[schema(value_type = String, format = DateTime)]
    pub oldest_at: Moment,
    /// The newest of them, as an example.
    pub example: i64,
}

/// Which groups.
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
    /// Agency, where it is known.
    agency: Option<String>,
    /// Code of the first reason.
    #[param(example = "E0304")]
    code: Option<String>,
    /// Target or source field of the first reason.
    #[param(example = "/amount")]
    field: Option<String>,
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Open quarantine entries grouped by stream and cause, the largest group first. Each entry is in one group.
#[utoipa::path(
    get,
    path = "/quarantine/groups",
    tag = "quarantine",
    operation_id = "quarantine_groups",
    params(Query),
    responses(
        (status = 200, description = "A page of groups.", body = List<Group>),
        (status = 410, description = "`after` is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<List<Group>>, Problem> {
    let Params { query, question } = params;
    let Query { region, system, stream, agency, code, field, after, limit } = query;
    let limit = params::limit(limit)?;
    params::stream(region.as_deref(), system.as_deref(), stream.as_deref())?;
    let state = Some("open".to_owned());
    let filter = Filter { state, region, system, stream, agency, code, field, entries: Vec::new() };
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let skip = list::number(list::after(after.as_deref(), &head, question)?)?.unwrap_or(0).max(0);
    let rows = causes::groups(&mut tx, &caller.viewer, &filter, skip, limit + 1).await?;
    drop(tx);
    let next = |_: &causes::Group| list::place(&head, question, &(skip + limit).to_be_bytes());
    Ok(Json(List::cut(rows, limit, next, show)))
}

fn show(row: causes::Group) -> Group {
    Group {
        amount: row.amount(),
        region: row.region,
        system: row.system,
        stream: row.stream,
        record_type: row.record_type,
        code: row.code,
        target: row.target,
        source: Some(row.source).filter(|source| !source.is_empty()),
        entries: row.entries,
        without_amount: row.entries - row.with_amount,
        oldest_at: Moment::from_micros(row.oldest_at),
        example: row.example,
    }
}
