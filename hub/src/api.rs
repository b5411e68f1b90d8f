//! The HTTP API. Default deny: every address under `/api/v1` needs a key, and every read carries its viewer.
//!
//! How to add an address: a file with its types and its handler under `api/`, `#[utoipa::path]` above the handler, and a
//! line in `described`; the description, the parameters that are accepted and the route all come from there.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub mod absorption;
pub mod app;
mod asyncapi;
pub mod auth;
pub mod base32;
pub mod causes;
pub mod changes;
pub mod deliveries;
pub mod digest;
pub mod discards;
mod docs;
mod given;
pub mod health;
pub mod history;
pub mod key;
mod lens;
pub mod list;
pub mod meter;
mod nearest;
mod observe;
mod params;
pub mod problem;
pub mod quarantine;
pub mod records;
pub mod replays;
pub mod runs;
pub mod schemas;
pub mod server;
pub mod sources;
pub mod stream;
pub mod subscribed;
pub mod subscriptions;

pub use app::App;
pub use server::serve;

use problem::Problem;

/// The largest body that is read; a list of entries is the largest that is needed.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// The longest that an answer may take: a full wait for news, and the work before and after.
const PATIENCE: Duration = Duration::from_mins(1);

/// Every address with a description: those under `/api/v1` that read and those that change something, still without their
/// guards, and the open ones.
fn described() -> [OpenApiRouter<App>; 4] {
    let guarded = OpenApiRouter::new()
        .routes(routes!(records::page))
        .routes(routes!(records::one))
        .routes(routes!(history::page))
        .routes(routes!(changes::pull))
        .routes(routes!(changes::one))
        .routes(routes!(stream::follow))
        .routes(routes!(subscriptions::page))
        .routes(routes!(subscriptions::one))
        .routes(routes!(deliveries::page))
        .routes(routes!(deliveries::one))
        .routes(routes!(absorption::page))
        .routes(routes!(digest::read))
        .routes(routes!(sources::page))
        .routes(routes!(runs::page))
        .routes(routes!(quarantine::page))
        .routes(routes!(causes::page))
        .routes(routes!(replays::page))
        .routes(routes!(replays::one))
        .routes(routes!(quarantine::one))
        .routes(routes!(schemas::all))
        .routes(routes!(schemas::one));
    let operated = OpenApiRouter::new()
        .routes(routes!(replays::begin))
        .routes(routes!(replays::stop))
        .routes(routes!(discards::discard));
    let subscribed = OpenApiRouter::new()
        .routes(routes!(subscriptions::create))
        .routes(routes!(subscriptions::remove))
        .routes(routes!(subscribed::order))
        .routes(routes!(deliveries::resend));
    let open = OpenApiRouter::with_openapi(docs::Document::openapi())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(meter::metrics));
    [guarded, operated, subscribed, open]
}

/// The description of the API, OpenAPI 3.1.
pub fn description() -> utoipa::openapi::OpenApi {
    let [guarded, operated, subscribed, open] = described();
    open.nest("/api/v1", guarded.merge(operated).merge(subscribed)).into_openapi()
}

/// The whole API.
pub fn router(app: App) -> Router {
    let [guarded, operated, subscribed, open] = described();
    let guarded = guarded.route_layer(from_fn_with_state(app.clone(), auth::require));
    let operated = operated.route_layer(from_fn_with_state(app.clone(), auth::require_operator));
    let subscribed = subscribed.route_layer(from_fn_with_state(app.clone(), auth::require_subscriber));
    let (router, _) = open.nest("/api/v1", guarded.merge(operated).merge(subscribed)).split_for_parts();
    router
        .merge(docs::routes())
        .fallback(|| async { Problem::of_status(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::of_status(StatusCode::METHOD_NOT_ALLOWED) })
        // From the inside out: a panic becomes an answer, an answer has its time, and errors get their form.
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .layer(from_fn_with_state(app.clone(), observe::observe))
        .layer(CompressionLayer::new())
        .with_state(app)
}
