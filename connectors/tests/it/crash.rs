//! What is confirmed is kept, what is not is sent again: stops and lost state files.

use muara_connectors::state::State;

use sqlx::SqlitePool;

use crate::rig::{DEADLINE, Rig, until};
use crate::sqlite::{SOURCE, exec, rig};

const WHOLE: &str = "    read: {table: dpa}\n";
const FILL: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
insert into dpa select i, i, 'baris ' || i, '2026-11-20' from n";

#[tokio::test(flavor = "multi_thread")]
async fn state_moves_only_with_contiguous_confirms() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    rig.hub.allow(3);
    let running = {
        rig.start().await;
        let state = State::open(rig.state_file()).await.unwrap();
        let id = state.stream(&rig.name()).await.unwrap().id;
        let (hub, name) = (rig.hub.clone(), rig.name());
        let handle = rig.start().await;
        let run = handle.run_all(false);
        let watch = async {
            until("three pages are confirmed", || (hub.keep().pages.len() == 3).then_some(())).await;
            let saved = loop {
                let rows = state.scan(id, "").await.unwrap();
                if rows.len() == 1500 {
                    break rows;
                }
                assert!(rows.len() < 1500, "nothing is saved that is not confirmed");
                tokio::task::yield_now().await;
            };
            let kept = state.stream(&name).await.unwrap();
            (saved.len(), kept.run, kept.definition)
        };
        tokio::select! {
            _ = run => panic!("the run cannot end before its pages are confirmed"),
            seen = watch => seen,
        }
    };
    let (_, begun, definition) = running;
    assert_eq!(
        (begun, definition.as_str()),
        (Some(rig.hub.keep().pages[0].run), ""),
        "the run is known, the read is not over"
    );
    rig.stop().await;
    let pages = rig.hub.keep().pages.len();
    rig.hub.allow(usize::MAX);
    let report = rig.start().await.run_all(false).await.remove(0);
    assert_eq!(report.failure, None);
    assert_eq!(
        (report.counts.unchanged, report.counts.published),
        (1500, 1500),
        "what was confirmed does not travel again"
    );
    let kept = rig.hub.keep();
    assert_eq!(kept.keys("dpa").len(), 3000);
    assert_eq!(report.proof, Some(kept.proof("dpa")));
    let last = kept.pages.last().unwrap();
    assert_eq!(last.prev, Some(kept.pages[pages - 1].run), "the new run names the one that was cut off");
}

/// Content hash of the body last published, by key.
type Bodies = std::collections::BTreeMap<Box<str>, [u8; 16]>;

async fn bodies(state: &State, id: i64) -> Bodies {
    let mut bodies = Bodies::new();
    let mut after = String::new();
    loop {
        let rows = state.scan(id, &after).await.unwrap();
        let Some(last) = rows.last() else { return bodies };
        after = last.key.to_string();
        bodies.extend(rows.into_iter().map(|row| (row.key, row.body)));
    }
}

/// Runs until the first page is on its way, with nobody to confirm it, and shuts down; then everything again.
/// Of 3,000 records that are all mapped anew, 30 have another body.
async fn cut_off_with_thirty_changes(rig: &mut Rig) {
    let state = State::open(rig.state_file()).await.unwrap();
    let name = rig.name();
    let before = state.stream(&name).await.unwrap();
    let known = bodies(&state, before.id).await;
    rig.hub.allow(0);
    let handle = rig.start().await;
    let sending = async {
        while state.stream(&name).await.unwrap().run == before.run {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = handle.run_all(false) => panic!("the run cannot end before its pages are confirmed"),
        sent = tokio::time::timeout(DEADLINE, sending) => sent.expect("a page is sent"),
    }
    rig.stop().await;

    assert!(bodies(&state, before.id).await == known, "nothing is kept as published that nobody has confirmed");
    rig.hub.allow(usize::MAX);
    let report = rig.start().await.run_all(false).await.remove(0);
    assert_eq!((report.failure, report.counts.published), (None, 30), "all that was not confirmed travels again");
    assert_eq!(report.proof, Some(rig.hub.keep().proof("dpa")));
}

async fn known_and_thirty_marked() -> (Rig, SqlitePool) {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    exec(&db, "update dpa set uraian = 'x' where id % 100 = 0").await;
    rig.run(false).await;
    rig.stop().await;
    (rig, db)
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_new_definition_nothing_is_kept_before_its_page_is_confirmed() {
    let (mut rig, _db) = known_and_thirty_marked().await;

    rig.define(SOURCE, &format!("{WHOLE}    zero: [x]\n"));

    cut_off_with_thirty_changes(&mut rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_touched_rows_nothing_is_kept_before_its_page_is_confirmed() {
    let (mut rig, db) = known_and_thirty_marked().await;

    exec(&db, "update dpa set diubah = '2026-11-21', nilai = nilai + (uraian = 'x')").await;

    cut_off_with_thirty_changes(&mut rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_file_costs_a_full_read_with_a_new_chain() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    rig.run(false).await;
    rig.stop().await;
    for ending in ["", "-wal", "-shm"] {
        let file = rig.state_file().with_file_name(format!("state.db{ending}"));
        drop(std::fs::remove_file(file));
    }
    let report = rig.run(false).await;
    assert_eq!(report.counts.published, 3000);
    assert_eq!(rig.hub.keep().pages.last().unwrap().prev, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_file_of_a_newer_version_is_left_alone() {
    let (mut rig, _) = rig(WHOLE).await;
    rig.start().await;
    rig.stop().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(rig.state_file());
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    exec(&pool, "pragma user_version = 99").await;
    pool.close().await;
    let error = State::open(rig.state_file()).await.unwrap_err();
    assert!(error.to_string().contains("version 99"), "{error}");
}
