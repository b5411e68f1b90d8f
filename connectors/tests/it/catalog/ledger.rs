//! What the tests of the financial half ask of their records, and how they lay their workbooks down.

use std::time::Duration;

use rust_xlsxwriter::{Format, Worksheet};

use crate::rig::Rig;

/// The sum of a stream's amounts in sen.
pub(super) fn sum(rig: &Rig, stream: &str) -> i128 {
    super::sum(rig, stream, "amount")
}

/// An amount in sen.
pub(super) fn sen(amount: &serde_json::Value) -> i128 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

/// The bodies of a stream, in the order of their keys.
pub(super) fn bodies(rig: &Rig, stream: &str) -> Vec<serde_json::Value> {
    let kept = rig.hub.keep();
    kept.keys(stream).iter().map(|key| kept.body(stream, key).unwrap()).collect()
}

/// Where each broken record was found, and what is wrong with it.
pub(super) fn broken(rig: &Rig, stream: &str) -> Vec<String> {
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
pub(super) fn lay(rig: &mut Rig, variable: &str, name: &str, bytes: Vec<u8>) {
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
pub(super) fn row(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
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
pub(super) fn merge(sheet: &mut Worksheet, first: (u32, u16), last: (u32, u16), text: &str) {
    sheet.merge_range(first.0, first.1, last.0, last.1, text, &Format::new()).unwrap();
}
