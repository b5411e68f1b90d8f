//! The page of documentation of a definition: what the system is, what it needs, what is read and what becomes of it.
//!
//! A page is made of the definition alone, so the same definition gives the same page, byte for byte.

use std::fmt::Write as _;

use super::model::{Definition, OnInvalid, Outcome, Pace, Schedule, Stream, of_parent};
use crate::json::Json;

mod fields;
mod needs;
mod reading;

/// The page of a definition that stands in the file of this name, in Markdown.
pub fn page(definition: &Definition, file: &str) -> String {
    let system = &definition.system;
    let mut out = format!("# {}\n\nMade from [{file}]({file}): edit that file, not this page.\n\n", system.name);
    paragraph(definition.about.as_deref(), &mut out);
    let _ = writeln!(
        out,
        "The definition's system id is `{}`, its region `{}`, its agency `{}`: write those of your own, and the id once and for ever.",
        system.id, system.region, system.agency
    );
    needs::needs(definition, &mut out);
    reading::limits(&definition.source, &mut out);
    for stream in &definition.streams {
        section(stream, &mut out);
    }
    out
}

/// The list of pages, given each definition with the name of its file.
pub fn index<'a>(definitions: impl Iterator<Item = (&'a Definition, &'a str)>) -> String {
    let mut out = String::from(
        "# Catalog\n\nReady connector definitions, one file a system, each with its tests in it and a page made from it.\n\
         Copy a file, write your own region, agency and ids where it says so, set the variables that its page names, and look with `muara preview FILE` before it runs.\n\n\
         | definition | system | kind | records |\n|---|---|---|---|\n",
    );
    for (definition, file) in definitions {
        let mut targets: Vec<&str> = definition.streams.iter().map(|stream| stream.target.as_str()).collect();
        targets.sort_unstable();
        targets.dedup();
        let page = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let name = cell(&definition.system.name);
        let _ =
            writeln!(out, "| [{page}]({page}.md) | {name} | {} | {} |", definition.source.kind(), targets.join(", "));
    }
    out
}

fn section(stream: &Stream, out: &mut String) {
    let target = &stream.target;
    let _ = write!(out, "\n## {}\n\n", stream.name);
    paragraph(stream.about.as_deref(), out);
    let _ = writeln!(out, "Gives [`{target}`](../../schemas/records/{target}.json).\n");
    reading::read(&stream.read, out);
    reading::paging(stream.page.as_ref(), out);
    reading::parts(stream, out);
    let key: Vec<String> = stream.key.iter().map(|path| code(path.as_str())).collect();
    let parents =
        if stream.key.iter().any(|path| of_parent(path).is_some()) { ", the first of the parent" } else { "" };
    let _ = writeln!(out, "- **Key:** {}{parents}.", key.join(", "));
    reading::newness(stream, out);
    let _ = writeln!(out, "- **Runs:** {}.", pace(&stream.schedule));
    let _ = writeln!(out, "- **Broken records:** {}.", patience(stream.on_invalid));
    let _ = writeln!(
        out,
        "- **Deletes:** held for approval where one read would delete more than {} records and more than {} of all.",
        stream.full_read.limits.max_count,
        share(u64::from(stream.full_read.limits.max_share))
    );
    fields::fields(stream, out);
    for test in &stream.tests {
        let _ = write!(out, "\n**{}**\n\n```json\n{}\n```\n", test.name, test.raw.to_text());
        match &test.outcome {
            Outcome::Body(body) => {
                let _ = write!(out, "becomes\n\n```json\n{}\n```\n", body.to_text());
            }
            Outcome::Quarantine(pointers) => {
                let pointers: Vec<String> = pointers.iter().map(|pointer| code(pointer)).collect();
                let _ = writeln!(out, "waits in quarantine for {}.", pointers.join(", "));
            }
            Outcome::LeftOut => out.push_str("is left out.\n"),
        }
    }
}

fn pace(schedule: &Schedule) -> String {
    let mut text = match &schedule.pace {
        Pace::Every(every, None) => format!("every {}", span(*every)),
        Pace::Every(every, Some(hours)) => {
            let days: Vec<String> = match hours.days.len() {
                7 => vec!["each day".to_owned()],
                _ => hours.days.iter().map(|day| format!("{day:?}")).collect(),
            };
            format!("every {} from {:02}.00 to {:02}.00 on {}", span(*every), hours.from, hours.to, days.join(", "))
        }
        Pace::Cron(cron) => format!("at `{}` (cron)", cron.as_str()),
    };
    if !schedule.jitter.is_zero() {
        let _ = write!(text, ", up to {} later by chance", span(schedule.jitter));
    }
    text
}

fn patience(on_invalid: OnInvalid) -> String {
    match on_invalid {
        OnInvalid::Stop => "the first one stops the run".to_owned(),
        OnInvalid::Quarantine { share: of_all, of } => {
            let most = share(u64::from(of_all));
            format!("they wait in quarantine; the run stops when {most} of its first {of} records are broken")
        }
    }
}

/// Ten-thousandths as a percentage.
fn share(share: u64) -> String {
    if share.is_multiple_of(100) {
        format!("{} %", share / 100)
    } else {
        format!("{}.{:02} %", share / 100, share % 100)
    }
}

/// A duration as definitions write it, in the largest unit that is whole.
fn span(duration: std::time::Duration) -> String {
    let millis = duration.as_millis();
    for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if millis > 0 && millis.is_multiple_of(unit) {
            return format!("{}{name}", millis / unit);
        }
    }
    format!("{millis}ms")
}

/// The sentences of an `about:`, one a line.
fn paragraph(about: Option<&str>, out: &mut String) {
    if let Some(about) = about {
        let _ = write!(out, "{}\n\n", about.trim());
    }
}

/// A text as code, also one that holds a backtick, on one line.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A text that may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A value of a definition as it is written there.
fn value(json: &Json) -> String {
    code(json.as_text().unwrap_or(&json.to_text()))
}
