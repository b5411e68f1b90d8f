//! Parents into records, as `each:` says, before keys are taken and hashes made.

use std::collections::BTreeSet;
use std::sync::Arc;

use muara_schemas::page::Reason;

use super::key::key;
use crate::definition::Stream;
use crate::definition::model::{Each, of_parent};
use crate::json::{Json, Path};
use crate::mapping::lookup::find;
use crate::raw::{Pluck, Raw, children};
use crate::worker::Evaluator;

/// Most records of one parent.
const MAX_CHILDREN: usize = 10_000;

/// Splits the parents of one read.
pub(super) struct Splitter {
    each: Each,
    evaluator: Evaluator,
    /// The fields of the key that the parent has.
    fields: Vec<Path>,
    pluck: Pluck,
    /// The cursor's field, which stands in the parent.
    cursor: Pluck,
}

/// What came of the parents of one page.
#[derive(Debug, Default)]
pub(super) struct Split {
    /// The records, and why one is none.
    pub(super) records: Vec<(Raw, Option<Reason>)>,
    /// How many records there were before each parent.
    pub(super) starts: Vec<u32>,
    /// What the keys of each parent's records begin with.
    pub(super) sets: Vec<Box<str>>,
}

impl Splitter {
    /// `None` when each raw record is one.
    pub(super) fn new(stream: &Stream, evaluator: Evaluator) -> Option<Self> {
        let each = stream.each.clone()?;
        let fields: Vec<Path> = stream.key.iter().filter_map(of_parent).collect();
        let cursor = stream.cursor.iter().map(|cursor| cursor.field.clone()).collect();
        Some(Self { each, evaluator, pluck: Pluck::new(fields.clone()), fields, cursor: Pluck::new(cursor) })
    }

    /// Splits the parents of a page. `cursor` is told the cursor's value of each.
    pub(super) fn split(&mut self, parents: Vec<Raw>, mut cursor: impl FnMut(Option<&str>)) -> Split {
        let mut split = Split::default();
        for parent in parents {
            let mut value = None;
            self.cursor.take(&parent, |_, text| value = Some(text.into_owned()));
            cursor(value.as_deref());
            split.starts.push(u32::try_from(split.records.len()).unwrap_or(u32::MAX));
            match self.records(&parent) {
                Ok(records) => {
                    if let Ok(mut set) = key(&parent, &mut self.pluck, &self.fields, |_| ()) {
                        set.push('|');
                        split.sets.push(set.into());
                    }
                    split.records.extend(records.into_iter().map(|record| (record, None)));
                }
                Err(reason) => split.records.push((parent, Some(reason))),
            }
        }
        split
    }

    fn records(&mut self, parent: &Raw) -> Result<Vec<Raw>, Reason> {
        let wrong = |message: &str| Reason {
            code: "E0325".to_owned(),
            target: String::new(),
            source: if let Each::List(path) = &self.each { Some(path.to_string()) } else { None },
            message: message.to_owned(),
        };
        let text = parent.to_text();
        let json = Json::parse(text.as_bytes()).map_err(|_| wrong("the record is no JSON that we take"))?;
        let items = match &self.each {
            Each::List(path) => match find(&json, path) {
                None | Some(Json::Null) => Vec::new(),
                Some(Json::List(items)) => items.clone(),
                // A cell of a table may hold a list as text.
                Some(Json::Text(cell)) if cell.trim().is_empty() => Vec::new(),
                Some(Json::Text(cell)) => match Json::parse(cell.as_bytes()) {
                    Ok(Json::List(items)) => items,
                    _ => return Err(wrong("`each` finds a text that is no list")),
                },
                Some(_) => return Err(wrong("`each` finds no list")),
            },
            Each::Expr(expr) => {
                let answer = self.evaluator.ask(std::slice::from_ref(&expr.program), &text);
                match answer.into_iter().next() {
                    Some(Ok(values)) => values,
                    _ => return Err(wrong("the expression of `each` failed on this record, or ran away")),
                }
            }
        };
        if items.len() > MAX_CHILDREN {
            return Err(wrong("`each` finds more than 10,000 items"));
        }
        Ok(children(&json, &items))
    }
}

/// The sets of a read: parents that were read, by what the keys of their records begin with.
#[derive(Debug, Default)]
pub(super) struct Sets {
    read: BTreeSet<Box<str>>,
    /// How many fields of a key are the parent's.
    fields: usize,
}

impl Sets {
    pub(super) fn new(stream: &Stream) -> Self {
        Self { read: BTreeSet::new(), fields: stream.key.iter().filter(|path| of_parent(path).is_some()).count() }
    }

    pub(super) fn add(&mut self, sets: Vec<Box<str>>) {
        self.read.extend(sets);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Arc<str>> {
        self.read.iter().map(|set| Arc::from(&**set))
    }

    /// Whether the parent of a record with this key was read.
    pub(super) fn holds(&self, key: &str) -> bool {
        !self.read.is_empty() && set_of(key, self.fields).is_some_and(|set| self.read.contains(set))
    }
}

/// What a key begins with: its first fields and the bar behind them.
fn set_of(key: &str, fields: usize) -> Option<&str> {
    let (mut escaped, mut left) = (false, fields);
    for (at, letter) in key.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '|' => {
                left = left.checked_sub(1)?;
                if left == 0 {
                    return Some(&key[..=at]);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_ends_behind_the_parents_fields() {
        assert_eq!(set_of("a|1", 1), Some("a|"));
        assert_eq!(set_of(r"a\|b|2|x", 2), Some(r"a\|b|2|"));
        assert_eq!((set_of("a", 1), set_of("a|1", 0)), (None, None));
    }
}
