//! What goes wrong, as `application/problem+json` (RFC 9457) with a stable code.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{AppendHeaders, IntoResponse, Response};
use muara_schemas::explain;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};

use crate::store;
use crate::webhook::guard;

/// The media type of every error.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An answer that is an error. Its code stands in `schemas/src/explain/` and is never used for something else.
#[derive(Debug, Clone)]
pub struct Problem {
    code: &'static str,
    status: StatusCode,
    detail: String,
    extra: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body {
    /// Names the sort of error: `https://muara.id/problems/<code>`.
    #[serde(rename = "type")]
    #[schema(format = "uri", example = "https://muara.id/problems/E0603")]
    pub kind: String,
    /// The sort of error in words; the same for every error of a code.
    #[schema(example = "A query parameter has a value that cannot be used")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// Stable code; `muara explain` knows it.
    #[schema(example = "E0603", pattern = "^E[0-9]{4}$")]
    pub code: String,
    /// What happened here.
    #[schema(example = "`limit` is a number from 1 to 500")]
    pub detail: String,
    /// The request's id, as in the header `x-request-id` and in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// More for some codes: `parameter` and `nearest` (E0602), `resync` (E0609, E0610).
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub extra: Map<String, Value>,
}

impl Problem {
    fn new(code: &'static str, status: StatusCode, detail: impl Into<String>) -> Self {
        Self { code, status, detail: detail.into(), extra: Map::new(), headers: Vec::new() }
    }

    /// No valid key. Which of the reasons it is, is not told.
    pub fn unauthorized(sent: bool) -> Self {
        let challenge = if sent { r#"Bearer realm="muara", error="invalid_token""# } else { r#"Bearer realm="muara""# };
        Self::new("E0601", StatusCode::UNAUTHORIZED, "send a valid key as `Authorization: Bearer mua_<id>_<secret>`")
            .header(WWW_AUTHENTICATE, challenge)
    }

    /// The key was not given this scope.
    pub fn scope(scope: &str) -> Self {
        let challenge = format!(r#"Bearer realm="muara", error="insufficient_scope", scope="{scope}""#);
        Self::new("E0604", StatusCode::FORBIDDEN, format!("the key needs the scope `{scope}`"))
            .header(WWW_AUTHENTICATE, &challenge)
    }

    /// The answer is about the whole installation and the key is not.
    pub fn not_whole() -> Self {
        Self::new("E0604", StatusCode::FORBIDDEN, "the key needs to see all regions and agencies")
    }

    /// A query parameter that does not exist, with the nearest that does.
    pub fn unknown_parameter(name: &str, nearest: Option<&str>) -> Self {
        let detail = nearest.map_or_else(
            || format!("there is no parameter `{name}` here"),
            |nearest| format!("there is no parameter `{name}` here; did you mean `{nearest}`?"),
        );
        Self::new("E0602", StatusCode::BAD_REQUEST, detail).with("parameter", name).with("nearest", nearest)
    }

    /// A query parameter that stands twice.
    pub fn doubled_parameter(name: &str) -> Self {
        Self::new("E0602", StatusCode::BAD_REQUEST, format!("`{name}` stands twice")).with("parameter", name)
    }

    /// A value that cannot be used.
    pub fn parameter(detail: impl Into<String>) -> Self {
        Self::new("E0603", StatusCode::BAD_REQUEST, detail)
    }

    /// A body that cannot be used.
    pub fn body(detail: impl Into<String>) -> Self {
        Self::new("E0620", StatusCode::BAD_REQUEST, detail)
    }

    /// More entries than one replay takes.
    pub fn too_many(most: i64) -> Self {
        Self::new(
            "E0621",
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("more than {most} entries; ask for fewer with a filter"),
        )
    }

    /// A replay of nothing, with the word that is not known where there is one.
    pub fn nothing_open(unknown: Option<String>) -> Self {
        let detail = unknown.unwrap_or_else(|| "nothing is open for this filter that is not being replayed".to_owned());
        Self::new("E0235", StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// An entry that is being replayed cannot be discarded.
    pub fn under_way(entry: i64) -> Self {
        Self::new(
            "E0625",
            StatusCode::CONFLICT,
            format!("entry {entry} is being replayed; stop the replay or wait for its end"),
        )
    }

    /// An endpoint that may not be reached.
    pub fn endpoint(error: &guard::Error) -> Self {
        Self::new(error.code(), StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
    }

    /// A key has as many subscriptions as it may.
    pub fn too_many_subscriptions(detail: impl Into<String>) -> Self {
        Self::new("E0631", StatusCode::CONFLICT, detail)
    }

    /// The broker is missing, away, or refuses.
    pub fn broker(detail: impl Into<String>) -> Self {
        Self::new("E0632", StatusCode::CONFLICT, detail)
    }

    /// No more may listen at once.
    pub fn crowded() -> Self {
        Self::new(
            "E0626",
            StatusCode::SERVICE_UNAVAILABLE,
            "as many listen to the log as may at once; come again, or pull",
        )
        .header(RETRY_AFTER, "10")
    }

    /// What happened here.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Nothing of this id, or not for this viewer.
    pub fn not_found(what: &str) -> Self {
        Self::new("E0605", StatusCode::NOT_FOUND, format!("there is no such {what}, or not for this key"))
    }

    /// `after` was not given by this address for these filters.
    pub fn cursor() -> Self {
        Self::new(
            "E0608",
            StatusCode::BAD_REQUEST,
            "`after` takes the `next` of an earlier answer to the same question",
        )
    }

    /// `after` is of another epoch; `position` is where to begin again.
    pub fn gone(position: &str) -> Self {
        Self::new(
            "E0609",
            StatusCode::GONE,
            "`after` is of an earlier log; read `records` anew, then go on as `resync` says",
        )
        .resync(position)
    }

    /// `after` is past the head of the log; `position` is where to begin again.
    pub fn past_head(position: &str) -> Self {
        Self::new(
            "E0610",
            StatusCode::GONE,
            "`after` is past the end of the log; read `records` anew, then go on as `resync` says",
        )
        .resync(position)
    }

    fn resync(self, position: &str) -> Self {
        let hint = serde_json::json!({"records": "/api/v1/records", "changes": format!("/api/v1/changes?after={position}"), "after": position});
        self.with("resync", hint)
    }

    /// The hub's own failure; the source stays in the log.
    pub fn internal() -> Self {
        Self::new("E0691", StatusCode::INTERNAL_SERVER_ERROR, "the hub could not answer; its log knows why")
    }

    /// A status that some other layer answered with.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("E0606", "there is no such address; `/docs` lists them"),
            StatusCode::METHOD_NOT_ALLOWED => ("E0607", "the address does not take this method"),
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                ("E0611", "the request is too large")
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => ("E0612", "the answer was not ready in time"),
            status if status.is_client_error() => ("E0613", "the request was not understood"),
            _ => return Self { status, ..Self::internal() },
        };
        Self::new(code, status, detail)
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        if !value.is_null() {
            self.extra.insert(name.to_owned(), value);
        }
        self
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The answer, naming the request.
    pub fn respond(self, request_id: Option<&str>) -> Response {
        let body = Body {
            kind: format!("https://muara.id/problems/{}", self.code),
            title: explain::find(self.code).map_or(self.code, |known| known.title).to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
            request_id: request_id.map(str::to_owned),
            extra: self.extra,
        };
        let mut response = (self.status, AppendHeaders(self.headers), Json(body)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // The outermost layer knows the request's id and writes the body anew with it.
        let mut response = self.clone().respond(None);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        if error.is_transient() {
            tracing::warn!("an answer waits for the database: {error}");
            return Self::new("E0690", StatusCode::SERVICE_UNAVAILABLE, "the database is away or busy; try again")
                .header(RETRY_AFTER, "2");
        }
        tracing::error!("the store could not answer: {error}");
        Self::internal()
    }
}

/// The errors that every address with a key can answer, for the description.
pub struct Refusals;

impl utoipa::IntoResponses for Refusals {
    fn responses() -> std::collections::BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let problem = |description: &str| {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            RefOr::T(ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build())
        };
        [
            ("400", "A parameter is unknown (E0602) or its value cannot be used (E0603, E0608)."),
            ("401", "No valid key (E0601)."),
            ("403", "The key may not do this (E0604)."),
            ("500", "The hub failed (E0691)."),
            ("503", "The database is not to be had now (E0690)."),
        ]
        .map(|(status, description)| (status.to_owned(), problem(description)))
        .into()
    }
}
