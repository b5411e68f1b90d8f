//! What the parser takes, keeps and refuses.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

fn refused(bytes: &[u8]) -> What {
    Json::parse(bytes).unwrap_err().what
}

#[test]
fn numbers_keep_their_text() {
    for number in ["9007199254740993", "1250000000.50", "-0.00", "1e400", "0.1E-7"] {
        assert_eq!(parse(number), Json::Number(number.into()));
        assert_eq!(parse(number).to_text(), number);
    }
    for bad in ["01", "-", "1.", ".5", "1e", "+1", "NaN"] {
        assert!(Json::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_repeated_name_has_one_value_or_is_refused() {
    assert_eq!(parse(r#"{"a":1,"b":2,"a":1}"#).to_text(), r#"{"a":1,"b":2}"#);
    assert_eq!(refused(br#"{"a":1,"b":2,"a":1.0}"#), What::Twice);
    assert_eq!(
        Json::parse(br#"[{"a":{"b":1, "b":null}}]"#).unwrap_err().to_string(),
        "a name that stands twice in one object, with two values, at byte 14"
    );
    let wide: String = (0..100).map(|n| format!(r#""f{n}":{n},"#)).collect();
    assert_eq!(parse(&format!("{{{wide}\"f77\":77}}")).as_object().unwrap().len(), 100);
    assert_eq!(refused(format!("{{{wide}\"f77\":\"last\"}}").as_bytes()), What::Twice);
}

#[test]
fn paths_go_into_objects_and_lists() {
    let value = parse(r#"{"a":{"b":[{"c":"x"},{"c":7}]},"d.e":1}"#);
    assert_eq!(value.get(&Path::new("a.b.1.c")).and_then(Json::as_text), Some("7"));
    assert_eq!(value.get(&Path::new("")), Some(&value));
    assert_eq!(value.get(&Path::new("a.b.2.c")), None);
    assert_eq!(value.get(&Path::new("a.b.c")), None);
    assert_eq!(Path::new("a.b/c.~d").pointer(), "/a/b~1c/~0d");
}

#[test]
fn bad_texts_are_refused() {
    assert_eq!(refused(br#""a\u0000b""#), What::Nul);
    assert_eq!(refused(b"\"a\0b\""), What::Nul);
    assert_eq!(refused(b"\"a\nb\""), What::Control);
    assert_eq!(refused(b"\"\xff\""), What::Utf8);
    assert_eq!(refused(br#""\ud83d""#), What::Escape);
    assert_eq!(refused(br#""\q""#), What::Escape);
    assert_eq!(refused(b"\"abc"), What::End);
    assert_eq!(refused(b"<html>"), What::Expected("a JSON value"));
    assert_eq!(refused(b"{} {}"), What::Expected("the end of the text"));
    assert_eq!(refused("[".repeat(65).as_bytes()), What::Depth);
    assert!(Json::parse(format!("{}{}", "[".repeat(64), "]".repeat(64)).as_bytes()).is_ok());
}

#[test]
fn escapes_are_resolved_and_written_back() {
    let value = parse(r#""Jalan \"A\"\\\/\t\u00e9 \ud83d\ude00\u0007""#);
    assert_eq!(value, Json::Text("Jalan \"A\"\\/\té \u{1f600}\u{7}".into()));
    assert_eq!(parse(&value.to_text()), value);
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(Json::parse(&bytes));
    }

    #[test]
    fn agrees_with_serde_json_on_texts(text in "\\PC{0,40}") {
        let written = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(parse(&written), Json::Text(text.into()));
    }

    #[test]
    fn writing_and_parsing_again_changes_nothing(text in r#"[\[\]{},:0-9."a-c\\ ]{0,40}"#) {
        if let Ok(value) = Json::parse(text.as_bytes()) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            prop_assert_eq!(parse(&value.to_text()), value);
        }
    }
}
