//! Texts as YAML that reads back as the same text.

/// Words that YAML or our reader of it would take for something else than a text.
const WORDS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"];

/// A text as a scalar that may stand within braces and brackets: plain where that is safe, else in double quotes.
pub fn scalar(text: &str) -> String {
    let first = text.chars().next();
    let begins = first.is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_' || letter == '$');
    let inner = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$' | '.' | '-' | '/' | ' ');
    let is_plain = begins
        && text.chars().all(inner)
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !WORDS.contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A constant: a code such as `1.02.0.00` is a text only in quotes when it could be a number.
pub fn scalar_or_quoted(text: &str) -> String {
    let is_code = text.matches('.').count() > 1 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_code { text.to_owned() } else { scalar(text) }
}

/// A constant that a person gave on the command line: numbers, flags and codes as they are, texts in quotes where needed.
pub fn constant(text: &str) -> String {
    let is_plain =
        matches!(text, "true" | "false") || text.parse::<i64>().is_ok_and(|number| number.to_string() == text);
    if is_plain { text.to_owned() } else { scalar_or_quoted(text) }
}

/// A text in double quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    crate::json::write_text(text, &mut out);
    out
}

/// One line of a comment, whatever stands in the text.
pub fn comment(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
