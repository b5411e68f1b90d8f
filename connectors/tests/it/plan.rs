//! What a read would ask of its source, for people who want to know before anything is asked.

use std::sync::Arc;

use muara_connectors::definition::{self, Definition, Origin, Variables};
use muara_connectors::kind::Access;
use muara_connectors::kinds;

use crate::rig::MAP;

fn define(source: &str, stream: &str) -> Definition {
    let system =
        r#"system: {id: sipd, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 10}"#;
    let text = format!("muara: 1\n{system}\nsource: {source}\nstreams:\n  dpa:\n{stream}{MAP}");
    let (mut definitions, found) = definition::read(vec![Origin::new("test.yaml", text)]);
    definitions.pop().unwrap_or_else(|| panic!("{found:?}"))
}

fn plan(source: &str, stream: &str, from: Option<&str>) -> Vec<String> {
    let definition = define(source, stream);
    let variables = Variables::closed().with("PG", "postgres://u:hush-hush@db/simda").with("TOKEN", "hush-hush");
    let access = Access::new(definition.system.clone(), Arc::clone(&definition.source), variables);
    let kind = kinds::find(definition.source.kind()).unwrap();
    let mut opened = kind.open(&definition.streams[0], &access).unwrap();
    opened.plan(from)
}

#[test]
fn a_database_is_asked_by_one_statement() {
    let stream = "    read: {table: simda.dpa, where: \"tahun = 2026\"}\n    cursor: {field: diubah, lag: 10m}\n";
    assert_eq!(
        plan("{kind: sql, url: {env: PG}}", stream, Some("2026-11-20 10:00:00")),
        ["select * from \"simda\".\"dpa\" where (tahun = 2026\n) and \"diubah\" >= ? order by \"diubah\", \"id\" \
             -- ? is 2026-11-20 10:00:00"]
    );
    assert_eq!(
        plan("{kind: sql, url: \"mysql://db/simda\"}", "    read: {table: simda.dpa}\n", None),
        ["select 0, `simda`.`dpa`.* from `simda`.`dpa`"]
    );
}

#[test]
fn an_api_is_asked_at_an_address_without_secrets() {
    let stream = "    read: {get: /dpa, records: data, query: {tahun: \"2026\", kunci: {env: TOKEN}}}\n    \
                  cursor: {field: diubah, param: since}\n";
    assert_eq!(
        plan("{kind: http, base_url: \"https://sipd.example.go.id/api\"}", stream, Some("2026-11-20")),
        ["GET https://sipd.example.go.id/api/dpa?tahun=2026&kunci=***&since=2026-11-20"]
    );
}

#[test]
fn files_are_looked_for_by_a_pattern() {
    assert_eq!(
        plan("{kind: files, folder: /srv/rsud}", "    read: {file: \"rba_*.csv\"}\n", None),
        ["/srv/rsud/rba_*.csv"]
    );
}
