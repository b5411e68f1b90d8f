//! Brackets and quotes of a condition in SQL, as far as they can be judged without a database. Pure.

/// What stands open or closes nothing, and at which byte.
///
/// Databases do not agree on a backslash within quotes, so a condition is wrong only when it is so either way.
/// Where PostgreSQL's quotes of dollars may stand, nothing is judged.
pub(super) fn unbalanced(condition: &str) -> Option<(usize, &'static str)> {
    if condition.matches('$').count() > 1 {
        return None;
    }
    let (plain, escaped) = (scan(condition, false), scan(condition, true));
    plain.and(escaped).and(plain)
}

fn scan(condition: &str, backslash_escapes: bool) -> Option<(usize, &'static str)> {
    let mut open: Vec<usize> = Vec::new();
    let mut letters = condition.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '(' => open.push(at),
            ')' if open.pop().is_none() => return Some((at, "a `)` that closes nothing")),
            // A doubled quote ends a text and begins the next one, which comes to the same.
            '\'' | '"' | '`' => loop {
                match letters.next() {
                    Some((_, '\\')) if backslash_escapes => drop(letters.next()),
                    Some((_, other)) if other == letter => break,
                    Some(_) => {}
                    None => return Some((at, "a quote that is not closed")),
                }
            },
            _ => {}
        }
    }
    open.last().map(|at| (*at, "a `(` that is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_quotes_have_their_partners() {
        for good in [
            "tahun = 2026",
            "(a = 1 or (b = 2))",
            "nama = 'Dinas (lama'",
            "nama = 'Jum''at'",
            "\"Kol(om\" = 1 and `b)` = 2",
            r"nama = 'it\'s'",
            r"folder = 'C:\'",
            "nama = $$it's$$",
        ] {
            assert_eq!(unbalanced(good), None, "{good}");
        }
        for (bad, at) in [
            ("(a = 1", 0),
            ("a = 1)", 5),
            ("1=1) or (1=1", 3),
            ("a = ')", 4),
            ("((a = 1) and b in (1, 2)", 0),
            ("nama = 'Jum'at'", 14),
        ] {
            assert_eq!(unbalanced(bad).map(|(at, _)| at), Some(at), "{bad}");
        }
    }
}
