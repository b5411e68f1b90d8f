//! Public suites of awkward files, where they are at hand. `MUARA_SAMPLES` names a folder with them; they are not ours
//! to ship.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::rig;
use crate::rig::MAP;

/// A folder of real files, when somebody has named it.
#[expect(clippy::disallowed_methods, reason = "a person names the folder of samples by the environment")]
fn samples(folder: &str) -> Option<PathBuf> {
    let found = std::env::var_os("MUARA_SAMPLES").map(|samples| PathBuf::from(samples).join(folder));
    let found = found.filter(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("MUARA_SAMPLES names no folder of real files: only files of the same shape are tested");
    }
    found
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Reads a file by a stream whose key is empty, so that each raw record goes into quarantine as it is.
async fn raw(keys: &str, file: &Path) -> (Vec<Value>, Option<String>) {
    let read = format!("    read: {{match: '(?<none>).*', {keys}}}\n    on_invalid: {{stop_above: 100%, of: 1000}}\n");
    let mut rig = rig("{file: \"*\"}");
    rig.define_stream("  kind: files\n  folder: {env: FOLDER}", &format!("{read}{}", MAP.replace("[id]", "[$none]")));
    std::fs::copy(file, rig.path("berkas").join(file.file_name().unwrap())).unwrap();
    let failure = rig.try_run(false).await.failure;
    let kept = rig.hub.keep();
    let record = |text: &str| {
        let mut record: Value = serde_json::from_str(text).unwrap();
        if let Some(members) = record.as_object_mut() {
            members.remove("$none");
        }
        record
    };
    let pages = kept.pages.iter().flat_map(|page| &page.quarantined);
    (pages.map(|broken| record(&broken.raw)).collect(), failure)
}

/// The sum of a column in which numbers stand as numbers or as Indonesian texts such as `0,00`.
fn sum(records: &[Value], column: &str) -> i64 {
    let cents = |text: &str| {
        let (whole, rest) = text.split_once([',', '.']).unwrap_or((text, "0"));
        assert!(rest.chars().all(|digit| digit == '0'), "{text}");
        whole.parse::<i64>().unwrap()
    };
    records.iter().filter_map(|record| record[column].as_str()).map(cents).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_report_of_realisation_gives_its_printed_totals() {
    let Some(folder) = samples("indonesia/lampung-selatan-2026") else { return };
    let read = "region: {find: Kode, within: A1:C20, end: {text: [Jumlah]}}, header: {rows: 3}, skip: 1";

    let (records, failure) = raw(read, &folder.join("lra_januari.xlsx")).await;

    assert_eq!((failure, records.len()), (None, 480));
    // A leaf is an account of six levels; all above it are sums.
    let leaves = |record: &&Value| record["Kode (4)"].as_str().is_some_and(|code| code.split('.').count() == 6);
    let leaves: Vec<Value> = records.iter().filter(leaves).cloned().collect();
    assert_eq!(leaves.len(), 192);
    let totals = ["Operasi / Anggaran", "Modal / Anggaran", "Operasi / Realisasi", "Modal / Realisasi"]
        .map(|column| sum(&leaves, &format!("Kelompok Belanja / {column}")));
    assert_eq!(totals, [10_701_893_800, 109_048_100, 126_091_861, 0]);
    assert_eq!(
        leaves[0]["Uraian Urusan, Organisasi, Program, Kegiatan dan Sub Kegiatan"].as_str().map(str::is_empty),
        Some(false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn real_exports_of_tenders_and_of_statistics() {
    let Some(folder) = samples("indonesia") else { return };
    let read = "sheet: '/^Data/'";
    let (tenders, failure) = raw(read, &folder.join("kemnaker-inaproc/v1_tender_pengumuman_2024.xlsx")).await;
    assert_eq!((failure, tenders.len(), sum(&tenders, "pagu")), (None, 86, 217_574_465_000));

    let (rows, failure) = raw("format: csv", &folder.join("bps/ipm_kemiskinan_sumut.csv")).await;
    assert_eq!((failure, rows.len()), (None, 165));
    assert_eq!((&rows[0]["Kabupaten Kota"], &rows[0]["Sum of IPM"]), (&json!("Asahan"), &json!("69.92")));
    let poverty = rows.iter().filter(|row| row["Tahun"] == "2023").map(|row| {
        let text = row["Sum of Presentasi_penduduk_miskin"].as_str().unwrap();
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{rest:0<2}").parse::<u64>().unwrap()
    });
    let poverty: Vec<u64> = poverty.collect();
    let mean = poverty.iter().sum::<u64>() * 1_000 / poverty.len() as u64;
    assert_eq!((poverty.len(), mean), (33, 992_545), "in hundredths of a thousandth per cent: 9.9255 rounded");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_csv_spectrum_is_read_as_it_says() {
    let Some(folder) = samples("conformance/csv-spectrum") else { return };
    let mut count = 0;
    for file in files(&folder.join("csvs")) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let expected = std::fs::read_to_string(folder.join(format!("json/{name}.json"))).unwrap();
        // One of them has its only record without a list around it.
        let expected = match serde_json::from_str(&expected).unwrap() {
            Value::Array(records) => records,
            record => vec![record],
        };

        let (records, failure) = raw("format: csv", &file).await;

        if name == "location_coordinates" {
            // The suite's answer has another telephone number than its question.
            assert_eq!(records[0]["Location Coordinates"], expected[0]["Location Coordinates"]);
            assert_eq!((failure, records[0]["Contact Phone Number"].as_str()), (None, Some("2095257564")));
        } else {
            assert_eq!((failure, records), (None, expected), "{name}");
        }
        count += 1;
    }
    // The guide of the language tells this rate.
    assert_eq!(count, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_workbooks_are_read_or_refused_with_a_reason() {
    let Some(folder) = samples("") else { return };
    let mut told = Vec::new();
    for file in files(&folder.join("conformance/excel")).into_iter().chain(files(&folder.join("indonesia/misc"))) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".html") || name.ends_with(".md") {
            continue;
        }
        let keys = match name.as_str() {
            // Arrays of arrays under `data`, and a title and two rows of header.
            name if name.starts_with("dt_") => "records: data",
            name if name.ends_with("json") => "format: json",
            _ => "hidden: false",
        };
        let (records, failure) = raw(keys, &file).await;
        let failure =
            failure.map_or("read".to_owned(), |failure| failure.split(':').next().unwrap_or_default().to_owned());
        told.push(format!("{name} {} {failure}", records.len()));
    }
    told.sort();
    println!("{}", told.join("\n"));
    assert_eq!(told.len(), 18);
    assert!(
        told.iter().all(|line| ["read", "E0203", "E0208", "E0232"].iter().any(|end| line.ends_with(end))),
        "{told:#?}"
    );
}
