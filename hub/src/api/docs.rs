//! The description of the API (OpenAPI 3.1) and a reference page that works without a network.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::app::App;
use super::{asyncapi, problem};

/// What a browser may load on the reference page: what this server itself sends. Swagger UI sets styles by script and
/// draws its icons from `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What does not stand at an address.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Muara",
        description = "One view over the e-planning, e-budgeting, procurement and work-log systems of a region.\n\n\
            Money is text with two decimals, never a number. Times are RFC 3339 in UTC with microseconds. \
            Lists answer `{items, next}`: pass `next` as `after` to go on. \
            Unknown parameters are refused. Errors are `application/problem+json` with a stable code that \
            `muara explain` knows. Everything is cut to the regions and agencies of the key, and personal fields are \
            `null` unless the key may see them.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "This installation")),
    tags(
        (name = "records", description = "What stands now, and how it came to be."),
        (name = "changes", description = "The log: what changed, in order, from any point."),
        (name = "subscriptions", description = "Who is told of changes, and what became of each telling."),
        (name = "views", description = "Read models over the log."),
        (name = "sources", description = "Legacy systems, their streams and runs."),
        (name = "quarantine", description = "Records that wait for somebody."),
        (name = "schemas", description = "The record types."),
        (name = "health", description = "For those who run it; no key needed.")
    ),
    components(schemas(problem::Body)),
    security(("key" = [])),
    modifiers(&Key)
)]
pub(super) struct Document;

struct Key;

impl Modify for Key {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("mua_<id>_<secret>".to_owned());
        bearer.description = Some("An API key, made by `muara key create`.".to_owned());
        openapi.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(bearer));
    }
}

static DESCRIPTION: LazyLock<Bytes> =
    LazyLock::new(|| super::description().to_pretty_json().expect("the description is made of texts").into());

/// The description, the reference page, and the way there from the root.
pub(super) fn routes() -> Router<App> {
    // Without this Swagger UI would send the description to an online validator.
    let config =
        Config::from("/openapi.json").validator_url("none").persist_authorization(false).try_it_out_enabled(true);
    let page: Router<App> = SwaggerUi::new("/docs").config(config).into();
    let page =
        page.layer(SetResponseHeaderLayer::overriding(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)));
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/asyncapi.json", get(asyncapi))
        .route("/", get(|| async { Redirect::temporary("/docs/") }))
        .merge(page)
}

async fn openapi() -> Response {
    described(DESCRIPTION.clone())
}

async fn asyncapi() -> Response {
    described(asyncapi::DESCRIPTION.clone())
}

fn described(document: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], document).into_response()
}
