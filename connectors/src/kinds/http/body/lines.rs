//! Records of bodies that are made of lines: JSON lines and CSV.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::delimited::{Cells, Delimited, Flaw};
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

/// Rows under the header of the first line, which names at least the columns that are needed.
pub(super) fn csv(text: &str, delimiter: u8, needed: &[String], shown: &str) -> Result<Vec<Raw>, PullError> {
    let bad = |why: String| PullError::malformed(format!("{shown} answered with no CSV: {why}"), text);
    let mut reader = Delimited::new(text.as_bytes(), delimiter);
    let mut row = Cells::default();
    let mut next = |row: &mut Cells| reader.read(row).map_err(|error| bad(error.to_string()));
    if !next(&mut row)? {
        return Err(bad("it has no header".to_owned()));
    }
    if let Some(flaw) = row.flaw() {
        return Err(bad(flaw.told(1)));
    }
    let names: Vec<String> = row.iter().map(|name| text_of(name).trim().to_owned()).collect();
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(bad(format!("column {} has the same name as one before it", twice.0 + 1)));
    }
    // A line that says what went wrong looks like the header of a list without rows.
    if let Some(missing) = needed.iter().find(|needed| !names.contains(needed)) {
        let why = format!("{shown} has no column `{missing}`, which key or cursor of the definition name");
        return Err(PullError::Failed { code: "E0208", why });
    }
    let head = Head::new(names.iter().map(String::as_str));
    let mut records = Vec::new();
    while next(&mut row)? {
        let number = records.len() as u64 + 2;
        let flaw = row.flaw();
        let right = flaw.map_or(usize::MAX, Flaw::cell);
        let mut record = head.row();
        let mut cells = row.iter();
        for column in 0..names.len() {
            match cells.next() {
                Some(cell) if column < right => record.push(Some(&text_of(cell))),
                None if column < right => record.push(None),
                cell => {
                    let why = flaw.map_or_else(String::new, |flaw| flaw.told(number));
                    record.push_fault(&text_of(cell.unwrap_or_default()), why);
                }
            }
        }
        // A delimiter within an unquoted text shifts every cell behind it: such a row must not pass as right.
        if let Some(flaw) = flaw {
            record.spoil(flaw.told(number));
        } else if row.len() != names.len() {
            record.spoil(format!("the row has {} cells, the header has {}", row.len(), names.len()));
        }
        records.push(Raw::Row(record));
    }
    Ok(records)
}

/// A cell as text, which it is, for it was cut from one at ASCII letters.
fn text_of(cell: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(cell)
}
