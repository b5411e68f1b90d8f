//! What can never work is an error where it stands, and says how it is mended.

use super::lint::{broken, help};
use super::{GOOD, SQL, found};

#[test]
fn an_address_is_one_of_the_web() {
    let told = |address: &str| broken(GOOD, "{env: DEMO_URL}", address);
    for address in ["ftp://example.go.id", "example.go.id/api", "localhost:8080", "\"http://[::1\"", "https://"] {
        assert_eq!(told(address), ["E0172 5:13"], "{address}");
    }
    for address in ["https://example.go.id/api", "\"http://[::1]:8080\"", "http://localhost:8080/"] {
        assert_eq!(told(address), [""; 0], "{address}");
    }
    assert!(help(GOOD, "{env: DEMO_URL}", "example.go.id").starts_with("begin with https://"));
    let auth = "auth: {oauth2: {token_url: ftp://x, client_id: a, client_secret: {env: S}}}";
    assert_eq!(broken(GOOD, "auth: {bearer: {env: DEMO_TOKEN}}", auth), ["E0172 6:30"]);
}

#[test]
fn braces_are_closed() {
    assert_eq!(broken(GOOD, "get: /dpa", "get: \"/dpa/{{page\""), ["E0173 14:23"]);
    assert_eq!(broken(GOOD, "tahun: \"2026\"", "tahun: \"{{page}} {{size\""), ["E0173 14:63"]);
    assert_eq!(broken(GOOD, "timeout: 30s", "headers: {x-page: \"{{page}\"}"), ["E0173 7:22"]);
    let hidden = found(&GOOD.replacen("timeout: 30s", "headers: {authorization: \"hush {{token\"}", 1));
    assert_eq!(hidden.iter().map(|report| report.code).collect::<Vec<_>>(), ["E0173"]);
    assert!(!hidden[0].to_string().contains("hush"), "{}", hidden[0]);
}

#[test]
fn a_time_table_comes_at_some_time() {
    let told = |cron: &str| broken(GOOD, "schedule: {every: 15m}", &format!("schedule: {{cron: \"{cron}\"}}"));
    assert_eq!(told("0 0 30 2 *"), ["E0174 32:22"]);
    assert_eq!(told("15 2 31 4,6 *"), ["E0174 32:22"]);
    assert_eq!(told("0 0 29 2 *"), [""; 0]);
}

#[test]
fn a_condition_is_balanced() {
    let told = |condition: &str| broken(SQL, "tahun = 2026", condition);
    assert_eq!(told("(tahun = 2026"), ["E0175 7:100"]);
    assert_eq!(told("nama = 'x"), ["E0175 7:107"]);
    assert_eq!(told("1=1) or (1=1"), ["E0175 7:103"]);
    assert_eq!(told("(nama = 'Jum''at (pagi')"), [""; 0]);
}

#[test]
fn a_path_has_no_empty_step() {
    assert_eq!(broken(GOOD, "records: data,", "records: data..x,"), ["E0176 14:37"]);
    assert_eq!(broken(GOOD, "records: data,", "records: .data,"), ["E0176 14:32"]);
    assert_eq!(broken(GOOD, "{header: x-total}", "{path: meta.}"), ["E0176 15:97"]);
    assert_eq!(broken(GOOD, "records: data,", "records: \"\","), [""; 0]);
    let files = SQL
        .replace(
            "kind: sql, url: {env: SIMDA_URL}, statement_timeout: 60s, fetch: 2000",
            "kind: files, folder: {env: F}",
        )
        .replace(
            "{table: simda.ta_rencana, columns: [id, skpd, sub, akun, bulan, jumlah, diubah], where: \"tahun = 2026\"}",
            "{file: a.json, records: data}",
        )
        .replace("    cursor: {field: diubah, lag: 5m}\n    full_read: {every: 1d}\n", "");
    assert_eq!(broken(&files, "data}", "data..x}"), ["E0176 7:40"]);
    assert_eq!(broken(&files, "akun, months", "No., months"), [""; 0], "a column may be called so");
}

#[test]
fn a_misspelt_kind_hides_nothing() {
    let pages = GOOD.replacen("by: page", "by: pages", 1).replacen("records: data,", "record: data,", 1);
    assert_eq!(broken(&pages, "kind: http", "kind: htpp"), ["E0110 4:9", "E0105 14:5", "E0104 14:23", "E0108 15:16"]);
    assert_eq!(broken(&pages, "kind: http", "kind: telegram"), ["E0110 4:9"]);
}

#[test]
fn valid_words_are_told_once() {
    for (text, from, to) in [
        (SQL, "fetch: 2000", "zzzzzzzz: 1"),
        (SQL, "fetch: 2000", "retry: {max: 1}"),
        (GOOD, "retry: {max: 6}", "fetch: 500"),
        (GOOD, "records: data,", "records: data, table: x,"),
        (GOOD, "records: data,", "records: data, zzzzzzzz: x,"),
        (GOOD, "account: kode_akun", "account: {zzzzzzzz: 1, from: kode_akun}"),
    ] {
        let help = help(text, from, to);
        let mut words: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert!(all > 1 && words.len() == all, "{help}");
    }
}

#[test]
fn what_is_not_allowed_has_a_cure() {
    assert_eq!(help(GOOD, "requests: 600", "requests: 0"), "write digits alone, without a unit, such as 1");
    assert_eq!(help(GOOD, "timeout: 30s", "timeout: 1ms"), "write 100ms or more, or take `timeout` out");
    assert_eq!(
        help(GOOD, "stage_locked: kunci", "stage_locked: {const: 3}"),
        "give what `stage_locked` takes: true or false"
    );
    let ranked = help(GOOD, "stage_version: {const: 0}", "stage_version: {const: 100}");
    assert_eq!(ranked, "`muara schema show budget-line` tells what the field takes");
}

#[test]
fn a_field_that_no_test_has_is_shown_where_it_is_named() {
    assert_eq!(broken(GOOD, "key: [id]", "key: [idd]"), ["W0105 18:11", "E0122 34:15"]);
    let left_out = broken(GOOD, "where: {status: [final]}", "where: {statuss: [final]}");
    assert_eq!(left_out.first().map(String::as_str), Some("W0105 31:13"), "{left_out:?}");
}
