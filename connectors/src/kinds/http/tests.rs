//! Bodies and pages, without a network; `tests/http.rs` has the rest.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use super::body::read;
use super::paging::Pager;
use super::{address, retry_after};
use crate::definition::model::{PageSize, Paging, Total};
use crate::json::Path;
use crate::kind::{Cursor, PullError};
use crate::raw::Raw;

fn texts(records: &[Raw]) -> Vec<String> {
    records.iter().map(Raw::to_text).collect()
}

#[test]
fn records_are_the_bytes_that_came() {
    let body = "\u{feff}{\"meta\":{\"total\":2},\"data\":{\"rows\":[ {\"id\":9007199254740993,\"n\":1250000000.50} ,{\"id\": 2}]}}";
    let found = read(body.as_bytes(), &Path::new("data.rows"), &Pager::new(None), "u").unwrap();
    assert_eq!(texts(&found.records), [r#"{"id":9007199254740993,"n":1250000000.50}"#, r#"{"id": 2}"#]);
    let found = read(b"[[1],2]", &Path::new("0"), &Pager::new(None), "u").unwrap();
    assert_eq!(texts(&found.records), ["1"]);
}

#[test]
fn what_is_no_list_is_never_an_empty_page() {
    for (body, records) in [
        (r#"{"data":null}"#, "data"),
        (r#"{"data":{"a":1}}"#, "data"),
        (r#"{"error":"maintenance"}"#, "data"),
        ("Too Many Requests", ""),
        ("", ""),
        ("{}", ""),
        (r#"{"data":[1,2]"#, "data"),
        (r#"{"data":[]} x"#, "data"),
    ] {
        let error = read(body.as_bytes(), &Path::new(records), &Pager::new(None), "u").unwrap_err();
        assert!(matches!(error, PullError::Malformed { .. }), "{body}");
    }
    let error = read(br#"{"rows":[],"n":1}"#, &Path::new("data"), &Pager::new(None), "u").unwrap_err();
    assert!(error.to_string().contains("`rows`, `n`"), "{error}");
}

/// Pages of these lengths through a pager: the parameters of each request, and whether it asked for more.
fn walk(paging: Paging, lengths: &[usize], rest: &str) -> (Vec<String>, bool) {
    let mut pager = Pager::new(Some(paging));
    let (mut at, mut asked, mut more) = (None, Vec::new(), true);
    for length in lengths {
        assert!(more, "asked for less than was given");
        let query: Vec<String> =
            pager.query(at.as_deref()).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = query.join("&");
        let body = format!(r#"{{"data":[{}]{rest}}}"#, vec!["{}"; *length].join(","));
        let found = read(body.as_bytes(), &Path::new("data"), &pager, "u").unwrap();
        let page = pager.page(at.as_deref(), "http://a/b", &HeaderMap::new(), found, &Path::new("data")).unwrap();
        asked.push(query);
        more = page.more;
        at = if let Cursor::At(next) = page.next { Some(next) } else { None };
    }
    (asked, more)
}

fn size(value: u32) -> PageSize {
    PageSize { param: "limit".to_owned(), value }
}

#[test]
fn a_list_without_a_total_ends_at_an_empty_page_and_at_no_shorter_one() {
    let paging = || Paging::Page { param: "page".to_owned(), from: 1, size: Some(size(500)), total: None };
    let asked = (1..=4).map(|page| format!("limit=500&page={page}")).collect();

    assert_eq!(walk(paging(), &[500, 499, 500, 0], ""), (asked, false), "a server may filter within a page");

    assert!(walk(paging(), &[100], "").1, "the server may give fewer than were asked for");
    assert!(!walk(paging(), &[0], "").1);
    let offset = Paging::Offset { param: "skip".to_owned(), size: size(2), total: None };
    let asked = ["limit=2&skip=0", "limit=2&skip=2", "limit=2&skip=3"].map(str::to_owned).into();
    assert_eq!(walk(offset, &[2, 1, 2], ""), (asked, true));
}

#[test]
fn a_total_says_when_it_is_over() {
    let paging =
        || Paging::Offset { param: "skip".to_owned(), size: size(2), total: Some(Total::Path(Path::new("total"))) };
    assert_eq!(
        walk(paging(), &[2, 2, 1], r#","total":5"#),
        (vec!["limit=2&skip=0".into(), "limit=2&skip=2".into(), "limit=2&skip=4".into()], false)
    );
    assert!(
        !walk(paging(), &[2, 0], r#","total":5"#).1,
        "an empty page ends it too; the runner sees that some are missing"
    );
}

#[test]
fn tokens_lead_on_until_there_is_none() {
    let paging = |more: Option<&str>| Paging::Cursor {
        param: "cursor".to_owned(),
        next: Path::new("meta.next"),
        more: more.map(Path::new),
        size: None,
        total: None,
    };
    assert_eq!(
        walk(paging(None), &[1, 1], r#","meta":{"next":"abc"}"#),
        (vec![String::new(), "cursor=abc".into()], true)
    );
    assert!(!walk(paging(None), &[1], r#","meta":{"next":null}"#).1);
    assert!(!walk(paging(Some("meta.more")), &[1], r#","meta":{"next":"abc","more":false}"#).1);
    let mut pager = Pager::new(Some(paging(Some("meta.more"))));
    let found = read(br#"{"data":[],"meta":{"more":true}}"#, &Path::new("data"), &pager, "u").unwrap();
    assert!(pager.page(None, "u", &HeaderMap::new(), found, &Path::new("data")).is_err(), "more without a token");
}

#[test]
fn addresses_are_joined_with_one_slash() {
    for (base, get) in [("http://a/v1/", "/dpa"), ("http://a/v1", "dpa"), ("http://a/v1/dpa", "")] {
        assert_eq!(address(base, get).unwrap().as_str(), "http://a/v1/dpa");
    }
    assert!(address("file:///etc/passwd", "").is_err());
    assert!(address("nothing", "x").is_err());
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let mut headers = HeaderMap::new();
    assert_eq!(retry_after(&headers), None);
    headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
    assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
    headers.insert("date", HeaderValue::from_static("Sat, 21 Nov 2026 08:00:00 GMT"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("Sat, 21 Nov 2026 08:00:30 GMT"));
    assert_eq!(retry_after(&headers), Some(Duration::from_secs(30)));
}
