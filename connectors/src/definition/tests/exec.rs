//! `kind: exec`: its keys, and what is wrong with them.

use super::{GOOD, found, one};
use crate::definition::SourceSpec;

/// The model definition with a tap as its source.
fn tap(source: &str, stream: &str) -> String {
    let (head, _) = GOOD.split_once("source:").unwrap();
    let (_, map) = GOOD.split_once("    map:\n").unwrap();
    format!(
        "{head}source:\n  kind: exec\n{source}streams:\n  dpa:\n    target: budget-line\n    key: [id]\n{stream}    map:\n{map}"
    )
}

#[track_caller]
fn told(source: &str, stream: &str) -> Vec<&'static str> {
    found(&tap(source, stream)).iter().map(|report| report.code).collect()
}

const GOOD_TAP: &str = "  command: [tap-mssql]\n  protocol: singer\n";
const READ: &str = "    read: {stream: dbo-dpa}\n";

#[test]
fn a_good_tap_says_nothing() {
    let source = format!(
        "{GOOD_TAP}  config: {{host: a, ports: [1], auth: {{password: {{env: P}}}}}}\n  env: {{A: b}}\n  memory: 512\n"
    );
    let stream = format!("{READ}    cursor: state\n    full_read: {{every: 1d}}\n");

    let definition = one(&tap(&source, &stream));

    let SourceSpec::Exec(exec) = &*definition.source else { panic!("exec") };
    assert_eq!((exec.command.as_slice(), exec.memory), (&["tap-mssql".to_owned()][..], 512 << 20));
    assert_eq!(definition.settings().len(), 2, "the password, and the variable of the environment");
    assert!(definition.streams[0].keeps_state && definition.streams[0].cursor.is_none());
}

#[test]
fn mistakes_are_told() {
    assert_eq!(told("  command: []\n  protocol: singer\n", READ), ["E0105"]);
    assert_eq!(told("  command: [a]\n  protocol: sinker\n", READ), ["E0108"]);
    assert_eq!(told(&format!("{GOOD_TAP}  config: {{password: geheim}}\n"), READ), ["E0118"]);
    assert_eq!(told(&format!("{GOOD_TAP}  env: {{DB_TOKEN: geheim}}\n"), READ), ["E0118"]);
    assert_eq!(told("  command: [a]\n  protocol: muara-jsonl\n  legacy: true\n", READ), ["E0111"]);
    assert_eq!(told(GOOD_TAP, "    read: {table: dpa}\n"), ["E0105", "E0111"]);
    assert_eq!(told(GOOD_TAP, &format!("{READ}    cursor: {{field: id}}\n    full_read: {{every: 1d}}\n")), ["E0121"]);
    let http = GOOD.replacen("cursor: {field: updated_at, param: updated_since, lag: 10m}", "cursor: state", 1);
    assert!(found(&http).iter().any(|report| report.code == "E0121"), "only a program keeps a state");
}
