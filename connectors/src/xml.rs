//! XML as [`Json`]: attributes as `@name`, a text as the value itself, elements that repeat as a list.
//!
//! | XML | value |
//! |---|---|
//! | `<nilai>12.50</nilai>` | `"12.50"`, without the space around it |
//! | `<nilai mata="IDR">12.50</nilai>` | `{"@mata":"IDR","#text":"12.50"}` |
//! | `<r><kode>1</kode><kode>2</kode></r>` | `{"kode":["1","2"]}` |
//! | `<nilai/>` | `""` |
//! | `<nilai xsi:nil="true"/>` | `null` |
//!
//! Prefixes of namespaces are left out, and so are `xmlns` and what `xsi:` says of types: writers choose them freely.
//! Nothing is ever fetched or expanded: beyond the five predefined entities and references to characters there is none,
//! and a document type with declarations of its own is refused.

use std::io::Read;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::json::{Json, Path};

mod decode;
#[cfg(test)]
mod tests;
mod tree;

use decode::Decoded;
use tree::{Tree, attribute, local};

/// Elements may stand this deep in each other.
pub const MAX_DEPTH: usize = 64;
/// The most elements and attributes of one value.
pub const MAX_NODES: usize = 250_000;
/// The most bytes of one value, and of one tag, text or comment.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Why bytes are no XML that we take. Holds names of elements, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct Error {
    /// What is wrong.
    pub what: What,
    /// Offset of the byte where it shows, counted in UTF-8.
    pub at: u64,
}

/// What is wrong with the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// The text breaks the form of XML.
    #[error("{0}")]
    Form(String),
    /// The text ends within an element, or before there is one.
    #[error("unexpected end of XML")]
    End,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("more than 64 levels of nesting")]
    Depth,
    /// One value has more than [`MAX_NODES`].
    #[error("an element with more than 250,000 elements and attributes in it")]
    Nodes,
    /// One value or one piece of text has more than [`MAX_BYTES`].
    #[error("an element, text or comment of more than 32 MiB")]
    Bytes,
    /// The document type declares entities or the like.
    #[error("a document type with declarations, which are never read: no entity but the five of XML is known")]
    Doctype,
    /// An entity that is none of the five.
    #[error("an entity that is none of &lt; &gt; &amp; &apos; &quot;")]
    Entity,
    /// A reference to a character that there is not.
    #[error("a bad reference to a character")]
    Reference,
    /// A text holds NUL, which no store keeps.
    #[error("a NUL character")]
    Nul,
    /// The bytes are not of the encoding that they are said to be.
    #[error("bytes that are not {0}")]
    Encoding(&'static str),
    /// The encoding has a name that nobody knows.
    #[error("an encoding that is not known")]
    Label,
    /// The bytes could not be read.
    #[error("could not read on: {0}")]
    Read(String),
}

/// Reads a whole document: an object with the root element as its only member.
///
/// # Errors
/// For what is no XML that we take.
pub fn parse(bytes: &[u8], charset: Option<&str>) -> Result<Json, Error> {
    let mut elements = Elements::new(bytes, charset, &Path::new(""));
    let document = elements.next().transpose()?;
    // What follows the root is looked at too.
    match (document, elements.next()) {
        (Some(document), None) => Ok(document),
        (_, Some(Err(error))) => Err(error),
        _ => Err(elements.error(What::End)),
    }
}

/// The elements at a path such as `Envelope.Body.jawaban.item`, one after another; all of them, wherever an element
/// on the way repeats.
///
/// Only one of them is in memory at a time, so a file may be of any size. A path that ends in `@name` gives the texts of
/// that attribute; the empty path gives what [`parse`] does. After an error there is nothing more.
pub struct Elements<R: Read> {
    reader: Reader<Decoded<R>>,
    path: Path,
    /// How many elements are open.
    depth: usize,
    /// How many of them, from the root on, are the first steps of the path.
    matched: usize,
    /// The most that ever matched.
    reached: usize,
    /// Whether a root element has begun.
    begun: bool,
    ended: bool,
}

impl<R: Read> Elements<R> {
    /// Reads from the beginning. `charset` is what came beside the bytes; a byte order mark says more than it, and it
    /// more than the document's own declaration.
    pub fn new(bytes: R, charset: Option<&str>, path: &Path) -> Self {
        let reader = Reader::from_reader(Decoded::new(bytes, charset));
        Self { reader, path: path.clone(), depth: 0, matched: 0, reached: 0, begun: false, ended: false }
    }

    /// How many steps of the path were found so far.
    pub const fn reached(&self) -> usize {
        self.reached
    }

    /// Whether the place of the list was found so far, with or without items: everything but the last step. A path of
    /// one step means the root, which is always there.
    pub fn has_list(&self) -> bool {
        let steps = self.path.steps();
        let items = if steps.last().is_some_and(|last| last.starts_with('@')) { 2 } else { 1 };
        self.reached >= steps.len().saturating_sub(items).max(1).min(steps.len())
    }

    fn error(&self, what: What) -> Error {
        Error { what, at: self.reader.buffer_position() }
    }

    /// The next event.
    fn event<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, Error> {
        buffer.clear();
        self.reader.get_mut().allow(MAX_BYTES);
        self.reader.read_event_into(buffer).map_err(|error| {
            let refused = self.reader.get_mut().refused();
            Error { what: refused.unwrap_or_else(|| tree::what(&error)), at: self.reader.error_position() }
        })
    }

    /// Reads on to the next element of the path.
    fn advance(&mut self) -> Result<Option<Json>, Error> {
        let mut buffer = Vec::new();
        loop {
            match self.event(&mut buffer)? {
                Event::Start(start) => {
                    if let Some(found) = self.open(&start, false)? {
                        return Ok(Some(found));
                    }
                }
                Event::Empty(start) => {
                    if let Some(found) = self.open(&start, true)? {
                        return Ok(Some(found));
                    }
                }
                Event::End(_) => self.close(),
                Event::Eof if self.depth > 0 || !self.begun => return Err(self.error(What::End)),
                Event::Eof => return Ok(None),
                Event::DocType(declared) if declared.contains('[') => return Err(self.error(What::Doctype)),
                Event::Text(text) if self.depth == 0 && !text.trim().is_empty() => {
                    return Err(self.error(What::Form("a text beside the root element".to_owned())));
                }
                Event::CData(_) | Event::GeneralRef(_) if self.depth == 0 => {
                    return Err(self.error(What::Form("a text beside the root element".to_owned())));
                }
                _ => {}
            }
        }
    }

    /// An element begins; gives its value when it is one of the path.
    fn open(&mut self, start: &BytesStart<'_>, empty: bool) -> Result<Option<Json>, Error> {
        if self.depth == 0 && self.begun {
            return Err(self.error(What::Form("a second root element".to_owned())));
        }
        if self.depth == MAX_DEPTH {
            return Err(self.error(What::Depth));
        }
        self.begun = true;
        let steps = self.path.steps();
        let (steps, wanted) = match steps.split_last() {
            Some((last, before)) if last.starts_with('@') => (before, Some(&last[1..])),
            _ => (steps, None),
        };
        let name = local(start);
        let whole = self.path.steps().is_empty();
        if self.matched == self.depth && steps.get(self.depth).is_some_and(|step| **step == *name) {
            self.matched += 1;
            self.reached = self.reached.max(self.matched);
        }
        self.depth += 1;
        let here = whole || (self.matched == steps.len() && self.depth == steps.len());
        let found = match wanted {
            _ if !here => None,
            Some(attribute_name) => {
                let value = attribute(start, attribute_name).map_err(|what| self.error(what))?;
                if value.is_some() {
                    self.reached = self.path.steps().len();
                }
                value.map(Json::Text)
            }
            None => {
                let mut tree = Tree::new(start).map_err(|what| self.error(what))?;
                if !empty {
                    self.grow(&mut tree)?;
                }
                let value = tree.finish();
                self.close();
                return Ok(Some(if whole { Json::Object(vec![(name.into(), value)]) } else { value }));
            }
        };
        if empty {
            self.close();
        }
        Ok(found)
    }

    const fn close(&mut self) {
        self.depth -= 1;
        if self.matched > self.depth {
            self.matched = self.depth;
        }
    }

    /// Reads the rest of an element.
    fn grow(&mut self, tree: &mut Tree) -> Result<(), Error> {
        let mut buffer = Vec::new();
        loop {
            let event = self.event(&mut buffer)?;
            if tree.take(event, self.depth).map_err(|what| self.error(what))? {
                return Ok(());
            }
        }
    }
}

impl<R: Read> Iterator for Elements<R> {
    type Item = Result<Json, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let found = self.advance().transpose();
        self.ended = !matches!(found, Some(Ok(_)));
        found
    }
}
