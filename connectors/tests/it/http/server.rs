//! A server that answers what it was told to, and notes what it was asked.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};

/// Headers that are noted when they are there.
const NOTED: [&str; 5] = ["authorization", "cookie", "x-api-key", "x-page", "soapaction"];

/// What the server is asked and what it answers.
#[derive(Clone, Default)]
pub(crate) struct Server {
    asked: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

impl Server {
    pub(crate) async fn start() -> (Self, String) {
        let server = Self::default();
        let app = Router::new().fallback(answer).with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (server, address)
    }

    pub(crate) fn say(&self, status: u16, body: impl Into<Body>) -> &Self {
        self.say_with(status, &[], body)
    }

    pub(crate) fn say_with(&self, status: u16, headers: &[(&'static str, &str)], body: impl Into<Body>) -> &Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.answers.lock().unwrap().push_back(Answer { status, headers, body: body.into() });
        self
    }

    /// Forgets the answers that nobody has asked for.
    pub(crate) fn forget(&self) {
        self.answers.lock().unwrap().clear();
    }

    /// The requests since the last call: address, then what was noted of headers, then the body.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(State(server): State<Server>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let mut asked = head.uri.to_string();
    for value in NOTED.iter().filter_map(|name| head.headers.get(*name)) {
        write!(asked, " {}", value.to_str().unwrap()).unwrap();
    }
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    if head.method == "POST" {
        asked = format!("POST {asked} {}", String::from_utf8_lossy(&body));
    }
    server.asked.lock().unwrap().push(asked);
    let answer = server.answers.lock().unwrap().pop_front();
    let answer = answer.unwrap_or(Answer { status: 404, headers: Vec::new(), body: Body::from("nothing was planned") });
    let mut response = Response::builder().status(StatusCode::from_u16(answer.status).unwrap());
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(answer.body).unwrap()
}
