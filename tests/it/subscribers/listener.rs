//! Four ways to listen, each of which comes back by itself after whatever happened to it.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::heard::Heard;

/// How soon a listener that was cut off tries again.
const AGAIN: Duration = Duration::from_millis(100);

/// A listener; it ends with this value.
pub(super) struct Listener {
    pub(super) heard: Heard,
    task: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    fn of<F: Future<Output = ()> + Send + 'static>(task: impl FnOnce(Heard) -> F) -> Self {
        let heard = Heard::default();
        let task = tokio::spawn(task(heard.clone()));
        Self { heard, task }
    }

    /// Reads a queue, and acknowledges after it took.
    pub(super) fn queue(uri: String, queue: String) -> Self {
        Self::of(async move |heard| {
            loop {
                // However it ended, it begins anew.
                drop(consume(&uri, &queue, &heard).await);
                tokio::time::sleep(AGAIN).await;
            }
        })
    }

    /// Listens to the stream, and goes on after the last id that it saw.
    pub(super) fn stream(url: String, key: String, after: String) -> Self {
        Self::of(async move |heard| {
            let mut last = after;
            loop {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                let request = client.get(&url).bearer_auth(&key).header("last-event-id", &last);
                if let Ok(answer) = request.send().await
                    && answer.status() == 200
                {
                    frames(answer, &heard, &mut last).await;
                }
                tokio::time::sleep(AGAIN).await;
            }
        })
    }

    /// Pulls with a wait, and goes on with the `next` of the answer before.
    pub(super) fn pull(url: String, key: String, after: String) -> Self {
        Self::of(async move |heard| {
            let mut next = after;
            loop {
                if let Some(answer) = pull(&url, &key, &next).await {
                    for item in answer["items"].as_array().unwrap() {
                        heard.take(item.clone());
                    }
                    answer["next"].as_str().unwrap().clone_into(&mut next);
                } else {
                    tokio::time::sleep(AGAIN).await;
                }
            }
        })
    }

    /// Takes what is posted to a port.
    pub(super) async fn endpoint(port: u16, heard: Heard) -> Self {
        let listener = loop {
            match TcpListener::bind(("127.0.0.1", port)).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        };
        let router = Router::new().fallback(take).with_state(heard.clone());
        let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Self { heard, task }
    }
}

async fn take(State(heard): State<Heard>, body: Bytes) -> StatusCode {
    heard.take(serde_json::from_slice(&body).expect("an event is JSON"));
    StatusCode::NO_CONTENT
}

async fn consume(uri: &str, queue: &str, heard: &Heard) -> Result<(), lapin::Error> {
    let connection = Connection::connect(uri, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.basic_qos(200, BasicQosOptions::default()).await?;
    let options = BasicConsumeOptions::default();
    let mut consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery?;
        heard.take(serde_json::from_slice(&delivery.data).expect("an event is JSON"));
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

/// Reads frames until the stream ends.
async fn frames(answer: reqwest::Response, heard: &Heard, last: &mut String) {
    let mut text = String::new();
    let mut chunks = answer.bytes_stream();
    while let Some(Ok(chunk)) = chunks.next().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some(end) = text.find("\n\n") {
            let frame: String = text.drain(..end + 2).collect();
            let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let Some(data) = field("data:") {
                let mut event: Value = serde_json::from_str(data).expect("data is JSON");
                if field("event:") == Some("resync") {
                    event = serde_json::json!({"id": field("id:"), "data": {"op": "resync", "told": event}});
                }
                heard.take(event);
            }
            if let Some(id) = field("id:") {
                id.clone_into(last);
            }
        }
    }
}

async fn pull(url: &str, key: &str, after: &str) -> Option<Value> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().ok()?;
    let request = client.get(url).query(&[("after", after), ("limit", "500"), ("wait", "2")]).bearer_auth(key);
    let answer = request.send().await.ok()?;
    if answer.status() == 410 {
        let problem: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
        let position = problem["resync"]["after"].as_str().or(problem["resync"].as_str())?.to_owned();
        let told = serde_json::json!({"id": position, "data": {"op": "resync", "told": problem}});
        return Some(serde_json::json!({"items": [told], "next": position}));
    }
    if answer.status() != 200 {
        return None;
    }
    serde_json::from_str(&answer.text().await.ok()?).ok()
}
