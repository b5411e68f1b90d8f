//! Every code of the language with its place, the form in which it is shown, digests and references.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::model::*;
use super::*;

mod crosswalk;
mod exec;
mod http;
mod link;
mod lint;
mod manual;
mod never;
mod open;
mod push;

/// A whole definition without a fault.
const GOOD: &str = r#"muara: 1
system: {id: sipd, region: "33.02", agency: 5.02.0.00.0.00.01.0000, name: SIPD penatausahaan, timezone: Asia/Jakarta, rank: 10}
source:
  kind: http
  base_url: {env: DEMO_URL}   # a comment
  auth: {bearer: {env: DEMO_TOKEN}}
  timeout: 30s
  budget: {requests: 600, per: 1m}
  retry: {max: 6}
  too_busy: ["Too Many Requests"]
streams:
  dpa:
    target: budget-line
    read: {get: /dpa, records: data, query: {tahun: "2026"}}
    page: {by: page, param: page, from: 1, size: {param: limit, value: 500}, total: {header: x-total}}
    cursor: {field: updated_at, param: updated_since, lag: 10m}
    full_read: {every: 1d, max_share: 2%, max_count: 5}
    key: [id]
    map:
      agency: kode_skpd
      fiscal_year: {from: tahun, as: int}
      sub_activity: kode_sub
      account: kode_akun
      fund: {from: dana, default: 1.1.01}
      ledger: {const: apbd}
      stage: {from: tahap, via: {murni: murni, "1": perubahan}, default: murni}
      stage_version: {const: 0}
      stage_locked: kunci
      amount: {from: nilai, as: money}
    zero: ["0001-01-01"]
    where: {status: [final]}
    schedule: {every: 15m}
    tests:
      - name: typical
        raw: {id: 7, status: final, kode_skpd: 1.02.0.00.0.00.01.0000, tahun: "2026", kode_sub: 1.02.02.2.02.0008, kode_akun: 5.1.02.01.01.0024, tahap: 1, kunci: true, nilai: 1250000000.50, dana: null}
        expect: {agency: 1.02.0.00.0.00.01.0000, fiscal_year: 2026, sub_activity: 1.02.02.2.02.0008, account: 5.1.02.01.01.0024, fund: 1.1.01, ledger: apbd, stage: perubahan, stage_version: 0, stage_locked: true, amount: 1250000000.50}
      - {name: bad amount, raw: {id: 8, status: final, nilai: "-"}, quarantine: [/amount, /agency]}
"#;

const SQL: &str = r#"muara: 1
system: {id: simda, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 20}
source: {kind: sql, url: {env: SIMDA_URL}, statement_timeout: 60s, fetch: 2000}
streams:
  belanja:
    target: cash-plan
    read: {table: simda.ta_rencana, columns: [id, skpd, sub, akun, bulan, jumlah, diubah], where: "tahun = 2026"}
    cursor: {field: diubah, lag: 5m}
    full_read: {every: 1d}
    key: [id]
    map: {agency: skpd, fiscal_year: {const: 2026}, sub_activity: sub, account: akun, months: bulan, total: jumlah}
    tests: [{name: empty, raw: {id: 1}, quarantine: [/agency]}]
"#;

fn found(text: &str) -> Vec<Diagnostic> {
    read(vec![Origin::new("sipd.yaml", text)]).1
}

fn one(text: &str) -> Definition {
    let (mut definitions, found) = read(vec![Origin::new("a.yaml", text)]);
    assert!(found.is_empty(), "{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    definitions.remove(0)
}

#[test]
fn a_good_file_says_nothing_and_keeps_everything() {
    let definition = one(GOOD);
    let SourceSpec::Http(http) = &*definition.source else { panic!("http") };
    assert_eq!(http.base_url, Setting::Reference(Reference::Env("DEMO_URL".into())));
    assert_eq!(http.budget, Some(Budget { requests: 600, per: Duration::from_mins(1) }));
    let stream = &definition.streams[0];
    assert_eq!(stream.cursor.as_ref().map(|cursor| cursor.lag), Some(Duration::from_mins(10)));
    assert_eq!((stream.full_read.limits.max_share, stream.full_read.limits.max_count), (200, 5));
    assert!(matches!(
        &stream.page,
        Some(Paging::Page { from: 1, size: Some(PageSize { value: 500, .. }), total: Some(Beside::Header(_)), .. })
    ));
    assert_eq!((&stream.schedule, stream.digest.len(), stream.tests.len()), (&Schedule::default(), 16, 2));
    assert_eq!(definition.stream_name(stream).routing_key().split_once('.').unwrap().1, "33-02.sipd.dpa");
    assert!(matches!(&one(SQL).streams[0].read, Read::Sql(SqlRead { columns, .. }) if columns.len() == 7));
}

#[test]
fn an_error_shows_its_line_and_the_nearest_word() {
    let reports = found(&GOOD.replace("base_url", "base_ulr").replace("amount:", "ammount:"));
    let shown: Vec<String> = reports.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(shown.join("\n\n"), @r#"
    error E0105: `source` lacks `base_url`
     --> sipd.yaml:3:1
      |
    3 | source:
      | ^^^^^^
      = help: add `base_url:`

    error E0104: `source` has no key `base_ulr`
     --> sipd.yaml:5:3
      |
    5 |   base_ulr: {env: DEMO_URL}   # a comment
      |   ^^^^^^^^
      = help: did you mean `base_url`?

    error E0113: `budget-line` has no field `ammount`
      --> sipd.yaml:29:7
       |
    29 |       ammount: {from: nilai, as: money}
       |       ^^^^^^^
       = help: did you mean `amount`?
    "#);
    let json = serde_json::to_value(&reports[1]).unwrap();
    assert_eq!(
        (&json["code"], &json["severity"], &json["line"], &json["column"]),
        (&"E0104".into(), &"error".into(), &5.into(), &3.into())
    );
    assert_eq!(reports[1].one_line(), "E0104 sipd.yaml:5:3: `source` has no key `base_ulr`");
}

#[test]
fn the_digest_follows_meaning_alone() {
    let digest = |text: &str| one(text).streams[0].digest.clone();
    let base = digest(GOOD);
    let same = [
        GOOD.replace("   # a comment", ""),
        GOOD.replace("  timeout: 30s\n", "").replace("  retry: {max: 6}\n", "  retry: {max: 6}\n  timeout: '30s'\n"),
        GOOD.replace("      agency: kode_skpd\n", "")
            .replace("      stage_locked: kunci\n", "      stage_locked: kunci\n      agency: kode_skpd\n"),
        GOOD.replace("schedule: {every: 15m}", "schedule: {every: 5m}"),
        GOOD.replace("name: bad amount", "name: another"),
        GOOD.replace("muara: 1", "muara: 1\nabout: The budget.").replace("  dpa:\n", "  dpa:\n    about: Its lines.\n"),
        GOOD.replace(
            "read: {get: /dpa, records: data, query: {tahun: \"2026\"}}",
            "read:\n      query: {tahun: 2026}\n      get: /dpa\n      records: data",
        ),
    ];
    for text in same {
        assert_eq!(digest(&text), base, "{text}");
    }
    let other = [
        GOOD.replace("DEMO_TOKEN", "OTHER_TOKEN"),
        GOOD.replace("account: kode_akun", "account: kode_sub")
            .replace("kode_akun: 5.1.02.01.01.0024, ", "")
            .replace(", kode_sub: 1.02.02.2.02.0008", ", kode_sub: 5.1.02.01.01.0024")
            .replace("sub_activity: kode_sub", "sub_activity: {const: 1.02.02.2.02.0008}"),
        GOOD.replace("zero: [\"0001-01-01\"]", "zero: [\"-\"]"),
        GOOD.replace("Asia/Jakarta", "Asia/Makassar"),
    ];
    for text in other {
        assert_ne!(digest(&text), base, "{text}");
    }
}

#[test]
fn the_document_is_the_definition_without_secrets_and_examples() {
    let text = GOOD.replace("{env: DEMO_TOKEN}", "{cmd: \"pass show hush-hush\"}");
    let document = one(&text).document;
    assert!(!document.contains("hush") && !document.contains("comment") && !document.contains("typical"), "{document}");
    assert!(document.contains("base_url:\n    env: DEMO_URL\n"), "{document}");
    let again = one(&document.replace("cmd: \"…\"", "env: DEMO_TOKEN").replace(
        "    schedule:",
        "    tests: [{name: t, raw: {id: 1, status: final}, quarantine: [/agency]}]\n    schedule:",
    ));
    assert_eq!(again.streams[0].digest, one(GOOD).streams[0].digest, "{document}");
}

#[test]
fn files_and_folders_are_loaded_and_references_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b.yaml"), SQL).unwrap();
    std::fs::write(folder.path().join("a.yml"), GOOD).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not read").unwrap();
    let paths = [folder.path().to_path_buf()];
    assert_eq!(lint(&paths, &mut jq::evaluate), []);
    let variables = Variables::closed().with("DEMO_URL", "http://localhost").with("SIMDA_URL", "sqlite::memory:");
    let reports = load(&paths, &variables, &mut jq::evaluate).unwrap_err();
    assert_eq!(reports.iter().map(|report| report.code).collect::<Vec<_>>(), ["E0123"]);
    assert!(reports[0].message.contains("`DEMO_TOKEN` is not set"), "{}", reports[0]);
    let definitions = load(&paths, &variables.with("DEMO_TOKEN", "hush"), &mut jq::evaluate).unwrap();
    assert_eq!(
        definitions.iter().map(|definition| definition.system.id.as_str()).collect::<Vec<_>>(),
        ["sipd", "simda"]
    );

    assert_eq!(lint(&[PathBuf::from("/nowhere/x.yaml")], &mut jq::evaluate)[0].code, "E0102");
    assert_eq!(lint(&[tempfile::tempdir().unwrap().path().to_path_buf()], &mut jq::evaluate)[0].code, "E0102");
    std::fs::write(folder.path().join("c.yaml"), b"muara: \xff").unwrap();
    assert_eq!(lint(&[folder.path().join("c.yaml")], &mut jq::evaluate)[0].code, "E0102");
}

#[test]
fn references_are_resolved_late_and_stay_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "from file\r\n").unwrap();
    let variables = Variables::closed().with("NAME", "from env").with("EMPTY", "");
    let value =
        |reference| Setting::Reference(reference).resolve(&variables).map(|secret| secret.expose_secret().to_owned());
    assert_eq!(value(Reference::Env("NAME".into())).as_deref(), Ok("from env"));
    assert_eq!(value(Reference::File(file.display().to_string())).as_deref(), Ok("from file"));
    assert_eq!(value(Reference::Cmd("printf 'from %s\\n' cmd".into())).as_deref(), Ok("from cmd"));
    assert_eq!(value(Reference::Env("EMPTY".into())), Err(reference::Error::Unset("EMPTY".into())));
    assert!(matches!(value(Reference::File("/nowhere/token".into())), Err(reference::Error::File { .. })));
    assert!(
        matches!(value(Reference::Cmd("echo hush; exit 3".into())), Err(reference::Error::Command(why)) if !why.contains("hush"))
    );
    assert!(matches!(value(Reference::Cmd("true".into())), Err(reference::Error::Value { why: "empty", .. })));
    assert!(matches!(
        value(Reference::Cmd("yes".into())),
        Err(reference::Error::Value { why: "longer than 64 KiB", .. })
    ));
    let secret = Setting::Reference(Reference::Cmd("pass show hush".into()));
    assert!(!format!("{secret:?} {variables:?} {:?}", secret.resolve(&Variables::closed())).contains("from env"));
    assert_eq!(format!("{secret:?}"), "{cmd: …}");
}

#[test]
fn every_code_that_is_used_is_explained() {
    let sources = [
        include_str!("../definition.rs"),
        include_str!("check.rs"),
        include_str!("check/samples.rs"),
        include_str!("crosswalk.rs"),
        include_str!("expression.rs"),
        include_str!("node.rs"),
        include_str!("parse.rs"),
        include_str!("source.rs"),
        include_str!("source/http.rs"),
        include_str!("source/http/answers.rs"),
        include_str!("source/http/auth.rs"),
        include_str!("source/request.rs"),
        include_str!("table.rs"),
        include_str!("walk.rs"),
        include_str!("../mapping/compile.rs"),
        include_str!("../mapping/apply.rs"),
        include_str!("../mapping/verdict.rs"),
    ];
    for source in sources {
        for (at, _) in source.match_indices('"') {
            let word = &source[at + 1..source.len().min(at + 6)];
            if word.len() == 5 && word.starts_with(['E', 'W']) && word[1..].bytes().all(|b| b.is_ascii_digit()) {
                assert!(muara_schemas::explain::find(word).is_some(), "{word} is explained");
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_change_of_a_file_panics(at in 0..GOOD.len(), length in 0_usize..40, put in "[a-z0-9:{}\\[\\]\"'&*|>#, \\n-]{0,8}") {
        let end = (at + length).min(GOOD.len());
        let text = format!("{}{put}{}", &GOOD[..at], &GOOD[end..]);
        for report in found(&text) {
            let _ = report.to_string();
            proptest::prop_assert!(report.line as usize <= text.lines().count() + 1);
        }
    }
}
