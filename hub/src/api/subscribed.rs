//! `subscriptions/{id}`, given orders: pause, resume, rotate, test, restart, recover, replay.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use super::auth::Called;
use super::given::Given;
use super::params::{NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use super::subscriptions::{Subscription, find, refused, show};
use crate::store::head;
use crate::subscribing::{Done, Order};

/// What came of an order, and how the subscription stands now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubscriptionOrdered)]
pub struct Ordered {
    /// What came of it.
    #[serde(flatten)]
    pub done: Done,
    /// The subscription as it stands now.
    pub subscription: Subscription,
}

/// Pauses, takes up, rotates, tests, restarts, recovers or replays.
#[utoipa::path(
    post,
    path = "/subscriptions/{subscription}",
    tag = "subscriptions",
    operation_id = "subscription_order",
    params(("subscription" = String, Path, description = "Id of the subscription.")),
    request_body = Order,
    responses(
        (status = 200, description = "It is done.", body = Ordered),
        (status = 404, description = "There is none, or not for this key (E0605).", body = Body, content_type = "application/problem+json"),
        (status = 410, description = "A position is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn order(
    State(app): State<App>,
    Called(caller): Called,
    Path(id): Path<String>,
    _none: Params<NoQuery>,
    Given(order): Given<Order>,
) -> Result<Json<Ordered>, Problem> {
    let mut tx = app.db.write().await?;
    let head = head::read(&mut tx).await?;
    let row = find(&mut tx, &id, &caller).await?;
    let done = app.desk.carry_out(&mut tx, (&row, &head), &caller.viewer, &order).await;
    let done = done.map_err(|refusal| refused(refusal, &head))?;
    let row = find(&mut tx, &id, &caller).await?;
    let subscription = show(&mut tx, row, &head, app.bus.prefix()).await?;
    tx.commit().await?;
    let by = caller.signature();
    tracing::info!(target: "muara::audit", by, what = order.word(), subscription = id, "an order was given to a subscription");
    app.subscribed.notify_waiters();
    app.news.notify_waiters();
    Ok(Json(Ordered { done, subscription }))
}
