//! Subscriptions that go to an endpoint: arrival, order, another attempt, and what an endpoint's failure does to others.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use muara_hub::Hub;
use muara_hub::store::deliveries::{self, Delivery};
use muara_hub::webhook::guard::Policy;
use muara_hub::webhook::sender::Settings;
use muara_schemas::page::Page;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::rig::{Office, PATIENCE, briefs};
use crate::caller::application;
use crate::engine::{self, Engine};
use crate::feed::{full, line, take};

mod endurance;

/// Runs a test on both engines, where webhooks may go to this machine and an answer is waited for briefly.
async fn on_both<F: Future<Output = ()>>(test: impl Fn(Engine) -> F) {
    engine::on_both(|engine| {
        let policy = Policy { networks: vec!["127.0.0.0/8".parse().unwrap()], may_be_http: true };
        let webhooks = Settings { policy, total: Duration::from_secs(2), ..Settings::default() };
        test(engine.with(|hub| Hub { webhooks, ..hub }))
    })
    .await;
}

async fn write(hub: &Hub, page: Page) {
    take(hub, vec![page]).await;
    hub.news.notify_waiters();
}

fn hook(url: &str, from: &str) -> Value {
    json!({"name": "a test", "target": {"kind": "webhook", "url": url}, "from": from,
        "filter": {"record_types": ["budget-line"]}})
}

/// The deliveries of a subscription, the oldest first.
async fn listed(office: &Office, id: &str) -> Vec<Delivery> {
    let number = office.row(id).await.subscription;
    let mut tx = office.hub.db.read().await.unwrap();
    let mut rows = deliveries::page(&mut tx, number, None, i64::MAX, 500).await.unwrap();
    rows.reverse();
    rows
}

async fn states(office: &Office, id: &str) -> Vec<String> {
    listed(office, id).await.into_iter().map(|row| row.state).collect()
}

/// Waits until the deliveries of a subscription are in these states.
async fn stand(office: &Office, id: &str, expected: &[&str]) {
    let waiting = async {
        while states(office, id).await != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
        panic!("deliveries stand as {:?}, not {expected:?}", states(office, id).await);
    }
}

#[tokio::test]
async fn an_event_arrives_signed_and_is_noted() {
    on_both(async |engine| {
        let (hub, receiver) = (&engine.hub, Receiver::open().await);
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        write(hub, full(1, None, vec![line("a", 1)])).await;

        let request = receiver.came(1).await.remove(0);

        let secret = made.secret.unwrap();
        assert!(secret.starts_with("whsec_"));
        assert_eq!(request.header("webhook-signature"), request.expected(&secret));
        assert_eq!(json!(request.header("webhook-id")), request.event["id"]);
        assert_eq!(request.header("content-type"), "application/cloudevents+json");
        assert_eq!(request.event["type"], "muara.budget-line.created.v1", "{}", engine.name);
        stand(&office, &made.id, &["delivered"]).await;
        let row = listed(&office, &made.id).await.remove(0);
        let tries: Value = serde_json::from_str(&row.tries).unwrap();
        assert_eq!((row.attempts, row.body, row.next_at), (1, None, None));
        assert_eq!((&tries[0]["status"], &tries[0]["response"]), (&json!(200), &json!("this is 200")));
        let stored = office.row(&made.id).await;
        assert_eq!((stored.told, stored.failed, stored.trouble), (1, 0, None));
        assert!(!stored.target.contains(&secret), "the secret is sealed");
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_goes_over_into_what_comes() {
    on_both(async |engine| {
        let (hub, receiver) = (&engine.hub, Receiver::open().await);
        write(hub, full(1, None, vec![line("a", 1), line("b", 2)])).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "snapshot")).await;
        receiver.came(2).await;
        write(hub, full(2, Some(1), vec![line("a", 5), line("b", 2)])).await;
        receiver.came(3).await;

        let mut taken = receiver.taken();
        taken[..2].sort();
        assert_eq!(taken, briefs(&[("read", "1.00"), ("read", "2.00"), ("updated", "5.00")]), "{}", engine.name);
        office.told_all(&made.id).await;
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_fails_is_sent_again_on_schedule_under_the_same_id() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let receiver = Receiver::answering(|_, count| (if count == 0 { 500 } else { 200 }, None)).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        write(hub, full(1, None, vec![line("a", 1)])).await;
        stand(&office, &made.id, &["waiting"]).await;
        let waits = (listed(&office, &made.id).await[0].next_at.unwrap() - hub.clock.now().micros()) / 1_000_000;
        assert!((4..=6).contains(&waits), "{waits} s");
        let stored = office.row(&made.id).await;
        assert_eq!(stored.failed, 1);
        assert!(stored.trouble.unwrap().starts_with("E0642: rejected 500: this is 500"));

        hub.clock.advance_secs(7);
        stand(&office, &made.id, &["delivered"]).await;

        let requests = receiver.requests();
        assert_eq!(requests.len(), 2, "{}", engine.name);
        assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
        assert_eq!(requests[0].body, requests[1].body);
        assert_ne!(requests[0].header("webhook-timestamp"), requests[1].header("webhook-timestamp"));
        let row = office.row(&made.id).await;
        assert_eq!((row.told, row.trouble), (1, None));
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_record_that_fails_holds_only_its_own_later_versions() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let is_mended = Arc::new(AtomicBool::new(false));
        let mended = Arc::clone(&is_mended);
        let poison = move |event: &Value, _| {
            let is_poison = event["data"]["after"]["amount"].as_str().is_some_and(|amount| amount.starts_with('7'));
            (if is_poison && !mended.load(Ordering::SeqCst) { 422 } else { 200 }, None)
        };
        let receiver = Receiver::answering(poison).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        write(hub, full(1, None, vec![line("a", 70), line("b", 1)])).await;
        office.told_all(&made.id).await;
        // The endpoint is tried carefully after a failure.
        hub.clock.advance_secs(2);
        write(hub, full(2, Some(1), vec![line("a", 71), line("b", 2)])).await;
        write(hub, full(3, Some(2), vec![line("a", 3), line("b", 3)])).await;
        office.told_all(&made.id).await;
        office.until(&made.id, "b arrived", |row| row.told == 3).await;

        let of_b = receiver.taken();
        assert_eq!(of_b, briefs(&[("created", "1.00"), ("updated", "2.00"), ("updated", "3.00")]), "{}", engine.name);
        let mut now = states(&office, &made.id).await;
        now.sort();
        assert_eq!(now, ["delivered", "delivered", "delivered", "held", "held", "waiting"]);
        is_mended.store(true, Ordering::SeqCst);
        let done = office.order(&made.id, json!({"do": "recover", "since": "2023-01-01T00:00:00Z"})).await;
        assert_eq!(done["count"], 1, "those behind it follow by themselves");
        office.until(&made.id, "a arrived", |row| row.told == 6).await;

        let of_a = receiver.taken().split_off(3);
        assert_eq!(of_a, briefs(&[("created", "70.00"), ("updated", "71.00"), ("updated", "3.00")]));
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_stopped_until_it_is_resumed() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let receiver = Receiver::answering(|_, count| (if count == 0 { 410 } else { 200 }, None)).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        write(hub, full(1, None, vec![line("a", 1)])).await;

        office.until(&made.id, "it is paused", |row| row.state == "paused").await;

        assert!(office.row(&made.id).await.reason.unwrap().contains("E0646"));
        write(hub, full(2, Some(1), vec![line("a", 2)])).await;
        office.order(&made.id, json!({"do": "resume"})).await;
        receiver.came(3).await;
        assert_eq!(receiver.taken(), briefs(&[("created", "1.00"), ("updated", "2.00")]), "{}", engine.name);
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_overloaded_endpoint_is_left_alone_as_long_as_it_asks() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let overloaded = |_: &Value, count| if count == 0 { (429, Some(120)) } else { (200, None) };
        let receiver = Receiver::answering(overloaded).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        write(hub, full(1, None, vec![line("a", 1)])).await;
        stand(&office, &made.id, &["waiting"]).await;

        hub.clock.advance_secs(110);
        write(hub, full(2, Some(1), vec![line("a", 1), line("b", 2)])).await;
        // Long enough for a courier to look twice.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(receiver.requests().len(), 1, "{}: nothing is sent before its time", engine.name);
        hub.clock.advance_secs(11);
        receiver.came(3).await;

        assert_eq!(receiver.taken(), briefs(&[("created", "1.00"), ("created", "2.00")]));
        office.told_all(&made.id).await;
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn dead_and_silent_endpoints_leave_others_alone() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let (healthy, silent) = (Receiver::open().await, Receiver::answering(|_, _| (0, None)).await);
        let office = Office::open(hub, application()).await;
        let closed = "http://127.0.0.1:1025/hook".to_owned();
        let mut others = Vec::new();
        for url in [&closed, &silent.url] {
            others.push(office.subscribe(hook(url, "beginning")).await.id);
        }
        let made = office.subscribe(hook(&healthy.url, "beginning")).await;
        let records: Vec<_> = (0..100).map(|number| line(&format!("k{number}"), number + 1)).collect();
        write(hub, full(1, None, records)).await;

        healthy.came(100).await;

        assert_eq!(healthy.taken().len(), 100, "{}", engine.name);
        office.told_all(&made.id).await;
        for (id, code) in others.iter().zip(["E0645", "E0644"]) {
            office.until(id, "its trouble is told", |row| row.trouble.as_deref().unwrap_or("").starts_with(code)).await;
            assert_eq!(office.row(id).await.state, "active");
        }
        office.close().await;
    })
    .await;
}
