//! What a request brings: JSON or JSON lines, perhaps packed, and the records in it byte for byte.

use std::fmt;
use std::io::Read as _;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt as _;
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::problem::Problem;
use crate::json::Path;
use crate::kinds;
use crate::raw::Raw;

/// Most records of one push.
pub(super) const MAX_RECORDS: usize = 10_000;

/// How a body is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Whether each line is a record.
    pub(super) lines: bool,
    /// Whether it is packed with gzip.
    pub(super) packed: bool,
}

/// What a body holds.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) records: Vec<Raw>,
    /// JSON pointer to their list.
    pub(super) list: String,
}

impl Form {
    /// As the headers say it.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default().to_ascii_lowercase());
        let packed = match text(CONTENT_ENCODING).as_deref().map(str::trim) {
            None | Some("identity") => false,
            Some("gzip") => true,
            Some(_) => return Err(Problem::media("`Content-Encoding` is gzip, or nothing")),
        };
        let told = text(CONTENT_TYPE).unwrap_or_default();
        let (media, parameters) = told.split_once(';').unwrap_or((&told, ""));
        let charset = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("charset="));
        if charset.map(|charset| charset.trim_matches('"')).any(|charset| charset != "utf-8") {
            return Err(Problem::media("a body is UTF-8"));
        }
        match media.trim() {
            "application/json" => Ok(Self { lines: false, packed }),
            "application/x-ndjson" | "application/jsonl" => Ok(Self { lines: true, packed }),
            _ => Err(Problem::media("`Content-Type` is application/json or application/x-ndjson")),
        }
    }
}

/// How long the body says it is.
pub(super) fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The bytes of a body, at most so many.
pub(super) async fn receive(request: Request, most: usize) -> Result<Bytes, Problem> {
    let mut parts = request.into_body().into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Problem::request("the body broke off"))?;
        if bytes.len() + part.len() > most {
            return Err(Problem::too_large(most));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

/// The records of a body. Takes time, so it is called where blocking is allowed.
pub(super) fn read(bytes: &[u8], form: Form, list: &Path, most: usize) -> Result<Found, Problem> {
    let mut unpacked = Vec::new();
    let bytes = if form.packed {
        // One byte more than is taken, so that a bomb is seen and goes no further.
        let read = MultiGzDecoder::new(bytes).take(most as u64 + 1).read_to_end(&mut unpacked);
        read.map_err(|_| Problem::unreadable("the body is no gzip"))?;
        if unpacked.len() > most {
            return Err(Problem::too_large(most));
        }
        &unpacked
    } else {
        bytes
    };
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::unreadable("the body is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if form.lines { lines(text) } else { json(text, list) }
}

fn lines(text: &str) -> Result<Found, Problem> {
    let mut records = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        if records.len() == MAX_RECORDS {
            return Err(Problem::too_many(MAX_RECORDS));
        }
        let value: &RawValue = serde_json::from_str(line)
            .map_err(|error| Problem::unreadable(format!("line {number} is no JSON: {}", place(&error))))?;
        records.push(Raw::Json(value.get().into()));
    }
    Ok(Found { records, list: String::new() })
}

fn json(text: &str, list: &Path) -> Result<Found, Problem> {
    let whole: &RawValue = serde_json::from_str(text)
        .map_err(|error| Problem::unreadable(format!("the body is no JSON: {}", place(&error))))?;
    match whole.get().as_bytes().first() {
        Some(b'[') => Ok(Found { records: items(whole)?, list: String::new() }),
        Some(b'{') if list.steps().is_empty() => {
            Ok(Found { records: vec![Raw::Json(whole.get().into())], list: String::new() })
        }
        Some(b'{') => {
            let found = kinds::member(whole, list.steps()).filter(|found| found.get().starts_with('['));
            let found = found.ok_or_else(|| Problem::unreadable(format!("the body has no list at `{list}`")))?;
            Ok(Found { records: items(found)?, list: list.pointer() })
        }
        _ => Err(Problem::unreadable("the body is neither a list nor an object")),
    }
}

/// The items of a list, each as the very bytes that came.
fn items(list: &RawValue) -> Result<Vec<Raw>, Problem> {
    struct Items;
    impl<'de> Visitor<'de> for Items {
        type Value = Option<Vec<Raw>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut records = Vec::new();
            while let Some(item) = items.next_element::<&RawValue>()? {
                if records.len() == MAX_RECORDS {
                    return Ok(None);
                }
                records.push(Raw::Json(item.get().into()));
            }
            Ok(Some(records))
        }
    }
    // What is left behind a list that is too long makes an error of its own: both mean that there is too much.
    let items = serde_json::Deserializer::from_str(list.get()).deserialize_seq(Items);
    items.ok().flatten().ok_or_else(|| Problem::too_many(MAX_RECORDS))
}

/// Where JSON breaks off, without what stands there.
fn place(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "it ends too early" } else { "it is malformed" };
    format!("{what} at line {} column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str, list: &str) -> Option<Vec<String>> {
        let form = Form { lines: false, packed: false };
        let found = read(body.as_bytes(), form, &Path::new(list), 1 << 20).ok()?;
        Some(found.records.iter().map(Raw::to_text).collect())
    }

    #[test]
    fn records_keep_their_bytes_in_every_form_of_a_body() {
        let record = r#"{"id":9007199254740993, "nilai":1250000000.50}"#;
        for (body, list) in [
            (record.to_owned(), ""),
            (format!(" [{record}] "), ""),
            (format!("[{record}]"), "records"),
            (format!(r#"{{"a":[1],"records": [{record} ]}}"#), "records"),
        ] {
            assert_eq!(of(&body, list).unwrap(), [record], "{body}");
        }
        let lines = Form { lines: true, packed: false };
        let found = read(format!("{record}\r\n\n{record}\n").as_bytes(), lines, &Path::new(""), 1 << 20).unwrap();
        assert_eq!(found.records.iter().map(Raw::to_text).collect::<Vec<_>>(), [record, record]);
    }

    #[test]
    fn what_is_no_body_is_told_apart_from_broken_records() {
        for body in ["", "7", "\"a\"", "null", "[1,", "{\"records\":{}}", "[] []"] {
            assert!(of(body, "records").is_none(), "{body}");
        }
        assert_eq!(of("[]", "").unwrap().len(), 0);
        assert_eq!(of("[7, null]", "").unwrap(), ["7", "null"]);
        assert!(of(&format!("[{}7]", "7,".repeat(MAX_RECORDS - 1)), "").is_some());
        assert!(of(&format!("[{}7]", "7,".repeat(MAX_RECORDS)), "").is_none());
    }
}
