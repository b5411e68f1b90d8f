//! A caller of the API over HTTP, with keys of any grants.

use muara_hub::Hub;
use muara_hub::access::{Role, Viewer};
use muara_hub::api::key::{Grants, RANDOM_BYTES, mint};
use muara_hub::api::{self, App};
use muara_hub::store::keys;
use muara_schemas::{Moment, random};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// A served API; it ends with this value.
pub(crate) struct Site {
    pub(crate) hub: Hub,
    address: String,
    client: reqwest::Client,
    _end: DropGuard,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Site {
    /// Serves the API of a hub on a port of its own.
    pub(crate) async fn of(hub: &Hub) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let token = CancellationToken::new();
        let router = api::router(App::new(hub, token.child_token()));
        tokio::task::spawn(api::serve(listener, router, TaskTracker::new(), token.clone()));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { hub: hub.clone(), address, client, _end: token.drop_guard() }
    }

    /// A key that may do `scopes`, for a viewer.
    pub(crate) async fn key_with(&self, viewer: Viewer, scopes: &[&str], expires_at: Option<Moment>) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let grants = Grants { scopes, ..Grants::reading(viewer) };
        let (text, key) = mint("a test", &grants, expires_at, self.hub.clock.now(), random::bytes::<RANDOM_BYTES>());
        let mut tx = self.hub.db.write().await.unwrap();
        keys::put(&mut tx, &key).await.unwrap();
        tx.commit().await.unwrap();
        text.expose_secret().to_owned()
    }

    /// A key that reads.
    pub(crate) async fn key(&self, viewer: Viewer) -> String {
        self.key_with(viewer, &["read"], None).await
    }

    /// A key of an operator.
    pub(crate) async fn operator(&self) -> String {
        self.key_with(Viewer { role: Role::Operator, ..application() }, &["read", "operate"], None).await
    }

    /// Sends a body with a key.
    pub(crate) async fn post(&self, key: &str, path: &str, body: &Value) -> Answer {
        let request = self.client.post(format!("{}{path}", self.address)).header("content-type", "application/json");
        self.send(request.header(AUTHORIZATION, format!("Bearer {key}")).body(body.to_string())).await
    }

    /// Deletes with a key.
    pub(crate) async fn delete(&self, key: &str, path: &str) -> Answer {
        let request = self.client.delete(format!("{}{path}", self.address));
        self.send(request.header(AUTHORIZATION, format!("Bearer {key}"))).await
    }

    /// Asks with a key; the path begins with `/`.
    pub(crate) async fn get(&self, key: &str, path: &str) -> Answer {
        self.send(self.request(path).header(AUTHORIZATION, format!("Bearer {key}"))).await
    }

    /// Asks with a key for something that exists.
    pub(crate) async fn found(&self, key: &str, path: &str) -> Value {
        let answer = self.get(key, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// The items of a list that fits on one page.
    pub(crate) async fn items(&self, key: &str, path: &str) -> Vec<Value> {
        let body = self.found(key, path).await;
        assert_eq!(body["next"], Value::Null, "{path} has more than a page");
        body["items"].as_array().expect("a list has items").clone()
    }

    /// A request that is still to be sent.
    pub(crate) fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.address))
    }

    /// Sends a request; a body that is no JSON is answered as text.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("the API answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the answer is whole");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, headers, body }
    }
}

/// An application that sees everything but personal data.
pub(crate) fn application() -> Viewer {
    Viewer { role: Role::App, regions: None, agencies: None, may_see_personal: false }
}

/// The same, bound to agencies.
pub(crate) fn of_agencies(agencies: &[&str]) -> Viewer {
    Viewer { agencies: Some(agencies.iter().map(|code| (*code).to_owned()).collect()), ..application() }
}

/// The same, bound to regions.
pub(crate) fn of_regions(regions: &[&str]) -> Viewer {
    Viewer { regions: Some(regions.iter().map(|code| (*code).to_owned()).collect()), ..application() }
}

/// One field of each item, as text.
pub(crate) fn column(items: &[Value], pointer: &str) -> Vec<String> {
    let text = |item: &Value| item.pointer(pointer).and_then(Value::as_str).unwrap_or("null").to_owned();
    items.iter().map(text).collect()
}
