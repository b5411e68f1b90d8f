//! Entries that somebody has looked at and does not want: kept with who said so, when and why.

use std::collections::BTreeSet;

use muara_schemas::Moment;

use crate::access::Viewer;

use super::Tx;
use super::error::Result;
use super::rows::{Rows, Statement};

/// Who discards, and why.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// What became of entries that were to be discarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// So many are discarded; the others were closed already.
    Done(u64),
    /// There is no such entry within what the viewer may see; nothing was discarded.
    Unknown(i64),
    /// This one is being replayed now; nothing was discarded.
    UnderWay(i64),
}

/// Discards open entries, all of them or none.
pub async fn discard(tx: &mut Tx, viewer: &Viewer, entries: &[i64], wish: Wish<'_>, now: Moment) -> Result<Outcome> {
    let given = || Rows::new().ints("entry", entries.iter().copied());
    // Intake decides about entries while it holds the row of their stream, so this waits for it.
    let lock = format!(
        "select s.stream from streams s where s.stream in (select q.stream from quarantine q \
         where q.entry in (select entry from {{rows}} given_entries)) order by s.stream{}",
        tx.for_update()
    );
    let _locked: Vec<(i64,)> = Statement::new(lock).rows(tx, given()).fetch_all(tx).await?;
    let seen = Statement::new(
        "select q.entry from quarantine q join streams s on s.stream = q.stream \
         where q.entry in (select entry from {rows} given_entries)",
    )
    .rows(tx, given())
    .scope(viewer, "s.region", "q.agency");
    let seen: Vec<(i64,)> = seen.fetch_all(tx).await?;
    let seen: BTreeSet<i64> = seen.into_iter().map(|(entry,)| entry).collect();
    if let Some(unknown) = entries.iter().find(|entry| !seen.contains(entry)) {
        return Ok(Outcome::Unknown(*unknown));
    }
    let busy: Option<(i64,)> = Statement::new(
        "select r.entry from {rows} given_entries join replay_entries r on r.entry = given_entries.entry \
         and r.outcome is null and r.dry = 0 order by r.entry limit 1",
    )
    .rows(tx, given())
    .fetch_optional(tx)
    .await?;
    if let Some((entry,)) = busy {
        return Ok(Outcome::UnderWay(entry));
    }
    let done = Statement::new(
        "update quarantine set state = 'discarded', closed_at = $1, closed_by = $2, reason = $3 \
         where state = 'open' and entry in (select entry from {rows} given_entries)",
    )
    .bind(now.micros())
    .bind(wish.by)
    .bind(wish.reason)
    .rows(tx, given())
    .execute(tx)
    .await?;
    Ok(Outcome::Done(done))
}
