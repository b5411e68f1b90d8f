//! The pattern of a text: how it looks, and nothing of what it says.

/// The longest pattern, in letters.
const MAX_LENGTH: usize = 40;
/// Punctuation that a person needs to know a form by; other signs become a point in the middle.
const KEPT: &str = " .,-/:;()+%_#*'\"&";

/// Letters become `a` or `A`, digits `9`; common punctuation stays, and a long text is cut.
pub fn pattern(text: &str) -> String {
    let one = |letter: char| match letter {
        _ if letter.is_numeric() => '9',
        _ if letter.is_uppercase() => 'A',
        _ if letter.is_alphabetic() => 'a',
        _ if KEPT.contains(letter) => letter,
        _ => '·',
    };
    let mut letters = text.trim().chars();
    let mut pattern: String = letters.by_ref().take(MAX_LENGTH).map(one).collect();
    if letters.next().is_some() {
        pattern.push('…');
    }
    pattern
}
