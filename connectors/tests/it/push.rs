//! Systems that call us, over a real listener: what is taken, what its sender is told, and who may come in.

use std::net::SocketAddr;
use std::time::Duration;

use muara_connectors::ingest;
use muara_schemas::control::Order;
use muara_schemas::page::RunKind;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::rig::{MAP, Rig, SYSTEM, until};

mod again;
mod fence;
mod whole;

const TOKEN: &str = "a-token-of-the-counter";
const SOURCE: &str = "source:\n  kind: push\n  tokens: [{env: OLD}, {env: NEW}]\n  max_body: 64KiB\n";

/// A connector whose door is open.
struct Counter {
    rig: Rig,
    address: SocketAddr,
    client: reqwest::Client,
}

impl Counter {
    async fn open() -> Self {
        Self::with("").await
    }

    /// A counter whose stream has these lines beside [`MAP`].
    async fn with(lines: &str) -> Self {
        let mut rig = Rig::new("  kind: files\n  folder: {env: FOLDER}", "    read: {file: a.csv}\n");
        rig.define_text(&format!("{SYSTEM}{SOURCE}streams:\n  dpa:\n{lines}{MAP}"));
        rig.set("OLD", TOKEN);
        rig.set("NEW", "another-token-of-the-counter");
        let mut counter = Self { rig, address: ([127, 0, 0, 1], 0).into(), client: client() };
        counter.serve().await;
        counter
    }

    /// The same with schedules and frequent signs of life.
    async fn timed(lines: &str) -> Self {
        let mut counter = Self::with(lines).await;
        counter.rig.options.schedule = true;
        counter.rig.options.tuning.heartbeat = Duration::from_millis(20);
        counter.restart().await;
        counter
    }

    /// Starts the connector and its door.
    async fn serve(&mut self) {
        let router = ingest::router(self.rig.start().await);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.address = listener.local_addr().unwrap();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    }

    async fn restart(&mut self) {
        self.rig.stop().await;
        self.serve().await;
    }

    fn post(&self, rest: &str) -> RequestBuilder {
        let address = format!("http://{}/api/v1/ingest/sipd/{rest}", self.address);
        self.client.post(address).bearer_auth(TOKEN).header("content-type", "application/json")
    }

    /// Pushes a body that has to be taken.
    async fn push(&self, rest: &str, body: impl Into<reqwest::Body>) -> Value {
        let (status, answer) = tell(self.post(rest).body(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap()
}

/// Sends a request and reads the answer.
async fn tell(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    assert_eq!(answer.headers()["content-type"], kind);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

/// The code of a refusal with this status.
async fn refused(status: u16, request: RequestBuilder) -> String {
    let (answered, problem) = tell(request).await;
    assert_eq!(answered, status, "{problem}");
    assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "the code is explained: {problem}");
    problem["code"].as_str().unwrap().to_owned()
}

fn results(answer: &Value) -> Vec<&str> {
    answer["records"].as_array().unwrap().iter().map(|record| record["result"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_answered_record_by_record_once_the_bus_has_it() {
    let counter = Counter::with("    read: {records: data}\n").await;
    let body = r#"{"data":[{"id":9007199254740993,"nilai":1250000000.50},{"id":8,"nilai":"-"},{"nilai":1}]}"#;

    let answer = counter.push("dpa", body).await;

    assert_eq!(results(&answer), ["published", "quarantined", "quarantined"]);
    let records = &answer["records"];
    assert_eq!((&records[0]["key"], &records[0]["index"]), (&json!("9007199254740993"), &json!(0)));
    assert_eq!(records[1]["errors"][0]["target"], "/amount");
    assert_eq!((&records[2]["key"], &records[2]["errors"][0]["code"]), (&Value::Null, &json!("E0320")));
    assert_eq!((&answer["counts"]["read"], &answer["counts"]["quarantined"]), (&json!(3), &json!(2)));
    let kept = counter.rig.hub.keep();
    kept.check_runs();
    assert_eq!(kept.body("dpa", "9007199254740993").unwrap()["amount"], "1250000000.50");
    let page = &kept.pages[0];
    assert_eq!(
        (page.kind, page.prev, answer["run"].as_str()),
        (RunKind::Incremental, None, Some(&*page.run.to_string()))
    );
    assert_eq!(page.records[0].pointer, "push#/data/0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_does_not_travel_again_and_what_is_broken_is_told_again() {
    let counter = Counter::open().await;
    let body = r#"[{"id":1,"nilai":5},{"id":2,"nilai":"x"}]"#;
    let first = counter.push("dpa", body).await;

    let second = counter.push("dpa", body).await;
    let changed = counter.push("dpa", r#"{"id":1,"nilai":6}"#).await;

    assert_eq!((results(&second), &second["run"]), (vec!["unchanged", "quarantined"], &Value::Null));
    assert_eq!(second["records"][1]["errors"], first["records"][1]["errors"]);
    assert_eq!((&second["counts"]["quarantined_again"], results(&changed)), (&json!(1), vec!["published"]));
    let kept = counter.rig.hub.keep();
    assert_eq!(kept.pages.len(), 2, "the second push has nothing to say");
    assert_eq!(kept.pages[1].prev, Some(kept.pages[0].run));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_stood_twice_in_a_push_is_settled_by_the_next() {
    let counter = Counter::open().await;
    let twice = counter.push("dpa", r#"[{"id":1,"nilai":5},{"id":1,"nilai":6}]"#).await;
    assert_eq!(results(&twice), ["published", "quarantined"]);
    assert_eq!(twice["records"][1]["errors"][0]["code"], "E0322");

    let once = counter.push("dpa", r#"[{"id":1,"nilai":5}]"#).await;

    assert_eq!(results(&once), ["published"]);
    assert!(counter.rig.hub.keep().quarantine["dpa"].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_packed_bodies_are_taken_too() {
    use std::io::Write as _;
    let counter = Counter::open().await;
    let address = format!("http://{}/api/v1/ingest/sipd/dpa", counter.address);
    let post = || counter.client.post(&address).bearer_auth(TOKEN).header("content-type", "application/x-ndjson");
    let body = "{\"id\":1,\"nilai\":5}\n\n{\"id\":2,\"nilai\":6}\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(body.as_bytes()).unwrap();

    let (plain, first) = tell(post().body(body)).await;
    let (unpacked, second) = tell(post().header("content-encoding", "gzip").body(packed.finish().unwrap())).await;

    assert_eq!((plain, unpacked), (StatusCode::OK, StatusCode::OK));
    assert_eq!((results(&first), results(&second)), (vec!["published"; 2], vec!["unchanged"; 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn children_of_a_parent_are_told_by_their_place_and_those_that_are_missing_go() {
    let mut rig = Rig::new("  kind: files\n  folder: {env: FOLDER}", "    read: {file: a.csv}\n");
    let map = MAP.replace("key: [id]", "key: [$parent.no, id]");
    rig.define_text(&format!("{SYSTEM}{SOURCE}streams:\n  dpa:\n    each: rincian\n{map}"));
    rig.set("OLD", TOKEN);
    let mut counter = Counter { rig, address: ([127, 0, 0, 1], 0).into(), client: client() };
    counter.serve().await;

    let first = counter
        .push("dpa", r#"[{"no":1,"rincian":[]},{"no":2,"rincian":[{"id":"a","nilai":1},{"id":"b","nilai":2}]}]"#)
        .await;
    counter.push("dpa", r#"{"no":2,"rincian":[{"id":"b","nilai":2}]}"#).await;

    let places: Vec<_> =
        first["records"].as_array().unwrap().iter().map(|record| (&record["index"], &record["item"])).collect();
    assert_eq!(places, [(&json!(1), &json!(0)), (&json!(1), &json!(1))]);
    assert_eq!(counter.rig.hub.keep().keys("dpa"), ["2|b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_of_one_stream_come_one_after_the_other() {
    let counter = Counter::open().await;
    let body = |number: usize| format!("[{{\"id\":\"same\",\"nilai\":{number}}},{{\"id\":{number},\"nilai\":1}}]");

    let all = (1..=12).map(|number| counter.push("dpa", body(number)));
    let answers = futures_util::future::join_all(all).await;

    assert!(answers.iter().all(|answer| results(answer) == ["published"; 2]), "{answers:?}");
    let kept = counter.rig.hub.keep();
    kept.check_runs();
    let runs = kept.runs("dpa");
    assert_eq!((runs.len(), runs[0].1), (12, None));
    assert!(runs.windows(2).all(|pair| pair[1].1 == Some(pair[0].0)), "every run names the one before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_pulled_from_a_system_that_pushes() {
    let mut counter = Counter::open().await;

    let answer = counter.rig.command(Order::Run { full: true }).await;
    let report = counter.rig.start().await.run_all(true).await.remove(0);

    assert!(answer.done && answer.detail.as_deref().is_some_and(|detail| detail.starts_with("W0270")), "{answer:?}");
    assert_eq!((report.failure, report.run, report.counts.read), (None, None, 0));
    assert!(counter.rig.hub.keep().pages.is_empty());
    let announced = counter.rig.hub.keep().announcements.first().map(|announcement| announcement.every_secs);
    assert_eq!(announced, Some(86_400), "a push is expected each day");
}
