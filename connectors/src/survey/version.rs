//! Which files are versions of one set, told by their names: what `match` says of them.

use crate::proposal::yaml;

/// Words behind which a number counts versions.
const VERSIONS: &[&str] = &["v", "ver", "versi", "version", "rev", "revisi", "perubahan", "pergeseran", "ke", "final"];

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// What all versions have.
    Text(String),
    /// A fiscal year: each has a set of its own.
    Year,
    /// The number of a version.
    Version,
    /// Another number.
    Number(String),
}

/// The pattern that names like these have, in YAML; `None` where nothing in the name tells versions or years apart.
/// `names` are those of files without their folders.
pub(super) fn pattern(names: &[String]) -> Option<String> {
    let mut all = names.iter().map(|name| pieces(name));
    let first = all.next()?;
    if !all.all(|other| other == first) {
        return None;
    }
    let is_told = |piece: &Piece| matches!(piece, Piece::Year | Piece::Version);
    if !first.iter().any(is_told) {
        return None;
    }
    let has_year = first.contains(&Piece::Year);
    let mut out = String::new();
    for (at, piece) in first.iter().enumerate() {
        match piece {
            // Without a group each file would be a set of its own.
            Piece::Text(text) if at == 0 && !has_year => out.extend(["(?<berkas>", &literal(text), ")"]),
            Piece::Text(text) => out.push_str(&literal(text)),
            Piece::Year if out.contains("(?<tahun>") => out.push_str(r"20\d{2}"),
            Piece::Year => out.push_str(r"(?<tahun>20\d{2})"),
            Piece::Version => out.push_str(r"\d+"),
            Piece::Number(number) => out.push_str(number),
        }
    }
    out.contains("(?<").then(|| format!("'{}'", out.replace('\'', "''")))
}

/// What of a name stays the same from version to version: a name for the stream, which is a part of every identity.
pub(super) fn stem(name: &str) -> Option<String> {
    let texts = pieces(name).into_iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Year | Piece::Version | Piece::Number(_) => None,
    });
    let word = |text: String| {
        let mut text = text.split('.').next().unwrap_or_default();
        while counts(text) {
            text = text.trim_end_matches(|letter: char| !letter.is_alphabetic());
            text = text.trim_end_matches(char::is_alphabetic);
        }
        text.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned()
    };
    texts.map(word).find(|text| !text.is_empty())
}

/// A text as a pattern; a dash means something only within brackets.
fn literal(text: &str) -> String {
    regex::escape(text).replace("\\-", "-")
}

/// What a person should know of it.
pub(super) fn note(pattern: &str) -> String {
    let year = if pattern.contains("(?<tahun>") { "; its year is the field `$tahun`" } else { "" };
    format!(
        "Files that `match` fits with the same groups are versions of one set: the newest replaces the others{year}."
    )
}

/// `match` and, where it is one of several patterns, what stays of `file`.
pub(super) fn read(file: &str, pattern: Option<&str>) -> String {
    match pattern {
        Some(pattern) if file.contains('/') => {
            let (folder, _) = file.rsplit_once('/').unwrap_or_default();
            format!("file: {}, match: {pattern}", yaml::scalar(&format!("{folder}/*")))
        }
        Some(pattern) => format!("match: {pattern}"),
        None => format!("file: {}", yaml::scalar(file)),
    }
}

fn pieces(name: &str) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(digits);
        if !text.is_empty() {
            out.push(Piece::Text(text.to_owned()));
        }
        let end = tail.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(tail.len());
        let (number, after) = tail.split_at(end);
        if !number.is_empty() {
            let is_year = number.len() == 4 && number.starts_with("20");
            out.push(match text {
                _ if is_year => Piece::Year,
                text if number.len() <= 3 && counts(text) => Piece::Version,
                _ => Piece::Number(number.to_owned()),
            });
        }
        rest = after;
    }
    out
}

/// Whether a number behind this text counts versions.
fn counts(text: &str) -> bool {
    let word = text.trim_end_matches(|letter: char| !letter.is_alphabetic()).to_lowercase();
    let last = word.rsplit(|letter: char| !letter.is_alphabetic()).next().unwrap_or_default();
    VERSIONS.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Option<String> {
        pattern(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn years_and_versions_make_a_pattern_and_other_names_none() {
        for (names, wanted) in [
            (&["RBA_2026_v2.xlsx"][..], Some(r"'RBA_(?<tahun>20\d{2})_v\d+\.xlsx'")),
            (&["DPA 2026 (rev 1).xlsx", "DPA 2025 (rev 12).xlsx"], Some(r"'DPA (?<tahun>20\d{2}) \(rev \d+\)\.xlsx'")),
            (&["chkp_2026.csv"], Some(r"'chkp_(?<tahun>20\d{2})\.csv'")),
            (&["belanja versi 3.xlsx"], Some(r"'(?<berkas>belanja versi )\d+\.xlsx'")),
            (&["SPD 2026-2027 v1.csv"], Some(r"'SPD (?<tahun>20\d{2})-20\d{2} v\d+\.csv'")),
            (&["dpa.xlsx"], None),
            (&["laporan_10.xlsx"], None),
            (&["RBA_2026_v1.xlsx", "catatan.xlsx"], None),
        ] {
            assert_eq!(of(names).as_deref(), wanted, "{names:?}");
        }
    }

    #[test]
    fn the_name_of_a_stream_outlives_years_and_versions() {
        for (name, wanted) in [
            ("DPA 2026 v1.csv", Some("DPA")),
            ("belanja versi 3.xlsx", Some("belanja")),
            ("2026_RKA perubahan (rev 2).xlsx", Some("RKA")),
            ("2026.xlsx", None),
        ] {
            assert_eq!(stem(name).as_deref(), wanted, "{name}");
        }
    }
}
