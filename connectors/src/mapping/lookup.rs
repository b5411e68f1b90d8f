//! What the mapping needs of a raw record: either cells under shared column names, or JSON.

use std::sync::Arc;

use crate::json::{Json, Path};

/// The column names that all rows of one read share.
#[derive(Debug, PartialEq, Eq)]
pub struct Columns {
    names: Box<[Box<str>]>,
}

/// A raw record as the mapping sees it.
pub trait Lookup {
    /// The columns, when the record is a row. The mapping resolves its paths once per `Arc`.
    fn columns(&self) -> Option<&Arc<Columns>>;

    /// The cell of a row; `None` is null. Numbers and dates are the source's own text.
    fn cell(&self, index: usize) -> Option<&str>;

    /// The record, when it is JSON.
    fn json(&self) -> Option<&Json>;
}

impl Columns {
    /// Takes the names in order.
    pub fn new(names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect() }
    }

    /// The names in order.
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The place of a column; of two with one name, the first.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| &**known == name)
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl Lookup for Json {
    fn columns(&self) -> Option<&Arc<Columns>> {
        None
    }

    fn cell(&self, _: usize) -> Option<&str> {
        None
    }

    fn json(&self) -> Option<&Json> {
        Some(self)
    }
}

/// The value at a path of a JSON record: into objects and lists step by step, else a member of the path's whole text.
pub fn find<'a>(record: &'a Json, path: &Path) -> Option<&'a Json> {
    record.get(path).or_else(|| (path.steps().len() > 1).then(|| record.step(path.as_str())).flatten())
}
