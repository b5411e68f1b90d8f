//! What becomes of an endpoint in the long run: given up, paused, a new secret, a restore, a backlog, a bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use muara_hub::store::deliveries::{self, Delivery};
use muara_hub::store::head;
use muara_schemas::page::Page;
use serde_json::json;

use super::{hook, listed, on_both, stand, states, write};
use crate::caller::application;
use crate::delivery::receiver::Receiver;
use crate::delivery::rig::{Office, briefs};
use crate::feed::{end, full, line};

#[tokio::test]
async fn after_ten_attempts_an_event_is_given_up_and_can_be_sent_again() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let receiver = Receiver::answering(|_, count| (if count < 10 { 500 } else { 200 }, None)).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        write(hub, full(1, None, vec![line("a", 1)])).await;
        for count in 1..=10 {
            receiver.came(count).await;
            let noted =
                |row: &muara_hub::store::subscriptions::Subscription| row.failed == i64::try_from(count).unwrap();
            office.until(&made.id, "the failure is noted", noted).await;
            // Longer than any pause, shorter than the five days after which an endpoint is paused, all in all.
            hub.clock.advance_secs([7, 370, 2_200, 8_700, 21_700, 43_300, 60_500, 86_500, 103_700, 0][count - 1]);
        }
        stand(&office, &made.id, &["given-up"]).await;
        let row = listed(&office, &made.id).await.remove(0);
        assert_eq!(row.attempts, 10, "{}", engine.name);
        hub.clock.advance_secs(400);

        let mut tx = hub.db.write().await.unwrap();
        let number = office.row(&made.id).await.subscription;
        let again = deliveries::Again::One(row.delivery);
        assert_eq!(deliveries::resend(&mut tx, number, again, hub.clock.now()).await.unwrap(), 1);
        tx.commit().await.unwrap();

        stand(&office, &made.id, &["delivered"]).await;
        assert_eq!(receiver.taken().len(), 1);
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_fails_for_five_days_is_paused_and_goes_on_when_resumed() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let is_mended = Arc::new(AtomicBool::new(false));
        let mended = Arc::clone(&is_mended);
        let receiver =
            Receiver::answering(move |_, _| (if mended.load(Ordering::SeqCst) { 200 } else { 503 }, None)).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        write(hub, full(1, None, vec![line("a", 1), line("b", 2)])).await;
        for tried in 1..=8 {
            office.until(&made.id, "another failure", |row| row.failed >= tried || row.state == "paused").await;
            hub.clock.advance_secs(24 * 3_600 + 1);
        }

        office.until(&made.id, "it is paused", |row| row.state == "paused").await;

        assert!(office.row(&made.id).await.reason.unwrap().contains("E0647"), "{}", engine.name);
        is_mended.store(true, Ordering::SeqCst);
        office.order(&made.id, json!({"do": "resume"})).await;
        hub.clock.advance_secs(24 * 3_600);
        stand(&office, &made.id, &["delivered", "delivered"]).await;
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_new_secret_signs_beside_the_old_one_for_a_day() {
    on_both(async |engine| {
        let (hub, receiver) = (&engine.hub, Receiver::open().await);
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        let old = made.secret.unwrap();
        let done = office.order(&made.id, json!({"do": "rotate"})).await;
        let new = done["secret"].as_str().unwrap();
        write(hub, full(1, None, vec![line("a", 1)])).await;
        receiver.came(1).await;
        hub.clock.advance_secs(24 * 3_600 + 1);
        write(hub, full(2, Some(1), vec![line("a", 2)])).await;

        let requests = receiver.came(2).await;

        let signed = requests[0].header("webhook-signature");
        let expected = format!("{} {}", requests[0].expected(new), requests[0].expected(&old));
        assert_eq!(signed, expected, "{}", engine.name);
        assert_eq!(requests[1].header("webhook-signature"), requests[1].expected(new));
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_test_event_arrives_and_says_nothing() {
    on_both(async |engine| {
        let (hub, receiver) = (&engine.hub, Receiver::open().await);
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "now")).await;

        let done = office.order(&made.id, json!({"do": "test"})).await;
        let request = receiver.came(1).await.remove(0);

        assert_eq!((&request.event["id"], &request.event["data"]["op"]), (&done["event"], &json!("test")));
        stand(&office, &made.id, &["delivered"]).await;
        office.close().await;
        assert_eq!(receiver.requests().len(), 1, "{}", engine.name);
    })
    .await;
}

#[tokio::test]
async fn after_a_restore_an_endpoint_is_told_to_start_anew_and_ends_with_what_stands() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let is_mended = Arc::new(AtomicBool::new(false));
        let mended = Arc::clone(&is_mended);
        let receiver =
            Receiver::answering(move |_, _| (if mended.load(Ordering::SeqCst) { 200 } else { 500 }, None)).await;
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "beginning")).await;
        write(hub, full(1, None, vec![line("a", 1), line("b", 2)])).await;
        office.until(&made.id, "something waits", |row| row.failed > 0).await;
        office.close().await;
        let rest = vec![line("a", 3)];
        write(hub, Page { gone: vec!["b".into()], end: Some(end(1, &rest)), ..full(2, Some(1), rest) }).await;
        let mut tx = hub.db.write().await.unwrap();
        head::renew_epoch(&mut tx, [0xab, 0xcd, 0xef, 1]).await.unwrap();
        tx.commit().await.unwrap();
        let count = receiver.requests().len();
        is_mended.store(true, Ordering::SeqCst);
        hub.clock.advance_secs(60);

        let office = office.again();
        let came = receiver.came(count + 2).await.split_off(count);

        assert_eq!(
            (&came[0].event["data"]["op"], &came[0].event["data"]["reason"]),
            (&json!("resync"), &json!("restored"))
        );
        assert_eq!(receiver.taken().split_off(1), briefs(&[("read", "3.00")]), "{}", engine.name);
        office.told_all(&made.id).await;
        assert!(states(&office, &made.id).await.iter().all(|state| state == "delivered"));
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn with_ten_thousand_deliveries_behind_others_nothing_new_is_read() {
    on_both(async |engine| {
        let (hub, receiver) = (&engine.hub, Receiver::open().await);
        let office = Office::open(hub, application()).await;
        let made = office.subscribe(hook(&receiver.url, "now")).await;
        let number = office.row(&made.id).await.subscription;
        let behind = |place: i64| Delivery {
            delivery: 0,
            event: format!("old-{place}"),
            kind: "muara.budget-line.updated.v1".into(),
            subject: "a record".into(),
            seq: 0,
            state: if place == 0 { "waiting" } else { "held" }.into(),
            body: Some(r#"{"data":{"op":"updated"}}"#.into()),
            attempts: 0,
            tries: "[]".into(),
            next_at: (place == 0).then_some(i64::MAX),
            created_at: hub.clock.now().micros(),
            ended_at: None,
        };
        let mut tx = hub.db.write().await.unwrap();
        deliveries::put(&mut tx, number, (0..10_000).map(behind).collect()).await.unwrap();
        tx.commit().await.unwrap();

        write(hub, full(1, None, vec![line("a", 1)])).await;
        // Long enough for a courier to look twice.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(receiver.requests().len(), 0, "{}", engine.name);
        office.order(&made.id, json!({"do": "recover", "since": "2023-01-01T00:00:00Z"})).await;

        office.told_all(&made.id).await;
        assert!(receiver.taken().contains(&("created".to_owned(), "1.00".to_owned())));
        office.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_bound_of_requests_in_a_second_is_kept() {
    on_both(async |engine| {
        let (hub, receiver) = (&engine.hub, Receiver::open().await);
        let office = Office::open(hub, application()).await;
        let wish = json!({"name": "a test", "from": "beginning", "filter": {"record_types": ["budget-line"]},
            "target": {"kind": "webhook", "url": receiver.url, "per_second": 20}});
        let made = office.subscribe(wish).await;
        let begun = std::time::Instant::now();
        write(hub, full(1, None, (0..21).map(|key| line(&format!("k{key}"), key + 1)).collect())).await;

        receiver.came(21).await;

        assert!(begun.elapsed() >= Duration::from_secs(1), "{}: {:?}", engine.name, begun.elapsed());
        office.told_all(&made.id).await;
        office.close().await;
    })
    .await;
}
