//! What a sample tells of one field of a source.

use std::collections::BTreeSet;

use super::value::is_nothing;
use crate::json::Json;
use crate::raw::Fields;

/// Most different values of a field that are kept.
pub const MAX_VALUES: usize = 60;
/// Most fields of a record that are looked at.
pub const MAX_FIELDS: usize = 400;
/// Longer values are cut off; nothing that a rule looks at is longer.
const MAX_LENGTH: usize = 400;
/// Objects may stand this deep in each other.
const MAX_DEPTH: usize = 4;

/// A field of a source, by what its values look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceField {
    /// Its path, as a field table writes it.
    pub path: String,
    /// In how many records it was looked for.
    pub looked: usize,
    /// In how many of them it has a value that is neither null nor empty.
    pub present: usize,
    /// How many different values it has, as far as they were kept.
    pub distinct: usize,
    /// Some of them, in the order in which they came.
    pub values: Vec<String>,
    /// Whether every value is a JSON number.
    pub numeric: bool,
    /// The fields of its items, when it is a list of objects.
    pub items: Vec<SourceField>,
}

/// Takes records one by one, and gives their fields.
#[derive(Debug, Default)]
pub struct Sample {
    looked: usize,
    fields: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    path: String,
    present: usize,
    values: Vec<String>,
    known: BTreeSet<String>,
    numeric: bool,
    items: Sample,
}

impl SourceField {
    /// A field whose values are these, one a record; `None` and the empty text are no value.
    pub fn of<'a>(path: &str, values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut sample = Sample::default();
        for value in values {
            sample.looked += 1;
            sample.see(path, value.map(|value| (value, false)));
        }
        sample.fields().pop().unwrap_or_else(|| Self {
            path: path.to_owned(),
            looked: sample.looked,
            present: 0,
            distinct: 0,
            values: Vec::new(),
            numeric: false,
            items: Vec::new(),
        })
    }

    /// Whether every record has a value of its own, and there is more than one record.
    pub fn is_unique(&self) -> bool {
        self.looked > 1 && self.present == self.looked && self.distinct == self.looked
    }
}

impl Sample {
    /// How many records were taken.
    pub const fn looked(&self) -> usize {
        self.looked
    }

    /// Takes a record.
    pub fn take(&mut self, record: &Fields<'_>) {
        self.looked += 1;
        match record {
            Fields::Row(row) => {
                for (number, name) in row.head().columns().names().iter().enumerate() {
                    self.see(name, row.cell(number).map(|cell| (cell, false)));
                }
            }
            Fields::Json(json) => self.walk(json, "", 0),
        }
    }

    /// The fields, in the order in which they were met.
    pub fn fields(&self) -> Vec<SourceField> {
        let of = |seen: &Seen| SourceField {
            path: seen.path.clone(),
            looked: self.looked,
            present: seen.present,
            distinct: seen.known.len(),
            values: seen.values.clone(),
            numeric: seen.numeric && seen.present > 0,
            items: seen.items.fields(),
        };
        self.fields.iter().map(of).collect()
    }

    fn walk(&mut self, json: &Json, path: &str, depth: usize) {
        match json {
            Json::Object(members) if depth < MAX_DEPTH => {
                for (name, value) in members {
                    let below = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                    self.walk(value, &below, depth + 1);
                }
            }
            Json::List(items) if depth < MAX_DEPTH => match items.first() {
                Some(Json::Object(_)) => {
                    self.see(path, None);
                    let Some(seen) = self.fields.iter_mut().find(|seen| seen.path == path) else { return };
                    seen.present += 1;
                    for item in items.iter().take(MAX_VALUES) {
                        seen.items.looked += 1;
                        seen.items.walk(item, "", depth + 1);
                    }
                }
                Some(first) if !path.is_empty() => self.walk(first, &format!("{path}.0"), depth + 1),
                _ => {}
            },
            Json::Object(_) | Json::List(_) => {}
            value if !path.is_empty() => {
                self.see(path, value.as_text().map(|text| (text, matches!(value, Json::Number(_)))));
            }
            _ => {}
        }
    }

    fn see(&mut self, path: &str, value: Option<(&str, bool)>) {
        let at = self.fields.iter().position(|seen| seen.path == path);
        if at.is_none() && self.fields.len() == MAX_FIELDS {
            return;
        }
        let at = at.unwrap_or_else(|| {
            self.fields.push(Seen {
                path: path.to_owned(),
                present: 0,
                values: Vec::new(),
                known: BTreeSet::new(),
                numeric: true,
                items: Self::default(),
            });
            self.fields.len() - 1
        });
        let seen = &mut self.fields[at];
        let Some((text, numeric)) = value.filter(|(text, _)| !text.trim().is_empty()) else { return };
        seen.present += 1;
        seen.numeric &= numeric;
        let text: String = text.trim().chars().take(MAX_LENGTH).collect();
        // What stands for nothing is seen however late it comes.
        if seen.known.insert(text.clone()) && (seen.values.len() < MAX_VALUES || is_nothing(&text)) {
            seen.values.push(text);
        }
    }
}
