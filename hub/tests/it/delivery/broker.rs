//! Subscriptions with a queue of their own, and the exchange of changes.

use std::future::Future;

use muara_hub::Hub;
use muara_hub::store::{head, keys};
use muara_schemas::page::Page;
use serde_json::json;

use super::rig::{Broker, Office, briefs, queue_from};
use crate::caller::{application, of_agencies};
use crate::engine::{self, Engine};
use crate::feed::{HEALTH, WORKS, end, example, full, line, line_of, record, take};

/// Runs a test on both engines, over a broker.
async fn on_both<F: Future<Output = ()>>(test: impl Fn(Engine, Broker) -> F) {
    for open in [engine::Kind::Sqlite, engine::Kind::Postgres] {
        let (broker, bus) = Broker::open().await;
        test(engine::with_bus(open, bus).await, broker).await;
    }
}

async fn write(hub: &Hub, page: Page) {
    take(hub, vec![page]).await;
    hub.news.notify_waiters();
}

#[tokio::test]
async fn a_snapshot_goes_over_into_what_comes_without_a_gap_or_a_repeat() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        write(hub, full(1, None, vec![line("a", 1), line("b", 2)])).await;
        let rest = vec![line("a", 1)];
        write(hub, Page { gone: vec!["b".into()], end: Some(end(1, &rest)), ..full(2, Some(1), rest) }).await;
        let office = Office::open(hub, application()).await;

        let made = office.subscribe(queue_from("snapshot", json!({"record_types": ["budget-line"]}))).await;
        office.until(&made.id, "the queue is there", |row| row.told > 0).await;
        let mut queue = broker.read(made.queue.as_deref().unwrap()).await;
        write(hub, full(3, Some(2), vec![line("a", 5), line("c", 6)])).await;

        let mut told = queue.told(3).await;
        told[1..].sort();
        assert_eq!(told, briefs(&[("read", "1.00"), ("created", "6.00"), ("updated", "5.00")]), "{}", engine.name);
        assert!(queue.is_silent().await);
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_is_the_event_and_its_properties_repeat_it() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(queue_from("beginning", json!({}))).await;
        write(hub, full(1, None, vec![line("a", 1)])).await;
        office.told_all(&made.id).await;

        let letter = broker.read(made.queue.as_deref().unwrap()).await.next().await;

        let event = &letter.event;
        assert_eq!((&event["specversion"], &event["type"]), (&json!("1.0"), &json!("muara.budget-line.created.v1")));
        assert_eq!((json!(letter.id), json!(letter.kind)), (event["id"].clone(), event["type"].clone()));
        for name in ["id", "source", "type", "subject", "dataschema", "sequence", "specversion"] {
            assert_eq!(json!(letter.headers[&format!("ce-{name}")]), event[name], "{name}");
        }
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_filter_narrows_and_a_record_that_leaves_it_is_told_as_gone() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        let office = Office::open(hub, application()).await;
        let of_health = office
            .subscribe(queue_from("beginning", json!({"agencies": [HEALTH], "types": ["muara.budget-line.*"]})))
            .await;
        let large = json!({"where": [{"path": "$.data.after.amount", "op": "gte", "value": "100.00"}]});
        let large = office.subscribe(queue_from("beginning", large)).await;

        write(hub, full(1, None, vec![line("a", 10), line_of(WORKS, "b", 200)])).await;
        write(hub, full(2, Some(1), vec![line_of(WORKS, "a", 99), line_of(WORKS, "b", 300)])).await;
        for made in [&of_health, &large] {
            office.told_all(&made.id).await;
        }

        let mut queue = broker.read(of_health.queue.as_deref().unwrap()).await;
        assert_eq!(queue.told(2).await, briefs(&[("created", "10.00"), ("deleted", "10.00")]), "{}", engine.name);
        assert!(queue.is_silent().await);
        let mut queue = broker.read(large.queue.as_deref().unwrap()).await;
        assert_eq!(queue.told(2).await, briefs(&[("created", "200.00"), ("updated", "300.00")]));
        assert!(queue.is_silent().await);
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_comes_while_a_subscription_is_paused_is_told_when_it_is_taken_up() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(queue_from("now", json!({}))).await;
        write(hub, full(1, None, vec![line("a", 1)])).await;
        office.told_all(&made.id).await;

        office.order(&made.id, json!({"do": "pause"})).await;
        write(hub, full(2, Some(1), vec![line("a", 2)])).await;
        let mut queue = broker.read(made.queue.as_deref().unwrap()).await;
        assert_eq!(queue.told(1).await, briefs(&[("created", "1.00")]));
        assert!(queue.is_silent().await);
        office.order(&made.id, json!({"do": "resume"})).await;

        assert_eq!(queue.told(1).await, briefs(&[("updated", "2.00")]), "{}", engine.name);
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn after_a_restore_a_subscriber_is_told_to_start_anew_and_ends_with_what_stands() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        write(hub, full(1, None, vec![line("a", 1), line("b", 2)])).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(queue_from("now", json!({"record_types": ["budget-line"]}))).await;
        let bound = broker.bind("by-hand", "#").await;
        let mut exchange = broker.read(&bound).await;
        office.close().await;

        let mut tx = hub.db.write().await.unwrap();
        head::renew_epoch(&mut tx, [0xab, 0xcd, 0xef, 1]).await.unwrap();
        tx.commit().await.unwrap();
        let office = office.again();
        office.until(&made.id, "it started anew", |row| row.epoch == "abcdef01" && row.snapshot.is_none()).await;
        office.told_all(&made.id).await;

        let mut queue = broker.read(made.queue.as_deref().unwrap()).await;
        let word = queue.next().await;
        assert_eq!(
            (word.kind.as_str(), &word.event["data"]["reason"]),
            ("muara.subscription.resync.v1", &json!("restored"))
        );
        assert_eq!(queue.told(2).await, briefs(&[("read", "1.00"), ("read", "2.00")]), "{}", engine.name);
        let word = exchange.next().await;
        assert_eq!(
            (word.key.as_str(), word.kind.as_str()),
            ("subscription.resync._._", "muara.subscription.resync.v1")
        );
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_exchange_carries_every_change_masked_by_its_routing_key() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        let office = Office::open(hub, application()).await;
        let (lines, people) =
            (broker.bind("lines", "budget-line.*.33-02.#").await, broker.bind("people", "employee.#").await);
        let (mut lines, mut people) = (broker.read(&lines).await, broker.read(&people).await);
        let body = example("employee", &json!({}));
        let nip = body["nip"].as_str().unwrap();
        let staff = Page {
            record_type: "employee".into(),
            stream: "pegawai".into(),
            ..full(9, None, vec![record(nip, &body)])
        };

        write(hub, full(1, None, vec![line("a", 1)])).await;
        write(hub, staff).await;

        let letter = lines.next().await;
        assert_eq!(letter.key, format!("budget-line.created.33-02.{}", HEALTH.replace('.', "-")));
        let letter = people.next().await;
        let text = format!("{}{}{:?}", letter.event, letter.key, letter.headers);
        assert!(!text.contains(nip) && !text.contains(body["name"].as_str().unwrap()), "{}: {text}", engine.name);
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_gone_is_opened_again_and_one_that_is_full_holds_up_nobody_else() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        let office = Office::open(hub, application()).await;
        let (first, second) = (
            office.subscribe(queue_from("now", json!({}))).await,
            office.subscribe(queue_from("now", json!({}))).await,
        );
        write(hub, full(1, None, vec![line("a", 1)])).await;
        for made in [&first, &second] {
            office.told_all(&made.id).await;
        }

        broker.delete(first.queue.as_deref().unwrap()).await;
        write(hub, full(2, Some(1), vec![line("a", 2)])).await;
        office.told_all(&second.id).await;
        office.told_all(&first.id).await;

        let mut queue = broker.read(first.queue.as_deref().unwrap()).await;
        assert_eq!(
            queue.told(1).await,
            briefs(&[("updated", "2.00")]),
            "{}: what was in it is gone with it",
            engine.name
        );
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_subscription_ends_with_its_key_and_is_bound_to_what_the_key_may_see() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        let office = Office::open(hub, of_agencies(&[HEALTH])).await;
        let made = office.subscribe(queue_from("beginning", json!({}))).await;
        write(hub, full(1, None, vec![line("a", 1), line_of(WORKS, "b", 2)])).await;
        office.told_all(&made.id).await;
        let mut queue = broker.read(made.queue.as_deref().unwrap()).await;
        assert_eq!(queue.told(1).await, briefs(&[("created", "1.00")]));

        let mut tx = hub.db.write().await.unwrap();
        keys::revoke(&mut tx, &office.key, hub.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        write(hub, full(2, Some(1), vec![line("a", 3), line_of(WORKS, "b", 2)])).await;

        office.until(&made.id, "it is paused", |row| row.state == "paused").await;
        assert_eq!(office.row(&made.id).await.reason.as_deref(), Some("its key was taken back"), "{}", engine.name);
        assert!(queue.is_silent().await);
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_stretch_is_told_again_with_the_same_ids() {
    on_both(async |engine, broker| {
        let hub = &engine.hub;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(queue_from("now", json!({}))).await;
        write(hub, full(1, None, vec![line("a", 1), line("b", 2), line("c", 3)])).await;
        office.told_all(&made.id).await;
        let mut queue = broker.read(made.queue.as_deref().unwrap()).await;
        let ids = [queue.next().await.id, queue.next().await.id, queue.next().await.id];

        let counted =
            office.order(&made.id, json!({"do": "replay", "after": ids[0], "until": ids[2], "dry_run": true})).await;
        assert_eq!((&counted["count"], &counted["counted_whole"]), (&json!(2), &json!(true)));
        assert!(queue.is_silent().await, "{}: counting tells nothing", engine.name);
        office.order(&made.id, json!({"do": "replay", "after": ids[0], "until": ids[2]})).await;

        assert_eq!([queue.next().await.id, queue.next().await.id], ids[1..]);
        office.until(&made.id, "it is over", |row| row.replay_at.is_none()).await;
        office.close().await;
    })
    .await;
}
