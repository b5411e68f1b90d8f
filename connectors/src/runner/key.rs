//! The key of a record: raw values joined by `|`.

use std::borrow::Cow;

use muara_schemas::page::Reason;
use muara_schemas::stream::MAX_KEY_BYTES;

use crate::json::{Json, Path};
use crate::mapping::Lookup as _;
use crate::mapping::lookup::find;
use crate::raw::{Pluck, Raw};

/// Stands before the hash of a record without a key, which has to be remembered all the same.
/// No real key begins with it.
pub(super) const KEYLESS: char = '\u{1}';

/// The key of a record, or why it has none.
///
/// A value that is absent or null has no place in a key; an empty one only beside others that are not.
/// `extra` takes the value of the field that follows the key's in `pluck`: the cursor's.
pub(super) fn key(
    raw: &Raw,
    pluck: &mut Pluck,
    fields: &[Path],
    mut extra: impl FnMut(&str),
) -> Result<String, Reason> {
    let mut values: Vec<Option<Cow<'_, str>>> = vec![None; fields.len()];
    pluck.take(raw, |number, text| match values.get_mut(number) {
        Some(value) => *value = Some(text),
        None => extra(&text),
    });
    let reason = |at: usize, message: String| Reason {
        code: "E0320".to_owned(),
        target: String::new(),
        source: fields.get(at).map(|path| path.as_str().to_owned()),
        message,
    };
    if let Some((fault, message)) = raw.faults().find(|(column, _)| fields.iter().any(|path| path.as_str() == *column))
    {
        let at = fields.iter().position(|path| path.as_str() == fault).unwrap_or(0);
        return Err(reason(at, message.to_owned()));
    }
    let mut key = String::new();
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else {
            return Err(reason(at, lacking(raw, &fields[at])));
        };
        if at > 0 {
            key.push('|');
        }
        if value.contains(['|', '\\']) {
            for letter in value.chars() {
                if matches!(letter, '|' | '\\') {
                    key.push('\\');
                }
                key.push(letter);
            }
        } else {
            key.push_str(value);
        }
    }
    if values.iter().all(|value| value.as_deref().is_none_or(str::is_empty)) {
        return Err(reason(0, "the key is empty".to_owned()));
    }
    if key.contains('\0') || key.starts_with(KEYLESS) {
        return Err(reason(0, "the key holds a control character".to_owned()));
    }
    if key.len() > MAX_KEY_BYTES {
        return Err(reason(0, format!("the key is longer than {MAX_KEY_BYTES} bytes")));
    }
    Ok(key)
}

/// Why a field of the key has no single value. Only asked when it has none, so it may parse the record.
fn lacking(raw: &Raw, field: &Path) -> String {
    let fields = match raw.parse() {
        Ok(fields) => fields,
        Err(error) => return format!("the record is no JSON that we take: {error}"),
    };
    match fields.json().and_then(|json| find(json, field)) {
        Some(Json::Object(_)) => "a field of the key is an object, not a single value".to_owned(),
        Some(Json::List(_)) => "a field of the key is a list, not a single value".to_owned(),
        _ => "a field of the key has no value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, fields: &[&str]) -> Result<String, String> {
        let fields: Vec<Path> = fields.iter().copied().map(Path::new).collect();
        key(&Raw::Json(json.into()), &mut Pluck::new(fields.clone()), &fields, |_| ()).map_err(|reason| reason.message)
    }

    #[test]
    fn values_are_joined_and_escaped() {
        assert_eq!(of(r#"{"a":"x|y","b":9007199254740993}"#, &["a", "b"]).unwrap(), r"x\|y|9007199254740993");
        assert_eq!(of(r#"{"a":"x\\","b":"|"}"#, &["a", "b"]).unwrap(), r"x\\|\|");
        assert_ne!(of(r#"{"a":"x|","b":"y"}"#, &["a", "b"]), of(r#"{"a":"x","b":"|y"}"#, &["a", "b"]));
        assert_eq!(of(r#"{"a":"x","b":""}"#, &["a", "b"]).unwrap(), "x|");
    }

    #[test]
    fn what_is_no_value_of_a_key_is_told_apart() {
        for (json, why) in [
            (r#"{"a":{"b":1}}"#, "a field of the key is an object, not a single value"),
            (r#"{"a":[1]}"#, "a field of the key is a list, not a single value"),
            (r#"{"a":null}"#, "a field of the key has no value"),
            ("{}", "a field of the key has no value"),
            (r#"{"a":"x\u0000"}"#, "the record is no JSON that we take: a NUL character in a text at byte 7"),
        ] {
            assert_eq!(of(json, &["a"]).unwrap_err(), why, "{json}");
        }
        assert_eq!(
            of(r#"{"a":{"b":{}}}"#, &["a.b"]).unwrap_err(),
            "a field of the key is an object, not a single value"
        );
    }

    #[test]
    fn a_key_has_all_its_values() {
        for json in [r#"{"a":null}"#, "{}", r#"{"a":""}"#, r#"{"a":[1]}"#, "7", r#"{"a":"\u0001x"}"#] {
            assert!(of(json, &["a"]).is_err(), "{json}");
        }
        assert!(of(&format!(r#"{{"a":"{}"}}"#, "x".repeat(513)), &["a"]).is_err());
        assert!(of(r#"{"a":"","b":""}"#, &["a", "b"]).is_err());
    }
}
