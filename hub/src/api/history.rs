//! `records/{id}/history`: every version that stood within the caller's scope.

use axum::Json;
use axum::extract::{Path, State};
use muara_schemas::canonical::hex;
use muara_schemas::{Moment, RecordId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Called;
use super::lens::Lens;
use super::list::{self, List};
use super::params::{self, Params};
use super::problem::{Body, Problem, Refusals};
use super::records::{Data, Source};
use crate::event::sides::told;
use crate::store::feed::{self, Change};
use crate::store::head::{self, Head};

/// One version of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// Its number, from 1. Versions outside the caller's scope are left out.
    pub version: i64,
    /// `created`, `updated`, `deleted` or `erased`.
    #[schema(example = "updated")]
    pub op: String,
    /// `moved`, when the record went to an agency that the caller may not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Position of the change in the log.
    pub position: String,
    /// When the change was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// Agency from then on; of a record that moved away the agency before.
    pub agency: Option<String>,
    /// Fiscal year from then on.
    pub fiscal_year: Option<i64>,
    /// Where the version comes from.
    pub source: Source,
    /// What it said; the record is `null` for a delete. The key is not repeated here.
    pub data: Data,
}

/// How much of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// The versions of a record, the first one first.
#[utoipa::path(
    get,
    path = "/records/{id}/history",
    tag = "records",
    operation_id = "history",
    params(("id" = String, Path, description = "Opaque id, 26 characters."), Query),
    responses(
        (status = 200, description = "A page of versions.", body = List<Version>),
        (status = 404, description = "There is no such record, or nothing of it for this key (E0605).", body = Body, content_type = "application/problem+json"),
        (status = 410, description = "`after` is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    Path(id): Path<String>,
    params: Params<Query>,
) -> Result<Json<List<Version>>, Problem> {
    let id: RecordId = id.parse().map_err(|_| Problem::not_found("record"))?;
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let after = list::number(list::after(query.after.as_deref(), &head, question)?)?;
    let rows = feed::of_record(&mut tx, &caller.viewer, id, after.unwrap_or(0), limit + 1).await?;
    drop(tx);
    if rows.is_empty() && after.is_none() {
        return Err(Problem::not_found("record"));
    }
    let lens = Lens::of(&caller);
    let next = |last: &Change| list::place(&head, question, &last.version.unwrap_or(0).to_be_bytes());
    let list = List::cut(rows, limit, next, |change| show(change, &head, &lens));
    lens.audit("history");
    Ok(Json(list))
}

fn show(change: Change, head: &Head, lens: &Lens<'_>) -> Version {
    let told = told(&change);
    let kind = change.record_type.unwrap_or_default();
    let (pointer, body) = (change.pointer.filter(|_| told.after), change.body.filter(|_| told.after));
    Version {
        version: change.version.unwrap_or(0),
        op: told.op,
        reason: told.reason,
        position: head.position(change.seq),
        at: Moment::from_micros(change.at),
        agency: told.agency,
        fiscal_year: change.fiscal_year.filter(|_| told.after),
        source: Source {
            pointer: lens.name(&kind, pointer),
            run: change.run.as_deref().map(hex),
            definition: change.definition,
            received_at: Moment::from_micros(change.at),
        },
        data: Data { key: None, record: lens.body(&kind, body) },
    }
}
