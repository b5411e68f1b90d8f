//! Pages come in: once, in order, whatever happens.

use crate::engine::on_both;
use crate::feed::{broken, end, full, line, number, orders, page, take, texts};
use muara_schemas::page::{Page, RunKind};

#[tokio::test]
async fn a_record_becomes_one_change_and_the_same_again_none() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![full(1, None, vec![line("a", 10), line("b", 20)])]).await;
        take(hub, vec![full(2, Some(1), vec![line("a", 10), line("b", 21)])]).await;

        assert_eq!(number(hub, "select seq from log_head").await, 3, "{}", engine.name);
        assert_eq!(texts(hub, "select op from changes order by seq").await, ["created", "created", "updated"]);
        assert_eq!(number(hub, "select version from records where key = 'b'").await, 2);
        assert_eq!(number(hub, "select unchanged from runs order by started_at, run desc limit 1").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_page_that_comes_twice_counts_once() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let first = Page { records: vec![line("a", 10)], ..page(1, None, 1) };
        take(hub, vec![first.clone(), first.clone()]).await;
        take(hub, vec![first]).await;

        assert_eq!(number(hub, "select applied + unchanged from runs").await, 1);
        assert_eq!(number(hub, "select pages_seen from runs").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_late_page_of_a_run_that_is_over_brings_no_old_value_back() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let old = Page { records: vec![line("a", 10)], ..page(1, None, 1) };
        take(hub, vec![old.clone()]).await;
        take(hub, vec![Page { records: vec![line("a", 99)], ..page(2, Some(1), 1) }]).await;
        take(hub, vec![old]).await;

        assert_eq!(number(hub, "select version from records").await, 2);
        assert_eq!(texts(hub, "select body ->> 'amount' from changes order by seq desc limit 1").await, ["99.00"]);
        assert!(orders(hub).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_run_with_another_past_is_refused_and_told_once_to_start_anew() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![full(1, None, vec![line("a", 10)])]).await;
        let stranger = |number| Page { records: vec![line("a", 66)], ..page(9, Some(8), number) };
        take(hub, vec![stranger(1), stranger(2)]).await;
        take(hub, vec![stranger(3)]).await;

        assert_eq!(orders(hub).await, ["reset"]);
        assert_eq!(number(hub, "select version from records").await, 1);

        take(hub, vec![full(10, None, vec![line("a", 66)])]).await;
        assert_eq!(number(hub, "select version from records").await, 2, "prev: none is always accepted");
    })
    .await;
}

#[tokio::test]
async fn a_second_reset_within_the_hour_opens_a_finding_and_a_third_is_not_sent() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![full(1, None, vec![line("a", 10)])]).await;
        for stranger in 20..24 {
            take(hub, vec![page(stranger, Some(19), 1)]).await;
        }
        assert_eq!(orders(hub).await.len(), 2);
        assert_eq!(texts(hub, "select kind from findings where closed_at is null").await, ["resets"]);

        hub.clock.advance_secs(3_601);
        take(hub, vec![page(30, Some(19), 1)]).await;
        assert_eq!(orders(hub).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_ends_with_a_page_missing_starts_anew() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let last = Page { end: Some(end(3, &[])), ..page(1, None, 3) };
        take(hub, vec![page(1, None, 1), last]).await;
        assert_eq!(texts(hub, "select state from runs").await, ["broken"]);
        assert_eq!(orders(hub).await, ["reset"]);

        take(hub, vec![Page { records: vec![line("a", 1)], ..page(1, None, 2) }]).await;
        assert_eq!(number(hub, "select count(*) from records").await, 0, "a stopped run is stopped");
    })
    .await;
}

#[tokio::test]
async fn quarantine_holds_one_open_entry_per_key_until_a_valid_read() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let sick = |run, prev, raw: &str| Page { quarantined: vec![broken(Some("a"), raw)], ..page(run, prev, 1) };
        take(hub, vec![sick(1, None, "x")]).await;
        take(hub, vec![sick(2, Some(1), "x")]).await;
        take(hub, vec![sick(3, Some(2), "y")]).await;
        assert_eq!(texts(hub, "select state from quarantine order by entry").await, ["replaced", "open"]);

        take(hub, vec![full(4, Some(3), vec![line("a", 5)])]).await;
        assert_eq!(texts(hub, "select state from quarantine order by entry").await, ["replaced", "superseded"]);
    })
    .await;
}

#[tokio::test]
async fn an_entry_without_a_key_closes_when_a_complete_read_no_longer_brings_it() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let sick =
            |run, prev| Page { quarantined: vec![broken(None, "x")], end: Some(end(1, &[])), ..page(run, prev, 1) };
        take(hub, vec![sick(1, None)]).await;
        take(hub, vec![sick(2, Some(1))]).await;
        assert_eq!(texts(hub, "select state from quarantine").await, ["open"]);
        take(hub, vec![full(3, Some(2), vec![])]).await;
        assert_eq!(texts(hub, "select state from quarantine").await, ["superseded"]);
    })
    .await;
}

#[tokio::test]
async fn a_gone_key_is_tombstoned_and_keeps_its_last_values() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![full(1, None, vec![line("a", 10), line("b", 20)])]).await;
        let rest = vec![line("b", 20)];
        take(
            hub,
            vec![Page { gone: vec!["a".into(), "never".into()], end: Some(end(1, &rest)), ..page(2, Some(1), 1) }],
        )
        .await;

        assert_eq!(texts(hub, "select key from records where deleted_at is not null").await, ["a"]);
        assert_eq!(texts(hub, "select op from changes order by seq").await, ["created", "created", "deleted"]);
        assert_eq!(number(hub, "select body_seq from records where key = 'a'").await, 1);
        assert_eq!(number(hub, "select deleted from runs where kind = 'full' and prev is not null").await, 1);

        take(hub, vec![full(3, Some(2), vec![line("a", 10), line("b", 20)])]).await;
        assert_eq!(number(hub, "select version from records where key = 'a' and deleted_at is null").await, 3);
    })
    .await;
}

#[tokio::test]
async fn held_keys_stay_and_are_told_until_a_read_finds_them() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let (a, b) = (line("a", 10), line("b", 20));
        take(hub, vec![full(1, None, vec![a.clone(), b.clone()])]).await;
        let mut held_end = end(1, std::slice::from_ref(&b));
        held_end.counts.held = 1;
        take(hub, vec![Page { held: vec!["a".into()], end: Some(held_end), ..page(2, Some(1), 1) }]).await;
        assert_eq!(number(hub, "select count(*) from records where deleted_at is null").await, 2);
        assert_eq!(texts(hub, "select kind from findings where closed_at is null").await, ["deletes-held"]);
        assert_eq!(texts(hub, "select proof_state from streams").await, ["equal"], "held keys stand aside");

        take(hub, vec![full(3, Some(2), vec![a, b])]).await;
        assert_eq!(number(hub, "select count(*) from records where held <> 0").await, 0);
        assert_eq!(number(hub, "select count(*) from findings where closed_at is null").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_failed_run_enters_the_log_once_and_so_does_its_recovery() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let failing = |run, prev| {
            let mut end = end(1, &[]);
            (end.complete, end.proof, end.failure) = (false, None, Some("E0203 the source is away".into()));
            Page { kind: RunKind::Incremental, end: Some(end), ..page(run, prev, 1) }
        };
        take(hub, vec![full(1, None, vec![])]).await;
        take(hub, vec![failing(2, Some(1))]).await;
        take(hub, vec![failing(3, Some(2))]).await;
        take(hub, vec![full(4, Some(3), vec![])]).await;
        take(hub, vec![full(5, Some(4), vec![])]).await;
        assert_eq!(texts(hub, "select op from changes where kind = 'run' order by seq").await, ["failed", "recovered"]);
    })
    .await;
}

#[tokio::test]
async fn entries_are_found_however_many_are_open() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let sick = |count: u32, keyless: bool| {
            (0..count)
                .map(move |at| broken((!keyless).then(|| format!("k{at:04}")).as_deref(), &at.to_string()))
                .collect()
        };
        for (number, first) in (1..=4).zip([0, 400, 800, 1_200]) {
            let all: Vec<_> = sick(first + 400, false);
            take(hub, vec![Page { quarantined: all[first as usize..].to_vec(), ..page(1, None, number) }]).await;
        }
        take(hub, vec![Page { quarantined: sick(5, true), ..page(1, None, 5) }]).await;

        let again: Vec<_> = sick(10, false);
        take(hub, vec![Page { quarantined: [again, sick(5, true)].concat(), ..page(2, Some(1), 1) }]).await;
        take(hub, vec![Page { records: vec![line("k1500", 1)], gone: vec!["k1501".into()], ..page(2, Some(1), 2) }])
            .await;

        let states = "select state || ' ' || cast(count(*) as text) from quarantine group by state order by state";
        assert_eq!(texts(hub, states).await, ["open 1603", "superseded 2"], "{}", engine.name);
        assert_eq!(number(hub, "select count(distinct run) from quarantine").await, 2, "seen again by the second run");
    })
    .await;
}
