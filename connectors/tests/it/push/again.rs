//! Pushes that come again: under one key, after a restart, when the bus was away, and after a reset.

use muara_connectors::state::State;
use muara_schemas::Clock;

use super::*;

const BODY: &str = r#"[{"id":1,"nilai":5}]"#;

fn keyed(counter: &Counter, key: &str, body: &'static str) -> RequestBuilder {
    counter.post("dpa").header("idempotency-key", key).body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_falls_silent_is_told_until_it_pushes_again() {
    let counter = Counter::timed("    schedule: {every: 1s}\n").await;
    let hub = counter.rig.hub.clone();
    let silent = |wanted: bool| {
        let hub = hub.clone();
        move || {
            let kept = hub.keep();
            let failure = kept.heartbeats.last()?.failure.clone();
            (failure.is_some_and(|failure| failure.starts_with("E0236")) == wanted).then_some(())
        }
    };

    until("the silence is told", silent(true)).await;
    counter.push("dpa", r#"{"id":1,"nilai":"1.00"}"#).await;
    until("the push ends it", silent(false)).await;
    until("it is silent again", silent(true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_forget_when_a_system_was_heard_of() {
    let mut counter = Counter::timed("    schedule: {every: 1d}\n").await;
    counter.push("dpa", r#"{"id":1,"nilai":"1.00"}"#).await;
    let hub = counter.rig.hub.clone();
    counter.rig.options.clock = Clock::standing(Clock::system().now().plus_secs(2 * 86_400));

    counter.restart().await;

    let silent =
        || hub.keep().heartbeats.iter().any(|beat| beat.failure.as_deref().is_some_and(|why| why.contains("E0236")));
    until("the silence is told", || silent().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_obeyed_once_also_after_a_restart() {
    let mut counter = Counter::open().await;
    let (_, first) = tell(keyed(&counter, "a", BODY)).await;

    counter.restart().await;
    let again = keyed(&counter, "a", BODY).send().await.unwrap();

    assert_eq!(again.headers()["idempotent-replay"], "true");
    let again: Value = serde_json::from_str(&again.text().await.unwrap()).unwrap();
    assert_eq!((results(&first), &again), (vec!["published"], &first), "and not `unchanged`");
    assert_eq!(refused(422, keyed(&counter, "a", "[]")).await, "E0279");
    let (_, other) = tell(keyed(&counter, "b", BODY)).await;
    assert_eq!(results(&other), ["unchanged"]);
    for bad in [&*"a".repeat(129), "a\tb"] {
        let request = counter.post("dpa").header("idempotency-key", bad).body(BODY);
        assert_eq!(refused(400, request).await, "E0276", "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_forgotten_after_a_day() {
    let mut counter = Counter::open().await;
    counter.rig.stop().await;
    counter.rig.options.clock = crate::rig::standing_clock();
    counter.serve().await;
    tell(keyed(&counter, "a", BODY)).await;

    counter.rig.options.clock.advance_secs(86_401);

    let (_, answer) = tell(keyed(&counter, "a", BODY)).await;
    assert_eq!(results(&answer), ["unchanged"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_in_flight_until_the_bus_has_confirmed() {
    let counter = Counter::open().await;
    counter.rig.hub.allow(0);
    let state = State::open(counter.rig.state_file()).await.unwrap();
    let second = async {
        while state.stream(&counter.rig.name()).await.unwrap().run.is_none() {
            tokio::task::yield_now().await;
        }
        let second = keyed(&counter, "a", BODY).send().await.unwrap();
        counter.rig.hub.allow(usize::MAX);
        second
    };

    let (first, second) = tokio::join!(tell(keyed(&counter, "a", BODY)), second);

    assert_eq!((first.0, second.status()), (StatusCode::OK, StatusCode::CONFLICT));
    assert_eq!(second.headers()["retry-after"], "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_bus_is_away_nothing_is_believed_and_a_retry_is_harmless() {
    let mut counter = Counter::open().await;
    counter.rig.stop().await;
    counter.rig.options.tuning.answer_within = Duration::from_millis(300);
    counter.serve().await;
    counter.rig.hub.allow(0);

    let away = counter.post("dpa").header("idempotency-key", "a").body(BODY).send().await.unwrap();
    let (status, retry) = (away.status(), away.headers()["retry-after"].clone());
    assert_eq!(refused(503, counter.post("dpa").body(BODY)).await, "E0275");
    counter.rig.hub.allow(usize::MAX);
    counter.rig.idle().await;
    let answer = counter.push("dpa", BODY).await;

    assert_eq!((status, retry.to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert_eq!(results(&answer), ["unchanged"], "the bus has had it meanwhile");
    let kept = counter.rig.hub.keep();
    assert_eq!((kept.pages.len(), kept.keys("dpa").len()), (1, 1), "what nobody waited for is not sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_stream_takes_nothing() {
    let mut counter = Counter::open().await;
    let until = counter.rig.options.clock.now().plus_secs(600);
    counter.rig.command(Order::Pause { until: Some(until) }).await;

    let paused = refused(503, counter.post("dpa").body(BODY)).await;
    counter.rig.command(Order::Pause { until: None }).await;

    assert_eq!(paused, "E0273");
    assert_eq!(results(&counter.push("dpa", BODY).await), ["published"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reset_what_was_handed_over_lately_goes_out_again() {
    let mut counter = Counter::open().await;
    counter.push("dpa", r#"[{"id":1,"nilai":5},{"id":2,"nilai":1},{"id":3,"nilai":1}]"#).await;
    counter.push("dpa", r#"[{"id":2,"nilai":7}]"#).await;
    counter.push("dpa/gone", r#"[{"id":3}]"#).await;

    let answer = counter.rig.command(Order::Reset { reason: "a page is missing".to_owned() }).await;
    counter.rig.idle().await;

    assert!(answer.done);
    let kept = counter.rig.hub.keep();
    let last = kept.pages.last().unwrap();
    let sent: Vec<_> = last.records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!((last.prev, last.kind, sent), (None, RunKind::Incremental, vec!["1", "2"]));
    assert_eq!(kept.body("dpa", "2").unwrap()["amount"], "7.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_file_costs_nothing_but_what_is_pushed_again() {
    let mut counter = Counter::open().await;
    counter.push("dpa", r#"[{"id":1,"nilai":5},{"id":2,"nilai":1}]"#).await;
    counter.rig.stop().await;
    std::fs::remove_file(counter.rig.state_file()).unwrap();
    counter.serve().await;

    let answer = counter.push("dpa", r#"[{"id":1,"nilai":5},{"id":3,"nilai":1}]"#).await;

    assert_eq!(results(&answer), ["published", "published"]);
    let kept = counter.rig.hub.keep();
    assert_eq!((kept.pages.last().unwrap().prev, kept.keys("dpa")), (None, vec!["1".into(), "2".into(), "3".into()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_new_definition_what_was_handed_over_is_mapped_again() {
    let mut counter = Counter::open().await;
    counter.rig.options.schedule = true;
    counter.push("dpa", r#"[{"id":1,"nilai":5},{"id":2}]"#).await;
    counter.rig.stop().await;
    let map = MAP.replace("amount: nilai", "amount: {from: nilai, default: \"8\"}");
    counter.rig.define_text(&format!("{SYSTEM}{SOURCE}streams:\n  dpa:\n{map}"));

    counter.serve().await;

    let hub = counter.rig.hub.clone();
    let mended = until("it is mended", move || hub.keep().body("dpa", "2")).await;
    assert_eq!(mended["amount"], "8.00");
    assert!(counter.rig.hub.keep().quarantine["dpa"].is_empty());
    assert_eq!(results(&counter.push("dpa", r#"{"id":1,"nilai":5}"#).await), ["unchanged"]);
}
