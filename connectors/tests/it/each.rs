//! Records that are made of one raw parent: a set that is read and deleted as one.

use muara_schemas::page::RunKind;

use crate::rig::{MAP, Rig};
use crate::sqlite::{SOURCE, exec, rig};

const HEAD: &str = r#"muara: 1
system: {id: sipd, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 10}
"#;

/// Payment orders whose lines stand in a cell.
async fn orders(each: &str) -> (Rig, sqlx::SqlitePool) {
    let (mut rig, db) = rig("    read: {table: dpa}\n").await;
    let map = MAP.replace("key: [id]", "key: [$parent.id, no]");
    let stream = format!("    read: {{table: dpa}}\n    cursor: {{field: diubah}}\n    each: {each}\n");
    rig.define_text(&format!("{HEAD}source:\n{SOURCE}\nstreams:\n  dpa:\n{stream}{map}"));
    rig.options.worker = None;
    exec(
        &db,
        r#"insert into dpa values
           (1, null, '[{"no":1,"nilai":10},{"no":2,"nilai":20}]', '2026-11-20 10:00:00'),
           (2, null, '[{"no":1,"nilai":30}]', '2026-11-20 10:01:00'),
           (3, null, null, '2026-11-20 10:02:00')"#,
    )
    .await;
    (rig, db)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_item_is_a_record_with_a_pointer_of_its_own() {
    let (mut rig, _db) = orders("uraian").await;

    let report = rig.run(true).await;

    assert_eq!((report.counts.read, report.counts.published), (3, 3));
    assert_eq!(rig.hub.keep().keys("dpa"), ["1|1", "1|2", "2|1"]);
    let pointers: Vec<_> =
        rig.hub.keep().pages.iter().flat_map(|page| &page.records).map(|record| record.pointer.clone()).collect();
    assert_eq!(pointers, ["dpa?1|1[0]", "dpa?1|2[1]", "dpa?2|1[0]"]);
    assert_eq!(rig.run(true).await.counts.published, 0, "a second read publishes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_of_a_parent_that_is_read_again_goes_at_once() {
    let (mut rig, db) = orders("uraian").await;
    rig.run(true).await;
    exec(
        &db,
        r#"update dpa set uraian = '[{"no":2,"nilai":20}]', diubah = '2026-11-20 11:00:00' where id = 1;
           update dpa set uraian = '[]', diubah = '2026-11-20 11:00:00' where id = 2"#,
    )
    .await;

    let report = rig.run(false).await;

    assert_eq!((report.kind, report.counts.gone), (RunKind::Incremental, 2));
    assert_eq!(rig.hub.keep().keys("dpa"), ["1|2"]);
    let whole = rig.run(true).await;
    assert_eq!((whole.counts.published, whole.counts.gone), (0, 0), "the state file knows it too");
    rig.hub.keep().check_runs();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_is_not_read_keeps_its_records() {
    let (mut rig, db) = orders("uraian").await;
    rig.run(true).await;
    exec(&db, r#"update dpa set uraian = '[]', diubah = '2026-11-20 11:00:00' where id = 2"#).await;

    let report = rig.run(false).await;

    assert_eq!((report.counts.read, report.counts.gone), (0, 1), "only the parent at the cursor and beyond is read");
    assert_eq!(rig.hub.keep().keys("dpa"), ["1|1", "1|2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_guards_allow_waits_for_the_next_full_read() {
    let (mut rig, db) = orders("uraian").await;
    exec(
        &db,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 50)
         insert into dpa select 9, null, json_group_array(json_object('no', i, 'nilai', i)), '2026-11-20 10:03:00' from n",
    )
    .await;
    rig.run(true).await;
    exec(&db, "update dpa set uraian = '[]', diubah = '2026-11-20 11:00:00' where id = 9").await;

    let report = rig.run(false).await;

    assert_eq!(report.counts.gone, 0);
    let whole = rig.run(true).await;
    assert_eq!((whole.counts.gone, whole.counts.held), (0, 50), "held for approval");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_may_make_the_records() {
    let (mut rig, _db) =
        orders("{expr: '. as $spm | (.uraian // \"[]\") | fromjson[] | .nilai *= 2 | .uraian = $spm.id'}").await;

    rig.run(true).await;

    let kept = rig.hub.keep();
    let body = kept.body("dpa", "1|2").unwrap();
    assert_eq!((&body["amount"], &body["description"]), (&"40.00".into(), &"1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_cannot_be_split_is_quarantined_and_keeps_everything() {
    let (mut rig, db) = orders("uraian").await;
    rig.run(true).await;
    exec(&db, "update dpa set uraian = 'rusak' where id = 1; delete from dpa where id = 2").await;

    let report = rig.run(true).await;

    assert_eq!((report.counts.quarantined, report.counts.gone), (1, 0));
    assert!(rig.hub.keep().reasons("dpa").iter().any(|reason| reason.code == "E0325"));
    assert_eq!(rig.hub.keep().keys("dpa"), ["1|1", "1|2", "2|1"]);
}
