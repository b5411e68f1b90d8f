//! `subscriptions/{id}/deliveries`: what became of each event that a webhook was told.

use axum::Json;
use axum::extract::{Path, State};
use muara_schemas::{Catalog, Moment};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Called;
use super::lens::Lens;
use super::list::{self, List};
use super::params::{self, NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use super::subscriptions::find;
use super::{changes, given::Given};
use crate::event::Filter;
use crate::store::deliveries::{self, Again, Delivery as Row};
use crate::store::head;

/// States that a delivery can be in.
const STATES: &[&str] = &["delivered", "waiting", "held", "given-up"];

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// Id of the event; the header `webhook-id`.
    #[schema(example = "0a1b2c3d-4711")]
    pub event: String,
    /// Type of the event.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the event is about.
    pub subject: String,
    /// `delivered`, `waiting` for its next attempt, `held` behind an earlier one about the same, or `given-up`.
    #[schema(example = "delivered")]
    pub state: String,
    /// How many attempts were made.
    pub attempts: i64,
    /// The last attempts: when, how long, which status, and the beginning of the answer.
    #[schema(value_type = Vec<Object>)]
    pub tries: Option<Box<RawValue>>,
    /// When the next attempt is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Moment>,
    /// When it was first tried.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Moment,
    /// When it arrived, or was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Moment>,
    /// The event, when one delivery is asked for, as the key that asks may see it. Of a snapshot or a test only while it has
    /// not arrived, and only for the key that subscribed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Box<RawValue>>,
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// `delivered`, `waiting`, `held` or `given-up`.
    state: Option<String>,
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// The deliveries of a webhook, the newest first. Those that are over are kept for a week.
#[utoipa::path(
    get,
    path = "/subscriptions/{subscription}/deliveries",
    tag = "subscriptions",
    operation_id = "deliveries",
    params(("subscription" = String, Path, description = "Id of the subscription."), Query),
    responses(
        (status = 200, description = "A page of deliveries.", body = List<Delivery>),
        (status = 404, description = "There is no such subscription, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    Path(id): Path<String>,
    params: Params<Query>,
) -> Result<Json<List<Delivery>>, Problem> {
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    params::one_of("state", query.state.as_deref(), STATES)?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let number = find(&mut tx, &id, &caller).await?.subscription;
    let before = list::number(list::after(query.after.as_deref(), &head, question)?)?.unwrap_or(i64::MAX);
    let rows = deliveries::page(&mut tx, number, query.state.as_deref(), before, limit + 1).await?;
    let next = |last: &Row| list::place(&head, question, &last.delivery.to_be_bytes());
    Ok(Json(List::cut(rows, limit, next, show)))
}

/// One delivery with its event.
#[utoipa::path(
    get,
    path = "/subscriptions/{subscription}/deliveries/{delivery}",
    tag = "subscriptions",
    operation_id = "delivery",
    params(
        ("subscription" = String, Path, description = "Id of the subscription."),
        ("delivery" = i64, Path, description = "Number of the delivery.")
    ),
    responses(
        (status = 200, description = "The delivery.", body = Delivery),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn one(
    State(app): State<App>,
    Called(caller): Called,
    Path((id, delivery)): Path<(String, String)>,
    _none: Params<NoQuery>,
) -> Result<Json<Delivery>, Problem> {
    let number = delivery.parse().map_err(|_| Problem::not_found("delivery"))?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let subscription = find(&mut tx, &id, &caller).await?;
    let row = deliveries::one(&mut tx, subscription.subscription, number).await?;
    let row = row.ok_or_else(|| Problem::not_found("delivery"))?;
    let lens = Lens::of(&caller);
    let payload = if row.event == head.position(row.seq) {
        let subscriber = changes::subscriber(&app, &caller, &Filter::default(), &head)?;
        let event = subscriber.at(&mut tx, row.seq).await?;
        event.map(|event| {
            changes::note(&lens, &event);
            event.whole()
        })
    } else {
        // Not in the log, so only for the key with whose rights it was written.
        let body = row.body.clone().filter(|_| subscription.key == caller.key);
        let told = row.kind.split('.').nth(1).and_then(|record_type| Catalog::embedded().get(record_type));
        if let (Some(_), Some(record_type)) = (&body, told) {
            lens.note(record_type.name());
        }
        body.and_then(|body| RawValue::from_string(body).ok())
    };
    lens.audit("deliveries");
    Ok(Json(Delivery { payload, ..show(row) }))
}

/// What to do with a delivery.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
#[schema(as = DeliveryOrder)]
pub enum Order {
    /// Try it again now.
    Resend,
}

/// Tries a delivery again that waits or was given up.
#[utoipa::path(
    post,
    path = "/subscriptions/{subscription}/deliveries/{delivery}",
    tag = "subscriptions",
    operation_id = "delivery_resend",
    params(
        ("subscription" = String, Path, description = "Id of the subscription."),
        ("delivery" = i64, Path, description = "Number of the delivery.")
    ),
    request_body = Order,
    responses(
        (status = 200, description = "It is tried again.", body = Delivery),
        (status = 404, description = "There is none that could be tried again, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn resend(
    State(app): State<App>,
    Called(caller): Called,
    Path((id, delivery)): Path<(String, String)>,
    _none: Params<NoQuery>,
    Given(order): Given<Order>,
) -> Result<Json<Delivery>, Problem> {
    let Order::Resend = order;
    let number = delivery.parse().map_err(|_| Problem::not_found("delivery"))?;
    let mut tx = app.db.write().await?;
    let subscription = find(&mut tx, &id, &caller).await?.subscription;
    if deliveries::resend(&mut tx, subscription, Again::One(number), app.clock.now()).await? == 0 {
        return Err(Problem::not_found("delivery that waits or was given up"));
    }
    let row = deliveries::one(&mut tx, subscription, number).await?.ok_or_else(|| Problem::not_found("delivery"))?;
    tx.commit().await?;
    app.news.notify_waiters();
    Ok(Json(show(row)))
}

/// A delivery as it is listed.
pub fn show(row: Row) -> Delivery {
    Delivery {
        id: row.delivery,
        event: row.event,
        kind: row.kind,
        subject: row.subject,
        state: row.state,
        attempts: row.attempts,
        tries: RawValue::from_string(row.tries).ok(),
        next_at: row.next_at.map(Moment::from_micros),
        created_at: Moment::from_micros(row.created_at),
        ended_at: row.ended_at.map(Moment::from_micros),
        payload: None,
    }
}
