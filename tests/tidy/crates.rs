//! The crates: who may see whom, and where versions stand.

use toml::{Table, Value};

use crate::tree::{Faults, ending};

/// Which crates of ours a crate may depend on. To add an arrow: think, then say so in ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("muara-schemas", &[]),
    ("muara-connectors", &["muara-schemas"]),
    ("muara-hub", &["muara-schemas"]),
    ("muara-demo", &["muara-schemas"]),
    ("muara", &["muara-schemas", "muara-connectors", "muara-hub", "muara-demo"]),
    ("muara-tests", &["muara-schemas", "muara-connectors", "muara-hub", "muara-demo", "muara"]),
];

/// The manifest of one of our crates.
struct Manifest {
    path: &'static str,
    name: String,
    table: Table,
    /// Of every kind.
    dependencies: Vec<(String, Value)>,
}

fn manifests() -> Vec<Manifest> {
    let manifests = ending("Cargo.toml").filter(|file| file.path != "Cargo.toml").map(|file| {
        let table: Table = file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path));
        let name = table["package"]["name"].as_str().expect("a package has a name").to_owned();
        let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
        let of_kind = |kind| table.get(kind).and_then(Value::as_table).cloned().unwrap_or_default();
        let dependencies = kinds.into_iter().flat_map(of_kind).collect();
        Manifest { path: &file.path, name, table, dependencies }
    });
    let manifests: Vec<_> = manifests.collect();
    assert_eq!(manifests.len(), ARROWS.len(), "every crate stands in the table of arrows");
    manifests
}

#[test]
fn a_crate_sees_only_those_below_it() {
    let mut faults = Faults::default();
    for Manifest { path, name, dependencies, .. } in manifests() {
        let allowed = ARROWS.iter().find(|(from, _)| *from == name).map_or(&[][..], |(_, to)| to);
        for (dependency, _) in dependencies {
            if ARROWS.iter().any(|(ours, _)| *ours == dependency) && !allowed.contains(&dependency.as_str()) {
                faults.at(path, 1, format_args!("{name} must not see {dependency}"));
            }
        }
    }
    faults.end("Arrows between crates: tests → muara → {connectors, hub, demo} → schemas.");
}

#[test]
fn versions_stand_in_the_workspace_table_alone() {
    let mut faults = Faults::default();
    for Manifest { path, table, dependencies, .. } in manifests() {
        for (dependency, how) in dependencies {
            let inherits = how.get("workspace").and_then(Value::as_bool) == Some(true);
            if !inherits || how.get("version").is_some() {
                faults.at(path, 1, dependency);
            }
        }
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if table["package"].get(key).and_then(|value| value.get("workspace")).is_none() {
                faults.at(path, 1, format_args!("package.{key}"));
            }
        }
        if table.get("lints").and_then(|lints| lints.get("workspace")).is_none() {
            faults.at(path, 1, "lints");
        }
    }
    faults.end("Versions and lints stand in the root's Cargo.toml and are inherited.");
}
