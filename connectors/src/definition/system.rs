//! `system:` – who the records belong to.

use jiff::tz::{Offset, TimeZone};
use muara_schemas::stream::{is_name, is_region};

use super::model::System;
use super::node::Node;
use super::report::Mark;
use super::walk::Walk;

pub(super) fn stand_in() -> System {
    System {
        id: String::new(),
        region: "00".to_owned(),
        agency: String::new(),
        name: String::new(),
        timezone: TimeZone::UTC,
        rank: 0,
    }
}

/// Reads `system:`; also where its id stands.
pub(super) fn system(walk: &Walk, node: &Node, at: Mark) -> (System, Mark) {
    let mut system = stand_in();
    let Some(section) = walk.section(node, "system", at) else { return (system, at) };
    let text =
        |node: Option<&Node>, key: &str| node.and_then(|node| walk.text(node, key).map(|text| (text, node.mark)));
    if let Some((id, mark)) = text(section.need("id"), "id") {
        if !is_name(&id) {
            walk.cure(
                "E0109",
                mark,
                format!("`{id}` is no id of a system"),
                "1 to 40 of a-z, 0-9 and -, beginning with a letter",
            );
        }
        system.id = id;
    }
    if let Some((region, mark)) = text(section.need("region"), "region") {
        if is_region(&region) {
            system.region = region;
        } else {
            let quoted = if region.contains('.') {
                "write it in quotes, with two digits on each side"
            } else {
                "two digits, or two and two with a dot"
            };
            walk.cure("E0109", mark, format!("`{region}` is no region code such as \"33.02\""), quoted);
        }
    }
    if let Some((agency, mark)) = text(section.need("agency"), "agency") {
        let good = agency.len() <= 40 && agency.starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase());
        if !good || !agency.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-') {
            walk.cure("E0109", mark, format!("`{agency}` is no agency code"), "such as 5.02.0.00.0.00.01.0000");
        }
        system.agency = agency;
    }
    system.name = text(section.take("name"), "name").map_or_else(|| system.id.clone(), |(name, _)| name);
    if let Some((name, mark)) = text(section.need("timezone"), "timezone") {
        if let Some(zone) = zone(&name) {
            system.timezone = zone;
        } else {
            let report = walk.origin.report("E0109", mark, format!("no time zone is called `{name}`"));
            walk.push(report.nearest(&name, ZONES.iter().map(|(name, _)| *name)));
        }
    }
    let rank = section.need("rank").and_then(|node| walk.number(node, "rank", 0, u64::from(u16::MAX)));
    system.rank = rank.and_then(|rank| u16::try_from(rank).ok()).unwrap_or(0);
    let id = section.need("id").map_or(at, |node| node.mark);
    section.finish();
    (system, id)
}

/// The zones of the country, which a host without a zone database knows all the same; none of them has changed since 1988.
const ZONES: &[(&str, i8)] = &[
    ("Asia/Jakarta", 7),
    ("Asia/Pontianak", 7),
    ("Asia/Makassar", 8),
    ("Asia/Jayapura", 9),
    ("WIB", 7),
    ("WITA", 8),
    ("WIT", 9),
];

fn zone(name: &str) -> Option<TimeZone> {
    let fixed =
        || ZONES.iter().find(|(known, _)| *known == name).map(|(_, hours)| TimeZone::fixed(Offset::constant(*hours)));
    // `get` accepts any case; a definition is to have one spelling.
    TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name)).or_else(fixed)
}
