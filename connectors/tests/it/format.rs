//! The JSON Schema of the language, which editors complete definitions by: it lets in what the program takes, and knows
//! every key that the program knows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn schema() -> Value {
    serde_json::from_str(muara_connectors::definition::SCHEMA).unwrap()
}

/// Every file below a folder with this ending.
fn below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(below(&path, ending));
        } else if path.extension().is_some_and(|known| known == ending) {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_definition_that_ships_is_let_in() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut files = below(&root().join("catalog"), "yaml");
    files.extend(below(&root().join("../deploy/demo/connectors"), "yaml"));
    assert!(files.len() >= 5, "the definitions were found");
    for file in files {
        let definition: Value = serde_saphyr::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let errors: Vec<_> =
            validator.iter_errors(&definition).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
}

#[test]
fn a_misspelt_key_is_not() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let file = std::fs::read_to_string(root().join("../deploy/demo/connectors/sipd.yaml")).unwrap();
    for (right, wrong) in [("base_url:", "base_ulr:"), ("target: agency", "tarjet: agency"), ("by: page", "by: pages")]
    {
        assert!(file.contains(right));
        let definition: Value = serde_saphyr::from_str(&file.replacen(right, wrong, 1)).unwrap();
        assert!(!validator.is_valid(&definition), "{wrong}");
    }
}

/// Names of properties, wherever they stand.
fn properties(schema: &Value, into: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                if let ("properties", Value::Object(fields)) = (name.as_str(), value) {
                    into.extend(fields.keys().cloned());
                }
                properties(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, into)),
        _ => {}
    }
}

#[test]
fn the_schema_and_the_program_know_the_same_keys() {
    let mut known = BTreeSet::new();
    properties(&schema(), &mut known);
    let mut sources = String::new();
    for file in
        below(&root().join("src/definition"), "rs").iter().filter(|file| !file.to_string_lossy().contains("tests"))
    {
        sources.push_str(&std::fs::read_to_string(file).unwrap());
    }
    let asked = regex::Regex::new(r#"\.(?:take|need)\(\s*"([a-z_]+)"\s*\)"#).unwrap();
    let asked: BTreeSet<String> = asked.captures_iter(&sources).map(|found| found[1].to_owned()).collect();
    assert!(asked.len() > 80, "the keys were found");

    let missing: Vec<_> = asked.difference(&known).collect();
    let dead: Vec<_> = known.iter().filter(|key| !sources.contains(&format!("\"{key}\""))).collect();

    assert!(missing.is_empty() && dead.is_empty(), "not in the schema: {missing:?}; not in the program: {dead:?}");
}
