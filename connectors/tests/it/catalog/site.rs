//! A server that answers by what it is asked, as a real system does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response};

/// What a request asks.
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) authorization: String,
    pub(super) body: String,
}

type Answer = Arc<dyn Fn(&Asked) -> (u16, String) + Send + Sync>;

/// Starts a server and gives its address.
pub(super) async fn serve(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> String {
    let answer: Answer = Arc::new(answer);
    let app = Router::new().fallback(respond).with_state(answer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn respond(State(answer): State<Answer>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| head.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let query = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let asked = Asked {
        path: head.uri.path().to_owned(),
        query: query.into_owned().collect(),
        authorization: header("authorization"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let (status, text) = answer(&asked);
    let kind = if text.starts_with(['{', '[', '\u{feff}']) { "application/json" } else { "text/plain" };
    Response::builder().status(status).header("content-type", kind).body(Body::from(text)).unwrap()
}
