//! `source:` and `read:` of kind files.

use super::need_setting;
use crate::definition::model::{Files, FilesRead};
use crate::definition::walk::{Section, Walk};

/// Keys of `source:` and of `read:`.
pub(super) const SOURCE: &[&str] = &["folder"];
pub(super) const READ: &[&str] = &["file", "sheet", "delimiter"];

/// Reads the keys of `source:`.
pub(super) fn source(walk: &Walk, section: &Section<'_, '_>) -> Files {
    Files { folder: need_setting(walk, section, "folder") }
}

/// Reads the keys of `read:`.
pub(super) fn read(walk: &Walk, section: &Section<'_, '_>) -> Option<FilesRead> {
    let file = section.need("file").and_then(|node| walk.text(node, "file").map(|file| (file, node.mark)));
    if let Some((file, mark)) = &file
        && (file.starts_with(['/', '\\']) || file.split(['/', '\\']).any(|part| part == "..") || file.contains(':'))
    {
        walk.cure(
            "E0125",
            *mark,
            "`file` leads out of the folder",
            "give a name or pattern below `folder`, such as \"rsud/RBA_*.xlsx\"",
        );
    }
    let sheet = section.take("sheet").and_then(|node| walk.text(node, "sheet"));
    let delimiter = section.take("delimiter").and_then(|node| {
        let text = walk.text(node, "delimiter")?;
        match text.as_bytes() {
            _ if text == "\\t" => Some(b'\t'),
            [one] if one.is_ascii() => Some(*one),
            _ => {
                walk.cure(
                    "E0108",
                    node.mark,
                    format!("`delimiter` is one character, not `{text}`"),
                    "write \";\", \",\", \"|\" or \"\\t\"",
                );
                None
            }
        }
    });
    file.map(|(file, _)| FilesRead { file, sheet, delimiter })
}
