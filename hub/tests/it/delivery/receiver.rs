//! An endpoint as an application has one: it remembers what came, and answers as the test says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use muara_hub::webhook::signature::{Key, Signing, sign};
use muara_schemas::Moment;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::rig::{PATIENCE, brief};
use crate::contract;

/// What the receiver makes of an event: a status, and seconds to wait; status 0 never answers.
type Answer = dyn Fn(&Value, usize) -> (u16, Option<u32>) + Send + Sync;

/// The endpoint; it ends with this value.
pub(super) struct Receiver {
    /// Where it is.
    pub(super) url: String,
    seen: Arc<Seen>,
    _end: DropGuard,
}

struct Seen {
    requests: Mutex<Vec<Request>>,
    answer: Box<Answer>,
}

/// A request as it came.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) event: Value,
    pub(super) status: u16,
}

impl Receiver {
    /// One that takes everything.
    pub(super) async fn open() -> Self {
        Self::answering(|_, _| (200, None)).await
    }

    /// One that answers as a function of the event and of how many came before says.
    pub(super) async fn answering(
        answer: impl Fn(&Value, usize) -> (u16, Option<u32>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("it is bound"));
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
        Self { url, seen, _end: token.drop_guard() }
    }

    /// What came, in order.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// What came and was taken, in brief, in order.
    pub(super) fn taken(&self) -> Vec<(String, String)> {
        self.requests().iter().filter(|request| request.status == 200).map(|request| brief(&request.event)).collect()
    }

    /// Waits until so many requests came.
    pub(super) async fn came(&self, count: usize) -> Vec<Request> {
        let waiting = async {
            while self.requests().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(PATIENCE, waiting).await.is_err() {
            panic!("{} of {count} requests came", self.requests().len());
        }
        self.requests()
    }
}

impl Request {
    pub(super) fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    /// What the holder of a secret reckons the signature to be.
    pub(super) fn expected(&self, secret: &str) -> String {
        let at = Moment::from_micros(self.header("webhook-timestamp").parse::<i64>().unwrap() * 1_000_000);
        let key = Signing { key: Key::parse(secret).unwrap(), until: None };
        sign(&[key], &self.header("webhook-id"), &self.body, at).signatures
    }
}

async fn take(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: Bytes) -> Response {
    let event: Value = serde_json::from_slice(&body).expect("an event is JSON");
    if event.get("specversion").is_some() {
        contract::check(&event);
    }
    let count = seen.requests.lock().unwrap().len();
    let (status, wait) = (seen.answer)(&event, count);
    seen.requests.lock().unwrap().push(Request { headers, body, event, status });
    if status == 0 {
        return std::future::pending().await;
    }
    let answer = Response::builder().status(status);
    let answer = wait.into_iter().fold(answer, |answer, secs| answer.header("retry-after", secs));
    answer.body(Body::from(format!("this is {status}"))).unwrap()
}
