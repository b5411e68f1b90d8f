//! Findings: something that a person should look at, opened once and closed when it is over.

use muara_schemas::Moment;
use serde_json::json;

use super::error::Result;
use super::rows::Statement;
use super::{Tx, changes};

/// An open finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort: `resets`, `proof`, `deletes-held`, `parked`.
    pub kind: String,
    /// What it is about, such as a stream's name.
    pub subject: String,
    /// One sentence.
    pub detail: String,
    /// Since when.
    pub opened_at: i64,
}

/// Opens a finding unless it is open already; a new one enters the log.
pub async fn open(
    tx: &mut Tx,
    kind: &str,
    subject: &str,
    stream: Option<i64>,
    detail: &str,
    now: Moment,
) -> Result<()> {
    let opened = Statement::new(
        "insert into findings (kind, subject, stream, detail, opened_at) values ($1, $2, $3, $4, $5) \
         on conflict (kind, subject) where closed_at is null do nothing",
    )
    .bind(kind)
    .bind(subject)
    .bind(stream)
    .bind(detail)
    .bind(now.micros())
    .execute(tx)
    .await?;
    if opened > 0 {
        let body = json!({"kind": kind, "subject": subject, "detail": detail});
        changes::note(tx, "finding", "opened", stream, &body, now).await?;
    }
    Ok(())
}

/// Closes a finding, if it is open.
pub async fn close(tx: &mut Tx, kind: &str, subject: &str, stream: Option<i64>, now: Moment) -> Result<()> {
    let closed =
        Statement::new("update findings set closed_at = $3 where kind = $1 and subject = $2 and closed_at is null")
            .bind(kind)
            .bind(subject)
            .bind(now.micros())
            .execute(tx)
            .await?;
    if closed > 0 {
        changes::note(tx, "finding", "closed", stream, &json!({"kind": kind, "subject": subject}), now).await?;
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
