//! Crosswalks: lists beside a definition, and lists that ship.

use super::GOOD;
use crate::definition::{Origin, lint, read};
use crate::jq;

const LISTS: &str = "crosswalks:\n  opd: {file: opd.csv}\nstreams:";

fn told(text: &str, list: &str) -> Vec<String> {
    let mut origin = Origin::new("sipd.yaml", text);
    origin.beside.insert("opd.csv".to_owned(), Ok(list.to_owned()));
    read(vec![origin]).1.iter().map(|report| format!("{} {}:{}", report.code, report.line, report.column)).collect()
}

fn with_list(via: &str) -> String {
    let agency = format!("agency: {{from: kode_skpd, via: {via}}}");
    GOOD.replace("streams:", LISTS)
        .replace("agency: kode_skpd", &agency)
        .replace("kode_skpd: 1.02.0.00.0.00.01.0000", "kode_skpd: D1")
}

#[test]
fn a_list_beside_the_definition_is_used_by_name() {
    let list = "from,to\nD1,1.02.0.00.0.00.01.0000\nD2,1.03.0.00.0.00.01.0000\n";
    assert_eq!(told(&with_list("opd"), list), [""; 0]);
    assert_eq!(told(&with_list("opdd"), list), ["E0145 22:38"]);
    assert_eq!(told(&with_list("opd"), "a,b\n"), ["E0145 12:15"]);
    assert_eq!(told(&with_list("opd"), "from,to\nD1,dinas\n"), ["E0117 22:38"]);
    assert_eq!(told(&with_list("opd"), "from,to\nD2,1.03.0.00.0.00.01.0000\n"), ["E0122 36:15"], "the test has no D2");
}

#[test]
fn a_list_that_changed_over_time_needs_a_day() {
    let list =
        "from,to,valid_from,valid_to\nD1,1.02.0.00.0.00.01.0000,2026-01-01,\nD1,1.03.0.00.0.00.01.0000,,2025-12-31\n";
    assert_eq!(told(&with_list("opd"), list), ["E0146 22:38"]);
    assert_eq!(told(&with_list("opd, valid_on: tahun"), list), [""; 0]);
}

#[test]
fn a_list_that_ships_is_used_by_name() {
    let text = GOOD
        .replace("streams:", "crosswalks:\n  dana: {codes: funds, from: name, match: name}\nstreams:")
        .replace("fund: {from: dana, default: 1.1.01}", "fund: {from: dana, via: dana, default: 1.1.01}");
    assert_eq!(told(&text, ""), [""; 0]);
    assert_eq!(told(&text.replace("codes: funds", "codes: fund"), ""), ["E0145 12:17"]);
    assert_eq!(told(&text.replace("codes: funds", "file: ../funds.csv"), ""), ["E0125 12:16"]);
    assert_eq!(told(&text.replace("codes: funds, ", ""), ""), ["E0106 12:3"]);
}

#[test]
fn another_list_is_another_definition() {
    let digest = |list: &str| {
        let mut origin = Origin::new("a.yaml", with_list("opd"));
        origin.beside.insert("opd.csv".to_owned(), Ok(list.to_owned()));
        read(vec![origin]).0.remove(0).streams[0].digest.clone()
    };
    let list = "from,to\nD1,1.02.0.00.0.00.01.0000\n";
    assert_eq!(digest(list), digest(list));
    assert_ne!(digest(list), digest(&format!("{list}D2,1.03.0.00.0.00.01.0000\n")));
}

#[test]
fn the_files_of_lists_are_read_from_the_definitions_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sipd.yaml"), with_list("opd")).unwrap();
    let codes = || -> Vec<_> {
        lint(&[folder.path().to_path_buf()], &mut jq::evaluate).iter().map(|report| report.code).collect()
    };
    assert_eq!(codes(), ["E0145"]);
    std::fs::write(folder.path().join("opd.csv"), "\u{feff}from,to\nD1,1.02.0.00.0.00.01.0000\n").unwrap();
    assert_eq!(codes(), [""; 0]);
}
