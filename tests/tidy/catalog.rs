//! Schemas with examples, definitions with tests, migrations for both engines.

use muara_connectors::definition::{self, Origin};

use crate::tree::{Faults, ending, names};

/// The file beside the record types that holds what they share.
const SHARED: &str = "head.json";

#[test]
fn every_schema_has_examples_of_both_kinds() {
    let mut faults = Faults::default();
    let schemas = names("schemas/records");
    assert!(schemas.len() > 10, "the schemas were found");
    for schema in schemas.iter().filter(|name| *name != SHARED) {
        let path = format!("schemas/records/{schema}");
        let examples = names(&format!("schemas/examples/{}", schema.trim_end_matches(".json")));
        for kind in ["valid-", "invalid-"] {
            if !examples.iter().any(|name| name.starts_with(kind)) {
                faults.at(&path, 1, format_args!("no {kind}*.json"));
            }
        }
    }
    faults.end("Every record type has at least one valid and one invalid example in schemas/examples/.");
}

#[test]
fn every_definition_that_ships_reads_cleanly_and_has_tests() {
    let mut faults = Faults::default();
    let is_definition = |text: &str| text.lines().any(|line| line.starts_with("muara:"));
    let shipped = ending(".yaml").filter(|file| !file.is_test() && is_definition(&file.text));
    let origins = shipped.map(|file| Origin::new(file.path.clone(), file.text.clone()));
    // The catalog and the demo describe the same systems, and are never used together.
    let (catalog, others): (Vec<_>, Vec<_>) =
        origins.partition(|origin| origin.file.starts_with("connectors/catalog/"));
    assert!(catalog.len() >= 15 && others.len() >= 5, "the definitions were found");
    let shipped = catalog.len() + others.len();
    let (mut definitions, mut diagnostics) = definition::read(catalog);
    let (more, found) = definition::read(others);
    definitions.extend(more);
    diagnostics.extend(found);
    for diagnostic in &diagnostics {
        faults.at(&diagnostic.file, diagnostic.line, format_args!("{} {}", diagnostic.code, diagnostic.message));
    }
    for (definition, stream) in
        definitions.iter().flat_map(|known| known.streams.iter().map(move |stream| (known, stream)))
    {
        if stream.tests.is_empty() {
            faults.at(&definition.system.id, 1, format_args!("the stream {} has no `tests:`", stream.name));
        }
    }
    faults.end("Every definition that ships reads without a warning, and each of its streams has tests that pass.");
    assert_eq!(definitions.len(), shipped);
}

#[test]
fn both_engines_have_the_same_migrations() {
    let [sqlite, postgres] = ["sqlite", "postgres"].map(|engine| names(&format!("hub/migrations/{engine}")));

    assert!(!sqlite.is_empty(), "the migrations were found");
    assert_eq!(sqlite, postgres, "hub/migrations: both folders list the same files");
}
