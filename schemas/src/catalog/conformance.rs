//! The public suite of JSON Schema 2020-12, through the catalog as it compiles our own schemas. `MUARA_SAMPLES` names a
//! folder that has it; it is not ours to ship, so a few cases of our own in its form are always run.
//!
//! Where we differ, we mean it: formats are asserted and not only noted, a format that nobody knows is refused, patterns
//! are those of a linear-time engine, and nothing is fetched.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Catalog;

/// Folders of the suite with how many of their cases pass, of how many; `schemas/README.md` tells them.
const RATES: [(&str, usize, usize); 3] =
    [("draft2020-12", 1_235, 1_299), ("draft2020-12/optional", 161, 162), ("draft2020-12/optional/format", 757, 764)];

/// In the form of the suite: what is closed, bounded, formed and referred to.
const OURS: &str = r##"[
    {"schema": {"properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": false}, "tests": [
        {"data": {"a": 1}, "valid": true}, {"data": {"a": 1, "b": 2}, "valid": false}, {"data": {}, "valid": false}]},
    {"schema": {"$defs": {"day": {"type": "string", "format": "date"}}, "items": {"$ref": "#/$defs/day"}}, "tests": [
        {"data": ["2026-02-28"], "valid": true}, {"data": ["2026-02-30"], "valid": false}]},
    {"schema": {"pattern": "^[0-9]{2}\\.[0-9]{2}$", "maxLength": 5}, "tests": [
        {"data": "33.02", "valid": true}, {"data": "3302", "valid": false}]},
    {"schema": {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "unevaluatedProperties": {"type": "null"}}, "tests": [
        {"data": {"a": null, "b": null}, "valid": true}, {"data": {"a": null}, "valid": false}, {"data": {"c": 1}, "valid": false}]}
]"##;

/// What became of the cases of a file: those that pass of how many, and the descriptions of the others.
fn passed(text: &str, name: &str) -> (usize, usize, Vec<String>) {
    let groups: Vec<Value> = serde_json::from_str(text).unwrap();
    let (mut good, mut all, mut others) = (0, 0, Vec::new());
    for group in &groups {
        let schema = serde_json::to_vec(&group["schema"]).unwrap();
        let catalog = Catalog::compile(std::iter::once(("case", schema.as_slice())));
        for case in group["tests"].as_array().unwrap() {
            all += 1;
            let valid = catalog.as_ref().ok().and_then(|catalog| Some(catalog.get("case")?.is_valid(&case["data"])));
            if valid == case["valid"].as_bool() {
                good += 1;
            } else {
                others.push(format!("{name}: {} / {}", group["description"], case["description"]));
            }
        }
    }
    (good, all, others)
}

#[expect(clippy::disallowed_methods, reason = "a person names the folder of samples by the environment")]
fn suite() -> Option<PathBuf> {
    let samples = std::env::var_os("MUARA_SAMPLES").map(PathBuf::from);
    samples.map(|samples| samples.join("conformance/json-schema/tests")).filter(|folder| folder.is_dir())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn cases_of_our_own_pass() {
    let (good, all, others) = passed(OURS, "ours");
    assert_eq!((good, all, others), (10, 10, Vec::new()));
}

#[test]
fn the_suite_of_json_schema_passes_at_the_rates_that_are_told() {
    let Some(suite) = suite() else {
        eprintln!("MUARA_SAMPLES names no folder with the suite: only cases of our own are tested");
        return;
    };
    let measured = RATES.map(|(folder, ..)| {
        let (mut good, mut all) = (0, 0);
        for file in files(&suite.join(folder)) {
            let name = file.strip_prefix(&suite).unwrap().display().to_string();
            let (here, of, others) = passed(&std::fs::read_to_string(file).unwrap(), &name);
            others.iter().for_each(|other| eprintln!("{other}"));
            (good, all) = (good + here, all + of);
        }
        (folder, good, all)
    });
    assert_eq!(measured, RATES);
}
