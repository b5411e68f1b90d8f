//! From the events of one element to its value.

use std::collections::HashMap;

use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{MAX_BYTES, MAX_DEPTH, MAX_NODES, What};
use crate::json::Json;

/// How much of a name is shown.
const SHOWN: usize = 40;

/// An element that is being read.
pub(super) struct Tree {
    open: Vec<Open>,
    done: Option<Json>,
    nodes: usize,
    bytes: usize,
}

/// One open element of the tree.
struct Open {
    name: Box<str>,
    members: Vec<(Box<str>, Json)>,
    text: String,
    is_nil: bool,
}

impl Tree {
    /// Begins with the element's own tag.
    pub(super) fn new(start: &BytesStart<'_>) -> Result<Self, What> {
        let mut tree = Self { open: Vec::new(), done: None, nodes: 0, bytes: 0 };
        tree.begin(start)?;
        Ok(tree)
    }

    /// Takes one event; `true` when the element is over. `above` is how many elements stand above and at the root of
    /// this tree.
    pub(super) fn take(&mut self, event: Event<'_>, above: usize) -> Result<bool, What> {
        match event {
            Event::Start(start) => {
                self.deeper(above)?;
                self.begin(&start)?;
            }
            Event::Empty(start) => {
                self.deeper(above)?;
                self.begin(&start)?;
                self.end();
            }
            Event::End(_) if self.open.len() == 1 => return Ok(true),
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text.xml10_content())?,
            Event::CData(text) => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let mut letter = [0; 4];
                let text = resolve(&reference, &mut letter)?;
                self.text(text)?;
            }
            Event::Eof => return Err(What::End),
            Event::DocType(_) => return Err(What::Doctype),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
        }
        Ok(false)
    }

    /// The value.
    pub(super) fn finish(mut self) -> Json {
        self.end();
        self.done.unwrap_or(Json::Null)
    }

    fn deeper(&self, above: usize) -> Result<(), What> {
        if above - 1 + self.open.len() == MAX_DEPTH { Err(What::Depth) } else { Ok(()) }
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), What> {
        let mut open = Open { name: local(start).into(), members: Vec::new(), text: String::new(), is_nil: false };
        self.count(open.name.len())?;
        for found in start.attributes() {
            let found = found.map_err(|_| What::Form(format!("bad attributes of `{}`", shown(&open.name))))?;
            let (prefix, name) = split(found.key.as_ref());
            if prefix == "xsi" {
                open.is_nil |= name == "nil" && matches!(&*found.value, "true" | "1");
            }
            if is_ours(prefix, name) {
                continue;
            }
            let value = plain(&found.value)?;
            self.count(name.len() + value.len())?;
            open.members.push((format!("@{name}").into(), Json::Text(value)));
        }
        self.open.push(open);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), What> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        self.bytes += text.len();
        open.text.push_str(text);
        if self.bytes > MAX_BYTES { Err(What::Bytes) } else { Ok(()) }
    }

    fn count(&mut self, bytes: usize) -> Result<(), What> {
        self.nodes += 1;
        self.bytes += bytes;
        match () {
            () if self.nodes > MAX_NODES => Err(What::Nodes),
            () if self.bytes > MAX_BYTES => Err(What::Bytes),
            () => Ok(()),
        }
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let (name, value) = open.close();
        match self.open.last_mut() {
            Some(above) => above.members.push((name, value)),
            None => self.done = Some(value),
        }
    }
}

impl Open {
    fn close(self) -> (Box<str>, Json) {
        let text = self.text.trim();
        let value = match (self.members.is_empty(), text.is_empty()) {
            (true, true) if self.is_nil => Json::Null,
            (true, _) => Json::Text(text.into()),
            (false, true) => Json::Object(group(self.members)),
            (false, false) => {
                let mut members = group(self.members);
                members.push(("#text".into(), Json::Text(text.into())));
                Json::Object(members)
            }
        };
        (self.name, value)
    }
}

/// Makes a list of members that share a name, at the place of the first.
fn group(members: Vec<(Box<str>, Json)>) -> Vec<(Box<str>, Json)> {
    let mut places: HashMap<Box<str>, usize> = HashMap::with_capacity(members.len());
    let mut grouped: Vec<(Box<str>, Json)> = Vec::with_capacity(members.len());
    for (name, value) in members {
        if let Some(place) = places.get(&name) {
            match &mut grouped[*place].1 {
                Json::List(items) => items.push(value),
                one => {
                    let first = std::mem::replace(one, Json::Null);
                    *one = Json::List(vec![first, value]);
                }
            }
        } else {
            places.insert(name.clone(), grouped.len());
            grouped.push((name, value));
        }
    }
    grouped
}

/// The name of an element without its prefix.
pub(super) fn local(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

/// The text of an element's attribute.
pub(super) fn attribute(start: &BytesStart<'_>, wanted: &str) -> Result<Option<Box<str>>, What> {
    for found in start.attributes() {
        let found = found.map_err(|_| What::Form(format!("bad attributes of `{}`", shown(&local(start)))))?;
        let (prefix, name) = split(found.key.as_ref());
        if name == wanted && !is_ours(prefix, name) {
            return plain(&found.value).map(Some);
        }
    }
    Ok(None)
}

/// Prefix and name.
fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// Whether an attribute speaks of the XML and not of the data.
fn is_ours(prefix: &str, name: &str) -> bool {
    matches!(prefix, "xmlns" | "xsi") || (prefix.is_empty() && name == "xmlns")
}

/// The value of an attribute with its references resolved.
fn plain(value: &str) -> Result<Box<str>, What> {
    match unescape(value) {
        Ok(text) => Ok(text.into()),
        Err(EscapeError::InvalidCharRef(_)) => Err(What::Reference),
        Err(_) => Err(What::Entity),
    }
}

/// What a reference in a text stands for.
fn resolve<'l>(reference: &BytesRef<'_>, letter: &'l mut [u8; 4]) -> Result<&'l str, What> {
    if let Some(found) = reference.resolve_char_ref().map_err(|_| What::Reference)? {
        return Ok(found.encode_utf8(letter));
    }
    let found = quick_xml::escape::resolve_xml_entity(reference);
    found.ok_or(What::Entity)
}

/// What the parser says, in our words.
pub(super) fn what(error: &quick_xml::Error) -> What {
    use quick_xml::errors::IllFormedError;

    match error {
        quick_xml::Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            What::Form(format!("expected `</{}>`, found `</{}>`", shown(expected), shown(found)))
        }
        quick_xml::Error::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
            What::Form(format!("`</{}>` closes nothing", shown(found)))
        }
        quick_xml::Error::IllFormed(IllFormedError::UnclosedReference) => {
            What::Form("a `&` that begins no entity".to_owned())
        }
        quick_xml::Error::Syntax(error) => What::Form(error.to_string()),
        quick_xml::Error::Escape(_) => What::Entity,
        quick_xml::Error::Io(error) => What::Read(error.to_string()),
        _ => What::Form("a tag or declaration that is none".to_owned()),
    }
}

fn shown(name: &str) -> String {
    name.chars().take(SHOWN).collect()
}
