//! Replays: what was asked, by whom, how far it has come, and which process works on it.

use muara_schemas::Moment;

use crate::access::Viewer;

use super::Tx;
use super::entries::Filter;
use super::error::Result;
use super::row::row;
use super::rows::Statement;

/// How many entries one replay takes at most.
pub const MAX_ENTRIES: i64 = 100_000;

row! {
    /// A replay.
    pub struct Replay {
        /// Its number.
        pub replay: i64,
        /// 1 when it only tries.
        pub dry: i64,
        /// What was asked, as JSON.
        pub filter: String,
        /// Who asked.
        pub asked_by: String,
        /// When.
        pub asked_at: i64,
        /// `running`, `stopping`, `done` or `stopped`.
        pub state: String,
        /// Who stopped it.
        pub stopped_by: Option<String>,
        /// When it was over.
        pub ended_at: Option<i64>,
    }
}

const SELECT: &str =
    "select replay, dry, filter, asked_by, asked_at, state, stopped_by, ended_at from replays where 1 = 1";

/// What somebody asks.
#[derive(Debug)]
pub struct Wish<'a> {
    /// Which open entries.
    pub filter: &'a Filter,
    /// The same as it is shown, as JSON.
    pub shown: String,
    /// Whether it is only to be tried.
    pub is_dry: bool,
    /// Who asks.
    pub by: &'a str,
}

/// Begins a replay of the open entries within what the viewer may see, but for those that are under way in another one.
/// Answers its number and how many entries it has; with more than [`MAX_ENTRIES`] the caller rolls back.
pub async fn begin(tx: &mut Tx, viewer: &Viewer, wish: &Wish<'_>, now: Moment) -> Result<(i64, i64)> {
    let (replay,): (i64,) = Statement::new(
        "insert into replays (dry, filter, asked_by, asked_at, state) values ($1, $2, $3, $4, 'running') returning replay",
    )
    .bind(i64::from(wish.is_dry))
    .bind(wish.shown.as_str())
    .bind(wish.by)
    .bind(now.micros())
    .fetch_one(tx)
    .await?;
    let statement = Statement::new(
        "insert into replay_entries (replay, entry, stream, raw_hash, dry) \
         select $1, q.entry, q.stream, q.raw_hash, $2 from quarantine q join streams s on s.stream = q.stream \
         where ($2 = 1 or not exists (select 1 from replay_entries r where r.entry = q.entry and r.outcome is null \
         and r.dry = 0))",
    )
    .bind(replay)
    .bind(i64::from(wish.is_dry));
    let open = Filter { state: Some("open".to_owned()), ..wish.filter.clone() };
    let mut statement = open.narrow(tx, statement).scope(viewer, "s.region", "q.agency");
    statement.and(" order by q.entry limit {}", MAX_ENTRIES + 1);
    let count = statement.execute(tx).await?;
    Ok((replay, i64::try_from(count).unwrap_or(i64::MAX)))
}

/// One replay; `by` shows only what this one has asked for.
pub async fn one(tx: &mut Tx, replay: i64, by: Option<&str>) -> Result<Option<Replay>> {
    let mut statement = Statement::new(SELECT);
    statement.and(" and replay = {}", replay);
    if let Some(by) = by {
        statement.and(" and asked_by = {}", by);
    }
    statement.fetch_optional(tx).await
}

/// The next replays, the newest first; `before` is the number of the last one that was told.
pub async fn page(tx: &mut Tx, by: Option<&str>, before: i64, limit: i64) -> Result<Vec<Replay>> {
    let mut statement = Statement::new(SELECT);
    statement.and(" and replay < {}", before);
    if let Some(by) = by {
        statement.and(" and asked_by = {}", by);
    }
    statement.and(" order by replay desc limit {}", limit);
    statement.fetch_all(tx).await
}

/// Replays that are not over, the oldest first.
pub async fn running(tx: &mut Tx) -> Result<Vec<Replay>> {
    let mut statement = Statement::new(SELECT);
    statement.push(" and state in ('running', 'stopping') order by replay limit 100");
    statement.fetch_all(tx).await
}

/// Whose replay it is to work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Another process works on it, or it is over.
    Others,
    /// This process goes on with it.
    Kept,
    /// This process takes it over: orders of the one before may be lost.
    Taken,
}

/// Takes or renews the lease of a replay that is not over, on the database's clock.
pub async fn lease(tx: &mut Tx, replay: i64, owner: &str, secs: i64) -> Result<Lease> {
    let clock = tx.database_micros();
    let select = format!(
        "select owner from replays where replay = $1 and state in ('running', 'stopping') \
         and (owner = $2 or owner is null or lease_until < {clock}){}",
        tx.for_update()
    );
    let held: Option<(Option<String>,)> = Statement::new(select).bind(replay).bind(owner).fetch_optional(tx).await?;
    let Some((before,)) = held else { return Ok(Lease::Others) };
    Statement::new(format!("update replays set owner = $2, lease_until = {clock} + $3 where replay = $1"))
        .bind(replay)
        .bind(owner)
        .bind(secs * 1_000_000)
        .execute(tx)
        .await?;
    Ok(if before.as_deref() == Some(owner) { Lease::Kept } else { Lease::Taken })
}

/// Gives back every lease of a process at its clean end.
pub async fn release(tx: &mut Tx, owner: &str) -> Result<()> {
    Statement::new("update replays set owner = null, lease_until = 0 where owner = $1").bind(owner).execute(tx).await?;
    Ok(())
}

/// Stops a replay: what was not sent stays as it is, what is under way is still counted. Answers whether it ran. Whoever
/// sends holds the replay's row, so that nothing is sent that was stopped here.
pub async fn stop(tx: &mut Tx, replay: i64, by: &str) -> Result<bool> {
    let stopped = Statement::new(
        "update replays set state = 'stopping', stopped_by = $2 where replay = $1 and state = 'running'",
    )
    .bind(replay)
    .bind(by)
    .execute(tx)
    .await?;
    Statement::new(
        "update replay_entries set outcome = 'stopped' where replay = $1 and outcome is null and command is null \
         and (select state from replays where replay = $1) = 'stopping'",
    )
    .bind(replay)
    .execute(tx)
    .await?;
    Ok(stopped == 1)
}

/// Notes that a replay is over.
pub async fn end(tx: &mut Tx, replay: i64, now: Moment) -> Result<()> {
    Statement::new(
        "update replays set state = case when state = 'stopping' then 'stopped' else 'done' end, ended_at = $2, \
         owner = null, lease_until = 0 where replay = $1",
    )
    .bind(replay)
    .bind(now.micros())
    .execute(tx)
    .await?;
    Ok(())
}
