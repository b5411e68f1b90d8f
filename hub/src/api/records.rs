//! `records`: what stands now.

use axum::Json;
use axum::extract::{Path, State};
use muara_schemas::canonical::hex;
use muara_schemas::{Moment, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Called;
use super::lens::Lens;
use super::list::{self, List};
use super::params::{self, NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use crate::mask::is_about_persons;
use crate::store::head::{self, Head};
use crate::store::listing::{self, Filter, Listed};

/// A record as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Record {
    /// Opaque id, 26 characters; the same for the life of the record.
    #[schema(example = "2n6q8s0v4x5y7z9b1d3f5h7k9m", min_length = 26, max_length = 26)]
    pub id: String,
    /// Record type.
    #[serde(rename = "type")]
    #[schema(example = "budget-line")]
    pub record_type: String,
    /// Region.
    #[schema(example = "33.02")]
    pub region: String,
    /// Legacy system that it comes from.
    #[schema(example = "sipd")]
    pub system: String,
    /// Stream within the system.
    #[schema(example = "dpa")]
    pub stream: String,
    /// Agency; `null` for what belongs to the region as a whole.
    #[schema(example = "1.02.0.00.0.00.01.0000")]
    pub agency: Option<String>,
    /// Fiscal year.
    #[schema(example = 2026)]
    pub fiscal_year: Option<i64>,
    /// Business key: the values of the type's key fields, joined by `/`. `null` where the type has none, and where it
    /// names a person and the caller may not see personal data.
    pub business: Option<String>,
    /// Version, from 1; every change makes the next.
    #[schema(example = 3)]
    pub version: i64,
    /// Position of the latest change in the log.
    #[schema(example = "0a1b2c3d-4711")]
    pub position: String,
    /// When it was deleted; absent while it lives. A deleted record keeps its last values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deleted_at: Option<Moment>,
    /// Where it comes from.
    pub source: Source,
    /// Its key and its values.
    pub data: Data,
}

/// Where a body comes from.
#[derive(Debug, Serialize, ToSchema)]
pub struct Source {
    /// Where in the source it stands: URL, table key, or `file#sheet!cell`. `null` where it names a person and the caller
    /// may not see personal data.
    #[schema(example = "dpa_2026.xlsx#RKA!B17")]
    pub pointer: Option<String>,
    /// The run that brought it, 32 hex digits.
    pub run: Option<String>,
    /// Digest of the definition that mapped it.
    pub definition: Option<String>,
    /// When the hub took it in.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Moment,
}

/// What a record says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data {
    /// Key within its stream, as the source has it. `null` where it names a person and the caller may not see personal
    /// data.
    pub key: Option<String>,
    /// The canonical body, see `schemas/{type}`; personal fields are `null` unless the caller may see them. `null` when
    /// the body was emptied.
    #[schema(value_type = Option<Object>)]
    pub record: Option<Box<RawValue>>,
}

/// Whether deleted records are wanted.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Deleted {
    /// Live records alone.
    #[default]
    Exclude,
    /// All records.
    Include,
    /// Deleted records alone.
    Only,
}

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Record type.
    #[serde(rename = "type")]
    #[param(example = "budget-line")]
    record_type: Option<String>,
    /// Region, exactly: a province does not name its regencies.
    #[param(example = "33.02")]
    region: Option<String>,
    /// Legacy system.
    system: Option<String>,
    /// Stream within the system.
    stream: Option<String>,
    /// Agency.
    agency: Option<String>,
    /// Fiscal year.
    #[param(example = 2026)]
    fiscal_year: Option<i64>,
    /// Business key. Types whose business key names a person cannot be asked this way, because addresses are logged.
    business: Option<String>,
    /// Whether deleted records are wanted.
    #[param(inline)]
    deleted: Option<Deleted>,
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Records, in the order in which they first came.
///
/// A record that comes while you page stands after all others: none is skipped and none is told twice.
/// What changes meanwhile is told by `changes`.
#[utoipa::path(
    get,
    path = "/records",
    tag = "records",
    operation_id = "records",
    params(Query),
    responses(
        (status = 200, description = "A page of records.", body = List<Record>),
        (status = 410, description = "`after` is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<List<Record>>, Problem> {
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    params::record_type(query.record_type.as_deref())?;
    params::stream(query.region.as_deref(), query.system.as_deref(), query.stream.as_deref())?;
    query.fiscal_year.map(params::fiscal_year).transpose()?;
    let types = match (&query.record_type, &query.business) {
        (Some(one), Some(_)) if is_about_persons(one) => {
            return Err(Problem::parameter(format!(
                "`business` cannot be asked of the type `{one}`, it names a person"
            )));
        }
        (Some(one), _) => Some(vec![one.clone()]),
        (None, Some(_)) => Some(
            muara_schemas::record::TYPES
                .iter()
                .filter(|name| !is_about_persons(name))
                .map(|name| (*name).to_owned())
                .collect(),
        ),
        (None, None) => None,
    };
    let filter = Filter {
        types,
        region: query.region,
        system: query.system,
        stream: query.stream,
        agency: query.agency,
        fiscal_year: query.fiscal_year,
        business: query.business,
        deleted: match query.deleted.unwrap_or_default() {
            Deleted::Exclude => listing::Deleted::Exclude,
            Deleted::Include => listing::Deleted::Include,
            Deleted::Only => listing::Deleted::Only,
        },
        unchanged_since: None,
    };
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let after = list::number(list::after(query.after.as_deref(), &head, question)?)?.unwrap_or(0);
    let rows = listing::page(&mut tx, &caller.viewer, &filter, after, limit + 1).await?;
    drop(tx);
    let lens = Lens::of(&caller);
    let next = |last: &Listed| list::place(&head, question, &last.record.to_be_bytes());
    let list = List::cut(rows, limit, next, |row| show(row, &head, &lens));
    lens.audit("records");
    Ok(Json(list))
}

/// One record as it stands now, deleted ones too.
#[utoipa::path(
    get,
    path = "/records/{id}",
    tag = "records",
    operation_id = "record",
    params(("id" = String, Path, description = "Opaque id, 26 characters.")),
    responses(
        (status = 200, description = "The record.", body = Record),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn one(
    State(app): State<App>,
    Called(caller): Called,
    Path(id): Path<String>,
    _none: Params<NoQuery>,
) -> Result<Json<Record>, Problem> {
    let id: RecordId = id.parse().map_err(|_| Problem::not_found("record"))?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let row = listing::one(&mut tx, &caller.viewer, id).await?.ok_or_else(|| Problem::not_found("record"))?;
    drop(tx);
    let lens = Lens::of(&caller);
    let record = show(row, &head, &lens);
    lens.audit("record");
    Ok(Json(record))
}

fn show(row: Listed, head: &Head, lens: &Lens<'_>) -> Record {
    let kind = row.record_type;
    Record {
        id: id(&row.id),
        region: row.region,
        system: row.system,
        stream: row.stream,
        agency: row.agency,
        fiscal_year: row.fiscal_year,
        business: lens.name(&kind, row.business),
        version: row.version,
        position: head.position(row.seq),
        deleted_at: row.deleted_at.map(Moment::from_micros),
        source: Source {
            pointer: lens.name(&kind, row.pointer),
            run: row.run.as_deref().map(hex),
            definition: row.definition,
            received_at: Moment::from_micros(row.received_at),
        },
        data: Data { key: lens.name(&kind, Some(row.key)), record: lens.body(&kind, row.body) },
        record_type: kind,
    }
}

/// The printed form of a stored id.
pub(super) fn id(bytes: &[u8]) -> String {
    RecordId::from_bytes(bytes).map_or_else(String::new, |id| id.to_string())
}
