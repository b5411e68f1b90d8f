//! Connector definitions: one YAML file per legacy system, strict keys, all errors at once with their place.
//!
//! [`load`] and [`lint`] read files; [`read`] is the pure half, from texts to definitions.
//! The language is described in the crate's README.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::jq::{self, Answer, Program};
use crate::json::Json;

mod canonical;
mod check;
mod condition;
mod crosswalk;
mod drift;
mod expression;
pub(crate) mod identifier;
mod link;
pub mod manual;
pub mod model;
mod node;
mod open;
mod paging;
mod parse;
pub mod reference;
pub mod report;
mod schedule;
mod source;
mod system;
mod table;
pub mod template;
#[cfg(test)]
mod tests;
mod walk;

pub use model::{Definition, SourceSpec, Stream, System};
pub use node::MAX_FILE_BYTES;
pub(crate) use open::{CONFIRM, DECIDE};
pub use reference::{Reference, Setting, Variables};
pub use report::{Diagnostic, Origin, Severity};
pub(crate) use source::is_secret_name;

/// The JSON Schema of the language, by which editors complete and check a definition as it is typed.
pub const SCHEMA: &str = include_str!("../definition.schema.json");

/// How the expressions of a definition's tests are evaluated.
pub type Ask<'a> = &'a mut dyn FnMut(&[Program], &Json) -> Vec<Answer>;

/// What definitions are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To send records by them.
    Use,
    /// To look at what they would do.
    Trial,
}

/// The largest list that a definition has beside it.
pub(crate) const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;

/// Most definitions that one process takes.
const MAX_FILES: usize = 2000;

/// Reads definitions for use: files, or folders whose `*.yaml` and `*.yml` are taken in order of their names.
///
/// Every reference to the environment or a file must have a value, and no line of a proposal may be open. Err holds all that is wrong in all files,
/// warnings included; with Ok, warnings are in [`Stream::warnings`].
pub fn load(paths: &[PathBuf], variables: &Variables, ask: Ask<'_>) -> Result<Vec<Definition>, Vec<Diagnostic>> {
    let (definitions, found) = renew(paths, variables, ask);
    if found.iter().any(Diagnostic::is_error) { Err(found) } else { Ok(definitions) }
}

/// The same while others may go on: the definitions of the files that nothing is wrong with, and all that is wrong.
pub fn renew(paths: &[PathBuf], variables: &Variables, ask: Ask<'_>) -> (Vec<Definition>, Vec<Diagnostic>) {
    let (mut definitions, mut found) = check(paths, ask);
    found.iter_mut().for_each(open::refuse);
    let has_open = |definition: &Definition| {
        found.iter().any(|report| report.code == open::REFUSED && report.file == definition.origin.file)
    };
    definitions.retain(|definition| !has_open(definition));
    reachable(&mut definitions, &mut found, variables);
    (definitions, found)
}

/// Reads definitions to look at what they would do: a test that fails and an open line of a proposal are warnings, which
/// come with the definitions.
pub fn try_out(
    paths: &[PathBuf],
    variables: &Variables,
    ask: Ask<'_>,
) -> Result<(Vec<Definition>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (origins, mut found) = gather(paths);
    let (mut definitions, more) = read_for(Purpose::Trial, origins, ask);
    found.extend(more);
    reachable(&mut definitions, &mut found, variables);
    if found.iter().any(Diagnostic::is_error) { Err(found) } else { Ok((definitions, found)) }
}

/// Leaves those out of which a reference has no value, and says so.
fn reachable(definitions: &mut Vec<Definition>, found: &mut Vec<Diagnostic>, variables: &Variables) {
    definitions.retain(|definition| {
        let missing = check::references(definition, variables);
        let usable = missing.is_empty();
        found.extend(missing);
        usable
    });
}

/// Reads definitions without asking for the values of references; those with errors are left out.
pub fn check(paths: &[PathBuf], ask: Ask<'_>) -> (Vec<Definition>, Vec<Diagnostic>) {
    let (origins, mut found) = gather(paths);
    let (definitions, more) = read_with(origins, ask);
    found.extend(more);
    (definitions, found)
}

/// Checks files and folders without asking for the values of references.
pub fn lint(paths: &[PathBuf], ask: Ask<'_>) -> Vec<Diagnostic> {
    check(paths, ask).1
}

/// From texts to definitions; those with errors are left out. Diagnostics are in order of file and place.
pub fn read(origins: Vec<Origin>) -> (Vec<Definition>, Vec<Diagnostic>) {
    read_with(origins, &mut jq::evaluate)
}

/// The same, with a way to evaluate the expressions of tests.
pub fn read_with(origins: Vec<Origin>, ask: Ask<'_>) -> (Vec<Definition>, Vec<Diagnostic>) {
    read_for(Purpose::Use, origins, ask)
}

fn read_for(purpose: Purpose, origins: Vec<Origin>, ask: Ask<'_>) -> (Vec<Definition>, Vec<Diagnostic>) {
    let mut files: Vec<parse::Parsed> = origins.into_iter().map(parse::parse).collect();
    files.iter_mut().for_each(|parsed| check::definition(parsed, ask));
    check::across(&mut files);
    let (mut definitions, mut found) = (Vec::new(), Vec::new());
    for mut parsed in files {
        if purpose == Purpose::Trial {
            parsed.found.iter_mut().filter(|report| report.code == check::FAILED_TEST).for_each(Diagnostic::soften);
        }
        parsed.found.sort_by_key(|report| (report.line, report.column, report.code));
        parsed.found.dedup();
        if let Some(mut definition) = parsed.definition.filter(|_| !parsed.found.iter().any(Diagnostic::is_error)) {
            definition.attach(&parsed.found);
            definitions.push(definition);
        }
        found.append(&mut parsed.found);
    }
    (definitions, found)
}

/// Reads the files themselves.
fn gather(paths: &[PathBuf]) -> (Vec<Origin>, Vec<Diagnostic>) {
    let (files, mut found) = files(paths);
    let origins = files.iter().filter_map(|path| match text(path) {
        Ok(text) => Some(with_lists(path, Origin::new(Origin::name_of(path), text))),
        Err(why) => {
            found.push(failed(path, format!("could not read the file: {why}")));
            None
        }
    });
    (origins.collect::<Vec<_>>(), found)
}

fn failed(path: &Path, why: String) -> Diagnostic {
    Origin::new(Origin::name_of(path), "").report("E0102", report::Mark::default(), why)
}

/// The files that paths stand for.
pub(crate) fn files(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Diagnostic>) {
    let (mut files, mut found) = (Vec::new(), Vec::new());
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        match std::fs::read_dir(path) {
            Ok(entries) => {
                let mut below: Vec<PathBuf> =
                    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_yaml(path)).collect();
                below.sort();
                if below.is_empty() {
                    found.push(failed(path, "the folder holds no *.yaml file".to_owned()));
                }
                files.append(&mut below);
            }
            Err(error) => found.push(failed(path, format!("could not list the folder: {error}"))),
        }
    }
    if files.len() > MAX_FILES {
        found.push(failed(&files[MAX_FILES], format!("more than {MAX_FILES} files")));
        files.truncate(MAX_FILES);
    }
    (files, found)
}

/// The lists that stand beside a file because its text names them.
pub(crate) fn lists(path: &Path, text: &str) -> Vec<PathBuf> {
    let names = crosswalk::files(&Origin::new(Origin::name_of(path), text));
    names.into_iter().map(|name| beside(path, &name)).collect()
}

fn beside(path: &Path, name: &str) -> PathBuf {
    path.parent().unwrap_or(Path::new(".")).join(name)
}

/// The origin with the texts of the lists that it names.
fn with_lists(path: &Path, mut origin: Origin) -> Origin {
    for name in crosswalk::files(&origin) {
        let read = bytes(&beside(path, &name), MAX_LIST_BYTES).map_err(|error| error.to_string());
        let text = read.and_then(|bytes| match bytes.len() {
            0..=MAX_LIST_BYTES => String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()),
            _ => Err(format!("it has more than {} MiB", MAX_LIST_BYTES >> 20)),
        });
        origin.beside.insert(name, text);
    }
    origin
}

/// One byte more than the most at most, without a byte order mark.
pub(crate) fn bytes(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes.strip_prefix(b"\xef\xbb\xbf").map_or_else(|| bytes.clone(), <[u8]>::to_vec))
}

/// A file of a folder that is a definition; names that begin with a dot are those of drafts and editors.
fn is_yaml(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && path.is_file() && path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// One byte more than is allowed is read, so that the parser can say that it is too much.
fn text(path: &Path) -> Result<String, String> {
    let bytes = bytes(path, MAX_FILE_BYTES).map_err(|error| error.to_string())?;
    if bytes.len() > MAX_FILE_BYTES {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}
