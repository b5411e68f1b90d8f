//! A text with names in it that are filled in for each request: `{{page}}`.

/// The names that any request may hold, with what gives each of them a value.
pub const NAMES: &[(&str, &str)] = &[
    ("cursor", "the stream's `cursor`"),
    ("page", "`page: {by: page}`"),
    ("offset", "`page: {by: offset}`"),
    ("next", "`page: {by: cursor}`"),
    ("size", "`size` of `page`"),
    ("token", "`auth: {login: …}` with a `token`"),
];

/// A text, cut at its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
}

/// What stands behind a name now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    /// Its text.
    pub text: String,
    /// Whether it must not be shown.
    pub is_secret: bool,
    /// Whether it is a whole number, which JSON writes without quotes.
    pub is_number: bool,
}

impl Template {
    /// Cuts a text. Braces that close nothing stay what they are.
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, inner, after)) = cut(rest) {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Name(inner.trim().to_owned()));
            rest = after;
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Self(pieces)
    }

    /// Where double braces open that nothing closes: an offset in bytes.
    pub fn unclosed(text: &str) -> Option<usize> {
        let mut rest = text;
        while let Some((.., after)) = cut(rest) {
            rest = after;
        }
        rest.find("{{").map(|at| text.len() - rest.len() + at)
    }

    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| if let Piece::Name(name) = piece { Some(name.as_str()) } else { None })
    }

    /// The text with its names filled in; `None` when one of them has no value now.
    pub fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v Filling>) -> Option<Filling> {
        if let [Piece::Name(name)] = self.0.as_slice() {
            return value(name).cloned();
        }
        let mut filled = Filling::plain("");
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.text.push_str(text),
                Piece::Name(name) => {
                    let found = value(name)?;
                    filled.text.push_str(&found.text);
                    filled.is_secret |= found.is_secret;
                }
            }
        }
        Some(filled)
    }
}

impl Filling {
    /// A text that may be shown.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_secret: false, is_number: false }
    }

    /// A text that may not.
    pub fn secret(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_secret: true, is_number: false }
    }

    /// A whole number.
    pub fn number(number: u64) -> Self {
        Self { text: number.to_string(), is_secret: false, is_number: true }
    }
}

fn cut(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (inner, after) = rest.split_once("}}")?;
    Some((before, inner, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> Option<String> {
        let (page, token) = (Filling::number(3), Filling::secret("abc"));
        let value = |name: &str| match name {
            "page" => Some(&page),
            "token" => Some(&token),
            _ => None,
        };
        Template::new(text).fill(value).map(|filled| {
            let marks = [(filled.is_secret, "!"), (filled.is_number, "#")];
            marks.iter().filter(|(yes, _)| *yes).fold(filled.text, |text, (_, mark)| text + mark)
        })
    }

    #[test]
    fn names_are_filled_in() {
        for (text, filled) in [
            ("", Some("")),
            ("plain", Some("plain")),
            ("{{page}}", Some("3#")),
            ("{{ page }}", Some("3#")),
            ("p{{page}}", Some("p3")),
            ("Bearer {{token}}", Some("Bearer abc!")),
            ("{{page}}/{{token}}", Some("3/abc!")),
            ("{{cursor}}", None),
            ("a{{cursor}}b", None),
            ("{{page", Some("{{page")),
            ("}}{{", Some("}}{{")),
        ] {
            assert_eq!(fill(text).as_deref(), filled, "{text}");
        }
        assert_eq!(["{{a}} b", "{a", "{{a}} é{{b"].map(Template::unclosed), [None, None, Some(8)]);
        assert_eq!(Template::new("{{a}} {{ b }} c").names().collect::<Vec<_>>(), ["a", "b"]);
    }
}
