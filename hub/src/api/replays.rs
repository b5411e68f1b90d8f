//! `quarantine/replays`: raw records sent back to their connectors, and how far that has come.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use muara_schemas::Moment;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::{Called, Caller};
use super::given::Given;
use super::list::{self, List};
use super::nearest::nearest;
use super::params::{self, NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use crate::access::Viewer;
use crate::store::replays::{MAX_ENTRIES, Wish};
use crate::store::sources::{self, Source};
use crate::store::{self, Tx, entries, head, replayed, replays};
use crate::views::replay::{Counts, counts};

/// How many entries can be named one by one.
const MAX_NAMED: usize = 500;
/// Among how many streams a name is looked for.
const MAX_STREAMS: i64 = 10_000;

/// Which open entries are replayed; what is left out is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReplayFilter)]
pub struct Filter {
    /// Region, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Legacy system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Agency, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// Code of the first reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Target or source field of the first reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// These entries, at most 500.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<i64>,
}

/// What is to be replayed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReplayRequest)]
pub struct Asked {
    /// Which open entries; all of them when it is left out.
    pub filter: Filter,
    /// Only say what would come of it.
    pub dry_run: bool,
}

/// A replay.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replay {
    /// Its number.
    pub id: i64,
    /// Whether it only says what would come of it.
    pub dry_run: bool,
    /// Which entries were asked for.
    pub filter: Filter,
    /// Who asked: a key's id as `key:…`, or somebody at the machine itself.
    #[schema(example = "key:a1b2c3d4")]
    pub asked_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Moment,
    /// `running`, `stopping` (what is under way is still awaited), `done` or `stopped`.
    pub state: String,
    /// Who stopped it.
    pub stopped_by: Option<String>,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Moment>,
    /// What became of its entries.
    pub counts: Counts,
}

/// How many replays.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Sends the raw records of open entries back to their connectors, which map them with today's definitions. An entry that
/// is under way in another replay is left out, so that asking twice replays once. A replay of nothing is not begun.
#[utoipa::path(
    post,
    path = "/quarantine/replays",
    tag = "quarantine",
    operation_id = "quarantine_replay",
    request_body = Asked,
    responses(
        (status = 202, description = "It has begun.", body = Replay),
        (status = 422, description = "The filter finds no open entry (E0235), or more than one replay takes (E0621).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn begin(
    State(app): State<App>,
    Called(caller): Called,
    _none: Params<NoQuery>,
    Given(asked): Given<Asked>,
) -> Result<(StatusCode, Json<Replay>), Problem> {
    let filter = asked.filter;
    params::stream(filter.region.as_deref(), filter.system.as_deref(), filter.stream.as_deref())?;
    let texts = [&filter.agency, &filter.code, &filter.field];
    if texts.into_iter().flatten().any(|text| text.len() > 600 || text.contains('\0')) {
        return Err(Problem::body("`agency`, `code` and `field` have 600 bytes at most, and no NUL character"));
    }
    if filter.entries.len() > MAX_NAMED {
        return Err(Problem::body(format!(
            "`entries` names at most {MAX_NAMED} entries; use the other filters for more"
        )));
    }
    let (by, shown) = (caller.signature(), serde_json::to_string(&filter).unwrap_or_else(|_| "{}".to_owned()));
    let wish = Wish { filter: &filter.open(), shown, is_dry: asked.dry_run, by: &by };
    let mut tx = app.db.write().await?;
    let (number, count) = replays::begin(&mut tx, &caller.viewer, &wish, app.clock.now()).await?;
    if count > MAX_ENTRIES {
        return Err(Problem::too_many(MAX_ENTRIES));
    }
    if count == 0 {
        return Err(Problem::nothing_open(unknown(&mut tx, &caller.viewer, &filter).await?));
    }
    let replay = find(&mut tx, number, &caller).await?;
    tx.commit().await?;
    tracing::info!(target: "muara::audit", by, what = "replay", dry_run = asked.dry_run, replay = number, count, "a replay was asked for");
    app.news.notify_waiters();
    Ok((StatusCode::ACCEPTED, Json(replay)))
}

/// Replays, the newest first. A key that is bound to regions or agencies sees those that it has asked for.
#[utoipa::path(
    get,
    path = "/quarantine/replays",
    tag = "quarantine",
    operation_id = "quarantine_replays",
    params(Query),
    responses(
        (status = 200, description = "A page of replays.", body = List<Replay>),
        (status = 410, description = "`after` is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<List<Replay>>, Problem> {
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let before = list::number(list::after(query.after.as_deref(), &head, question)?)?.unwrap_or(i64::MAX);
    let mut rows = replays::page(&mut tx, own(&caller).as_deref(), before, limit + 1).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|last| list::place(&head, question, &last.replay.to_be_bytes()));
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(show(&mut tx, row).await?);
    }
    Ok(Json(List { items, next }))
}

/// One replay: how far it has come.
#[utoipa::path(
    get,
    path = "/quarantine/replays/{replay}",
    tag = "quarantine",
    operation_id = "quarantine_replay_one",
    params(("replay" = i64, Path, description = "Number of the replay.")),
    responses(
        (status = 200, description = "The replay.", body = Replay),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn one(
    State(app): State<App>,
    Called(caller): Called,
    Path(replay): Path<String>,
    _none: Params<NoQuery>,
) -> Result<Json<Replay>, Problem> {
    let mut tx = app.db.read().await?;
    Ok(Json(find(&mut tx, number(&replay)?, &caller).await?))
}

/// Stops a replay: nothing more of it is sent. What is under way with a connector is still counted.
#[utoipa::path(
    delete,
    path = "/quarantine/replays/{replay}",
    tag = "quarantine",
    operation_id = "quarantine_replay_stop",
    params(("replay" = i64, Path, description = "Number of the replay.")),
    responses(
        (status = 200, description = "It stops, or is over already.", body = Replay),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn stop(
    State(app): State<App>,
    Called(caller): Called,
    Path(replay): Path<String>,
    _none: Params<NoQuery>,
) -> Result<Json<Replay>, Problem> {
    let number = number(&replay)?;
    let mut tx = app.db.write().await?;
    find(&mut tx, number, &caller).await?;
    let by = caller.signature();
    if replays::stop(&mut tx, number, &by).await? {
        tracing::info!(target: "muara::audit", by, what = "replay stop", replay = number, "a replay was stopped");
    }
    let shown = find(&mut tx, number, &caller).await?;
    tx.commit().await?;
    app.news.notify_waiters();
    Ok(Json(shown))
}

impl Filter {
    /// The same as the store takes it.
    pub fn open(&self) -> entries::Filter {
        let Self { region, system, stream, agency, code, field, entries } = self.clone();
        entries::Filter { state: Some("open".to_owned()), region, system, stream, agency, code, field, entries }
    }
}

/// What a filter names that the viewer has no stream of, with the nearest that there is.
pub async fn unknown(tx: &mut Tx, viewer: &Viewer, filter: &Filter) -> store::Result<Option<String>> {
    let streams = sources::page(tx, viewer, 0, MAX_STREAMS).await?;
    let named: [(&str, &Option<String>, fn(&Source) -> &str); 3] = [
        ("region", &filter.region, |source| &source.region),
        ("system", &filter.system, |source| &source.system),
        ("stream", &filter.stream, |source| &source.stream),
    ];
    for (what, given, of) in named {
        let Some(given) = given.as_deref().filter(|given| !streams.iter().any(|source| of(source) == *given)) else {
            continue;
        };
        let near = nearest(given, streams.iter().map(of)).map(|near| format!("; did you mean `{near}`?"));
        return Ok(Some(format!("no {what} is called `{given}`{}", near.unwrap_or_default())));
    }
    Ok(None)
}

/// Whose replays a caller sees: all of them when he sees everything, else his own.
fn own(caller: &Caller) -> Option<String> {
    let is_bound = caller.viewer.regions.is_some() || caller.viewer.agencies.is_some();
    is_bound.then(|| caller.signature())
}

fn number(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| Problem::not_found("replay"))
}

async fn find(tx: &mut Tx, number: i64, caller: &Caller) -> Result<Replay, Problem> {
    let row = replays::one(tx, number, own(caller).as_deref()).await?;
    show(tx, row.ok_or_else(|| Problem::not_found("replay"))?).await
}

async fn show(tx: &mut Tx, row: replays::Replay) -> Result<Replay, Problem> {
    let counts = counts(replayed::counts(tx, row.replay).await?);
    let filter = serde_json::from_str::<Value>(&row.filter).ok();
    Ok(Replay {
        id: row.replay,
        dry_run: row.dry == 1,
        filter: filter.and_then(|filter| serde_json::from_value(filter).ok()).unwrap_or_default(),
        asked_by: row.asked_by,
        asked_at: Moment::from_micros(row.asked_at),
        state: row.state,
        stopped_by: row.stopped_by,
        ended_at: row.ended_at.map(Moment::from_micros),
        counts,
    })
}
