//! How the values of a source field become values of a target, and how many of them do.

use std::collections::BTreeMap;

use super::target::Target;
use super::words;
use super::{SourceField, yaml};
use crate::mapping::Converter;
use crate::mapping::shape::Kind;

/// Patterns of dates, the likelier reading first.
const DATES: &[&str] = &[
    "dd/MM/yyyy",
    "dd-MM-yyyy",
    "d/M/yyyy",
    "d-M-yyyy",
    "dd.MM.yyyy",
    "yyyy/MM/dd",
    "yyyyMMdd",
    "d MMMM yyyy",
    "d MMM yyyy",
    "d-MMM-yyyy",
    "MM/dd/yyyy",
];
/// What may stand behind a date.
const TIMES: &[&str] = &["", " HH:mm", " HH:mm:ss"];
/// Texts by which sources write that there is nothing.
const NOTHING: &[&str] = &[
    "-",
    "--",
    "null",
    "n/a",
    "#n/a",
    "none",
    "nil",
    "nihil",
    "tidak ada",
    "kosong",
    "(kosong)",
    "—",
    "–",
    "0001-01-01",
    "0000-00-00",
    "0001-01-01 00:00:00",
    "0000-00-00 00:00:00",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00",
    "0000-00-00T00:00:00",
    "1900-01-01",
    "1900-01-01 00:00:00",
    "1900-01-01T00:00:00",
    "1899-12-30",
    "1899-12-31",
    "00/00/0000",
    "01/01/1900",
];
/// More different values than this are no list of codes.
const MAX_WORDS: usize = 24;

/// How a field is read for a target.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    how: How,
    /// Values that were tried.
    pub(super) looked: usize,
    /// Values that the target takes.
    pub(super) fits: usize,
    /// A value that it does not take.
    odd: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum How {
    /// As the target is read anyway.
    Plain,
    /// With a converter.
    With(Converter),
    /// By a crosswalk, from the source's words to the target's values.
    Via(Vec<(String, String)>),
}

/// Whether a text stands for nothing.
pub(crate) fn is_nothing(text: &str) -> bool {
    NOTHING.iter().any(|nothing| nothing.eq_ignore_ascii_case(text))
}

/// The best way to read the field; `None` when hardly any value fits. A field without values fits everything.
pub(super) fn reading(field: &SourceField, target: &Target) -> Option<Reading> {
    let values: Vec<&str> = field.values.iter().map(String::as_str).filter(|value| !is_nothing(value)).collect();
    if values.is_empty() {
        return Some(Reading { how: How::Plain, looked: 0, fits: 0, odd: None });
    }
    let best = if target.allowed.is_empty() { converted(&values, field.numeric, target) } else { None };
    let is_word = !target.allowed.is_empty() || target.kind == Kind::Bool;
    let best = best.or_else(|| is_word.then(|| crossed(&values, target)).flatten())?;
    (best.fits * 2 >= best.looked).then_some(best)
}

impl Reading {
    /// The part of the values that fits.
    #[expect(clippy::cast_precision_loss, reason = "there are at most a few dozen")]
    pub(super) fn share(&self) -> f64 {
        if self.looked == 0 { 0.0 } else { self.fits as f64 / self.looked as f64 }
    }

    /// Whether words of the source become words of the target.
    pub(super) const fn is_crosswalk(&self) -> bool {
        matches!(self.how, How::Via(_))
    }

    /// The right side of the line.
    pub(super) fn rule(&self, path: &str) -> String {
        let from = yaml::scalar(path);
        match &self.how {
            How::Plain => from,
            How::With(converter) => format!("{{from: {from}, as: {}}}", converter.name()),
            How::Via(words) => {
                let words: Vec<String> =
                    words.iter().map(|(word, value)| format!("{}: {value}", yaml::scalar(word))).collect();
                format!("{{from: {from}, via: {{{}}}}}", words.join(", "))
            }
        }
    }

    /// What was seen of the values, in words.
    pub(super) fn reason(&self, target: &Target) -> String {
        let what = words::form(&target.form).unwrap_or_else(|| target.kind.name());
        let Some(odd) = &self.odd else {
            return match self.looked {
                0 => "no record of the sample has a value".to_owned(),
                1 => format!("its one value is {what}"),
                looked => format!("all {looked} different values are {what}"),
            };
        };
        // An odd value may be a person's: its form is enough to find it.
        format!(
            "{} of {} different values are {what}; one that is not looks like `{}`",
            self.fits,
            self.looked,
            form(odd)
        )
    }
}

/// A text with letters as `a`, digits as `9`.
fn form(text: &str) -> String {
    let letter = |letter: char| match letter {
        _ if letter.is_ascii_digit() => '9',
        _ if letter.is_alphabetic() => 'a',
        other => other,
    };
    text.chars().take(20).map(letter).collect()
}

/// The first converter that reads the most.
fn converted(values: &[&str], numeric: bool, target: &Target) -> Option<Reading> {
    let mut best: Option<Reading> = None;
    for (number, converter) in converters(target).into_iter().enumerate() {
        let reads = |value: &&&str| converter.text(value, numeric).is_some_and(|read| target.takes(&read));
        let fits = values.iter().filter(reads).count();
        if best.as_ref().is_none_or(|best| best.fits < fits) {
            let odd = values.iter().find(|value| !reads(value)).map(ToString::to_string);
            let how = if number == 0 { How::Plain } else { How::With(converter) };
            best = Some(Reading { how, looked: values.len(), fits, odd });
        }
        if best.as_ref().is_some_and(|best| best.fits == values.len()) {
            break;
        }
    }
    best.filter(|best| best.fits > 0)
}

/// Converters that make what the target holds, the one that is used without `as` first.
fn converters(target: &Target) -> Vec<Converter> {
    let dated = |name: &str, times: &[&str]| {
        let with = |time: &&str| DATES.iter().map(move |date| format!("{name}(\"{date}{time}\")")).collect::<Vec<_>>();
        times.iter().flat_map(with).collect::<Vec<_>>()
    };
    let mut names: Vec<String> = match target.kind {
        Kind::Text => vec!["text".to_owned(), "code".to_owned()],
        Kind::Money => vec!["money".to_owned(), "money_id".to_owned()],
        Kind::Quantity => vec!["decimal(6)".to_owned(), "decimal_id(6)".to_owned()],
        Kind::Integer => vec!["int".to_owned()],
        Kind::Bool => vec!["bool".to_owned()],
        Kind::Date => vec!["date".to_owned()],
        Kind::Moment => vec!["datetime".to_owned()],
    };
    match (target.kind, target.form.as_str()) {
        (Kind::Date, _) => names.extend(dated("date", TIMES)),
        (Kind::Moment, _) => names.extend(dated("datetime", &TIMES[1..])),
        (Kind::Text, "month") => {
            names.push("month".to_owned());
            names.extend(dated("month", TIMES));
        }
        (_, "fiscal_year") => {
            names.push("year".to_owned());
            names.extend(dated("year", TIMES));
        }
        _ => {}
    }
    names.iter().filter_map(|name| Converter::parse(name).ok()).collect()
}

/// Words of the source that mean values of the target.
fn crossed(values: &[&str], target: &Target) -> Option<Reading> {
    if values.len() > MAX_WORDS {
        return None;
    }
    let allowed: Vec<&str> = if target.kind == Kind::Bool {
        vec!["true", "false"]
    } else {
        target.allowed.iter().map(String::as_str).collect()
    };
    let meaning = |value: &str| allowed.iter().find(|allowed| words::means(value, allowed)).map(|m| (*m).to_owned());
    let found: BTreeMap<&str, Option<String>> = values.iter().map(|value| (*value, meaning(value))).collect();
    let fits = found.values().flatten().count();
    let odd = found.iter().find(|(_, meaning)| meaning.is_none()).map(|(value, _)| (*value).to_owned());
    let is_same = found.iter().all(|(value, meaning)| meaning.as_deref() == Some(value));
    let words = found.into_iter().filter_map(|(value, meaning)| Some((value.to_owned(), meaning?))).collect();
    let how = if is_same { How::Plain } else { How::Via(words) };
    (fits > 0).then_some(Reading { how, looked: values.len(), fits, odd })
}
