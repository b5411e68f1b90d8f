//! The body of a request, strictly: JSON of a closed form.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// A body as its address takes it.
pub struct Given<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes =
            Bytes::from_request(request, state).await.map_err(|_| Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE))?;
        // What serde says names fields and places, and quotes no value but a mistyped word.
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Problem::body(format!("the body is not as described: {error}")))
    }
}
