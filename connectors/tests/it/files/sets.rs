//! Which files are read, and what each of them says of the records that it does not hold.

use std::time::{Duration, UNIX_EPOCH};

use muara_connectors::runner::StreamReport;
use muara_schemas::Clock;
use serde_json::json;

use super::{amounts, rig, write};
use crate::rig::Rig;

/// Makes a file that was changed so many seconds ago.
fn aged(rig: &Rig, name: &str, text: &str, secs: u64) {
    write(rig, name, text);
    let file = std::fs::File::options().append(true).open(rig.path("berkas").join(name)).unwrap();
    let now = u64::try_from(Clock::system().now().micros()).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_micros(now) - Duration::from_secs(secs)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_file_of_a_set_replaces_it() {
    let mut rig = rig(r"{match: 'RBA_(?<year>\d{4})_v\d+\.csv'}");
    aged(&rig, "RBA_2025_v1.csv", "id,nilai\nz,9\n", 900);
    aged(&rig, "RBA_2026_v1.csv", "id,nilai\na,1\nb,2\nc,3\n", 800);
    aged(&rig, "anggaran.csv", "id,nilai\nx,1\n", 10);
    assert_eq!(rig.run(false).await.counts.published, 4);
    aged(&rig, "RBA_2026_v2.csv", "id,nilai\na,1\nb,5\n", 700);

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.counts.gone, codes(&report)), (1, 1, vec![]));
    assert_eq!(amounts(&rig), ["a 1.00", "b 5.00", "z 9.00"]);
    assert_eq!(rig.run(false).await.counts.published, 0, "and once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_comes_later_takes_over_what_was_read_without_it() {
    let mut rig = rig("{file: \"RBA*.csv\"}");
    aged(&rig, "RBA_2026_v1.csv", "id,nilai\na,1\nb,2\nc,3\n", 900);
    aged(&rig, "RBA_2025_v1.csv", "id,nilai\nz,9\n", 900);
    rig.run(false).await;
    aged(&rig, "RBA_2026_v2.csv", "id,nilai\na,1\nb,5\n", 800);
    std::fs::remove_file(rig.path("berkas/RBA_2026_v1.csv")).unwrap();
    std::fs::remove_file(rig.path("berkas/RBA_2025_v1.csv")).unwrap();
    let report = rig.run(false).await;
    assert_eq!((amounts(&rig).len(), codes(&report)), (4, vec!["W0203".to_owned()]), "the old version stays");
    let cure = &report.notes.iter().find(|note| note.code == "W0203").unwrap().detail;
    assert!(cure.contains("muara source reset 33.02/sipd/dpa"), "{cure}");
    rig.stop().await;

    let read = r"    read: {match: 'RBA_(?<year>\d{4})_v\d+\.csv'}";
    rig.define("  kind: files\n  folder: {env: FOLDER}", &format!("{read}\n"));
    let report = rig.run(false).await;

    assert_eq!(amounts(&rig), ["a 1.00", "b 5.00", "z 9.00"], "c was only in the version before");
    let told: Vec<&str> = report.notes.iter().filter(|n| n.code == "W0203").map(|n| &*n.detail).collect();
    assert!(told.len() == 1 && told[0].contains("RBA_2025_v1.csv") && !told[0].contains("2026"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_name_says_is_a_field_of_each_record() {
    let mut rig = rig(r"{match: '(?<opd>[a-z]+)_(?<nilai>\d+)\.(?:csv|jsonl)'}");
    let map = crate::rig::MAP.replace("[id]", "[$opd, id]").replace("amount: nilai", "amount: $nilai");
    let read = "    read: {match: '(?<opd>[a-z]+)_(?<nilai>\\d+)\\.(?:csv|jsonl)'}\n";
    rig.define_stream("  kind: files\n  folder: {env: FOLDER}", &format!("{read}{map}"));
    write(&rig, "dinkes_12.csv", "id,uraian\n1,x\n");
    write(&rig, "rsud_13.csv", "uraian,id\nx,1\n");
    write(&rig, "bpkad_14.jsonl", "{\"id\":1}\n{}\n");

    let report = rig.run(false).await;

    assert_eq!(amounts(&rig), ["bpkad|1 14.00", "dinkes|1 12.00", "rsud|1 13.00"]);
    assert_eq!(report.counts.quarantined, 1, "an object without a key");
    let raw: Vec<String> = rig.hub.keep().quarantine["dpa"].values().map(|broken| broken.raw.clone()).collect();
    assert_eq!(raw, [r#"{"$opd":"bpkad","$nilai":"14"}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_still_written_is_left_for_the_next_run() {
    let mut rig = rig("{file: \"*.csv\", ready: {stable_for: 2m}}");
    aged(&rig, "a.csv", "id,nilai\na,1\n", 600);
    aged(&rig, "b.csv", "id,nilai\nb,1\n", 0);
    aged(&rig, "c.csv.part", "id,nilai\nc,1\n", 600);
    assert_eq!(rig.run(false).await.counts.published, 1);
    aged(&rig, "a.csv", "id,ni", 0);

    let report = rig.run(false).await;

    assert_eq!((report.counts.gone, report.notes), (0, vec![]), "neither gone nor vanished");
    aged(&rig, "a.csv", "id,nilai\na,2\n", 130);
    aged(&rig, "b.csv", "id,nilai\nb,1\n", 130);
    assert_eq!(rig.run(false).await.counts.published, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_waits_for_its_marker() {
    let mut rig = rig("{file: chkp, ready: {marker: \"{name}.txt\"}}");
    write(&rig, "chkp/a.csv", "id,nilai\na,1\n");
    write(&rig, "chkp/b.csv", "id,nilai\nb,1\n");
    write(&rig, "chkp/b.csv.txt", "");

    assert_eq!(rig.run(false).await.counts.published, 1);

    assert_eq!(rig.hub.keep().keys("dpa"), ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_only_grows() {
    let mut rig = rig("{file: \"log-*.csv\", snapshot: append}");
    write(&rig, "log-1.csv", "id,nilai\na,1\nb,1\n");
    rig.run(false).await;
    write(&rig, "log-1.csv", "id,nilai\nb,2\n");
    write(&rig, "log-2.csv", "id,nilai\nc,1\n");

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.counts.gone), (2, 0));
    assert_eq!(amounts(&rig), ["a 1.00", "b 2.00", "c 1.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_keeps_what_it_held_and_the_others_go_on() {
    let mut rig = rig("{file: \"*.csv\"}");
    for name in ["a", "b", "c"] {
        write(&rig, &format!("{name}.csv"), format!("id,nilai\n{name}1,1\n{name}2,2\n"));
    }
    rig.run(false).await;
    write(&rig, "a.csv", "id,nilai\na1,7\n");
    write(&rig, "b.csv", "id,nilai\nb1,7\n\"");
    write(&rig, "b.csv", [&b"id,nilai\nb1,7\nb2,\""[..], &vec![b'x'; 5 << 20]].concat());
    write(&rig, "c.csv", "id,nilai\nc1,7\n");

    let report = rig.try_run(false).await;

    let failure = report.failure.unwrap();
    assert!(failure.starts_with("E0203: could not read b.csv: the quote that begins in line 3"), "{failure}");
    assert_eq!(amounts(&rig), ["a1 7.00", "b1 7.00", "b2 2.00", "c1 7.00"]);
    assert_eq!((report.counts.gone, report.proof), (2, Some(rig.hub.keep().proof("dpa"))));
    assert!(
        report.notes.iter().any(|note| note.code == "W0230" && note.detail.contains("b.csv")),
        "{:?}",
        report.notes
    );
    write(&rig, "b.csv", "id,nilai\nb1,7\n");
    let report = rig.run(false).await;
    assert_eq!((report.counts.gone, codes(&report)), (1, vec![]));
    assert_eq!(rig.hub.keep().body("dpa", "b1").unwrap()["amount"], json!("7.00"));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_out_of_the_folder_is_not_followed() {
    use std::os::unix::fs::symlink;
    let mut rig = rig("{file: \"*/*.csv\"}");
    let outside = rig.path("rahasia");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("x.csv"), "id,nilai\nx,1\n").unwrap();
    write(&rig, "chkp/a.csv", "id,nilai\na,1\n");
    symlink(rig.path("berkas/chkp/a.csv"), rig.path("berkas/chkp/b.csv")).unwrap();
    symlink(outside.join("x.csv"), rig.path("berkas/chkp/c.csv")).unwrap();
    symlink(&outside, rig.path("berkas/luar")).unwrap();

    let report = rig.try_run(false).await;

    let failure = report.failure.unwrap_or_default();
    assert!(failure.starts_with("E0234: could not read chkp/c.csv: it is a link that leads out"), "{failure}");
    assert_eq!(amounts(&rig), ["a 1.00"]);
    let told: Vec<_> = report.notes.iter().filter(|note| note.code == "W0230").map(|note| &note.detail).collect();
    assert!(told.iter().any(|detail| detail.contains("luar/x.csv")), "{told:?}");

    std::fs::remove_file(rig.path("berkas/chkp/c.csv")).unwrap();
    std::fs::remove_file(rig.path("berkas/luar")).unwrap();
    std::fs::rename(rig.path("berkas"), rig.path("asal")).unwrap();
    symlink(rig.path("asal"), rig.path("berkas")).unwrap();
    std::fs::remove_file(rig.path("asal/chkp/b.csv")).unwrap();
    assert_eq!(rig.run(false).await.counts.unchanged, 1, "the folder itself may be one");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_that_fits_is_a_wrong_definition() {
    let mut rig = rig(r"{match: 'RBA_(?<year>\d{4})\.xlsx'}");
    write(&rig, "RBA_26.xlsx", "");
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.starts_with("E0204") && failure.contains("RBA_(?<year>"), "{failure}");
}

/// What was remarked, but for the column that these files leave out.
fn codes(report: &StreamReport) -> Vec<String> {
    report.notes.iter().map(|note| note.code.clone()).filter(|code| code != "W0204").collect()
}
