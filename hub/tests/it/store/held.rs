//! Deletes that wait for approval.

use muara_hub::proof;
use muara_hub::store::streams;
use muara_schemas::StreamName;
use muara_schemas::page::{Page, Record, RunKind};

use crate::engine::on_both;
use crate::feed::{end, full, line, number, page, take, texts};

fn many() -> Vec<Record> {
    (0..20).map(|n| line(&format!("k{n:02}"), n)).collect()
}

fn comparison(run: u8, prev: u8, have: &[Record]) -> Page {
    let list = have.iter().map(|record| (record.key.clone(), record.hash)).collect();
    Page { kind: RunKind::Compare, have: list, end: Some(end(1, have)), ..page(run, Some(prev), 1) }
}

#[tokio::test]
async fn what_a_repair_holds_stays_held_until_the_source_has_it_back() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let many = many();
        take(hub, vec![full(1, None, many.clone())]).await;
        take(hub, vec![full(2, None, many[..5].to_vec())]).await;
        take(hub, vec![comparison(3, 2, &many[..5])]).await;
        let notes = "select count(*) from changes where kind = 'finding'";
        assert_eq!(number(hub, notes).await, 1);

        take(hub, vec![full(4, Some(3), many[..5].to_vec())]).await;
        take(hub, vec![full(5, Some(4), many[..5].to_vec())]).await;
        assert_eq!(texts(hub, "select proof_state from streams").await, ["equal"], "{}", engine.name);
        assert_eq!(number(hub, notes).await, 1, "while nothing changes nothing enters the log");
        assert_eq!(number(hub, "select count(*) from records where held <> 0").await, 15);

        take(hub, vec![full(6, Some(5), many)]).await;
        assert_eq!(number(hub, "select count(*) from records where held <> 0").await, 0);
        assert_eq!(number(hub, "select count(*) from findings where closed_at is null").await, 0);
        assert_eq!(texts(hub, "select proof_state from streams").await, ["equal"]);
    })
    .await;
}

#[tokio::test]
async fn approval_does_what_it_says_after_a_restore_too() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let many = many();
        take(hub, vec![full(1, None, many.clone())]).await;
        let held = many[5..].iter().map(|record| record.key.clone()).collect();
        take(hub, vec![Page { held, ..full(2, Some(1), many[..5].to_vec()) }]).await;
        let mut tx = hub.db.write().await.unwrap();
        streams::unchain(&mut tx, hub.clock.now()).await.unwrap();
        tx.commit().await.unwrap();

        let name = StreamName::new("33.02", "sipd", "dpa");
        assert_eq!(proof::approve(&hub.db, &name, 15, hub.clock.now()).await.unwrap(), 15);

        assert_eq!(number(hub, "select count(*) from records where deleted_at is null").await, 5, "{}", engine.name);
    })
    .await;
}

#[tokio::test]
async fn approval_carries_the_deletes_out_once() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let many = many();
        let name = StreamName::new("33.02", "sipd", "dpa");
        take(hub, vec![full(1, None, many.clone())]).await;
        let held = || many[5..].iter().map(|record| record.key.clone()).collect::<Vec<_>>();
        let holding = |run, prev| Page { held: held(), ..full(run, Some(prev), many[..5].to_vec()) };
        take(hub, vec![holding(2, 1)]).await;

        let approve = async |count| proof::approve(&hub.db, &name, count, hub.clock.now()).await.unwrap();
        let told = "select detail from findings where closed_at is null";
        assert!(texts(hub, told).await[0].starts_with("15 records"), "{}", engine.name);
        assert_eq!(approve(14).await, 15, "not what somebody looked at");
        assert_eq!(number(hub, "select count(*) from records where deleted_at is null").await, 20);

        assert_eq!(approve(15).await, 15);

        assert_eq!(number(hub, "select count(*) from records where deleted_at is null").await, 5, "{}", engine.name);
        assert_eq!(number(hub, "select count(*) from findings where closed_at is null").await, 0);
        assert_eq!(approve(15).await, 0);
        // The connector still holds them.
        take(hub, vec![holding(3, 2)]).await;
        assert_eq!(number(hub, "select count(*) from findings where closed_at is null").await, 0);
        assert_eq!(texts(hub, "select proof_state from streams").await, ["equal"]);
        assert_eq!(number(hub, "select count(*) from changes where op = 'deleted'").await, 15);
    })
    .await;
}
