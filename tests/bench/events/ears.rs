//! Subscribers of the bench: they note when each event came, and nothing else.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use muara_schemas::Clock;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::town::Town;

const LONGEST: Duration = Duration::from_mins(10);

/// A way to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Server-sent events.
    Stream,
    /// A queue of its own.
    Queue,
    /// A webhook.
    Webhook,
}

/// A subscriber.
pub(crate) struct Ears {
    pub(crate) kind: Kind,
    notes: Notes,
    task: JoinHandle<()>,
    id: Option<String>,
}

/// The ids that came, each with how long after its commit.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<(HashSet<String>, Vec<i64>)>>);

#[derive(Deserialize)]
struct Event {
    id: String,
    time: muara_schemas::Moment,
}

impl Notes {
    fn take(&self, bytes: &[u8]) {
        let now = Clock::system().now();
        let event: Event = serde_json::from_slice(bytes).expect("an event has an id and a time");
        let mut notes = self.0.lock().expect("nobody panics");
        if notes.0.insert(event.id) {
            notes.1.push(now.micros() - event.time.micros());
        }
    }
}

impl Ears {
    /// Subscribes; `from` as the API takes it.
    pub(crate) async fn open(town: &Town, kind: Kind, from: &str) -> Result<Self> {
        let notes = Notes::default();
        let told = notes.clone();
        let (task, id) = match kind {
            Kind::Stream => {
                let after = if from == "beginning" { "?after=" } else { "" };
                let path = if after.is_empty() {
                    "/api/v1/changes/stream".to_owned()
                } else {
                    let head = town.request(Method::GET, "/api/v1/changes?limit=1").send().await?.text().await?;
                    let head: Value = serde_json::from_str(&head)?;
                    let epoch =
                        head["head"].as_str().unwrap_or_default().split('-').next().unwrap_or_default().to_owned();
                    format!("/api/v1/changes/stream?after={epoch}-0")
                };
                let answer = town.request(Method::GET, &path).send().await?;
                ensure!(answer.status() == 200, "the stream opens");
                (tokio::spawn(async move { frames(answer, &told).await }), None)
            }
            Kind::Queue => {
                let made = subscribe(town, from, json!({"kind": "amqp"})).await?;
                let queue = made["queue"].as_str().unwrap_or_default().to_owned();
                let id = made["id"].as_str().map(str::to_owned);
                (tokio::spawn(consume(town.services.amqp_url.clone(), queue, told)), id)
            }
            Kind::Webhook => {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                let url = format!("http://{}/", listener.local_addr()?);
                let router = Router::new().fallback(take).with_state(told);
                let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
                let made = subscribe(town, from, json!({"kind": "webhook", "url": url})).await?;
                (task, made["id"].as_str().map(str::to_owned))
            }
        };
        Ok(Self { kind, notes, task, id })
    }

    /// Waits until so many events came.
    pub(crate) async fn heard(&self, count: usize) -> Result<()> {
        let begun = Instant::now();
        loop {
            let heard = self.notes.0.lock().expect("nobody panics").1.len();
            if heard >= count {
                return Ok(());
            }
            ensure!(begun.elapsed() < LONGEST, "{:?}: {heard} of {count} came", self.kind);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How long after its commit each came.
    pub(crate) fn delays_micros(&self) -> Vec<i64> {
        self.notes.0.lock().expect("nobody panics").1.clone()
    }

    /// Ends the subscription.
    pub(crate) async fn close(self, town: &Town) -> Result<()> {
        self.task.abort();
        match self.id {
            Some(id) => unsubscribe(town, &id).await,
            None => Ok(()),
        }
    }
}

/// Subscribes an endpoint that nobody listens at; answers its id.
pub(crate) async fn subscribe_to(town: &Town, url: &str) -> Result<String> {
    let made = subscribe(town, "now", json!({"kind": "webhook", "url": url})).await?;
    Ok(made["id"].as_str().unwrap_or_default().to_owned())
}

/// Takes a subscription away.
pub(crate) async fn unsubscribe(town: &Town, id: &str) -> Result<()> {
    town.request(Method::DELETE, &format!("/api/v1/subscriptions/{id}")).send().await?.error_for_status()?;
    Ok(())
}

async fn subscribe(town: &Town, from: &str, target: Value) -> Result<Value> {
    let wish = json!({"name": "bench", "target": target, "from": from});
    let answer = town.request(Method::POST, "/api/v1/subscriptions").json(&wish).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status == 201, "a subscription is made: {text}");
    Ok(serde_json::from_str(&text)?)
}

async fn take(State(notes): State<Notes>, body: Bytes) -> StatusCode {
    notes.take(&body);
    StatusCode::NO_CONTENT
}

async fn frames(answer: reqwest::Response, notes: &Notes) {
    let mut buffer: Vec<u8> = Vec::new();
    let mut chunks = answer.bytes_stream();
    while let Some(Ok(chunk)) = chunks.next().await {
        buffer.extend_from_slice(&chunk);
        let Some(end) = buffer.iter().rposition(|byte| *byte == b'\n') else { continue };
        for line in buffer[..end].split(|byte| *byte == b'\n') {
            if let Some(data) = line.strip_prefix(b"data: ").or_else(|| line.strip_prefix(b"data:")) {
                notes.take(data);
            }
        }
        drop(buffer.drain(..=end));
    }
}

async fn consume(uri: String, queue: String, notes: Notes) {
    loop {
        let Ok(connection) = lapin::Connection::connect(&uri, lapin::ConnectionProperties::default()).await else {
            continue;
        };
        let Ok(channel) = connection.create_channel().await else { continue };
        drop(channel.basic_qos(500, BasicQosOptions::default()).await);
        let (options, nothing) = (BasicConsumeOptions::default(), FieldTable::default());
        // The queue is made by the subscription's courier, a moment after the subscription.
        if let Ok(mut consumer) = channel.basic_consume(queue.as_str().into(), "".into(), options, nothing).await {
            while let Some(Ok(delivery)) = consumer.next().await {
                notes.take(&delivery.data);
                drop(delivery.ack(BasicAckOptions::default()).await);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
