//! The hub finds out for itself.

use super::*;
use muara_schemas::Moment;
use muara_schemas::page::{RunId, RunKind};
use serde_json::json;

fn page(body: &Value) -> Page {
    let bytes = canonical::to_bytes(body);
    let record = Record {
        key: "1".into(),
        pointer: "t?1".into(),
        hash: ContentHash::of(&bytes),
        body: serde_json::from_slice(&bytes).unwrap(),
        mends: None,
    };
    Page {
        region: "33.02".into(),
        system: "sipd".into(),
        stream: "dpa".into(),
        record_type: "budget-line".into(),
        definition: "0".into(),
        run: RunId::new([1; 16]),
        prev: None,
        kind: RunKind::Full,
        page: 1,
        records: vec![record],
        quarantined: vec![],
        gone: vec![],
        held: vec![],
        have: vec![],
        refused: vec![],
        end: None,
    }
}

fn budget_line() -> Value {
    let mut body = Catalog::embedded().get("budget-line").unwrap().schema()["examples"][0].clone();
    body["region"] = "33.02".into();
    body
}

fn taken(page: Page) -> Checked {
    let bytes = Message::Page(Box::new(page)).encode("id", Moment::default());
    match check(&bytes, &Secret::new([0; 32]), Catalog::embedded()).unwrap() {
        Arrived::Page(checked) => *checked,
        Arrived::Word(word) => panic!("not a page: {word:?}"),
    }
}

#[test]
fn a_valid_record_passes_with_its_head_and_business_key() {
    let checked = taken(page(&budget_line()));
    assert_eq!((checked.records.len(), checked.page.quarantined.len()), (1, 0));
    assert_eq!(checked.records[0].head.fiscal_year.map(i64::from), budget_line()["fiscal_year"].as_i64());
    assert!(checked.records[0].business.as_ref().is_some_and(|key| key.contains('/')));
}

#[test]
fn what_the_sender_took_for_valid_is_quarantined_with_its_money() {
    let mut body = budget_line();
    body["stage"] = "nonsense".into();
    let checked = taken(page(&body));
    let refused = &checked.page.quarantined[0];
    assert_eq!(refused.errors[0].target, "/stage");
    assert_eq!(refused.about.amount.map(|amount| amount.to_string()).as_deref(), body["amount"].as_str());
}

#[test]
fn a_hash_that_is_not_the_bodys_own_is_noticed() {
    let mut lie = page(&budget_line());
    lie.records[0].hash = ContentHash::of(b"other");
    assert_eq!(taken(lie).page.quarantined[0].errors[0].code, "E0501");

    let mut spaced = page(&budget_line());
    spaced.records[0].body =
        serde_json::from_str(&format!(" {}", serde_json::to_string_pretty(&budget_line()).unwrap())).unwrap();
    assert_eq!(taken(spaced).page.quarantined[0].errors[0].code, "E0501");
}

#[test]
fn another_region_and_nul_are_refused() {
    let mut elsewhere = budget_line();
    elsewhere["region"] = "32.11".into();
    assert_eq!(taken(page(&elsewhere)).page.quarantined[0].errors[0].code, "E0505");

    let mut nul = budget_line();
    nul["description"] = "a\0b".into();
    assert_eq!(taken(page(&nul)).page.quarantined[0].errors[0].code, "E0504");
}

#[test]
fn messages_that_are_none_are_poison() {
    let poison = |bytes: &[u8]| check(bytes, &Secret::new([0; 32]), Catalog::embedded()).is_err();
    assert!(poison(b""));
    assert!(poison(b"{}"));
    assert!(poison(&[b'['; 100_000]));
    let mut unknown = page(&budget_line());
    unknown.record_type = "wish".into();
    assert!(poison(&Message::Page(Box::new(unknown)).encode("id", Moment::default())));
    let mut flood = page(&budget_line());
    flood.gone = vec!["k".into(); 501];
    assert!(poison(&Message::Page(Box::new(flood)).encode("id", Moment::default())));
    let mut open: Value =
        serde_json::from_slice(&Message::Page(Box::new(page(&budget_line()))).encode("id", Moment::default())).unwrap();
    open["data"]["surprise"] = json!(1);
    assert!(poison(open.to_string().as_bytes()), "the page is a closed schema");
}
