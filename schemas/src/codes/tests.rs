//! The lists, and what a list promises.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::Catalog;

#[test]
fn the_shipped_lists_parse_and_hold_what_the_state_has() {
    let regions = list("regions").unwrap();
    let day = "2026-06-01";
    let count = |length: usize| {
        regions
            .codes()
            .filter(|(code, e)| code.len() == length && regions.on(code, day) == Some(e) && *code != "00")
            .count()
    };
    assert_eq!((count(2), count(5)), (38, 514));
    assert_eq!(regions.on("33.02", day).map(|e| e.name.to_uppercase().contains("BANYUMAS")), Some(true));
    for name in ["accounts", "funds", "methods", "stages", "sub-activities"] {
        assert!(list(name).is_some_and(|list| list.codes().count() > 2), "{name}");
    }
}

#[test]
fn a_code_is_valid_only_in_its_time() {
    let list = CodeList::parse(
        "code,name,valid_from,valid_to\n1,\"Old, \"\"quoted\"\"\",2020-01-01,2023-12-31\n1,New,2024-01-01,\n",
    )
    .unwrap();
    assert_eq!(list.on("1", "2023-12-31").map(|e| e.name.as_str()), Some("Old, \"quoted\""));
    assert_eq!(list.on("1", "2024-01-01").map(|e| e.name.as_str()), Some("New"));
    assert_eq!(list.on("1", "2019-12-31"), None);
}

/// Whether a span lies within another.
fn within(inner: &Entry, outer: &Entry) -> bool {
    let ends = |entry: &Entry| if entry.valid_to.is_empty() { "9999-12-31".to_owned() } else { entry.valid_to.clone() };
    outer.valid_from <= inner.valid_from && ends(inner) <= ends(outer)
}

#[test]
fn every_code_has_its_parent_for_as_long_as_it_is_valid() {
    for name in ["accounts", "funds", "regions", "sub-activities"] {
        let list = list(name).unwrap();
        for (code, entry) in list.codes() {
            let Some(parent) = entry.more.get("parent").filter(|parent| !parent.is_empty()) else { continue };
            let parents = list.entries.get(parent).unwrap_or_else(|| panic!("{name}: {code} has no parent {parent}"));
            assert!(parents.iter().any(|span| within(entry, span)), "{name}: {code} is valid when {parent} is not");
        }
    }
}

#[test]
fn no_code_means_two_things_on_one_day() {
    for name in names() {
        for (code, spans) in &list(name).unwrap().entries {
            let mut spans: Vec<_> = spans.iter().collect();
            spans.sort_by(|a, b| a.valid_from.cmp(&b.valid_from));
            for pair in spans.windows(2) {
                assert!(!pair[0].valid_to.is_empty() && pair[0].valid_to < pair[1].valid_from, "{name}: {code}");
            }
        }
    }
}

#[test]
fn codes_in_the_schemas_examples_are_in_the_lists() {
    // RUP has funds of its own, and ministries have programs that are no region's.
    const LISTED: [(&str, &[&str]); 4] = [
        ("region", &["regions"]),
        ("sub_activity", &["sub-activities"]),
        ("account", &["accounts"]),
        ("fund", &["funds", "rup-funds"]),
    ];
    const OF_MINISTRIES: &str = "WA";
    let is_known = |lists: &[&str], code: &str| {
        code == OF_MINISTRIES
            || lists.iter().any(|name| list(name).is_some_and(|list| list.on(code, "2026-06-01").is_some()))
    };
    fn look(value: &Value, is_known: &dyn Fn(&[&str], &str) -> bool, missing: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let listed = LISTED.iter().find(|(field, _)| field == name);
                    if let (Some((_, of)), Some(code)) = (listed, value.as_str())
                        && !is_known(of, code)
                    {
                        missing.insert(format!("{name}: {code}"));
                    }
                    look(value, is_known, missing);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, is_known, missing)),
            _ => {}
        }
    }
    let mut missing = BTreeSet::new();
    for record_type in Catalog::embedded().iter() {
        look(&record_type.schema()["examples"], &is_known, &mut missing);
    }
    assert_eq!(missing, BTreeSet::new());
}

proptest! {
    #[test]
    fn whatever_a_name_holds_it_is_read_back(name in "[^\0\r]{1,40}", code in "[0-9]{1,2}(\\.[0-9]{2}){0,3}") {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["code", "name", "valid_from", "valid_to"]).unwrap();
        writer.write_record([&code, &name, "2021-01-01", ""]).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let list = CodeList::parse(&text).unwrap();
        prop_assert_eq!(list.on(&code, "2026-01-01").map(|entry| entry.name.clone()), Some(name));
    }

    #[test]
    fn a_day_finds_the_span_that_holds_it(cut in 1_u32..28, day in 1_u32..28) {
        let text = format!("code,name,valid_from,valid_to\n1,old,2024-01-01,2024-02-{cut:02}\n1,new,2024-03-01,\n");
        let list = CodeList::parse(&text).unwrap();
        let found = list.on("1", &format!("2024-02-{day:02}")).map(|entry| entry.name.as_str());
        prop_assert_eq!(found, (day <= cut).then_some("old"));
    }
}
