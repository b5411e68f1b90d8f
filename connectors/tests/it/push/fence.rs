//! What is not let in: strangers, bodies that are too large, too deep or no bodies at all.

use std::io::Write as _;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn only_a_token_of_the_system_opens_it_and_either_of_two_does() {
    let counter = Counter::open().await;
    let post = |path: &str| {
        let address = format!("http://{}/api/v1/ingest/{path}", counter.address);
        counter.client.post(address).header("content-type", "application/json").body(r#"{"id":1,"nilai":5}"#)
    };

    assert_eq!(tell(post("sipd/dpa").bearer_auth("another-token-of-the-counter")).await.0, 200);
    let mut answers = Vec::new();
    for (path, token) in [("sipd/dpa", "wrong"), ("sipd/none", "wrong"), ("none/dpa", TOKEN), ("sipd/dpa", "")] {
        let answer = post(path).bearer_auth(token).send().await.unwrap();
        answers.push((answer.status(), answer.headers()["www-authenticate"].clone(), answer.text().await.unwrap()));
    }
    answers.push({
        let answer = post("sipd/dpa").send().await.unwrap();
        (answer.status(), answer.headers()["www-authenticate"].clone(), answer.text().await.unwrap())
    });
    assert!(answers.iter().all(|answer| answer == &answers[0] && answer.0 == 401), "alike: {answers:?}");
    assert!(answers[0].2.contains("E0270"));
    assert_eq!(refused(404, post("sipd/none").bearer_auth(TOKEN)).await, "E0272", "whoever is in is told");
    assert_eq!(refused(401, post("sipd/dpa?region=33.03").bearer_auth(TOKEN)).await, "E0270");
    assert_eq!(tell(post("sipd/dpa?region=33.02").bearer_auth(TOKEN)).await.0, 200);
    assert_eq!(refused(400, post("sipd/dpa?komplit=true").bearer_auth(TOKEN)).await, "E0276");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_could_be_guessed_opens_nothing() {
    let mut counter = Counter::open().await;
    counter.rig.stop().await;
    counter.rig.set("OLD", "short");
    counter.serve().await;

    let address = format!("http://{}/api/v1/ingest/sipd/dpa", counter.address);
    let post = |token| counter.client.post(&address).header("content-type", "application/json").bearer_auth(token);

    assert_eq!(refused(401, post("short").body("[]")).await, "E0270");
    assert_eq!(tell(post("another-token-of-the-counter").body("[]")).await.0, 200, "the other one does");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_bounds_packed_or_not() {
    let counter = Counter::open().await;
    let large = format!(r#"[{{"id":1,"nilai":5,"uraian":"{}"}}]"#, "x".repeat(64 << 10));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..50 {
        packed.write_all(&[b' '; 1 << 20]).unwrap();
    }
    let bomb = packed.finish().unwrap();
    assert!(bomb.len() < 64 << 10, "it is small before it is unpacked");
    // Nobody says how long this one is.
    let parts = futures_util::stream::iter((0..80).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 10])));
    let stream = reqwest::Body::wrap_stream(parts);

    assert_eq!(refused(413, counter.post("dpa").body(large)).await, "E0277");
    assert_eq!(refused(413, counter.post("dpa").body(stream)).await, "E0277");
    assert_eq!(refused(413, counter.post("dpa").header("content-encoding", "gzip").body(bomb)).await, "E0277");
    let many = format!("[{}1]", "1,".repeat(10_000));
    assert_eq!(refused(413, counter.post("dpa").body(many)).await, "E0277");
    assert!(counter.rig.hub.keep().pages.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_at_all_is_refused_and_starts_no_run() {
    let counter = Counter::with("    read: {records: data}\n").await;
    for body in [&b"{"[..], b"7", b"", b"{\"rows\":[]}", b"[\"\xff\"]", b"{\"data\":7}"] {
        assert_eq!(refused(422, counter.post("dpa").body(body)).await, "E0278", "{}", String::from_utf8_lossy(body));
    }
    let unpackable = counter.post("dpa").header("content-encoding", "gzip").body("[]");
    assert_eq!(refused(422, unpackable).await, "E0278");
    assert_eq!(refused(415, counter.post("dpa").header("content-encoding", "br").body("[]")).await, "E0276");
    assert!(counter.rig.hub.keep().pages.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_records_go_to_quarantine_and_leave_the_others_alone() {
    let counter = Counter::open().await;
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!(
        r#"[{{"id":1,"nilai":5}},{{"id":2,"nilai":5,"x":{deep}}},{{"id":3,"nilai":5,"uraian":"\u0000"}},7,{deep}]"#
    );

    let answer = counter.push("dpa", body).await;

    let mut expected = vec!["published"];
    expected.extend(["quarantined"; 4]);
    assert_eq!(results(&answer), expected);
    let codes: Vec<_> = answer["records"].as_array().unwrap()[1..]
        .iter()
        .map(|record| record["errors"][0]["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["E0321", "E0321", "E0320", "E0320"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_regions_with_one_system_the_token_or_the_parameter_decides() {
    let mut counter = Counter::open().await;
    counter.rig.stop().await;
    let beside = format!("{SYSTEM}{SOURCE}streams:\n  dpa:\n{MAP}").replace("33.02", "33.03").replace("OLD", "OTHER");
    counter.rig.define_beside(&beside);
    counter.rig.set("OTHER", "the-token-of-the-other-region");
    counter.serve().await;
    let push = |query: &str, token: &str| {
        let address = format!("http://{}/api/v1/ingest/sipd/dpa{query}", counter.address);
        let request = counter.client.post(address).bearer_auth(token).header("content-type", "application/json");
        request.body(r#"{"id":1,"nilai":5}"#)
    };
    let regions = || -> Vec<String> { counter.rig.hub.keep().pages.iter().map(|page| page.region.clone()).collect() };

    assert_eq!(tell(push("", "the-token-of-the-other-region")).await.0, 200);
    assert_eq!(regions(), ["33.03"]);
    let both = "another-token-of-the-counter";
    assert_eq!(refused(400, push("", both)).await, "E0272");
    assert_eq!(tell(push("?region=33.02", both)).await.0, 200);
    assert_eq!(regions(), ["33.03", "33.02"]);
    assert_eq!(refused(401, push("?region=33.02", "the-token-of-the-other-region")).await, "E0270");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_as_much_waits_as_there_is_room_for_the_rest_has_to_come_again() {
    let counter = Counter::open().await;
    counter.rig.hub.allow(0);
    let answers = std::sync::Mutex::new(Vec::new());
    let push = async |number: usize| {
        let answer = tell(counter.post("dpa").body(format!("{{\"id\":{number},\"nilai\":5}}"))).await;
        answers.lock().unwrap().push(answer);
    };
    let freed = async {
        until("one is turned away", || answers.lock().unwrap().iter().any(|(status, _)| *status == 503).then_some(()))
            .await;
        counter.rig.hub.allow(usize::MAX);
    };

    tokio::join!(futures_util::future::join_all((0..200).map(push)), freed);

    let answers = answers.lock().unwrap();
    let away: Vec<_> = answers.iter().filter(|(status, _)| *status != 200).collect();
    assert!(away.iter().all(|(status, problem)| *status == 503 && problem["code"] == "E0274"), "{away:?}");
    assert!((1..100).contains(&away.len()), "{} were turned away", away.len());
    assert_eq!(counter.rig.hub.keep().keys("dpa").len(), 200 - away.len(), "and of these nothing was taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_sends_no_more_than_its_budget() {
    let mut counter = Counter::open().await;
    counter.rig.stop().await;
    let source = SOURCE.replace("max_body: 64KiB", "budget: {requests: 2, per: 1h}");
    counter.rig.define_text(&format!("{SYSTEM}{source}streams:\n  dpa:\n{MAP}"));
    counter.serve().await;

    counter.push("dpa", "[]").await;
    counter.push("dpa", "[]").await;
    let spent = counter.post("dpa").body("[]").send().await.unwrap();

    assert_eq!((spent.status(), spent.headers().contains_key("retry-after")), (StatusCode::TOO_MANY_REQUESTS, true));
}
