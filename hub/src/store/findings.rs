//! Findings: something that a person should look at, opened once and closed when it is over.

use muara_schemas::{Moment, StreamName, page};
use serde_json::json;

use super::Tx;
use super::changes::Note;
use super::error::Result;
use super::rows::{Rows, Statement};

/// What is found here.
pub const RESETS: &str = "resets";
/// A proof that reading again did not mend.
pub const PROOF: &str = "proof";
/// Deletes that wait for approval.
pub const HELD: &str = "deletes-held";
/// A page that can never be taken.
pub const PARKED: &str = "parked";
/// A stream that would change its record type.
pub const TYPE: &str = "record-type";
/// Warnings of a definition.
pub const LINT: &str = "lint";
/// What connectors note at the end of a run, by its code; `muara explain` knows it.
const NOTED: [&str; 8] = ["W0201", "W0202", "W0203", "W0204", "W0205", "W0206", "W0207", "W0230"];
/// A run that stopped because most of what it read was broken, or because its source has changed.
const STOPPED: [&str; 2] = ["E0207", "E0280"];
/// The longest detail that is kept, in bytes.
const MAX_DETAIL_BYTES: usize = 1_000;

/// An open finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort: one of those above, or the code of a note.
    pub kind: String,
    /// What it is about, such as a stream's name.
    pub subject: String,
    /// One sentence.
    pub detail: String,
    /// Since when.
    pub opened_at: i64,
}

/// Opens a finding about a stream; a new one enters the log, and one that is open already says from now on what it is
/// about now.
pub async fn open(tx: &mut Tx, kind: &str, name: &StreamName, stream: i64, detail: &str, now: Moment) -> Result<()> {
    let subject = name.to_string();
    let detail = &detail[..detail.floor_char_boundary(MAX_DETAIL_BYTES)];
    Statement::new(
        "update findings set detail = $3 where kind = $1 and subject = $2 and closed_at is null and detail <> $3",
    )
    .bind(kind)
    .bind(subject.as_str())
    .bind(detail)
    .execute(tx)
    .await?;
    let opened = Statement::new(
        "insert into findings (kind, subject, stream, detail, opened_at) values ($1, $2, $3, $4, $5) \
         on conflict (kind, subject) where closed_at is null do nothing",
    )
    .bind(kind)
    .bind(subject.as_str())
    .bind(stream)
    .bind(detail)
    .bind(now.micros())
    .execute(tx)
    .await?;
    if opened > 0 {
        let body = json!({"kind": kind, "subject": subject, "detail": detail});
        tx.note(Note { kind: "finding", op: "opened", stream: Some(stream), body, at: now });
    }
    Ok(())
}

/// Closes findings about a stream of these kinds, where they are open.
pub async fn close(tx: &mut Tx, kinds: &[&str], name: &StreamName, stream: i64, now: Moment) -> Result<()> {
    if kinds.is_empty() {
        return Ok(());
    }
    let subject = name.to_string();
    let closed: Vec<(String,)> = Statement::new(
        "update findings set closed_at = $1 where subject = $2 and closed_at is null \
         and kind in (select kind from {rows} given_kinds) returning kind",
    )
    .bind(now.micros())
    .bind(subject.as_str())
    .rows(tx, Rows::new().texts("kind", kinds.iter().map(|kind| (*kind).to_owned())))
    .fetch_all(tx)
    .await?;
    for (kind,) in closed {
        let body = json!({"kind": kind, "subject": subject});
        tx.note(Note { kind: "finding", op: "closed", stream: Some(stream), body, at: now });
    }
    Ok(())
}

/// What a run said at its end.
pub struct Told<'a> {
    /// What it noted.
    pub notes: &'a [page::Note],
    /// Why it failed.
    pub failure: Option<&'a str>,
    /// Whether it was a complete full read: that one tells all that there is, and what it does not tell is over.
    pub is_whole: bool,
}

/// Takes over what a run said.
pub async fn tell(tx: &mut Tx, told: &Told<'_>, name: &StreamName, stream: i64, now: Moment) -> Result<()> {
    for note in told.notes.iter().filter(|note| NOTED.contains(&&*note.code)) {
        open(tx, &note.code, name, stream, &note.detail, now).await?;
    }
    for code in STOPPED {
        if let Some(why) = told.failure.and_then(|failure| failure.strip_prefix(code)) {
            open(tx, code, name, stream, why.trim_start_matches([':', ' ']), now).await?;
        }
    }
    if told.is_whole {
        let is_noted = |kind: &str| told.notes.iter().any(|note| note.code == kind);
        let mut over: Vec<&str> = NOTED.iter().copied().filter(|kind| !is_noted(kind)).collect();
        over.extend(STOPPED);
        close(tx, &over, name, stream, now).await?;
    }
    Ok(())
}

/// All open findings, the newest first.
pub async fn all_open(tx: &mut Tx) -> Result<Vec<Finding>> {
    let rows: Vec<(String, String, String, i64)> = Statement::new(
        "select kind, subject, detail, opened_at from findings where closed_at is null order by finding desc limit 1000",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(kind, subject, detail, opened_at)| Finding { kind, subject, detail, opened_at })
        .collect())
}
