//! `quarantine`: records that wait for somebody, with every reason.

use axum::Json;
use axum::extract::{Path, State};
use muara_schemas::Moment;
use muara_schemas::canonical::hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Called;
use super::lens::Lens;
use super::list::{self, List};
use super::params::{self, NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use crate::store::entries::{self, Filter};
use crate::store::head;

/// A quarantine entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Its number.
    pub entry: i64,
    /// Region.
    pub region: String,
    /// Legacy system.
    pub system: String,
    /// Stream.
    pub stream: String,
    /// Record type that the stream maps to.
    #[serde(rename = "type")]
    pub record_type: String,
    /// Key, where it could be read. `null` too where it names a person and the caller may not see personal data.
    pub key: Option<String>,
    /// Where in the source it stands; `null` as with `key`.
    pub pointer: Option<String>,
    /// Every reason, at least one; none holds a value.
    pub errors: Vec<Reason>,
    /// What could be read of it all the same.
    pub about: About,
    /// The run that brought it last.
    pub run: String,
    /// Digest of the definition that could not map it.
    pub definition: String,
    /// `open`, `superseded` (a valid read or a delete came), `replaced` (another broken read came), `replayed` (its raw
    /// record is valid by today's definition) or `discarded`.
    pub state: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Moment,
    /// Until when; `null` while it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Moment>,
    /// First 16 bytes of BLAKE3 over the whole raw record, as 32 hex digits.
    pub raw_hash: String,
    /// Who discarded it, and why; `null` when nobody has.
    pub discarded: Option<Discarded>,
}

/// Who discarded an entry, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Discarded {
    /// A key's id as `key:…`, or somebody at the machine itself.
    #[schema(example = "key:a1b2c3d4")]
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A quarantine entry with its raw record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Whole {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// The raw record as it was read, cut at 64 KiB. All of it counts as personal data: `null` unless the caller may see
    /// such.
    pub raw: Option<String>,
    /// `personal-data`, when that is why `raw` is `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "personal-data")]
    pub raw_withheld: Option<&'static str>,
}

/// One reason.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Stable code; `muara explain` knows it.
    #[schema(example = "E0502")]
    pub code: String,
    /// JSON pointer of the target field; empty for the record as a whole.
    #[serde(default)]
    #[schema(example = "/amount")]
    pub target: String,
    /// Path of the source field that is to blame; `null` when none is.
    #[serde(default)]
    pub source: Option<String>,
    /// What is wrong, without the value.
    pub message: String,
}

/// What could be read of a broken record.
#[derive(Debug, Serialize, ToSchema)]
pub struct About {
    /// Agency.
    pub agency: Option<String>,
    /// Fiscal year.
    pub fiscal_year: Option<i64>,
    /// Its money, which no view counts.
    #[schema(example = "1250000.00")]
    pub amount: Option<String>,
}

/// State of an entry.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Waits.
    #[default]
    Open,
    /// A valid read or a delete came.
    Superseded,
    /// Another broken read came.
    Replaced,
    /// It was mended by a replay.
    Replayed,
    /// Somebody has discarded it.
    Discarded,
    /// All of them.
    Any,
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// State.
    #[param(inline)]
    state: Option<Standing>,
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

/// Quarantine entries, the newest first, without their raw records.
#[utoipa::path(
    get,
    path = "/quarantine",
    tag = "quarantine",
    operation_id = "quarantine",
    params(Query),
    responses(
        (status = 200, description = "A page of entries.", body = List<Entry>),
        (status = 410, description = "`after` is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<List<Entry>>, Problem> {
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    params::stream(query.region.as_deref(), query.system.as_deref(), query.stream.as_deref())?;
    let state = match query.state.unwrap_or_default() {
        Standing::Open => Some("open".to_owned()),
        Standing::Superseded => Some("superseded".to_owned()),
        Standing::Replaced => Some("replaced".to_owned()),
        Standing::Replayed => Some("replayed".to_owned()),
        Standing::Discarded => Some("discarded".to_owned()),
        Standing::Any => None,
    };
    let Query { region, system, stream, agency, code, field, after, .. } = query;
    let filter = Filter { state, region, system, stream, agency, code, field, entries: Vec::new() };
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let before = list::number(list::after(after.as_deref(), &head, question)?)?.unwrap_or(i64::MAX);
    let rows = entries::page(&mut tx, &caller.viewer, &filter, before, limit + 1).await?;
    drop(tx);
    let lens = Lens::of(&caller);
    let next = |last: &entries::Entry| list::place(&head, question, &last.entry.to_be_bytes());
    Ok(Json(List::cut(rows, limit, next, |row| show(row, &lens))))
}

/// One quarantine entry with its raw record.
#[utoipa::path(
    get,
    path = "/quarantine/{entry}",
    tag = "quarantine",
    operation_id = "quarantine_entry",
    params(("entry" = i64, Path, description = "Number of the entry.")),
    responses(
        (status = 200, description = "The entry.", body = Whole),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn one(
    State(app): State<App>,
    Called(caller): Called,
    Path(entry): Path<String>,
    _none: Params<NoQuery>,
) -> Result<Json<Whole>, Problem> {
    let not_found = || Problem::not_found("quarantine entry");
    let number: i64 = entry.parse().map_err(|_| not_found())?;
    let mut tx = app.db.read().await?;
    let row = entries::one(&mut tx, &caller.viewer, number).await?.ok_or_else(not_found)?;
    let raw = entries::raw(&mut tx, &caller.viewer, number).await?;
    drop(tx);
    if raw.is_some() {
        tracing::info!(target: "muara::audit", key = %caller.key, what = "quarantine", count = 1, "personal data was read");
    }
    let raw_withheld = raw.is_none().then_some("personal-data");
    let raw = raw.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Json(Whole { entry: show(row, &Lens::of(&caller)), raw, raw_withheld }))
}

fn show(row: entries::Entry, lens: &Lens<'_>) -> Entry {
    let errors = serde_json::from_str::<Vec<Value>>(&row.errors).unwrap_or_default();
    Entry {
        entry: row.entry,
        region: row.region,
        system: row.system,
        stream: row.stream,
        key: lens.name(&row.record_type, row.key),
        pointer: lens.name(&row.record_type, Some(row.pointer)),
        errors: errors.into_iter().filter_map(|error| serde_json::from_value(error).ok()).collect(),
        about: About { agency: row.agency, fiscal_year: row.fiscal_year, amount: row.amount },
        record_type: row.record_type,
        run: hex(&row.run),
        definition: row.definition,
        state: row.state,
        opened_at: Moment::from_micros(row.opened_at),
        closed_at: row.closed_at.map(Moment::from_micros),
        raw_hash: hex(&row.raw_hash),
        discarded: row.closed_by.zip(row.reason).map(|(by, reason)| Discarded { by, reason }),
    }
}
