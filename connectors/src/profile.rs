//! What the records of a stream look like: which fields they have, how often, and in which forms. Pure, and holds no
//! value of a record: of a text only its pattern is kept.
//!
//! Fields make a tree, for a source that nests them does. A field is counted against the object that it stands in, so
//! that an empty list says nothing of what its items lack.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::raw::{Fields, Head, Row};

mod compare;
mod form;
mod pattern;
mod record;
#[cfg(test)]
mod tests;

pub use compare::{Change, Drift, compare};
pub use form::Form;
pub use pattern::pattern;
pub use record::Measure;

/// Most fields of one profile.
const MAX_FIELDS: usize = 500;
/// Fields that lie deeper are not looked at.
const MAX_DEPTH: usize = 6;
/// Fields with longer names are not looked at.
const MAX_NAME_BYTES: usize = 200;
/// Patterns kept of a field's form.
const MAX_SAMPLES: usize = 3;
/// So many values of one form are looked at for patterns; most fields have one.
const LOOKED_AT: u64 = 50;
/// The name of an item of a list.
const ITEM: &str = "[]";
/// The name of all members whose own holds no letter: such an object is a list by number, month or code, and its
/// next number is no new field.
const NUMBERED: &str = "*";
/// The place of a field that is not kept.
const NOWHERE: u32 = u32::MAX;

/// What the records of a stream look like.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    /// Fields in the order in which they were met, a parent before what it holds; the first is the record itself.
    fields: Vec<Field>,
    /// Whether there were more fields than are kept: then nobody knows which are new.
    cut: bool,
    /// Whether it holds every record of a complete read.
    whole: bool,
    /// The number of a field by that of its parent and its name.
    #[serde(skip)]
    places: Vec<HashMap<Box<str>, u32>>,
    /// The columns of the last row, and the number of each.
    #[serde(skip)]
    columns: Option<(Arc<Head>, Vec<u32>)>,
}

/// One field.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Field {
    parent: u32,
    name: Box<str>,
    /// How often it had each form.
    forms: [u64; Form::ALL.len()],
    /// How many objects its parent had been when it was there last.
    last: u64,
    samples: Vec<(Form, Box<str>)>,
}

impl Field {
    fn new(parent: u32, name: &str) -> Self {
        Self { parent, name: name.into(), forms: [0; Form::ALL.len()], last: 0, samples: Vec::new() }
    }

    /// How often it was there.
    fn had(&self) -> u64 {
        self.forms.iter().sum()
    }

    /// How often it had a value.
    fn filled(&self) -> u64 {
        self.had() - self.count(Form::Absent)
    }

    const fn count(&self, form: Form) -> u64 {
        self.forms[form as usize]
    }

    /// How often it was an object that has members.
    const fn objects(&self) -> u64 {
        self.count(Form::Object)
    }

    fn see(&mut self, form: Form, text: Option<&str>) {
        let count = &mut self.forms[form as usize];
        *count += 1;
        if form != Form::Absent
            && *count <= LOOKED_AT
            && let Some(text) = text
        {
            self.keep(form, pattern(text).into());
        }
    }

    fn keep(&mut self, form: Form, sample: Box<str>) {
        let known = self.samples.iter().filter(|(known, _)| *known == form);
        if known.clone().count() < MAX_SAMPLES && known.clone().all(|(_, known)| *known != sample) {
            self.samples.push((form, sample));
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        let record = Field::new(NOWHERE, "");
        Self { fields: vec![record], cut: false, whole: false, places: vec![HashMap::new()], columns: None }
    }
}

impl Profile {
    /// How many records were looked at.
    pub fn records(&self) -> u64 {
        self.fields[0].objects()
    }

    /// Says that it holds every record of a complete read.
    #[must_use]
    pub const fn is_whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Looks at a record; texts in `zero` mean that there is no value.
    pub fn see(&mut self, record: &Fields<'_>, zero: &[String]) {
        match record {
            Fields::Row(row) => self.row(row, zero),
            Fields::Json(json) => {
                // A record counts as an object even when it has no member.
                self.fields[0].forms[Form::Object as usize] += 1;
                self.members(0, json, zero, 1);
            }
        }
    }

    fn row(&mut self, row: &Row, zero: &[String]) {
        self.fields[0].forms[Form::Object as usize] += 1;
        let known = self.columns.take().filter(|(head, _)| Arc::ptr_eq(head, row.head()));
        let (head, columns) = known.unwrap_or_else(|| {
            let names = row.head().columns().names();
            (row.head().clone(), names.iter().map(|name| self.place(0, name)).collect())
        });
        let records = self.records();
        for (index, place) in columns.iter().enumerate().filter(|(_, place)| **place != NOWHERE) {
            let field = &mut self.fields[*place as usize];
            field.last = records;
            let cell = row.cell(index);
            field.see(cell.map_or(Form::Absent, |cell| Form::of_text(cell, zero)), cell);
        }
        self.columns = Some((head, columns));
    }

    fn members(&mut self, parent: u32, json: &Json, zero: &[String], depth: usize) {
        let Json::Object(members) = json else { return };
        let objects = self.fields[parent as usize].objects();
        for (name, value) in members {
            let place = self.place(parent, name);
            if place != NOWHERE {
                self.fields[place as usize].last = objects;
                self.value(place, value, zero, depth);
            }
        }
    }

    fn value(&mut self, place: u32, value: &Json, zero: &[String], depth: usize) {
        let form = Form::of(value, zero);
        self.fields[place as usize]
            .see(form, if let Json::Text(_) | Json::Number(_) = value { value.as_text() } else { None });
        if depth >= MAX_DEPTH {
            return;
        }
        match value {
            Json::Object(_) if form == Form::Object => self.members(place, value, zero, depth + 1),
            Json::List(items) if !items.is_empty() => {
                let item = self.place(place, ITEM);
                if item != NOWHERE {
                    items.iter().for_each(|value| self.value(item, value, zero, depth + 1));
                }
            }
            _ => {}
        }
    }

    /// The number of a field, which it gets here when it is new and there is room.
    fn place(&mut self, parent: u32, name: &str) -> u32 {
        let name = plain(name);
        if name.len() > MAX_NAME_BYTES {
            return NOWHERE;
        }
        if let Some(place) = self.find(parent, name) {
            return place;
        }
        if self.fields.len() > MAX_FIELDS {
            self.cut = true;
            return NOWHERE;
        }
        let place = u32::try_from(self.fields.len()).unwrap_or(NOWHERE);
        self.fields.push(Field::new(parent, name));
        self.places[parent as usize].insert(name.into(), place);
        self.places.push(HashMap::new());
        place
    }

    /// The number of a field whose name is plain.
    fn find(&self, parent: u32, name: &str) -> Option<u32> {
        self.places[parent as usize].get(name).copied()
    }

    /// What a person calls a field: dots go into objects, `[]` into lists.
    fn path(&self, place: u32) -> String {
        let field = &self.fields[place as usize];
        if field.parent == NOWHERE {
            return String::new();
        }
        let parent = self.path(field.parent);
        let dot = if parent.is_empty() || &*field.name == ITEM { "" } else { "." };
        format!("{parent}{dot}{}", field.name)
    }

    /// Adds what was seen after this.
    pub fn merge(&mut self, later: &Self) {
        let mut places = vec![0; later.fields.len()];
        let before: Vec<u64> = self.fields.iter().map(Field::objects).collect();
        for (number, theirs) in later.fields.iter().enumerate() {
            let place = if number == 0 { 0 } else { self.place_of(&places, theirs) };
            places[number] = place;
            if place == NOWHERE {
                continue;
            }
            if theirs.last > 0 {
                let parent = places[theirs.parent as usize] as usize;
                self.fields[place as usize].last = before.get(parent).copied().unwrap_or(0) + theirs.last;
            }
            let ours = &mut self.fields[place as usize];
            ours.forms.iter_mut().zip(theirs.forms).for_each(|(ours, theirs)| *ours += theirs);
            theirs.samples.iter().for_each(|(form, sample)| ours.keep(*form, sample.clone()));
        }
        self.cut |= later.cut;
    }

    fn place_of(&mut self, places: &[u32], field: &Field) -> u32 {
        match places.get(field.parent as usize) {
            Some(parent) if *parent != NOWHERE => self.place(*parent, &field.name),
            _ => NOWHERE,
        }
    }

    /// As it is kept between runs.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts always serialise")
    }

    /// What [`Self::to_text`] gave; `None` for any other text.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut profile: Self = serde_json::from_str(text).ok()?;
        profile.places = vec![HashMap::new(); profile.fields.len()];
        for (number, field) in profile.fields.iter().enumerate() {
            let is_record = number == 0 && field.parent == NOWHERE;
            if !is_record && field.parent as usize >= number {
                return None;
            }
            if !is_record {
                profile.places[field.parent as usize].insert(field.name.clone(), u32::try_from(number).ok()?);
            }
        }
        (!profile.fields.is_empty()).then_some(profile)
    }
}

/// The name that a member is kept by.
fn plain(name: &str) -> &str {
    if name == ITEM || name.chars().any(char::is_alphabetic) { name } else { NUMBERED }
}
