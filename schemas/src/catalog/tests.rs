//! Every schema compiles; every example says what it should.

use super::*;
use crate::record::TYPES;

static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples");

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn the_catalog_has_the_fourteen_types() {
    let names: Vec<&str> = Catalog::embedded().iter().map(RecordType::name).collect();
    assert_eq!(names, TYPES);
    for record_type in Catalog::embedded().iter() {
        assert!(!record_type.business_key().is_empty(), "{} has a business key", record_type.name());
        assert_eq!(record_type.schema()["$id"], format!("https://muara.id/schemas/{}/1", record_type.name()));
        assert_eq!(record_type.schema()["additionalProperties"], false, "{} is closed", record_type.name());
    }
}

#[test]
fn valid_examples_are_valid_and_invalid_ones_name_their_fault() {
    let expected = json(EXAMPLES.get_file("expected.json").unwrap().contents());
    for record_type in Catalog::embedded().iter() {
        let folder = EXAMPLES.get_dir(record_type.name()).expect("every type has examples");
        let (mut valid, mut invalid) = (0, 0);
        for file in folder.files() {
            let path = file.path().to_str().unwrap().to_owned();
            let violations = record_type.violations(&json(file.contents()));
            if file.path().file_name().unwrap().to_str().unwrap().starts_with("valid") {
                valid += 1;
                assert_eq!(violations, [], "{path}");
            } else {
                invalid += 1;
                let pointer = expected[&path].as_str().unwrap_or_else(|| panic!("expected.json names {path}"));
                assert!(violations.iter().any(|v| v.pointer == pointer), "{path}: {violations:?}");
            }
        }
        assert!(valid > 0 && invalid > 0, "{} has examples of both sorts", record_type.name());
        for example in record_type.schema()["examples"].as_array().expect("every schema has examples") {
            assert_eq!(record_type.violations(example), [], "example in {}", record_type.name());
        }
    }
}

#[test]
fn all_violations_come_at_once_and_hide_the_value() {
    let budget = Catalog::embedded().get("budget-line").unwrap();
    let mut body = budget.schema()["examples"][0].clone();
    body["amount"] = "12,5".into();
    body["fiscal_year"] = "2026".into();
    body["surprise"] = true.into();

    let violations = budget.violations(&body);

    let places: Vec<&str> = violations.iter().map(|v| v.pointer.as_str()).collect();
    assert_eq!(places, ["", "/amount", "/fiscal_year"]);
    assert!(violations.iter().all(|v| !v.message.contains("12,5")), "{violations:?}");
}

#[test]
fn formats_are_asserted_and_references_never_leave_the_machine() {
    let budget = Catalog::embedded().get("realization").unwrap();
    let mut body = budget.schema()["examples"][0].clone();
    body["recognised_on"] = "2026-02-30".into();
    assert_eq!(budget.violations(&body)[0].keyword, "format");

    let stray = br#"{"$id":"https://muara.id/schemas/stray/1","$ref":"https://example.org/elsewhere"}"#;
    assert!(Catalog::compile([("stray", stray.as_slice())].into_iter()).is_err());
}

#[test]
fn masking_takes_persons_and_nothing_else() {
    let employee = Catalog::embedded().get("employee").unwrap();
    let mut body = employee.schema()["examples"][0].clone();
    let agency = body["agency"].clone();
    employee.mask(&mut body);
    assert_eq!(body["name"], Value::Null);
    assert_eq!(body["agency"], agency);
    assert!(!Catalog::embedded().get("budget-line").unwrap().has_personal_fields());
}
