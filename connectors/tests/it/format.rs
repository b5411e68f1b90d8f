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

/// What may stand elsewhere: `{env: …}`, `{file: …}` or `{cmd: …}`.
const SETTING: &str = "#/$defs/setting";

/// One line for each key of the language, in the order of the schema: its path, what it takes, what it means.
fn reference(schema: &Value) -> String {
    let mut out = String::from(
        "# Every key of the language\n\nMade from `definition.schema.json`, which knows the same keys as the program; README.md says how they work together.\n\n\
         | key | takes | meaning |\n|---|---|---|\n",
    );
    let streams = &schema["properties"]["streams"]["additionalProperties"];
    for (name, part) in schema["properties"].as_object().unwrap() {
        line(schema, name, part, &mut out);
    }
    let stream = resolved(schema, streams);
    for (name, part) in stream["properties"].as_object().unwrap() {
        line(schema, &format!("streams.*.{name}"), part, &mut out);
    }
    out
}

fn line(schema: &Value, path: &str, part: &Value, out: &mut String) {
    let target = resolved(schema, part);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let meaning = text(&part["description"]).or_else(|| text(&target["description"])).unwrap_or_default();
    out.push_str(&format!("| `{path}` | {} | {} |\n", takes(schema, part), meaning.replace('|', "\\|")));
    if part["$ref"] == SETTING {
        return;
    }
    let ways = target["anyOf"].as_array().cloned().unwrap_or_default();
    for way in std::iter::once(target).chain(&ways) {
        let way = resolved(schema, way);
        // A field table says the same of each of its lines, and has tables in it.
        for (name, below) in
            way["properties"].as_object().into_iter().flatten().filter(|_| path.matches('.').count() < 5)
        {
            line(schema, &format!("{path}.{name}"), below, out);
        }
    }
}

fn takes(schema: &Value, part: &Value) -> String {
    if part["$ref"] == SETTING {
        return "a text or a reference".to_owned();
    }
    let part = resolved(schema, part);
    let shown = |value: &Value| format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    if let Some(values) = part["enum"].as_array() {
        let mut values: Vec<String> = values.iter().map(shown).collect();
        values.dedup();
        return values.join(", ");
    }
    if !part["const"].is_null() {
        return shown(&part["const"]);
    }
    if let Some(ways) = part["anyOf"].as_array() {
        let mut ways: Vec<String> = ways.iter().map(|way| takes(schema, way)).collect();
        ways.dedup();
        return ways.join(" or ");
    }
    match &part["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    }
}

/// What a `$ref` leads to.
fn resolved<'a>(schema: &'a Value, part: &'a Value) -> &'a Value {
    part["$ref"].as_str().map_or(part, |name| &schema["$defs"][name.trim_start_matches("#/$defs/")])
}

/// With `MUARA_WRITE_PAGES=1` it is written anew.
#[test]
fn the_reference_has_every_key() {
    let path = root().join("REFERENCE.md");
    let reference = reference(&schema());
    if std::env::var_os("MUARA_WRITE_PAGES").is_some() {
        std::fs::write(&path, &reference).unwrap();
    }
    for key in ["`source.auth.oauth2.token_url`", "`streams.*.full_read.max_share`", "`streams.*.page.max_pages`"] {
        assert!(reference.contains(key), "{key} is a key of the language");
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == reference, "connectors/REFERENCE.md is old: run this test with MUARA_WRITE_PAGES=1");
}
