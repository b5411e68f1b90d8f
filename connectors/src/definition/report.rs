//! Diagnostics: a code, a place, the line itself with a caret, the cause and the cure.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;

/// A file's name and text, so that a diagnostic can show the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file as it was given.
    pub file: String,
    /// Its text.
    pub text: String,
    /// The files beside it that it names: their texts, or why they cannot be read.
    pub beside: BTreeMap<String, Result<String, String>>,
}

/// A place in a file. Lines and columns count from 1, columns in characters; 0 means the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Mark {
    /// Line.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// How many characters of that line are meant, at least one.
    pub width: u32,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// It can, but somebody should look.
    Warning,
}

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable code; `muara explain` knows it.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file as it was given.
    pub file: String,
    /// Line from 1; 0 when the whole file is meant.
    pub line: u32,
    /// Column from 1, in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The line itself; absent where it may hold a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_line: Option<String>,
    /// How many characters the caret underlines.
    #[serde(skip)]
    pub width: u32,
}

/// Lines longer than this are cut around the place.
const SHOWN: usize = 160;

impl Origin {
    /// A file by its name and text.
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: file.into(), text: text.into(), beside: BTreeMap::new() }
    }

    /// The name of a file as diagnostics show it.
    pub fn name_of(path: &Path) -> String {
        path.display().to_string()
    }

    /// A diagnostic at a place of this file; its severity follows from the code's first letter.
    pub fn report(&self, code: &'static str, mark: Mark, message: impl Into<String>) -> Diagnostic {
        let severity = if code.starts_with('W') { Severity::Warning } else { Severity::Error };
        let line = (mark.line > 0).then(|| self.text.lines().nth(mark.line as usize - 1)).flatten();
        Diagnostic {
            code,
            severity,
            file: self.file.clone(),
            line: mark.line,
            column: mark.column,
            message: message.into(),
            help: None,
            source_line: line.map(|line| line.trim_end().to_owned()),
            width: mark.width.max(1),
        }
    }
}

impl Diagnostic {
    /// Adds the cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the nearest valid word, or the list of valid words when none is near.
    #[must_use]
    pub fn nearest<'a>(self, word: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        match suggestion(word, valid) {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Leaves the line out, for it holds a secret.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.source_line = None;
        self
    }

    /// Makes a warning of it.
    pub(super) const fn soften(&mut self) {
        self.severity = Severity::Warning;
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// `W0101 file:3:5: message`, for announcements and logs.
    pub fn one_line(&self) -> String {
        format!("{} {}: {}", self.code, self.place(), self.message)
    }

    /// `file:3:5`.
    pub fn place(&self) -> String {
        let place = if self.line > 0 { format!(":{}:{}", self.line, self.column) } else { String::new() };
        format!("{}{place}", self.file)
    }
}

/// `did you mean …` or `one of …`.
pub fn suggestion<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut valid: Vec<&str> = valid.into_iter().collect();
    let mut told = std::collections::BTreeSet::new();
    valid.retain(|word| told.insert(*word));
    if let Some(near) = nearest(word, valid.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match valid.len() {
        0 => None,
        1..=16 => {
            Some(format!("valid here: {}", valid.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")))
        }
        more => Some(format!(
            "valid here: {}, … ({more} in all)",
            valid[..15].iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        )),
    }
}

/// The valid word that is near enough to be what was meant.
pub fn nearest<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let wanted = plain(word);
    let allowed = (wanted.chars().count() / 3).clamp(1, 4);
    valid
        .into_iter()
        .map(|candidate| (distance(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance with transpositions, over characters; long words are not compared.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().max(b.len()) > 80 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity} {}: {}", self.code, self.message)?;
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        if self.line > 0 {
            write!(f, "\n{gutter}--> {}:{}:{}", self.file, self.line, self.column)?;
        } else {
            write!(f, "\n{gutter}--> {}", self.file)?;
        }
        if let Some(line) = &self.source_line {
            let column = self.column.max(1) as usize - 1;
            // A long line is shown around the place; tabs would move the caret.
            let from = column.saturating_sub(SHOWN / 2);
            let shown: String =
                line.chars().skip(from).take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let left = shown.chars().count().saturating_sub(column - from).max(1);
            write!(f, "\n{gutter} |\n{number} | {shown}")?;
            write!(
                f,
                "\n{gutter} | {}{}",
                " ".repeat(column - from),
                "^".repeat((self.width as usize).clamp(1, left))
            )?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{gutter} = help: {help}")?;
        }
        Ok(())
    }
}
