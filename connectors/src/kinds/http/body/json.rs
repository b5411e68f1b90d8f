//! Records of JSON, each as the very bytes that came.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{Json, Path, write_text};
use crate::kind::PullError;
use crate::raw::Raw;

/// The items of the list at a path.
pub(super) fn records(text: &str, records: &Path, shown: &str) -> Result<Vec<Raw>, PullError> {
    let bad = |why: String| PullError::malformed(format!("{shown} {why}"), text);
    let whole: &RawValue =
        serde_json::from_str(text).map_err(|error| bad(format!("answered with no JSON: {error}")))?;
    let list =
        at(whole, records.steps()).ok_or_else(|| bad(format!("has no list at `{records}`; it {}", outline(whole))))?;
    let items: Vec<&RawValue> = serde_json::from_str(list.get())
        .map_err(|_| bad(format!("has at `{records}` {} instead of a list", name(list))))?;
    Ok(items.into_iter().map(|item| Raw::Json(item.get().into())).collect())
}

/// The single value at a path.
pub(in super::super) fn value(text: &str, path: &Path) -> Option<String> {
    let whole: &RawValue = serde_json::from_str(text).ok()?;
    let json = Json::parse(at(whole, path.steps())?.get().as_bytes()).ok()?;
    json.as_text().map(str::to_owned)
}

/// Records that are lists of cells become objects whose members have these names; cells beyond the names are left out.
pub(super) fn named(records: Vec<Raw>, columns: &[String], shown: &str) -> Result<Vec<Raw>, PullError> {
    let name = |(number, record): (usize, Raw)| {
        let bad = |why: String| PullError::malformed(format!("{shown} has in record {number} {why}"), "");
        let text = record.to_text();
        let cells: Vec<&RawValue> =
            serde_json::from_str(&text).map_err(|_| bad("no list of cells, but `columns` names some".to_owned()))?;
        if cells.len() < columns.len() {
            return Err(bad(format!("{} cells, but `columns` names {}", cells.len(), columns.len())));
        }
        let mut object = String::with_capacity(text.len() * 2);
        for (column, cell) in columns.iter().zip(cells) {
            object.push(if object.is_empty() { '{' } else { ',' });
            write_text(column, &mut object);
            object.push(':');
            object.push_str(cell.get());
        }
        object.push('}');
        Ok(Raw::Json(object.into()))
    };
    records.into_iter().enumerate().map(name).collect()
}

/// The value at a path, without reading what stands beside it.
pub(crate) fn at<'a>(value: &'a RawValue, steps: &[Box<str>]) -> Option<&'a RawValue> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    let inner = match value.get().as_bytes().first()? {
        b'{' => serde_json::Deserializer::from_str(value.get()).deserialize_map(Member(step)).ok()??,
        b'[' => *serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?.get(step.parse::<usize>().ok()?)?,
        _ => return None,
    };
    at(inner, rest)
}

/// Takes one member of an object; of two with one name, the last.
struct Member<'n>(&'n str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Name(name)) = members.next_key()? {
            if name == self.0 {
                found = Some(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// What a value is, in words.
fn name(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b'n') => "null",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

/// The names at the top of a body, so that a wrong path is easily corrected.
fn outline(value: &RawValue) -> String {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Vec<String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Vec<String>, A::Error> {
            let mut names = Vec::new();
            while let Some((Name(name), IgnoredAny)) = members.next_entry()? {
                names.push(format!("`{}`", name.chars().take(40).collect::<String>()));
            }
            names.truncate(8);
            Ok(names)
        }
    }
    match serde_json::Deserializer::from_str(value.get()).deserialize_map(Names) {
        Ok(names) => format!("is an object with {}", names.join(", ")),
        Err(_) => format!("is {}", name(value)),
    }
}
