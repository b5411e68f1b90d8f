//! Source paths, each resolved once: to a cell's number per column list, or to the place a member had last time.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::lookup::{Columns, Lookup};
use super::plan::Input;
use crate::jq::{Answer, Fault};
use crate::json::{Json, Path};

/// The source paths of one field table.
#[derive(Debug)]
pub(super) struct Slots {
    paths: Box<[Path]>,
    /// Where the first step of each path stood in the last JSON object; records of one source keep their order.
    hints: Box<[AtomicU32]>,
    bound: Mutex<Option<Arc<Bound>>>,
}

/// The paths resolved against one column list, which is kept so that its address stays its own.
#[derive(Debug)]
struct Bound {
    columns: Arc<Columns>,
    places: Box<[Place]>,
    /// Columns whose cells hold JSON that some path goes into.
    nested: Box<[usize]>,
}

/// Where a path leads in a row.
#[derive(Debug)]
enum Place {
    /// No such column.
    Nowhere,
    /// The cell itself.
    Cell(usize),
    /// A path within the JSON of a cell: the number of the cell in `nested`, and the rest of the path.
    Within(usize, Path),
}

/// A source value before any converter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    /// Not there, or null.
    Absent,
    /// A text.
    Text(&'a str),
    /// A JSON number by its text.
    Number(&'a str),
    /// A list or an object.
    Nested(&'a Json),
    /// An expression gave nothing.
    Failed(&'a Fault),
    /// An expression gave several values.
    Several,
}

/// One record, opened for reading through slots.
pub(super) struct Source<'a, L: Lookup + ?Sized> {
    slots: &'a Slots,
    from: From<'a, L>,
    answers: &'a [Answer],
}

enum From<'a, L: ?Sized> {
    Json(&'a Json),
    Row { record: &'a L, bound: Arc<Bound>, nested: Vec<Option<Json>> },
}

impl Slots {
    pub(super) fn new(paths: Vec<Path>) -> Self {
        Self { hints: paths.iter().map(|_| AtomicU32::new(0)).collect(), paths: paths.into(), bound: Mutex::new(None) }
    }

    /// Opens a record.
    pub(super) fn open<'a, L: Lookup + ?Sized>(&'a self, record: &'a L, answers: &'a [Answer]) -> Source<'a, L> {
        let from = match (record.json(), record.columns()) {
            (Some(json), _) => From::Json(json),
            (None, Some(columns)) => {
                let bound = self.bind(columns);
                let nested = bound
                    .nested
                    .iter()
                    .map(|&cell| record.cell(cell).and_then(|text| Json::parse(text.as_bytes()).ok()))
                    .collect();
                From::Row { record, bound, nested }
            }
            (None, None) => From::Json(&Json::Null),
        };
        Source { slots: self, from, answers }
    }

    fn bind(&self, columns: &Arc<Columns>) -> Arc<Bound> {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bound) = bound.as_ref().filter(|bound| Arc::ptr_eq(&bound.columns, columns)) {
            return bound.clone();
        }
        let mut nested = Vec::new();
        let places = self.paths.iter().map(|path| place(path, columns, &mut nested)).collect();
        let fresh = Arc::new(Bound { columns: columns.clone(), places, nested: nested.into() });
        *bound = Some(fresh.clone());
        fresh
    }
}

/// A column by the whole text of the path first, then one by its first steps whose cells hold JSON.
fn place(path: &Path, columns: &Columns, nested: &mut Vec<usize>) -> Place {
    if let Some(cell) = columns.position(path.as_str()) {
        return Place::Cell(cell);
    }
    let text = path.as_str();
    for (dot, _) in text.rmatch_indices('.') {
        if let Some(cell) = columns.position(&text[..dot]) {
            let number = nested.iter().position(|known| *known == cell).unwrap_or_else(|| {
                nested.push(cell);
                nested.len() - 1
            });
            return Place::Within(number, Path::new(&text[dot + 1..]));
        }
    }
    Place::Nowhere
}

impl<'a, L: Lookup + ?Sized> Source<'a, L> {
    /// The value of an input.
    pub(super) fn value(&self, input: Input) -> Raw<'_> {
        match input {
            Input::Slot(slot) => self.get(slot),
            Input::Answer(number) => match self.answer(number) {
                Err(fault) => Raw::Failed(fault),
                Ok([]) => Raw::Absent,
                Ok([one]) => raw(Some(one)),
                Ok(_) => Raw::Several,
            },
        }
    }

    /// What an expression gave.
    pub(super) fn answer(&self, number: usize) -> Result<&[Json], &Fault> {
        match self.answers.get(number) {
            Some(Ok(values)) => Ok(values),
            Some(Err(fault)) => Err(fault),
            // Whoever opens a record gives all answers.
            None => Err(&Fault::Runaway),
        }
    }

    /// The value of a slot.
    pub(super) fn get(&self, slot: usize) -> Raw<'_> {
        match &self.from {
            From::Json(json) => self
                .slots
                .paths
                .get(slot)
                .zip(self.slots.hints.get(slot))
                .map_or(Raw::Absent, |(path, hint)| raw(find(json, path, hint))),
            From::Row { record, bound, nested } => match bound.places.get(slot) {
                Some(Place::Cell(cell)) => record.cell(*cell).map_or(Raw::Absent, Raw::Text),
                Some(Place::Within(number, rest)) => {
                    raw(nested.get(*number).and_then(Option::as_ref).and_then(|json| json.get(rest)))
                }
                Some(Place::Nowhere) | None => Raw::Absent,
            },
        }
    }

    /// The list of a slot: a JSON list, or a cell that holds one.
    pub(super) fn list(&self, slot: usize) -> Found<'_> {
        match self.get(slot) {
            Raw::Absent => Found::Absent,
            Raw::Nested(Json::List(items)) => Found::List(std::borrow::Cow::Borrowed(items)),
            Raw::Text(text) if text.trim().is_empty() => Found::Absent,
            Raw::Text(text) => match Json::parse(text.as_bytes()) {
                Ok(Json::List(items)) => Found::List(std::borrow::Cow::Owned(items)),
                Ok(Json::Null) => Found::Absent,
                _ => Found::Other,
            },
            Raw::Number(_) | Raw::Nested(_) | Raw::Failed(_) | Raw::Several => Found::Other,
        }
    }

    /// The path of an input as it was written; an expression has none.
    pub(super) fn origin(&self, input: Input) -> &'a str {
        match input {
            Input::Slot(slot) => self.path(slot),
            Input::Answer(_) => "",
        }
    }

    /// The path of a slot as it was written.
    pub(super) fn path(&self, slot: usize) -> &'a str {
        self.slots.paths.get(slot).map_or("", Path::as_str)
    }
}

/// What stands where a list is due.
pub(super) enum Found<'a> {
    /// Nothing.
    Absent,
    /// A list.
    List(std::borrow::Cow<'a, [Json]>),
    /// Something else.
    Other,
}

fn raw(value: Option<&Json>) -> Raw<'_> {
    match value {
        None | Some(Json::Null) => Raw::Absent,
        Some(Json::Bool(true)) => Raw::Text("true"),
        Some(Json::Bool(false)) => Raw::Text("false"),
        Some(Json::Number(text)) => Raw::Number(text),
        Some(Json::Text(text)) => Raw::Text(text),
        Some(nested) => Raw::Nested(nested),
    }
}

fn find<'a>(record: &'a Json, path: &Path, hint: &AtomicU32) -> Option<&'a Json> {
    let Json::Object(members) = record else { return record.get(path) };
    let Some((first, rest)) = path.steps().split_first() else { return Some(record) };
    let place = hint.load(Relaxed) as usize;
    let value = match members.get(place) {
        Some((name, value)) if name == first => Some(value),
        _ => members.iter().position(|(name, _)| name == first).map(|place| {
            hint.store(u32::try_from(place).unwrap_or(0), Relaxed);
            &members[place].1
        }),
    };
    match value.and_then(|value| rest.iter().try_fold(value, |value, step| value.step(step))) {
        // A member may be called `a.b`.
        None if !rest.is_empty() => record.step(path.as_str()),
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(Arc<Columns>, Vec<Option<&'static str>>);

    impl Lookup for Row {
        fn columns(&self) -> Option<&Arc<Columns>> {
            Some(&self.0)
        }
        fn cell(&self, index: usize) -> Option<&str> {
            self.1.get(index).copied().flatten()
        }
        fn json(&self) -> Option<&Json> {
            None
        }
    }

    #[test]
    fn a_row_is_read_by_name_and_into_json_cells() {
        let slots = Slots::new(["a", "b.c", "b.d", "missing", "e.f", "b.list"].into_iter().map(Path::from).collect());
        let columns = Arc::new(Columns::new(["a", "b", "e.f"]));
        let row = Row(columns, vec![Some("1"), Some(r#"{"c":2.50,"list":[1,2]}"#), None]);
        let source = slots.open(&row, &[]);
        assert_eq!(source.get(0), Raw::Text("1"));
        assert_eq!(source.get(1), Raw::Number("2.50"));
        assert_eq!((source.get(2), source.get(3), source.get(4)), (Raw::Absent, Raw::Absent, Raw::Absent));
        assert!(matches!(source.list(5), Found::List(items) if items.len() == 2));

        let other = Row(Arc::new(Columns::new(["e.f", "a"])), vec![Some("x"), Some("y")]);
        assert_eq!(
            (slots.open(&other, &[]).get(0), slots.open(&other, &[]).get(4)),
            (Raw::Text("y"), Raw::Text("x")),
            "another column list is bound anew"
        );
    }

    #[test]
    fn json_is_found_whatever_the_order() {
        let slots = Slots::new(["a", "b.c", "d.e"].into_iter().map(Path::from).collect());
        for text in [r#"{"a":1,"b":{"c":"x"},"d.e":true}"#, r#"{"d.e":true,"b":{"c":"x"},"z":0,"a":1}"#] {
            let json = Json::parse(text.as_bytes()).unwrap();
            let source = slots.open(&json, &[]);
            assert_eq!(
                (source.get(0), source.get(1), source.get(2)),
                (Raw::Number("1"), Raw::Text("x"), Raw::Text("true"))
            );
        }
        assert_eq!(slots.open(&Json::Null, &[]).get(0), Raw::Absent);
    }
}
