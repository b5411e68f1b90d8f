//! Raw records that come back out of quarantine: mapped as they were read, and known afterwards as if they had been.

use muara_schemas::control::{Order, Prospect, Replayable};
use muara_schemas::page::RunKind;

use crate::rig::{Rig, until};
use crate::sqlite::{SOURCE, exec, rig};

/// The stage comes from `uraian`, which for some rows says what the crosswalk does not know at first.
fn definition(via: &str) -> String {
    format!(
        r#"muara: 1
system: {{id: sipd, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 10}}
source:
{SOURCE}
streams:
  dpa:
    target: budget-line
    read: {{table: dpa}}
    key: [id]
    map:
      agency: {{const: 1.02.0.00.0.00.01.0000}}
      fiscal_year: {{const: 2026}}
      sub_activity: {{const: 1.02.02.2.02.0008}}
      account: {{const: 5.1.02.01.01.0024}}
      fund: {{const: 1.1.01}}
      ledger: {{const: apbd}}
      stage: {{from: uraian, via: {{{via}}}}}
      stage_version: {{const: 0}}
      stage_locked: {{const: true}}
      amount: nilai
"#
    )
}

/// A table of which two rows are in quarantine, and a connector with the mended definition that has not read since.
async fn mended() -> (Rig, sqlx::SqlitePool) {
    let (mut rig, db) = rig("    read: {table: dpa}\n").await;
    rig.define_text(&definition("murni: murni"));
    exec(&db, "insert into dpa values ('a', 1, 'murni', null), ('b', 2, 'P1', null), ('c', 3, 'P1', null)").await;
    assert_eq!(rig.run(false).await.counts.quarantined, 2);
    rig.stop().await;
    rig.define_text(&definition("murni: murni, P1: perubahan"));
    (rig, db)
}

/// What the hub has in quarantine, as it sends it.
fn waiting(rig: &Rig) -> Vec<Replayable> {
    let kept = rig.hub.keep();
    let asked = kept.quarantine["dpa"].values().zip(1..).map(|(broken, entry)| Replayable {
        entry,
        key: broken.key.clone(),
        pointer: broken.pointer.clone(),
        raw_hash: broken.raw_hash,
        raw: broken.raw.clone(),
        form: broken.form,
    });
    asked.collect()
}

fn replay(rig: &Rig, dry_run: bool) -> Order {
    Order::Replay { dry_run, entries: waiting(rig) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replayed_is_known_as_if_it_had_been_read() {
    let (mut rig, _db) = mended().await;
    let order = replay(&rig, false);

    let answer = rig.command(order).await;

    assert!(answer.done && answer.foreseen.is_empty(), "{answer:?}");
    {
        let kept = rig.hub.keep();
        kept.check_runs();
        let page = kept.pages.last().unwrap();
        let mends: Vec<i64> = page.records.iter().filter_map(|record| record.mends.map(|mends| mends.entry)).collect();
        assert_eq!((page.kind, page.prev, mends), (RunKind::Replay, Some(kept.pages[0].run), vec![1, 2]));
        assert_eq!(kept.body("dpa", "b").unwrap()["stage"], "perubahan");
        assert!(kept.quarantine["dpa"].is_empty());
    }
    let full = rig.run(true).await;
    assert_eq!((full.counts.read, full.counts.published, full.counts.unchanged), (3, 0, 3), "nothing travels again");
    assert_eq!(full.proof.map(|proof| proof.count), Some(3));
    let again = rig.run(true).await;
    assert_eq!((again.counts.unchanged, again.counts.quarantined_again), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_says_what_would_come_and_sends_nothing() {
    let (mut rig, _db) = mended().await;
    rig.define_text(&definition("murni: murni, P2: perubahan"));
    let order = replay(&rig, true);
    let pages = rig.hub.keep().pages.len();

    let answer = rig.command(order).await;

    let told: Vec<_> =
        answer.foreseen.iter().map(|one| (one.entry, one.outcome, one.reason.as_ref().map(|why| &*why.code))).collect();
    assert_eq!(told, [(1, Prospect::Broken, Some("E0304")), (2, Prospect::Broken, Some("E0304"))]);
    assert_eq!(rig.hub.keep().pages.len(), pages);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_again_waits_with_todays_reasons() {
    let (mut rig, _db) = mended().await;
    rig.define_text(&definition("murni: murni, P2: perubahan"));
    let order = replay(&rig, false);

    assert!(rig.command(order).await.done);

    let again: Vec<_> = rig.hub.keep().pages.last().unwrap().quarantined.clone();
    assert_eq!(again.iter().map(|broken| broken.entry).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert!(again.iter().all(|broken| broken.raw.is_empty()), "the hub has the raw records");
    let full = rig.run(true).await;
    assert_eq!((full.counts.published, full.counts.quarantined, full.counts.quarantined_again), (0, 0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_before_the_receipts_leaves_nothing_unproved() {
    let (mut rig, _db) = mended().await;
    let order = replay(&rig, false);
    rig.start().await;
    rig.hub.allow(0);
    let expires_at = muara_schemas::Clock::system().now().plus_secs(3_600);
    let command = muara_schemas::control::Command { id: "7".repeat(32), expires_at, stream: rig.name(), order };
    rig.bus.command(&command).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(rig.state_file());
    let state = sqlx::SqlitePool::connect_with(options).await.unwrap();
    for tries in 0.. {
        let forgotten: i64 =
            sqlx::query_scalar("select count(*) from prints where substr(hashes, 1, 16) = zeroblob(16)")
                .fetch_one(&state)
                .await
                .unwrap();
        if forgotten == 2 {
            break;
        }
        assert!(tries < 10_000, "the raw records are forgotten before they go out");
        tokio::task::yield_now().await;
    }
    rig.stop().await;
    rig.hub.allow(usize::MAX);

    let full = rig.run(true).await;

    assert_eq!(full.counts.published, 2, "the next read takes them for new");
    let hub = rig.hub.clone();
    until("both are there", || (hub.keep().keys("dpa").len() == 3).then_some(())).await;
    assert_eq!(rig.run(true).await.counts.unchanged, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_mapped_at_all_is_refused_with_its_reason() {
    let (mut rig, _db) = mended().await;
    let mut asked = waiting(&rig);
    asked[0].raw = format!("{{\"id\":\"b\",\"nilai\":\"{}", "9".repeat(64 * 1024 - 20));
    let answer = rig.command(Order::Replay { dry_run: true, entries: asked.clone() }).await;
    let first = &answer.foreseen[0];
    assert_eq!((first.outcome, first.reason.as_ref().map(|why| &*why.code)), (Prospect::Refused, Some("E0252")));

    rig.stop().await;
    std::fs::remove_file(rig.state_file()).unwrap();
    let answer = rig.command(Order::Replay { dry_run: false, entries: asked }).await;
    assert!(!answer.done && answer.detail.as_deref().is_some_and(|why| why.starts_with("E0250")), "{answer:?}");
}
