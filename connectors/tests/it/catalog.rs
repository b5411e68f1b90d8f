//! The catalog: every definition is clean, has its page, and is read here from a source in the form that it is for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use muara_connectors::definition::{self, Definition, manual};
use muara_connectors::jq;
use muara_connectors::runner::StreamReport;

use crate::rig::Rig;

mod bookkeeping;
mod counter;
mod figures;
mod hospital;
mod ledger;
mod portal;
mod procurement;
mod real;
mod report;
mod site;
mod work;

/// The folder of the definitions.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog")
}

/// Names of the files of the catalog with this ending.
fn names(ending: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| name.ends_with(ending)).collect()
}

/// A rig with a definition of the catalog, in which a user has changed some texts.
fn rig(file: &str, changes: &[(&str, &str)]) -> Rig {
    let mut rig = Rig::new("  kind: files\n  folder: {env: FOLDER}", "    read: {file: a.csv}\n");
    let mut text = std::fs::read_to_string(folder().join(file)).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{file} has `{from}`");
        text = text.replace(from, to);
    }
    rig.define_text(&text);
    rig.options.worker = Some(crate::expressions::worker());
    rig
}

/// Reads every stream whole; none may fail, and both sides must hold the same.
async fn read(rig: &mut Rig) -> Vec<StreamReport> {
    let reports = rig.start().await.run_all(true).await;
    rig.hub.keep().check_runs();
    for report in &reports {
        assert_eq!(report.failure, None, "{}", report.name.stream);
        assert_eq!(report.proof, Some(rig.hub.keep().proof(&report.name.stream)), "{}", report.name.stream);
    }
    reports
}

/// Of a stream: how many records were published, quarantined and left out.
fn counts(reports: &[StreamReport], stream: &str) -> (u64, u64, u64) {
    let report = reports.iter().find(|report| report.name.stream == stream).unwrap();
    (report.counts.published, report.counts.quarantined, report.counts.left_out)
}

/// The sum of a field of money over all records of a stream, in sen.
fn sum(rig: &Rig, stream: &str, field: &str) -> i128 {
    let kept = rig.hub.keep();
    let bodies = kept.keys(stream).into_iter().map(|key| kept.body(stream, &key).unwrap());
    bodies.map(|body| body[field].as_str().unwrap().replace('.', "").parse::<i128>().unwrap()).sum()
}

/// Pointers of what is in quarantine, by key.
fn broken(rig: &Rig, stream: &str) -> Vec<String> {
    let kept = rig.hub.keep();
    let entries = kept.quarantine.get(stream).into_iter().flatten();
    let told = |(key, entry): (&String, &muara_schemas::page::Quarantined)| {
        let targets: Vec<String> = entry.errors.iter().map(|error| error.target.clone()).collect();
        format!("{key} {}", targets.join(" "))
    };
    entries.map(told).collect()
}

/// Writes a file that has not changed for an hour.
fn lay(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let long_ago = file.metadata().unwrap().modified().unwrap() - std::time::Duration::from_hours(1);
    file.set_modified(long_ago).unwrap();
}

fn definitions() -> Vec<(Definition, String)> {
    let files = names(".yaml");
    let one = |file: String| {
        let (mut definitions, found) = definition::check(&[folder().join(&file)], &mut jq::evaluate);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{}", found.join("\n\n"));
        (definitions.remove(0), file)
    };
    files.into_iter().map(one).collect()
}

#[test]
fn every_definition_is_clean_and_tells_what_it_is() {
    for (definition, file) in definitions() {
        assert!(definition.about.is_some(), "{file} has no `about`");
        for stream in &definition.streams {
            assert!(stream.about.is_some(), "{file}: {} has no `about`", stream.name);
            let broken =
                stream.tests.iter().any(|test| matches!(test.outcome, definition::model::Outcome::Quarantine(_)));
            assert!(broken && stream.tests.len() >= 2, "{file}: {} tests one good and one broken record", stream.name);
        }
    }
}

/// With `MUARA_WRITE_PAGES=1` the pages are written anew.
#[test]
#[expect(clippy::disallowed_methods, reason = "a person says by the environment that pages are to be written")]
fn every_page_is_what_its_definition_says() {
    let definitions = definitions();
    let mut pages = vec![(
        "README.md".to_owned(),
        manual::index(definitions.iter().map(|(definition, file)| (definition, file.as_str()))),
    )];
    for (definition, file) in &definitions {
        pages.push((file.replace(".yaml", ".md"), manual::page(definition, file)));
    }

    if std::env::var_os("MUARA_WRITE_PAGES").is_some() {
        pages.iter().for_each(|(name, page)| std::fs::write(folder().join(name), page).unwrap());
    }

    for (name, page) in &pages {
        let stands = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(stands == *page, "{name} is not what its definition says: run this test with MUARA_WRITE_PAGES=1");
    }
    let known: BTreeSet<String> = pages.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names(".md"), known, "a page without a definition");
}

#[test]
fn every_definition_is_read_by_a_test() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/catalog");
    let mut sources = String::new();
    for entry in std::fs::read_dir(tests).unwrap() {
        let path = entry.unwrap().path();
        // What is read only where real files are at hand proves nothing elsewhere.
        if path.file_stem().is_some_and(|stem| stem != "real") {
            sources.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }

    let unread: Vec<String> =
        names(".yaml").into_iter().filter(|name| !sources.contains(&format!("rig(\"{name}\""))).collect();

    assert!(unread.is_empty(), "no test reads {unread:?}: serve it a source of its form in tests/it/catalog");
}
