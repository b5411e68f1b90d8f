//! One record beside a profile: which of its fields are new, lacking or of another form.

use super::compare::{ENOUGH, forms};
use super::{Change, ITEM, MAX_DEPTH, MAX_NAME_BYTES, NUMBERED, Profile, plain};
use crate::json::Json;
use crate::raw::Fields;

/// Most changes that are told of one record.
const MAX_FOUND: usize = 20;

/// A profile that records are held against.
#[derive(Debug)]
pub struct Measure<'a> {
    profile: &'a Profile,
    zero: &'a [String],
    found: Vec<(Change, String)>,
}

impl<'a> Measure<'a> {
    /// Held against this profile; texts in `zero` mean that there is no value.
    pub const fn new(profile: &'a Profile, zero: &'a [String]) -> Self {
        Self { profile, zero, found: Vec::new() }
    }

    /// What is otherwise, with the field; a few at most.
    pub fn look(mut self, record: &Fields<'_>) -> Vec<(Change, String)> {
        match record {
            Fields::Json(json) => self.members(0, json, 1),
            Fields::Row(row) => {
                for (index, name) in row.head().columns().names().iter().enumerate() {
                    let form = row.cell(index).map(|cell| super::Form::of_text(cell, self.zero));
                    self.member(0, name, form.unwrap_or(super::Form::Absent));
                }
                self.lacking(0, |name| row.position(name).is_some());
            }
        }
        self.found.truncate(MAX_FOUND);
        self.found
    }

    fn members(&mut self, parent: u32, json: &Json, depth: usize) {
        let Json::Object(members) = json else { return };
        for (name, value) in members {
            let place = self.member(parent, name, super::Form::of(value, self.zero));
            if let Some(place) = place.filter(|_| depth < MAX_DEPTH) {
                self.below(place, value, depth + 1);
            }
        }
        self.lacking(parent, |name| members.iter().any(|(member, _)| &**member == name));
    }

    fn below(&mut self, place: u32, value: &Json, depth: usize) {
        match value {
            Json::Object(members) if !members.is_empty() => self.members(place, value, depth),
            Json::List(items) => {
                for item in items {
                    let at = self.member(place, ITEM, super::Form::of(item, self.zero));
                    if let Some(at) = at.filter(|_| depth < MAX_DEPTH && self.found.len() < MAX_FOUND) {
                        self.below(at, item, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// Looks at one field and gives its number in the profile.
    fn member(&mut self, parent: u32, name: &str, form: super::Form) -> Option<u32> {
        let name = plain(name);
        let above = &self.profile.fields[parent as usize];
        let Some(place) = self.profile.find(parent, name) else {
            if !self.profile.cut && name != ITEM && above.objects() > 0 && name.len() <= MAX_NAME_BYTES {
                let path = self.profile.path(parent);
                let dot = if path.is_empty() { "" } else { "." };
                self.tell(Change::Added, format!("{path}{dot}{name}"));
            }
            return None;
        };
        let field = &self.profile.fields[place as usize];
        let before = forms(field);
        let are_texts = form.is_text() && before.iter().all(|form| form.is_text());
        if !form.fits(&before) && (!are_texts || field.filled() >= ENOUGH) {
            self.tell(Change::Retyped, self.profile.path(place));
        }
        Some(place)
    }

    /// What every object at this place had, and this one has not.
    fn lacking(&mut self, parent: u32, is_there: impl Fn(&str) -> bool) {
        let objects = self.profile.fields[parent as usize].objects();
        if objects < ENOUGH {
            return;
        }
        let always = self.profile.places[parent as usize].iter().filter(|(name, place)| {
            self.profile.fields[**place as usize].had() >= objects && ![ITEM, NUMBERED].contains(&&***name)
        });
        let mut lacking: Vec<u32> = always.filter(|(name, _)| !is_there(name)).map(|(_, place)| *place).collect();
        lacking.sort_unstable();
        for place in lacking {
            self.tell(Change::Removed, self.profile.path(place));
        }
    }

    fn tell(&mut self, change: Change, path: String) {
        let new = (change, path);
        if self.found.len() < MAX_FOUND && !self.found.contains(&new) {
            self.found.push(new);
        }
    }
}
