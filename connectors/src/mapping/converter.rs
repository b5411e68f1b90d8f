//! The native converters: what `as:` may name, and how each reads a source text.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::calendar::{LETTERS, Part, Pattern, Written};
use super::number::{self, Fault};
use super::shape::Kind;

/// How a source text becomes a target value.
///
/// To add one: a variant, its name in [`NAMES`], its row in `parse`, `yields`, `expected` and `convert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Converter {
    /// `text`: trims; nothing left is absent.
    Text,
    /// `code`: trims and strips spaces within.
    Code,
    /// `money`: a plain decimal with at most two decimals.
    Money,
    /// `money_id`: `1.250.000,50`, `Rp 1.250.000`, `(1.000)`, `1,2 M`.
    MoneyId,
    /// `decimal(n)`: a plain decimal with at most n decimals.
    Decimal(u8),
    /// `decimal_id(n)`: the same with a decimal comma, also `45,75 %`.
    DecimalId(u8),
    /// `int`: a whole number.
    Int,
    /// `bool`: true/false/1/0/ya/tidak/Y/T.
    Bool,
    /// `date` or `date("…")`.
    Date(Option<Pattern>),
    /// `datetime` or `datetime("…")`.
    DateTime(Option<Pattern>),
    /// `month` or `month("…")`: the `yyyy-MM` of a date.
    Month(Option<Pattern>),
    /// `year` or `year("…")`: the year of a date.
    Year(Option<Pattern>),
}

/// All names, for help and lint.
pub const NAMES: &[&str] =
    &["text", "code", "money", "money_id", "decimal", "decimal_id", "int", "bool", "date", "datetime", "month", "year"];

impl Converter {
    /// Parses what stands after `as:`; the error is a message and, where there is one, a cure.
    pub fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let text = text.trim();
        let (name, argument) = match text.split_once('(') {
            Some((name, rest)) => {
                let inner =
                    rest.strip_suffix(')').ok_or_else(|| (format!("`{text}` lacks its closing bracket"), None))?;
                (name.trim(), Some(inner.trim()).filter(|inner| !inner.is_empty()))
            }
            None => (text, None),
        };
        let plain = |converter: Self| match argument {
            None => Ok(converter),
            Some(_) => Err((format!("`{name}` takes nothing in brackets"), Some(format!("write `as: {name}`")))),
        };
        let decimals = || match argument {
            None => Ok(6),
            Some(argument) => argument.parse().ok().filter(|n| *n <= 6).ok_or_else(|| {
                (format!("`{name}` takes a number of decimals from 0 to 6"), Some(format!("write `as: {name}(2)`")))
            }),
        };
        match name {
            "text" => plain(Self::Text),
            "code" => plain(Self::Code),
            "money" => plain(Self::Money),
            "money_id" => plain(Self::MoneyId),
            "decimal" => decimals().map(Self::Decimal),
            "decimal_id" => decimals().map(Self::DecimalId),
            "int" => plain(Self::Int),
            "bool" => plain(Self::Bool),
            "date" => pattern(argument, &[Part::Year, Part::Month, Part::Day]).map(Self::Date),
            "datetime" => {
                pattern(argument, &[Part::Year, Part::Month, Part::Day, Part::Hour, Part::Minute]).map(Self::DateTime)
            }
            "month" => pattern(argument, &[Part::Year, Part::Month]).map(Self::Month),
            "year" => pattern(argument, &[Part::Year]).map(Self::Year),
            _ => Err((
                format!("no converter is called `{name}`"),
                crate::definition::report::suggestion(name, NAMES.iter().copied()),
            )),
        }
    }

    /// What a target of this kind is read with when the definition does not say.
    pub(super) const fn default_of(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Money => Self::Money,
            Kind::Quantity => Self::Decimal(6),
            Kind::Integer => Self::Int,
            Kind::Bool => Self::Bool,
            Kind::Date => Self::Date(None),
            Kind::Moment => Self::DateTime(None),
        }
    }

    /// The kind of value it makes.
    pub(super) const fn yields(&self) -> Kind {
        match self {
            Self::Text | Self::Code | Self::Month(_) => Kind::Text,
            Self::Money | Self::MoneyId => Kind::Money,
            Self::Decimal(_) | Self::DecimalId(_) => Kind::Quantity,
            Self::Int | Self::Year(_) => Kind::Integer,
            Self::Bool => Kind::Bool,
            Self::Date(_) => Kind::Date,
            Self::DateTime(_) => Kind::Moment,
        }
    }

    /// Its name as it is written after `as:`.
    pub fn name(&self) -> String {
        let dated = |name: &str, pattern: &Option<Pattern>| match pattern {
            Some(pattern) => format!("{name}(\"{}\")", pattern.as_str()),
            None => name.to_owned(),
        };
        match self {
            Self::Text => "text".to_owned(),
            Self::Code => "code".to_owned(),
            Self::Money => "money".to_owned(),
            Self::MoneyId => "money_id".to_owned(),
            Self::Decimal(places) => format!("decimal({places})"),
            Self::DecimalId(places) => format!("decimal_id({places})"),
            Self::Int => "int".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Date(pattern) => dated("date", pattern),
            Self::DateTime(pattern) => dated("datetime", pattern),
            Self::Month(pattern) => dated("month", pattern),
            Self::Year(pattern) => dated("year", pattern),
        }
    }

    /// The form it expects, for people.
    pub(super) fn expected(&self) -> String {
        let dated = |what: &str, pattern: &Option<Pattern>, iso: &str| match pattern {
            Some(pattern) => format!("{what} like {}", pattern.as_str()),
            None => format!("{what} like {iso}"),
        };
        match self {
            Self::Text | Self::Code => "a text or a number".to_owned(),
            Self::Money => "money like 1250000.50".to_owned(),
            Self::MoneyId => "money like 1.250.000,50, Rp 1.250.000 or 1,2 M".to_owned(),
            Self::Decimal(places) => format!("a number like 12.5 with at most {places} decimals"),
            Self::DecimalId(places) => format!("a number like 12,5 with at most {places} decimals"),
            Self::Int => "a whole number".to_owned(),
            Self::Bool => "true, false, 1, 0, ya, tidak, Y or T".to_owned(),
            Self::Date(pattern) => dated("a date", pattern, "2026-02-07"),
            Self::DateTime(pattern) => dated("a date and time", pattern, "2026-02-07T08:30:00+07:00"),
            Self::Month(pattern) => dated("the month of a date", pattern, "2026-02-07"),
            Self::Year(pattern) => dated("the year of a date", pattern, "2026-02-07"),
        }
    }

    /// What it makes of a text, as text; for functions of expressions, which know no zone.
    pub(crate) fn text(&self, text: &str, number: bool) -> Option<String> {
        match self.convert(text.trim(), number, false, &TimeZone::UTC).ok()? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// Reads a trimmed text that is neither empty nor a zero of the stream.
    pub(super) fn convert(&self, text: &str, number: bool, round: bool, zone: &TimeZone) -> Result<Value, Fault> {
        let dated = |pattern: &Option<Pattern>| match pattern {
            Some(pattern) => pattern.read(text),
            None => Written::iso(text),
        };
        let text_of = |text: Option<String>| text.map(Value::String).ok_or(Fault::Form);
        match self {
            Self::Text if text.contains('\0') => Err(Fault::Nul),
            Self::Text => Ok(Value::String(text.to_owned())),
            Self::Code if text.contains('\0') => Err(Fault::Nul),
            Self::Code => Ok(Value::String(text.split_whitespace().collect())),
            // A JSON number is a plain decimal wherever it comes from; only texts are written by people.
            // In a text of people `750.000` may be grouped; who says how to round knows what its decimals are.
            Self::Money if !number && !round && number::is_doubtful(text) => Err(Fault::Precise),
            Self::MoneyId if !number && !round && text.contains(',') && number::is_doubtful(text) => {
                Err(Fault::Precise)
            }
            Self::MoneyId if !number => number::money_id(text, round).map(|amount| Value::String(amount.to_string())),
            Self::Money | Self::MoneyId => number::money(text, round).map(|amount| Value::String(amount.to_string())),
            Self::DecimalId(places) if !number => {
                number::decimal_id(text, *places, round).map(|quantity| Value::String(quantity.to_string()))
            }
            Self::Decimal(places) | Self::DecimalId(places) => {
                number::decimal(text, *places, round).map(|quantity| Value::String(quantity.to_string()))
            }
            Self::Int => number::int(text).map(Value::from),
            Self::Bool => flag(text).map(Value::Bool).ok_or(Fault::Form),
            Self::Date(pattern) => text_of(dated(pattern).and_then(|written| written.date(zone))),
            Self::DateTime(pattern) => text_of(dated(pattern).and_then(|written| written.moment(zone))),
            Self::Month(pattern) => text_of(dated(pattern).and_then(|written| written.month(zone))),
            Self::Year(pattern) => {
                dated(pattern).and_then(|written| written.year(zone)).map(Value::from).ok_or(Fault::Form)
            }
        }
    }
}

/// A lone `t` is refused: PostgreSQL writes it for true, forms write it for *tidak*.
fn flag(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if text == "T" || is(&["false", "0", "tidak"]) {
        Some(false)
    } else if is(&["true", "1", "ya", "y"]) {
        Some(true)
    } else {
        None
    }
}

fn pattern(argument: Option<&str>, needed: &[Part]) -> Result<Option<Pattern>, (String, Option<String>)> {
    let Some(argument) = argument else { return Ok(None) };
    let text = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(|| {
        (format!("the pattern {argument} must stand in double quotes"), Some(format!("write `(\"{argument}\")`")))
    })?;
    let pattern = Pattern::parse(text).map_err(|why| (why, Some(format!("a pattern is made of {LETTERS}"))))?;
    match needed.iter().find(|part| !pattern.has(**part)) {
        Some(part) => Err((
            format!("the pattern `{text}` lacks the {}", format!("{part:?}").to_lowercase()),
            Some(format!("a pattern is made of {LETTERS}")),
        )),
        None => Ok(Some(pattern)),
    }
}
