//! The demo's folder: files are replaced whole, and the tick counter outlives the process.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Name of the file that holds the seed and the tick.
const TICK_FILE: &str = "world.tick";

/// Writes a file beside its place and moves it there, so that a reader never sees half of it.
///
/// A file that already says the same is left alone, time of change included.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let beside = beside(path);
    if let Some(parent) = path.parent() {
        let trouble = |source| Error::File { act: "creating the folder", path: parent.to_owned(), source };
        fs::create_dir_all(parent).map_err(trouble)?;
    }
    fs::write(&beside, bytes).map_err(|source| Error::File { act: "writing", path: beside.clone(), source })?;
    moved(&beside, path)
}

/// Where a file is written before it takes its place.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Puts a finished file in its place.
pub(crate) fn moved(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|source| Error::File { act: "replacing", path: to.to_owned(), source })
}

/// The tick that the folder's world stands at; 0 in a new folder.
pub(crate) fn tick(folder: &Path, seed: u64) -> Result<u64> {
    let path = folder.join(TICK_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(Error::File { act: "reading", path, source }),
    };
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(found)), Some(Ok(tick)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        return Err(Error::TickFile { path });
    };
    if found == seed { Ok(tick) } else { Err(Error::OtherSeed { path: folder.to_owned(), wanted: seed, found }) }
}

/// Remembers the tick; written before the tick is shown to anybody, so that no restart goes back behind what was seen.
pub(crate) fn remember(folder: &Path, seed: u64, tick: u64) -> Result<()> {
    replace(&folder.join(TICK_FILE), format!("{seed} {tick}\n").as_bytes())
}
