//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::app::App;
use crate::store::head;

/// A database that needs longer than this to tell where the log stands is as good as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process lives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alive {
    /// Always `alive`.
    #[schema(example = "alive")]
    pub status: &'static str,
}

/// Whether requests are served.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// `ready` or `waiting`.
    #[schema(example = "ready")]
    pub status: &'static str,
    /// `ok` when the database answers a read, else `away`.
    #[schema(example = "ok")]
    pub database: &'static str,
    /// `ok` while the bus carries, else `away`.
    #[schema(example = "ok")]
    pub bus: &'static str,
}

/// Whether the process lives; asks nothing else.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, description = "It does.", body = Alive)))]
pub async fn live() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

/// Whether requests are served: the database answers and the bus carries. It does not wait for a first sync.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    security(()),
    responses((status = 200, description = "They are.", body = Ready), (status = 503, description = "Not now.", body = Ready))
)]
pub async fn ready(State(app): State<App>) -> Response {
    let look = async {
        let mut tx = app.db.read().await?;
        head::read(&mut tx).await
    };
    let database = matches!(timeout(PATIENCE, look).await, Ok(Ok(_)));
    let bus = app.bus.health().is_connected();
    let word = |good: bool| if good { "ok" } else { "away" };
    let ready = database && bus;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Ready { status: if ready { "ready" } else { "waiting" }, database: word(database), bus: word(bus) };
    (status, Json(body)).into_response()
}
