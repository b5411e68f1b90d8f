//! Proofs: broken ones are compared, mended, or become a finding.

use crate::engine::on_both;
use crate::feed::{end, full, line, number, orders, page, take, texts};
use muara_schemas::page::{Page, Record, RunKind};

/// What the connector answers to `compare`.
fn comparison(run: u8, prev: u8, have: &[Record]) -> Page {
    let list = have.iter().map(|record| (record.key.clone(), record.hash)).collect();
    Page { kind: RunKind::Compare, have: list, end: Some(end(1, have)), ..page(run, Some(prev), 1) }
}

#[tokio::test]
async fn an_equal_proof_is_noted_with_the_run() {
    on_both(async |engine| {
        take(&engine.hub, vec![full(1, None, vec![line("a", 1), line("b", 2)])]).await;
        assert_eq!(texts(&engine.hub, "select proof_state from streams").await, ["equal"]);
        assert_eq!(number(&engine.hub, "select hub_count from runs where hub_digest = proof_digest").await, 2);
    })
    .await;
}

#[tokio::test]
async fn what_the_hub_has_too_much_is_tombstoned_after_a_comparison() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let (a, b) = (line("a", 1), line("b", 2));
        take(hub, vec![full(1, None, vec![a.clone(), b])]).await;
        // A connector without its state does not know that `b` is gone.
        take(hub, vec![full(2, None, vec![a.clone()])]).await;
        assert_eq!(orders(hub).await, ["compare"]);

        take(hub, vec![comparison(3, 2, &[a])]).await;

        assert_eq!(texts(hub, "select key from records where deleted_at is not null").await, ["b"]);
        assert_eq!(texts(hub, "select proof_state from streams").await, ["equal"]);
    })
    .await;
}

#[tokio::test]
async fn what_the_hub_lacks_is_read_again_and_mends_the_proof() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let (a, b) = (line("a", 1), line("b", 2));
        // The connector skips `b` as unchanged, but the hub never had it.
        take(
            hub,
            vec![Page { records: vec![a.clone()], end: Some(end(1, &[a.clone(), b.clone()])), ..page(1, None, 1) }],
        )
        .await;
        take(hub, vec![comparison(2, 1, &[a.clone(), b.clone()])]).await;
        assert_eq!(orders(hub).await, ["compare", "reread"]);

        take(hub, vec![Page { records: vec![b.clone()], end: Some(end(1, &[a, b])), ..page(3, Some(2), 1) }]).await;
        assert_eq!(texts(hub, "select proof_state from streams").await, ["equal"]);
        assert_eq!(number(hub, "select count(*) from findings").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_reading_again_does_not_mend_is_a_finding_and_later_mended() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let (a, b) = (line("a", 1), line("b", 2));
        let lying = |run, prev| Page {
            records: vec![a.clone()],
            end: Some(end(1, &[a.clone(), b.clone()])),
            ..page(run, prev, 1)
        };
        take(hub, vec![lying(1, None)]).await;
        take(hub, vec![comparison(2, 1, &[a.clone(), b.clone()])]).await;
        take(hub, vec![lying(3, Some(2))]).await;
        assert_eq!(texts(hub, "select proof_state from streams").await, ["broken"]);
        assert_eq!(texts(hub, "select kind from findings where closed_at is null").await, ["proof"]);

        take(hub, vec![full(4, Some(3), vec![a.clone(), b.clone()])]).await;
        assert_eq!(number(hub, "select count(*) from findings where closed_at is null").await, 0);
        assert_eq!(
            texts(hub, "select op from changes where kind = 'run' order by seq").await,
            ["proof-broken", "proof-mended"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_repair_keeps_the_guards_for_deletes() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let many: Vec<Record> = (0..20).map(|n| line(&format!("k{n:02}"), n)).collect();
        take(hub, vec![full(1, None, many.clone())]).await;
        take(hub, vec![full(2, None, many[..5].to_vec())]).await;
        take(hub, vec![comparison(3, 2, &many[..5])]).await;

        assert_eq!(number(hub, "select count(*) from records where deleted_at is null").await, 20);
        assert_eq!(texts(hub, "select kind from findings where closed_at is null").await, ["deletes-held"]);
        assert_eq!(texts(hub, "select proof_state from streams").await, ["equal"], "held keys stand aside");
    })
    .await;
}
