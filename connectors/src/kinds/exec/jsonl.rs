//! `muara-jsonl/1`: our own lines of JSON, for scripts in any language.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::said::{Class, Said, excerpt};

/// A line of a script; `type` says which of the others it has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    stream: Option<String>,
    #[serde(default)]
    complete: bool,
    #[serde(borrow)]
    record: Option<&'a RawValue>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    count: Option<u64>,
    class: Option<String>,
    message: Option<String>,
}

/// What a script is told, as the one line of its standard input.
#[derive(Debug, Serialize)]
pub(crate) struct Request<'a> {
    /// `muara-jsonl/1`.
    pub(crate) protocol: &'static str,
    /// The stream to read.
    pub(crate) stream: &'a str,
    /// The state to go on from; null reads everything.
    pub(crate) state: Option<Box<RawValue>>,
    /// `config:` of the definition.
    pub(crate) config: &'a serde_json::Value,
}

/// What a line says to whoever reads the stream of this name.
pub(crate) fn said(line: &str, name: &str) -> Said {
    let noise = |why: &str| Said::Noise(format!("`{}`: {why}", excerpt(line)));
    let line: Line<'_> = match serde_json::from_str(line) {
        Ok(line) => line,
        Err(error) => return noise(&error.to_string()),
    };
    let object = |raw: &&RawValue| raw.get().starts_with('{');
    match line.kind.as_str() {
        "BEGIN" if line.stream.as_deref() == Some(name) => Said::Begin { complete: line.complete },
        "BEGIN" => noise("BEGIN has to name the stream that was asked for"),
        "RECORD" => match line.record.filter(object) {
            Some(record) => Said::Record(record.get().into()),
            None => noise("`record` is no object"),
        },
        "DELETE" => match line.key.filter(object) {
            Some(key) => Said::Gone(key.get().into()),
            None => noise("`key` is no object with the fields of the key"),
        },
        "STATE" => line.value.map_or(Said::Aside, |value| Said::State(value.get().into())),
        "END" => line.count.map_or_else(|| noise("END has no `count`"), |count| Said::End { count }),
        "ERROR" => {
            let why = line.message.unwrap_or_default();
            match line.class.as_deref() {
                Some("config") => Said::Trouble { class: Class::Config, why },
                Some("transient") => Said::Trouble { class: Class::Transient, why },
                Some("data") => Said::Trouble { class: Class::Data, why },
                _ => noise("`class` is config, transient or data"),
            }
        }
        _ => noise("`type` is none of BEGIN, RECORD, DELETE, STATE, END and ERROR"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_one_thing() {
        let of = |line: &str| said(line, "dpa");
        assert_eq!(of(r#"{"type":"BEGIN","stream":"dpa","complete":true}"#), Said::Begin { complete: true });
        assert_eq!(of(r#"{"type":"BEGIN","stream":"dpa"}"#), Said::Begin { complete: false });
        let record = r#"{"id":9007199254740993,"n":1250000000.50}"#;
        assert_eq!(of(&format!(r#"{{"type":"RECORD","record":{record}}}"#)), Said::Record(record.into()));
        assert_eq!(of(r#"{"type":"DELETE","key":{"id":7}}"#), Said::Gone(r#"{"id":7}"#.into()));
        assert_eq!(of(r#"{"type":"STATE","value":{"id":7}}"#), Said::State(r#"{"id":7}"#.into()));
        assert_eq!(of(r#"{"type":"STATE","value":null}"#), Said::Aside);
        assert_eq!(of(r#"{"type":"END","count":2}"#), Said::End { count: 2 });
        let trouble = Said::Trouble { class: Class::Transient, why: "busy".to_owned() };
        assert_eq!(of(r#"{"type":"ERROR","class":"transient","message":"busy"}"#), trouble);
        for line in [
            "hello",
            r#"{"type":"begin","stream":"dpa"}"#,
            r#"{"type":"BEGIN","stream":"rak"}"#,
            r#"{"type":"RECORD","record":[1]}"#,
            r#"{"type":"RECORD","rekord":{}}"#,
            r#"{"type":"DELETE","key":7}"#,
            r#"{"type":"END"}"#,
            r#"{"type":"ERROR","class":"fatal","message":"x"}"#,
        ] {
            assert!(matches!(of(line), Said::Noise(_)), "{line}");
        }
    }
}
