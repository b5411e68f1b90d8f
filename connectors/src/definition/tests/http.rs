//! What the language says of HTTP, good and bad, and where it points.

use std::time::Duration;

use super::{GOOD, found, one};
use crate::definition::SourceSpec;
use crate::definition::model::*;

const AUTH: &str = "auth: {bearer: {env: DEMO_TOKEN}}";
const READ: &str = "read: {get: /dpa, records: data, query: {tahun: \"2026\"}}";
const PAGE: &str = "page: {by: page, param: page, from: 1, size: {param: limit, value: 500}, total: {header: x-total}}";

/// Puts something else into a good file, and expects these codes, each at a text of the new line.
#[track_caller]
fn told(from: &str, to: &str, expected: &[(&str, &str)]) {
    assert!(GOOD.contains(from), "`{from}` stands in the file");
    let text = GOOD.replacen(from, to, 1);
    let place = |needle: &str| {
        let at = text.find(needle).unwrap_or_else(|| panic!("`{needle}` stands in the file"));
        let line = text[..at].matches('\n').count() + 1;
        (line, text[..at].chars().rev().take_while(|c| *c != '\n').count() + 1)
    };
    let reports = found(&text);
    let told: Vec<_> =
        reports.iter().map(|report| (report.code, (report.line as usize, report.column as usize))).collect();
    let wanted: Vec<_> = expected.iter().map(|(code, needle)| (*code, place(needle))).collect();
    assert_eq!(told, wanted, "{}", reports.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

fn source(from: &str, to: &str) -> Http {
    match &*one(&GOOD.replacen(from, to, 1)).source {
        SourceSpec::Http(http) => (**http).clone(),
        _ => panic!("http"),
    }
}

fn read(to: &str) -> HttpRead {
    match one(&GOOD.replacen(READ, to, 1)).streams.remove(0).read {
        Read::Http(read) => read,
        _ => panic!("http"),
    }
}

#[test]
fn every_way_to_identify_is_read() {
    let auth = |auth: &str| source(AUTH, &format!("auth: {auth}")).auth;
    assert!(
        matches!(auth("{api_key: {header: X-Api-Key, value: {env: K}}}"), Auth::ApiKey { place: KeyPlace::Header(name), .. } if name == "X-Api-Key")
    );
    assert!(matches!(auth("{api_key: {query: key, value: {env: K}}}"), Auth::ApiKey { place: KeyPlace::Query(_), .. }));
    let oauth = "{oauth2: {token_url: \"https://sso.example.go.id/token\", client_id: a, client_secret: {env: K}, scope: baca}}";
    assert!(matches!(auth(oauth), Auth::OAuth2(oauth) if !oauth.is_in_body && oauth.refresh_token.is_none()));
    let refresh = "{oauth2: {token_url: {env: U}, client_id: a, refresh_token: {file: /run/secrets/r}}}";
    assert!(matches!(auth(refresh), Auth::OAuth2(oauth) if oauth.is_in_body));
    let login = auth(
        "{login: [{post: /pre, json: {u: a, sandi: {env: K}}, token: t, take: {id: 0.id}}, {post: \"/login/{{id}}\", form: {t: \"{{token}}\"}}]}",
    );
    assert!(matches!(login, Auth::Login(steps) if steps.len() == 2 && steps[0].take.len() == 2));
    let http = source(
        AUTH,
        "tls: {cert: {file: a.pem}, key: {file: b.pem}, ca: {file: c.pem}}\n  values: {kunci: {env: K}}\n  concurrency: 2\n  headers: {X-A: \"{{kunci}}\"}",
    );
    assert!(matches!((http.auth, http.tls, http.concurrency), (Auth::None, Some(_), Some(2))));
    assert_eq!(http.timeout, Duration::from_secs(30));
}

#[test]
fn every_form_of_request_and_answer_is_read() {
    let posted = read(
        "read: {post: /dpa, json: {hal: \"{{page}}\", a: [1, {env: K}]}, headers: {X-A: b}, format: xml, records: a.b}",
    );
    assert!(posted.is_post && posted.format == Format::Xml && posted.names.len() == 1);
    assert!(matches!(posted.body, Some(Body::Json(Part::Object(members))) if members.len() == 2));
    let csv = read("read: {get: /dpa.csv, format: csv, delimiter: \";\"}");
    assert_eq!((csv.format, csv.delimiter, csv.records.as_str()), (Format::Csv, Some(b';'), ""));
    assert_eq!(read("read: {get: /dpa, records: data, columns: [a, b]}").columns, ["a", "b"]);
    let rules = source("too_busy: [\"Too Many Requests\"]", "errors: [{status: [500, 4xx], body: x, do: retry}, {path: ok, is: [\"false\"], do: fail, message: m}]\n  too_busy: [sibuk]").rules;
    assert_eq!(rules[0].status, [(500, 500), (400, 499)]);
    assert_eq!(
        (rules[1].action, rules[1].is.as_slice(), rules[2].body.as_deref()),
        (Action::Fail, &["false".to_owned()][..], Some("sibuk"))
    );
    let page = |page: &str| one(&GOOD.replacen(PAGE, page, 1)).streams.remove(0).page.unwrap();
    assert!(matches!(page("page: {by: link}"), Paging::Link { next: None, .. }));
    assert!(matches!(page("page: {by: link, next: links.next}"), Paging::Link { next: Some(_), .. }));
    assert!(matches!(
        page("page: {by: cursor, param: c, next: {header: X-Next}}"),
        Paging::Cursor { next: Beside::Header(_), .. }
    ));
    assert!(matches!(
        page("page: {by: cursor, param: c, next: meta.next}"),
        Paging::Cursor { next: Beside::Path(_), .. }
    ));
}

#[test]
fn names_in_braces_are_known_and_have_a_value() {
    let query = |value: &str| format!("read: {{get: /dpa, records: data, query: {{a: {value}}}}}");
    told(READ, &query("\"{{pgae}}\""), &[("E0130", "\"{{pgae}}\"")]);
    assert_eq!(found(&GOOD.replacen(READ, &query("\"{{pgae}}\""), 1))[0].help.as_deref(), Some("did you mean `page`?"));
    told(READ, &query("\"{{offset}}\""), &[("E0131", "\"{{offset}}\"")]);
    told(READ, &query("\"{{token}}\""), &[("E0131", "\"{{token}}\"")]);
    told(READ, &query("\"{{page}} {{size}} {{cursor}}\""), &[]);
    told(AUTH, "headers: {X-A: \"{{token}}\"}", &[("E0130", "\"{{token}}\"")]);
    told(AUTH, "auth: {login: {post: /a, json: {x: \"{{token}}\"}, token: t}}", &[("E0130", "\"{{token}}\"")]);
    told(AUTH, "values: {page: a}", &[("E0108", "page: a}")]);
    told(
        "param: page, from: 1, size: {param: limit, value: 500}",
        "from: 1, size: {value: 5}",
        &[("E0105", "page: {by"), ("E0105", "page: {by")],
    );
    told("param: updated_since, ", "", &[("E0121", "cursor: {field")]);
    let named = GOOD
        .replacen(
            READ,
            "read: {post: /dpa, records: data, form: {p: \"{{page}}\", n: \"{{size}}\", s: \"{{cursor}}\"}}",
            1,
        )
        .replacen("param: page, from: 1, size: {param: limit, value: 500}", "from: 1, size: {value: 5}", 1)
        .replacen("param: updated_since, ", "", 1);
    assert_eq!(found(&named), []);
}

#[test]
fn what_does_not_fit_together_is_told() {
    told(READ, "read: {records: data}", &[("E0105", "read: {")]);
    told(READ, "read: {get: /dpa, post: /dpa, records: data}", &[("E0106", "post: /dpa")]);
    told(READ, "read: {get: /dpa, records: data, form: {a: b}}", &[("E0133", "form: {a")]);
    told(READ, "read: {post: /dpa, records: data, form: {a: b}, json: {a: b}}", &[("E0106", "form: {a")]);
    told(READ, "read: {get: /dpa, format: csv, records: data}", &[("E0133", "records: data}")]);
    told(READ, "read: {get: /dpa, format: csv, columns: [a]}", &[("E0133", "columns: [a]")]);
    told(READ, "read: {get: /dpa, records: data, delimiter: \";\"}", &[("E0133", "delimiter")]);
    told(READ, "read: {get: /dpa, records: data, columns: [a, a]}", &[("E0108", "a]}")]);
    told(READ, "read: {get: /dpa, format: xlm, records: data}", &[("E0108", "xlm")]);
    told(READ, "read: {get: /dpa, format: xml, records: \"\"}", &[("E0106", "\"\"}")]);
    told(READ, "read: {get: /dpa, records: data, headers: {Host: a}}", &[("E0108", "Host: a")]);
    told(READ, "read: {post: //evil.example/dpa, records: data}", &[("E0125", "//evil.example")]);
    told(PAGE, "page: {by: link, param: page}", &[("E0104", "param: page}")]);
    told(PAGE, "page: {by: cursor, param: page, next: {}}", &[("E0106", "next: {}")]);
    told(AUTH, "auth: {api_key: {value: {env: K}}}", &[("E0106", "api_key: {")]);
    told(AUTH, "auth: {bearer: {env: K}, api_key: {query: k, value: {env: K}}}", &[("E0106", "auth: {")]);
    told(AUTH, "auth: {oauth2: {token_url: {env: U}, client_id: a}}", &[("E0105", "oauth2: {")]);
    told(
        AUTH,
        "auth: {oauth2: {token_url: {env: U}, client_id: a, client_secret: {env: S}, secret_in: bodi}}",
        &[("E0108", "bodi")],
    );
    told(AUTH, "auth: {login: []}", &[("E0106", "login: []")]);
    told(AUTH, "tls: {cert: {file: a}}", &[("E0105", "tls: {")]);
    told(AUTH, "tls: {}", &[("E0106", "tls: {")]);
    told(AUTH, "errors: [{do: retry}]", &[("E0132", "{do: retry}")]);
    told(AUTH, "errors: [{status: 99, do: rety}]", &[("E0108", "99"), ("E0108", "rety")]);
    told(AUTH, "errors: [{status: 404, is: [a], do: empty}]", &[("E0105", "{status: 404")]);
    told(AUTH, "errors: [{status: 404, to: empty}]", &[("E0105", "{status: 404"), ("E0104", "to: empty")]);
    told(AUTH, "concurrency: 0", &[("E0108", "0\n  timeout")]);
}

#[test]
fn secrets_of_a_login_are_refused_in_clear_and_never_shown() {
    for to in [
        "auth: {api_key: {header: X-Api-Key, value: hush-hush}}",
        "auth: {oauth2: {token_url: {env: U}, client_id: a, client_secret: hush-hush}}",
        "auth: {oauth2: {token_url: {env: U}, client_id: a, refresh_token: hush-hush}}",
        "auth: {login: {post: /a, json: {user: {password: hush-hush}}}}",
        "auth: {login: {post: /a, form: {kata_sandi: hush-hush}}}",
        "headers: {Authorization: hush-hush}",
        "headers: {X-Token: hush-hush}",
        "values: {api_key: hush-hush}",
        "tls: {cert: a, key: hush-hush}",
    ] {
        let reports = found(&GOOD.replacen(AUTH, to, 1));
        assert_eq!(reports.iter().map(|report| report.code).collect::<Vec<_>>(), ["E0118"], "{to}");
        assert!(!serde_json::to_string(&reports).unwrap().contains("hush"), "{to}");
    }
    let hidden = GOOD.replacen(AUTH, "auth: {login: [{post: /a, form: {sandi: {cmd: \"pass hush\"}}, token: t}]}", 1);
    let document = one(&hidden).document;
    assert!(!document.contains("hush") && document.contains("sandi"), "{document}");
}

#[test]
fn a_rule_logs_in_only_where_something_can() {
    let rule = "errors: [{status: 403, do: login}]";
    let with = |auth: &str| found(&GOOD.replacen(AUTH, &format!("{auth}\n  {rule}"), 1));
    let codes = |auth: &str| with(auth).iter().map(|report| report.code).collect::<Vec<_>>();

    assert_eq!(codes(AUTH), ["E0181"]);
    assert_eq!(codes("auth: {basic: {user: a, password: {env: DEMO_TOKEN}}}"), ["E0181"]);
    assert_eq!(codes("auth: {login: {post: /login, form: {user: a}}}"), Vec::<&str>::new());
    assert_eq!(
        codes("auth: {oauth2: {token_url: {env: U}, client_id: a, client_secret: {env: S}}}"),
        Vec::<&str>::new()
    );
}
