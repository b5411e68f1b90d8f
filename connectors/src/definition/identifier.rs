//! Names in a database: one rule for lint, which reads them in a definition, and for the kind, which writes them into
//! its statement.

/// PostgreSQL cuts longer names off.
const MAX_BYTES: usize = 63;

/// What a name of so many parts is, for people.
pub(super) const fn rule(parts: usize) -> &'static str {
    if parts > 1 {
        "write name or schema.name, each of at most 63 bytes and without spaces around it"
    } else {
        "write one name of at most 63 bytes, without a dot and without spaces around it"
    }
}

/// The name in quotes, as both databases read it, of at most so many parts with dots between them; `None` when it is no
/// such name.
pub(crate) fn quoted(name: &str, parts: usize) -> Option<String> {
    let split: Vec<&str> = name.split('.').collect();
    let good = |part: &&str| {
        (1..=MAX_BYTES).contains(&part.len()) && *part.trim() == **part && !part.chars().any(char::is_control)
    };
    let all = split.len() <= parts && split.iter().all(good);
    all.then(|| split.iter().map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_database_takes_as_a_name_is_quoted() {
        for (name, form) in [
            ("dpa", r#""dpa""#),
            ("simda.ta_belanja", r#""simda"."ta_belanja""#),
            ("Ta Belanja", r#""Ta Belanja""#),
            ("1a", r#""1a""#),
            ("tabél-x$", r#""tabél-x$""#),
            (r#"a"b"#, r#""a""b""#),
            ("a; drop table x", r#""a; drop table x""#),
        ] {
            assert_eq!(quoted(name, 2).as_deref(), Some(form));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", ".", "a.", ".a", "a..b", "db.dbo.ta", " a", "a ", "a. b", "a\0", "a\nb", &"x".repeat(64)] {
            assert_eq!(quoted(name, 2), None, "{name:?}");
        }
        assert_eq!(quoted("a.b", 1), None);
    }
}
