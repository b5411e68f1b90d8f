//! How far a replay has come: every entry that was asked for stands in exactly one of the counts.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::replayed::Count;

/// How many causes are told.
const MAX_CAUSES: usize = 100;

/// What became of the entries of a replay: `asked = applied + unchanged + valid + broken_again + superseded + refused +
/// stopped + remaining`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReplayCounts)]
pub struct Counts {
    /// Entries that were asked for.
    pub asked: i64,
    /// Entries that were sent to their connector.
    pub sent: i64,
    /// Entries whose record is valid now and changed the view.
    pub applied: i64,
    /// Entries whose record is valid now and was there already, as it is.
    pub unchanged: i64,
    /// Of a dry run: entries whose record would be valid.
    pub valid: i64,
    /// Entries that are broken again, and open with today's reasons.
    pub broken_again: i64,
    /// Entries that a newer read or a delete has overtaken.
    pub superseded: i64,
    /// Entries that no mapping mends, or whose connector does not answer; they stay open.
    pub refused: i64,
    /// Entries that were not sent because the replay was stopped; they stay open.
    pub stopped: i64,
    /// Entries that are still to come to one of these ends.
    pub remaining: i64,
    /// Why entries were broken again or refused, the most frequent first, at most 100.
    pub causes: Vec<Cause>,
}

/// Why entries were broken again or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReplayCause)]
pub struct Cause {
    /// `broken` or `refused`.
    pub outcome: String,
    /// Code of the first reason.
    #[schema(example = "E0304")]
    pub code: String,
    /// JSON pointer of the target field; empty for the record as a whole.
    pub target: String,
    /// Path of the source field; empty when none is to blame.
    pub source: String,
    /// How many entries.
    pub entries: i64,
}

/// Adds up what the store tells.
pub fn counts(rows: Vec<Count>) -> Counts {
    let mut counts = Counts::default();
    for (outcome, code, target, source, entries, sent) in rows {
        counts.asked += entries;
        counts.sent += sent;
        let Some(outcome) = outcome else {
            counts.remaining += entries;
            continue;
        };
        let slot = match outcome.as_str() {
            "applied" => &mut counts.applied,
            "unchanged" => &mut counts.unchanged,
            "valid" => &mut counts.valid,
            "broken" => &mut counts.broken_again,
            "superseded" => &mut counts.superseded,
            "stopped" => &mut counts.stopped,
            _ => &mut counts.refused,
        };
        *slot += entries;
        if ["broken", "refused"].contains(&outcome.as_str()) && counts.causes.len() < MAX_CAUSES {
            counts.causes.push(Cause { outcome, code, target, source, entries });
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcome: Option<&str>, code: &str, entries: i64, sent: i64) -> Count {
        (outcome.map(str::to_owned), code.to_owned(), String::new(), String::new(), entries, sent)
    }

    #[test]
    fn every_entry_stands_in_one_count() {
        let rows = ["applied", "unchanged", "valid", "broken", "superseded", "refused", "stopped"];
        let rows = rows.into_iter().zip(1..).map(|(outcome, n)| row(Some(outcome), "E0304", n, n));
        let told = counts(rows.chain([row(None, "", 100, 3)]).collect());
        let ends = told.applied + told.unchanged + told.valid + told.broken_again + told.superseded;
        assert_eq!(told.asked, ends + told.refused + told.stopped + told.remaining);
        assert_eq!((told.asked, told.sent, told.remaining), (128, 31, 100));
        assert_eq!(told.causes.iter().map(|cause| cause.entries).collect::<Vec<_>>(), [4, 6]);
    }
}
