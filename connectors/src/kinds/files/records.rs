//! JSON, JSON lines and XML: lists of records, one in memory at a time.

use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::Path as FilePath;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::frame::{Problem, Spot};
use super::rows::{MAX_RECORD_BYTES, Rows};
use super::table;
use crate::definition::model::Layout;
use crate::json::Path;
use crate::text;
use crate::xml::Elements;

/// Reads a JSON file: a list, or an object with one at `records`.
pub(super) fn json<W: Write>(path: &FilePath, layout: &Layout, rows: &mut Rows<W>) -> Result<(), Problem> {
    let list = Path::new(layout.records.as_deref().unwrap_or_default());
    rows.table(Spot::List(Arc::from(list.pointer())), &[])?;
    let text = BufReader::with_capacity(1 << 16, table::open(path, layout)?);
    let mut problem = None;
    let mut found = false;
    let mut json = serde_json::Deserializer::from_reader(text);
    let steps = Steps { path: &list, left: list.steps(), rows, problem: &mut problem, found: &mut found };
    let read = steps.deserialize(&mut json).and_then(|()| json.end());
    match (problem, read) {
        (Some(problem), _) => Err(problem),
        (None, Err(error)) if error.is_io() => Err(text::from_io(error.into()).into()),
        (None, Err(error)) => Err(Problem::damaged(format!("it is no JSON that we take: {error}"))),
        (None, Ok(())) if found => Ok(()),
        (None, Ok(())) => Err(Problem::no_table(format!("it has no list at `{list}`"))),
    }
}

/// The way to the list, and then the list.
struct Steps<'s, W> {
    path: &'s Path,
    left: &'s [Box<str>],
    rows: &'s mut Rows<W>,
    /// What went wrong beside the text itself, which has no room for it.
    problem: &'s mut Option<Problem>,
    found: &'s mut bool,
}

impl<'de, W: Write> DeserializeSeed<'de> for Steps<'_, W> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.left.is_empty() { deserializer.deserialize_seq(self) } else { deserializer.deserialize_map(self) }
    }
}

impl<'de, W: Write> Visitor<'de> for Steps<'_, W> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.left.first() {
            Some(step) => write!(f, "an object with `{step}`"),
            None if self.path.steps().is_empty() => f.write_str("a list; name it with `records`"),
            None => write!(f, "a list at `{}`", self.path),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Some((step, left)) = self.left.split_first() else { return Err(A::Error::custom("no step is left")) };
        let Self { path, rows, problem, found, .. } = self;
        while let Some(name) = members.next_key::<String>()? {
            if name == **step {
                members.next_value_seed(Steps { path, left, rows, problem, found })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        *self.found = true;
        let mut number = 0;
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            if let Err(problem) = self.rows.item(number, item.get()) {
                *self.problem = Some(problem);
                return Err(A::Error::custom("the record is not taken"));
            }
            number += 1;
        }
        Ok(())
    }
}

/// Reads JSON lines. A line that is no JSON is a broken record and no broken file.
pub(super) fn jsonl<W: Write>(path: &FilePath, layout: &Layout, rows: &mut Rows<W>) -> Result<(), Problem> {
    let mut lines = BufReader::with_capacity(1 << 16, table::open(path, layout)?);
    let mut line = Vec::new();
    let mut is_empty = true;
    for number in 1.. {
        line.clear();
        // One more than is taken, so that what is too long is seen.
        let read = lines.by_ref().take(MAX_RECORD_BYTES as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(text::from_io)? == 0 {
            break;
        }
        if line.len() > MAX_RECORD_BYTES {
            let most = MAX_RECORD_BYTES >> 20;
            return Err(Problem::too_large(format!("line {number} has more than {most} MiB")));
        }
        let text = std::str::from_utf8(&line).map_err(|_| Problem::damaged(format!("line {number} is not UTF-8")))?;
        if !text.trim().is_empty() {
            rows.item(number, text)?;
            is_empty = false;
        }
    }
    // An export that broke off at once looks like this, and everything would be gone.
    if is_empty { Err(Problem::damaged("it is empty")) } else { Ok(()) }
}

/// Reads the elements of an XML file that `records` names.
pub(super) fn xml<W: Write>(path: &FilePath, layout: &Layout, rows: &mut Rows<W>) -> Result<(), Problem> {
    let list = Path::new(layout.records.as_deref().unwrap_or_default());
    rows.table(Spot::List(Arc::from(list.pointer())), &[])?;
    // A document tells its own encoding.
    let file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut elements = Elements::new(file, layout.encoding.as_deref(), &list);
    for (number, element) in (0..).zip(elements.by_ref()) {
        let element = element.map_err(|error| Problem::damaged(format!("it is no XML that we take: {error}")))?;
        rows.item(number, &element.to_text())?;
    }
    if !elements.has_list() {
        return Err(Problem::no_table(format!("it has no elements at `{list}`")));
    }
    Ok(())
}
