//! Every way of cutting a list, and that none of them goes on for ever.

use super::{page, rig};

const TOKENS: &str = "    read: {get: /dpa, records: data}
    page: {by: cursor, param: after, next: meta.next}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_comes_again_stops_the_run() {
    let (mut rig, server) = rig("", TOKENS).await;
    let next = |token: &str| format!(r#","meta":{{"next":"{token}"}}"#);
    server.say(200, page(1..3, &next("a"))).say(200, page(3..5, &next("b"))).say(200, page(5..7, &next("a")));
    let report = rig.try_run(false).await;
    assert!(report.failure.unwrap().starts_with("E0205"));
    assert_eq!(server.asked(), ["/api/dpa", "/api/dpa?after=a", "/api/dpa?after=b"]);
    server.say(200, page(1..3, &next("a"))).say(200, page(3..5, r#","meta":{"next":null}"#));
    assert_eq!(rig.run(false).await.counts.read, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_ever_new_stop_the_run_too() {
    let stream = TOKENS.replace("next: meta.next", "next: meta.next, max_pages: 3");
    let (mut rig, server) = rig("", &stream).await;
    for id in 1..=4 {
        server.say(200, page(id..id + 1, &format!(r#","meta":{{"next":"t{id}"}}"#)));
    }

    let failure = rig.try_run(false).await.failure.unwrap();

    assert!(failure.starts_with("E0205: the source has more than 3 pages"), "{failure}");
    assert_eq!(server.asked().len(), 3);

    let (mut rig, server) = super::rig("", TOKENS).await;
    for id in 1..=120 {
        server.say(200, page(1..1, &format!(r#","meta":{{"next":"t{id}"}}"#)));
    }
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.starts_with("E0205: 100 pages in a row have no record"), "{failure}");
    assert_eq!(server.asked().len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_heed_the_page_stops_the_run() {
    let (mut rig, server) = rig(
        "",
        "    read: {get: /dpa, records: data}\n    page: {by: offset, param: skip, size: {param: take, value: 2}}\n",
    )
    .await;
    server.say(200, page(1..3, "")).say(200, page(1..3, ""));
    let report = rig.try_run(false).await;
    assert!(report.failure.unwrap().contains("same page twice"));
    assert_eq!(
        server.asked(),
        [
            "/api/dpa?take=2&skip=0",
            "/api/dpa?take=2&skip=2",
            // It was asked for while the second page was looked at.
            "/api/dpa?take=2&skip=4"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uneven_page_does_not_end_a_read() {
    let (mut rig, server) = rig(
        "",
        "    read: {get: /dpa, records: data}\n    page: {by: page, param: page, size: {param: limit, value: 3}}\n",
    )
    .await;
    server.say(200, page(1..4, "")).say(200, page(4..6, "")).say(200, page(6..9, "")).say(200, page(9..9, ""));

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.proof.map(|proof| proof.count)), (8, Some(8)));
    assert_eq!(server.asked().len(), 4, "an empty page is the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_stand_in_a_header() {
    let (mut rig, server) =
        rig("", "    read: {get: /dpa, records: data}\n    page: {by: cursor, param: after, next: {header: x-next}}\n")
            .await;
    server.say_with(200, &[("x-next", "b")], page(1..3, "")).say(200, page(3..5, ""));

    assert_eq!(rig.run(false).await.counts.read, 4);
    assert_eq!(server.asked(), ["/api/dpa", "/api/dpa?after=b"]);
    server.say_with(200, &[("x-next", "b")], page(1..3, "")).say_with(200, &[("x-next", "b")], page(3..5, ""));
    assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0205"), "it comes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_followed_within_the_source_and_never_twice() {
    let (mut rig, server) = rig(
        "  auth: {api_key: {query: kunci, value: {env: TOKEN}}}",
        "    read: {get: /dpa, records: data, query: {tahun: \"2026\"}}\n    page: {by: link, size: {param: limit, value: 2}}\n",
    )
    .await;
    let next = |to: &str| [("link", format!("<{to}>; rel=\"next\", </api>; rel=\"first\""))];
    let link = |to: &str| next(to).map(|(name, value)| (name, value));
    for (to, ids) in [("/api/dpa?hal=2", 1..3), ("?hal=3&kunci=rahasia", 3..5)] {
        server.say_with(200, &link(to).each_ref().map(|(name, value)| (*name, value.as_str())), page(ids, ""));
    }
    server.say(200, page(5..6, ""));

    assert_eq!(rig.run(false).await.counts.read, 5);
    assert_eq!(
        server.asked(),
        ["/api/dpa?tahun=2026&limit=2&kunci=rahasia", "/api/dpa?hal=2&kunci=rahasia", "/api/dpa?hal=3&kunci=rahasia"]
    );
    assert!(
        rig.hub.keep().pages.iter().flat_map(|page| &page.records).all(|record| !record.pointer.contains("rahasia"))
    );

    let same = link("?hal=2");
    let same = same.each_ref().map(|(name, value)| (*name, value.as_str()));
    server.say_with(200, &same, page(1..3, "")).say_with(200, &same, page(3..5, ""));
    assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0205"), "the same link again");
    server.asked();
    for elsewhere in ["http://127.0.0.2:1/x", "https://contoh.go.id/x"] {
        let to = link(elsewhere);
        server.say_with(200, &to.each_ref().map(|(name, value)| (*name, value.as_str())), page(1..3, ""));
        let failure = rig.try_run(false).await.failure.unwrap();
        assert!(failure.starts_with("E0222") && !failure.contains("rahasia"), "{failure}");
    }
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_may_stand_in_the_body() {
    let (mut rig, server) =
        rig("", "    read: {get: /dpa, records: data}\n    page: {by: link, next: links.next}\n").await;
    server
        .say(200, page(1..3, r#","links":{"next":"/api/dpa?p=2"}"#))
        .say(200, page(3..4, r#","links":{"next":null}"#));

    assert_eq!(rig.run(false).await.counts.read, 3);
    assert_eq!(server.asked(), ["/api/dpa", "/api/dpa?p=2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_be_asked_for_in_the_body_or_a_header() {
    let (mut rig, server) = rig(
        "  headers: {X-Api-Key: {env: TOKEN}}",
        "    read: {post: /dpa, records: data, headers: {X-Page: \"hal-{{page}}\"}, json: {tahun: 2026, hal: \"{{page}}\", saring: {per: \"{{size}}\", teks: \"p{{page}}\", kunci: {env: TOKEN}, apa: [true, null, \"\"]}, sejak: \"{{cursor}}\"}}
    page: {by: page, from: 0, size: {value: 3}}
    cursor: {field: id}
    full_read: {every: 1d}\n",
    )
    .await;
    server.say(200, page(1..4, "")).say(200, page(4..4, ""));
    let body = |page: u32, since: &str| {
        format!(
            r#"POST /api/dpa rahasia hal-{page} {{"tahun":2026,"hal":{page},"saring":{{"per":3,"teks":"p{page}","kunci":"rahasia","apa":[true,null,""]}}{since}}}"#
        )
    };

    rig.run(false).await;

    assert_eq!(server.asked(), [body(0, ""), body(1, "")], "what has no value is left out");
    let pointer = rig.hub.keep().pages[0].records[0].pointer.clone();
    assert!(pointer.ends_with("/api/dpa page=0#/data/0"), "{pointer}");
    server.say(200, page(4..4, ""));
    rig.run(false).await;
    assert_eq!(server.asked(), [body(0, r#","sejak":"3""#)]);
    for _ in 0..3 {
        server.say(200, page(1..4, ""));
    }
    assert!(rig.try_run(true).await.failure.unwrap().contains("same page twice"), "a body that nobody heeds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_may_end_with_an_answer_that_a_rule_takes_for_empty() {
    let (mut rig, server) = rig(
        "  errors: [{status: 404, do: empty}]",
        "    read: {get: /dpa, records: data}\n    page: {by: page, param: page}\n",
    )
    .await;
    server.say(200, page(1..4, "")).say(404, "habis");

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.proof.map(|proof| proof.count)), (3, Some(3)));
}

const TOTAL: &str = "    read: {get: /dpa, records: data}
    page: {by: page, param: page, size: {param: limit, value: 3}, total: {path: total}}\n";

/// A page that tells of so many records in all.
fn told(ids: std::ops::Range<u32>, total: u32) -> String {
    page(ids, &format!(r#","total":{total}"#))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_that_the_pages_do_not_bear_out_ends_the_run() {
    let (mut rig, server) = rig("", TOTAL).await;
    let pages = [1..4, 4..7, 7..10];
    for (totals, asked) in [([3, 3, 3], 2), ([2, 2, 2], 1), ([0, 0, 0], 1), ([9, 5, 9], 2), ([9, 6, 6], 3)] {
        for _ in 0..2 {
            for (ids, total) in pages.iter().zip(totals) {
                server.say(200, told(ids.clone(), total));
            }
            let report = rig.try_run(true).await;

            let failure = report.failure.unwrap_or_default();
            assert!(failure.starts_with("E0206") && failure.contains("in all, but"), "{totals:?}: {failure}");
            assert_eq!((report.counts.gone, report.proof), (0, None), "{totals:?}");
            // The last page is asked for only where the total was not passed before.
            server.forget();
            assert_eq!(server.asked().len(), asked, "{totals:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_is_reached_when_nothing_stands_behind_the_last_page() {
    let (mut rig, server) = rig("", TOTAL).await;
    server.say(200, told(1..4, 6)).say(200, told(4..7, 6)).say(200, told(7..7, 6));
    assert_eq!(rig.run(true).await.proof.map(|proof| proof.count), Some(6));
    assert_eq!(server.asked().len(), 3, "the last page is full, and only the next one shows that it is the last");

    server.say(200, told(1..4, 5)).say(200, told(4..6, 5));
    assert_eq!(rig.run(true).await.counts.unchanged, 5);
    assert_eq!(server.asked().len(), 2, "behind a page that is not full there is none");

    // As servers answer that take every number beyond the last page for the last page.
    server.say(200, told(1..4, 6)).say(200, told(4..7, 6)).say(200, told(4..7, 6));
    assert_eq!(rig.run(true).await.counts.unchanged, 6);
    assert_eq!(server.asked().len(), 3);

    server.say(200, told(1..4, 6)).say(200, told(4..7, 7)).say(200, told(7..8, 7));
    assert_eq!(rig.run(true).await.proof.map(|proof| proof.count), Some(7), "one was added meanwhile");
}
