//! Bodies and pages, without a network; `tests/` of the crate has the rest.

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use url::Url;

use super::address;
use super::body::{Found, Reading};
use super::client::Answer;
use super::paging::Pager;
use super::verdict::{Verdict, judge};
use crate::definition::model::{Action, AnswerRule, Beside, Format, HttpRead, PageSize, Paging};
use crate::json::Path;
use crate::kind::{Cursor, PullError};
use crate::raw::Raw;

fn texts(found: &Found) -> Vec<String> {
    found.records.iter().map(Raw::to_text).collect()
}

fn answer(body: impl Into<Vec<u8>>, media: &'static str) -> Answer {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(media))].into_iter().collect();
    let url = Url::parse("http://a/b").unwrap();
    Answer { status: 200, headers, body: body.into(), url, shown: "u".to_owned() }
}

fn reading(format: Format, records: &str, columns: &[&str]) -> Reading {
    let read = HttpRead {
        path: String::new(),
        is_post: false,
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        format,
        records: Path::new(records),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        delimiter: None,
        names: Vec::new(),
    };
    Reading::new(&read, Vec::new())
}

fn read(format: Format, records: &str, body: impl Into<Vec<u8>>, media: &'static str) -> Result<Found, PullError> {
    reading(format, records, &[]).read(&answer(body, media), &Pager::new(None))
}

#[test]
fn records_are_the_bytes_that_came() {
    let body = "\u{feff}{\"meta\":{\"total\":2},\"data\":{\"rows\":[ {\"id\":9007199254740993,\"n\":1250000000.50} ,{\"id\": 2}]}}";
    let found = read(Format::Json, "data.rows", body, "application/json").unwrap();
    assert_eq!(texts(&found), [r#"{"id":9007199254740993,"n":1250000000.50}"#, r#"{"id": 2}"#]);
    assert_eq!(texts(&read(Format::Json, "0", "[[1],2]", "").unwrap()), ["1"]);
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
        let error = read(Format::Json, records, body, "").unwrap_err();
        assert!(matches!(error, PullError::Malformed { .. }), "{body}");
    }
    let error = read(Format::Json, "data", r#"{"rows":[],"n":1}"#, "").unwrap_err();
    assert!(error.to_string().contains("`rows`, `n`"), "{error}");
}

#[test]
fn cells_get_the_names_of_columns() {
    let body = r#"{"draw":"1","data":[["10","Jalan <b>A</b>",9007199254740993,null],["11","B",1250000000.50]]}"#;
    let named = |columns: &[&str]| reading(Format::Json, "data", columns).read(&answer(body, ""), &Pager::new(None));
    assert_eq!(
        texts(&named(&["kode", "nama", "nilai"]).unwrap()),
        [
            r#"{"kode":"10","nama":"Jalan <b>A</b>","nilai":9007199254740993}"#,
            r#"{"kode":"11","nama":"B","nilai":1250000000.50}"#
        ]
    );
    let few = named(&["kode", "nama", "nilai", "lain"]).unwrap_err().to_string();
    assert!(few.contains("record 1 3 cells, but `columns` names 4"), "{few}");
    let error = reading(Format::Json, "", &["a"]).read(&answer(r#"[{"a":1}]"#, ""), &Pager::new(None)).unwrap_err();
    assert!(error.to_string().contains("no list of cells"), "{error}");
}

#[test]
fn lines_of_json_and_of_csv_are_records() {
    let found = read(Format::Jsonl, "", "{\"id\":1}\n\n {\"id\":2.50}\r\n", "").unwrap();
    assert_eq!(texts(&found), [r#"{"id":1}"#, r#"{"id":2.50}"#]);
    let cut = read(Format::Jsonl, "", "{\"id\":1}\n{\"id\":", "").unwrap_err().to_string();
    assert!(cut.contains("line 2"), "{cut}");
    let found = read(Format::Csv, "", "\u{feff}id,uraian\n1,\"a,\"\"b\"\"\"\n2,\n3,x,y\n", "text/csv").unwrap();
    assert_eq!(texts(&found)[..2], [r#"{"id":"1","uraian":"a,\"b\""}"#, r#"{"id":"2","uraian":""}"#]);
    assert_eq!(found.records[2].faults().count(), 1, "a shifted row is no good one");
    let found = read(Format::Csv, "", "id,uraian\n5\" pipa,\"a\nb\"\n2,\"3\"0\n\"4\"1,x\n", "text/csv").unwrap();
    let faults = found.records.iter().map(|raw| raw.faults().map(|(column, _)| column).collect::<Vec<_>>());
    assert_eq!(faults.collect::<Vec<_>>(), [vec![], vec!["uraian", ""], vec!["id", "uraian", ""]]);
    assert!(texts(&read(Format::Csv, "", "id,uraian\n", "text/csv").unwrap()).is_empty(), "a header alone is a list");
    for bad in ["", "id,id\n1,2\n", "id,n\n1,\"a\n2,b\n", "id,n\n1,\"a\n2,\"b\"\n", "id,n\n2,\"20", "\"id\"x,n\n1,2\n"]
    {
        assert_eq!(read(Format::Csv, "", bad, "text/csv").unwrap_err().code(), "E0203", "{bad}");
    }
}

#[test]
fn a_charset_is_heeded() {
    let narrow = b"id,uraian\n1,R\xe9alisasi \x80\n";
    let found = read(Format::Csv, "", narrow, "text/csv; charset=windows-1252").unwrap();
    assert_eq!(texts(&found), [r#"{"id":"1","uraian":"Réalisasi €"}"#]);
    let wide: Vec<u8> = "\u{feff}[{\"a\":\"é\"}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(texts(&read(Format::Json, "", wide, "application/json").unwrap()), [r#"{"a":"é"}"#]);
    for (body, media) in [(&b"[\"\xe9\"]"[..], "application/json"), (b"[]", "application/json; charset=klingon")] {
        assert_eq!(read(Format::Json, "", body, media).unwrap_err().code(), "E0203");
    }
}

#[test]
fn elements_of_an_envelope_are_records() {
    let soap = |inside: &str| format!("<s:Envelope xmlns:s=\"x\"><s:Body>{inside}</s:Body></s:Envelope>");
    let path = "Envelope.Body.getDataResponse.return.item";
    let xml = |body: String| read(Format::Xml, path, body, "text/xml; charset=utf-8");
    let two = soap(
        "<r:getDataResponse xmlns:r=\"y\"><return><item><kode>1</kode><nilai>1250000000.50</nilai></item><item><kode>2</kode></item></return></r:getDataResponse>",
    );
    assert_eq!(texts(&xml(two).unwrap()), [r#"{"kode":"1","nilai":"1250000000.50"}"#, r#"{"kode":"2"}"#]);
    assert!(xml(soap("<getDataResponse><return/></getDataResponse>")).unwrap().records.is_empty());
    for (path, body, is_list) in [
        ("item", "<code>401</code>", false),
        ("item", "<item><kode>1</kode></item>", true),
        ("data.item", "<code>401</code>", false),
        ("data.list.item", "<data><code>401</code></data>", false),
        ("data.list.item", "<data><list/></data>", true),
        ("data.list.@id", "<data><code>401</code></data>", true),
        ("data.list.@id", "<code>401</code>", false),
        ("", "<code>401</code>", true),
    ] {
        assert_eq!(read(Format::Xml, path, body, "text/xml").is_ok(), is_list, "{path} {body}");
    }
    let missing = xml(soap("<getDataRespons/>")).unwrap_err();
    assert!(missing.to_string().contains("no element `Envelope.Body.getDataResponse`"), "{missing}");
    for fault in [
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>kunci salah</faultstring></s:Fault>",
        "<s:Fault><s:Code><s:Value>s:Client</s:Value></s:Code><s:Reason><s:Text xml:lang=\"id\">kunci salah</s:Text></s:Reason></s:Fault>",
    ] {
        let error = xml(soap(fault)).unwrap_err();
        assert_eq!(error.code(), "E0220");
        assert!(error.to_string().ends_with(": s:Client: kunci salah"), "{error}");
    }
    let bomb = format!("<!DOCTYPE a [<!ENTITY b \"x\">]>{}", soap("&b;"));
    assert_eq!(xml(bomb).unwrap_err().code(), "E0203");
}

fn rule(action: Action) -> AnswerRule {
    AnswerRule { status: Vec::new(), body: None, path: None, is: Vec::new(), action, message: None }
}

#[test]
fn rules_decide_before_anything_else() {
    let rules = [
        AnswerRule { status: vec![(404, 404)], ..rule(Action::Empty) },
        AnswerRule { status: vec![(400, 499)], body: Some("habis".into()), ..rule(Action::Retry) },
        AnswerRule {
            path: Some(Path::new("success")),
            is: vec!["false".into()],
            message: Some(Path::new("error.message")),
            ..rule(Action::Fail)
        },
        AnswerRule { path: Some(Path::new("error")), ..rule(Action::Denied) },
        AnswerRule { body: Some("Silakan masuk".into()), ..rule(Action::Login) },
    ];
    let told = |status: u16, body: &str| {
        let came = Answer { status, ..answer(body, "") };
        match judge(&came, &rules, Format::Json) {
            Verdict::Page => "page".to_owned(),
            Verdict::Empty => "empty".to_owned(),
            Verdict::LoggedOut(_) => "login".to_owned(),
            Verdict::Error(error) => error.code().to_owned(),
        }
    };
    assert_eq!(told(404, "gone"), "empty");
    assert_eq!(told(418, "kuota habis"), "E0202");
    assert_eq!(told(418, "lain"), "E0204");
    assert_eq!(told(200, r#"{"success":false,"error":{"message":"x"}}"#), "E0220");
    assert_eq!(told(200, r#"{"success":true,"error":"y"}"#), "E0201");
    assert_eq!(told(200, r#"{"success":true,"error":null}"#), "page");
    assert_eq!(told(200, r#"{"success":true,"error":false}"#), "page");
    assert_eq!(told(200, "<html>Silakan masuk</html>"), "login");
    assert_eq!(told(200, &format!("<html>{}Silakan masuk</html>", " ".repeat(5_000))), "login");
    let data = format!("[\"Silakan masuk {}\"]", "x".repeat(2_000));
    assert_eq!(told(200, &data), "page", "a page of data may hold any word");
    assert_eq!(told(401, ""), "login");
    assert_eq!(told(403, ""), "E0201");
    assert_eq!(told(200, ""), "E0203");
    assert_eq!(told(200, "<error/>"), "E0203");
    let failed = Answer { status: 200, ..answer(r#"{"success":false,"error":{"message":"tahun salah"}}"#, "") };
    let Verdict::Error(error) = judge(&failed, &rules, Format::Json) else { panic!("an error") };
    assert!(error.to_string().ends_with("failure: tahun salah"), "{error}");
}

/// Pages of these lengths through a pager: the parameters of each request, and whether it asked for more.
fn walk(paging: Paging, lengths: &[usize], rest: &str) -> (Vec<String>, bool) {
    let mut pager = Pager::new(Some(paging));
    let (mut at, mut asked, mut more) = (None, Vec::new(), true);
    for length in lengths {
        assert!(more, "asked for less than was given");
        let query: Vec<String> =
            pager.query(at.as_deref()).into_iter().map(|(name, value)| format!("{name}={}", value.text)).collect();
        let query = query.join("&");
        let body = format!(r#"{{"data":[{}]{rest}}}"#, vec!["{}"; *length].join(","));
        let came = answer(body, "");
        let found = reading(Format::Json, "data", &[]).read(&came, &pager).unwrap();
        let page = pager.page(at.as_deref(), &came, found, (&came.url, &Path::new("data"))).unwrap();
        asked.push(query);
        more = page.more;
        at = if let Cursor::At(next) = page.next { Some(next) } else { None };
    }
    (asked, more)
}

fn size(value: u32) -> PageSize {
    PageSize { param: Some("limit".to_owned()), value }
}

#[test]
fn a_list_without_a_total_ends_at_an_empty_page_and_at_no_shorter_one() {
    let paging = || Paging::Page { param: Some("page".to_owned()), from: 1, size: Some(size(500)), total: None };
    let asked = (1..=4).map(|page| format!("limit=500&page={page}")).collect();

    assert_eq!(walk(paging(), &[500, 499, 500, 0], ""), (asked, false), "a server may filter within a page");

    assert!(walk(paging(), &[100], "").1, "the server may give fewer than were asked for");
    assert!(!walk(paging(), &[0], "").1);
    let offset = Paging::Offset { param: Some("skip".to_owned()), size: size(2), total: None };
    let asked = ["limit=2&skip=0", "limit=2&skip=2", "limit=2&skip=3"].map(str::to_owned).into();
    assert_eq!(walk(offset, &[2, 1, 2], ""), (asked, true));
}

#[test]
fn a_total_says_when_it_is_over() {
    let paging = || Paging::Offset {
        param: Some("skip".to_owned()),
        size: size(2),
        total: Some(Beside::Path(Path::new("total"))),
    };
    assert_eq!(
        walk(paging(), &[2, 2, 1], r#","total":5"#),
        (vec!["limit=2&skip=0".into(), "limit=2&skip=2".into(), "limit=2&skip=4".into()], false)
    );
    assert!(
        !walk(paging(), &[2, 0], r#","total":5"#).1,
        "an empty page ends it too; the runner sees that some are missing"
    );
    assert!(walk(paging(), &[2, 2], r#","total":4"#).1, "a full page may be one of many more");
    assert!(!walk(paging(), &[2, 2, 0], r#","total":4"#).1);
    assert!(!walk(paging(), &[1], r#","total":1"#).1, "behind a page that is not full nothing comes");
    let unsized_paging =
        || Paging::Page { param: None, from: 1, size: None, total: Some(Beside::Path(Path::new("total"))) };
    assert!(walk(unsized_paging(), &[3], r#","total":3"#).1, "how many a page may hold is not known");
    assert!(!walk(unsized_paging(), &[3, 1], r#","total":4"#).1);
    let capped = Paging::Offset { param: None, size: size(500), total: Some(Beside::Path(Path::new("total"))) };
    assert!(walk(capped, &[100, 100], r#","total":200"#).1, "the server gives fewer than it is asked for");
}

#[test]
fn tokens_lead_on_until_there_is_none() {
    let paging = |more: Option<&str>| Paging::Cursor {
        param: Some("cursor".to_owned()),
        next: Beside::Path(Path::new("meta.next")),
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
    let came = answer(r#"{"data":[],"meta":{"more":true}}"#, "");
    let found = reading(Format::Json, "data", &[]).read(&came, &pager).unwrap();
    assert!(pager.page(None, &came, found, (&came.url, &Path::new("data"))).is_err(), "more without a token");
}

#[test]
fn addresses_are_joined_with_one_slash() {
    for (base, get) in [("http://a/v1/", "/dpa"), ("http://a/v1", "dpa"), ("http://a/v1/dpa", "")] {
        assert_eq!(address(base, get).unwrap().as_str(), "http://a/v1/dpa");
    }
    assert!(address("file:///etc/passwd", "").is_err());
    assert!(address("nothing", "x").is_err());
}
