//! Cursors and deletes on every database that is read: nothing lost, nothing twice, and nothing because of an order.

use muara_connectors::state::State;
use muara_schemas::page::RunKind;

use crate::database::{Brand, Database, each};
use crate::rig::{Rig, until};

const WHOLE: &str = "    read: {table: dpa}\n";
const INCREMENTAL: &str = "    read: {table: dpa}\n    cursor: {field: diubah, lag: 10m}\n";

/// An empty table whose cursor has the type that such systems use.
async fn table(brand: Brand, database: &mut Database) {
    database
        .exec(&format!(
            "create table dpa (id varchar(20), nilai int, diubah {})",
            brand.say("timestamptz", "timestamp(3) null", "text")
        ))
        .await;
}

/// So many rows of one moment, numbered from a number on.
async fn ties(brand: Brand, database: &mut Database, from: u32, to: u32, at: &str) {
    let rows = brand
        .say(
            "select i, 1, timestamptz 'AT' from generate_series(FROM, TO) i",
            "select seq, 1, 'AT' from seq_FROM_to_TO",
            "with recursive n(i) as (select FROM union all select i + 1 from n where i < TO) select i, 1, 'AT' from n",
        )
        .replace("AT", at)
        .replace("FROM", &from.to_string())
        .replace("TO", &to.to_string());
    database.exec(&format!("insert into dpa {rows}")).await;
}

/// Takes the state file away as it is now, as if the process were killed, and goes on with it.
async fn killed(rig: &mut Rig) {
    let crashed = rig.path("crashed.db");
    for ending in ["", "-wal"] {
        let file = |path: &std::path::Path| std::path::PathBuf::from(format!("{}{ending}", path.display()));
        if file(rig.state_file()).exists() {
            std::fs::copy(file(rig.state_file()), file(&crashed)).unwrap();
        }
    }
    rig.stop().await;
    rig.options.state = crashed;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_rows_with_one_timestamp_a_kill_loses_none_and_repeats_none_that_was_confirmed() {
    each(INCREMENTAL, async |brand, rig, database| {
        table(brand, database).await;
        ties(brand, database, 1, 10, "2026-11-20 09:00:00").await;
        rig.run(false).await;
        let before = rig.hub.keep().pages.len();
        // More than a page of the source and one of the bus have.
        ties(brand, database, 1001, 2600, "2026-11-20 10:00:00").await;
        rig.hub.allow(2);
        let (hub, name, file) = (rig.hub.clone(), rig.name(), rig.state_file().to_owned());
        let run = rig.start().await.run_all(false);
        let confirmed = async {
            until("two pages are confirmed", || (hub.keep().pages.len() == before + 2).then_some(())).await;
            let state = State::open(&file).await.unwrap();
            let id = state.stream(&name).await.unwrap().id;
            while state.scan(id, "").await.unwrap().len() < 1010 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = run => panic!("the run cannot end before its pages are confirmed"),
            () = confirmed => {}
        }
        let confirmed: Vec<String> = rig.hub.keep().pages[before..]
            .iter()
            .flat_map(|page| &page.records)
            .map(|record| record.key.clone())
            .collect();

        killed(rig).await;
        ties(brand, database, 9001, 9001, "2026-11-20 10:00:00").await;
        rig.hub.allow(usize::MAX);
        let report = rig.start().await.run_all(false).await.remove(0);

        assert_eq!(report.failure, None, "{brand:?}");
        assert_eq!((report.kind, confirmed.len()), (RunKind::Incremental, 1000), "{brand:?}");
        assert_eq!((report.counts.unchanged, report.counts.published), (1010, 601), "{brand:?}");
        let kept = rig.hub.keep();
        assert_eq!(kept.keys("dpa").len(), 10 + 1600 + 1, "{brand:?}: none is lost");
        let times =
            |key: &String| kept.pages.iter().flat_map(|page| &page.records).filter(|record| record.key == *key).count();
        assert!(confirmed.iter().all(|key| times(key) == 1), "{brand:?}: none travels twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_committed_late_with_an_older_timestamp_is_picked_up_within_the_lag() {
    each(INCREMENTAL, async |brand, rig, database| {
        table(brand, database).await;
        ties(brand, database, 1, 1, "2026-11-20 10:00:00").await;
        database.exec("begin").await;
        ties(brand, database, 2, 2, "2026-11-20 10:12:00").await;
        ties(brand, database, 3, 3, "2026-11-20 10:09:00").await;
        if brand != Brand::Sqlite {
            // Another writer is quicker; SQLite has one at a time.
            let mut other = database.again().await;
            ties(brand, &mut other, 4, 4, "2026-11-20 10:20:00").await;
            assert_eq!(rig.run(false).await.counts.published, 2, "{brand:?}");
            database.exec("commit").await;
        } else {
            database.exec("rollback").await;
            ties(brand, database, 4, 4, "2026-11-20 10:20:00").await;
            assert_eq!(rig.run(false).await.counts.published, 2, "{brand:?}");
            ties(brand, database, 2, 2, "2026-11-20 10:12:00").await;
            ties(brand, database, 3, 3, "2026-11-20 10:09:00").await;
        }

        let late = rig.run(false).await;
        let idle = rig.run(false).await;
        let full = rig.run(true).await;

        assert_eq!((late.kind, late.counts.published), (RunKind::Incremental, 1), "{brand:?}: the one within the lag");
        assert_eq!((idle.run, idle.counts.published), (None, 0), "{brand:?}: a second look tells nothing");
        assert_eq!(full.counts.published, 1, "{brand:?}: the full read finds the other");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_third_of_the_keys_is_missing_the_deletes_wait_for_a_person() {
    each(WHOLE, async |brand, rig, database| {
        table(brand, database).await;
        ties(brand, database, 1, 100, "2026-11-20 10:00:00").await;
        rig.run(false).await;
        database.exec("delete from dpa where length(id) = 2 and id < '40'").await;

        let held = rig.run(false).await;

        assert_eq!((held.counts.gone, held.counts.held), (0, 30), "{brand:?}");
        {
            let kept = rig.hub.keep();
            assert_eq!((kept.keys("dpa").len(), kept.held["dpa"].len()), (100, 30), "{brand:?}");
        }
        ties(brand, database, 10, 39, "2026-11-20 10:00:00").await;
        let back = rig.run(false).await;
        assert_eq!((back.counts.held, back.proof.unwrap().count), (0, 100), "{brand:?}: what is back is free again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_from_the_future_and_dates_that_are_none_do_not_move_the_cursor() {
    each(INCREMENTAL, async |brand, rig, database| {
        table(brand, database).await;
        database.exec(brand.say("select 1", "set sql_mode = ''", "select 1")).await;
        ties(brand, database, 1, 1, "2026-11-20 10:00:00").await;
        ties(brand, database, 2, 2, brand.say("infinity", "2036-11-20 10:00:00", "2062-01-01 00:00:00")).await;
        ties(brand, database, 3, 3, brand.say("-infinity", "0000-00-00 00:00:00", "0001-01-01")).await;
        database.exec("insert into dpa values ('4', 1, null)").await;

        let first = rig.run(false).await;
        ties(brand, database, 5, 5, "2026-11-20 10:05:00").await;
        let second = rig.run(false).await;

        let notes = |report: &muara_connectors::runner::StreamReport| {
            // These tables leave out a column that the field table would take.
            report.notes.iter().map(|note| note.code.clone()).filter(|code| code != "W0204").collect::<Vec<_>>()
        };
        assert_eq!((first.counts.published, notes(&first)), (4, vec!["W0201".into(), "W0202".into()]), "{brand:?}");
        let absent = first.notes.iter().find(|note| note.code == "W0202");
        assert!(absent.is_some_and(|note| note.detail.contains('2')), "{brand:?} {:?}", first.notes);
        assert_eq!((second.kind, second.counts.published), (RunKind::Incremental, 1), "{brand:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_of_the_rows_is_no_change() {
    each("    read: {table: acak}\n", async |brand, rig, database| {
        table(brand, database).await;
        ties(brand, database, 1, 300, "2026-11-20 10:00:00").await;
        // One key twice, with two values: which of them comes first is chance.
        database.exec("insert into dpa values ('7', 2, null)").await;
        let order = brand.say("random()", "rand()", "random()");
        database.exec(&format!("create view acak as select * from dpa order by {order} limit 1000")).await;
        let first = rig.run(false).await;
        assert_eq!((first.counts.published, first.counts.quarantined), (300, 1), "{brand:?}");

        for _ in 0..4 {
            let again = rig.run(false).await;

            let counts = again.counts;
            assert_eq!((counts.published, counts.quarantined, counts.gone), (0, 0, 0), "{brand:?}");
            assert_eq!((counts.unchanged + counts.quarantined_again, again.proof), (301, first.proof), "{brand:?}");
        }
    })
    .await;
}
