//! The kind `sql` against MariaDB: what is particular about it.

use muara_schemas::page::RunKind;
use serde_json::{Value, json};

use crate::database::{Brand, Database};
use crate::rig::{DEADLINE, Rig, until};

async fn rig(stream: &str) -> (Rig, Database) {
    Brand::Mysql.rig(stream).await
}

/// The raw record of a key that stands in quarantine.
fn raw(rig: &Rig, key: &str) -> Value {
    serde_json::from_str(&rig.hub.keep().quarantine["dpa"][key].raw).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_as_the_server_prints_them() {
    let (mut rig, mut database) = rig("    read: {table: dpa}\n").await;
    database
        .exec(
            "set sql_mode = '', time_zone = '+00:00';
             create table dpa (id bigint unsigned, nilai varchar(20), uang decimal(20, 2), nol date, nihil timestamp null,
                 saat timestamp(3) null, waktu datetime, tahun year, bit1 bit(1), bits bit(64), ya tinyint(1),
                 pilih enum('a', 'é'), json json, isi blob, biner varbinary(9), eksak varchar(9) collate utf8mb4_bin,
                 titik point, u uuid, genap int(6) zerofill, pecahan double, kosong int);
             insert into dpa values (18446744073709551615, 'x', 123456789012345678.90, '0000-00-00',
                 '0000-00-00 00:00:00', '2026-01-01 00:00:00.25', '2026-01-01 00:00:00', 2026, 1, b'1', true, 'é',
                 '{\"a\": 1}', x'00ff', 'ab', 'é', point(1, 2), '123e4567-e89b-12d3-a456-426655440000', 42, 1250000000.5,
                 null)",
        )
        .await;

    rig.run(false).await;

    let raw = raw(&rig, "18446744073709551615");
    assert_eq!(
        raw,
        json!({"id": "18446744073709551615", "nilai": "x", "uang": "123456789012345678.90", "nol": "0000-00-00",
            "nihil": "0000-00-00 00:00:00", "saat": "2026-01-01 07:00:00.250+07:00", "waktu": "2026-01-01 00:00:00",
            "tahun": "2026", "bit1": "1", "bits": "1", "ya": "1", "pilih": "é", "json": "{\"a\": 1}", "isi": "00ff",
            "biner": "6162", "eksak": "é", "titik": "000000000101000000000000000000f03f0000000000000040",
            "u": "123e4567-e89b-12d3-a456-426655440000", "genap": "000042", "pecahan": "1250000000.5", "kosong": null})
    );
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_latin1_table_under_an_odd_server_mode_is_read_right() {
    let (mut rig, mut database) = rig("    read: {table: dpa, where: \"uraian <> \\\"x\\\"\"}\n").await;
    database
        .exec(
            "create table dpa (id char(4), nilai int, uraian varchar(40)) charset latin1;
               insert into dpa values ('é', 1, 'Jalan Café – 5 €'), ('b', 1, 'x')",
        )
        .await;

    let report = rig.run(false).await;

    assert_eq!(report.counts.read, 1, "double quotes make a text, whatever the mode of the server");
    assert_eq!(rig.hub.keep().body("dpa", "é").unwrap()["description"], json!("Jalan Café – 5 €"));
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_compared_in_the_type_of_its_column() {
    for (kind, values, zone) in [
        (
            "timestamp(6) null",
            ["2026-11-20 10:00:00", "2026-11-20 10:20:00.000001", "2026-11-20 10:20:00.000002"],
            "+07:00",
        ),
        ("datetime", ["2026-11-20 10:00:00", "2026-11-20 10:20:00", "2026-11-20 10:20:01"], "+00:00"),
        ("date", ["2026-11-18", "2026-11-19", "2026-11-20"], "+00:00"),
        ("bigint unsigned", ["9007199254740992", "18446744073709551613", "18446744073709551614"], "+00:00"),
        ("decimal(40, 5)", ["1.00001", "12345678901234567890.00001", "12345678901234567890.00002"], "+00:00"),
        ("varchar(30) character set latin1 collate latin1_bin", ["a", "é", "ê"], "+00:00"),
        (
            "varchar(30) character set utf8mb4 collate utf8mb4_unicode_ci",
            ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"],
            "+00:00",
        ),
    ] {
        let (mut rig, mut database) = rig("    read: {table: dpa}\n    cursor: {field: diubah}\n").await;
        database.exec(&format!("set time_zone = '{zone}'; create table dpa (id int, nilai int, diubah {kind})")).await;
        database.exec(&format!("insert into dpa values (1, 1, '{}'), (2, 1, '{}')", values[0], values[1])).await;
        assert_eq!(rig.run(false).await.counts.published, 2, "{kind}");
        database.exec(&format!("insert into dpa values (3, 1, '{}'), (4, 1, '{}')", values[1], values[2])).await;

        let report = rig.run(false).await;

        assert_eq!(
            (report.kind, report.counts.read, report.counts.published),
            (RunKind::Incremental, 3, 2),
            "{kind}: from the cursor on, ties included, and nothing before it"
        );
        rig.stop().await;
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_fits_its_column_no_more_is_told() {
    let (mut rig, mut database) = rig("    read: {table: dpa}\n    cursor: {field: diubah}\n").await;
    database
        .exec("create table dpa (id int, nilai int, diubah varchar(20)); insert into dpa values (1, 1, 'besok')")
        .await;
    rig.run(false).await;
    database.exec("update dpa set diubah = null; alter table dpa modify diubah datetime").await;

    let failure = rig.try_run(false).await.failure.unwrap();

    assert!(failure.starts_with("E0204") && failure.contains("`diubah`") && !failure.contains("besok"), "{failure}");
    rig.stop().await;
    database.drop().await;
}

const MANY: &str = "insert into dpa select seq, 1, repeat('x', 600) from seq_1_to_30000";

#[tokio::test(flavor = "multi_thread")]
async fn writers_wait_for_no_read_of_a_table_with_snapshots() {
    let (mut rig, mut database) = rig("    read: {table: dpa}\n").await;
    database.exec("create table dpa (id int, nilai int, uraian varchar(600))").await;
    database.exec(MANY).await;
    rig.hub.allow(1);
    let hub = rig.hub.clone();
    let reading = rig.start().await.run_all(false);
    let writing = async {
        until("the first page is there", || (!hub.keep().pages.is_empty()).then_some(())).await;
        database
            .exec("update dpa set nilai = 2; delete from dpa where id > 29990; insert into dpa values (50000, 1, '')")
            .await;
        hub.allow(usize::MAX);
    };

    let (mut reports, ()) = tokio::join!(reading, writing);

    let report = reports.remove(0);
    assert_eq!((report.failure, report.counts.published), (None, 30_000));
    assert!(
        rig.hub.keep().records["dpa"].values().all(|(_, body)| body.contains(r#""amount":"1.00""#)),
        "one snapshot"
    );
    let next = rig.run(false).await;
    assert_eq!((next.counts.published, next.counts.gone), (29_991, 10));
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_a_table_with_locks_wait_for_our_bus_only_for_seconds() {
    let (mut rig, mut database) = rig("    read: {table: v}\n").await;
    database.exec("create table dpa (id int, nilai int, uraian varchar(600)) engine = MyISAM; create view v as select * from dpa").await;
    database.exec(MANY).await;
    rig.hub.allow(1);
    let hub = rig.hub.clone();
    let reading = rig.start().await.run_all(false);
    let writing = async {
        until("the first page is there", || (!hub.keep().pages.is_empty()).then_some(())).await;
        tokio::time::timeout(DEADLINE, database.exec("update dpa set nilai = 2 where id = 1"))
            .await
            .expect("the lock goes");
        hub.allow(usize::MAX);
    };

    let (mut reports, ()) = tokio::join!(reading, writing);

    let failure = reports.remove(0).failure.unwrap();
    assert!(failure.starts_with("E0240"), "{failure}");
    let known = rig.hub.keep().keys("dpa").len() as u64;
    let next = rig.run(false).await;
    assert_eq!((next.counts.read, next.counts.gone), (30_000, 0));
    assert!((known - 1..=known).contains(&next.counts.unchanged), "what has arrived does not travel again");
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_many_megabytes_does_not_end_the_read() {
    let (mut rig, mut database) = rig("    read: {table: dpa}\n").await;
    database
        .exec(
            "create table dpa (isi longtext, id int, nilai int);
             insert into dpa values ('a', 1, 1), (repeat('x', 17 * 1024 * 1024), 2, 2), ('c', 3, 3)",
        )
        .await;

    let report = rig.run(false).await;

    assert_eq!((report.counts.read, rig.hub.keep().keys("dpa")), (3, vec!["1".into(), "2".into(), "3".into()]));
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_ended_on_the_server_too() {
    let (mut rig, mut database) = rig("    read: {table: slow}\n").await;
    rig.define("  kind: sql\n  url: {env: DB}\n  statement_timeout: 1s", "    read: {table: slow}\n");
    database.exec("create view slow as select 1 as id, sleep(300) as nilai").await;

    let failure = rig.try_run(false).await.failure.unwrap();

    assert!(failure.starts_with("E0241") && failure.contains("1000 ms"), "{failure}");
    let left = "select count(*) from information_schema.processlist where db = database() and id <> connection_id()";
    let start = std::time::Instant::now();
    while database.number(left).await > 0 {
        assert!(start.elapsed() < DEADLINE, "the statement goes on without us");
    }
    rig.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_written() {
    for engine in ["InnoDB", "MyISAM"] {
        let (mut rig, mut database) = rig("    read: {table: dpa}\n").await;
        database
            .exec(&format!(
                "create table kept (n int) engine = {engine};
                 create function evil() returns int begin insert into kept values (1); return 1; end"
            ))
            .await;
        database.exec("create view dpa as select evil() as id, 1 as nilai").await;

        let failure = rig.try_run(false).await.failure.unwrap();

        assert!(failure.starts_with("E0204") && failure.contains("READ ONLY"), "{failure}");
        assert_eq!(database.number("select count(*) from kept").await, 0);
        rig.stop().await;
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told_without_the_password() {
    let (mut rig, mut database) = rig("    read: {table: rahasia}\n").await;
    let user = format!("u{}", &database.name()[11..]);
    database.exec(&format!("create table rahasia (id int); create user {user}@'%' identified by 'hush-hush'")).await;
    let mut url = url::Url::parse(&database.url()).unwrap();
    let good = url.clone();
    url.set_username(&user).unwrap();
    url.set_password(Some("wrong-hush")).unwrap();
    let wrong = url.to_string();
    url.set_password(Some("hush-hush")).unwrap();
    let (mut missing, mut unsafe_, mut misspelt) = (good.clone(), good.clone(), good);
    missing.set_path("no_such_database");
    unsafe_.set_query(Some("ssl-mode=REQUIRED"));
    misspelt.set_query(Some("tls=hush-hush"));

    for (url, code) in [
        (wrong, "E0201"),
        (url.to_string(), "E0201"),
        (missing.to_string(), "E0204"),
        (unsafe_.to_string(), "E0204"),
        (misspelt.to_string(), "E0204"),
        ("mysql://muara:hush-hush@127.0.0.1:1/x".to_owned(), "E0202"),
        ("mysql://muara:hush-hush@127.0.0.1:port/x".to_owned(), "E0204"),
    ] {
        rig.set("DB", url);
        let failure = rig.try_run(false).await.failure.unwrap();
        assert!(failure.starts_with(code) && !failure.contains("hush"), "{code}: {failure}");
        rig.stop().await;
    }
    database.exec(&format!("drop user {user}@'%'")).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_may_be_called_by_its_name() {
    let (mut rig, mut database) = rig("    read: {table: dpa}\n").await;
    rig.set("DB", database.url().replace("mysql://", "mariadb://"));
    database.exec("create table dpa (id int, nilai int); insert into dpa values (1, 1)").await;

    assert_eq!(rig.run(false).await.counts.published, 1);
    rig.stop().await;
    database.drop().await;
}
