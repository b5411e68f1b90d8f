//! What the hub is told of how runs ended: failures, remarks, and when there is nothing to tell.

use muara_schemas::control::Order;
use muara_schemas::page::{End, RunId};

use crate::rig::Rig;
use crate::{http, sqlite};

const FILES: &str = "  kind: files\n  folder: {env: FOLDER}";
const SINCE: &str =
    "    read: {get: /dpa, records: data}\n    cursor: {field: diubah, param: since}\n    full_read: {every: 1d}\n";

/// Every end page: its run, the one before it, and how it ended.
fn ends(rig: &Rig) -> Vec<(RunId, Option<RunId>, End)> {
    rig.hub.keep().pages.iter().filter_map(|page| Some((page.run, page.prev, page.end.clone()?))).collect()
}

/// Per end page: whether it is a good one.
fn verdicts(rig: &Rig) -> Vec<bool> {
    ends(rig).iter().map(|(.., end)| end.complete).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_down_makes_one_failed_run_and_one_good_one_when_it_is_back() {
    let mut rig = Rig::new(FILES, "    read: {file: dpa.csv}\n");
    rig.set("FOLDER", rig.folder.path().display().to_string());
    std::fs::write(rig.path("dpa.csv"), "id,nilai\na,1\n").unwrap();
    rig.run(false).await;

    std::fs::remove_file(rig.path("dpa.csv")).unwrap();
    for _ in 0..3 {
        assert!(rig.try_run(false).await.failure.is_some());
    }
    std::fs::write(rig.path("dpa.csv"), "id,nilai\na,1\n").unwrap();
    rig.run(false).await;

    let ends = ends(&rig);
    assert_eq!(verdicts(&rig), [true, false, true]);
    let (_, prev, down) = &ends[1];
    assert_eq!((*prev, ends[2].1), (Some(ends[0].0), Some(ends[1].0)), "the failed run is a link of the chain");
    assert!(down.failure.as_deref().is_some_and(|failure| failure.starts_with("E0204")), "{down:?}");
    assert_eq!((down.pages, down.counts.read, down.proof), (1, 0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_opened_is_a_failed_run() {
    let mut rig = Rig::new(FILES, "    read: {file: dpa.csv}\n");

    for _ in 0..2 {
        assert!(rig.try_run(false).await.failure.is_some_and(|failure| failure.contains("FOLDER")));
    }

    let ends = ends(&rig);
    assert_eq!((verdicts(&rig), ends[0].1), (vec![false], None));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_connections_and_logins_are_failed_runs() {
    let (mut rig, server) = http::rig("", SINCE).await;
    server.say(200, r#"{"data":[{"id":1,"nilai":1,"diubah":"2026-11-20"}]}"#);
    rig.run(false).await;

    for _ in 0..2 {
        server.say(401, "no");
        assert!(rig.try_run(false).await.failure.is_some());
    }
    for _ in 0..2 {
        server.say(200, r#"{"data":[]}"#);
        assert_eq!(rig.run(false).await.counts.read, 0);
    }
    assert_eq!(verdicts(&rig), [true, false, true], "the read that found nothing new tells that the source is back");
    rig.stop().await;
    rig.set("URL", "http://127.0.0.1:1");
    for _ in 0..2 {
        assert!(rig.try_run(false).await.failure.is_some_and(|failure| failure.starts_with("E0202")));
    }

    assert_eq!(verdicts(&rig), [true, false, true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_of_a_process_always_tells_how_it_ended() {
    let (mut rig, db) = sqlite::rig("    read: {table: dpa}\n    cursor: {field: diubah}\n").await;
    sqlite::exec(&db, "insert into dpa values ('a', 1, null, '2026-11-20')").await;
    rig.run(false).await;
    rig.stop().await;

    let (first, second) = (rig.run(false).await, rig.run(false).await);

    assert_eq!((first.counts.unchanged, first.run.is_some(), second.run), (1, true, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_comparison_and_a_reset_a_failure_is_told_again() {
    let (mut rig, db) = sqlite::rig("    read: {table: dpa}\n").await;
    sqlite::exec(&db, "drop table dpa").await;
    rig.try_run(false).await;

    rig.command(Order::Compare { run: RunId::new([0; 16]) }).await;
    rig.try_run(false).await;
    rig.command(Order::Reset { reason: "test".to_owned() }).await;
    rig.idle().await;

    assert_eq!(verdicts(&rig), [false, true, false, false]);
    assert_eq!(ends(&rig)[3].1, None, "the chain begins anew with a run that failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn remarks_travel_with_the_end_and_once() {
    let (mut rig, db) = sqlite::rig("    read: {table: dpa}\n    cursor: {field: diubah}\n").await;
    sqlite::exec(&db, "insert into dpa values ('a', 1, null, '2062-11-20'), ('b', 1, null, '2026-11-20')").await;
    rig.run(false).await;
    sqlite::exec(&db, "insert into dpa values ('c', 1, null, null)").await;

    let full = rig.run(true).await;
    let incremental = rig.run(false).await;
    let again = rig.run(false).await;

    let ends = ends(&rig);
    let codes = |at: usize| ends[at].2.notes.iter().map(|note| note.code.as_str()).collect::<Vec<_>>();
    assert_eq!((codes(0), codes(1), codes(2)), (vec!["W0201"], vec!["W0201", "W0202"], vec!["W0201"]));
    assert_eq!((&ends[1].2.notes, &ends[2].2.notes), (&full.notes, &incremental.notes));
    assert_eq!((again.run, again.notes), (None, incremental.notes), "what was told already is not told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_vanished_files_are_one_remark() {
    let mut rig = Rig::new(FILES, "    read: {file: \"*.csv\"}\n");
    rig.set("FOLDER", rig.folder.path().display().to_string());
    for month in 1..=9 {
        std::fs::write(rig.path(&format!("{month}.csv")), format!("id,nilai,uraian\n{month},1,\n")).unwrap();
    }
    rig.run(false).await;
    for month in 1..=7 {
        std::fs::remove_file(rig.path(&format!("{month}.csv"))).unwrap();
    }

    let notes = rig.run(false).await.notes;

    let details: Vec<&str> = notes.iter().map(|note| note.detail.as_str()).collect();
    assert_eq!(details.len(), 1, "{details:?}");
    assert!(details[0].contains("`1.csv`, `2.csv`, `3.csv`, `4.csv`, `5.csv` and 2 more"), "{details:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_the_source_does_not_have_is_told_of() {
    let mut rig = Rig::new(FILES, "    read: {file: \"*.csv\"}\n");
    rig.set("FOLDER", rig.folder.path().display().to_string());
    std::fs::write(rig.path("a.csv"), "id,nilai,urian\n1,1,alat tulis\n").unwrap();

    let notes = rig.run(false).await.notes;

    let told: Vec<_> = notes.iter().map(|note| (note.code.as_str(), note.detail.as_str())).collect();
    assert_eq!(told, [("W0204", "the source has no column `uraian` for `/description`")]);
    std::fs::write(rig.path("a.csv"), "id,nilai,uraian\n1,1,alat tulis\n").unwrap();
    assert_eq!(rig.run(false).await.notes, [], "and no more once it is there");
}
