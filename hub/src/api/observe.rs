//! What happens to every request: an id, a span, a count, a time, and an error that has a proper form.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use muara_schemas::canonical::hex;
use muara_schemas::random;
use tracing::Instrument;

use super::app::App;
use super::problem::{MEDIA_TYPE, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from whoever calls.
const MAX_ID_BYTES: usize = 64;

/// The outermost layer. Neither path nor query are logged, only the template of the route.
pub(super) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = given_id(&request).unwrap_or_else(|| hex(&random::bytes::<8>()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let is_api = request.uri().path().starts_with("/api/");
    if let Ok(value) = HeaderValue::from_str(&id) {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    let span = tracing::info_span!("request", %id, %method, %route);
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = in_form(response, &id);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if is_api {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    app.meter.request(method.as_str(), &route, status, took);
    span.in_scope(|| tracing::debug!(status, micros = took.as_micros(), "answered"));
    response
}

/// The caller's own id, when it is harmless in a log.
fn given_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!id.is_empty() && id.len() <= MAX_ID_BYTES && id.bytes().all(is_plain)).then(|| id.to_owned())
}

/// Whatever layer an error comes from, it is a problem that names the request.
fn in_form(mut response: Response, id: &str) -> Response {
    let status = response.status();
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return problem.respond(Some(id));
    }
    let is_error = status.is_client_error() || status.is_server_error();
    let is_ours =
        response.headers().get("content-type").is_some_and(|kind| kind == "application/json" || kind == MEDIA_TYPE);
    if is_error && !is_ours {
        let allow = response.headers().get("allow").cloned();
        let mut response = Problem::of_status(status).respond(Some(id));
        if let Some(allow) = allow {
            response.headers_mut().insert("allow", allow);
        }
        return response;
    }
    response
}

/// A panic ends its request and nothing else.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over so")]
pub(super) fn panicked(reason: Box<dyn Any + Send + 'static>) -> Response {
    let text = reason.downcast_ref::<&str>().copied().or_else(|| reason.downcast_ref::<String>().map(String::as_str));
    tracing::error!("an answer panicked: {}", text.unwrap_or("without a word"));
    Problem::internal().into_response()
}
