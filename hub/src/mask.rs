//! Personal data is told to those who may see it, and is `null` to everybody else. Pure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use muara_schemas::Catalog;
use muara_schemas::catalog::RecordType;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// Record types that are about a person: they require a personal field, so their keys name persons too.
static ABOUT_PERSONS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let requires_personal = |record_type: &&RecordType| {
        let required =
            record_type.schema().get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let fields = required.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), Value::from("x")));
        let mut body = Value::from(fields.collect::<Map<_, _>>());
        record_type.mask(&mut body);
        body.as_object().is_some_and(|fields| fields.values().any(Value::is_null))
    };
    Catalog::embedded().iter().filter(requires_personal).map(RecordType::name).collect()
});

/// Whether records of this type are about a person. Of an unknown type it is assumed.
pub fn is_about_persons(record_type: &str) -> bool {
    ABOUT_PERSONS.contains(record_type) || Catalog::embedded().get(record_type).is_none()
}

/// Whether a body of this type may hold personal data. Of an unknown type it is assumed.
pub fn has_personal_fields(record_type: &str) -> bool {
    Catalog::embedded().get(record_type).is_none_or(RecordType::has_personal_fields)
}

/// A stored body, byte for byte where it may be shown whole; personal fields are `null` otherwise. `None` for a body of
/// which it is not known what in it is personal.
pub fn body(record_type: &str, stored: String, may_see_personal: bool) -> Option<Box<RawValue>> {
    if may_see_personal || !has_personal_fields(record_type) {
        return RawValue::from_string(stored).ok();
    }
    let mut body: Value = serde_json::from_str(&stored).ok()?;
    Catalog::embedded().get(record_type)?.mask(&mut body);
    to_raw_value(&body).ok()
}

/// A key, business key or pointer, which name the person where the record is about one.
pub fn name(record_type: &str, text: Option<String>, may_see_personal: bool) -> Option<String> {
    text.filter(|_| may_see_personal || !is_about_persons(record_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_persons_are_personal() {
        assert!(is_about_persons("employee") && is_about_persons("work-log") && is_about_persons("unheard-of"));
        assert!(!is_about_persons("budget-line") && !is_about_persons("disbursement") && !is_about_persons("contract"));
        let key = || Some("190001011920011012".to_owned());
        assert_eq!(name("employee", key(), false), None);
        assert_eq!(name("employee", key(), true), key());
        assert_eq!(name("budget-line", key(), false), key());
    }

    #[test]
    fn personal_fields_are_null_and_the_rest_stands_byte_for_byte() {
        let stored = r#"{"amount":"10.00","payee":"Pegawai 0012"}"#.to_owned();
        let shown = |may| body("disbursement", stored.clone(), may).unwrap().get().to_owned();
        assert_eq!(shown(false), r#"{"amount":"10.00","payee":null}"#);
        assert_eq!(shown(true), stored);
        assert!(body("unheard-of", stored.clone(), false).is_none());
    }
}
