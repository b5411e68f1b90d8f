//! The kind push: its keys, and those that have no meaning for it.

use std::time::Duration;

use super::{found, one};
use crate::definition::SourceSpec;
use crate::definition::model::{MAX_BODY, Push, Read};

const GOOD: &str = r#"muara: 1
system: {id: loket, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 50}
source:
  kind: push
  tokens: [{env: A}, {file: /run/b}]
streams:
  lines:
    target: cash-plan
    key: [id]
    map: {agency: skpd, fiscal_year: {const: 2026}, sub_activity: sub, account: akun, months: bulan, total: jumlah}
    tests: [{name: empty, raw: {id: 1}, quarantine: [/agency]}]
"#;

/// Codes, after a part of the good file is replaced.
#[track_caller]
fn broken(from: &str, to: &str) -> Vec<&'static str> {
    assert!(GOOD.contains(from), "`{from}` stands in the file");
    found(&GOOD.replacen(from, to, 1)).iter().map(|report| report.code).collect()
}

fn push(text: &str) -> Push {
    match &*one(text).source {
        SourceSpec::Push(push) => push.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_push_needs_nothing_but_a_token() {
    let spec = push(GOOD);
    assert_eq!((spec.tokens.len(), spec.max_body, spec.budget), (2, MAX_BODY, None));
    let stream = &one(GOOD).streams[0];
    assert!(matches!(&stream.read, Read::Push(read) if read.records.steps().is_empty()));
    let zone = &one(GOOD).system.timezone;
    assert_eq!(stream.schedule.longest_gap(muara_schemas::Moment::default(), zone), Duration::from_hours(24));

    let more = GOOD
        .replace("kind: push", "kind: push\n  max_body: 512KiB\n  budget: {requests: 5, per: 1s}")
        .replace("    key:", "    read: {records: data.rows}\n    schedule: {every: 1h}\n    key:");
    let spec = push(&more);
    assert_eq!((spec.max_body, spec.budget.map(|budget| budget.requests)), (512 << 10, Some(5)));
    assert!(matches!(&one(&more).streams[0].read, Read::Push(read) if read.records.as_str() == "data.rows"));
}

#[test]
fn tokens_are_references_and_not_too_many() {
    assert_eq!(broken("[{env: A}, {file: /run/b}]", "[rahasia-sekali-1234]"), ["E0118"]);
    assert_eq!(broken("[{env: A}, {file: /run/b}]", "[]"), ["E0156"]);
    assert_eq!(broken("{file: /run/b}", "{env: A}"), ["E0156"]);
    let nine: Vec<String> = (0..9).map(|number| format!("{{env: T{number}}}")).collect();
    assert_eq!(broken("{env: A}, {file: /run/b}", &nine.join(", ")), ["E0156"]);
    assert_eq!(broken("  tokens: [{env: A}, {file: /run/b}]\n", ""), ["E0105"]);
}

#[test]
fn a_body_has_a_size() {
    for size in ["8", "63KiB", "33MiB", "1GiB", "-1MiB", "1.5MiB", "99999999999999999999MiB", "18014398509481984KiB"] {
        assert_eq!(broken("kind: push", &format!("kind: push\n  max_body: {size}")), ["E0157"], "{size}");
    }
}

#[test]
fn what_reads_has_no_meaning_for_a_push() {
    for (line, code) in [
        ("cursor: {field: at}", "E0155"),
        ("cursor: hash", "E0155"),
        ("page: {by: page, param: p}", "E0155"),
        ("on_invalid: stop", "E0155"),
        ("read: {get: /x}", "E0111"),
        ("full_read: {every: 1d}", "W0104"),
    ] {
        assert_eq!(broken("    key:", &format!("    {line}\n    key:")), [code], "{line}");
    }
    assert_eq!(broken("kind: push", "kind: push\n  timeout: 3s"), ["E0111"]);
}
