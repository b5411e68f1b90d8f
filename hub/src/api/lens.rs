//! What a viewer sees of a row that is within his scope: personal data only when he may.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use muara_schemas::Catalog;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::auth::Caller;

/// Record types that are about a person: they require a personal field, so their keys name persons too.
static ABOUT_PERSONS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let requires_personal = |record_type: &&muara_schemas::catalog::RecordType| {
        let required =
            record_type.schema().get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let fields = required.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), Value::from("x")));
        let mut body = Value::from(fields.collect::<Map<_, _>>());
        record_type.mask(&mut body);
        body.as_object().is_some_and(|fields| fields.values().any(Value::is_null))
    };
    Catalog::embedded().iter().filter(requires_personal).map(muara_schemas::catalog::RecordType::name).collect()
});

/// Whether records of this type are about a person. Of an unknown type it is assumed.
pub(super) fn is_about_persons(record_type: &str) -> bool {
    ABOUT_PERSONS.contains(record_type) || Catalog::embedded().get(record_type).is_none()
}

/// Shows rows to one viewer, and remembers whether personal data was shown.
pub(super) struct Lens<'a> {
    caller: &'a Caller,
    shown: Cell<usize>,
}

impl<'a> Lens<'a> {
    /// A lens for a caller.
    pub(super) fn of(caller: &'a Caller) -> Self {
        Self { caller, shown: Cell::new(0) }
    }

    /// A stored body; personal fields are `null` unless the viewer may see them. `None` for a body that is not there,
    /// and for one of which it is not known what in it is personal.
    pub(super) fn body(&self, record_type: &str, stored: Option<String>) -> Option<Box<RawValue>> {
        let stored = stored?;
        let known = Catalog::embedded().get(record_type);
        let has_personal = known.is_none_or(muara_schemas::catalog::RecordType::has_personal_fields);
        if self.caller.viewer.may_see_personal || !has_personal {
            self.shown.set(self.shown.get() + usize::from(has_personal));
            return RawValue::from_string(stored).ok();
        }
        let mut body: Value = serde_json::from_str(&stored).ok()?;
        known?.mask(&mut body);
        to_raw_value(&body).ok()
    }

    /// A key, business key or pointer, which name the person where the record is about one.
    pub(super) fn name(&self, record_type: &str, text: Option<String>) -> Option<String> {
        text.filter(|_| self.caller.viewer.may_see_personal || !is_about_persons(record_type))
    }

    /// Notes in the audit trail that personal data was read, if it was.
    pub(super) fn audit(&self, what: &'static str) {
        if self.shown.get() > 0 {
            tracing::info!(target: "muara::audit", key = %self.caller.key, what, count = self.shown.get(), "personal data was read");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Viewer;

    fn caller(may_see_personal: bool) -> Caller {
        Caller { key: "k".into(), viewer: Viewer { may_see_personal, ..Viewer::internal() }, scopes: vec![] }
    }

    #[test]
    fn keys_of_persons_are_personal() {
        assert!(is_about_persons("employee") && is_about_persons("work-log") && is_about_persons("unheard-of"));
        assert!(!is_about_persons("budget-line") && !is_about_persons("disbursement") && !is_about_persons("contract"));
        let key = || Some("190001011920011012".to_owned());
        assert_eq!(Lens::of(&caller(false)).name("employee", key()), None);
        assert_eq!(Lens::of(&caller(true)).name("employee", key()), key());
        assert_eq!(Lens::of(&caller(false)).name("budget-line", key()), key());
    }

    #[test]
    fn personal_fields_are_null_and_the_rest_stands_byte_for_byte() {
        let stored = r#"{"amount":"10.00","payee":"Pegawai 0012"}"#.to_owned();
        let shown =
            |personal| Lens::of(&caller(personal)).body("disbursement", Some(stored.clone())).unwrap().get().to_owned();
        assert_eq!(shown(false), r#"{"amount":"10.00","payee":null}"#);
        assert_eq!(shown(true), stored);
        assert!(Lens::of(&caller(false)).body("unheard-of", Some(stored.clone())).is_none());
    }
}
