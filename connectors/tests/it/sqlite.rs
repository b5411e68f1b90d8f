//! The way of a record, from a SQLite table.

use muara_schemas::page::RunKind;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::rig::{Rig, standing_clock};

pub(crate) const SOURCE: &str = "  kind: sql\n  url: {env: DB}\n  fetch: 100";
const WHOLE: &str = "    read: {table: dpa}\n";
const INCREMENTAL: &str = "    read: {table: dpa}\n    cursor: {field: diubah, lag: 10m}\n";

pub(crate) async fn rig(stream: &str) -> (Rig, SqlitePool) {
    let mut rig = Rig::new(SOURCE, stream);
    rig.options.clock = standing_clock();
    let path = rig.path("source.db");
    rig.set("DB", format!("sqlite:{}", path.display()));
    let pool =
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(path).create_if_missing(true)).await.unwrap();
    sqlx::raw_sql("create table dpa (id, nilai, uraian text, diubah text)").execute(&pool).await.unwrap();
    (rig, pool)
}

pub(crate) async fn exec(pool: &SqlitePool, sql: &'static str) {
    sqlx::raw_sql(sql).execute(pool).await.unwrap();
}

const FILL: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1234)
insert into dpa select i, i * 1000 || '.50', 'baris ' || i, '2026-11-20 10:' || printf('%02d', i / 60 % 60) || ':00' from n";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_read_publishes_nothing_and_proves_the_same() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    let first = rig.run(false).await;
    assert_eq!((first.kind, first.counts.read, first.counts.published), (RunKind::Full, 1234, 1234));
    assert_eq!(first.proof.unwrap().count, 1234);
    let pages = rig.hub.keep().pages.len();
    let second = rig.run(false).await;
    assert_eq!((second.counts.published, second.counts.unchanged), (0, 1234));
    assert_eq!(second.proof, first.proof);
    assert_eq!(rig.hub.keep().pages.len(), pages + 1, "the end alone travels");
    let runs = rig.hub.keep().runs("dpa");
    assert_eq!((runs[0].1, runs[1].1), (None, Some(runs[0].0)), "runs are chained");
    exec(&db, "update dpa set nilai = '7.25' where id = 600; update dpa set nilai = '1000.5000' where id = 1").await;
    let third = rig.run(false).await;
    assert_eq!(
        (third.counts.published, third.counts.unchanged),
        (1, 1233),
        "the same amount written otherwise is no change"
    );
    assert_eq!(rig.hub.keep().body("dpa", "600").unwrap()["amount"], json!("7.25"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_arrive_to_the_last_digit() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(
        &db,
        "insert into dpa values (9007199254740993, '123456789012345678.99', 'besar', null), ('0007', 1250000000.5, null, null),
         (1, 12345678901234567, '', null)",
    )
    .await;
    rig.run(false).await;
    let kept = rig.hub.keep();
    assert_eq!(kept.keys("dpa"), ["0007", "1", "9007199254740993"]);
    assert_eq!(kept.body("dpa", "9007199254740993").unwrap()["amount"], json!("123456789012345678.99"));
    assert_eq!(kept.body("dpa", "0007").unwrap()["amount"], json!("1250000000.50"));
    assert_eq!(kept.body("dpa", "1").unwrap()["amount"], json!("12345678901234567.00"));
    assert_eq!(kept.body("dpa", "1").unwrap().get("description"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn ties_at_the_cursor_and_late_rows_within_the_lag_are_read() {
    let (mut rig, db) = rig(INCREMENTAL).await;
    exec(&db, "insert into dpa values ('a', 1, null, '2026-11-20 10:00:00'), ('b', 2, null, '2026-11-20 10:20:00')")
        .await;
    let first = rig.run(false).await;
    assert_eq!((first.kind, first.counts.published), (RunKind::Full, 2));
    let pages = rig.hub.keep().pages.len();
    let idle = rig.run(false).await;
    assert_eq!(
        (idle.kind, idle.run, idle.counts.read),
        (RunKind::Incremental, None, 1),
        "nothing new needs no message"
    );
    assert_eq!(rig.hub.keep().pages.len(), pages);
    exec(
        &db,
        "insert into dpa values ('tie', 3, null, '2026-11-20 10:20:00'), ('late', 4, null, '2026-11-20 10:10:00'),
         ('too late', 5, null, '2026-11-20 10:09:59'), ('none', 6, null, null), ('ahead', 7, null, '2062-01-01 00:00:00')",
    )
    .await;
    let second = rig.run(false).await;
    assert_eq!(
        (second.counts.published, second.counts.unchanged),
        (3, 1),
        "the tie, the late one and the one from the future"
    );
    assert!(second.notes.iter().any(|note| note.code == "W0201"), "{:?}", second.notes);
    exec(&db, "insert into dpa values ('next', 8, null, '2026-11-20 10:21:00')").await;
    assert_eq!(rig.run(false).await.counts.published, 1, "the future has not moved the cursor");
    let full = rig.run(true).await;
    assert_eq!((full.kind, full.counts.published), (RunKind::Full, 2), "a full read finds the rest");
    assert!(full.notes.iter().any(|note| note.code == "W0202"), "{:?}", full.notes);
    assert_eq!(full.proof.unwrap().count, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_records_with_one_key_the_second_is_quarantined_once() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, "insert into dpa values ('a', 1, null, null), ('x', 2, null, null), ('x', 2, null, null), ('x', 3, null, null), ('x', 4, null, null)").await;
    let first = rig.run(false).await;
    assert_eq!((first.counts.published, first.counts.unchanged, first.counts.quarantined), (2, 1, 2));
    let errors = rig.hub.keep().quarantine["dpa"]["x"].errors.clone();
    assert_eq!(errors[0].code, "E0322");
    assert_eq!(
        errors[0].message,
        "two different records of one read have this key: record 2 of the read was taken, this is record 5"
    );
    assert_eq!(first.proof.unwrap().count, 1, "a key in quarantine stands aside");
    let second = rig.run(false).await;
    assert_eq!((second.counts.published, second.counts.quarantined, second.counts.quarantined_again), (0, 0, 2));
    assert_eq!(second.proof, first.proof);
    exec(&db, "delete from dpa where id = 'x' and nilai > 2; delete from dpa where rowid = (select max(rowid) from dpa where id = 'x')").await;
    rig.run(false).await;
    let healed = rig.run(false).await;
    assert_eq!(healed.proof.unwrap().count, 2, "the key is unique again, one read later");
    assert!(rig.hub.keep().quarantine["dpa"].is_empty());
    assert_eq!(rig.run(false).await.counts.published, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_records_travel_once_and_heal() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, "insert into dpa values ('a', 1, null, null), ('b', '1,5', null, null), (null, 3, null, null)").await;
    let first = rig.run(false).await;
    assert_eq!((first.counts.published, first.counts.quarantined), (1, 2));
    {
        let kept = rig.hub.keep();
        let broken = &kept.quarantine["dpa"]["b"];
        assert_eq!(broken.errors[0].target, "/amount");
        assert_eq!(broken.raw, r#"{"id":"b","nilai":"1,5","uraian":null,"diubah":null}"#);
        assert_eq!(broken.about.agency.as_deref(), Some("1.02.0.00.0.00.01.0000"));
        assert!(kept.quarantine["dpa"].values().any(|broken| broken.key.is_none() && broken.errors[0].code == "E0320"));
    }
    let second = rig.run(false).await;
    assert_eq!((second.counts.quarantined, second.counts.quarantined_again), (1, 1), "without a key it travels again");
    exec(&db, "delete from dpa where id = 'a'").await;
    assert_eq!(rig.run(false).await.counts.gone, 0, "a record without a key forbids deletes");
    exec(&db, "update dpa set nilai = '1.50' where id = 'b'; delete from dpa where id is null").await;
    let healed = rig.run(false).await;
    assert_eq!((healed.counts.published, healed.counts.gone), (1, 1));
    assert_eq!(rig.hub.keep().keys("dpa"), ["b"]);
    assert!(!rig.hub.keep().quarantine["dpa"].contains_key("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_a_key_travels_once_in_each_full_read() {
    let (mut rig, db) = rig(INCREMENTAL).await;
    exec(&db, "insert into dpa values ('a', 1, null, '2026-11-20 10:00:00')").await;
    exec(&db, "insert into dpa values ('', 3, null, '2026-11-20 10:00:00'), ('', 3, null, '2026-11-20 10:00:00')")
        .await;

    let mut seen = Vec::new();
    for full in [true, true, false] {
        let report = rig.run(full).await;
        let quarantined = rig
            .hub
            .keep()
            .pages
            .iter()
            .filter(|page| Some(page.run) == report.run)
            .flat_map(|page| page.quarantined.clone())
            .count();
        seen.push((quarantined, report.counts.quarantined, report.counts.quarantined_again));
    }

    assert_eq!(seen, [(1, 1, 1), (1, 1, 1), (0, 0, 2)], "the hub closes what a full read does not bring again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_deletes_at_once_but_never_too_much() {
    let (mut rig, db) = rig(&format!("{WHOLE}    full_read: {{max_share: 2%, max_count: 5}}\n")).await;
    exec(&db, FILL).await;
    rig.run(false).await;
    exec(&db, "delete from dpa where id <= 24").await;
    let deleted = rig.run(false).await;
    assert_eq!((deleted.counts.gone, deleted.counts.held), (24, 0), "just below two per cent");
    exec(&db, "delete from dpa where id <= 400").await;
    let held = rig.run(false).await;
    assert_eq!((held.counts.gone, held.counts.held, held.proof.unwrap().count), (0, 376, 834), "held keys stand aside");
    assert_eq!(rig.hub.keep().keys("dpa").len(), 1210);
    exec(&db, "insert into dpa values (30, 30000.5, 'baris 30', null), (31, 31, 'other', null)").await;
    let back = rig.run(false).await;
    assert_eq!((back.counts.held, back.proof.unwrap().count), (374, 836), "what is there again is there again");
    let end = rig.hub.keep().pages.last().unwrap().end.clone().unwrap();
    assert_eq!((end.limits.max_share, end.limits.max_count), (200, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_definition_maps_everything_anew_and_keeps_the_chain() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, "insert into dpa values ('a', 1, 'x', null), ('b', 2, ' y ', null), ('c', 3, null, null)").await;
    rig.run(false).await;
    rig.stop().await;
    rig.define(SOURCE, &format!("{WHOLE}    zero: [x]\n"));
    let report = rig.run(false).await;
    assert_eq!((report.counts.published, report.counts.unchanged), (1, 2), "only what comes out otherwise travels");
    let runs = rig.hub.keep().runs("dpa");
    assert_eq!(runs[1].1, Some(runs[0].0));
    let digests: std::collections::BTreeSet<String> =
        rig.hub.keep().pages.iter().map(|page| page.definition.clone()).collect();
    assert_eq!(digests.len(), 2);
    assert_eq!(rig.run(false).await.counts.unchanged, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_leaves_out_and_is_counted_apart() {
    let (mut rig, db) = rig(&format!("{WHOLE}    where: {{diubah: [final]}}\n")).await;
    exec(&db, "insert into dpa values ('a', 1, null, 'final'), ('b', 2, null, 'draft'), ('a', 9, null, 'draft')").await;
    let report = rig.run(false).await;
    assert_eq!((report.counts.read, report.counts.published, report.counts.left_out), (1, 1, 2));
    exec(&db, "update dpa set diubah = 'draft'").await;
    assert_eq!(rig.run(false).await.counts.gone, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_definition_stops_the_run() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    exec(&db, "update dpa set nilai = 'x' where id <= 201").await;
    let report = rig.try_run(false).await;
    assert!(report.failure.as_deref().is_some_and(|failure| failure.starts_with("E0207")), "{:?}", report.failure);
    assert_eq!(report.proof, None);
    let end = rig.hub.keep().pages.last().unwrap().end.clone().unwrap();
    assert!(!end.complete && end.failure.is_some());
    assert_eq!(end.counts.quarantined, 201);
    exec(&db, "update dpa set nilai = '1' where id = 201").await;
    let report = rig.run(false).await;
    assert_eq!(report.counts.quarantined_again, 200, "a fifth and no more is for people to look at");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_definition_stops_the_run_of_a_small_stream_too() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    exec(&db, "delete from dpa where id > 150; update dpa set nilai = 'x' where id <= 31").await;

    let report = rig.try_run(false).await;

    assert!(report.failure.as_deref().is_some_and(|failure| failure.starts_with("E0207")), "{:?}", report.failure);
    let end = rig.hub.keep().pages.last().unwrap().end.clone().unwrap();
    assert_eq!((end.complete, end.proof, end.counts.quarantined), (false, None, 31));
    exec(&db, "update dpa set nilai = '1' where id = 31").await;
    assert_eq!(rig.run(false).await.counts.quarantined_again, 30, "a fifth and no more is for people to look at");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fewer_than_twenty_records_broken_ones_stop_nothing() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    exec(&db, "delete from dpa where id > 19; update dpa set nilai = 'x' where id <= 10").await;

    assert_eq!(rig.run(false).await.counts.quarantined, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_fails_and_deletes_nothing() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, "insert into dpa values ('a', 1, null, null)").await;
    rig.run(false).await;
    exec(&db, "alter table dpa rename to other").await;
    let report = rig.try_run(false).await;
    assert!(report.failure.as_deref().is_some_and(|failure| failure.starts_with("E0204")), "{:?}", report.failure);
    assert_eq!((report.run.is_some(), report.counts.gone), (true, 0), "the hub is told");
    exec(&db, "create table dpa (nomor)").await;
    exec(&db, "insert into dpa values (1)").await;
    let report = rig.try_run(false).await;
    assert!(report.failure.as_deref().is_some_and(|failure| failure.starts_with("E0208")), "{:?}", report.failure);
    assert_eq!(rig.hub.keep().keys("dpa"), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_records_travel_alone_or_not_at_all() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(
        &db,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)
         insert into dpa select i, i, null, null from n;
         update dpa set uraian = 'x'",
    )
    .await;
    let report = rig.run(false).await;
    assert_eq!(report.counts.published, 40);
    exec(&db, "update dpa set id = id || printf('%.500c', 'k') where id = 1; update dpa set id = id || printf('%.600c', 'k') where id = 2").await;
    let report = rig.run(false).await;
    assert_eq!((report.counts.published, report.counts.quarantined), (1, 1), "a key has 512 bytes at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_rows_has_few() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    exec(
        &db,
        "delete from dpa where id > 95; update dpa set diubah = printf('%.1000000c', 'x') where id > 40 and id <= 80",
    )
    .await;

    let lengths = rig.page_lengths().await;

    assert_eq!(lengths, [49, 9, 9, 9, 19], "a page ends when it has 8 MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_may_have_any_name_that_lint_lets_pass() {
    let name = r#"Ta "Belanja" 2026"#;
    let (mut rig, db) = rig(&format!("    read: {{table: '{name}'}}\n")).await;
    exec(&db, r#"create table "Ta ""Belanja"" 2026" (id, nilai, uraian)"#).await;
    exec(&db, r#"insert into "Ta ""Belanja"" 2026" values ('a', 1, null)"#).await;

    assert_eq!(rig.run(false).await.counts.published, 1);
}
