//! What is confirmed is kept, what is not is sent again: stops and lost state files.

use muara_connectors::state::State;

use crate::rig::until;
use crate::sqlite::{exec, rig};

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
