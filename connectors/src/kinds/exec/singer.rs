//! The messages of Singer taps. Types are known whatever their case; what is not known is passed over.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::said::{Files, Said, excerpt};

/// A line, as far as one stream needs it; numbers keep their digits, for values are not interpreted.
#[derive(Debug, Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    stream: Option<String>,
    #[serde(borrow)]
    record: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    encoding: Option<Encoding>,
    manifest: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Encoding {
    format: String,
    compression: Option<String>,
}

/// What a line says to whoever reads the streams of these names, which are all names of one.
pub(crate) fn said(line: &str, names: &[String]) -> Said {
    let line: Line<'_> = match serde_json::from_str(line) {
        Ok(line) => line,
        Err(_) => return Said::Noise(format!("`{}` is no Singer message", excerpt(line))),
    };
    let is_ours = line.stream.as_ref().is_some_and(|stream| names.contains(stream));
    match (line.kind.to_ascii_uppercase().as_str(), line.record, line.value) {
        ("RECORD", Some(record), _) if is_ours => Said::Record(record.get().into()),
        ("RECORD", None, _) => Said::Noise("a RECORD without `record`".to_owned()),
        ("STATE", _, Some(value)) if !is_empty(value.get()) => Said::State(value.get().into()),
        ("BATCH", ..) if is_ours => batch(line.encoding, line.manifest),
        _ => Said::Aside,
    }
}

/// A state that says nothing must never take the place of one that does.
fn is_empty(state: &str) -> bool {
    let state: String = state.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    ["", "null", "{}", "{\"bookmarks\":{}}", "[]", "\"\""].contains(&state.as_str())
}

fn batch(encoding: Option<Encoding>, manifest: Option<Vec<String>>) -> Said {
    let noise = |why: &str| Said::Noise(format!("a BATCH {why}"));
    let Some(encoding) = encoding else { return noise("without `encoding`") };
    if encoding.format != "jsonl" {
        return noise("that is not of format jsonl: set the tap's `batch_config` to jsonl, or switch batches off");
    }
    let gzip = match encoding.compression.as_deref() {
        None | Some("" | "none") => false,
        Some("gzip") => true,
        Some(_) => return noise("that is packed in a way that is not known: only gzip is"),
    };
    let paths: Option<Vec<String>> =
        manifest.into_iter().flatten().map(|path| path.strip_prefix("file://").map(str::to_owned)).collect();
    paths.map_or_else(|| noise("that lies elsewhere than in files here"), |paths| Said::Files(Files { paths, gzip }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Said {
        said(line, &["dpa".to_owned(), "dbo-dpa".to_owned()])
    }

    #[test]
    fn records_of_the_stream_come_byte_for_byte() {
        for (line, record) in [
            (
                r#"{"type":"RECORD","stream":"dpa","record":{"id":9007199254740993,"n":1250000000.50}}"#,
                r#"{"id":9007199254740993,"n":1250000000.50}"#,
            ),
            (
                r#"{"TYPE":"x","type":"record","stream":"dbo-dpa","record":{"a":1e2},"time_extracted":"2026"}"#,
                r#"{"a":1e2}"#,
            ),
        ] {
            assert_eq!(of(line), Said::Record(record.into()));
        }
        assert_eq!(of(r#"{"type":"RECORD","stream":"other","record":{}}"#), Said::Aside);
    }

    #[test]
    fn a_state_that_says_nothing_is_none() {
        for line in ["null", "{}", r#"{ "bookmarks" : {} }"#, "[]"] {
            assert_eq!(of(&format!(r#"{{"type":"STATE","value":{line}}}"#)), Said::Aside, "{line}");
        }
        assert_eq!(of(r#"{"type":"STATE"}"#), Said::Aside);
        let state = r#"{"bookmarks":{"dpa":{"replication_key_value":9007199254740993}}}"#;
        assert_eq!(of(&format!(r#"{{"type":"State","value":{state}}}"#)), Said::State(state.into()));
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_no_message_is_noise() {
        for line in [
            r#"{"type":"SCHEMA","stream":"dpa","schema":{},"key_properties":["id"]}"#,
            r#"{"type":"ACTIVATE_VERSION","stream":"dpa","version":1}"#,
            r#"{"type":"SOMETHING_NEW"}"#,
        ] {
            assert_eq!(of(line), Said::Aside);
        }
        for line in ["Collecting singer-python", "[1]", "{", r#"{"record":{}}"#, r#"{"type":"RECORD","stream":"dpa"}"#]
        {
            assert!(matches!(of(line), Said::Noise(_)), "{line}");
        }
    }

    #[test]
    fn a_batch_names_files_that_can_be_read() {
        let line = |encoding: &str, path: &str| {
            of(&format!(r#"{{"type":"BATCH","stream":"dpa","encoding":{encoding},"manifest":["{path}"]}}"#))
        };
        let files = Files { paths: vec!["/tmp/a.jsonl.gz".to_owned()], gzip: true };
        assert_eq!(line(r#"{"format":"jsonl","compression":"gzip"}"#, "file:///tmp/a.jsonl.gz"), Said::Files(files));
        assert!(matches!(line(r#"{"format":"parquet"}"#, "file:///tmp/a"), Said::Noise(_)));
        assert!(matches!(line(r#"{"format":"jsonl"}"#, "s3://bucket/a"), Said::Noise(_)));
    }
}
