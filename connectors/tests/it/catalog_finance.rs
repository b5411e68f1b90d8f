//! The financial half of the catalog, each definition read as it stands from a source in the form that it is for.

use std::path::Path;
use std::time::Duration;

use muara_connectors::runner::StreamReport;
use rust_xlsxwriter::{Format, Worksheet};

use crate::rig::Rig;

#[path = "catalog/bookkeeping.rs"]
mod bookkeeping;
#[path = "catalog/hospital.rs"]
mod hospital;
#[path = "catalog/portal.rs"]
mod portal;
#[path = "catalog/report.rs"]
mod report;

/// A rig with a definition of the catalog.
fn rig(file: &str) -> Rig {
    let mut rig = Rig::new("  kind: files\n  folder: {env: FOLDER}", "    read: {file: a.csv}\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog").join(file);
    rig.define_text(&std::fs::read_to_string(path).unwrap());
    rig.options.worker = Some(crate::expressions::worker());
    rig
}

/// Reads every stream whole; none may fail, and both sides must hold the same.
async fn read(rig: &mut Rig) -> Vec<StreamReport> {
    let reports = rig.start().await.run_all(true).await;
    rig.hub.keep().check_runs();
    for report in &reports {
        assert_eq!(report.failure, None, "{}", report.name.stream);
        assert_eq!(report.proof, Some(rig.hub.keep().proof(&report.name.stream)), "{}", report.name.stream);
    }
    reports
}

/// Of a stream: how many records were published, quarantined and left out.
fn counts(reports: &[StreamReport], stream: &str) -> (u64, u64, u64) {
    let report = reports.iter().find(|report| report.name.stream == stream).unwrap();
    (report.counts.published, report.counts.quarantined, report.counts.left_out)
}

/// The sum of a stream's amounts in sen.
fn sum(rig: &Rig, stream: &str) -> i128 {
    bodies(rig, stream).iter().map(|body| sen(&body["amount"])).sum()
}

fn sen(amount: &serde_json::Value) -> i128 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

fn bodies(rig: &Rig, stream: &str) -> Vec<serde_json::Value> {
    let kept = rig.hub.keep();
    kept.keys(stream).iter().map(|key| kept.body(stream, key).unwrap()).collect()
}

/// Where each broken record was found, and what is wrong with it.
fn broken(rig: &Rig, stream: &str) -> Vec<String> {
    let kept = rig.hub.keep();
    let mut told: Vec<String> = kept
        .quarantine
        .get(stream)
        .into_iter()
        .flatten()
        .map(|(_, entry)| format!("{} {}", entry.pointer, entry.errors[0].code))
        .collect();
    told.sort();
    told
}

/// Puts a file that has not changed for an hour into the folder that a variable names.
fn lay(rig: &mut Rig, variable: &str, name: &str, bytes: Vec<u8>) {
    let folder = rig.path("berkas");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    let file = std::fs::File::options().append(true).open(path).unwrap();
    let now = file.metadata().unwrap().modified().unwrap();
    file.set_modified(now - Duration::from_hours(1)).unwrap();
    rig.set(variable, folder.display().to_string());
}

/// Writes a row of texts; what looks like a number becomes one, and an empty text is an empty cell.
fn row(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, cell) in cells.iter().enumerate() {
        let column = u16::try_from(column).unwrap();
        match cell.parse::<f64>() {
            Ok(number) => sheet.write_number(row, column, number).unwrap(),
            Err(_) if cell.is_empty() => continue,
            Err(_) => sheet.write_string(row, column, *cell).unwrap(),
        };
    }
}

/// Merges cells from first to last, both with row and column.
fn merge(sheet: &mut Worksheet, first: (u32, u16), last: (u32, u16), text: &str) {
    sheet.merge_range(first.0, first.1, last.0, last.1, text, &Format::new()).unwrap();
}
