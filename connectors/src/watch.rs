//! Whether the files of definitions have changed: their names and what is in them, looked at again and again.
//!
//! Looking serves where notices of the kernel do not come: network file systems and folders that are mounted into a
//! container.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use muara_schemas::ContentHash;

use crate::definition::{self, MAX_FILE_BYTES, MAX_LIST_BYTES};

/// Every so many looks all files are read, whatever their times say: a clock of a file server may stand still between
/// two writes.
const THOROUGH: u32 = 15;

/// Looks at files and folders, and at the lists beside the definitions in them.
#[derive(Debug)]
pub struct Watch {
    paths: Vec<PathBuf>,
    known: BTreeMap<PathBuf, Known>,
    looks: u32,
}

/// What was there: each file with the hash of its content; `None` of one that cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight(BTreeMap<PathBuf, Option<ContentHash>>);

/// A file as it was read last.
#[derive(Debug, Clone)]
struct Known {
    stamp: Stamp,
    content: Option<ContentHash>,
    lists: Vec<PathBuf>,
}

/// What changes with a file without reading it; `None` of one that is not there.
type Stamp = Option<(u64, u64, [i64; 4])>;

/// What was seen last, and what is in use.
#[derive(Debug)]
pub struct Gate {
    taken: Sight,
    before: Sight,
}

impl Watch {
    /// Looks at these files, and at the definitions in these folders.
    pub const fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, known: BTreeMap::new(), looks: 0 }
    }

    /// Looks once; reads what seems to have changed since the last time, and everything when told to be `thorough`.
    /// Blocks.
    pub fn look(&mut self, thorough: bool) -> Sight {
        self.looks = self.looks.wrapping_add(1);
        let mut known = std::mem::take(&mut self.known);
        if thorough || self.looks.is_multiple_of(THOROUGH) {
            known.clear();
        }
        let (files, unlisted) = definition::files(&self.paths);
        for file in files {
            let seen = see(known.remove(&file), &file, MAX_FILE_BYTES, true);
            for list in &seen.lists {
                // A list may stand beside several definitions.
                if !self.known.contains_key(list) {
                    self.known.insert(list.clone(), see(known.remove(list), list, MAX_LIST_BYTES, false));
                }
            }
            self.known.insert(file, seen);
        }
        let mut sight: BTreeMap<_, _> = self.known.iter().map(|(path, known)| (path.clone(), known.content)).collect();
        sight.extend(unlisted.into_iter().map(|folder| (PathBuf::from(folder.file), None)));
        Sight(sight)
    }
}

/// Takes over what is known of a file, or reads it.
fn see(known: Option<Known>, path: &Path, most: usize, names_lists: bool) -> Known {
    let stamp = std::fs::metadata(path)
        .ok()
        .map(|file| (file.len(), file.ino(), [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()]));
    if let Some(known) = known.filter(|known| known.stamp == stamp && stamp.is_some()) {
        return known;
    }
    let bytes = definition::bytes(path, most).ok();
    let content = bytes.as_deref().map(ContentHash::of);
    let text = bytes.filter(|_| names_lists).and_then(|bytes| String::from_utf8(bytes).ok());
    Known { stamp, content, lists: text.map_or_else(Vec::new, |text| definition::lists(path, &text)) }
}

impl Gate {
    /// A gate in front of what is in use.
    pub fn new(taken: Sight) -> Self {
        Self { before: taken.clone(), taken }
    }

    /// Whether what is seen now is to be taken: it is another than what is in use, and nobody is still writing it, for two
    /// looks in a row agree. `at_once` waits for no second one, and is for what is in use too: what definitions refer to
    /// may have changed.
    pub fn opens(&mut self, now: &Sight, at_once: bool) -> bool {
        let settled = self.before == *now || at_once;
        self.before.clone_from(now);
        settled && (at_once || self.taken != *now)
    }

    /// It was taken, or found to be of no use.
    pub fn close(&mut self, taken: Sight) {
        self.taken = taken;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DEFINITION: &str = "crosswalks: {opd: {file: opd.csv}}\n";

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sipd.yaml"), DEFINITION).unwrap();
        fs::write(folder.path().join("opd.csv"), "from,to\na,b\n").unwrap();
        fs::write(folder.path().join("notes.txt"), "of no interest").unwrap();
        folder
    }

    #[test]
    fn a_definition_its_lists_and_its_coming_and_going_are_seen() {
        let folder = folder();
        let mut watch = Watch::new(vec![folder.path().to_path_buf()]);
        let first = watch.look(false);
        assert_eq!(watch.look(false), first);

        let mut sights = vec![first];
        let mut changed = |watch: &mut Watch| {
            let now = watch.look(false);
            assert!(!sights.contains(&now), "{now:?} was seen before");
            sights.push(now);
        };
        fs::write(folder.path().join("opd.csv"), "from,to\na,c\n").unwrap();
        changed(&mut watch);
        fs::write(folder.path().join("sipd.yaml"), "# no lists any more\n").unwrap();
        changed(&mut watch);
        fs::write(folder.path().join("simda.yml"), "").unwrap();
        changed(&mut watch);
        fs::remove_file(folder.path().join("sipd.yaml")).unwrap();
        changed(&mut watch);
        fs::remove_file(folder.path().join("simda.yml")).unwrap();
        changed(&mut watch);
        fs::write(folder.path().join("notes.txt"), "of no interest at all").unwrap();
        fs::write(folder.path().join(".simda.yaml"), "a draft").unwrap();
        assert_eq!(watch.look(true), *sights.last().unwrap());
    }

    #[test]
    fn a_file_that_is_written_again_as_it_was_is_no_change() {
        let folder = folder();
        let mut watch = Watch::new(vec![folder.path().join("sipd.yaml")]);
        let first = watch.look(false);

        fs::remove_file(folder.path().join("sipd.yaml")).unwrap();
        fs::write(folder.path().join("sipd.yaml"), DEFINITION).unwrap();

        assert_eq!(watch.look(false), first);
    }

    #[test]
    fn what_is_being_written_is_not_taken() {
        let sight = |text: &str| Sight([(PathBuf::from("a.yaml"), Some(ContentHash::of(text.as_bytes())))].into());
        let (old, half, whole) = (sight("old"), sight("ha"), sight("whole"));
        let mut gate = Gate::new(old.clone());

        assert!(!gate.opens(&old, false), "nothing has changed");
        assert!(!gate.opens(&half, false), "it has just changed");
        assert!(!gate.opens(&whole, false), "and again");
        assert!(gate.opens(&whole, false), "two looks agree");
        gate.close(whole.clone());
        assert!(!gate.opens(&whole, false), "it is in use");
        assert!(gate.opens(&half, true), "somebody said that it is ready");
        assert!(!gate.opens(&whole, false) && !gate.opens(&whole, false), "what is in use was put back");
        assert!(gate.opens(&whole, true), "somebody wants it to be read again");
    }
}
