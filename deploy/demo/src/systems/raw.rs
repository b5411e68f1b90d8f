//! How a defect of the world shows in the raw form of a row.

use serde_json::Value;

use crate::world::{Defect, Edit};

/// One row of a table or of a file: columns with their cells; `None` is an empty cell.
pub(crate) type Cells = Vec<(&'static str, Option<String>)>;

/// Breaks a JSON record as the defect says.
pub(crate) fn break_json(record: &mut Value, defect: Option<&Defect>) {
    let Some(defect) = defect else { return };
    let (path, value) = match defect.edit {
        Edit::Set(path, text) => (path, Some(Value::from(text))),
        Edit::Gone(path) => (path, None),
        Edit::Long(path, length) => (path, Some(Value::from(long(length)))),
        Edit::Again => return,
    };
    let mut at = record;
    let mut steps = path.split('.').peekable();
    while let Some(step) = steps.next() {
        if steps.peek().is_some() {
            let below = match at {
                Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
                other => other.get_mut(step),
            };
            let Some(below) = below else { return };
            at = below;
        } else if let Value::Object(fields) = at {
            fields.insert(step.to_owned(), value.unwrap_or(Value::Null));
            return;
        }
    }
}

/// Breaks a row of cells as the defect says.
pub(crate) fn break_cells(cells: &mut Cells, defect: Option<&Defect>) {
    let Some(defect) = defect else { return };
    let (column, text) = match defect.edit {
        Edit::Set(column, text) => (column, Some(text.to_owned())),
        Edit::Gone(column) => (column, None),
        Edit::Long(column, length) => (column, Some(long(length))),
        Edit::Again => return,
    };
    if let Some(cell) = cells.iter_mut().find(|(name, _)| *name == column) {
        cell.1 = text;
    }
}

fn long(length: usize) -> String {
    "sangat panjang ".chars().cycle().take(length).collect()
}
