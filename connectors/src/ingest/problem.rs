//! What goes wrong, as `application/problem+json` (RFC 9457) with a stable code.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use muara_schemas::explain;
use serde_json::json;

use crate::state;

/// How soon a sender may try again what could not be taken now.
const SOON_SECS: u64 = 5;

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Problem {
    code: String,
    status: StatusCode,
    detail: String,
    retry_secs: Option<u64>,
}

impl Problem {
    fn new(code: &str, status: StatusCode, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), status, detail: detail.into(), retry_secs: None }
    }

    fn later(code: &str, detail: impl Into<String>) -> Self {
        Self { retry_secs: Some(SOON_SECS), ..Self::new(code, StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// No token that opens anything here. Whether there is such a system is not told.
    pub(super) fn stranger() -> Self {
        Self::new("E0270", StatusCode::UNAUTHORIZED, "send the system's token as `Authorization: Bearer …`")
    }

    /// Too many strangers at one time.
    pub(super) fn crowd() -> Self {
        let retry_secs = Some(SOON_SECS);
        Self { retry_secs, ..Self::new("E0270", StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens; try later") }
    }

    /// One token opens systems of several regions.
    pub(super) fn which_region() -> Self {
        Self::new(
            "E0272",
            StatusCode::BAD_REQUEST,
            "the token opens systems of several regions; name one with `?region=`",
        )
    }

    pub(super) fn no_stream(stream: &str) -> Self {
        let shown: String = stream.chars().take(40).collect();
        Self::new("E0272", StatusCode::NOT_FOUND, format!("the system has no stream `{shown}`"))
    }

    pub(super) fn paused() -> Self {
        Self::later("E0273", "the stream is paused")
    }

    /// The system has used up its budget.
    pub(super) fn spent(secs: u64) -> Self {
        let detail = "the system has sent as many requests as its `budget` allows";
        Self { retry_secs: Some(secs.max(1)), ..Self::new("E0274", StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    pub(super) fn too_busy() -> Self {
        Self::later("E0274", "as much as can wait is waiting already")
    }

    pub(super) fn unconfirmed() -> Self {
        Self::later("E0275", "the bus has not confirmed the records in time; send them again")
    }

    pub(super) fn stopping() -> Self {
        Self::later("E0275", "the connector is shutting down; send the records again")
    }

    pub(super) fn request(detail: impl Into<String>) -> Self {
        Self::new("E0276", StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn method() -> Self {
        Self::new("E0276", StatusCode::METHOD_NOT_ALLOWED, "records are pushed with POST")
    }

    pub(super) fn media(detail: impl Into<String>) -> Self {
        Self::new("E0276", StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
    }

    pub(super) fn too_slow() -> Self {
        Self::new("E0276", StatusCode::REQUEST_TIMEOUT, "the body was too long under way")
    }

    pub(super) fn too_large(most: usize) -> Self {
        Self::new("E0277", StatusCode::PAYLOAD_TOO_LARGE, format!("the body has more than {} KiB", most >> 10))
    }

    pub(super) fn too_many(most: usize) -> Self {
        Self::new("E0277", StatusCode::PAYLOAD_TOO_LARGE, format!("the body has more than {most} records"))
    }

    pub(super) fn unreadable(detail: impl Into<String>) -> Self {
        Self::new("E0278", StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    pub(super) fn too_many_gone(count: u64) -> Self {
        let detail = format!("{count} deletes are more than `full_read` lets through at once");
        Self::new("E0278", StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    pub(super) fn other_body() -> Self {
        let detail = "another request was answered under this `Idempotency-Key`";
        Self::new("E0279", StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    pub(super) fn under_way() -> Self {
        let detail = "a request with this `Idempotency-Key` is under way";
        Self { retry_secs: Some(SOON_SECS), ..Self::new("E0279", StatusCode::CONFLICT, detail) }
    }

    /// A run that failed, as its report says it. All but records that run away may pass.
    pub(super) fn failed(failure: &str) -> Self {
        let (code, detail) = failure.split_once(": ").unwrap_or(("E0211", failure));
        if code == "E0214" {
            return Self::new(code, StatusCode::UNPROCESSABLE_ENTITY, detail);
        }
        Self::later(code, detail)
    }

    pub(super) fn state(error: state::Error) -> Self {
        Self::later("E0210", error.to_string())
    }

    /// Something here fell over.
    pub(super) fn broken() -> Self {
        Self::new("E0211", StatusCode::INTERNAL_SERVER_ERROR, "the body could not be worked on; the log knows why")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = explain::find(&self.code).map_or("", |known| known.title);
        let body = json!({
            "type": format!("https://muara.id/problems/{}", self.code), "title": title,
            "status": self.status.as_u16(), "code": self.code, "detail": self.detail,
        });
        let mut response =
            (self.status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response();
        if let Some(secs) = self.retry_secs {
            response.headers_mut().insert(RETRY_AFTER, secs.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = axum::http::HeaderValue::from_static(r#"Bearer realm="muara""#);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
