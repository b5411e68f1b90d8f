//! The nearest valid word to one that is not. Pure.

/// The candidate that needs the fewest edits, when it needs few enough to be what was meant.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &&str| distance(word, candidate) <= 1 + candidate.len() / 4;
    candidates.into_iter().filter(near).min_by_key(|candidate| distance(word, candidate))
}

/// How many letters have to be put in, taken out or changed.
fn distance(from: &str, to: &str) -> usize {
    // Nothing that is meant as one of our words is longer.
    let from: Vec<char> = from.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, letter) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in to.chars().enumerate() {
            let changed = diagonal + usize::from(*letter != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let words = ["fiscal_year", "agency", "type", "limit"];
        assert_eq!(nearest("fiscalyear", words), Some("fiscal_year"));
        assert_eq!(nearest("agancy", words), Some("agency"));
        assert_eq!(nearest("limits", words), Some("limit"));
        assert_eq!(nearest("password", words), None);
        assert_eq!(nearest("", words), None);
    }
}
