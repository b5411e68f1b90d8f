//! Reference code lists with validity dates.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/codes");

static EMBEDDED: LazyLock<BTreeMap<String, CodeList>> = LazyLock::new(|| {
    FILES
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "csv"))
        .filter_map(|file| {
            let name = file.path().file_stem()?.to_str()?.to_owned();
            Some((
                name,
                CodeList::parse(file.contents_utf8()?).expect("the embedded code lists parse; a test parses them"),
            ))
        })
        .collect()
});

/// A list of codes such as regions or accounts.
#[derive(Debug, Default)]
pub struct CodeList {
    entries: BTreeMap<String, Vec<Entry>>,
}

/// One code during one span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the code stands for.
    pub name: String,
    /// First day, `yyyy-MM-dd`.
    pub valid_from: String,
    /// Last day, or empty while it is still valid.
    pub valid_to: String,
    /// The other columns, by header.
    pub more: BTreeMap<String, String>,
}

/// The list of this name (`regions`, `sub-activities`, `accounts`, `funds`, `methods`, `stages`).
pub fn list(name: &str) -> Option<&'static CodeList> {
    EMBEDDED.get(name)
}

/// The list of this name as it ships, CSV with a header.
pub fn csv(name: &str) -> Option<&'static str> {
    FILES.get_file(format!("{name}.csv"))?.contents_utf8()
}

/// Names of all lists.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.keys().map(String::as_str)
}

impl CodeList {
    /// Reads a list in the form of `schemas/codes/*.csv`: a header with at least code, name, valid_from, valid_to.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| error.to_string())?.clone();
        let column = |name: &str| header.iter().position(|h| h == name).ok_or(format!("no column `{name}`"));
        let (code, name, from, to) = (column("code")?, column("name")?, column("valid_from")?, column("valid_to")?);
        let mut entries: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for row in reader.records() {
            let row = row.map_err(|error| error.to_string())?;
            let cell = |at: usize| row[at].to_owned();
            let more = (0..header.len())
                .filter(|at| ![code, name, from, to].contains(at))
                .map(|at| (header[at].to_owned(), cell(at)))
                .collect();
            let entry = Entry { name: cell(name), valid_from: cell(from), valid_to: cell(to), more };
            entries.entry(cell(code)).or_default().push(entry);
        }
        Ok(Self { entries })
    }

    /// What a code meant on a day (`yyyy-MM-dd`).
    pub fn on(&self, code: &str, day: &str) -> Option<&Entry> {
        self.entries.get(code)?.iter().find(|entry| {
            entry.valid_from.as_str() <= day && (entry.valid_to.is_empty() || day <= entry.valid_to.as_str())
        })
    }

    /// Whether it holds the code, at whatever time.
    pub fn has(&self, code: &str) -> bool {
        self.entries.contains_key(code)
    }

    /// All codes in order.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().flat_map(|(code, spans)| spans.iter().map(move |entry| (code.as_str(), entry)))
    }
}

#[cfg(test)]
mod tests;
