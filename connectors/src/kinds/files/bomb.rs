//! Whether a workbook grows beyond all bounds when it is unpacked.
//!
//! A workbook is a zip file. Its directory says how large everything is unpacked; shared texts are held in memory as a
//! whole, the rest is streamed.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::frame::Problem;

/// The most that all files of a workbook may have unpacked.
const MAX_TOTAL: u64 = 2 << 30;
/// The most that the shared texts may have unpacked.
const MAX_TEXTS: u64 = 192 << 20;
/// The directory's end record without its comment, and the longest comment.
const END: usize = 22;
const MAX_COMMENT: usize = 65_535;
/// The directory itself.
const MAX_DIRECTORY: u64 = 8 << 20;

/// Refuses what is no zip file, and what is too large unpacked.
pub(super) fn check(path: &Path) -> Result<(), Problem> {
    let none = || Problem::damaged("it is no workbook, or only the beginning of one");
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let tail = length.min((END + MAX_COMMENT) as u64);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    file.by_ref().take(tail).read_to_end(&mut bytes)?;
    let at = bytes.windows(4).rposition(|window| window == b"PK\x05\x06").ok_or_else(none)?;
    let end = bytes.get(at..at + END).ok_or_else(none)?;
    let (size, start) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
    if size > MAX_DIRECTORY || start + size > length {
        return Err(none());
    }
    file.seek(SeekFrom::Start(start))?;
    let mut directory = Vec::new();
    file.take(size).read_to_end(&mut directory)?;
    let (mut rest, mut total) = (directory.as_slice(), 0_u64);
    while rest.len() >= 46 && rest.starts_with(b"PK\x01\x02") {
        let unpacked = u64::from(u32_at(rest, 24));
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16::from_le_bytes([rest[at], rest[at + 1]])));
        let texts =
            rest.get(46..46 + name).is_some_and(|name| name.to_ascii_lowercase().ends_with(b"sharedstrings.xml"));
        total += unpacked;
        if total > MAX_TOTAL || (texts && unpacked > MAX_TEXTS) {
            let most = if texts { MAX_TEXTS >> 20 } else { MAX_TOTAL >> 20 };
            return Err(Problem::too_large(format!("it unpacks to more than {most} MiB")));
        }
        rest = rest.get(46 + name + extra + comment..).unwrap_or_default();
    }
    Ok(())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
