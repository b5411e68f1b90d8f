//! Reading a tree key by key: every key that nobody asked for is an error, and reading goes on after one.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use super::node::{Node, Value};
use super::reference::{Reference, Setting};
use super::report::{Diagnostic, Mark, Origin};
use crate::json::Path;

/// What has been found in one file.
pub(super) struct Walk {
    pub(super) origin: Arc<Origin>,
    pub(super) found: RefCell<Vec<Diagnostic>>,
}

/// One table of keys.
pub(super) struct Section<'n, 'w> {
    walk: &'w Walk,
    /// What people call it, such as `source` or `streams.dpa.read`.
    pub(super) name: String,
    pub(super) mark: Mark,
    entries: &'n [(String, Mark, Node)],
    asked: RefCell<Vec<&'static str>>,
    /// Keys that an error has been told of.
    told: RefCell<Vec<&'n str>>,
}

impl Walk {
    pub(super) fn new(origin: Arc<Origin>) -> Self {
        Self { origin, found: RefCell::default() }
    }

    pub(super) fn push(&self, report: Diagnostic) {
        self.found.borrow_mut().push(report);
    }

    pub(super) fn report(&self, code: &'static str, mark: Mark, message: impl Into<String>) {
        self.push(self.origin.report(code, mark, message));
    }

    pub(super) fn cure(&self, code: &'static str, mark: Mark, message: impl Into<String>, help: impl Into<String>) {
        self.push(self.origin.report(code, mark, message).help(help));
    }

    fn wrong(&self, node: &Node, name: &str, expected: &str) {
        self.cure(
            "E0106",
            node.mark,
            format!("`{name}` is {}, not {expected}", node.what()),
            format!("give `{name}` {expected}"),
        );
    }

    /// A table of keys; `at` is where its name stands.
    pub(super) fn section<'n>(&self, node: &'n Node, name: impl Into<String>, at: Mark) -> Option<Section<'n, '_>> {
        let name = name.into();
        match &node.value {
            Value::Map(entries) => Some(Section {
                walk: self,
                name,
                mark: at,
                entries: entries.as_slice(),
                asked: RefCell::default(),
                told: RefCell::default(),
            }),
            Value::Null => {
                self.cure("E0106", at, format!("`{name}` is empty"), "give its keys below it, or take it out");
                None
            }
            _ => {
                self.wrong(node, &name, "a table of keys");
                None
            }
        }
    }

    /// Entries of a table whose keys are free.
    pub(super) fn entries<'n>(&self, node: &'n Node, name: &str) -> &'n [(String, Mark, Node)] {
        if let Value::Map(entries) = &node.value {
            return entries;
        }
        self.wrong(node, name, "a table of keys");
        &[]
    }

    /// A list; one value alone is not taken for one.
    pub(super) fn list<'n>(&self, node: &'n Node, name: &str) -> &'n [Node] {
        if let Value::List(items) = &node.value {
            return items;
        }
        self.wrong(node, name, "a list such as [a, b]");
        &[]
    }

    /// A text that is not empty.
    pub(super) fn text(&self, node: &Node, name: &str) -> Option<String> {
        match &node.value {
            Value::Scalar(text, _) if !text.is_empty() => Some(text.clone()),
            Value::Scalar(..) => {
                self.cure("E0106", node.mark, format!("`{name}` is empty"), "give a text, or take the key out");
                None
            }
            _ => {
                self.wrong(node, name, "a text");
                None
            }
        }
    }

    /// The path of something that an answer has, from its outermost name on.
    pub(super) fn path(&self, node: &Node, name: &str) -> Option<Path> {
        let text = self.text(node, name)?;
        let mut at = 0;
        for step in text.split('.') {
            if step.is_empty() {
                let mark = self.within(node, &text, at, 1);
                let cure = "write the names from the outermost on, with one dot between two of them: `data.items`";
                self.cure("E0176", mark, format!("`{name}` has a dot with no name beside it: `{text}`"), cure);
                return None;
            }
            at += step.len() + 1;
        }
        Some(Path::new(&text))
    }

    /// The place of a part of a text: within its line when the text stands there as it is, else the whole.
    pub(super) fn within(&self, node: &Node, text: &str, at: usize, length: usize) -> Mark {
        let line = self.origin.text.lines().nth(node.mark.line.saturating_sub(1) as usize).unwrap_or_default();
        let Some((column, _)) = line.char_indices().nth(node.mark.column.saturating_sub(1) as usize) else {
            return node.mark;
        };
        let Some(start) = line.get(column..).and_then(|rest| rest.find(text)) else { return node.mark };
        let (from, end) = (text.floor_char_boundary(at), text.floor_char_boundary(at + length).max(at));
        let before = line[column..column + start].chars().count() + text[..from].chars().count();
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let width = text.get(at..end).map_or(1, |part| part.chars().count().max(1));
        Mark { line: node.mark.line, column: node.mark.column.saturating_add(small(before)), width: small(width) }
    }

    /// A text or a reference to one.
    pub(super) fn setting(&self, node: &Node, name: &str) -> Option<Setting> {
        if !matches!(node.value, Value::Map(_)) {
            return self.text(node, name).map(Setting::Plain);
        }
        let section = self.section(node, name, node.mark)?;
        let text = |key| section.take(key).and_then(|node| self.text(node, key));
        let given =
            [text("env").map(Reference::Env), text("file").map(Reference::File), text("cmd").map(Reference::Cmd)];
        let count = section.entries.len();
        section.finish();
        let mut given = given.into_iter().flatten();
        match (given.next(), count) {
            (Some(reference), 1) => Some(Setting::Reference(reference)),
            (_, 1) => None,
            _ => {
                self.cure(
                    "E0106",
                    node.mark,
                    format!("a reference for `{name}` names one thing"),
                    "write {env: NAME}, {file: PATH} or {cmd: \"…\"}",
                );
                None
            }
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, node: &Node, name: &str, least: u64, most: u64) -> Option<u64> {
        let Value::Scalar(text, _) = &node.value else {
            self.wrong(node, name, "a whole number");
            return None;
        };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.cure(
                    "E0108",
                    node.mark,
                    format!("`{name}` must be a whole number from {least} to {most}, not `{text}`"),
                    format!("write digits alone, without a unit, such as {least}"),
                );
                None
            }
        }
    }

    /// `30s`, `10m`, `6h`, `1d`.
    pub(super) fn duration(&self, node: &Node, name: &str, least: Duration) -> Option<Duration> {
        let text = self.text(node, name)?;
        let Some(duration) = parse_duration(&text) else {
            self.cure(
                "E0108",
                node.mark,
                format!("`{name}` is no duration: `{text}`"),
                "write a whole number and a unit: 500ms, 30s, 10m, 6h or 1d",
            );
            return None;
        };
        if duration < least || duration > MAX_DURATION {
            self.cure(
                "E0108",
                node.mark,
                format!("`{name}` must be at least {} and at most 366d, not `{text}`", display(least)),
                format!("write {} or more, or take `{name}` out", display(least)),
            );
            return None;
        }
        Some(duration)
    }

    /// `2%` or `0.5%`, in ten-thousandths.
    pub(super) fn share(&self, node: &Node, name: &str) -> Option<u32> {
        let text = self.text(node, name)?;
        let share = parse_share(&text);
        if share.is_none() {
            self.cure(
                "E0108",
                node.mark,
                format!("`{name}` is no share: `{text}`"),
                "write a percentage with at most two decimals, such as 2% or 0.5%",
            );
        }
        share
    }
}

const MAX_DURATION: Duration = Duration::from_hours(366 * 24);

fn display(duration: Duration) -> String {
    if duration.as_millis() < 1000 { format!("{}ms", duration.as_millis()) } else { format!("{}s", duration.as_secs()) }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..at].parse().ok()?;
    let millis = match text[at..].trim_start() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

fn parse_share(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?.trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 || whole.len() > 3 {
        return None;
    }
    let hundredths: u32 = format!("{fraction:0<2}").parse().ok()?;
    let share = whole.parse::<u32>().ok()? * 100 + hundredths;
    (share <= 10_000).then_some(share)
}

impl<'n> Section<'n, '_> {
    /// The value of a key, if it is there.
    pub(super) fn take(&self, key: &'static str) -> Option<&'n Node> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|(known, ..)| known == key).map(|(_, _, node)| node)
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &'static str) -> Option<&'n Node> {
        let node = self.take(key);
        if node.is_none() {
            self.walk.cure("E0105", self.mark, format!("`{}` lacks `{key}`", self.name), format!("add `{key}:`"));
        }
        node
    }

    /// Where a key stands; where the section stands when it is absent.
    pub(super) fn place(&self, key: &str) -> Mark {
        self.entries.iter().find(|(known, ..)| known == key).map_or(self.mark, |(_, mark, _)| *mark)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(known, ..)| known == key)
    }

    /// Marks a key as read without looking at it.
    pub(super) fn skip(&self, key: &'static str) {
        self.asked.borrow_mut().push(key);
    }

    /// Tells of keys that belong to another kind: (key, kind).
    pub(super) fn foreign(&self, keys: &[(&'static str, &str)], kind: &str) {
        for (key, mark, _) in self.entries {
            let asked = self.asked.borrow().iter().any(|known| known == key);
            let owners: Vec<&str> = keys.iter().filter(|(known, _)| known == key).map(|(_, owner)| *owner).collect();
            if !asked && !owners.is_empty() {
                let mut valid: Vec<String> = Vec::new();
                for key in self.asked.borrow().iter().map(|key| format!("`{key}`")) {
                    if !valid.contains(&key) {
                        valid.push(key);
                    }
                }
                self.walk.cure(
                    "E0111",
                    *mark,
                    format!("`{key}` belongs to kind {}, but this source is of kind {kind}", owners.join(" and ")),
                    format!("valid here: {}", valid.join(", ")),
                );
                self.told.borrow_mut().push(key);
            }
        }
    }

    /// Tells of keys that nobody asked for.
    pub(super) fn finish(self) {
        let (asked, told) = (self.asked.into_inner(), self.told.into_inner());
        for (key, mark, _) in self.entries {
            if !asked.contains(&key.as_str()) && !told.contains(&key.as_str()) {
                let report = self.walk.origin.report("E0104", *mark, format!("`{}` has no key `{key}`", self.name));
                self.walk.push(report.nearest(key, asked.iter().copied()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_shares() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs());
        assert_eq!(
            (seconds("30s"), seconds("10 m"), seconds("1d"), seconds("6h")),
            (Some(30), Some(600), Some(86400), Some(21600))
        );
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        for bad in ["", "30", "s", "1.5h", "-1s", "1w", "99999999999999999999d", "18446744073709551615d"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
        assert_eq!(
            (parse_share("2%"), parse_share("0.5%"), parse_share("100%"), parse_share("0.05 %")),
            (Some(200), Some(50), Some(10_000), Some(5))
        );
        for bad in ["2", "%", "101%", "0.005%", "-1%", "2,5%"] {
            assert_eq!(parse_share(bad), None, "{bad}");
        }
    }
}
