//! Which files lie in a folder that a definition means.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use muara_schemas::Moment;

use crate::definition::model::{FilesRead, Form};
use crate::kind::PullError;

/// More files than this in one stream are a mistake.
const MAX_FILES: usize = 10_000;
/// How the names of files begin and end that somebody has open, or that are not all there yet.
const LOCKED: [&str; 3] = ["~$", ".~lock.", "."];
const UNFINISHED: [&str; 5] = [".part", ".tmp", ".crdownload", ".partial", ".download"];

/// A file that lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its name below the folder, with `/` between.
    pub(super) path: String,
    /// When it was changed last.
    pub(super) changed: Moment,
    /// Whether the file that marks it as ready lies beside it.
    pub(super) marked: bool,
}

impl Found {
    /// Its name without the folders.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(_, name)| name)
    }
}

/// The files under `root` that a definition means, by name; at least one.
pub(super) fn list(root: &Path, read: &FilesRead) -> Result<Vec<Found>, PullError> {
    let pattern = &read.file;
    let mut steps: Vec<&str> = pattern.split('/').collect();
    if steps.last() == Some(&"") {
        steps.pop();
    }
    if steps.iter().any(|step| step.is_empty() || matches!(*step, "." | "..")) || pattern.contains('\\') {
        return Err(PullError::Config(format!("`{pattern}` is no file below the folder")));
    }
    if !root.is_dir() {
        return Err(PullError::Config(format!("there is no folder {}", root.display())));
    }
    // The name of a folder means what lies in it.
    if !pattern.contains('*') && root.join(pattern).is_dir() {
        steps.push("*");
    }
    let marker = read.ready.marker.as_deref().and_then(|marker| marker.split_once("{name}"));
    let is_any = steps.last() == Some(&"*") && read.layout.format.is_none() && read.fits.is_none();
    let mut found = vec![String::new()];
    for (depth, step) in steps.iter().enumerate() {
        let mut next = Vec::new();
        for parent in &found {
            let is_last = depth + 1 == steps.len();
            for name in names(&root.join(parent), step, is_last)? {
                let is_marker = marker.is_some_and(|(before, behind)| fits(&name, before, behind));
                if is_last && (is_marker || (is_any && Form::of(&name).is_none())) {
                    continue;
                }
                next.push(if parent.is_empty() { name } else { format!("{parent}/{name}") });
            }
        }
        if next.len() > MAX_FILES {
            return Err(PullError::Config(format!("`{pattern}` means {} files, {MAX_FILES} are read", next.len())));
        }
        found = next;
    }
    found.sort();
    // A file that is not there yet may come; that it vanished deletes nothing.
    if found.is_empty() {
        return Err(PullError::Config(format!("there is no file `{pattern}` in {}", root.display())));
    }
    let about = |path: String| {
        let full = root.join(&path);
        let changed = std::fs::metadata(&full).and_then(|about| about.modified());
        let changed = changed.map_err(|error| PullError::retry(format!("could not look at {path}: {error}")))?;
        let beside = |(before, behind): (&str, &str)| {
            let name = full.file_name().unwrap_or_default().to_string_lossy();
            full.with_file_name(format!("{before}{name}{behind}")).is_file()
        };
        let marked = marker.is_none_or(beside);
        Ok(Found { path, changed: moment(changed), marked })
    };
    found.into_iter().map(about).collect()
}

/// Whether a name is a marker's: it has something between its ends.
fn fits(name: &str, before: &str, behind: &str) -> bool {
    name.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind)).is_some_and(|middle| !middle.is_empty())
}

fn moment(time: SystemTime) -> Moment {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The names in one folder that one step of the pattern means.
fn names(folder: &Path, step: &str, file: bool) -> Result<Vec<String>, PullError> {
    let wanted = |path: &Path| if file { path.is_file() } else { path.is_dir() };
    if !step.contains('*') {
        return Ok(if wanted(&folder.join(step)) { vec![step.to_owned()] } else { Vec::new() });
    }
    let failed = |error: std::io::Error| PullError::retry(format!("could not list {}: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if matches(step, &name) && !is_unfinished(&name) && wanted(&entry.path()) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Whether a file of this name is read where a pattern stands.
pub(crate) fn is_meant(pattern: &str, name: &str) -> bool {
    matches(pattern, name) && !is_unfinished(name)
}

/// Whether a program has left the file to say that it is at work.
pub(super) fn is_unfinished(name: &str) -> bool {
    let small = name.to_ascii_lowercase();
    LOCKED.iter().any(|start| name.starts_with(start)) || UNFINISHED.iter().any(|end| small.ends_with(end))
}

/// Whether a name fits a pattern; `*` stands for any letters.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else {
        return false;
    };
    let Some(tail) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(tail)
}
