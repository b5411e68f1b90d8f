//! The files of definitions are edited, well and badly, while a connector runs.

use std::path::PathBuf;
use std::time::Duration;

use muara_connectors::definition;
use muara_connectors::runner::Handle;
use muara_connectors::runner::reload::Follower;
use muara_connectors::worker::Evaluator;
use serde_json::json;
use sqlx::SqlitePool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{agency, all_have, chain_is_whole, name, text};
use crate::rig::{Rig, SYSTEM, until};
use crate::sqlite::{SOURCE, exec, rig};

const WHOLE: &str = "    read: {table: dpa}\n";

/// A connector over the definitions in a folder, with whoever follows their files.
struct Desk {
    rig: Rig,
    follower: Follower,
    folder: PathBuf,
    _db: SqlitePool,
}

impl Desk {
    /// The folder has these files; the rig's stream has been read once.
    async fn with(files: &[(&str, &str)]) -> Self {
        let (mut rig, db) = rig(WHOLE).await;
        exec(&db, "insert into dpa values ('a', 1, 'k1', null), ('b', 2, 'k2', null)").await;
        let folder = rig.path("connectors");
        std::fs::create_dir(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        let follower = Follower::new(vec![folder.clone()], rig.options.variables.clone(), None);
        let loaded =
            definition::load(std::slice::from_ref(&folder), &rig.options.variables, &mut Evaluator::here().asker());
        rig.define_as(loaded.unwrap_or_else(|found| panic!("{found:?}")));
        let reports = rig.start().await.run_all(false).await;
        assert!(reports.iter().all(|report| report.failure.is_none()), "{reports:?}");
        Self { rig, follower, folder, _db: db }
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.join(file), text).unwrap();
    }

    /// Looks as often as it takes for a change to be taken.
    async fn look(&mut self) {
        let handle = self.rig.start().await;
        self.follower.step(handle, false).await;
        self.follower.step(handle, false).await;
    }

    async fn run(&mut self) {
        let reports = self.rig.start().await.run_all(false).await;
        assert!(reports.iter().all(|report| report.failure.is_none()), "{reports:?}");
    }

    /// Waits until the newest announcement of a stream warns so; `None` is no warning of an unused definition.
    async fn warned(&self, stream: &str, wanted: Option<&str>) {
        let hub = self.rig.hub.clone();
        let unused = |warnings: &[String]| warnings.iter().find(|text| text.starts_with("W0210")).cloned();
        until("the hub is told", || {
            let kept = hub.keep();
            let newest = kept.announcements.iter().rfind(|told| told.stream == name(stream))?;
            match (unused(&newest.warnings), wanted) {
                (None, None) => Some(()),
                (Some(told), Some(wanted)) => told.contains(wanted).then_some(()),
                _ => None,
            }
        })
        .await;
    }

    /// Waits until the newest announcement of a stream warns of nothing at all.
    async fn silent(&self, stream: &str) {
        let hub = self.rig.hub.clone();
        until("the hub is told that nothing is wrong", || {
            let kept = hub.keep();
            kept.announcements.iter().rfind(|told| told.stream == name(stream))?.warnings.is_empty().then_some(())
        })
        .await;
    }

    fn has(&self, number: u32) {
        all_have(&self.rig.hub.keep(), "dpa", number);
    }
}

fn mapped_by(number: u32) -> String {
    format!("{SYSTEM}source:\n{SOURCE}\nstreams:\n  dpa:\n{WHOLE}{}", agency(number))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_taken_when_two_looks_agree() {
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1))]).await;
    desk.write("sipd.yaml", &mapped_by(2));

    let handle = desk.rig.start().await;
    desk.follower.step(handle, false).await;
    desk.run().await;
    desk.has(1);
    desk.look().await;
    desk.run().await;

    desk.has(2);
    chain_is_whole(&desk.rig.hub.keep(), "dpa");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_edit_changes_nothing_and_is_told_until_it_is_mended() {
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1))]).await;
    let broken = format!("{}      ammount: nilai\n", mapped_by(2));
    desk.write("sipd.yaml", &broken);

    desk.look().await;
    let place = format!("sipd.yaml:{}:7", broken.lines().count());
    desk.warned("dpa", Some(&place)).await;
    desk.warned("dpa", Some("E0113 at ")).await;
    let told = desk.rig.hub.keep().announcements.len();
    desk.look().await;
    desk.run().await;
    desk.has(1);
    assert_eq!(desk.rig.hub.keep().announcements.len(), told, "it is told once");

    desk.write("sipd.yaml", &mapped_by(2));
    desk.look().await;
    desk.warned("dpa", None).await;
    desk.run().await;
    desk.has(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_variable_that_an_edit_lacks_is_named() {
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1))]).await;
    let source = "  kind: http\n  base_url: {env: ALAMAT}\n  auth: {bearer: {env: KUNCI}}";
    let edit =
        format!("{SYSTEM}source:\n{source}\nstreams:\n  dpa:\n    read: {{get: /dpa, records: data}}\n{}", agency(1));

    desk.write("sipd.yaml", &edit);
    desk.look().await;

    desk.warned("dpa", Some("`ALAMAT` is not set")).await;
    desk.warned("dpa", Some("`KUNCI` is not set")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_taken_back_ends_the_warning_and_reads_nothing_anew() {
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1))]).await;
    desk.write("sipd.yaml", "muara: [");
    desk.look().await;
    desk.warned("dpa", Some("W0210")).await;

    desk.write("sipd.yaml", &mapped_by(1));
    desk.look().await;

    desk.warned("dpa", None).await;
    let report = desk.rig.run(false).await;
    assert_eq!((report.counts.published, report.counts.unchanged), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_whose_test_fails_is_not_used_and_the_record_in_it_not_told() {
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1))]).await;
    let test = "    tests: [{name: wrong, raw: {id: 1, nilai: 5}, expect: {description: RAHASIA}}]\n";

    desk.write("sipd.yaml", &format!("{}{test}", mapped_by(2)));
    desk.look().await;

    desk.warned("dpa", Some("E0122 at ")).await;
    desk.run().await;
    desk.has(1);
    let told = desk.rig.hub.keep().announcements.iter().flat_map(|told| told.warnings.clone()).collect::<String>();
    assert!(!told.contains("RAHASIA") && !told.contains("description"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_does_not_hold_up_the_others() {
    let other = text(&[("lain", "")]).replace("id: sipd", "id: simda");
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1)), ("simda.yaml", &other)]).await;

    desk.write("simda.yaml", &format!("{other}    ammount: x\n"));
    desk.write("sipd.yaml", &mapped_by(2));
    desk.write("new.yaml", "muara: 1\n");
    desk.look().await;
    desk.run().await;

    desk.has(2);
    assert_eq!(desk.rig.start().await.streams().len(), 2, "what came from the broken file goes on");
    desk.warned("dpa", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_that_is_broken_or_has_open_lines_is_told_by_its_name_until_it_is_mended() {
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1))]).await;
    let other = text(&[("lain", "")]).replace("id: sipd", "id: simda");
    let hub = desk.rig.hub.clone();
    let told = |wanted: Option<&'static str>| {
        let hub = hub.clone();
        async move {
            until("the hub is told of the new file", || {
                let kept = hub.keep();
                let newest = kept.announcements.iter().rfind(|told| told.stream == name("dpa"))?;
                let new = newest.warnings.iter().find(|warning| warning.starts_with("W0211 "));
                (new.is_some() == wanted.is_some()
                    && new.is_none_or(|new| new.contains("simda.yaml") && wanted.is_some_and(|w| new.contains(w))))
                .then_some(())
            })
            .await;
        }
    };

    std::fs::write(desk.folder.join("simda.yaml"), format!("{other}      ammount: x\n")).unwrap();
    let handle = desk.rig.start().await;
    desk.follower.step(handle, true).await;
    told(Some("E0113 at ")).await;
    std::fs::write(desk.folder.join("simda.yaml"), format!("{other}      account_name: x   # CONFIRM 40 %: a guess\n"))
        .unwrap();
    desk.follower.step(handle, true).await;
    told(Some("E0180 at ")).await;
    assert_eq!(handle.streams().len(), 1);
    std::fs::write(desk.folder.join("simda.yaml"), &other).unwrap();
    desk.follower.step(handle, true).await;

    told(None).await;
    assert_eq!(handle.streams().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_is_read_and_one_that_goes_is_not_but_a_folder_that_is_away_changes_nothing() {
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1))]).await;
    desk.write("simda.yaml", &text(&[("lain", "")]).replace("id: sipd", "id: simda"));
    desk.look().await;
    desk.run().await;
    assert_eq!(desk.rig.hub.keep().keys("lain").len(), 2);

    std::fs::remove_file(desk.folder.join("sipd.yaml")).unwrap();
    desk.look().await;
    let streams = desk.rig.start().await.streams();
    assert_eq!(streams.iter().map(|name| &*name.stream).collect::<Vec<_>>(), ["lain"]);

    std::fs::rename(&desk.folder, desk.folder.with_extension("away")).unwrap();
    desk.look().await;
    assert_eq!(desk.rig.start().await.streams(), streams);
    std::fs::create_dir(&desk.folder).unwrap();
    desk.look().await;
    assert_eq!(desk.rig.start().await.streams(), streams, "an empty one is a mount that is not there yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_of_a_stream_is_taken_back_when_it_goes() {
    let pair = |more: &str| text(&[("dpa", ""), ("lain", more)]);
    let mut desk = Desk::with(&[("sipd.yaml", &pair(""))]).await;
    desk.write("sipd.yaml", &format!("{}      ammount: nilai\n", pair("")));
    desk.look().await;
    desk.warned("lain", Some("E0113")).await;

    desk.write("sipd.yaml", &text(&[("dpa", "")]));
    desk.look().await;
    desk.silent("lain").await;
    desk.write("simda.yaml", &text(&[("baru", "")]).replace("id: sipd", "id: simda"));
    desk.look().await;
    std::fs::remove_file(desk.folder.join("sipd.yaml")).unwrap();
    desk.look().await;
    desk.silent("dpa").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_list_beside_the_definition_is_another_definition() {
    let listed = mapped_by(1).replace("      description: uraian", "      description: {from: uraian, via: nama}");
    let listed = format!("{listed}crosswalks: {{nama: {{file: nama.csv}}}}\n");
    let list = "from,to\nk1,satu\nk2,dua\n";
    let mut desk = Desk::with(&[("sipd.yaml", &listed), ("nama.csv", list)]).await;
    let described = |desk: &Desk| desk.rig.hub.keep().body("dpa", "b").unwrap()["description"].clone();
    assert_eq!(described(&desk), json!("dua"));

    desk.write("nama.csv", "from,to\nk1,satu\n");
    desk.write("nama.csv", "from,to\nk1,satu\nk2,kedua\n");
    desk.look().await;
    desk.run().await;
    assert_eq!(described(&desk), json!("kedua"));

    desk.write("nama.csv", "other columns\n");
    desk.look().await;
    desk.warned("dpa", Some("E0145")).await;
    desk.run().await;
    assert_eq!(described(&desk), json!("kedua"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_looks_by_itself_and_at_once_when_asked() {
    let mut desk = Desk::with(&[("sipd.yaml", &mapped_by(1))]).await;
    let (asked, token) = (Notify::new(), CancellationToken::new());
    let uses = |handle: &Handle, number: u32| {
        let document = format!("1.02.0.00.0.00.{number:02}.0000");
        handle.definitions().iter().any(|known| known.document.contains(&document))
    };
    let (file, handle) = (desk.folder.join("sipd.yaml"), desk.rig.start().await);
    let edits = async {
        std::fs::write(&file, mapped_by(2)).unwrap();
        until("it is taken by itself", || uses(handle, 2).then_some(())).await;
        token.cancel();
    };
    tokio::join!(desk.follower.follow(handle, Duration::from_millis(5), &asked, &token), edits);

    let (token, follower) =
        (CancellationToken::new(), Follower::new(vec![desk.folder.clone()], desk.rig.options.variables.clone(), None));
    let handle = desk.rig.start().await;
    let edits = async {
        std::fs::write(&file, mapped_by(3)).unwrap();
        asked.notify_one();
        until("it is taken at once", || uses(handle, 3).then_some(())).await;
        token.cancel();
    };
    tokio::join!(follower.follow(handle, Duration::from_hours(1), &asked, &token), edits);
}
