//! The kind `files`: what people and programs leave in a folder.

use crate::rig::Rig;

mod forms;
mod hostile;
mod samples;
mod sets;
mod tables;
mod zip;

/// A rig with a folder `berkas`, and in it `chkp`, that is read so.
fn rig(read: &str) -> Rig {
    let mut rig = Rig::new("  kind: files\n  folder: {env: FOLDER}", &format!("    read: {read}\n"));
    let folder = rig.path("berkas");
    std::fs::create_dir_all(folder.join("chkp")).unwrap();
    rig.set("FOLDER", folder.display().to_string());
    rig
}

fn write(rig: &Rig, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(rig.path("berkas").join(name), bytes).unwrap();
}

/// What stands in the field `amount` of all records, by key.
fn amounts(rig: &Rig) -> Vec<String> {
    let kept = rig.hub.keep();
    let amount = |key: &String| kept.body("dpa", key).unwrap()["amount"].as_str().unwrap().to_owned();
    kept.keys("dpa").iter().map(|key| format!("{key} {}", amount(&key.to_string()))).collect()
}

#[tokio::test]
async fn a_stream_may_stop_at_its_first_broken_record() {
    let mut rig =
        Rig::new("  kind: files\n  folder: {env: FOLDER}\n", "    read: {file: dpa.csv}\n    on_invalid: stop\n");
    let folder = rig.folder.path().to_owned();
    rig.set("FOLDER", folder.display().to_string());
    std::fs::write(folder.join("dpa.csv"), "id,nilai\n1,5\n2,x\n3,7\n").unwrap();

    let report = rig.try_run(true).await;

    let failure = report.failure.unwrap_or_default();
    assert!(failure.starts_with("E0215: record 2 of the read is broken"), "{failure}");
    assert_eq!(rig.hub.keep().keys("dpa"), ["1"]);
}
