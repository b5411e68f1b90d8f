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

/// Names of all lists.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.keys().map(String::as_str)
}

impl CodeList {
    /// Reads a list in the form of `schemas/codes/*.csv`: a header with at least code, name, valid_from, valid_to.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let header = split(lines.next().ok_or("the list is empty")?);
        let column = |name: &str| header.iter().position(|h| h == name).ok_or(format!("no column `{name}`"));
        let (code, name, from, to) = (column("code")?, column("name")?, column("valid_from")?, column("valid_to")?);
        let mut entries: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for (number, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let mut cells = split(line);
            if cells.len() != header.len() {
                return Err(format!("line {} has {} cells, the header has {}", number + 2, cells.len(), header.len()));
            }
            let more = (0..header.len())
                .filter(|at| ![code, name, from, to].contains(at))
                .map(|at| (header[at].clone(), cells[at].clone()))
                .collect();
            let mut take = |at: usize| std::mem::take(&mut cells[at]);
            let key = take(code);
            let entry = Entry { name: take(name), valid_from: take(from), valid_to: take(to), more };
            entries.entry(key).or_default().push(entry);
        }
        Ok(Self { entries })
    }

    /// What a code meant on a day (`yyyy-MM-dd`).
    pub fn on(&self, code: &str, day: &str) -> Option<&Entry> {
        self.entries.get(code)?.iter().find(|entry| {
            entry.valid_from.as_str() <= day && (entry.valid_to.is_empty() || day <= entry.valid_to.as_str())
        })
    }

    /// All codes in order.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().flat_map(|(code, spans)| spans.iter().map(move |entry| (code.as_str(), entry)))
    }
}

/// Splits one CSV line; quotes as in RFC 4180, no line breaks within cells.
fn split(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let cell = cells.last_mut().expect("there is always a current cell");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                cell.push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_lists_parse_and_hold_what_the_state_has() {
        let regions = list("regions").unwrap();
        let day = "2026-06-01";
        let count = |length: usize| {
            regions
                .codes()
                .filter(|(code, e)| code.len() == length && regions.on(code, day) == Some(e) && *code != "00")
                .count()
        };
        assert_eq!((count(2), count(5)), (38, 514));
        assert_eq!(regions.on("33.02", day).map(|e| e.name.to_uppercase().contains("BANYUMAS")), Some(true));
        for name in ["accounts", "funds", "methods", "stages", "sub-activities"] {
            assert!(list(name).is_some_and(|list| list.codes().count() > 2), "{name}");
        }
    }

    #[test]
    fn a_code_is_valid_only_in_its_time() {
        let list = CodeList::parse(
            "code,name,valid_from,valid_to\n1,\"Old, \"\"quoted\"\"\",2020-01-01,2023-12-31\n1,New,2024-01-01,\n",
        )
        .unwrap();
        assert_eq!(list.on("1", "2023-12-31").map(|e| e.name.as_str()), Some("Old, \"quoted\""));
        assert_eq!(list.on("1", "2024-01-01").map(|e| e.name.as_str()), Some("New"));
        assert_eq!(list.on("1", "2019-12-31"), None);
    }
}
