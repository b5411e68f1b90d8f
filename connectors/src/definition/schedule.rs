//! `schedule:` and `on_invalid:` of a stream.

use std::time::Duration;

use croner::Cron;
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::model::{Hours, OnInvalid, Pace, Schedule};
use super::node::{Node, Value};
use super::report::Mark;
use super::walk::{Section, Walk};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Reads `schedule:`.
pub(super) fn schedule(walk: &Walk, node: &Node, name: &str, at: Mark) -> Option<Schedule> {
    let section = walk.section(node, format!("{name}.schedule"), at)?;
    let every = section.take("every").and_then(|node| walk.duration(node, "every", Duration::from_secs(1)));
    let hours = hours(walk, &section);
    let cron = section.take("cron").and_then(|node| {
        let text = walk.text(node, "cron")?;
        let cron = text
            .parse()
            .map_err(|error| {
                walk.cure(
                    "E0108",
                    node.mark,
                    format!("`cron` is no time table: {error}"),
                    "five fields: minute, hour, day of month, month, day of week, such as \"15 2 * * *\"",
                );
            })
            .ok()?;
        if !comes(&cron) {
            let cure = "no such day is in the calendar: take a day that each of these months has";
            walk.cure("E0174", node.mark, format!("`cron` never comes: `{text}`"), cure);
        }
        Some(cron)
    });
    let jitter = section.take("jitter").and_then(|node| walk.duration(node, "jitter", Duration::ZERO));
    if section.has("every") == section.has("cron") {
        walk.cure("E0106", at, "`schedule` says one way how often", "write {every: 15m} or {cron: \"15 2 * * *\"}");
    }
    for key in ["hours", "days"].into_iter().filter(|key| section.has("cron") && section.has(key)) {
        walk.cure("E0106", section.place(key), format!("`{key}` has no use beside `cron`"), "say it within `cron`");
    }
    section.finish();
    let pace = match cron {
        Some(cron) => Pace::Cron(Box::new(cron)),
        None => Pace::Every(every?, hours),
    };
    Some(Schedule { pace, jitter: jitter.unwrap_or_default() })
}

/// Whether there is such a time at all. Where it is looked for from is of no matter: leap years are looked for too.
fn comes(cron: &Cron) -> bool {
    cron.find_next_occurrence(&Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC), true).is_ok()
}

fn hours(walk: &Walk, section: &Section<'_, '_>) -> Option<Hours> {
    let told = |node: &Node, key: &str, text: &str| {
        let help = if key == "hours" { "write full hours, such as \"06-20\"" } else { "write mon-fri, or mon,wed,sat" };
        walk.cure("E0108", node.mark, format!("`{key}` is not understood: `{text}`"), help);
    };
    let span = section.take("hours").and_then(|node| {
        let text = walk.text(node, "hours")?;
        let span = text.split_once('-').and_then(|(from, to)| Some((hour(from)?, hour(to)?)));
        let span = span.filter(|(from, to)| from < to);
        if span.is_none() {
            told(node, "hours", &text);
        }
        span
    });
    let days = section.take("days").and_then(|node| {
        let text = walk.text(node, "days")?;
        let days = days(&text);
        if days.is_none() {
            told(node, "days", &text);
        }
        days
    });
    if !section.has("hours") && !section.has("days") {
        return None;
    }
    let (from, to) = span.unwrap_or((0, 24));
    Some(Hours { from, to, days: days.unwrap_or_else(|| DAYS.iter().map(|(_, day)| *day).collect()) })
}

fn hour(text: &str) -> Option<i8> {
    let text = text.trim();
    let text = text.strip_suffix(":00").unwrap_or(text);
    text.parse().ok().filter(|hour| (0..=24).contains(hour))
}

/// `mon-fri`, `sat-mon`, `mon,wed`.
fn days(text: &str) -> Option<Vec<Weekday>> {
    let place = |name: &str| DAYS.iter().position(|(known, _)| name.trim().eq_ignore_ascii_case(known));
    let mut days = Vec::new();
    for part in text.split(',') {
        let (from, to) = match part.split_once('-') {
            Some((from, to)) => (place(from)?, place(to)?),
            None => (place(part)?, place(part)?),
        };
        let length = (to + DAYS.len() - from) % DAYS.len();
        days.extend((0..=length).map(|step| DAYS[(from + step) % DAYS.len()].1));
    }
    Some(days)
}

/// Reads `on_invalid:`.
pub(super) fn on_invalid(walk: &Walk, node: &Node, name: &str, at: Mark) -> Option<OnInvalid> {
    if let Value::Scalar(text, _) = &node.value {
        return match text.as_str() {
            "quarantine" => Some(OnInvalid::default()),
            "stop" => Some(OnInvalid::Stop),
            other => {
                let report = walk.origin.report("E0108", node.mark, format!("`on_invalid` is not `{other}`"));
                walk.push(report.nearest(other, ["quarantine", "stop"]));
                None
            }
        };
    }
    let section = walk.section(node, format!("{name}.on_invalid"), at)?;
    let share = section.need("stop_above").and_then(|node| walk.share(node, "stop_above"));
    let of = section.take("of").map_or(Some(1_000), |node| walk.number(node, "of", 1, 1_000_000_000));
    section.finish();
    Some(OnInvalid::Quarantine { share: share?, of: of? })
}
