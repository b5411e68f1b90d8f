//! A proposed definition as commented YAML.

use super::assignment::{Assignment, Line};
use super::identity::Key;
use super::yaml::{self, comment, scalar};
use super::{SourceField, value};
use crate::definition::{CONFIRM, DECIDE};

/// Fields that go nowhere are named up to here.
const MAX_NAMED: usize = 60;

/// Everything that the file says.
#[derive(Debug)]
pub struct Draft<'a> {
    /// What was asked, and how many records were looked at; a sentence a line.
    pub head: Vec<String>,
    /// Id of the system.
    pub system: &'a str,
    /// Code of the region.
    pub region: &'a str,
    /// Code of the agency that owns the system.
    pub agency: &'a str,
    /// The zone of its dates and times.
    pub timezone: &'a str,
    /// The lines below `source:`.
    pub source: &'a [String],
    /// Name of the stream.
    pub stream: &'a str,
    /// The value of `read:`.
    pub read: &'a str,
    /// The value of `page:`.
    pub page: Option<&'a str>,
    /// What could not be decided, as comments.
    pub notes: &'a [String],
    /// The key.
    pub key: &'a Key,
    /// The value of `cursor:`, where one is proposed.
    pub cursor: Option<&'a str>,
    /// The value of `where:`, with its reason.
    pub filter: Option<(&'a str, &'a str)>,
    /// The record type and its field table.
    pub table: &'a Assignment,
    /// The record types that come next, with their scores.
    pub others: &'a [(String, u8)],
    /// Texts that stand for nothing.
    pub zero: &'a [String],
    /// The lines below `tests:`.
    pub tests: &'a [String],
}

/// Texts of the mapped fields that stand for nothing.
pub fn zeros(fields: &[SourceField], table: &Assignment) -> Vec<String> {
    let is_used = |field: &&SourceField| table.lines.iter().any(|line| line.source.as_ref() == Some(&field.path));
    let mut found: Vec<String> = fields.iter().filter(is_used).flat_map(|field| field.values.clone()).collect();
    found.retain(|text| value::is_nothing(text));
    found.sort();
    found.dedup();
    found
}

/// The file.
pub fn text(draft: &Draft<'_>) -> String {
    let mut out: Vec<String> = draft.head.iter().map(|line| format!("# {}", comment(line))).collect();
    out.extend([
        "muara: 1".to_owned(),
        "system:".to_owned(),
        format!("  id: {}   # part of every identity: never change it once records were sent", scalar(draft.system)),
        format!("  region: {}", yaml::quoted(draft.region)),
        format!("  agency: {}   # the agency that owns the system", yaml::scalar_or_quoted(draft.agency)),
        format!("  timezone: {}   # of dates and times without an offset", draft.timezone),
        "  rank: 50   # of two systems with the same fact, the lower counts".to_owned(),
        "source:".to_owned(),
    ]);
    out.extend(draft.source.iter().map(|line| format!("  {line}")));
    out.extend(["streams:".to_owned(), format!("  {}:", scalar(draft.stream))]);
    out.extend(draft.notes.iter().map(|note| format!("    # {}", comment(note))));
    let others: Vec<String> = draft.others.iter().map(|(name, score)| format!("{name} {score} %")).collect();
    let next = if others.is_empty() { String::new() } else { format!("; next: {}", others.join(", ")) };
    out.push(format!("    target: {}   # {} %{next}", draft.table.record_type, draft.table.score));
    out.push(format!("    read: {}", draft.read));
    out.extend(draft.page.map(|page| format!("    page: {page}")));
    let fields: Vec<String> = draft.key.fields.iter().map(|field| scalar(field)).collect();
    out.push(format!(
        "    key: [{}]   # {}{}",
        fields.join(", "),
        confirm(draft.key.confirm),
        comment(&draft.key.reason)
    ));
    out.extend(draft.cursor.map(|cursor| format!("    cursor: {cursor}\n    full_read: {{every: 1d}}")));
    if !draft.zero.is_empty() {
        let texts: Vec<String> = draft.zero.iter().map(|text| yaml::quoted(text)).collect();
        out.push(format!("    zero: [{}]   # these stand for nothing", texts.join(", ")));
    }
    if let Some((filter, why)) = draft.filter {
        out.push(format!("    # {}{}", confirm(true), comment(why)));
        out.push(format!("    where: {filter}"));
    }
    out.push("    map:".to_owned());
    out.extend(draft.table.lines.iter().map(line));
    let undecided = |target: &String| {
        format!(
            "      # {DECIDE} {target}: the record type requires it and no field is like it; write a source field or {{const: …}}"
        )
    };
    out.extend(draft.table.missing.iter().map(undecided));
    let unused = &draft.table.unused;
    if !unused.is_empty() {
        let named: Vec<String> = unused.iter().take(MAX_NAMED).map(|path| comment(path)).collect();
        let more = unused.len().saturating_sub(MAX_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        out.push(format!("      # Not mapped: {}{more}", named.join(", ")));
    }
    out.push("    schedule: {every: 1h}".to_owned());
    if !draft.tests.is_empty() {
        out.push("    tests:".to_owned());
        out.extend_from_slice(draft.tests);
    }
    out.push(String::new());
    out.join("\n")
}

fn line(line: &Line) -> String {
    let why = comment(&line.proposal.reasons.join("; "));
    format!("      {}   # {}{} %: {why}", line.yaml(), confirm(line.confirm), line.proposal.confidence)
}

fn confirm(wanted: bool) -> String {
    if wanted { format!("{CONFIRM} ") } else { String::new() }
}
