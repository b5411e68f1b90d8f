//! A source that gains, loses or changes a field: told, and treated as the definition says.

use muara_schemas::page::{Note, RunKind};
use sqlx::sqlite::SqlitePool;

use crate::http;
use crate::rig::Rig;
use crate::sqlite::{exec, rig};

const WHOLE: &str = "    read: {table: dpa}\n";

/// Forty rows of which each has everything.
async fn filled(stream: &str) -> (Rig, SqlitePool) {
    let (mut rig, db) = rig(stream).await;
    exec(
        &db,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)
         insert into dpa select i, i * 1000 || '.50', 'baris', '2026-11-20' from n",
    )
    .await;
    let first = rig.run(false).await;
    assert_eq!((first.counts.published, first.notes), (40, vec![]), "the first read learns");
    (rig, db)
}

fn codes(notes: &[Note]) -> Vec<&str> {
    notes.iter().map(|note| note.code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_is_told_as_long_as_it_is_there_and_the_sync_goes_on() {
    let (mut rig, db) = filled(WHOLE).await;
    exec(&db, "alter table dpa add column pagu_baru text; update dpa set pagu_baru = '1.250.000,50', nilai = '7' where id <= 30").await;

    let second = rig.run(false).await;

    assert_eq!((second.counts.published, second.counts.unchanged), (30, 10), "the sync goes on");
    assert_eq!(codes(&second.notes), ["W0205"]);
    let detail = &second.notes[0].detail;
    assert!(detail.starts_with("new field `pagu_baru` (40 of 40, such as `9.999.999,99`)"), "{detail}");
    assert_eq!(rig.run(false).await.notes, second.notes, "nothing was looked at, and it is told all the same");
    rig.stop().await;
    assert_eq!(rig.run(false).await.notes, second.notes, "after a restart too");
    exec(&db, "update dpa set nilai = '8' where id = 1").await;
    assert_eq!(codes(&rig.run(false).await.notes), ["W0205"]);
    exec(&db, "alter table dpa drop column pagu_baru").await;
    assert_eq!(rig.run(false).await.notes, [], "it is gone again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_is_a_finding_with_samples_and_a_suggested_mapping_and_the_sync_continues() {
    let (mut rig, db) = filled(WHOLE).await;
    exec(&db, "alter table dpa rename column uraian to uraian_belanja; update dpa set nilai = '7' where id = 1").await;

    let report = rig.run(false).await;

    assert_eq!((report.failure, report.counts.read, report.counts.quarantined), (None, 40, 0));
    assert_eq!(rig.hub.keep().body("dpa", "1").unwrap()["amount"], "7.00");
    assert_eq!(codes(&report.notes), ["W0204", "W0205", "W0206"]);
    let detail = "new field `uraian_belanja` (40 of 40, such as `aaaaa`): perhaps `description: uraian_belanja`";
    assert_eq!(report.notes[1].detail, detail);
    assert!(report.notes[2].detail.contains("`description` reads it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_digest_or_a_known_field_ends_it() {
    let (mut rig, db) = filled(WHOLE).await;
    exec(&db, "alter table dpa add column baru text").await;
    assert_eq!(codes(&rig.run(false).await.notes), ["W0205"]);
    rig.stop().await;
    rig.define(crate::sqlite::SOURCE, &format!("{WHOLE}    drift: {{known: [baru]}}\n"));
    let known = rig.run(false).await;
    assert_eq!((known.counts.unchanged, known.notes), (40, vec![]), "and nothing is mapped anew");
    rig.stop().await;
    rig.define(crate::sqlite::SOURCE, &format!("{WHOLE}    zero: [nihil]\n"));
    assert_eq!(rig.run(false).await.notes, [], "another digest learns anew");
    exec(&db, "alter table dpa add column lagi text").await;
    assert_eq!(codes(&rig.run(false).await.notes), ["W0205"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_column_and_values_of_another_form_are_told_with_how_they_were() {
    let (mut rig, db) = filled(WHOLE).await;
    exec(&db, "alter table dpa drop column uraian; update dpa set nilai = '1.000.000,50' where id <= 5").await;
    exec(&db, "update dpa set diubah = '20/11/2026'").await;

    let report = rig.run(false).await;

    assert_eq!(codes(&report.notes), ["W0204", "W0206", "W0207"]);
    let detail = &report.notes[1].detail;
    assert_eq!(detail, "no field `uraian` any more in 40 records, which was such as `aaaaa`: `description` reads it");
    let detail = &report.notes[2].detail;
    let amount = "`nilai` was `9999.9` or `99999.9` and is now `9.999.999,99` (5 of 40): perhaps `amount: {from: nilai, as: money_id}`";
    assert!(detail.contains(amount), "{detail}");
    assert!(detail.contains("`diubah` was `9999-99-99` and is now `99/99/9999` (40 of 40)"), "{detail}");
    assert!(!detail.contains("2026") && !detail.contains("000"), "no value of a record: {detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_read_that_was_broken_off_learns_in_two_halves() {
    let (mut rig, server) = http::rig(
        "",
        "    read: {get: /dpa, records: data}\n    page: {by: page, param: page, size: {param: limit, value: 40}}\n",
    )
    .await;
    let records = |ids: std::ops::Range<u32>, rest: &str| {
        let records: Vec<String> = ids.map(|id| format!(r#"{{"id":{id},"nilai":{id}{rest}}}"#)).collect();
        format!(r#"{{"data":[{}]}}"#, records.join(","))
    };
    let (first, second) = (records(0..40, r#","lama":1"#), records(40..80, ""));
    server.say(200, first.clone()).say(403, "");
    rig.try_run(false).await.failure.unwrap();
    rig.stop().await;
    server.say(200, first.clone()).say(200, second.clone()).say(200, r#"{"data":[]}"#);
    assert_eq!(rig.run(false).await.notes, []);

    let changed = first.replace(r#""nilai":"#, r#""nilai":1"#);
    server.say(200, changed).say(200, second.clone()).say(200, r#"{"data":[]}"#);
    assert_eq!(rig.run(false).await.notes, [], "`lama` stood in the half that was read before");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_json_a_number_becomes_a_text_and_an_object_gains_a_field() {
    let (mut rig, server) = http::rig("", "    read: {get: /dpa, records: data}\n").await;
    let list = |record: &str| {
        let records: Vec<String> = (0..30).map(|id| format!(r#"{{"id":{id},{record}}}"#)).collect();
        format!(r#"{{"data":[{}]}}"#, records.join(","))
    };
    server.say(200, list(r#""nilai":1000,"opd":{"kode":"1.02"},"baris":[]"#));
    rig.run(false).await;
    server.say(200, list(r#""nilai":1000.5,"opd":null,"baris":[{"n":1}]"#));
    assert_eq!(rig.run(false).await.notes, [], "decimals, nulls and the first item of a list");
    server.say(200, list(r#""nilai":"1000.50","opd":{"kode":"1.02","nama":"Dinas A"},"baris":[]"#));

    let report = rig.run(false).await;

    assert_eq!(codes(&report.notes), ["W0205", "W0207"]);
    assert!(
        report.notes[0].detail.starts_with("new field `opd.nama` (30 of 30, such as `Aaaaa A`)"),
        "{:?}",
        report.notes
    );
    let retyped = "`nilai` was `9999` and is now `9999.99` (30 of 30): perhaps `amount: {from: nilai, as: money}`";
    assert_eq!(report.notes[1].detail, retyped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_gains_a_column_and_loses_one() {
    let mut rig = Rig::new("  kind: files\n  folder: {env: FOLDER}\n", "    read: {file: dpa.csv}\n");
    let folder = rig.folder.path().to_owned();
    rig.set("FOLDER", folder.display().to_string());
    let write = |header: &str, cells: &str| {
        let rows: Vec<String> = (0..25).map(|id| format!("{id},5{cells}\n")).collect();
        std::fs::write(folder.join("dpa.csv"), format!("id,nilai{header}\n{}", rows.concat())).unwrap();
    };
    write(",uraian,nip", ",teks,198001012005011001");
    rig.run(false).await;
    write(",uraian,Pagu (Rp)", ",teks,\"1.250,5\"");
    let report = rig.run(false).await;
    assert_eq!(codes(&report.notes), ["W0205", "W0206"]);
    assert!(report.notes[0].detail.starts_with("new field `Pagu (Rp)` (25 of 25, such as `9.999,9`)"));
    assert_eq!(report.notes[1].detail, "no field `nip` any more in 25 records, which was such as `999999999999999999`");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_ignored_is_not_told() {
    let (mut rig, db) = filled(&format!("{WHOLE}    drift: {{added: ignore, removed: ignore, type: ignore}}\n")).await;
    exec(&db, "alter table dpa add column baru text; alter table dpa drop column diubah; update dpa set nilai = 'x' where id = 1").await;
    let report = rig.run(false).await;
    assert_eq!((report.counts.quarantined, report.notes), (1, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_drift_wait_in_quarantine_and_the_others_go_on() {
    let stream = "    read: {get: /dpa, records: data}\n    drift: {added: quarantine, removed: quarantine, type: quarantine, known: [catatan]}\n";
    let (mut rig, server) = http::rig("", stream).await;
    let list = |odd: &[(usize, &str)]| {
        let record = |id| odd.iter().find(|(odd, _)| *odd == id).map_or(r#""nilai":5,"x":1"#, |(_, record)| record);
        let records: Vec<String> = (0..30).map(|id| format!(r#"{{"id":{id},{}}}"#, record(id))).collect();
        format!(r#"{{"data":[{}]}}"#, records.join(","))
    };
    server.say(200, list(&[]));
    assert_eq!(rig.run(false).await.counts.published, 30);
    let odd = [
        (1, r#""nilai":6,"x":1,"baru":"Budi""#),
        (2, r#""nilai":"7","x":1"#),
        (3, r#""nilai":8"#),
        (4, r#""nilai":9,"x":null,"catatan":"a""#),
    ];
    server.say(200, list(&odd));

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.counts.quarantined, report.counts.unchanged), (1, 3, 26));
    assert_eq!(codes(&report.notes), ["W0205", "W0207"], "one that lacks a field does not mean that it is lost");
    let kept = rig.hub.keep();
    let reason = |key: &str| {
        let error = &kept.quarantine["dpa"][key].errors[0];
        format!("{} {} {}", error.code, error.source.as_deref().unwrap_or_default(), error.message)
    };
    assert_eq!(reason("1"), "E0326 baru the record has the field `baru`, which the source did not have");
    assert_eq!(reason("2"), "E0326 nilai the record has `nilai` in a form that it never had");
    assert_eq!(reason("3"), "E0327 x the record lacks the field `x`, which every record had");
    assert_eq!(kept.body("dpa", "1").unwrap()["amount"], "5.00", "the last good version stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_may_stop_before_anything_of_a_changed_record_is_published() {
    let (mut rig, db) = filled(&format!("{WHOLE}    drift: {{added: stop}}\n")).await;
    exec(&db, "alter table dpa add column baru text; update dpa set nilai = '7'; delete from dpa where id = 40").await;
    for _ in 0..2 {
        let report = rig.try_run(false).await;

        let failure = report.failure.unwrap_or_default();
        assert!(failure.starts_with("E0280: record 1 of those that changed has the field `baru`"), "{failure}");
        assert_eq!((report.kind, report.counts.published, codes(&report.notes)), (RunKind::Full, 0, vec!["W0205"]));
        assert_eq!(rig.hub.keep().keys("dpa").len(), 40, "nothing is deleted");
        assert_eq!(rig.hub.keep().body("dpa", "1").unwrap()["amount"], "1000.50");
        rig.stop().await;
    }
    rig.define(crate::sqlite::SOURCE, &format!("{WHOLE}    drift: {{added: stop, known: [baru]}}\n"));
    assert_eq!(rig.run(false).await.counts.published, 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_file_of_a_program_that_learned_nothing_raises_no_alarm() {
    let (mut rig, db) = filled(WHOLE).await;
    rig.stop().await;
    let state = SqlitePool::connect(&format!("sqlite:{}", rig.state_file().display())).await.unwrap();
    sqlx::raw_sql("drop table profiles").execute(&state).await.unwrap();
    state.close().await;
    exec(&db, "update dpa set nilai = '7' where id = 1").await;
    assert_eq!(rig.run(false).await.notes, []);
    exec(&db, "alter table dpa add column baru text").await;
    assert_eq!(rig.run(false).await.notes, [], "this read looks at all, and is where learning begins");
    exec(&db, "alter table dpa add column lagi text").await;
    let notes = rig.run(false).await.notes;
    assert!(codes(&notes) == ["W0205"] && notes[0].detail.contains("`lagi`"), "{notes:?}");
}
