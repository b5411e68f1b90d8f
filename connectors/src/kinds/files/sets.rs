//! Of the files that lie there: which are read now, which wait, and which are the newest of their set. Decides only.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use muara_schemas::Moment;
use regex::Regex;

use super::folder::Found;
use super::sheet::groups;
use crate::definition::model::{FilesRead, Read, Ready, Snapshot, Stream};

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    /// Its name below the folder.
    pub(super) file: String,
    /// The set that it is all of, or adds to.
    pub(super) part: Arc<str>,
    /// Fields of each record that its name gives.
    pub(super) groups: Vec<(String, String)>,
}

/// What becomes of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// To be read, by name.
    pub(super) tasks: Vec<Task>,
    /// Sets of which no file is ready.
    pub(super) waiting: Vec<Arc<str>>,
}

/// Plans a read at this moment. `fits` is the definition's `match`, compiled and bound to the whole name.
pub(super) fn plan(found: Vec<Found>, fits: Option<&Regex>, read: &FilesRead, now: Moment) -> Plan {
    let mut plan = Plan::default();
    let mut sets: BTreeMap<Arc<str>, Vec<(Found, Task)>> = BTreeMap::new();
    let mut waiting = Vec::new();
    for file in found {
        let groups = match fits {
            None => Vec::new(),
            Some(fits) => match groups(fits, file.name()) {
                Some(groups) => groups,
                None => continue,
            },
        };
        let part: Arc<str> = if groups.is_empty() { file.path.as_str().into() } else { set(&groups).into() };
        if is_ready(&file, &read.ready, now) {
            let task = Task { file: file.path.clone(), part: part.clone(), groups };
            sets.entry(part).or_default().push((file, task));
        } else {
            waiting.push(part);
        }
    }
    waiting.retain(|part| !sets.contains_key(part));
    waiting.dedup();
    plan.waiting = waiting;
    for files in sets.into_values() {
        match read.snapshot {
            Snapshot::Append => plan.tasks.extend(files.into_iter().map(|(_, task)| task)),
            Snapshot::PerFile => plan.tasks.extend(files.into_iter().max_by(newer).map(|(_, task)| task)),
        }
    }
    plan.tasks.sort_by(|a, b| a.file.cmp(&b.file));
    plan
}

/// The set to which a file belongs today that was read as a part of its own, when `match` was not there yet.
pub(crate) fn set_of(stream: &Stream, part: &str) -> Option<String> {
    let Read::Files(read) = &stream.read else { return None };
    let fits = read.fits.as_ref().filter(|_| read.snapshot == Snapshot::PerFile)?;
    let fits = Regex::new(&format!("^(?:{fits})$")).ok()?;
    let groups = groups(&fits, part.rsplit('/').next().unwrap_or(part))?;
    (!groups.is_empty()).then(|| set(&groups))
}

/// The name of a set: `fiscal_year=2026, opd=dinkes`.
fn set(groups: &[(String, String)]) -> String {
    let named: Vec<String> =
        groups.iter().map(|(name, value)| format!("{}={value}", name.trim_start_matches('$'))).collect();
    named.join(", ")
}

fn is_ready(file: &Found, ready: &Ready, now: Moment) -> bool {
    let stable = ready.stable_for.is_none_or(|stable| {
        let stable = i64::try_from(stable.as_secs()).unwrap_or(i64::MAX);
        file.changed.plus_secs(stable) <= now
    });
    file.marked && stable
}

/// Which of two files of a set is newer: the one that was changed later; of two copied together the one with the
/// greater name, in which `v10` comes after `v9`.
fn newer((a, _): &(Found, Task), (b, _): &(Found, Task)) -> Ordering {
    a.changed.cmp(&b.changed).then_with(|| natural(&a.path).cmp(&natural(&b.path))).then_with(|| a.path.cmp(&b.path))
}

/// A name as texts and numbers in turn.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(digits);
        let end = tail.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(tail.len());
        parts.push((text.to_lowercase(), tail[..end].parse().unwrap_or(u64::MAX)));
        rest = &tail[end..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Moment = Moment::from_micros(1_000_000_000);

    fn found(path: &str, secs_ago: i64) -> Found {
        Found { path: path.to_owned(), changed: NOW.plus_secs(-secs_ago), marked: true }
    }

    fn planned(found: Vec<Found>, pattern: Option<&str>, read: &FilesRead) -> (Vec<String>, Vec<String>) {
        let fits = pattern.map(|pattern| Regex::new(&format!("^(?:{pattern})$")).unwrap());
        let plan = plan(found, fits.as_ref(), read, NOW);
        let tasks = plan.tasks.into_iter().map(|task| format!("{} of {}", task.file, task.part)).collect();
        (tasks, plan.waiting.iter().map(ToString::to_string).collect())
    }

    const RBA: Option<&str> = Some(r"RBA_(?<year>\d{4})_v\d+\.xlsx");

    #[test]
    fn the_newest_file_of_a_set_stands_for_it() {
        let files = || {
            vec![
                found("rsud/RBA_2025_v3.xlsx", 90),
                found("rsud/RBA_2026_v1.xlsx", 20),
                found("rsud/RBA_2026_v2.xlsx", 10),
                found("rsud/RBA_2027_v10.xlsx", 5),
                found("rsud/RBA_2027_v9.xlsx", 5),
                found("rsud/catatan.xlsx", 1),
            ]
        };
        let (tasks, waiting) = planned(files(), RBA, &FilesRead::default());
        let newest = [
            "rsud/RBA_2025_v3.xlsx of year=2025",
            "rsud/RBA_2026_v2.xlsx of year=2026",
            "rsud/RBA_2027_v10.xlsx of year=2027",
        ];
        assert_eq!((tasks, waiting), (newest.map(str::to_owned).to_vec(), Vec::new()));
        let append = FilesRead { snapshot: Snapshot::Append, ..FilesRead::default() };
        assert_eq!(planned(files(), RBA, &append).0.len(), 5);
        assert_eq!(
            planned(files(), None, &FilesRead::default()).0[0],
            "rsud/RBA_2025_v3.xlsx of rsud/RBA_2025_v3.xlsx"
        );
    }

    #[test]
    fn a_file_that_is_not_ready_waits_and_an_older_one_of_its_set_is_read() {
        let ready = Ready { stable_for: Some(Duration::from_mins(2)), marker: None };
        let read = FilesRead { ready, ..FilesRead::default() };
        let files = vec![
            found("RBA_2026_v1.xlsx", 500),
            found("RBA_2026_v2.xlsx", 119),
            found("RBA_2027_v1.xlsx", 0),
            Found { marked: false, ..found("RBA_2028_v1.xlsx", 500) },
            found("RBA_2029_v1.xlsx", 120),
        ];
        let (tasks, waiting) = planned(files, RBA, &read);
        assert_eq!(tasks, ["RBA_2026_v1.xlsx of year=2026", "RBA_2029_v1.xlsx of year=2029"]);
        assert_eq!(waiting, ["year=2027", "year=2028"]);
    }
}
