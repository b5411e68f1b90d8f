//! YAML as a tree in which every key and value knows its place.
//!
//! Scalars keep their text: whether `5.02` is a code or a number is for the reader of the key to say.

use std::collections::{BTreeMap, HashMap};

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, options};

use super::report::{Diagnostic, Mark, Origin};
use crate::json::Json;

/// The largest file that is read.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;
/// Collections may stand this deep in each other.
pub(super) const MAX_DEPTH: usize = 32;
/// Nodes of one file, those that aliases repeat counted each time.
pub(super) const MAX_NODES: usize = 100_000;
/// A long text counts for more than one node, for aliases repeat it too.
const BYTES_A_NODE: usize = 64;

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) mark: Mark,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing after the colon, `~` or `null`.
    Null,
    /// A text and whether it stands without quotes.
    Scalar(String, bool),
    List(Vec<Node>),
    /// In file order, keys with their places.
    Map(Vec<(String, Mark, Node)>),
}

impl Node {
    /// What it is, for people.
    pub(super) const fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(..) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a table of keys",
        }
    }

    /// The same value as JSON: an unquoted number keeps its digits, unquoted true, false and null are what they say.
    pub(super) fn json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Scalar(text, true) if text == "true" => Json::Bool(true),
            Value::Scalar(text, true) if text == "false" => Json::Bool(false),
            Value::Scalar(text, plain) => match Json::parse(text.as_bytes()) {
                Ok(number @ Json::Number(_)) if *plain && text.trim() == text => number,
                _ => Json::Text(text.as_str().into()),
            },
            Value::List(items) => Json::List(items.iter().map(Self::json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|(key, _, node)| (key.as_str().into(), node.json())).collect())
            }
        }
    }
}

/// Reads a file's text. Errors of the form of YAML come one at a time, for after the first the rest is guesswork;
/// keys that stand twice come all at once.
pub(super) fn parse(origin: &Origin) -> Result<Node, Vec<Diagnostic>> {
    if origin.text.len() > MAX_FILE_BYTES {
        let report = origin.report(
            "E0103",
            Mark::default(),
            format!("the file has {} bytes, more than 1 MiB", origin.text.len()),
        );
        return Err(vec![report.help("one file describes one system: split it")]);
    }
    let mut builder =
        Builder { origin, stack: Vec::new(), anchors: BTreeMap::new(), nodes: 0, root: None, found: Vec::new() };
    let options =
        options! { emit_comments: false, block_nesting_limit: 2 * MAX_DEPTH, flow_nesting_limit: 2 * MAX_DEPTH };
    for event in Parser::new_from_str_with_options(&origin.text, options) {
        let step = match event {
            Ok((event, span)) => builder.take(event, &span),
            Err(error) => {
                let at = error.marker();
                Err(origin.report("E0101", mark(at.line(), at.col(), 1), format!("not YAML: {}", error.info())))
            }
        };
        if let Err(report) = step {
            builder.found.push(report);
            return Err(builder.found);
        }
    }
    match builder.root {
        Some(root) if builder.found.is_empty() => Ok(root),
        Some(_) => Err(builder.found),
        None => Err(vec![origin.report("E0101", Mark::default(), "the file is empty").help("begin with `muara: 1`")]),
    }
}

struct Builder<'a> {
    origin: &'a Origin,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
    found: Vec<Diagnostic>,
}

/// A collection that is being read.
struct Open {
    mark: Mark,
    anchor: usize,
    /// Nodes counted before it.
    before: usize,
    /// A block has no bracket of its own: it begins with its first key.
    block: bool,
    body: Body,
}

enum Body {
    List(Vec<Node>),
    /// With the key that waits for its value, and where each key stood first.
    Map(Vec<(String, Mark, Node)>, Option<(String, Mark)>, HashMap<String, u32>),
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Diagnostic> {
        let at = place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let size = 1 + text.len() / BYTES_A_NODE;
                let value = match text.as_ref() {
                    "" | "~" | "null" if plain => Value::Null,
                    _ => Value::Scalar(text.into_owned(), plain),
                };
                self.add(Node { mark: at, value }, anchor, size)
            }
            Event::SequenceStart(_, anchor, _) => self.open(at, anchor, Body::List(Vec::new())),
            Event::MappingStart(style, anchor, _) => {
                self.open(at, anchor, Body::Map(Vec::new(), None, HashMap::new()))?;
                if let (StructureStyle::Block, Some(open)) = (style, self.stack.last_mut()) {
                    open.block = true;
                }
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((node, size)) => {
                    let (node, size) = (Node { mark: at, ..node.clone() }, *size);
                    self.add(node, 0, size)
                }
                None => Err(self.origin.report("E0101", at, "this alias refers to what it stands in")),
            },
            Event::DocumentStart(..) if self.root.is_some() => Err(self
                .origin
                .report("E0101", at, "a second document in one file")
                .help("one file describes one system: split it")),
            _ => Ok(()),
        }
    }

    fn count(&mut self, size: usize, at: Mark) -> Result<(), Diagnostic> {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            return Err(self.origin.report(
                "E0103",
                at,
                format!("more than {MAX_NODES} values, counting what aliases repeat"),
            ));
        }
        Ok(())
    }

    fn open(&mut self, mark: Mark, anchor: usize, body: Body) -> Result<(), Diagnostic> {
        if self.stack.len() == MAX_DEPTH {
            return Err(self.origin.report("E0103", mark, format!("more than {MAX_DEPTH} levels of nesting")));
        }
        if let Some(Open { body: Body::Map(_, None, _), .. }) = self.stack.last() {
            return Err(self.origin.report("E0101", mark, "a key must be a single value"));
        }
        self.stack.push(Open { mark, anchor, before: self.nodes, block: false, body });
        self.count(1, mark)
    }

    fn close(&mut self) -> Result<(), Diagnostic> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let size = self.nodes - open.before;
        let value = match open.body {
            Body::List(items) => Value::List(items),
            Body::Map(entries, ..) => Value::Map(entries),
        };
        let mark = match &value {
            Value::Map(entries) if open.block => entries.first().map_or(open.mark, |(_, key, _)| *key),
            _ => open.mark,
        };
        // Its nodes are counted already.
        self.nodes -= size;
        self.add(Node { mark, value }, open.anchor, size)
    }

    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Diagnostic> {
        self.count(size, node.mark)?;
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.stack.last_mut().map(|open| &mut open.body) {
            None => self.root = Some(node),
            Some(Body::List(items)) => items.push(node),
            Some(Body::Map(entries, key, first)) => match key.take() {
                Some((name, at)) => {
                    if let Some(line) = first.get(&name) {
                        let what = format!("`{name}` stands twice, first on line {line}");
                        self.found.push(self.origin.report("E0107", at, what).help("take one of the two out"));
                    } else {
                        first.insert(name.clone(), at.line);
                        entries.push((name, at, node));
                    }
                }
                None => match node.value {
                    Value::Scalar(name, _) => *key = Some((name, node.mark)),
                    Value::Null => *key = Some(("null".to_owned(), node.mark)),
                    _ => {
                        return Err(self.origin.report("E0101", node.mark, "a key must be a single value"));
                    }
                },
            },
        }
        Ok(())
    }
}

fn place(span: &Span) -> Mark {
    let width = if span.end.line() == span.start.line() { span.end.col().saturating_sub(span.start.col()) } else { 1 };
    mark(span.start.line(), span.start.col(), width)
}

/// The parser counts columns from 0.
fn mark(line: usize, column: usize, width: usize) -> Mark {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Mark { line: small(line), column: small(column + 1), width: small(width.max(1)) }
}
