//! What the next sync would change, told without changing anything.

use muara_connectors::definition::Definition;
use muara_connectors::runner::rehearsal::{Rehearsed, rehearse};

use crate::rig::Rig;

const SOURCE: &str = "  kind: files\n  folder: {env: FOLDER}\n";
const STREAM: &str = "    read: {file: dpa.csv}\n";

fn rig(rows: &str) -> Rig {
    let mut rig = Rig::new(SOURCE, STREAM);
    rig.set("FOLDER", rig.folder.path().display().to_string());
    write(&rig, rows);
    rig
}

fn write(rig: &Rig, rows: &str) {
    std::fs::write(rig.path("dpa.csv"), format!("id,nilai,uraian\n{rows}")).unwrap();
}

async fn rehearsed(rig: &Rig) -> Rehearsed {
    let folder = tempfile::tempdir().unwrap();
    let definitions: &[Definition] = rig.definitions();
    rehearse(definitions, rig.options.clone(), folder.path()).await.unwrap().remove(0)
}

#[tokio::test]
async fn the_next_sync_is_foretold_and_nothing_is_done() {
    let rows: String = (1..=20).map(|id| format!("{id},{id},a\n")).collect();
    let mut rig = rig(&rows);

    let first = rehearsed(&rig).await;
    assert_eq!((first.new, first.report.counts.published), (20, 20), "without a state file everything is new");
    assert!(!rig.state_file().exists() && rig.hub.keep().pages.is_empty(), "nothing was written or sent");

    rig.run(true).await;
    rig.stop().await;
    let (state, pages) = (std::fs::read(rig.state_file()).unwrap(), rig.hub.keep().pages.len());
    write(&rig, &rows.replace("1,1,a\n", "1,7,a\n").replace("2,2,a\n", "").replacen("3,3,a\n", "21,5,b\n22,x,b\n", 1));

    let told = rehearsed(&rig).await;

    let counts = told.report.counts;
    assert_eq!((told.new, counts.published - told.new), (1, 1), "21 is new, 1 has another amount");
    assert_eq!((counts.unchanged, counts.quarantined, counts.gone), (17, 1, 2), "22 is broken, 2 and 3 are gone");
    assert_eq!(std::fs::read(rig.state_file()).unwrap(), state, "the state file stands as it was");
    assert_eq!(rig.hub.keep().pages.len(), pages, "the hub heard nothing");

    let real = rig.run(false).await;
    assert_eq!(real.counts, counts, "and so it comes");
}

#[tokio::test]
async fn what_would_be_broken_is_told_by_its_causes_and_what_is_asked_by_its_statement() {
    let (mut rig, db) = crate::sqlite::rig("    read: {table: dpa}\n    cursor: {field: diubah, lag: 10m}\n").await;
    let fill = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)
        insert into dpa select i, i, 'baris', '2026-11-20 10:00:00' from n";
    crate::sqlite::exec(&db, fill).await;
    let first = rehearsed(&rig).await;
    rig.run(true).await;
    rig.stop().await;
    let more =
        "insert into dpa values ('x', 'satu', 'k', '2026-11-20 11:00:00'), ('y', 'dua', 'k', '2026-11-20 11:00:00')";
    crate::sqlite::exec(&db, more).await;

    let told = rehearsed(&rig).await;

    assert_eq!(first.sums["amount"].to_string(), "820.00", "1 to 40");
    assert_eq!(first.asks, ["select * from `dpa`"]);
    let asked = "select * from `dpa` where `diubah` >= ? order by `diubah`, `id` -- ? is 2026-11-20 09:50:00";
    assert_eq!(told.asks, [asked]);
    let causes: Vec<_> =
        told.causes.iter().map(|cause| (cause.records, &*cause.reason.code, &*cause.reason.target)).collect();
    assert_eq!(causes, [(2, "E0302", "/amount")], "{:?}", told.causes);
    assert_eq!(told.causes[0].reason.source.as_deref(), Some("nilai"));
}

#[tokio::test]
async fn another_mapping_shows_which_records_it_would_change() {
    let rows: String = (1..=20).map(|id| format!("{id},{id},{}\n", if id < 5 { "a" } else { "" })).collect();
    let mut rig = rig(&rows);
    rig.run(true).await;
    rig.stop().await;
    let pages = rig.hub.keep().pages.len();

    rig.define(SOURCE, &format!("{STREAM}    zero: [a]\n"));
    let told = rehearsed(&rig).await;

    let counts = told.report.counts;
    assert_eq!((told.new, counts.published, counts.unchanged), (0, 4, 16), "four lose their description");
    assert_eq!(rig.hub.keep().pages.len(), pages);
}
