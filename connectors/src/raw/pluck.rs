//! A few fields of a raw record, without parsing the rest of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Head, Raw, Row};
use crate::json::{Json, Path};
use crate::mapping::lookup::find;

/// The fields to take: those of the key and the cursor.
#[derive(Debug)]
pub struct Pluck {
    paths: Vec<Path>,
    /// Whether every path is the name of a member, so that a JSON text need not be parsed whole.
    flat: bool,
    bound: Option<(Arc<Head>, Vec<Option<usize>>)>,
}

impl Pluck {
    /// Takes these fields, in this order.
    pub fn new(paths: Vec<Path>) -> Self {
        Self { flat: paths.iter().all(|path| path.steps().len() == 1), paths, bound: None }
    }

    /// Calls `each` with (number of the path, text) for every field that has a single value.
    /// A malformed JSON text has none.
    pub fn take<'a>(&mut self, raw: &'a Raw, mut each: impl FnMut(usize, Cow<'a, str>)) {
        match raw {
            Raw::Row(row) => {
                for (number, cell) in self.cells(row).iter().enumerate() {
                    if let Some(text) = cell.and_then(|cell| row.cell(cell)) {
                        each(number, Cow::Borrowed(text));
                    }
                }
            }
            Raw::Json(text) if self.flat => {
                let mut taken: Vec<Option<Cow<'a, str>>> = vec![None; self.paths.len()];
                let members = Members { paths: &self.paths, taken: &mut taken };
                if serde_json::Deserializer::from_str(text).deserialize_map(members).is_ok() {
                    taken.into_iter().enumerate().for_each(|(number, text)| {
                        if let Some(text) = text {
                            each(number, text);
                        }
                    });
                }
            }
            Raw::Json(text) => {
                let Ok(json) = Json::parse(text.as_bytes()) else { return };
                for (number, path) in self.paths.iter().enumerate() {
                    if let Some(text) = find(&json, path).and_then(Json::as_text) {
                        each(number, Cow::Owned(text.to_owned()));
                    }
                }
            }
        }
    }

    /// The first path that is no column of the row, when the record is one: a wrong definition, not a wrong record.
    pub fn missing(&mut self, raw: &Raw) -> Option<&Path> {
        let Raw::Row(row) = raw else { return None };
        let at = self.cells(row).iter().position(Option::is_none)?;
        Some(&self.paths[at])
    }

    fn cells(&mut self, row: &Row) -> &[Option<usize>] {
        if self.bound.as_ref().is_none_or(|(head, _)| !Arc::ptr_eq(head, row.head())) {
            let cells = self.paths.iter().map(|path| row.position(path.as_str())).collect();
            self.bound = Some((row.head().clone(), cells));
        }
        self.bound.as_ref().map_or(&[], |(_, cells)| cells)
    }
}

struct Members<'p, 'a> {
    paths: &'p [Path],
    taken: &'p mut [Option<Cow<'a, str>>],
}

impl<'a> Visitor<'a> for Members<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = members.next_key()? {
            let is_wanted = |path: &Path| path.as_str() == name;
            if !self.paths.iter().any(is_wanted) {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &'a RawValue = members.next_value()?;
            let text = text(value.get());
            // One field may be both key and cursor.
            for (_, taken) in self.paths.iter().zip(self.taken.iter_mut()).filter(|(path, _)| is_wanted(path)) {
                taken.clone_from(&text);
            }
        }
        Ok(())
    }
}

/// The text of a text, number or flag, as [`Json::as_text`] has it.
fn text(value: &str) -> Option<Cow<'_, str>> {
    match value.as_bytes().first()? {
        b'"' => match value.strip_prefix('"')?.strip_suffix('"')? {
            plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => Json::parse(value.as_bytes()).ok()?.as_text().map(|text| Cow::Owned(text.to_owned())),
        },
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(value)),
    }
}

/// A member's name, borrowed when it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
