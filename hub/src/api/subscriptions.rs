//! `subscriptions`: who is told of what, and how far he is.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use muara_schemas::Moment;
use muara_schemas::bus::subscription_queue;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::{Called, Caller};
use super::given::Given;
use super::list::{self, List};
use super::params::{self, NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use crate::event::Filter;
use crate::store::head::{self, Head};
use crate::store::subscriptions::{self, Subscription as Row};
use crate::store::{Tx, deliveries};
use crate::subscribing::{Made, Refusal, Wish};
use crate::subscription::{Target, Terms};

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscription {
    /// Its id.
    #[schema(example = "sub-2n6q8s0v4x5y7z9b")]
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `webhook` or `amqp`.
    pub kind: String,
    /// Of a webhook where events are posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of a queue its name on the broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Which events are wanted.
    pub filter: Filter,
    /// Fields that are told; all of them, when none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// `active` or `paused`.
    #[schema(example = "active")]
    pub state: String,
    /// Why it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last position that was told.
    #[schema(example = "0a1b2c3d-4711")]
    pub position: String,
    /// How many places of the log it is behind; some of them may not concern it.
    pub lag: i64,
    /// Whether a snapshot is under way; what comes after it waits.
    pub snapshot: bool,
    /// Where a stretch ends that is told again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_until: Option<String>,
    /// Why nothing goes out at present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Deliveries that wait for another attempt, or behind one that does.
    pub pending: i64,
    /// How many events arrived.
    pub told: i64,
    /// How many attempts failed.
    pub failed: i64,
    /// When the last event arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub told_at: Option<Moment>,
    /// Who made it.
    #[schema(example = "key:a1b2c3d4")]
    pub created_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Moment,
}

/// How many subscriptions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// The caller's subscriptions, the oldest first; an operator who sees everything is shown all of them.
#[utoipa::path(
    get,
    path = "/subscriptions",
    tag = "subscriptions",
    operation_id = "subscriptions",
    params(Query),
    responses((status = 200, description = "A page of subscriptions.", body = List<Subscription>), Refusals)
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<List<Subscription>>, Problem> {
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let after = list::number(list::after(query.after.as_deref(), &head, question)?)?.unwrap_or(0);
    let rows = subscriptions::page(&mut tx, own(&caller), after, limit + 1).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let number = row.subscription;
        shown.push((number, show(&mut tx, row, &head, app.bus.prefix()).await?));
    }
    let next = |(number, _): &(i64, Subscription)| list::place(&head, question, &number.to_be_bytes());
    Ok(Json(List::cut(shown, limit, next, |(_, shown)| shown)))
}

/// One subscription.
#[utoipa::path(
    get,
    path = "/subscriptions/{subscription}",
    tag = "subscriptions",
    operation_id = "subscription",
    params(("subscription" = String, Path, description = "Id of the subscription.")),
    responses(
        (status = 200, description = "The subscription.", body = Subscription),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn one(
    State(app): State<App>,
    Called(caller): Called,
    Path(id): Path<String>,
    _none: Params<NoQuery>,
) -> Result<Json<Subscription>, Problem> {
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let row = find(&mut tx, &id, &caller).await?;
    Ok(Json(show(&mut tx, row, &head, app.bus.prefix()).await?))
}

/// Subscribes, with the rights of the key that asks. When the key ends, the subscription is paused.
#[utoipa::path(
    post,
    path = "/subscriptions",
    tag = "subscriptions",
    operation_id = "subscribe",
    request_body = Wish,
    responses(
        (status = 201, description = "It is made; the secret of a webhook is shown this once.", body = Made),
        (status = 409, description = "The key has as many as it may (E0631), or there is no broker (E0632).", body = Body, content_type = "application/problem+json"),
        (status = 410, description = "`from` is a position of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        (status = 422, description = "The endpoint cannot be used or may not be reached (E0640, E0641).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn create(
    State(app): State<App>,
    Called(caller): Called,
    _none: Params<NoQuery>,
    Given(wish): Given<Wish>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let by = caller.signature();
    let mut tx = app.db.write().await?;
    let head = head::read(&mut tx).await?;
    let made = app.desk.make(&mut tx, (&caller.key, &caller.viewer), wish, &by).await;
    let made = made.map_err(|refusal| refused(refusal, &head))?;
    tx.commit().await?;
    tracing::info!(target: "muara::audit", by, what = "subscribe", subscription = made.id, "a subscription was made");
    app.subscribed.notify_waiters();
    Ok((StatusCode::CREATED, Json(made)))
}

/// Takes a subscription away, with its queue and all that was noted of its deliveries.
#[utoipa::path(
    delete,
    path = "/subscriptions/{subscription}",
    tag = "subscriptions",
    operation_id = "unsubscribe",
    params(("subscription" = String, Path, description = "Id of the subscription.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn remove(
    State(app): State<App>,
    Called(caller): Called,
    Path(id): Path<String>,
    _none: Params<NoQuery>,
) -> Result<StatusCode, Problem> {
    let by = caller.signature();
    let mut tx = app.db.write().await?;
    let head = head::read(&mut tx).await?;
    let row = find(&mut tx, &id, &caller).await?;
    app.desk.remove(&mut tx, &row).await.map_err(|refusal| refused(refusal, &head))?;
    tx.commit().await?;
    tracing::info!(target: "muara::audit", by, what = "unsubscribe", subscription = id, "a subscription was taken away");
    Ok(StatusCode::NO_CONTENT)
}

/// Whose subscriptions a caller sees: all of them when he operates the whole, else his own.
pub(super) fn own(caller: &Caller) -> Option<&str> {
    let is_bound = caller.viewer.regions.is_some() || caller.viewer.agencies.is_some();
    let operates = caller.scopes.iter().any(|scope| scope == super::key::OPERATE);
    (is_bound || !operates).then_some(caller.key.as_str())
}

/// The caller's subscription of this id.
pub(super) async fn find(tx: &mut Tx, id: &str, caller: &Caller) -> Result<Row, Problem> {
    subscriptions::find(tx, id, own(caller)).await?.ok_or_else(|| Problem::not_found("subscription"))
}

/// A refusal as it is answered.
pub(super) fn refused(refusal: Refusal, head: &Head) -> Problem {
    match refusal {
        Refusal::Wish(detail) => Problem::body(detail),
        Refusal::Endpoint(error) => Problem::endpoint(&error),
        Refusal::Bus(error) => Problem::broker(error.to_string()),
        Refusal::TooMany => Problem::too_many_subscriptions(refusal.to_string()),
        Refusal::Position => Problem::gone(&head.position(head.seq)),
        Refusal::Store(error) => error.into(),
    }
}

/// A subscription as it is shown; its secrets are not. `prefix` stands before the names of the bus.
pub async fn show(tx: &mut Tx, row: Row, head: &Head, prefix: &str) -> crate::store::Result<Subscription> {
    let terms = Terms::of(&row);
    let (mut url, mut queue) = (None, None);
    match terms.as_ref().map(|terms| &terms.target) {
        Some(Target::Webhook(webhook)) => url = Some(webhook.url.clone()),
        Some(Target::Amqp(_)) => queue = Some(format!("{prefix}{}", subscription_queue(&row.id))),
        _ => {}
    }
    let pending = if row.kind == "webhook" { deliveries::pending(tx, row.subscription).await? } else { 0 };
    let (filter, fields) = terms.map(|terms| (terms.filter, terms.fields.unwrap_or_default())).unwrap_or_default();
    let is_here = row.epoch == head.epoch;
    Ok(Subscription {
        id: row.id,
        name: row.name,
        kind: row.kind,
        url,
        queue,
        filter,
        fields: fields.into_iter().collect(),
        state: row.state,
        reason: row.reason,
        position: format!("{}-{}", row.epoch, row.cursor),
        lag: if is_here { head.seq - row.cursor } else { head.seq },
        snapshot: row.snapshot.is_some(),
        replay_until: row.replay_until.map(|until| head.position(until)),
        trouble: row.trouble,
        pending,
        told: row.told,
        failed: row.failed,
        told_at: row.told_at.map(Moment::from_micros),
        created_by: row.created_by,
        created_at: Moment::from_micros(row.created_at),
    })
}
