//! Which file may name which library, and which files decide without doing.

use crate::tree::{Faults, File, ending, regex};

/// A library and where it may be named. Tests may name all of them.
///
/// To give a place a library: think first whether the place that has it can do the work.
const CONFINED: &[(&str, &[&str])] = &[
    ("askama", &["hub/src/web/"]),
    ("jaq_(core|json|std)", &["connectors/src/jq/"]),
    ("lapin", &["schemas/src/bus.rs", "schemas/src/bus/"]),
    ("reqwest", &["connectors/src/kinds/http", "hub/src/webhook", "hub/src/access/oidc"]),
    (
        "sqlx",
        &[
            "connectors/src/kinds/sql",
            "connectors/benches/",
            "connectors/src/state",
            "deploy/demo/src/",
            "hub/src/store/",
        ],
    ),
];

/// Modules that decide and do nothing: what goes in is passed in, time and randomness too.
const PURE: &[&str] = &[
    "connectors/src/definition",
    "connectors/src/jq",
    "connectors/src/json",
    "connectors/src/mapping",
    "hub/src/access",
    "hub/src/event",
    "hub/src/facts",
    "hub/src/intake/chain",
    "hub/src/intake/checked",
    "hub/src/intake/holding",
    "hub/src/mask",
    "hub/src/merge",
    "hub/src/views",
    "hub/src/webhook/health",
    "hub/src/webhook/outcome",
    "hub/src/webhook/schedule",
    "hub/src/webhook/secret",
    "hub/src/webhook/signature",
];

/// Files of pure modules that obey: they fetch what a definition only refers to.
const OBEYING: &[&str] = &["connectors/src/definition/reference"];

/// The one file that may ask the machine for the time of day.
const CLOCK: &str = "schemas/src/clock.rs";

/// Whether a file is this module, or stands in its folder. A place that is not finished with `/` may end in mid-word:
/// `kinds/sql` holds `kinds/sql.rs`, `kinds/sql/read.rs` and `kinds/sql_lite.rs`.
fn is_in(file: &File, places: &[&str]) -> bool {
    places.iter().any(|place| file.path.starts_with(place))
}

/// Whether a file is exactly this module or one below it.
fn is_module(file: &File, modules: &[&str]) -> bool {
    let rest =
        |module: &&str| file.path.strip_prefix(*module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'));
    modules.iter().any(rest)
}

#[test]
fn a_library_is_named_only_where_it_belongs() {
    let mut faults = Faults::default();
    for (library, places) in CONFINED {
        let name = regex(&format!(r"\b{library}\b"));
        for file in ending(".rs").filter(|file| !file.is_test() && !is_in(file, places)) {
            faults.find(&file.path, file.code(), &name);
        }
    }
    faults
        .end("A library is confined to the places that tests/tidy/confinement.rs lists, so that it can be exchanged.");
}

#[test]
fn pure_modules_decide_and_do_nothing() {
    let mut faults = Faults::default();
    let doing = regex(r"\basync\b|\.await\b|\btokio\b|\bsqlx\b|\bClock\b|\bInstant\b|\bstd::net\b|\brandom::");
    let pure = |file: &&File| !file.is_test() && is_module(file, PURE) && !is_module(file, OBEYING);
    for file in ending(".rs").filter(pure) {
        faults.find(&file.path, file.code(), &doing);
    }
    faults.end("A pure module has no async, no tokio, no database, no network, no clock, no randomness of its own.");
}

#[test]
fn the_time_of_day_comes_from_one_clock() {
    let mut faults = Faults::default();
    let asks = regex(r"\b(Timestamp|SystemTime|Zoned|Utc|Local)::now\b");
    for file in ending(".rs").filter(|file| file.path != CLOCK && !file.path.starts_with("tests/tidy/")) {
        faults.find(&file.path, file.code(), &asks);
    }
    faults.end(
        "Only schemas/src/clock.rs asks the machine for the time; everybody else is handed a `Clock` or a `Moment`.",
    );
}

#[test]
fn tasks_are_spawned_through_a_task_set() {
    let mut faults = Faults::default();
    let spawns = regex(r"\b(tokio(::task)?|task)::spawn(_local)?\(");
    for file in ending(".rs").filter(|file| !file.is_test()) {
        faults.find(&file.path, file.code(), &spawns);
    }
    faults.end("A task is spawned through a `TaskTracker`, so that shutdown can wait for it.");
}

#[test]
fn every_place_in_the_tables_is_there() {
    let mut faults = Faults::default();
    for module in PURE.iter().chain(OBEYING) {
        if !ending(".rs").any(|file| is_module(file, &[module])) {
            faults.at("tests/tidy/confinement.rs", 1, format_args!("no module {module}"));
        }
    }
    faults.end("The table of pure modules names modules that exist.");
}
