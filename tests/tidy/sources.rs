//! Rules for every Rust file: how it begins, how long it is, what it is called, what never stands in it.

use crate::tree::{Faults, ending, regex};

/// The most lines of a Rust file.
const MOST_LINES: usize = 400;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "manager", "managers", "service", "misc"];

#[test]
fn every_source_begins_with_a_line_that_says_what_it_is() {
    let mut faults = Faults::default();
    for file in ending(".rs") {
        if !file.text.starts_with("//! ") {
            faults.at(&file.path, 1, "begins otherwise");
        }
    }
    faults.end("Every .rs file begins with a `//!` line that says what it is.");
}

#[test]
fn no_source_is_longer_than_one_sitting() {
    let mut faults = Faults::default();
    for file in ending(".rs") {
        let lines = file.text.lines().count();
        if lines > MOST_LINES {
            faults.at(&file.path, lines, format_args!("{lines} lines"));
        }
    }
    faults.end("A Rust file has 400 lines at most: split it by noun, or move its tests to a file of their own.");
}

#[test]
fn names_say_what_is_inside() {
    let mut faults = Faults::default();
    let module = regex(&format!(r"^\s*(pub(\([a-z]+\))? )?mod ({})\b", EMPTY_NAMES.join("|")));
    for file in ending(".rs") {
        let path = file.path.trim_end_matches(".rs");
        if path.split('/').any(|part| EMPTY_NAMES.contains(&part)) {
            faults.at(&file.path, 1, "its name says nothing");
        }
        faults.find(&file.path, file.lines(), &module);
    }
    faults.end("Files, folders and modules are named after a thing of the field or of the wire.");
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    // Taken apart, so that this file does not find itself.
    let macros = ["to", "do!|unimple", "mented!"].concat();
    let pattern = format!(r"\b({macros})|#!?\[(ignore|allow\(|should_panic)|\bunsafe (fn|impl|trait|\{{)");
    let mut faults = Faults::default();
    for file in ending(".rs") {
        faults.find(&file.path, file.code_and_tests(), &regex(&pattern));
    }
    faults.end("No stub, no ignored test, no `should_panic`, no `allow` (use `expect` with a reason), nothing unsafe.");
}

#[test]
fn every_code_in_the_sources_is_explained() {
    let mut faults = Faults::default();
    let code = regex(r#""([EW][0-9]{4})""#);
    for file in ending(".rs") {
        for (number, line) in file.code() {
            for found in code.captures_iter(line) {
                if muara_schemas::explain::find(&found[1]).is_none() {
                    faults.at(&file.path, number, &found[1]);
                }
            }
        }
    }
    faults.end("Every code that a person can meet is explained in schemas/src/explain/.");
}
