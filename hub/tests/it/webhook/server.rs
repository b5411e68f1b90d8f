//! A web server that gives each request the same answer and remembers what it was sent.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

type Answer = dyn Fn() -> Option<Response> + Send + Sync;

/// The server; it ends with this value.
pub(super) struct Server {
    /// `http://…` with its address and port.
    pub(super) address: String,
    /// Its port.
    pub(super) port: u16,
    seen: Arc<Seen>,
    _end: DropGuard,
}

struct Seen {
    requests: Mutex<Vec<(HeaderMap, Bytes)>>,
    answer: Box<Answer>,
}

impl Server {
    /// Answers with a status and headers, and says what it is.
    pub(super) async fn answering(status: u16, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self::with(move || {
            let mut answer = Response::builder().status(status);
            for (name, value) in headers {
                answer = answer.header(*name, *value);
            }
            Some(answer.body(Body::from(format!("this is {status}"))).unwrap())
        })
        .await
    }

    /// Answers as the function says; with nothing, it never answers.
    pub(super) async fn with(answer: impl Fn() -> Option<Response> + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1".parse().unwrap(), 0, answer).await
    }

    /// The same on an address and port.
    pub(super) async fn at(
        address: IpAddr,
        port: u16,
        answer: impl Fn() -> Option<Response> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((address, port)).await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::new(Seen { requests: Mutex::default(), answer: Box::new(answer) });
        let router = Router::new().fallback(take).with_state(Arc::clone(&seen));
        let token = CancellationToken::new();
        let ended = token.clone().cancelled_owned();
        tokio::task::spawn(async move {
            tokio::select! {
                () = ended => {}
                _ = axum::serve(listener, router) => {}
            }
        });
        Self { address: format!("http://{address}:{port}"), port, seen, _end: token.drop_guard() }
    }

    /// What it was sent, in order.
    pub(super) fn requests(&self) -> Vec<(HeaderMap, Bytes)> {
        self.seen.requests.lock().unwrap().clone()
    }
}

async fn take(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: Bytes) -> Response {
    seen.requests.lock().unwrap().push((headers, body));
    match (seen.answer)() {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}
