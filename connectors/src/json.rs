//! JSON as a source wrote it: numbers keep their text, objects keep their order.
//!
//! `serde_json::Value` would turn `9007199254740993` or `1250000000.50` into a float on the way in.
//! Here a number is its source text, and only a converter of the mapping decides what it means.

use std::fmt::Write as _;

mod parse;
mod path;
#[cfg(test)]
mod tests;

pub use path::Path;

/// Containers may stand this deep in each other.
pub const MAX_DEPTH: usize = 64;

/// A JSON value whose numbers are not interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, exactly as it was written.
    Number(Box<str>),
    /// A text, escapes resolved; never holds NUL.
    Text(Box<str>),
    /// An array.
    List(Vec<Json>),
    /// An object in source order, each name once; one that is repeated with the same value says nothing new.
    Object(Vec<(Box<str>, Json)>),
}

/// Why bytes are no JSON that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct Error {
    /// What is wrong.
    pub what: What,
    /// Offset of the byte where it shows.
    pub at: usize,
}

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// Something else was due here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The text ends too early.
    #[error("unexpected end of JSON")]
    End,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("more than 64 levels of nesting")]
    Depth,
    /// A text holds NUL, which no store keeps.
    #[error("a NUL character in a text")]
    Nul,
    /// A text is not UTF-8.
    #[error("a text that is not UTF-8")]
    Utf8,
    /// A backslash sequence that JSON does not know, or half a surrogate pair.
    #[error("a bad escape in a text")]
    Escape,
    /// A control character stands unescaped in a text.
    #[error("an unescaped control character in a text")]
    Control,
    /// An object has one name with two values, and nobody knows which is meant.
    #[error("a name that stands twice in one object, with two values,")]
    Twice,
}

impl Json {
    /// The value at a path: a name goes into an object, a number into a list; the empty path is the value itself.
    pub fn get(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |value, step| value.step(step))
    }

    /// The member of this name, or the item of this number.
    pub fn step(&self, step: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| &**name == step).map(|(_, value)| value),
            Self::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The text of a text or number, which is how keys, cursors and codes read a value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&[(Box<str>, Self)]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// JSON text without insignificant space; numbers and order as they came.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Appends what [`Json::to_text`] gives.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Appends a text as a JSON string.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "\\u{byte:04x}")),
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}
