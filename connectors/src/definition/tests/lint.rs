//! Every code of the language, and where it points.

use std::time::Duration;

use super::{GOOD, SQL, found, one};
use crate::definition::model::Policy;
use crate::definition::{MAX_FILE_BYTES, Origin, read};

/// Replaces a part of a file and returns what is then told, as `code line:column`.
#[track_caller]
pub(super) fn broken(text: &str, from: &str, to: &str) -> Vec<String> {
    assert!(text.contains(from), "`{from}` stands in the file");
    found(&text.replacen(from, to, 1))
        .iter()
        .map(|report| format!("{} {}:{}", report.code, report.line, report.column))
        .collect()
}

#[track_caller]
pub(super) fn help(text: &str, from: &str, to: &str) -> String {
    found(&text.replacen(from, to, 1)).first().and_then(|report| report.help.clone()).unwrap_or_default()
}

#[test]
fn the_form_of_yaml_and_its_bounds() {
    assert_eq!(broken(GOOD, "  kind: http", "\tkind: http").len(), 1);
    assert!(broken(GOOD, "  kind: http", "\tkind: http")[0].starts_with("E0101 4:"));
    assert_eq!(broken("", "", ""), ["E0101 0:0"]);
    assert_eq!(broken(GOOD, "muara: 1", "muara: 1\nmuara: 2"), ["E0107 2:1"]);
    assert_eq!(broken(GOOD, "muara: 1", "muara: 2"), ["E0124 1:8"]);
    let second = format!("{GOOD}---\nmuara: 1\n");
    assert!(found(&second).iter().any(|report| report.code == "E0101" && report.message.contains("second document")));
    let deep = format!("muara: {}1{}", "[".repeat(40), "]".repeat(40));
    assert_eq!(found(&deep)[0].code, "E0103");
    let bomb: String = (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
    assert_eq!(found(&format!("a0: &a0 [x,x,x,x,x,x,x,x,x]\n{bomb}"))[0].code, "E0103");
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(300_000), "*a,".repeat(3_000));
    assert_eq!(found(&long)[0].code, "E0103", "a long text that is repeated is a bomb too");
    let wide: String = (0..40_000).map(|key| format!("k{key}: 1\n")).collect();
    assert_eq!(found(&format!("{wide}k7: 2\n")).iter().filter(|report| report.code == "E0107").count(), 1);
    assert_eq!(found(&format!("#{}\n{GOOD}", "x".repeat(MAX_FILE_BYTES)))[0].code, "E0103");
    let anchored = GOOD.replace("per: 1m", "per: &minute 1m").replace("lag: 10m", "lag: *minute");
    assert_eq!(one(&anchored).streams[0].cursor.as_ref().map(|cursor| cursor.lag), Some(Duration::from_mins(1)));
}

#[test]
fn drift_says_what_is_done_and_what_is_known() {
    let with = |drift: &str| GOOD.replacen("    key: [id]", &format!("    drift: {drift}\n    key: [id]"), 1);
    let drift =
        one(&with("{added: stop, removed: ignore, type: quarantine, known: [baru, a.b]}")).streams[0].drift.clone();
    assert_eq!((drift.added, drift.removed, drift.retyped), (Policy::Stop, Policy::Ignore, Policy::Quarantine));
    assert!(drift.is_known("baru") && drift.is_known("a.b[].c") && !drift.is_known("a.bc") && !drift.is_known("a"));
    assert_eq!(one(GOOD).streams[0].drift.added, Policy::Warn);
    assert_eq!(one(GOOD).streams[0].digest, one(&with("{added: stop}")).streams[0].digest);

    let told = |drift: &str| found(&with(drift)).first().map(|report| (report.code, report.line, report.column));
    assert_eq!(told("{added: loud}"), Some(("E0108", 18, 20)));
    assert_eq!(told("{retyped: warn}"), Some(("E0104", 18, 13)));
    assert_eq!(told("{known: [a, a]}"), Some(("E0160", 18, 24)));
    assert_eq!(told("{added: ignore, known: [a]}"), Some(("E0160", 18, 28)));
    assert_eq!(told("[]"), Some(("E0106", 18, 12)));
}

#[test]
fn keys_types_and_values() {
    assert_eq!(broken(GOOD, "retry: {max: 6}", "retry: {max: 6, min: 1}"), ["E0104 9:19"]);
    assert_eq!(broken(GOOD, "    key: [id]\n", ""), ["E0105 12:3"]);
    assert_eq!(broken(GOOD, "key: [id]", "key: id"), ["E0106 18:10"]);
    assert_eq!(broken(GOOD, "key: [id]", "key: []"), ["E0120 18:5"]);
    assert_eq!(broken(GOOD, "key: [id]", "key: [id, id]"), ["E0120 18:15"]);
    assert_eq!(broken(GOOD, "timeout: 30s", "timeout: 30"), ["E0108 7:12"]);
    assert_eq!(broken(GOOD, "max_share: 2%", "max_share: 2"), ["E0108 17:39"]);
    assert_eq!(broken(GOOD, "requests: 600", "requests: 0"), ["E0108 8:22"]);
    assert_eq!(broken(GOOD, "by: page", "by: pages"), ["E0108 15:16"]);
    assert_eq!(broken(GOOD, "muara: 1", "muara: 1\nabout: [a]"), ["E0106 2:8"]);
    assert_eq!(broken(GOOD, "    key: [id]", "    about: \"\"\n    key: [id]"), ["E0106 18:12"]);
    assert_eq!(broken(GOOD, "id: sipd", "id: SIPD"), ["E0109 2:14"]);
    assert_eq!(broken(GOOD, "\"33.02\"", "33.2"), ["E0109 2:28"]);
    assert_eq!(broken(GOOD, "Asia/Jakarta", "Asia/Jakrta"), ["E0109 2:105"]);
    assert_eq!(help(GOOD, "Asia/Jakarta", "Asia/Jakrta"), "did you mean `Asia/Jakarta`?");
    assert_eq!(broken(GOOD, "  dpa:", "  DPA:"), ["E0109 12:3"]);
    assert_eq!(broken(GOOD, "auth: {bearer: {env: DEMO_TOKEN}}", "auth: {}"), ["E0106 6:3"]);
    assert_eq!(broken(GOOD, "{env: DEMO_URL}", "{env: A, file: B}"), ["E0106 5:13"]);
}

#[test]
fn kinds_and_what_belongs_to_them() {
    assert_eq!(broken(GOOD, "kind: http", "kind: htpp"), ["E0110 4:9"]);
    assert_eq!(help(GOOD, "kind: http", "kind: htpp"), "did you mean `http`?");
    assert_eq!(broken(GOOD, "retry: {max: 6}", "fetch: 500"), ["E0111 9:3"]);
    assert_eq!(broken(GOOD, "records: data,", "records: data, table: x,"), ["E0111 14:38"]);
    assert_eq!(broken(SQL, "key: [id]", "key: [id]\n    page: {by: page, param: p}"), ["E0111 11:5"]);
    assert_eq!(broken(SQL, "field: diubah,", "field: diubah, param: since,"), ["E0121 8:29"]);
    assert_eq!(broken(GOOD, "param: updated_since, ", ""), ["E0121 16:5"]);
    let files = SQL
        .replace(
            "kind: sql, url: {env: SIMDA_URL}, statement_timeout: 60s, fetch: 2000",
            "kind: files, folder: {env: F}",
        )
        .replace(
            "{table: simda.ta_rencana, columns: [id, skpd, sub, akun, bulan, jumlah, diubah], where: \"tahun = 2026\"}",
            "{file: a.csv}",
        );
    assert_eq!(broken(&files, "", ""), ["E0121 8:5"]);
    assert_eq!(broken(&files.replace("    cursor: {field: diubah, lag: 5m}\n", ""), "", ""), ["W0104 8:17"]);
    assert_eq!(broken(&files.replace("a.csv", "../a.csv"), "cursor", "cursor"), ["E0125 7:18", "E0121 8:5"]);
    assert_eq!(broken(SQL, "simda.ta_rencana", "db.dbo.ta_rencana"), ["E0125 7:19"]);
    assert_eq!(broken(SQL, "simda.ta_rencana", "\"Ta Rencana\""), Vec::<String>::new());
    assert_eq!(broken(SQL, "key: [id]", "key: [id.satu]"), ["E0125 10:11"]);
    assert_eq!(broken(SQL, "{env: SIMDA_URL}", "\"mariadb://db/simda\""), Vec::<String>::new());
    assert_eq!(broken(SQL, "{env: SIMDA_URL}", "\"oracle://db/simda\""), ["E0108 3:26"]);
    assert_eq!(broken(SQL, "field: diubah", "field: a.b"), ["E0125 8:21"]);
    assert_eq!(broken(SQL, "tahun = 2026", "1=1; drop table x"), ["E0125 7:92"]);
    assert_eq!(broken(GOOD, "get: /dpa", "get: https://example.go.id/dpa"), ["E0125 14:17"]);
    assert_eq!(broken(SQL, "bulan, jumlah, diubah", "bulan, diubah"), ["E0127 11:102"]);
    assert_eq!(broken(SQL, "key: [id]", "key: [idd]"), ["E0127 10:11"]);
}

#[test]
fn the_map_against_the_schema() {
    assert_eq!(broken(GOOD, "target: budget-line", "target: budget-lin"), ["E0112 13:13"]);
    assert_eq!(help(GOOD, "target: budget-line", "target: budgetline"), "did you mean `budget-line`?");
    assert_eq!(broken(GOOD, "account: kode_akun", "acount: kode_akun"), ["E0113 23:7"]);
    assert_eq!(broken(GOOD, "amount: {from", "amount.value: {from"), ["E0113 29:7"]);
    assert_eq!(broken(GOOD, "as: money", "as: mony"), ["E0115 29:33"]);
    assert_eq!(help(GOOD, "as: money", "as: mony"), "did you mean `money`?");
    assert_eq!(broken(GOOD, "as: money", "as: date"), ["E0116 29:33"]);
    assert_eq!(help(GOOD, "as: money", "as: date"), "leave `as` out, or use one of `money`, `money_id`");
    assert_eq!(broken(GOOD, "as: money", "as: date(dd/MM/yyyy)"), ["E0115 29:33"]);
    assert_eq!(broken(GOOD, "as: int", "as: year(\"dd/MM\")"), ["E0115 21:38"]);
    assert_eq!(broken(GOOD, "as: int", "round: half_even"), ["E0116 21:7"]);
    assert_eq!(broken(GOOD, "as: int", "round: up"), ["E0108 21:41"]);
    assert_eq!(broken(GOOD, "const: apbd", "const: abpd"), ["E0117 25:23"]);
    assert_eq!(help(GOOD, "const: apbd", "const: abpd"), "did you mean `apbd`?");
    assert_eq!(broken(GOOD, "\"1\": perubahan", "\"1\": perubahn"), ["E0117 26:53"]);
    assert_eq!(broken(GOOD, "default: murni", "default: Murni"), ["E0117 26:74"]);
    assert_eq!(broken(GOOD, "default: 1.1.01", "default: satu"), ["E0117 24:35"]);
    assert_eq!(broken(GOOD, "stage_version: {const: 0}", "stage_version: {const: 100}"), ["E0117 27:30"]);
    assert_eq!(broken(GOOD, "stage_locked: kunci", "stage_locked: {each: kunci, map: {a: b}}"), ["E0116 28:7"]);
    assert_eq!(broken(GOOD, "stage_locked: kunci", "stage_locked: {as: bool}"), ["E0105 28:7"]);
    assert_eq!(broken(GOOD, "stage_locked: kunci", "stage_locked: {from: kunci, const: true}"), ["E0106 28:7"]);
    assert_eq!(broken(SQL, "months: bulan", "months: bulan, months.0: bulan"), ["E0126 11:102"]);
    assert_eq!(broken(SQL, "months: bulan", "months.1: bulan"), ["E0113 11:87"]);
    let payment = "map: {agency: a, fiscal_year: {const: 2026}, document_id: d, kind: {const: UP}, amount: n, status: {const: sp2d}, sp2d.number: s, lines: {each: l, map: {account: k}}}";
    let (start, end) = (SQL.find("    map:").unwrap(), SQL.find("    tests:").unwrap());
    let nested = format!("{}    {payment}\n", &SQL[..start])
        .replace("cash-plan", "disbursement")
        .replace(", columns: [id, skpd, sub, akun, bulan, jumlah, diubah]", "")
        + &SQL[end..];
    let reports = found(&nested);
    let told: Vec<&str> = reports.iter().map(|report| report.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "`sp2d` of `disbursement` requires `date`, which nothing fills",
            "`lines` of `disbursement` requires `sub_activity`, `amount`, which nothing fills"
        ]
    );
}

#[test]
fn secrets_in_clear_are_refused_and_not_shown() {
    let auth = "auth: {bearer: {env: DEMO_TOKEN}}";
    for (text, from, to) in [
        (GOOD, auth, "auth: {bearer: hush-hush}"),
        (GOOD, auth, "auth: {basic: {user: a, password: hush-hush}}"),
        (GOOD, "{env: DEMO_URL}", "\"https://user:hush-hush@example.go.id\""),
        (GOOD, "{env: DEMO_URL}", "\"https://example.go.id/?api_key=hush-hush\""),
        (GOOD, "tahun: \"2026\"", "access_token: hush-hush"),
        (SQL, "{env: SIMDA_URL}", "\"postgres://muara:hush-hush@db/simda\""),
        (SQL, "{env: SIMDA_URL}", "\"mysql://muara:hush-hush@db/simda\""),
    ] {
        let reports = found(&text.replacen(from, to, 1));
        assert_eq!(reports.iter().map(|report| report.code).collect::<Vec<_>>(), ["E0118"], "{to}");
        assert!(!format!("{}{}", reports[0], serde_json::to_string(&reports).unwrap()).contains("hush"), "{to}");
    }
    assert!(found(&GOOD.replace(auth, "auth: {basic: {user: a, password: {file: /run/secrets/sipd}}}")).is_empty());
}

#[test]
fn a_path_to_a_token_is_no_secret() {
    for to in ["next_token_path: meta.next", "page_token: $.meta.next"] {
        assert_eq!(found(&GOOD.replacen("tahun: \"2026\"", to, 1)), [], "{to}");
    }
}

#[test]
fn tests_in_the_file_are_run() {
    assert_eq!(broken(GOOD, "stage: perubahan, stage_version", "stage: murni, stage_version"), ["E0122 34:15"]);
    let reports = found(
        &GOOD
            .replace("amount: 1250000000.50}", "amount: 1}")
            .replace("account: 5.1.02.01.01.0024, fund: 1.1.01,", "account: 5.1.02.01.01.0024,"),
    );
    assert_eq!(
        reports[0].message,
        "test `typical` failed: /amount expected \"1.00\", made \"1250000000.50\"; /fund expected nothing, made \"1.1.01\""
    );
    assert_eq!(broken(GOOD, "[/amount, /agency]", "[/fund]"), ["E0122 37:16"]);
    assert_eq!(broken(GOOD, "[/amount, /agency]", "[amount]"), ["E0122 37:16", "E0108 37:82"]);
    assert_eq!(broken(GOOD, "tahap: 1,", "tahap: 2,"), ["E0122 34:15"]);
    assert_eq!(broken(GOOD, "name: bad amount", "name: typical"), ["E0119 37:16"]);
    assert_eq!(broken(GOOD, ", quarantine: [/amount, /agency]", ""), ["E0105 37:9"]);
}

#[test]
fn warnings_do_not_refuse_a_file() {
    let untested = GOOD[..GOOD.find("    tests:").unwrap()].to_owned();
    let (definitions, reports) = read(vec![Origin::new("a.yaml", untested.as_str())]);
    assert_eq!(reports.iter().map(|report| (report.code, report.is_error())).collect::<Vec<_>>(), [("W0101", false)]);
    assert_eq!(definitions[0].streams[0].warnings, reports);
    assert_eq!(broken(GOOD, "    full_read: {every: 1d, max_share: 2%, max_count: 5}\n", ""), ["W0102 16:5"]);
    let funded = GOOD.replace("dana: null", "dana: 1.1.01").replace("{id: 8,", "{id: 8, dana: 1.1.01,");
    assert_eq!(broken(&funded, "key: [id]", "key: [id, dana]"), ["W0103 24:35"]);
    assert_eq!(broken(&funded, "where: {status: [final]}", "where: {dana: [\"1.1.01\"]}"), ["W0103 24:35"]);
}

#[test]
fn all_errors_of_all_files_come_at_once() {
    let files = ["a.yaml", "b.yaml", "c.yaml"].map(|name| Origin::new(name, GOOD)).to_vec();
    let (definitions, reports) = read(files);
    assert_eq!(definitions.len(), 1, "the first is good");
    assert_eq!(
        reports.iter().map(|report| (report.code, report.file.as_str())).collect::<Vec<_>>(),
        [("E0119", "b.yaml"), ("E0119", "c.yaml")]
    );
    assert!(reports[0].message.contains("a.yaml:2"), "{}", reports[0]);

    let mixed = GOOD
        .replace("timeout: 30s", "timeout: 30")
        .replace("kode_akun\n", "{from: kode_akun, is: text}\n")
        .replace("requests: 600", "requests: many");
    let reports = read(vec![Origin::new("a.yaml", mixed), Origin::new("b.yaml", "muara: 1")]).1;
    assert_eq!(
        reports.iter().map(|report| report.code).collect::<Vec<_>>(),
        ["E0108", "E0108", "E0104", "E0105", "E0105", "E0105"]
    );
}

#[test]
fn a_wrong_expression_is_shown_where_it_is_wrong() {
    let amount = "{from: nilai, as: money}";
    assert_eq!(broken(GOOD, amount, "{expr: '.nilai | tonumbr'}"), ["E0128 29:32"]);
    assert_eq!(help(GOOD, amount, "{expr: '.nilai | tonumbr'}"), "did you mean `tonumber`?");
    assert_eq!(broken(GOOD, amount, "{expr: env.HOME, as: money}"), ["E0128 29:22"]);
    assert_eq!(broken(GOOD, amount, "{expr: '[.nilai'}"), ["E0128 29:30"]);
    assert_eq!(broken(GOOD, amount, "{const: 1, expr: .x}"), ["E0106 29:7"]);
    assert_eq!(broken(GOOD, "where: {status: [final]}", "where: '.status = nowhere'"), ["E0128 31:23"]);
}

#[test]
fn schedules_and_what_broken_records_do() {
    let schedule = |text: &str| broken(GOOD, "schedule: {every: 15m}", text);
    assert_eq!(schedule("schedule: {every: 15m, hours: \"06-20\", days: mon-fri, jitter: 30s}"), [""; 0]);
    assert_eq!(schedule("schedule: {cron: \"15 2 * * *\", jitter: 5m}"), [""; 0]);
    assert_eq!(schedule("schedule: {cron: \"99 2 * * *\"}"), ["E0108 32:22"]);
    assert_eq!(schedule("schedule: {}"), ["E0106 32:5"]);
    assert_eq!(schedule("schedule: {every: 1h, cron: \"15 2 * * *\"}"), ["E0106 32:5"]);
    assert_eq!(schedule("schedule: {cron: \"15 2 * * *\", hours: \"06-20\"}"), ["E0106 32:36"]);
    assert_eq!(schedule("schedule: {every: 1h, hours: \"20-06\", days: senin}"), ["E0108 32:34", "E0108 32:49"]);
    let invalid = |text: &str| broken(GOOD, "schedule: {every: 15m}", text);
    assert_eq!(invalid("on_invalid: stop"), [""; 0]);
    assert_eq!(invalid("on_invalid: {stop_above: 5%, of: 500}"), [""; 0]);
    assert_eq!(invalid("on_invalid: stopp"), ["E0108 32:17"]);
    assert_eq!(invalid("on_invalid: {stop_above: 5}"), ["E0108 32:30"]);
}

#[test]
fn a_stream_may_say_that_it_is_compared_by_hash() {
    let hash =
        SQL.replace("cursor: {field: diubah, lag: 5m}", "cursor: hash").replace("{every: 1d}", "{max_share: 1%}");
    assert_eq!(one(&hash).streams[0].cursor, None);
    assert_eq!(broken(SQL, "cursor: {field: diubah, lag: 5m}", "cursor: hash"), ["W0104 9:17"]);
}

#[test]
fn a_path_that_no_test_has_is_probably_misspelt() {
    assert_eq!(broken(GOOD, "fund: {from: dana,", "fund: {from: danna,"), ["W0105 24:7"]);
    assert_eq!(help(GOOD, "fund: {from: dana,", "fund: {from: danna,"), "did you mean `dana`? Else give it to a test");
}

#[test]
fn the_key_of_each_has_a_parent_and_a_child() {
    let each = |key: &str| broken(GOOD, "    key: [id]\n", &format!("    each: detail\n    key: {key}\n"));
    assert_eq!(each("[$parent.id, id]"), [""; 0]);
    assert_eq!(each("[id]"), ["E0129 19:5"]);
    assert_eq!(each("[$parent.id]"), ["E0129 19:5"]);
    assert_eq!(each("[id, $parent.id]"), ["E0129 19:5"]);
    assert_eq!(
        broken(GOOD, "    key: [id]\n", "    each: {exp: .x}\n    key: [$parent.id, id]\n"),
        ["E0105 18:5", "E0104 18:12"]
    );
}

#[test]
fn tests_go_through_where_and_key() {
    let with = |line: &str| GOOD.replacen("where: {status: [final]}", line, 1);
    let told = |text: &str| -> Vec<String> { found(text).iter().map(|report| report.message.clone()).collect() };

    let dropped = told(&with("where: {id: [\"999\"]}"));
    assert!(dropped.iter().any(|why| why.ends_with("failed: `where` leaves the record out")), "{dropped:?}");
    let no_answer = told(&with("where: .nilai"));
    assert!(no_answer.iter().any(|why| why.contains("the record was quarantined: E0314")), "{no_answer:?}");
    let keyless = told(&GOOD.replacen("key: [id]", "key: [idd]", 1));
    assert!(keyless.iter().any(|why| why.contains("the record has no key: `idd` has no value in it")), "{keyless:?}");

    let left_out = |text: &str| {
        text.replacen(
            "    tests:\n",
            "    tests:\n      - {name: left out, raw: {id: 9, status: final}, left_out: true}\n",
            1,
        )
    };
    let only_seven = with("where: '.id != 9'");
    assert!(told(&left_out(&only_seven)).is_empty(), "{:?}", told(&left_out(&only_seven)));
    assert!(told(&left_out(GOOD)).iter().any(|why| why.ends_with("failed: `where` lets the record in")));
}
