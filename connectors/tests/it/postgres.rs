//! The kind `sql` against PostgreSQL.

use muara_schemas::page::RunKind;
use serde_json::json;

use crate::database::{Brand, Database};
use crate::rig::Rig;

async fn rig(stream: &str) -> (Rig, Database) {
    Brand::Postgres.rig(stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_as_postgresql_prints_them() {
    let (mut rig, mut database) = rig("    read: {table: simda.ta_belanja}\n").await;
    database
        .exec(
            "create schema simda; create table simda.ta_belanja (id numeric, nilai numeric(20, 2), uraian jsonb, f float8, t timestamptz, b bool, y bytea);
             insert into simda.ta_belanja values (9007199254740993, 123456789012345678.90, '{\"a\": 1}', 0.1, '2026-01-01 00:00:00+00', true, '\\x00ff'),
             (2, 1250000000.5, null, null, null, null, null)",
        )
        .await;
    let report = rig.run(false).await;
    assert_eq!((report.kind, report.counts.published), (RunKind::Full, 2));
    {
        let kept = rig.hub.keep();
        let body = kept.body("dpa", "9007199254740993").unwrap();
        assert_eq!((&body["amount"], &body["description"]), (&json!("123456789012345678.90"), &json!("{\"a\": 1}")));
        assert_eq!(kept.body("dpa", "2").unwrap()["amount"], json!("1250000000.50"));
        assert_eq!(kept.pages[0].records[1].pointer, "simda.ta_belanja?2");
    }
    database.exec("set timezone = 'UTC'; update simda.ta_belanja set nilai = -1 where id = 2; delete from simda.ta_belanja where id > 2").await;
    let report = rig.run(false).await;
    assert_eq!((report.counts.published, report.counts.gone), (1, 1));
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_is_cast_to_its_column_and_nothing_slips_in() {
    let (mut rig, mut database) = rig("    read: {table: dpa, columns: [id, nilai, uraian, Diubah], where: \"nilai > 0\"}\n    cursor: {field: Diubah, lag: 10m}\n").await;
    database
        .exec(
            "create table dpa (id int, nilai int, uraian text, \"Diubah\" timestamp);
             insert into dpa select i, i, null, timestamp '2026-11-20 10:00' + i * interval '1 minute' from generate_series(1, 500) i;
             insert into dpa values (1000, 0, null, '2026-11-20 12:00')",
        )
        .await;
    let first = rig.run(false).await;
    assert_eq!((first.counts.read, first.counts.published), (500, 500));
    database
        .exec(
            "insert into dpa values (501, 1, null, '2026-11-20 18:20:00'), (502, 1, null, '2026-11-20 18:10:00'),
             (503, 1, null, '2026-11-20 18:09:59.9'), (504, 1, '''; drop table dpa; --', '2026-11-20 18:20:00.000001')",
        )
        .await;
    let second = rig.run(false).await;
    assert_eq!((second.kind, second.counts.published, second.counts.unchanged), (RunKind::Incremental, 3, 11));
    let third = rig.run(false).await;
    assert_eq!((third.run, third.counts.read), (None, 12), "10 minutes before the last microsecond");
    assert_eq!(rig.run(true).await.counts.published, 1);
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_one_snapshot_however_long_it_takes() {
    let (mut rig, mut database) = rig("    read: {table: dpa}\n").await;
    database.exec("create table dpa (id int, nilai int, uraian text); insert into dpa select i, 1 from generate_series(1, 30000) i").await;
    rig.hub.allow(1);
    let report = {
        let hub = rig.hub.clone();
        let run = rig.start().await.run_all(false);
        let change = async {
            crate::rig::until("the first page is there", || (!hub.keep().pages.is_empty()).then_some(())).await;
            database
                .exec("update dpa set nilai = 2; delete from dpa where id > 29990; insert into dpa values (50000, 1)")
                .await;
            hub.allow(usize::MAX);
        };
        let (mut reports, ()) = tokio::join!(run, change);
        reports.remove(0)
    };
    assert_eq!((report.failure, report.counts.published), (None, 30_000));
    {
        let kept = rig.hub.keep();
        assert!(kept.records["dpa"].values().all(|(_, body)| body.contains(r#""amount":"1.00""#)));
        assert_eq!(kept.keys("dpa").len(), 30_000);
    }
    let next = rig.run(false).await;
    assert_eq!((next.counts.published, next.counts.gone), (29_991, 10));
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_written_and_nothing_may_take_too_long() {
    let (mut rig, mut database) = rig("    read: {table: dpa}\n").await;
    database
        .exec(
            "create table kept (n int);
             create function evil() returns int language sql as 'insert into kept values (1) returning n';
             create view dpa as select evil() as id, 1 as nilai",
        )
        .await;
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.contains("read-only"), "{failure}");
    rig.stop().await;
    rig.define("  kind: sql\n  url: {env: DB}\n  statement_timeout: 1s", "    read: {table: slow}\n");
    database.exec("create view slow as select 1 as id, pg_sleep(30)::text as nilai").await;
    rig.options.tuning.first_wait = std::time::Duration::from_millis(1);
    let start = std::time::Instant::now();
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(
        failure.starts_with("E0241") && failure.contains("statement timeout") && start.elapsed().as_secs() < 25,
        "{failure}"
    );
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_rows_has_few() {
    let (mut rig, mut database) = rig("    read: {table: dpa}\n").await;
    database
        .exec(
            "create table dpa (id int, nilai int, uraian text, isi text);
             insert into dpa select i, i, null, case when i between 41 and 80 then repeat('x', 1000000) end
             from generate_series(1, 195) i",
        )
        .await;

    let lengths = rig.page_lengths().await;

    assert_eq!(lengths, [49, 9, 9, 9, 24, 9, 18, 36, 32], "a page ends when it has 8 MiB, and fetches grow again");
    assert_eq!(rig.hub.keep().keys("dpa").len(), 195);
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_need_quotes_are_read_from_a_cursor_too() {
    let (mut rig, mut database) =
        rig("    read: {table: 'Skema 1.Ta \"Belanja\"'}\n    cursor: {field: 'Di \"ubah\"'}\n").await;
    database
        .exec(
            r#"create schema "Skema 1";
             create table "Skema 1"."Ta ""Belanja""" (id int, nilai int, uraian text, "Di ""ubah""" date);
             insert into "Skema 1"."Ta ""Belanja""" values (1, 1, null, '2026-11-20')"#,
        )
        .await;
    rig.run(false).await;
    database.exec(r#"insert into "Skema 1"."Ta ""Belanja""" values (2, 1, null, '2026-11-21')"#).await;

    let report = rig.run(false).await;

    assert_eq!((report.kind, report.counts.published), (RunKind::Incremental, 1));
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_quotes_no_value_of_a_row() {
    let (mut rig, mut database) = rig("    read: {table: dpa, where: \"nilai::int > 0\"}\n").await;
    database.exec("create table dpa (id int, nilai text); insert into dpa values (1, 'Pegawai 0012')").await;

    let failure = rig.try_run(false).await.failure.unwrap();

    assert!(failure.contains("22P02") && !failure.contains("Pegawai"), "{failure}");
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told() {
    let (mut rig, database) = rig("    read: {table: dpa}\n").await;
    rig.set("DB", database.url().replace(database.name(), "no_such_database"));
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.starts_with("E0204") || failure.starts_with("E0201"), "{failure}");
    rig.stop().await;
    rig.set("DB", "postgres://127.0.0.1:1/x");
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.starts_with("E0202"), "{failure}");
    database.drop().await;
}
