//! Dates and times from source texts: ISO forms and patterns with Indonesian and English month names.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// A pattern such as `dd/MM/yyyy` or `d MMMM yyyy HH:mm`, split once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    tokens: Box<[Token]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// Exactly so many digits, or one to two where the pattern has a single letter.
    Digits(Part, u8, u8),
    MonthName,
    Literal(char),
}

/// What a token of a pattern sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// A date and time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
    /// Seconds east of Greenwich, where the text says.
    offset: Option<i32>,
}

const EMPTY: Written = Written { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanos: 0, offset: None };

/// Letters that a pattern may hold.
pub(super) const LETTERS: &str = "yyyy, MM, M, dd, d, MMM, MMMM, HH, H, mm, ss, and text in single quotes";

/// Names of the months, Indonesian and English, full and short, in the spellings found in real files.
const MONTHS: [&[&str]; 12] = [
    &["januari", "january", "jan"],
    &["februari", "pebruari", "february", "feb", "peb"],
    &["maret", "march", "mar", "mrt"],
    &["april", "apr"],
    &["mei", "may"],
    &["juni", "june", "jun"],
    &["juli", "july", "jul"],
    &["agustus", "august", "agt", "agu", "ags", "agust", "aug"],
    &["september", "sept", "sep"],
    &["oktober", "october", "okt", "oct"],
    &["november", "nopember", "nov", "nop"],
    &["desember", "december", "des", "dec"],
];

impl Pattern {
    /// Splits a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(letter) = rest.next() {
            if letter == '\'' {
                loop {
                    match rest.next() {
                        Some('\'') => break,
                        Some(quoted) => tokens.push(Token::Literal(quoted)),
                        None => return Err("a quote in the pattern is not closed".to_owned()),
                    }
                }
                continue;
            }
            if !letter.is_alphabetic() {
                tokens.push(Token::Literal(letter));
                continue;
            }
            let mut length = 1;
            while rest.next_if_eq(&letter).is_some() {
                length += 1;
            }
            tokens.push(match (letter, length) {
                ('y', 4) => Token::Digits(Part::Year, 4, 4),
                ('M', 1) => Token::Digits(Part::Month, 1, 2),
                ('M', 2) => Token::Digits(Part::Month, 2, 2),
                ('M', 3 | 4) => Token::MonthName,
                ('d', 1) => Token::Digits(Part::Day, 1, 2),
                ('d', 2) => Token::Digits(Part::Day, 2, 2),
                ('H', 1) => Token::Digits(Part::Hour, 1, 2),
                ('H', 2) => Token::Digits(Part::Hour, 2, 2),
                ('m', 2) => Token::Digits(Part::Minute, 2, 2),
                ('s', 2) => Token::Digits(Part::Second, 2, 2),
                _ => {
                    return Err(format!("`{}` is no part of a pattern", letter.to_string().repeat(length)));
                }
            });
        }
        Ok(Self { text: text.to_owned(), tokens: tokens.into() })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern sets this part.
    pub(super) fn has(&self, part: Part) -> bool {
        self.tokens.iter().any(|token| match token {
            Token::Digits(set, ..) => *set == part,
            Token::MonthName => part == Part::Month,
            Token::Literal(_) => false,
        })
    }

    /// Reads a text in this form, whole.
    pub(super) fn read(&self, text: &str) -> Option<Written> {
        let mut written = EMPTY;
        let mut rest = text;
        for token in &self.tokens {
            match *token {
                Token::Literal(letter) => rest = rest.strip_prefix(letter)?,
                Token::MonthName => {
                    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                    written.month = month(&rest[..end])?;
                    // `Sept.` and `Agt.` are written with a point that no pattern has.
                    rest = &rest[end..];
                }
                Token::Digits(part, least, most) => {
                    let (number, after) = digits(rest, usize::from(least), usize::from(most))?;
                    rest = after;
                    written.set(part, number)?;
                }
            }
        }
        (rest.is_empty() && written.is_real()).then_some(written)
    }
}

fn month(name: &str) -> Option<i8> {
    let place = MONTHS.iter().position(|names| names.iter().any(|known| known.eq_ignore_ascii_case(name)))?;
    i8::try_from(place + 1).ok()
}

/// As many digits as there are, up to `most`; `None` when there are fewer than `least`.
fn digits(text: &str, least: usize, most: usize) -> Option<(u16, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    let number = text[..length].bytes().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    Some((number, &text[length..]))
}

impl Written {
    /// Reads `2026-02-07`, `2026-02-07 08:30[:15[.25]]`, RFC 3339, and PostgreSQL's `+07`.
    pub(super) fn iso(text: &str) -> Option<Self> {
        let mut written = EMPTY;
        let (year, rest) = digits(text, 4, 4)?;
        let (month, rest) = digits(rest.strip_prefix('-')?, 2, 2)?;
        let (day, mut rest) = digits(rest.strip_prefix('-')?, 2, 2)?;
        written.set(Part::Year, year)?;
        written.set(Part::Month, month)?;
        written.set(Part::Day, day)?;
        if !rest.is_empty() {
            rest = rest.strip_prefix(['T', 't', ' '])?;
            let (hour, after) = digits(rest, 2, 2)?;
            let (minute, after) = digits(after.strip_prefix(':')?, 2, 2)?;
            written.set(Part::Hour, hour)?;
            written.set(Part::Minute, minute)?;
            rest = after;
            if let Some(after) = rest.strip_prefix(':') {
                let (second, after) = digits(after, 2, 2)?;
                written.set(Part::Second, second)?;
                rest = after;
                if let Some(after) = rest.strip_prefix(['.', ',']) {
                    let length = after.bytes().take_while(u8::is_ascii_digit).count();
                    if length == 0 {
                        return None;
                    }
                    // Digits beyond the ninth are beyond any clock.
                    written.nanos =
                        after.bytes().chain(std::iter::repeat(b'0')).take(9).enumerate().fold(
                            0,
                            |nanos, (place, digit)| {
                                nanos * 10 + if place < length { i32::from(digit - b'0') } else { 0 }
                            },
                        );
                    rest = &after[length..];
                }
            }
            written.offset = offset(rest.strip_prefix(' ').unwrap_or(rest))?;
        }
        written.is_real().then_some(written)
    }

    fn set(&mut self, part: Part, number: u16) -> Option<()> {
        let small = || i8::try_from(number).ok();
        match part {
            Part::Year => self.year = i16::try_from(number).ok()?,
            Part::Month => self.month = small()?,
            Part::Day => self.day = small()?,
            Part::Hour => self.hour = small()?,
            Part::Minute => self.minute = small()?,
            Part::Second => self.second = small()?,
        }
        Some(())
    }

    fn is_real(&self) -> bool {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let days = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + i8::from(leap),
            _ => return false,
        };
        (1..=days).contains(&self.day) && self.hour < 24 && self.minute < 60 && self.second < 60
    }

    fn civil(&self) -> Option<DateTime> {
        DateTime::new(self.year, self.month, self.day, self.hour, self.minute, self.second, self.nanos).ok()
    }

    /// The calendar date in the system's zone: a moment with an offset is first moved there,
    /// so that `2026-02-06T17:00:00Z`, midnight in Jakarta, is the 7th.
    fn local(self, zone: &TimeZone) -> Option<Self> {
        let Some(seconds) = self.offset else { return Some(self) };
        let moment = Offset::from_seconds(seconds).ok()?.to_timestamp(self.civil()?).ok()?;
        let local = zone.to_datetime(moment);
        Some(Self { year: local.year(), month: local.month(), day: local.day(), ..self })
    }

    /// `yyyy-MM-dd`.
    pub(super) fn date(self, zone: &TimeZone) -> Option<String> {
        let local = self.local(zone)?;
        let mut text = String::with_capacity(10);
        local.push_date(&mut text);
        Some(text)
    }

    /// `yyyy-MM`.
    pub(super) fn month(self, zone: &TimeZone) -> Option<String> {
        self.date(zone).map(|mut date| {
            date.truncate(7);
            date
        })
    }

    /// The calendar year in the system's zone.
    pub(super) fn year(self, zone: &TimeZone) -> Option<i64> {
        self.local(zone).map(|local| i64::from(local.year))
    }

    /// RFC 3339 with the offset that was written, or that the system's zone had then.
    pub(super) fn moment(self, zone: &TimeZone) -> Option<String> {
        let seconds = match self.offset {
            Some(seconds) => seconds,
            None => zone
                .to_ambiguous_timestamp(self.civil()?)
                .compatible()
                .map(|moment| zone.to_offset(moment))
                .ok()?
                .seconds(),
        };
        let mut text = String::with_capacity(35);
        self.push_date(&mut text);
        for (mark, number) in [('T', self.hour), (':', self.minute), (':', self.second)] {
            text.push(mark);
            push_two(number, &mut text);
        }
        if self.nanos > 0 {
            let fraction = format!("{:09}", self.nanos);
            text.push('.');
            text.push_str(fraction.trim_end_matches('0'));
        }
        if seconds == 0 {
            text.push('Z');
        } else {
            let minutes = seconds.unsigned_abs() / 60;
            text.push(if seconds < 0 { '-' } else { '+' });
            push_two(i8::try_from(minutes / 60).ok()?, &mut text);
            text.push(':');
            push_two(i8::try_from(minutes % 60).ok()?, &mut text);
        }
        Some(text)
    }

    fn push_date(&self, text: &mut String) {
        let year = self.year.unsigned_abs();
        for place in [1000, 100, 10, 1] {
            text.push(digit(year / place % 10));
        }
        for number in [self.month, self.day] {
            text.push('-');
            push_two(number, text);
        }
    }
}

fn digit(number: u16) -> char {
    char::from(b'0' + u8::try_from(number % 10).unwrap_or(0))
}

fn push_two(number: i8, text: &mut String) {
    let number = u16::from(number.unsigned_abs());
    text.push(digit(number / 10));
    text.push(digit(number));
}

/// `Z`, `+07`, `+0700`, `+07:00` or nothing; the outer `None` is anything else.
fn offset(text: &str) -> Option<Option<i32>> {
    if text.is_empty() {
        return Some(None);
    }
    if text.eq_ignore_ascii_case("z") {
        return Some(Some(0));
    }
    let (sign, rest) = if let Some(rest) = text.strip_prefix('+') { (1, rest) } else { (-1, text.strip_prefix('-')?) };
    let (hours, rest) = digits(rest, 2, 2)?;
    let (minutes, rest) =
        if rest.is_empty() { (0, rest) } else { digits(rest.strip_prefix(':').unwrap_or(rest), 2, 2)? };
    (rest.is_empty() && hours < 24 && minutes < 60)
        .then(|| Some(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)))
}

#[cfg(test)]
mod tests;
