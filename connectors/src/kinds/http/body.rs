//! The records of a body, each as the very bytes that came, and the few other values that paging needs.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::paging::Pager;
use crate::json::{Json, Path};
use crate::kind::PullError;
use crate::raw::Raw;

/// What a body holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) records: Vec<Raw>,
    /// Texts at the paths that the pager asked for, in its order; `None` for what is absent, null or no single value.
    pub(super) values: Vec<Option<String>>,
}

/// Reads a body. A list that is not where the definition says is an error, and so is `null` in its place.
pub(super) fn read(body: &[u8], records: &Path, pager: &Pager, shown: &str) -> Result<Found, PullError> {
    let text = std::str::from_utf8(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    let text = text
        .map_err(|error| PullError::malformed(format!("{shown} answered with text that is not UTF-8: {error}"), ""))?;
    let bad = |why: String| PullError::malformed(format!("{shown} {why}"), text);
    let whole: &RawValue =
        serde_json::from_str(text).map_err(|error| bad(format!("answered with no JSON: {error}")))?;
    let list =
        at(whole, records.steps()).ok_or_else(|| bad(format!("has no list at `{records}`; it {}", outline(whole))))?;
    let items: Vec<&RawValue> = serde_json::from_str(list.get())
        .map_err(|_| bad(format!("has at `{records}` {} instead of a list", name(list))))?;
    let value = |path: &Path| {
        let json = Json::parse(at(whole, path.steps())?.get().as_bytes()).ok()?;
        json.as_text().map(str::to_owned)
    };
    Ok(Found {
        records: items.into_iter().map(|item| Raw::Json(item.get().into())).collect(),
        values: pager.paths().into_iter().map(value).collect(),
    })
}

/// The value at a path, without reading what stands beside it.
fn at<'a>(value: &'a RawValue, steps: &[Box<str>]) -> Option<&'a RawValue> {
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
