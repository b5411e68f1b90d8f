//! Which files a pattern means.

use std::path::Path;

use crate::kind::PullError;

/// More files than this in one stream are a mistake.
const MAX_FILES: usize = 10_000;

/// The files under `root` that a pattern means, by name, relative and with `/` between; at least one.
pub(super) fn list(root: &Path, pattern: &str) -> Result<Vec<String>, PullError> {
    let steps: Vec<&str> = pattern.split('/').collect();
    if steps.iter().any(|step| step.is_empty() || matches!(*step, "." | "..")) || pattern.contains('\\') {
        return Err(PullError::Config(format!("`{pattern}` is no file below the folder")));
    }
    if !root.is_dir() {
        return Err(PullError::Config(format!("there is no folder {}", root.display())));
    }
    let mut found = vec![String::new()];
    for (depth, step) in steps.iter().enumerate() {
        let mut next = Vec::new();
        for parent in &found {
            let folder = root.join(parent);
            for name in names(&folder, step, depth + 1 == steps.len())? {
                next.push(if parent.is_empty() { name } else { format!("{parent}/{name}") });
            }
        }
        found = next;
    }
    found.sort();
    if found.len() > MAX_FILES {
        return Err(PullError::Config(format!("`{pattern}` means {} files, {MAX_FILES} are read", found.len())));
    }
    // A file that is not there yet may come; that it vanished deletes nothing.
    if found.is_empty() {
        Err(PullError::Config(format!("there is no file `{pattern}` in {}", root.display())))
    } else {
        Ok(found)
    }
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
        // `~$` marks a workbook that somebody has open.
        if matches(step, &name) && !name.starts_with("~$") && !name.starts_with('.') && wanted(&entry.path()) {
            names.push(name);
        }
    }
    Ok(names)
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
