//! Records of bodies that are made of lines: JSON lines and CSV.

use csv::{ReaderBuilder, StringRecord};
use serde_json::value::RawValue;

use crate::kind::PullError;
use crate::raw::{Head, Raw};

/// One JSON value on each line; empty lines are passed over.
pub(super) fn jsonl(text: &str, shown: &str) -> Result<Vec<Raw>, PullError> {
    let mut records = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let value: &RawValue = serde_json::from_str(line).map_err(|error| {
            let why = format!("{shown} has in line {} no JSON: {error}; was it cut off?", number + 1);
            PullError::malformed(why, line)
        })?;
        records.push(Raw::Json(value.get().into()));
    }
    Ok(records)
}

/// Rows under the header of the first line.
pub(super) fn csv(text: &str, delimiter: u8, shown: &str) -> Result<Vec<Raw>, PullError> {
    let bad = |why: String| PullError::malformed(format!("{shown} answered with no CSV: {why}"), text);
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut row = StringRecord::new();
    if !reader.read_record(&mut row).map_err(|error| bad(error.to_string()))? {
        return Err(bad("it has no header".to_owned()));
    }
    let names: Vec<String> = row.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(bad(format!("column {} has the same name as one before it", twice.0 + 1)));
    }
    let head = Head::new(names.iter().map(String::as_str));
    let mut records = Vec::new();
    while reader.read_record(&mut row).map_err(|error| bad(error.to_string()))? {
        let mut record = head.row();
        for column in 0..names.len() {
            record.push(row.get(column));
        }
        // A delimiter within an unquoted text shifts every cell behind it: such a row must not pass as right.
        if row.len() != names.len() {
            record.spoil(format!("the row has {} cells, the header has {}", row.len(), names.len()));
        }
        records.push(Raw::Row(record));
    }
    Ok(records)
}
