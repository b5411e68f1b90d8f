//! The form of a value: what it could be read as, whatever it says.

use serde::{Deserialize, Serialize};

use crate::json::Json;

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Form {
    /// Null, an empty text, list or object, a dash, or a text that the stream's `zero` names. A list without items is
    /// what PHP writes for an object without members, so it says nothing.
    Absent,
    /// `true` or `false`.
    Bool,
    /// A number without decimals.
    Whole,
    /// A number with decimals or an exponent.
    Decimal,
    /// A text of digits, or one that may be grouped or not, such as `1.250`.
    TextWhole,
    /// A text with a decimal point: `1250000.50`.
    TextPoint,
    /// A text with a decimal comma, grouping points or `Rp`: `1.250.000,50`.
    TextComma,
    /// A text that begins with `yyyy-MM-dd`.
    DateIso,
    /// A text that begins with `dd/MM/yyyy`.
    DateSlash,
    /// A text that begins with `dd-MM-yyyy`.
    DateDash,
    /// Any other text.
    Text,
    /// A list with items.
    List,
    /// An object with members.
    Object,
}

/// The digits of a date, and what parts them.
const SEPARATORS: [(u8, Form); 2] = [(b'/', Form::DateSlash), (b'-', Form::DateDash)];

impl Form {
    /// All of them, in their order.
    pub const ALL: [Self; 13] = [
        Self::Absent,
        Self::Bool,
        Self::Whole,
        Self::Decimal,
        Self::TextWhole,
        Self::TextPoint,
        Self::TextComma,
        Self::DateIso,
        Self::DateSlash,
        Self::DateDash,
        Self::Text,
        Self::List,
        Self::Object,
    ];

    /// The form of a JSON value.
    pub fn of(value: &Json, zero: &[String]) -> Self {
        match value {
            Json::Null => Self::Absent,
            Json::Bool(_) => Self::Bool,
            Json::Number(text) if text.contains(['.', 'e', 'E']) => Self::Decimal,
            Json::Number(_) => Self::Whole,
            Json::Text(text) => Self::of_text(text, zero),
            Json::List(items) if items.is_empty() => Self::Absent,
            Json::List(_) => Self::List,
            Json::Object(members) if members.is_empty() => Self::Absent,
            Json::Object(_) => Self::Object,
        }
    }

    /// The form of a text.
    pub fn of_text(text: &str, zero: &[String]) -> Self {
        let text = text.trim();
        if text.is_empty() || text == "-" || zero.iter().any(|zero| zero == text) {
            return Self::Absent;
        }
        // What does not begin like a number or a date is neither; most texts end here.
        if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '(' | 'R' | 'r')) {
            return Self::Text;
        }
        date(text.as_bytes()).or_else(|| number(text)).unwrap_or(Self::Text)
    }

    /// Whether it is a text of some kind.
    pub const fn is_text(self) -> bool {
        matches!(
            self,
            Self::TextWhole
                | Self::TextPoint
                | Self::TextComma
                | Self::DateIso
                | Self::DateSlash
                | Self::DateDash
                | Self::Text
        )
    }

    /// Whether a field that had the forms `before`, and no other, may have this one too without having changed.
    pub fn fits(self, before: &[Self]) -> bool {
        let had = |form: Self| before.contains(&form);
        if self == Self::Absent || before.iter().all(|form| *form == Self::Absent) || had(self) {
            return true;
        }
        match self {
            // Where any text stood, any text may stand.
            _ if self.is_text() && had(Self::Text) => true,
            Self::Whole | Self::Decimal => had(Self::Whole) || had(Self::Decimal),
            Self::TextWhole => had(Self::TextPoint) || had(Self::TextComma),
            // Digits alone do not tell how decimals would have been written.
            Self::TextPoint => had(Self::TextWhole) && !had(Self::TextComma),
            Self::TextComma => had(Self::TextWhole) && !had(Self::TextPoint),
            _ => false,
        }
    }
}

fn digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

fn date(text: &[u8]) -> Option<Form> {
    let ends = |at: usize| matches!(text.get(at), None | Some(b' ' | b'T'));
    let at = |at: usize| text.get(at).copied();
    if at(4) == Some(b'-') && at(7) == Some(b'-') && ends(10) {
        return (digits(&text[..4]) && digits(&text[5..7]) && digits(text.get(8..10)?)).then_some(Form::DateIso);
    }
    for (separator, form) in SEPARATORS {
        let mut parts = text.splitn(3, |byte| *byte == separator);
        let (Some(day), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let short = |part: &[u8]| part.len() <= 2 && digits(part);
        let year_ends = matches!(rest.get(4), None | Some(b' ' | b'T'));
        if short(day) && short(month) && rest.get(..4).is_some_and(digits) && year_ends {
            return Some(form);
        }
    }
    None
}

fn number(text: &str) -> Option<Form> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let bare = unsigned.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(unsigned);
    let money = bare.strip_prefix("Rp").or_else(|| bare.strip_prefix("rp")).or_else(|| bare.strip_prefix("RP"));
    let bare = money.map_or(bare, |money| money.trim_start_matches(['.', ' ', '\u{a0}']));
    let bare = bare.strip_suffix(",-").unwrap_or(bare);
    let form = plain(bare)?;
    let is_money = money.is_some() || bare.len() < unsigned.len();
    Some(if is_money && form == Form::TextWhole { Form::TextComma } else { form })
}

fn plain(text: &str) -> Option<Form> {
    if digits(text.as_bytes()) {
        return Some(Form::TextWhole);
    }
    if let Some((whole, fraction)) = text.split_once(',') {
        let is_whole = digits(whole.as_bytes()) || is_grouped(whole);
        return (is_whole && digits(fraction.as_bytes())).then_some(Form::TextComma);
    }
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let is_number = mantissa.split('.').count() <= 2 && mantissa.split('.').all(|part| digits(part.as_bytes()));
        return (is_number && digits(exponent.as_bytes())).then_some(Form::TextPoint);
    }
    match text.split_once('.') {
        Some((whole, fraction)) if digits(fraction.as_bytes()) && digits(whole.as_bytes()) => {
            Some(if is_grouped(text) { Form::TextWhole } else { Form::TextPoint })
        }
        _ => is_grouped(text).then_some(Form::TextComma),
    }
}

/// `1.250` or `12.500.000`.
fn is_grouped(text: &str) -> bool {
    let mut groups = text.split('.');
    let first = groups.next().unwrap_or_default();
    first.len() <= 3
        && digits(first.as_bytes())
        && groups.clone().count() > 0
        && groups.all(|group| group.len() == 3 && digits(group.as_bytes()))
}
