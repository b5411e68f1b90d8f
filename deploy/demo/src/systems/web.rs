//! What the two simulated web services share: a local port of their own, and answers in JSON.

use std::net::Ipv4Addr;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// Serves a router on a free local port until the token is cancelled; answers the base address.
pub(crate) async fn serve(
    system: &'static str,
    router: Router,
    tasks: &mut JoinSet<()>,
    token: CancellationToken,
) -> Result<String> {
    let trouble = |source| Error::Listen { system, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(trouble)?;
    let address = listener.local_addr().map_err(trouble)?;
    tasks.spawn(async move {
        // Graceful shutdown would wait for clients that keep their connections; a legacy system that ends just ends.
        tokio::select! {
            served = async { axum::serve(listener, router).await } => {
                if let Err(error) = served {
                    tracing::error!(system, %error, "the simulated system stopped serving");
                }
            }
            () = token.cancelled() => {}
        }
    });
    Ok(format!("http://{address}"))
}

/// Whether the request carries the token.
pub(crate) fn authorized(headers: &HeaderMap, token: &str) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| given == token)
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
