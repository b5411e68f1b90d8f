//! What holds for every database that is read.

use muara_schemas::page::RunKind;
use serde_json::json;

use crate::database::{Brand, Database, each};
use crate::rig::{DEADLINE, until};

const WHOLE: &str = "    read: {table: dpa}\n";

/// Rows that no socket keeps whole: 18 MB of them.
async fn fill(brand: Brand, database: &mut Database) {
    database.exec("create table dpa (id int, nilai int, uraian varchar(600))").await;
    database
        .exec(brand.say(
            "insert into dpa select i, 1, repeat('x', 600) from generate_series(1, 30000) i",
            "insert into dpa select seq, 1, repeat('x', 600) from seq_1_to_30000",
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000)
             insert into dpa select i, 1, printf('%.600c', 'x') from n",
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_an_injection_is_only_a_name() {
    for table in ["dpa; drop table dpa; --", "dpa\" ; drop table dpa; --", "dpa`; drop table dpa; --", "dpa''"] {
        each(&format!("    read: {{table: '{table}'}}\n"), async |brand, rig, database| {
            database.exec("create table dpa (id int, nilai int)").await;
            database.exec("insert into dpa values (1, 1)").await;

            let failure = rig.try_run(false).await.failure.unwrap();

            assert!(failure.starts_with("E0204"), "{brand:?} {failure}");
            assert_eq!(database.number("select count(*) from dpa").await, 1, "{brand:?}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn views_conditions_and_empty_tables_are_read() {
    let stream = "    read: {table: belanja, columns: [id, nilai, uraian], where: \"tahun = 2026 and nilai > 0.5\"}\n";
    each(stream, async |brand, rig, database| {
        database.exec("create table dpa (id int, nilai numeric(20, 2), tahun int, uraian text)").await;
        database.exec("create view belanja as select id, nilai * 2 as nilai, tahun, uraian from dpa").await;
        assert_eq!(rig.run(false).await.counts.read, 0, "{brand:?}");
        database.exec("insert into dpa values (1, 0.25, 2026, 'x'), (2, 0.5, 2026, 'x'), (3, 1, 2025, 'x')").await;
        database.exec("insert into dpa values (4, 625000000.25, 2026, 'x')").await;

        let report = rig.run(false).await;

        assert_eq!((report.kind, report.counts.published), (RunKind::Full, 2), "{brand:?}");
        assert_eq!(rig.hub.keep().body("dpa", "4").unwrap()["amount"], json!("1250000000.50"), "{brand:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_arrive_to_the_last_digit() {
    each(WHOLE, async |brand, rig, database| {
        database
            .exec(brand.say(
                "create table dpa (id numeric(20), nilai numeric(20, 2))",
                "create table dpa (id bigint unsigned, nilai decimal(20, 2))",
                "create table dpa (id text, nilai text)",
            ))
            .await;
        database.exec("insert into dpa values (9007199254740993, '1250000000.50')").await;
        database.exec("insert into dpa values ('18446744073709551615', '123456789012345678.90')").await;

        rig.run(false).await;

        let kept = rig.hub.keep();
        let amount = |key| kept.body("dpa", key).unwrap()["amount"].clone();
        assert_eq!(amount("9007199254740993"), json!("1250000000.50"), "{brand:?}");
        assert_eq!(amount("18446744073709551615"), json!("123456789012345678.90"), "{brand:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_dropped_under_a_read_is_read_to_its_end() {
    each(WHOLE, async |brand, rig, database| {
        fill(brand, database).await;
        rig.hub.allow(1);
        let hub = rig.hub.clone();
        let reading = rig.start().await.run_all(false);
        let dropping = async {
            until("the first page is there", || (!hub.keep().pages.is_empty()).then_some(())).await;
            let mut dropped = std::pin::pin!(database.attempt("drop table dpa"));
            // The server lets it wait, or refuses it; either way the reader goes on.
            let early = tokio::time::timeout(std::time::Duration::from_millis(100), &mut dropped).await;
            hub.allow(usize::MAX);
            match early {
                Ok(result) => result,
                Err(_) => tokio::time::timeout(DEADLINE, dropped).await.expect("the drop comes through"),
            }
        };

        let (mut reports, dropped) = tokio::join!(reading, dropping);

        let report = reports.remove(0);
        assert_eq!((report.failure, report.counts.published), (None, 30_000), "{brand:?}");
        if dropped.is_err() {
            database.exec("drop table dpa").await;
        }
        let next = rig.try_run(false).await;
        assert!(next.failure.as_deref().is_some_and(|failure| failure.starts_with("E0204")), "{brand:?} {next:?}");
        assert_eq!((next.counts.gone, rig.hub.keep().keys("dpa").len()), (0, 30_000), "{brand:?}: nothing is deleted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_vanishes_fails_the_run_and_deletes_nothing() {
    for (read, column, code) in [
        ("{table: dpa}", "id", "E0208"),
        ("{table: dpa, columns: [id, nilai, uraian]}", "nilai", "E0204"),
        ("{table: dpa, where: \"tahun = 2026\"}", "tahun", "E0204"),
    ] {
        each(&format!("    read: {read}\n"), async |brand, rig, database| {
            database.exec("create table dpa (id int, nilai int, uraian varchar(9), tahun int)").await;
            database.exec("insert into dpa values (1, 1, 'a', 2026)").await;
            rig.run(false).await;
            database.exec(&format!("alter table dpa rename column {column} to lain")).await;

            let report = rig.try_run(false).await;

            let failure = report.failure.unwrap();
            assert!(failure.starts_with(code) && failure.contains(column), "{brand:?} {failure}");
            assert_eq!((report.counts.gone, rig.hub.keep().keys("dpa").len()), (0, 1), "{brand:?}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_breaks_the_read_off_and_the_next_one_is_whole() {
    for brand in [Brand::Postgres, Brand::Mysql] {
        let (mut rig, mut database) = brand.rig(WHOLE).await;
        fill(brand, &mut database).await;
        rig.hub.allow(1);
        let hub = rig.hub.clone();
        let reading = rig.start().await.run_all(false);
        let killing = async {
            until("the first page is there", || (!hub.keep().pages.is_empty()).then_some(())).await;
            let id = database
                .number(brand.say(
                    "select pid::bigint from pg_stat_activity where application_name = 'muara' and datname = current_database()",
                    "select cast(id as signed) from information_schema.processlist where db = database() and id <> connection_id()",
                    "",
                ))
                .await;
            let kill = brand.say("select pg_terminate_backend(ID)", "kill ID", "").replace("ID", &id.to_string());
            database.exec(&kill).await;
            hub.allow(usize::MAX);
        };

        let (mut reports, ()) = tokio::join!(reading, killing);

        let report = reports.remove(0);
        let failure = report.failure.unwrap();
        assert!(failure.starts_with("E0240") && failure.contains("broke off"), "{brand:?} {failure}");
        assert!((1..30_000).contains(&report.counts.read) && report.counts.gone == 0, "{brand:?}");
        let next = rig.run(false).await;
        assert_eq!(next.counts.published + next.counts.unchanged, 30_000, "{brand:?}");
        assert_eq!(rig.hub.keep().keys("dpa").len(), 30_000, "{brand:?}");
        rig.stop().await;
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_ended() {
    let slow = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000000)
                select i as id, count(*) as nilai from n";
    let stream = "    read: {table: slow}\n";
    each(stream, async |brand, rig, database| {
        rig.define("  kind: sql\n  url: {env: DB}\n  statement_timeout: 1s", stream);
        let body =
            brand.say("select 1 as id, pg_sleep(300)::text as nilai", "select 1 as id, sleep(300) as nilai", slow);
        database.exec(&format!("create view slow as {body}")).await;
        let start = std::time::Instant::now();

        let failure = rig.try_run(false).await.failure.unwrap();

        assert!(failure.starts_with("E0241") && start.elapsed().as_secs() < 20, "{brand:?} {failure}");
    })
    .await;
}
