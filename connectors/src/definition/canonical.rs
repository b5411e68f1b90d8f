//! The one text of a definition: what its digest is made over, and what announcements show.

use std::fmt::Write as _;

use super::node::{Node, Value};
use crate::json::write_text;

/// Keys of a stream that do not change what a record becomes, so that a new value does not start the stream anew.
const WITHOUT: [&str; 7] = ["about", "tests", "schedule", "full_read", "on_invalid", "links", "drift"];

/// What all digests of a file share.
pub(super) struct Context(String);

impl Context {
    /// Takes `system` and `source`: references by name, comments and the order of keys forgotten.
    pub(super) fn of(root: &Node) -> Self {
        let mut text = String::from("muara 1\n");
        if let Value::Map(entries) = &root.value {
            for wanted in ["system", "source"] {
                if let Some((_, _, node)) = entries.iter().find(|(key, ..)| key == wanted) {
                    write(node, &mut text);
                }
                text.push('\n');
            }
        }
        Self(text)
    }

    /// The digest of what all streams of the file share.
    pub(super) fn access(&self) -> String {
        short(&self.0)
    }

    /// The digest of a stream: 16 hex digits of BLAKE3 over system, source, stream and the target's schema.
    pub(super) fn digest(&self, name: &str, stream: &Node, schema: &str) -> String {
        let mut text = self.0.clone();
        write_text(name, &mut text);
        if let Value::Map(entries) = &stream.value {
            let kept = entries.iter().filter(|(key, ..)| !WITHOUT.contains(&key.as_str())).cloned().collect();
            write(&Node { mark: stream.mark, value: Value::Map(kept) }, &mut text);
        }
        text.push('\n');
        text.push_str(schema);
        short(&text)
    }
}

/// A digest over every key of a stream but `tests`.
pub(super) fn settings(stream: &Node) -> String {
    let mut text = String::new();
    if let Value::Map(entries) = &stream.value {
        let kept = entries.iter().filter(|(key, ..)| key != "tests").cloned().collect();
        write(&Node { mark: stream.mark, value: Value::Map(kept) }, &mut text);
    }
    short(&text)
}

/// A digest that depends on something more.
pub(super) fn with(digest: &str, more: &str) -> String {
    short(&format!("{digest}\n{more}"))
}

fn short(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

/// JSON with sorted keys in which every scalar is a text: how it was quoted does not matter.
fn write(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Scalar(text, _) => write_text(text, out),
        Value::List(items) => {
            out.push('[');
            for item in items {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (key, _, value) in sorted {
                write_text(key, out);
                out.push(':');
                write(value, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

/// The definition as YAML without comments, tests (their records may be real) and the text of commands.
pub(super) fn document(root: &Node) -> String {
    let mut out = String::new();
    if let Value::Map(entries) = &root.value {
        block(entries, 0, &mut out);
    }
    out
}

fn block(entries: &[(String, super::report::Mark, Node)], indent: usize, out: &mut String) {
    for (key, _, node) in entries {
        // `streams`, a stream, its `tests`.
        if key == "tests" && indent == 2 {
            continue;
        }
        let _ = write!(out, "{:width$}", "", width = indent * 2);
        scalar(key, simple(key), out);
        out.push(':');
        match &node.value {
            Value::Map(inner) if !inner.is_empty() => {
                out.push('\n');
                if let [(cmd, _, _)] = inner.as_slice()
                    && cmd == "cmd"
                {
                    let _ = writeln!(out, "{:width$}cmd: \"…\"", "", width = indent * 2 + 2);
                } else {
                    block(inner, indent + 1, out);
                }
            }
            Value::List(items) if items.iter().any(|item| matches!(item.value, Value::Map(_) | Value::List(_))) => {
                // Flow style, which is JSON, serves for lists of tables.
                out.push(' ');
                out.push_str(&hidden(node).json().to_text());
                out.push('\n');
            }
            _ => {
                out.push(' ');
                flow(node, out);
                out.push('\n');
            }
        }
    }
}

/// The same value without the text of commands.
fn hidden(node: &Node) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(items.iter().map(hidden).collect()),
        Value::Map(entries) => {
            let is_command = matches!(entries.as_slice(), [(cmd, ..)] if cmd == "cmd");
            let hide = |node: &Node| {
                if is_command {
                    Node { mark: node.mark, value: Value::Scalar("…".to_owned(), false) }
                } else {
                    hidden(node)
                }
            };
            Value::Map(entries.iter().map(|(key, mark, node)| (key.clone(), *mark, hide(node))).collect())
        }
        other => other.clone(),
    };
    Node { mark: node.mark, value }
}

fn flow(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Scalar(text, plain) => scalar(text, *plain && simple(text), out),
        Value::List(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push_str(", ");
                }
                flow(item, out);
            }
            out.push(']');
        }
        Value::Map(_) => out.push_str("{}"),
    }
}

fn scalar(text: &str, plain: bool, out: &mut String) {
    if plain { out.push_str(text) } else { write_text(text, out) }
}

/// Whether a text needs no quotes wherever it stands.
fn simple(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'))
}
