//! Orders of the hub, announcements and signs of life.

use std::time::Duration;

use muara_connectors::state::State;
use muara_schemas::StreamName;
use muara_schemas::control::{self, Order};
use muara_schemas::page::{RunId, RunKind};

use crate::rig::{DEADLINE, Rig, until};
use crate::sqlite::{exec, rig};

const WHOLE: &str = "    read: {table: dpa}\n";

async fn filled() -> (Rig, sqlx::SqlitePool) {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, "insert into dpa values ('a', 1, null, null), ('b', 2, null, null), ('c', 'x', null, null)").await;
    rig.run(false).await;
    (rig, db)
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_forgets_and_reads_whole_with_no_run_before_it() {
    let (mut rig, _db) = filled().await;
    let answer = rig.command(Order::Reset { reason: "a page is missing".to_owned() }).await;
    assert!(answer.done);
    rig.idle().await;
    let kept = rig.hub.keep();
    let runs = kept.runs("dpa");
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[1].1, None);
    assert_eq!(kept.pages.iter().filter(|page| page.run == runs[1].0).map(|page| page.records.len()).sum::<usize>(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_stops_a_run_that_nobody_confirms() {
    let (mut rig, db) = filled().await;
    exec(&db, "insert into dpa values ('d', 4, null, null)").await;
    rig.hub.allow(0);
    let begun = {
        let hub = rig.hub.clone();
        let bus = rig.bus.clone();
        let name = rig.name();
        let expires_at = muara_schemas::Clock::system().now().plus_secs(3_600);
        let run = rig.start().await.run_all(true);
        let reset = async {
            let order = Order::Reset { reason: "test".to_owned() };
            let command = muara_schemas::control::Command { id: "0".repeat(32), expires_at, stream: name, order };
            bus.command(&command).await.unwrap();
            until("the reset is answered", || hub.keep().answers.iter().find(|answer| answer.done).cloned()).await;
            hub.allow(usize::MAX);
        };
        let (reports, ()) = tokio::join!(run, reset);
        reports[0].clone()
    };
    assert!(begun.failure.as_deref().is_some_and(|failure| failure.starts_with("E0209")), "{:?}", begun.failure);
    rig.idle().await;
    let report = rig.start().await.reports().remove(0);
    assert_eq!((report.failure, report.counts.published), (None, 3));
    assert_eq!(rig.hub.keep().pages.last().unwrap().prev, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_lists_what_stands() {
    let (mut rig, _db) = filled().await;
    let answer = rig.command(Order::Compare { run: RunId::new([0; 16]) }).await;
    assert_eq!((answer.done, answer.detail.as_deref()), (true, Some("2 keys")));
    let kept = rig.hub.keep();
    kept.check_runs();
    let page = kept.pages.last().unwrap();
    assert_eq!((page.kind, page.prev), (RunKind::Compare, Some(kept.pages[0].run)));
    let have: Vec<(&str, _)> = page.have.iter().map(|(key, hash)| (key.as_str(), *hash)).collect();
    assert_eq!(
        have,
        [("a", kept.records["dpa"]["a"].0), ("b", kept.records["dpa"]["b"].0)],
        "in key order, without quarantine"
    );
    let listed = page.end.as_ref().and_then(|end| end.proof);
    assert_eq!(listed, Some(kept.proof("dpa")), "the proof is over the very rows that are listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn reread_sends_keys_again() {
    let (mut rig, _db) = filled().await;
    let answer = rig.command(Order::Reread { keys: vec!["b".to_owned(), "unknown".to_owned()] }).await;
    assert!(answer.done, "{answer:?}");
    rig.idle().await;
    let report = rig.start().await.reports().remove(0);
    assert_eq!((report.kind, report.counts.published, report.counts.unchanged), (RunKind::Full, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_holds_and_resume_goes_on() {
    let (mut rig, db) = filled().await;
    assert!(rig.command(Order::Pause { until: Some(rig.options.clock.now().plus_secs(600)) }).await.done);
    exec(&db, "insert into dpa values ('d', 4, null, null)").await;
    let answer = rig.command(Order::Run { full: false }).await;
    assert!(!answer.done && answer.detail.unwrap().starts_with("E0212"));
    rig.stop().await;
    assert!(rig.try_run(false).await.failure.is_some(), "a pause outlives the process");
    rig.options.clock.advance_secs(601);
    assert_eq!(rig.run(false).await.counts.published, 1);
    rig.command(Order::Pause { until: Some(rig.options.clock.now().plus_secs(100_000_000)) }).await;
    assert!(rig.try_run(false).await.failure.is_some());
    assert!(rig.command(Order::Pause { until: None }).await.done);
    let answer = rig.command(Order::Run { full: true }).await;
    assert_eq!(answer.detail.as_deref(), Some("4 records read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_and_unknown_orders_do_no_harm() {
    let (mut rig, _db) = filled().await;
    let pages = rig.hub.keep().pages.len();
    let mut command = muara_schemas::control::Command {
        id: "1".repeat(32),
        expires_at: muara_schemas::Clock::system().now().plus_secs(3_600),
        stream: muara_schemas::StreamName::new("33.02", "sipd", "none"),
        order: Order::Reset { reason: String::new() },
    };
    rig.bus.command(&command).await.unwrap();
    let hub = rig.hub.clone();
    let answer = until("it is answered", || hub.keep().answers.first().cloned()).await;
    assert!(!answer.done);
    // By the connector's clock this one is late.
    command.id = "2".repeat(32);
    command.stream = rig.name();
    rig.options.clock.advance_secs(4_000_000_000);
    rig.bus.command(&command).await.unwrap();
    let answer = until("it is answered", || hub.keep().answers.get(1).cloned()).await;
    assert!(!answer.done && answer.detail.unwrap().contains("expired"));
    rig.idle().await;
    assert_eq!(rig.hub.keep().pages.len(), pages);
}

/// Sends an order for the stream without waiting, and then one that is refused, so that the first was taken.
async fn order_and_go_on(rig: &Rig, order: Order) {
    let expires_at = muara_schemas::Clock::system().now().plus_secs(3_600);
    let command = |id: &str, stream, order| control::Command { id: id.repeat(32), expires_at, stream, order };
    rig.bus.command(&command("1", rig.name(), order)).await.unwrap();
    // Its answer must not wait behind pages that the hub holds up.
    let other = (0..).map(|n| StreamName::new("33.02", "sipd", format!("none{n}")));
    let other = other.into_iter().find(|other| other.partition() != rig.name().partition()).unwrap();
    rig.bus.command(&command("2", other, Order::Run { full: false })).await.unwrap();
    let refused = "2".repeat(32);
    until("the second order is refused", || {
        rig.hub.keep().answers.iter().any(|answer| answer.command == refused).then_some(())
    })
    .await;
}

async fn obeyed_by_the_next_process(rig: &mut Rig) -> control::Answer {
    rig.stop().await;
    rig.hub.allow(usize::MAX);
    rig.start().await;
    let hub = rig.hub.clone();
    let ordered = "1".repeat(32);
    until("the next process obeys", || hub.keep().answers.iter().find(|answer| answer.command == ordered).cloned())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_a_shutdown_overtakes_is_obeyed_by_the_next_process() {
    let (mut rig, db) = filled().await;
    exec(&db, "insert into dpa values ('d', 4, null, null)").await;
    rig.hub.allow(0);
    rig.start().await;
    {
        let run = rig.start().await.run_all(true);
        tokio::pin!(run);
        assert!(futures_util::poll!(&mut run).is_pending());
    }
    order_and_go_on(&rig, Order::Compare { run: RunId::new([0; 16]) }).await;

    let answer = obeyed_by_the_next_process(&mut rig).await;

    assert!(answer.done, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_a_shutdown_overtakes_is_obeyed_by_the_next_process() {
    let (mut rig, db) = filled().await;
    exec(&db, "insert into dpa values ('d', 4, null, null)").await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(rig.state_file());
    let state = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let kept = State::open(rig.state_file()).await.unwrap();
    let before = kept.stream(&rig.name()).await.unwrap().run;
    rig.hub.allow(0);
    let (bus, name) = (rig.bus.clone(), rig.name());
    let mut lock = {
        let run = rig.start().await.run_all(true);
        let reset = async {
            while kept.stream(&name).await.unwrap().run == before {
                tokio::task::yield_now().await;
            }
            // Nothing can be forgotten as long as somebody else writes.
            let lock = state.begin_with("begin immediate").await.unwrap();
            let order = Order::Reset { reason: "a page is missing".to_owned() };
            let expires_at = muara_schemas::Clock::system().now().plus_secs(3_600);
            let command = control::Command { id: "1".repeat(32), expires_at, stream: name.clone(), order };
            bus.command(&command).await.unwrap();
            lock
        };
        let (reports, lock) = tokio::time::timeout(DEADLINE, async { tokio::join!(run, reset) }).await.unwrap();
        assert!(reports[0].failure.as_deref().is_some_and(|failure| failure.starts_with("E0209")), "{reports:?}");
        Some(lock)
    };
    tokio::join!(rig.stop(), async { drop(lock.take()) });

    let answer = obeyed_by_the_next_process(&mut rig).await;

    assert!(answer.done, "{answer:?}");
    rig.idle().await;
    assert_eq!(rig.hub.keep().pages.last().unwrap().prev, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_the_state_file_does_not_take_comes_again() {
    let (mut rig, _db) = filled().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(rig.state_file());
    let state = sqlx::SqlitePool::connect_with(options).await.unwrap();
    exec(&state, "drop table prints").await;
    order_and_go_on(&rig, Order::Reset { reason: "a page is missing".to_owned() }).await;
    assert_eq!(rig.hub.keep().answers.len(), 1, "nothing is said of an order that is still to be obeyed");

    let answer = obeyed_by_the_next_process(&mut rig).await;

    assert!(answer.done, "{answer:?}");
    rig.idle().await;
    assert_eq!(rig.hub.keep().pages.last().unwrap().prev, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_announced_and_give_signs_of_life() {
    let (mut rig, db) = rig(WHOLE).await;
    rig.options.tuning.heartbeat = Duration::from_millis(20);
    exec(&db, "drop table dpa").await;
    let failure = rig.try_run(false).await.failure;
    let hub = rig.hub.clone();
    let announcement = until("it is announced", || hub.keep().announcements.first().cloned()).await;
    assert_eq!((announcement.stream, announcement.record_type.as_str()), (rig.name(), "budget-line"));
    assert_eq!((announcement.every_secs, announcement.agency.as_str()), (900, "5.02.0.00.0.00.01.0000"));
    assert!(
        announcement.document.contains("{env: DB}") || announcement.document.contains("env: DB"),
        "{}",
        announcement.document
    );
    assert!(!announcement.document.contains("source.db"));
    until("a heartbeat tells the failure", || {
        hub.keep().heartbeats.iter().find(|beat| beat.failure == failure).cloned()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_runs_on_its_schedule() {
    let (mut rig, db) = rig(&format!("{WHOLE}    schedule: {{every: 1s}}\n")).await;
    rig.options.schedule = true;
    exec(&db, "insert into dpa values ('a', 1, null, null)").await;
    rig.start().await;
    let hub = rig.hub.clone();
    until("the first run is over", || hub.keep().pages.iter().any(|page| page.end.is_some()).then_some(())).await;
    exec(&db, "insert into dpa values ('b', 1, null, null)").await;
    until("the second has found more", || (hub.keep().keys("dpa").len() == 2).then_some(())).await;
    rig.stop().await;
}
