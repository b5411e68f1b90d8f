//! A path into a raw record: `sp2d.tanggal`, `detail.0.nilai`, or the plain name of a column.

use std::fmt;

/// A path, split once. Its text is also the name of a column, so `Target / Volume` or `a.b` may be one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    text: Box<str>,
    steps: Box<[Box<str>]>,
}

impl Path {
    /// Splits at dots; the empty text is the path to the value itself.
    pub fn new(text: &str) -> Self {
        let steps = if text.is_empty() { Box::default() } else { text.split('.').map(Box::from).collect() };
        Self { text: text.into(), steps }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Names and numbers, outermost first.
    pub fn steps(&self) -> &[Box<str>] {
        &self.steps
    }

    /// The same path as a JSON pointer (RFC 6901).
    pub fn pointer(&self) -> String {
        let mut pointer = String::with_capacity(self.text.len() + 1);
        for step in &self.steps {
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }
}

impl From<&str> for Path {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.text)
    }
}
