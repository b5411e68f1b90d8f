//! The contract holds of its own examples, and the files are what the code says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jsonschema::{Draft, PatternOptions, Registry, Validator};
use serde_json::{Value, json};

use super::*;

fn compiled(schema: &Value) -> Validator {
    let head = Catalog::embedded().head().clone();
    let registry = Registry::new().draft(Draft::Draft202012).add("https://muara.id/schemas/head/1", head);
    let registry = registry.unwrap().prepare().unwrap();
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .with_registry(&registry)
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .build(schema)
        .unwrap()
}

fn problems(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_example_is_valid() {
    let whole = compiled(&envelope());
    for family in families() {
        let data = compiled(&family.schema);
        assert!(family.examples.len() >= 2, "{} has examples", family.name);
        for example in &family.examples {
            assert_eq!(problems(&whole, example), Vec::<String>::new(), "{}", family.name);
            assert_eq!(problems(&data, &example["data"]), Vec::<String>::new(), "{}", family.name);
            assert_eq!(example["type"], family.kind(example["data"]["op"].as_str().unwrap()));
        }
    }
}

#[test]
fn schemas_are_closed() {
    for family in families() {
        let data = compiled(&family.schema);
        for example in &family.examples {
            let mut strange = example["data"].clone();
            strange["surprise"] = json!(1);
            assert!(!data.is_valid(&strange), "{}", family.name);
            if let Some(after) = strange["after"].as_object_mut() {
                after.insert("surprise".into(), json!(1));
                strange.as_object_mut().unwrap().remove("surprise");
                assert!(!data.is_valid(&strange), "{}", family.name);
            }
        }
    }
}

#[test]
fn masked_and_narrowed_bodies_are_valid_and_wrong_ones_are_not() {
    let catalog = Catalog::embedded();
    for family in families().iter().take(catalog.iter().count()) {
        let data = compiled(&family.schema);
        let mut masked = family.examples[0]["data"].clone();
        catalog.get(&family.name).unwrap().mask(&mut masked["after"]);
        assert_eq!(problems(&data, &masked), Vec::<String>::new(), "{}", family.name);
        masked["after"] = json!({"region": masked["region"]});
        assert!(data.is_valid(&masked), "{}", family.name);
        masked["after"] = json!({"region": 33});
        assert!(!data.is_valid(&masked), "{}", family.name);
    }
}

/// With `MUARA_WRITE_PAGES=1` the files are written anew.
#[test]
fn the_files_are_what_the_code_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events");
    let pretty = |value: &Value| format!("{}\n", serde_json::to_string_pretty(value).unwrap());
    let all = families();
    let mut files: BTreeMap<String, String> = BTreeMap::from([("envelope.json".to_owned(), pretty(&envelope()))]);
    files.insert("README.md".to_owned(), page(&all));
    for family in &all {
        let mut schema = family.schema.clone();
        schema["examples"] = family.examples.iter().map(|event| event["data"].clone()).collect();
        files.insert(format!("{}.json", family.name), pretty(&schema));
    }
    if std::env::var_os("MUARA_WRITE_PAGES").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in &files {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    for (name, text) in &files {
        let stands = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(stands == *text, "events/{name} is old: run this test with MUARA_WRITE_PAGES=1");
    }
    let strange = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(strange.filter(|name| !files.contains_key(name)).collect::<Vec<_>>(), Vec::<String>::new());
}
