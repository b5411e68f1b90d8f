//! A look at a stream before it runs: nothing is published and nothing kept.

use muara_connectors::definition::{self, Definition, Origin, Variables};
use muara_connectors::reader::Reader;
use muara_connectors::runner::preview::{Look, Outcome, plan, preview};

use crate::rig::MAP;

fn definition(stream: &str) -> Definition {
    let text = format!(
        "muara: 1\nsystem: {{id: sipd, region: \"33.02\", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 10}}\n\
         source:\n  kind: files\n  folder: {{env: FOLDER}}\nstreams:\n  dpa:\n{stream}{MAP}"
    );
    let (mut definitions, found) = definition::read(vec![Origin::new("a.yaml", text)]);
    assert_eq!(definitions.len(), 1, "{found:?}");
    definitions.remove(0)
}

fn look(folder: &tempfile::TempDir, most: usize) -> Look {
    let variables = Variables::closed().with("FOLDER", folder.path().display().to_string());
    Look { variables, worker: None, reader: Reader::at(env!("CARGO_BIN_EXE_connector-worker")), most }
}

#[tokio::test]
async fn each_record_is_shown_with_what_would_become_of_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dpa.csv"), "id,nilai,uraian\n1,5,a\n2,x,b\n3,7,draft\n,8,c\n5,9,d\n").unwrap();
    let definition = definition("    read: {file: dpa.csv}\n    where: '.uraian != \"draft\"'\n");

    let seen = preview(&definition, &definition.streams[0], look(&folder, 4)).await;

    assert_eq!((seen.failure, seen.asks.len(), seen.records.len()), (None, 1, 4));
    let told: Vec<_> = seen.records.iter().map(|record| (record.pointer.as_str(), record.key.as_deref())).collect();
    let rows = ["dpa.csv#row=2", "dpa.csv#row=3", "dpa.csv#row=4", "dpa.csv#row=5"];
    assert_eq!(told.iter().map(|(pointer, _)| *pointer).collect::<Vec<_>>(), rows);
    assert!(matches!(&seen.records[0].outcome, Outcome::Valid { body } if body.get().contains("\"amount\":\"5.00\"")));
    assert!(matches!(&seen.records[1].outcome, Outcome::Quarantined { errors } if errors[0].code == "E0302"));
    assert!(matches!(&seen.records[2].outcome, Outcome::LeftOut));
    assert!(matches!(&seen.records[3].outcome, Outcome::Quarantined { errors } if !errors.is_empty()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is written");
}

#[tokio::test]
async fn what_is_left_out_needs_no_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dpa.csv"), "id,nilai,uraian\n,7,jumlah\n,7,\n").unwrap();
    let definition = definition("    read: {file: dpa.csv}\n    where: '.uraian != \"jumlah\"'\n");

    let seen = preview(&definition, &definition.streams[0], look(&folder, 4)).await;

    assert!(matches!(&seen.records[0].outcome, Outcome::LeftOut));
    assert!(matches!(&seen.records[1].outcome, Outcome::Quarantined { errors } if errors[0].code == "E0320"));
}

#[tokio::test]
async fn a_source_that_is_not_there_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let definition = definition("    read: {file: dpa.csv}\n");

    let seen = preview(&definition, &definition.streams[0], look(&folder, 4)).await;
    let asks = plan(&definition, &definition.streams[0], look(&folder, 0)).await.unwrap();

    assert!(seen.failure.is_some_and(|failure| failure.contains("dpa.csv")));
    assert!(asks[0].contains("dpa.csv"), "{asks:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dpa.json"), "[{\"id\": 1, ").unwrap();
    let definition = definition("    read: {file: dpa.json}\n");

    let seen = preview(&definition, &definition.streams[0], look(&folder, 4)).await;

    assert!(seen.failure.is_some_and(|failure| failure.starts_with("E02") && failure.contains("dpa.json")));
}
