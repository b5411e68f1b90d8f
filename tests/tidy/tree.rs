//! The files of the repository, and what is wrong with them.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use regex::Regex;

/// Folders that are not ours.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules", "vendor"];

/// One text file.
pub(crate) struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// What breaks a rule.
#[derive(Default)]
pub(crate) struct Faults(Vec<String>);

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in a folder of the root").to_owned()
}

/// Every text file of ours.
pub(crate) fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut found = Vec::new();
        walk(&root(), "", &mut found);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(found.len() > 100, "the tree was found");
        found
    })
}

/// Those whose name ends so.
pub(crate) fn ending(end: &str) -> impl Iterator<Item = &'static File> {
    files().iter().filter(move |file| file.path.ends_with(end))
}

/// The names in a folder, sorted; none where there is no such folder.
pub(crate) fn names(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("a folder can be read").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn walk(folder: &Path, below: &str, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let entry = entry.expect("a folder can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let kind = entry.file_type().expect("an entry has a type");
        // In a second checkout `.git` is a file.
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &path, found);
        } else if kind.is_file()
            // What is no text has no lines to speak of.
            && let Ok(text) = String::from_utf8(fs::read(entry.path()).expect("a file can be read"))
        {
            found.push(File { path, text });
        }
    }
}

impl File {
    /// Whether it is only for tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// Its lines of Rust with their numbers, comments and the tests at its end left out.
    pub(crate) fn code(&self) -> Vec<(usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens_tests = |at: usize| {
            lines[at].trim() == "#[cfg(test)]"
                && lines.get(at + 1).is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
        };
        let end = (0..lines.len()).find(|at| opens_tests(*at)).unwrap_or(lines.len());
        let code =
            lines[..end].iter().enumerate().map(|(at, line)| (at + 1, line.split(" //").next().unwrap_or_default()));
        code.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
    }

    /// Its lines of Rust with their numbers, comments left out.
    pub(crate) fn code_and_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Its lines with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

impl Faults {
    /// Notes one.
    pub(crate) fn at(&mut self, path: impl Display, line: impl Display, what: impl Display) {
        self.0.push(format!("{path}:{line}: {what}"));
    }

    /// Notes every line that the expression finds.
    pub(crate) fn find<'f>(
        &mut self,
        path: &str,
        lines: impl IntoIterator<Item = (usize, &'f str)>,
        expression: &Regex,
    ) {
        for (number, line) in lines {
            if let Some(found) = expression.find(line) {
                self.at(path, number, format_args!("`{}`", found.as_str().trim()));
            }
        }
    }

    /// Fails with all of them.
    pub(crate) fn end(self, rule: &str) {
        assert!(self.0.is_empty(), "\n{rule}\n  {}\n", self.0.join("\n  "));
    }
}

/// An expression that we wrote ourselves.
pub(crate) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the expression is well formed")
}
