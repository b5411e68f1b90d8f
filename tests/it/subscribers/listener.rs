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
use serde_json::{Value, json};
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

    /// Listens to the stream, and goes on after the last id that it saw; told to start anew, it reads all records first.
    pub(super) fn stream(base: String, key: String, after: String) -> Self {
        Self::of(async move |heard| {
            let url = format!("{base}/changes/stream");
            let mut last = after;
            loop {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                let request = client.get(&url).bearer_auth(&key).header("last-event-id", &last);
                if let Ok(answer) = request.send().await
                    && answer.status() == 200
                {
                    frames(answer, &heard, &mut last, (&base, &key)).await;
                }
                tokio::time::sleep(AGAIN).await;
            }
        })
    }

    /// Pulls with a wait, and goes on with the `next` of the answer before; told to start anew, it reads all records first.
    pub(super) fn pull(base: String, key: String, after: String) -> Self {
        Self::of(async move |heard| {
            let mut next = after;
            loop {
                if let Some(answer) = pull(&base, &key, &next, &heard).await {
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
async fn frames(answer: reqwest::Response, heard: &Heard, last: &mut String, (base, key): (&str, &str)) {
    let mut text = String::new();
    let mut chunks = answer.bytes_stream();
    while let Some(Ok(chunk)) = chunks.next().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some(end) = text.find("\n\n") {
            let frame: String = text.drain(..end + 2).collect();
            let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let Some(data) = field("data:") {
                if field("event:") == Some("resync") {
                    anew(base, key, field("id:").unwrap_or_default(), heard).await;
                } else {
                    heard.take(serde_json::from_str(data).expect("data is JSON"));
                }
            }
            if let Some(id) = field("id:") {
                id.clone_into(last);
            }
        }
    }
}

async fn pull(base: &str, key: &str, after: &str, heard: &Heard) -> Option<Value> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().ok()?;
    let request = client.get(format!("{base}/changes")).query(&[("after", after), ("limit", "500"), ("wait", "2")]);
    let answer = request.bearer_auth(key).send().await.ok()?;
    if answer.status() == 410 {
        let problem: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
        let position = problem["resync"]["after"].as_str()?.to_owned();
        anew(base, key, &position, heard).await;
        return Some(json!({"items": [], "next": position}));
    }
    if answer.status() != 200 {
        return None;
    }
    serde_json::from_str(&answer.text().await.ok()?).ok()
}

/// Forgets everything, and reads all records as they stand.
async fn anew(base: &str, key: &str, position: &str, heard: &Heard) {
    heard.take(json!({"id": format!("{position}-resync"), "data": {"op": "resync"}}));
    let mut after: Option<String> = None;
    loop {
        let mut question = vec![("limit", "500".to_owned())];
        question.extend(after.clone().map(|after| ("after", after)));
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let request = client.get(format!("{base}/records")).query(&question).bearer_auth(key);
        let Ok(answer) = request.send().await else { continue };
        let Ok(page) = serde_json::from_str::<Value>(&answer.text().await.unwrap_or_default()) else { continue };
        for record in page["items"].as_array().into_iter().flatten() {
            let data = json!({"op": "read", "version": record["version"], "after": record["data"]["record"]});
            heard.take(json!({"id": format!("{position}-read"), "subject": record["id"], "data": data}));
        }
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None if page["items"].is_array() => return,
            None => {}
        }
    }
}
