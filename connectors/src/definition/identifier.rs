//! Names in a database: one rule for lint, which reads them in a definition, and for the kind, which writes them into
//! its statement.

/// How a database quotes a name, and how long one may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// `"name"`: PostgreSQL, which cuts off what is longer than 63 bytes.
    Double,
    /// `` `name` `` of at most 64 characters: MySQL and MariaDB, whatever their `sql_mode`; and SQLite, which takes a
    /// name in double quotes that it does not know for a text.
    Back,
}

impl Quoting {
    /// The name in quotes, of at most so many parts with dots between them; `None` when it is no such name.
    pub(crate) fn quote(self, name: &str, parts: usize) -> Option<String> {
        let split: Vec<&str> = name.split('.').collect();
        let good = |part: &&str| {
            self.is_short(part)
                && !part.is_empty()
                && *part.trim() == **part
                && !part.chars().any(|letter| letter.is_control() || !self.takes(letter))
        };
        let all = split.len() <= parts && split.iter().all(good);
        let quote = match self {
            Self::Double => '"',
            Self::Back => '`',
        };
        let quoted = |part: &&str| format!("{quote}{}{quote}", part.replace(quote, &format!("{quote}{quote}")));
        all.then(|| split.iter().map(quoted).collect::<Vec<_>>().join("."))
    }

    fn is_short(self, part: &str) -> bool {
        match self {
            Self::Double => part.len() <= 63,
            Self::Back => part.chars().count() <= 64,
        }
    }

    /// MySQL keeps its names in three bytes a letter.
    const fn takes(self, letter: char) -> bool {
        matches!(self, Self::Double) || letter.len_utf8() < 4
    }
}

/// Whether some database takes it as a name; which one is read is often known only when the source is opened.
pub(super) fn is_name(name: &str, parts: usize) -> bool {
    [Quoting::Double, Quoting::Back].iter().any(|quoting| quoting.quote(name, parts).is_some())
}

/// What a name of so many parts is, for people.
pub(super) const fn rule(parts: usize) -> &'static str {
    if parts > 1 {
        "write name or schema.name, each of at most 63 bytes (MySQL: 64 letters) and without spaces around it"
    } else {
        "write one name of at most 63 bytes (MySQL: 64 letters), without a dot and without spaces around it"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_database_takes_as_a_name_is_quoted() {
        for (name, double, back) in [
            ("dpa", r#""dpa""#, "`dpa`"),
            ("simda.ta_belanja", r#""simda"."ta_belanja""#, "`simda`.`ta_belanja`"),
            ("Ta Belanja", r#""Ta Belanja""#, "`Ta Belanja`"),
            ("1a", r#""1a""#, "`1a`"),
            ("tabél-x$", r#""tabél-x$""#, "`tabél-x$`"),
            (r#"a"b"#, r#""a""b""#, r#"`a"b`"#),
            ("a`b", r#""a`b""#, "`a``b`"),
            ("a; drop table x", r#""a; drop table x""#, "`a; drop table x`"),
        ] {
            assert_eq!(Quoting::Double.quote(name, 2).as_deref(), Some(double));
            assert_eq!(Quoting::Back.quote(name, 2).as_deref(), Some(back));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", ".", "a.", ".a", "a..b", "db.dbo.ta", " a", "a ", "a. b", "a\0", "a\nb", &"x".repeat(65)] {
            assert!(!is_name(name, 2), "{name:?}");
        }
        assert!(!is_name("a.b", 1));
    }

    #[test]
    fn each_database_has_its_own_longest_name() {
        let (longest, accented) = ("x".repeat(64), "é".repeat(64));

        assert_eq!(Quoting::Double.quote(&longest, 1), None);
        assert_eq!(Quoting::Back.quote(&accented, 1), Some(format!("`{accented}`")));
        assert_eq!(Quoting::Back.quote("𝛼", 1), None, "a letter beyond the basic plane");
        assert!(is_name(&accented, 1));
    }
}
