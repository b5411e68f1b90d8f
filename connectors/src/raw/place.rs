//! Where a record stands in its source, in a form that a person can follow.

use std::sync::Arc;

/// Where the records of one page stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    base: Arc<str>,
    form: Form,
    part: Option<Part>,
    split: Option<Arc<Split>>,
}

/// Records that were made of parents.
#[derive(Debug, PartialEq, Eq)]
struct Split {
    /// The number of the first parent.
    first: u64,
    /// How many records there were before each parent.
    starts: Vec<u32>,
}

/// A piece of a source that is read as one, such as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name, the same in every read.
    pub name: Arc<str>,
    /// What is known of it now.
    pub standing: Standing,
}

/// What a read knows of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is read whole: what it does not hold any more is gone.
    Whole,
    /// It only grows: what it does not hold any more stays.
    Growing,
    /// It is there and is not read this time: all that it held stays.
    Waiting,
    /// It could not be read, or only up to a point: all that it held stays, and the run tells of it.
    Broken {
        /// The stable code.
        code: &'static str,
        /// What was attempted, and what came.
        why: Arc<str>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Key,
    Item,
    Sheet,
    Line,
}

impl Place {
    /// A table: `simda.ta_belanja?2026|1.01`.
    pub fn table(name: impl Into<Arc<str>>) -> Self {
        Self { base: name.into(), form: Form::Key, part: None, split: None }
    }

    /// A list in an answer: `https://sipd.example.go.id/dpa?page=2#/data/3`; `list` is a JSON pointer.
    pub fn list(url: &str, list: &str) -> Self {
        Self { base: format!("{url}#{list}").into(), form: Form::Item, part: None, split: None }
    }

    /// A sheet of a workbook: `rsud/RBA_2026.xlsx#RBA!A17`.
    pub fn sheet(file: &str, sheet: &str, part: Part) -> Self {
        Self { base: format!("{file}#{sheet}").into(), form: Form::Sheet, part: Some(part), split: None }
    }

    /// A file of lines: `chkp/januari.csv#row=17` (RFC 7111).
    pub fn lines(file: &str, part: Part) -> Self {
        Self { base: file.into(), form: Form::Line, part: Some(part), split: None }
    }

    /// A list in a file: `rup/paket.json#/data/3`; `list` is a JSON pointer.
    pub fn items(file: &str, list: &str, part: Part) -> Self {
        Self { base: format!("{file}#{list}").into(), form: Form::Item, part: Some(part), split: None }
    }

    /// The same place in a part of the source.
    #[must_use]
    pub fn in_part(self, part: Part) -> Self {
        Self { part: Some(part), ..self }
    }

    /// The pointer of one record; `number` counts as [`crate::kind::Page::first`] does.
    pub fn pointer(&self, number: u64, key: &str) -> String {
        match self.number(number) {
            (number, None) => self.whole(number, key),
            (parent, Some(item)) => format!("{}[{item}]", self.whole(parent, key)),
        }
    }

    /// The number of a record; of one that was made of a parent, the parent's and its own among its brothers.
    pub fn number(&self, number: u64) -> (u64, Option<u64>) {
        let Some(split) = &self.split else { return (number, None) };
        // Several parents may begin at one place: those before the last one have no record.
        let after = split.starts.partition_point(|start| u64::from(*start) <= number);
        let parent = after.saturating_sub(1);
        let start = split.starts.get(parent).copied().map_or(0, u64::from);
        (split.first + parent as u64, Some(number - start))
    }

    /// The same place, whose records were made of parents; their numbers count from 0.
    #[must_use]
    pub fn split(self, first: u64, starts: Vec<u32>) -> Self {
        Self { split: Some(Arc::new(Split { first, starts })), ..self }
    }

    fn whole(&self, number: u64, key: &str) -> String {
        let base = &self.base;
        match self.form {
            Form::Key => format!("{base}?{key}"),
            Form::Item => format!("{base}/{number}"),
            Form::Sheet => format!("{base}!A{number}"),
            Form::Line => format!("{base}#row={number}"),
        }
    }

    /// The part of the source that was read as one piece, such as a file; `None` where the source is one piece.
    /// Records of a part that a read did not find are not deleted.
    pub const fn part(&self) -> Option<&Part> {
        self.part.as_ref()
    }
}
