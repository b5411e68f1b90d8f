//! What a tap is told, in files that only this user may read and that go when the read is over.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use tempfile::TempDir;

/// A folder of its own; removed when it is dropped.
#[derive(Debug)]
pub(super) struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub(super) fn new() -> io::Result<Self> {
        let only_us = std::fs::Permissions::from_mode(0o700);
        Ok(Self(tempfile::Builder::new().prefix("muara-exec-").permissions(only_us).tempdir()?))
    }

    /// Writes a file; answers its path.
    pub(super) fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.0.path().join(name);
        let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_may_read_it_and_nothing_stays() {
        let folder = Folder::new().unwrap();
        let path = folder.write("config.json", "{}").unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;

        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        drop(folder);
        assert!(!path.parent().unwrap().exists());
    }
}
