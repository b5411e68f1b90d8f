//! Counts about the whole installation, for metrics; they name no record, region or agency.

use super::error::Result;
use super::rows::Statement;
use super::{Tx, parked};

/// What is counted at each look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Open quarantine entries.
    pub quarantine_open: i64,
    /// Parked messages.
    pub parked: i64,
    /// Open findings.
    pub findings_open: i64,
    /// Streams by verdict.
    pub verdicts: Vec<(String, i64)>,
    /// Subscriptions that are told, by id: the last place that was told, and how many attempts failed.
    pub told: Vec<(String, i64, i64)>,
}

/// Counts.
pub async fn take(tx: &mut Tx) -> Result<Census> {
    let (quarantine_open,): (i64,) =
        Statement::new("select count(*) from quarantine where state = 'open'").fetch_one(tx).await?;
    let (findings_open,): (i64,) =
        Statement::new("select count(*) from findings where closed_at is null").fetch_one(tx).await?;
    let verdicts =
        Statement::new("select verdict, count(*) from streams group by verdict order by verdict").fetch_all(tx).await?;
    let told = Statement::new(
        "select id, cursor, failed from subscriptions where state = 'active' order by subscription limit 10000",
    )
    .fetch_all(tx)
    .await?;
    Ok(Census { quarantine_open, parked: parked::count(tx).await?, findings_open, verdicts, told })
}
