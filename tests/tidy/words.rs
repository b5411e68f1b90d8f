//! Words that no file of ours may hold.

use crate::tree::{Faults, files, regex};

/// Files that a tool or somebody else wrote.
const NOT_WRITTEN_BY_US: &[&str] = &["Cargo.lock", "LICENSE"];

#[test]
fn nothing_points_at_one_machine_or_one_registry() {
    // Taken apart, so that this file does not find itself.
    let homes = ["home", "root", "Users", "work"].join("/|/");
    let registries = [r"crates\.", r"io|pypi\.", r"org|registry\.", r"npmjs|registry-1\.docker"].concat();
    let pattern = regex(&format!(r#"(^|[\s"'`(=:,])(/{homes}/)|\b({registries})"#));
    let mut faults = Faults::default();
    for file in files().iter().filter(|file| !NOT_WRITTEN_BY_US.contains(&file.path.as_str())) {
        faults.find(&file.path, file.lines(), &pattern);
    }
    faults.end("No absolute path of one machine and no host of a package registry stands in the tree.");
}

#[test]
fn nothing_is_put_off_in_a_comment() {
    let pattern = regex(&format!(r"\b({}|{}|{}XX)\b", ["TO", "DO"].concat(), ["FIX", "ME"].concat(), 'X'));
    let mut faults = Faults::default();
    for file in files().iter().filter(|file| !NOT_WRITTEN_BY_US.contains(&file.path.as_str())) {
        faults.find(&file.path, file.lines(), &pattern);
    }
    faults.end("What is to be done stands in the tracker, not in a comment.");
}
