//! Crosswalks between two systems' codes: lists that mappings use by name, with days of validity.

use std::collections::BTreeMap;

/// Most rows of one list.
const MAX_ROWS: usize = 200_000;

/// A list, ready for looking up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Crosswalk {
    rows: BTreeMap<Box<str>, Vec<Span>>,
    /// Whether names are compared without case, points and spaces.
    by_name: bool,
}

/// What a code stands for during some time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    to: Box<str>,
    /// First and last day, `yyyy-MM-dd`; empty where there is none.
    from: Box<str>,
    until: Box<str>,
}

impl Crosswalk {
    /// Reads CSV with a header; `valid_from` and `valid_to` are looked at where they are.
    ///
    /// # Errors
    /// What is wrong with the list, with its line.
    pub fn read(text: &str, from: &str, to: &str, by_name: bool) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| error.to_string())?.clone();
        let place = |name: &str| header.iter().position(|known| known.trim() == name);
        let names = || header.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let column = |name: &str| place(name).ok_or_else(|| format!("it has no column `{name}`, but {}", names()));
        let (from, to) = (column(from)?, column(to)?);
        let (begins, ends) = (place("valid_from"), place("valid_to"));
        let mut list = Self { rows: BTreeMap::new(), by_name };
        for (number, row) in reader.records().enumerate() {
            let row = row.map_err(|error| error.to_string())?;
            let line = number + 2;
            if number == MAX_ROWS {
                return Err(format!("it has more than {MAX_ROWS} rows"));
            }
            let cell = |at: usize| row.get(at).unwrap_or_default().trim();
            let day = |at: Option<usize>| match at.map(cell).unwrap_or_default() {
                "" => Ok(Box::from("")),
                text => plain_date(text).map(Box::from).ok_or_else(|| format!("line {line}: `{text}` is no date")),
            };
            let code = list.form(cell(from));
            if code.is_empty() {
                return Err(format!("line {line}: there is no value to look up"));
            }
            let span = Span { to: cell(to).into(), from: day(begins)?, until: day(ends)? };
            let spans = list.rows.entry(code).or_default();
            if let Some(other) = spans.iter().find(|other| other.to != span.to && other.meets(&span)) {
                return Err(format!(
                    "line {line}: `{}` stands for `{}` and for `{}` at the same time",
                    cell(from),
                    other.to,
                    span.to
                ));
            }
            spans.push(span);
        }
        Ok(list)
    }

    /// Whether some code stands for different values at different times, so that a day is needed.
    pub fn needs_day(&self) -> Option<&str> {
        let several = |spans: &Vec<Span>| spans.iter().any(|span| span.to != spans[0].to);
        self.rows.iter().find(|(_, spans)| several(spans)).map(|(code, _)| &**code)
    }

    /// Every value that it gives, once.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let all: std::collections::BTreeSet<&str> = self.rows.values().flatten().map(|span| &*span.to).collect();
        all.into_iter()
    }

    /// What a code stands for, on a day (`yyyy-MM-dd` or longer) or in a year (`yyyy`, then the latest of it).
    pub fn find(&self, code: &str, on: Option<&str>) -> Option<&str> {
        let spans = self.rows.get(&*self.form(code))?;
        let Some(on) = on else { return spans.last().map(|span| &*span.to) };
        let on = on.trim();
        let (first, last) = match on.len() {
            4 if on.bytes().all(|byte| byte.is_ascii_digit()) => (format!("{on}-01-01"), format!("{on}-12-31")),
            _ => {
                let day = plain_date(on.get(..10)?)?;
                (day.clone(), day)
            }
        };
        let day = Span { to: "".into(), from: first.into(), until: last.into() };
        spans.iter().filter(|span| span.meets(&day)).max_by(|a, b| a.from.cmp(&b.from)).map(|span| &*span.to)
    }

    fn form(&self, text: &str) -> Box<str> {
        if !self.by_name {
            return text.trim().into();
        }
        let plain = text.to_uppercase().replace(|letter: char| !letter.is_alphanumeric(), " ");
        plain.split_whitespace().collect::<Vec<_>>().join(" ").into()
    }
}

/// A day as it is written in lists, `yyyy-MM-dd`.
fn plain_date(text: &str) -> Option<String> {
    text.parse::<jiff::civil::Date>().ok().map(|date| date.to_string())
}

impl Span {
    fn meets(&self, other: &Self) -> bool {
        let begins_in_time = |a: &Self, b: &Self| a.until.is_empty() || b.from.is_empty() || b.from <= a.until;
        begins_in_time(self, other) && begins_in_time(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "from,to,valid_from,valid_to\n1.02,A,2020-01-01,2025-12-31\n1.02,B,2026-01-01,\n3,C,,\n";

    #[test]
    fn a_code_is_found_as_of_its_day() {
        let list = Crosswalk::read(LIST, "from", "to", false).unwrap();
        assert_eq!((list.find("1.02", Some("2025-06-30")), list.find(" 1.02 ", Some("2026"))), (Some("A"), Some("B")));
        assert_eq!(
            (list.find("1.02", Some("2019")), list.find("3", None), list.find("x", None)),
            (None, Some("C"), None)
        );
        assert_eq!(list.find("1.02", Some("kapan-kapan")), None);
        assert_eq!((list.needs_day(), list.values().collect::<Vec<_>>()), (Some("1.02"), vec!["A", "B", "C"]));
    }

    #[test]
    fn names_are_compared_without_what_people_write_now_so_and_now_so() {
        let list = Crosswalk::read("nama,kode\n\"Kab. Deli Serdang\",12.07\n", "nama", "kode", true).unwrap();
        assert_eq!(list.find("KAB DELI  SERDANG", None), Some("12.07"));
    }

    #[test]
    fn a_wrong_list_is_told_with_its_line() {
        let wrong = |text: &str| Crosswalk::read(text, "from", "to", false).unwrap_err();
        assert_eq!(wrong("a,b\n"), "it has no column `from`, but `a`, `b`");
        assert_eq!(wrong("from,to\n1,A\n1,B\n"), "line 3: `1` stands for `A` and for `B` at the same time");
        assert_eq!(wrong("from,to\n,A\n"), "line 2: there is no value to look up");
        assert_eq!(wrong("from,to,valid_from\n1,A,kemarin\n"), "line 2: `kemarin` is no date");
    }
}
