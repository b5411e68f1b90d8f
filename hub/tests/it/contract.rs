//! What the event schemas say, asked of every event that a test is told.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::{Draft, PatternOptions, Registry, Validator};
use muara_schemas::{Catalog, events};
use serde_json::Value;

static CONTRACT: LazyLock<(Validator, HashMap<String, Validator>)> = LazyLock::new(|| {
    let head = Catalog::embedded().head().clone();
    let registry = Registry::new().draft(Draft::Draft202012).add("https://muara.id/schemas/head/1", head);
    let registry = registry.and_then(|registry| registry.prepare()).expect("the shared definitions are well formed");
    let compile = |schema: &Value| {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .offline()
            .with_registry(&registry)
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .build(schema)
            .expect("event schemas compile")
    };
    let families = events::families().into_iter().map(|family| (family.name.clone(), compile(&family.schema)));
    (compile(&events::envelope()), families.collect())
});

/// The CloudEvents project's own schema of an event, from the folder of samples that `MUARA_SAMPLES` names; it is not ours
/// to ship.
static CLOUD_EVENTS: LazyLock<Option<Validator>> = LazyLock::new(|| {
    let folder = std::env::var_os("MUARA_SAMPLES")?;
    let file = Path::new(&folder).join("conformance/cloudevents/cloudevents-schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("the samples have it")).unwrap();
    Some(jsonschema::validator_for(&schema).expect("it compiles"))
});

/// Fails when an event is not what its schemas say.
pub(crate) fn check(event: &Value) {
    let (envelope, families) = &*CONTRACT;
    let kind = event["type"].as_str().expect("an event has a type");
    let family = kind.split('.').nth(1).expect("a type names its family");
    let data = families.get(family).unwrap_or_else(|| panic!("no schema says what {kind} is"));
    let theirs = CLOUD_EVENTS.as_ref().into_iter().flat_map(|schema| schema.iter_errors(event));
    let wrong: Vec<String> = envelope
        .iter_errors(event)
        .chain(theirs)
        .chain(event.get("data").into_iter().flat_map(|told| data.iter_errors(told)))
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{event:#}");
    assert_eq!(event["dataschema"], format!("https://muara.id/schemas/events/{family}/1"));
}
