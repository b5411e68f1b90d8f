//! What a source asks of us: to wait, to come one at a time, and to lose patience with it.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use futures_util::stream;

use muara_schemas::control::{Command, Order};
use muara_schemas::{Clock, StreamName};

use super::{page, rig};
use crate::rig::until;

const PAGES: &str = "    read: {get: /dpa, records: data}\n    page: {by: page, param: page}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_nothing_left_is_left_alone() {
    let (mut rig, server) = rig("", PAGES).await;
    server.say_with(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")], page(1..3, ""));
    server.say(200, page(3..3, ""));
    let start = Instant::now();

    let report = rig.run(false).await;

    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(report.counts.read, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_stream_is_told_holds_for_the_other() {
    let (mut rig, server) = rig("", PAGES).await;
    let stream = |name: &str| format!("  {name}:\n    read: {{get: /{name}, records: data}}\n{}", crate::rig::MAP);
    rig.define_text(&format!(
        "{}source: {{kind: http, base_url: {{env: URL}}, concurrency: 1}}\nstreams:\n{}{}",
        crate::rig::SYSTEM,
        stream("dpa"),
        stream("dpb")
    ));
    server.say_with(429, &[("retry-after", "1")], "").say(200, page(1..3, "")).say(200, page(3..5, ""));
    let start = Instant::now();

    let reports = rig.start().await.run_all(false).await;

    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(reports.iter().all(|report| report.failure.is_none()));
    assert_eq!(server.asked().len(), 3, "nobody knocked meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_asks_for_patience_holds_no_place_of_another() {
    let (mut rig, resting) = rig("", PAGES).await;
    let (ready, address) = super::Server::start().await;
    let head = crate::rig::SYSTEM.replace("id: sipd", "id: simda");
    let source = format!(
        "source: {{kind: http, base_url: \"{address}\"}}
streams:
  dpa:
"
    );
    rig.define_beside(&format!("{head}{source}{PAGES}{}", crate::rig::MAP));
    rig.options.tuning.runs_at_once = 1;
    rig.options.tuning.keeps_place = Duration::from_millis(50);
    resting.say_with(429, &[("retry-after", "3")], "").say(200, page(1..3, "")).say(200, page(3..3, ""));
    ready.say(200, page(3..5, "")).say(200, page(5..5, ""));
    rig.start().await;
    let read = async |system: &str| {
        let id = muara_schemas::canonical::hex(&muara_schemas::random::bytes::<16>());
        let (stream, order) = (StreamName::new("33.02", system, "dpa"), Order::Run { full: false });
        let expires_at = Clock::system().now().plus_secs(60);
        rig.bus.command(&Command { id, expires_at, stream, order }).await.unwrap();
    };

    read("sipd").await;
    until("the one that rests is asked", || (!resting.asked().is_empty()).then_some(())).await;
    let start = Instant::now();
    read("simda").await;
    let hub = rig.hub.clone();
    let has = |system: &str| hub.keep().pages.iter().any(|page| page.system == system && page.end.is_some());
    until("the other is read", || has("simda").then_some(())).await;

    assert!(start.elapsed() < Duration::from_secs(2) && !has("sipd"), "{:?}", start.elapsed());
    until("the one that rested is read", || has("sipd").then_some(())).await;
    assert_eq!(resting.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_drips_is_given_up_in_time() {
    let (mut rig, server) = rig("  timeout: 300ms", PAGES).await;
    for _ in 0..3 {
        let drip = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        server.say(200, Body::from_stream(drip));
    }
    let start = Instant::now();

    let failure = rig.try_run(false).await.failure.unwrap();

    assert!(failure.starts_with("E0202") && failure.contains("no whole answer within 0.3 s"), "{failure}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_wherever_it_leads() {
    let (mut rig, server) = rig("  auth: {bearer: {env: TOKEN}}", PAGES).await;
    for to in ["/api/lain", "http://127.0.0.1:9/", "http://169.254.169.254/latest/meta-data", "https://contoh.go.id/"] {
        server.say_with(307, &[("location", to)], "");
        let failure = rig.try_run(false).await.failure.unwrap();
        assert!(failure.starts_with("E0204") && failure.contains("not followed"), "{failure}");
    }
    assert_eq!(server.asked().len(), 4);
}
