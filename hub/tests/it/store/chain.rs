//! Runs follow each other: what one of them lacks is never passed over.

use muara_hub::store::streams;
use muara_schemas::page::Page;

use crate::engine::on_both;
use crate::feed::{broken, end, full, line, number, orders, page, take, texts};

#[tokio::test]
async fn a_missing_page_is_noticed_although_the_next_run_came_with_it() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let last = Page { end: Some(end(3, &[])), ..page(1, None, 3) };
        let next = full(2, Some(1), vec![line("b", 2)]);

        take(hub, vec![Page { records: vec![line("a", 1)], ..page(1, None, 1) }, last, next]).await;

        assert_eq!(texts(hub, "select state from runs").await, ["broken"], "{}", engine.name);
        assert_eq!(number(hub, "select count(*) from records").await, 1, "the next run would hide what is missing");
        assert_eq!(orders(hub).await, ["reset"], "one order is enough");

        hub.clock.advance_secs(600);
        take(hub, vec![full(3, Some(2), vec![line("b", 2)])]).await;
        assert_eq!(orders(hub).await, ["reset", "reset"], "unless nobody obeyed it");
    })
    .await;
}

#[tokio::test]
async fn a_run_that_lost_a_page_and_its_end_is_noticed_by_the_next() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![page(1, None, 1), page(1, None, 3)]).await;
        take(hub, vec![full(2, Some(1), vec![line("a", 1)])]).await;

        assert_eq!(orders(hub).await, ["reset"], "{}", engine.name);
        take(hub, vec![full(3, None, vec![line("a", 1)])]).await;
        assert_eq!(number(hub, "select count(*) from records").await, 1, "a fresh start is always taken");
    })
    .await;
}

#[tokio::test]
async fn two_runs_that_come_together_leave_each_its_own_entries() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let sick = |run, prev, raw: &str| Page {
            quarantined: vec![broken(None, raw)],
            definition: format!("d{run}"),
            ..full(run, prev, vec![])
        };

        take(hub, vec![sick(1, None, "x"), sick(2, Some(1), "y")]).await;

        let entries = "select state || ' ' || definition from quarantine order by entry";
        assert_eq!(texts(hub, entries).await, ["superseded d1", "open d2"], "{}", engine.name);
    })
    .await;
}

#[tokio::test]
async fn after_a_restore_every_connector_starts_anew() {
    on_both(async |engine| {
        let hub = &engine.hub;
        // The copy was made in the middle of a run that went on afterwards.
        take(hub, vec![Page { records: vec![line("a", 1)], ..page(1, None, 1) }]).await;
        let mut tx = hub.db.write().await.unwrap();
        streams::unchain(&mut tx, hub.clock.now()).await.unwrap();
        tx.commit().await.unwrap();

        take(hub, vec![full(2, Some(1), vec![])]).await;

        assert_eq!(orders(hub).await, ["reset"], "{}: its later pages would never come", engine.name);
        assert_eq!(texts(hub, "select state from runs").await, ["abandoned"]);
    })
    .await;
}
