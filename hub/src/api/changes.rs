//! `changes`: the log, pulled by whoever keeps a position.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::{Called, Caller};
use super::lens::Lens;
use super::params::{self, NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use crate::event::{Data, Event, Filter, Position};
use crate::store::head::{self, Head};
use crate::subscriber::{Standing, Subscriber, standing};

/// How many stretches one request looks at while scope and filter hide everything.
const MAX_SPANS: usize = 20;
/// How long a request waits for news at most, in seconds.
const MAX_WAIT_SECS: u64 = 30;
/// How often a waiting request looks by itself, because another process may have committed.
pub(super) const POLL: Duration = Duration::from_millis(500);

/// A stretch of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    /// What of it the caller may see and wants: CloudEvents, as `/asyncapi.json` describes them.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<Box<RawValue>>,
    /// Pass it as `after` to go on. It moves on even when nothing of the stretch may be seen.
    #[schema(example = "0a1b2c3d-4711")]
    pub next: String,
    /// Where the log ends now; when `next` equals it, everything was read.
    #[schema(example = "0a1b2c3d-4720")]
    pub head: String,
}

/// Which stretch.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Position after which to read: the `next` of the answer before. Without it the log is read from its beginning.
    #[param(example = "0a1b2c3d-4711")]
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
    /// For how many seconds to wait when there is nothing yet.
    #[param(minimum = 0, maximum = 30, default = 0)]
    wait: Option<u64>,
    /// Event types, separated by commas; a `*` at the end stands for any rest.
    #[param(example = "muara.budget-line.*,muara.run.*")]
    types: Option<String>,
    /// Regions, separated by commas; a province stands for its regencies too.
    regions: Option<String>,
    /// Agencies, separated by commas.
    agencies: Option<String>,
    /// Record types, separated by commas.
    record_types: Option<String>,
    /// Fund sources, separated by commas.
    funds: Option<String>,
}

/// Changes, in commit order, each once.
///
/// Keep `next` and ask again with it; with `wait` the answer comes as soon as there is something.
/// A record that moves between agencies is `created` to whoever sees only the new one, and `deleted` with the reason
/// `moved` to whoever sees only the old one.
#[utoipa::path(
    get,
    path = "/changes",
    tag = "changes",
    operation_id = "changes",
    params(Query),
    responses(
        (status = 200, description = "A stretch of the log.", body = Changes),
        (status = 410, description = "The position is of an earlier log (E0609) or past its end (E0610); `resync` says where to begin again.", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn pull(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<Changes>, Problem> {
    let Query { after, limit, wait, types, regions, agencies, record_types, funds } = params.query;
    let limit = params::limit(limit)?;
    let wait = wait.unwrap_or(0);
    if wait > MAX_WAIT_SECS {
        return Err(Problem::parameter(format!("`wait` is a number of seconds from 0 to {MAX_WAIT_SECS}")));
    }
    let filter = filter([types, regions, agencies, record_types, funds]);
    let mut deadline = Instant::now();
    // Whoever finds no place to wait in is answered at once.
    let place = if wait > 0 { app.waiting.try_acquire().ok() } else { None };
    if place.is_some() {
        deadline += Duration::from_secs(wait);
    }
    let mut from = after.as_deref().map(position).transpose()?;
    loop {
        let told = app.news.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        let (changes, until) = read(&app, &caller, &filter, from.as_ref(), limit).await?;
        let rest = deadline.saturating_duration_since(Instant::now());
        if !changes.items.is_empty() || rest.is_zero() || app.closing.is_cancelled() {
            return Ok(Json(changes));
        }
        if changes.next == changes.head {
            tokio::select! {
                () = app.closing.cancelled() => {}
                // It is all the same whether news came or the time is over: look again.
                _ = timeout(rest.min(POLL), told) => {}
            }
        }
        from = Some(until);
    }
}

/// One event of the log, whole: also one that is too large to be sent with its data.
#[utoipa::path(
    get,
    path = "/changes/{position}",
    tag = "changes",
    operation_id = "change",
    params(("position" = String, Path, description = "Position, such as 0a1b2c3d-4711.")),
    responses(
        (status = 200, description = "The event.", body = Object),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        (status = 410, description = "The position is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn one(
    State(app): State<App>,
    Called(caller): Called,
    Path(text): Path<String>,
    _none: Params<NoQuery>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let wanted: Position = text.parse().map_err(|_| Problem::not_found("change"))?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let seq = match standing(&wanted, &head) {
        Standing::At(seq) => seq,
        Standing::Gone => return Err(Problem::gone(&head.position(head.seq))),
        Standing::PastHead => return Err(Problem::not_found("change")),
    };
    let subscriber = subscriber(&app, &caller, &Filter::default(), &head)?;
    let event = subscriber.at(&mut tx, seq).await?.ok_or_else(|| Problem::not_found("change"))?;
    drop(tx);
    let lens = Lens::of(&caller);
    note(&lens, &event);
    lens.audit("changes");
    Ok(Json(event.whole()))
}

async fn read(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    after: Option<&Position>,
    limit: i64,
) -> Result<(Changes, Position), Problem> {
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let from = after.map_or(Ok(0), |position| place(position, &head))?;
    let subscriber = subscriber(app, caller, filter, &head)?;
    let limit = usize::try_from(limit).unwrap_or(0);
    let stretch = subscriber.read(&mut tx, &head, from, limit, MAX_SPANS).await?;
    drop(tx);
    let lens = Lens::of(caller);
    stretch.events.iter().for_each(|event| note(&lens, event));
    lens.audit("changes");
    let until = Position { epoch: head.epoch.clone(), seq: stretch.until };
    let items = stretch.events.iter().map(shown).collect();
    Ok((Changes { items, next: until.to_string(), head: head.position(head.seq) }, until))
}

/// The caller as somebody who is told of changes.
pub(super) fn subscriber(app: &App, caller: &Caller, filter: &Filter, head: &Head) -> Result<Subscriber, Problem> {
    Subscriber::new(&caller.viewer, filter, &app.name, &head.epoch).map_err(Problem::parameter)
}

/// Lists as they stand in a query: separated by commas.
pub(super) fn filter(lists: [Option<String>; 5]) -> Filter {
    let [types, regions, agencies, record_types, funds] = lists
        .map(|list| list.unwrap_or_default().split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect());
    Filter { types, regions, agencies, record_types, funds, conditions: vec![] }
}

/// A position as it is given.
pub(super) fn position(text: &str) -> Result<Position, Problem> {
    text.parse().map_err(|error| Problem::parameter(format!("`after` is no position: {error}")))
}

/// The place in the log that a position names.
fn place(position: &Position, head: &Head) -> Result<i64, Problem> {
    match standing(position, head) {
        Standing::At(seq) => Ok(seq),
        Standing::Gone => Err(Problem::gone(&head.position(head.seq))),
        Standing::PastHead => Err(Problem::past_head(&head.position(head.seq))),
    }
}

/// Remembers for the audit trail what an event shows.
pub(super) fn note(lens: &Lens<'_>, event: &Event) {
    if let Some(Data::Record(record)) = &event.data
        && (record.before.is_some() || record.after.is_some())
    {
        lens.note(&record.record_type);
    }
}

fn shown(event: &Event) -> Box<RawValue> {
    let text = String::from_utf8(event.encode().into()).expect("events are UTF-8");
    RawValue::from_string(text).expect("events are JSON")
}
