//! `kind: files`: where the files are, and how one is read.

use crate::definition::reference::Setting;

/// A folder with files that people put there.
#[derive(Debug, Clone)]
pub struct Files {
    /// The folder that `file:` is relative to.
    pub folder: Setting,
}

/// `read:` of a file or several of one form.
#[derive(Debug, Clone, Default)]
pub struct FilesRead {
    /// Name relative to the folder, `*` for any part of a name.
    pub file: String,
    /// Sheet of a workbook; the first where nothing is said.
    pub sheet: Option<String>,
    /// Column delimiter of a CSV file; `,` where nothing is said.
    pub delimiter: Option<u8>,
}
