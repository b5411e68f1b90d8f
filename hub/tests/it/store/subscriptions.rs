//! Subscriptions: who tells one, and what moves it on.

use muara_hub::Hub;
use muara_hub::store::subscriptions::{self, New, Progress};
use muara_hub::store::{Error, head};
use muara_schemas::Moment;

use crate::engine::on_both;

const AT: Moment = Moment::from_micros(1_700_000_000_000_000);

/// A subscription that somebody tells; its number.
async fn told(hub: &Hub) -> i64 {
    let mut tx = hub.db.write().await.unwrap();
    let new = New {
        id: "sub-a",
        name: "a test",
        kind: "webhook",
        key: "k",
        target: "{}".into(),
        filter: "{}".into(),
        fields: None,
        by: "a test",
        cursor: 5,
        with_snapshot: false,
    };
    subscriptions::put(&mut tx, new, "00000000", AT).await.unwrap();
    let number = subscriptions::find(&mut tx, "sub-a", None).await.unwrap().unwrap().subscription;
    assert!(subscriptions::lease(&mut tx, number, "one", 15).await.unwrap().is_some());
    tx.commit().await.unwrap();
    number
}

#[tokio::test]
async fn a_lease_keeps_others_away_until_it_is_given_back() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let number = told(hub).await;
        let mut tx = hub.db.write().await.unwrap();
        assert!(subscriptions::lease(&mut tx, number, "other", 15).await.unwrap().is_none());
        assert!(subscriptions::lease(&mut tx, number, "one", 15).await.unwrap().is_some());
        subscriptions::release(&mut tx, number, "one").await.unwrap();
        assert!(subscriptions::lease(&mut tx, number, "other", 15).await.unwrap().is_some());
        let (from, to) = (Progress { cursor: 5, ..Progress::default() }, Progress { cursor: 6, ..Progress::default() });
        let late = subscriptions::advance(&mut tx, (number, "one"), &from, &to, (1, AT)).await;
        assert!(matches!(late, Err(Error::Lost(_))), "{}", engine.name);
        tx.commit().await.unwrap();
    })
    .await;
}

/// An order that comes while events are under way is not undone by what is saved of them.
#[tokio::test]
async fn whoever_moves_on_finds_what_was_ordered_meanwhile() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let number = told(hub).await;
        let (from, to) = (Progress { cursor: 5, ..Progress::default() }, Progress { cursor: 6, ..Progress::default() });

        let mut tx = hub.db.write().await.unwrap();
        subscriptions::replay(&mut tx, number, 1, 4).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = hub.db.write().await.unwrap();
        let late = subscriptions::advance(&mut tx, (number, "one"), &from, &to, (1, AT)).await;
        assert!(matches!(late, Err(Error::Lost(_))), "{}", engine.name);
        drop(tx);
        let mut tx = hub.db.write().await.unwrap();
        let row = subscriptions::one(&mut tx, number).await.unwrap().unwrap();
        assert_eq!((row.cursor, row.replay_at, row.replay_until), (5, Some(1), Some(4)));

        let head = head::read(&mut tx).await.unwrap();
        subscriptions::restart(&mut tx, number, "asked", &head, true).await.unwrap();
        let row = subscriptions::one(&mut tx, number).await.unwrap().unwrap();
        let late = subscriptions::advance(&mut tx, (number, "one"), &from, &to, (1, AT)).await;
        assert!(matches!(late, Err(Error::Lost(_))));
        assert_eq!((row.resync.as_deref(), row.snapshot, row.replay_at), (Some("asked"), Some(0), None));
        let word = Progress { resync: None, ..row.progress() };
        subscriptions::advance(&mut tx, (number, "one"), &row.progress(), &word, (1, AT)).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
}
