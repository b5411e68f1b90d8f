//! The kind `http` against servers that behave and servers that do not.

use muara_schemas::page::RunKind;
use serde_json::json;

use crate::rig::{Rig, standing_clock};

mod forms;
mod paging;
mod patience;
mod server;
mod session;
mod tls;

pub(crate) use server::Server;

/// A page of records with these ids.
pub(crate) fn page(ids: std::ops::Range<u32>, rest: &str) -> String {
    let records: Vec<String> = ids.map(|id| format!(r#"{{"id":{id},"nilai":{id}.50}}"#)).collect();
    format!(r#"{{"data":[{}]{rest}}}"#, records.join(","))
}

pub(crate) async fn rig(source: &str, stream: &str) -> (Rig, Server) {
    let (server, address) = Server::start().await;
    let mut rig = Rig::new(&format!("  kind: http\n  base_url: {{env: URL}}\n  retry: {{max: 2}}\n{source}"), stream);
    rig.set("URL", format!("{address}/api"));
    rig.set("TOKEN_URL", format!("{address}/oauth"));
    rig.set("TOKEN", "rahasia");
    rig.options.clock = standing_clock();
    (rig, server)
}

const TOTAL: &str = "    read: {get: /dpa, records: data, query: {tahun: \"2026\"}}
    page: {by: page, param: page, from: 1, size: {param: limit, value: 3}, total: {header: x-total}}\n";

fn total(total: &str) -> [(&'static str, &str); 1] {
    [("x-total", total)]
}

/// The page behind the last one of a list of so many records.
fn nothing_more(server: &Server, all: &str) {
    server.say_with(200, &total(all), page(0..0, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_read_with_a_token_and_kept_as_they_came() {
    let (mut rig, server) = rig("  auth: {bearer: {env: TOKEN}}", TOTAL).await;
    server.say_with(200, &total("5"), page(1..4, "")).say_with(
        200,
        &total("5"),
        r#"{"data":[{"id":9007199254740993,"nilai":1250000000.50},{"id":"x","nilai":"7","lain":[1,{"a":null}]}]}"#,
    );
    let report = rig.run(false).await;
    assert_eq!((report.kind, report.counts.published), (RunKind::Full, 5));
    assert_eq!(
        server.asked(),
        ["/api/dpa?tahun=2026&limit=3&page=1 Bearer rahasia", "/api/dpa?tahun=2026&limit=3&page=2 Bearer rahasia"]
    );
    let kept = rig.hub.keep();
    assert_eq!(kept.body("dpa", "9007199254740993").unwrap()["amount"], json!("1250000000.50"));
    let pointer = &kept.pages[0].records[4].pointer;
    assert!(pointer.ends_with("/api/dpa?tahun=2026&limit=3&page=2#/data/1"), "{pointer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_authentication_and_a_secret_in_the_query_are_not_shown() {
    let (mut rig, server) = rig(
        "  auth: {basic: {user: admin, password: {env: TOKEN}}}",
        "    read: {get: dpa, records: data, query: {kunci: {env: TOKEN}}}\n",
    )
    .await;
    server.say(200, page(1..2, ""));
    rig.run(false).await;
    assert_eq!(server.asked(), ["/api/dpa?kunci=rahasia Basic YWRtaW46cmFoYXNpYQ=="]);
    let pointer = rig.hub.keep().pages[0].records[0].pointer.clone();
    assert!(!pointer.contains("rahasia") && pointer.contains("kunci="), "{pointer}");
    server.say(401, "no");
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.starts_with("E0201") && !failure.contains("rahasia"), "{failure}");
    assert_eq!(server.asked().len(), 1, "who is not let in does not knock again");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_is_waited_for() {
    let (mut rig, server) = rig("  too_busy: [Too Many Requests]", TOTAL).await;
    server.say(500, "").say(200, "Too Many Requests").say_with(200, &total("3"), page(1..4, ""));
    nothing_more(&server, "3");
    assert_eq!(rig.run(false).await.counts.published, 3);
    assert_eq!(server.asked().len(), 4);
    server.say_with(429, &[("retry-after", "0")], "").say(503, "").say(502, "");
    let report = rig.try_run(false).await;
    let failure = report.failure.unwrap();
    assert!(failure.starts_with("E0202: gave up after 3 attempts") && failure.contains("502"), "{failure}");
    assert_eq!(report.counts.read, 0, "nothing was read");
    server.say_with(200, &total("3"), page(1..4, ""));
    nothing_more(&server, "3");
    assert_eq!(rig.run(false).await.counts.unchanged, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_in_the_middle_fails_the_run_and_deletes_nothing() {
    let (mut rig, server) = rig("", TOTAL).await;
    server.say_with(200, &total("6"), page(1..4, "")).say_with(200, &total("6"), page(4..7, ""));
    nothing_more(&server, "6");
    rig.run(false).await;
    for _ in 0..3 {
        server.say_with(200, &total("6"), r#"{"data":[{"id":1,"nilai":1},{"id":20,"nilai":2},{"id":3,"nilai":3.50}]}"#);
        server.say(500, "").say(500, "").say(500, "");
        let report = rig.try_run(false).await;
        assert!(report.failure.unwrap().starts_with("E0202"));
    }
    let kept = rig.hub.keep();
    assert!(kept.pages.iter().all(|page| page.gone.is_empty()));
    assert_eq!(kept.keys("dpa").len(), 7, "what came before the trouble is taken");
    let failed: Vec<_> = kept.pages.iter().filter_map(|page| page.end.clone()).filter(|end| !end.complete).collect();
    assert_eq!(failed.len(), 1, "failed reads that found nothing new and ended alike send nothing");
    assert!(
        failed[0].failure.as_deref().is_some_and(|failure| failure.starts_with("E0202")) && failed[0].proof.is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_is_never_an_empty_one() {
    let (mut rig, server) = rig("", "    read: {get: /dpa, records: data}\n").await;
    server.say(200, page(1..10, ""));
    rig.run(false).await;
    for (status, headers, body, code) in [
        (200, vec![], "", "E0203"),
        (200, vec![], "<html><title>Login</title></html>", "E0203"),
        (200, vec![("content-type", "text/html")], "{\"data\":[]}", "E0203"),
        (200, vec![], "{\"data\":null}", "E0203"),
        (200, vec![], "{\"pesan\":\"sedang dipelihara\"}", "E0203"),
        (200, vec![], "{\"data\":[{\"id\":1}", "E0203"),
        (302, vec![("location", "/login?token=rahasia")], "", "E0204"),
        (404, vec![], "{}", "E0204"),
        (204, vec![], "", "E0203"),
    ] {
        server.say_with(status, &headers, body);
        let failure = rig.try_run(false).await.failure.unwrap_or_default();
        assert!(failure.starts_with(code) && !failure.contains("rahasia"), "{status} {body}: {failure}");
    }
    assert_eq!(rig.hub.keep().keys("dpa").len(), 9);
    server.say(200, r#"{"data":[]}"#);
    assert_eq!(rig.run(false).await.counts.gone, 0, "an empty list counts as a first miss");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_does_not_reach_the_total_proves_nothing() {
    let (mut rig, server) = rig("", TOTAL).await;
    server.say_with(200, &total("6"), page(1..4, "")).say_with(200, &total("6"), page(4..7, ""));
    nothing_more(&server, "6");
    rig.run(false).await;
    for _ in 0..2 {
        server.say_with(200, &total("6"), page(1..4, "")).say_with(200, &total("6"), page(4..4, ""));
        let report = rig.try_run(false).await;
        assert!(report.failure.unwrap().starts_with("E0206"));
        assert_eq!((report.proof, report.counts.gone), (None, 0));
    }
    assert_eq!(rig.hub.keep().keys("dpa").len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_gone_when_two_complete_reads_miss_it() {
    let (mut rig, server) = rig("", TOTAL).await;
    let all = || {
        server.say_with(200, &total("3"), page(1..4, ""));
        nothing_more(&server, "3");
    };
    let less = || server.say_with(200, &total("2"), page(1..3, ""));
    all();
    rig.run(false).await;
    less();
    let once = rig.run(false).await;
    assert_eq!(
        (once.counts.gone, once.proof.unwrap().count),
        (0, 3),
        "it may have moved between pages while they were read"
    );
    all();
    rig.run(false).await;
    less();
    assert_eq!(rig.run(false).await.counts.gone, 0, "once more is not twice in a row");
    less();
    let twice = rig.run(false).await;
    assert_eq!((twice.counts.gone, twice.proof.unwrap().count), (1, 2));
    all();
    assert_eq!(rig.run(false).await.counts.published, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incremental_read_asks_from_the_cursor_less_the_lag() {
    let (mut rig, server) = rig(
        "",
        "    read: {get: /dpa, records: data}\n    cursor: {field: diubah, param: since, lag: 10m}\n    full_read: {every: 1d}\n",
    )
    .await;
    let record = |id: u32, at: &str| format!(r#"{{"data":[{{"id":{id},"nilai":1,"diubah":"{at}"}}]}}"#);
    server.say(200, record(1, "2026-11-20T10:00:00+07:00"));
    rig.run(false).await;
    server.say(200, record(2, "2026-11-20T10:05:00+07:00"));
    assert_eq!(rig.run(false).await.kind, RunKind::Incremental);
    server.say(200, r#"{"data":[]}"#);
    assert_eq!(rig.run(false).await.run, None);
    assert_eq!(
        server.asked(),
        [
            "/api/dpa",
            "/api/dpa?since=2026-11-20T09%3A50%3A00%2B07%3A00",
            "/api/dpa?since=2026-11-20T09%3A55%3A00%2B07%3A00"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_cut_off() {
    let (mut rig, server) = rig("", "    read: {get: /dpa, records: data}\n").await;
    server.say(200, format!(r#"{{"data":["{}"]}}"#, "x".repeat(33 << 20)));
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.contains("more than 32 MiB"), "{failure}");
}
