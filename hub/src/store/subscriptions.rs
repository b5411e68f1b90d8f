//! Subscriptions: who is told of what, how far he has been told, and which process tells him.

use muara_schemas::Moment;

use super::Tx;
use super::error::{Error, Result};
use super::head::Head;
use super::row::row;
use super::rows::Statement;

row! {
    /// A subscription.
    pub struct Subscription {
        /// Its number.
        pub subscription: i64,
        /// Its name on the outside.
        pub id: String,
        /// What people call it.
        pub name: String,
        /// `webhook`, `amqp` or `exchange`.
        pub kind: String,
        /// The API key whose rights it has; empty for the hub's own.
        pub key: String,
        /// Where it goes, as JSON.
        pub target: String,
        /// What is wanted, as JSON.
        pub filter: String,
        /// Fields that are told, as JSON; none means all.
        pub fields: Option<String>,
        /// `active` or `paused`.
        pub state: String,
        /// Why it is paused.
        pub reason: Option<String>,
        /// The epoch that its cursor belongs to.
        pub epoch: String,
        /// The last place that was told; while a snapshot is under way the place that it is of.
        pub cursor: i64,
        /// The last record that a snapshot has told; none when no snapshot is under way.
        pub snapshot: Option<i64>,
        /// Why the subscriber has to be told to start anew, until he was.
        pub resync: Option<String>,
        /// The last place of a stretch that is told again.
        pub replay_at: Option<i64>,
        /// Where that stretch ends.
        pub replay_until: Option<i64>,
        /// Why nothing goes out at present.
        pub trouble: Option<String>,
        /// How its endpoint has been doing, as JSON.
        pub health: Option<String>,
        /// Who made it.
        pub created_by: String,
        /// When.
        pub created_at: i64,
        /// When its state changed last.
        pub changed_at: i64,
        /// When the last event arrived.
        pub told_at: Option<i64>,
        /// How many events arrived.
        pub told: i64,
        /// How many attempts failed.
        pub failed: i64,
    }
}

const COLUMNS: &str = "subscription, id, name, kind, key, target, filter, fields, state, reason, epoch, cursor, snapshot, \
    resync, replay_at, replay_until, trouble, health, created_by, created_at, changed_at, told_at, told, failed";

/// A subscription that is to be.
#[derive(Debug)]
pub struct New<'a> {
    /// Its name on the outside.
    pub id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// `webhook`, `amqp` or `exchange`.
    pub kind: &'a str,
    /// The API key whose rights it has.
    pub key: &'a str,
    /// Where it goes, as JSON.
    pub target: String,
    /// What is wanted, as JSON.
    pub filter: String,
    /// Fields that are told, as JSON.
    pub fields: Option<String>,
    /// Who makes it.
    pub by: &'a str,
    /// After which place of the log it begins.
    pub cursor: i64,
    /// Whether everything that stands is told first.
    pub with_snapshot: bool,
}

/// Stores a new subscription; one whose id is there already stays as it is.
pub async fn put(tx: &mut Tx, new: New<'_>, epoch: &str, now: Moment) -> Result<()> {
    Statement::new(
        "insert into subscriptions (id, name, kind, key, target, filter, fields, state, epoch, cursor, snapshot, \
         created_by, created_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, $10, $11, $12, $12) \
         on conflict (id) do nothing",
    )
    .bind(new.id)
    .bind(new.name)
    .bind(new.kind)
    .bind(new.key)
    .bind(new.target)
    .bind(new.filter)
    .bind(new.fields)
    .bind(epoch)
    .bind(new.cursor)
    .bind(new.with_snapshot.then_some(0))
    .bind(new.by)
    .bind(now.micros())
    .execute(tx)
    .await?;
    Ok(())
}

/// The subscription of this id; `key` shows only what belongs to that key.
pub async fn find(tx: &mut Tx, id: &str, key: Option<&str>) -> Result<Option<Subscription>> {
    let mut statement = Statement::new(format!("select {COLUMNS} from subscriptions where key <> ''"));
    statement.and(" and id = {}", id);
    if let Some(key) = key {
        statement.and(" and key = {}", key);
    }
    statement.fetch_optional(tx).await
}

/// The subscription with this number.
pub async fn one(tx: &mut Tx, number: i64) -> Result<Option<Subscription>> {
    let sql = format!("select {COLUMNS} from subscriptions where subscription = $1");
    Statement::new(sql).bind(number).fetch_optional(tx).await
}

/// The next subscriptions by number; `key` shows only what belongs to that key.
pub async fn page(tx: &mut Tx, key: Option<&str>, after: i64, limit: i64) -> Result<Vec<Subscription>> {
    let mut statement = Statement::new(format!("select {COLUMNS} from subscriptions where key <> ''"));
    statement.and(" and subscription > {}", after);
    if let Some(key) = key {
        statement.and(" and key = {}", key);
    }
    statement.and(" order by subscription limit {}", limit);
    statement.fetch_all(tx).await
}

/// How many subscriptions a key has.
pub async fn count(tx: &mut Tx, key: &str) -> Result<i64> {
    let (count,): (i64,) =
        Statement::new("select count(*) from subscriptions where key = $1").bind(key).fetch_one(tx).await?;
    Ok(count)
}

/// All subscriptions, the hub's own too.
pub async fn all(tx: &mut Tx) -> Result<Vec<Subscription>> {
    let sql = format!("select {COLUMNS} from subscriptions order by subscription limit 10000");
    Statement::new(sql).fetch_all(tx).await
}

/// Numbers of those that somebody should be telling.
pub async fn active(tx: &mut Tx) -> Result<Vec<i64>> {
    let sql = "select subscription from subscriptions where state = 'active' order by subscription limit 10000";
    let rows: Vec<(i64,)> = Statement::new(sql).fetch_all(tx).await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// Takes or renews the lease of an active subscription; `None` while another process tells it, or when it is not active.
pub async fn lease(tx: &mut Tx, number: i64, owner: &str, secs: i64) -> Result<Option<Subscription>> {
    let clock = tx.database_micros();
    Statement::new(format!(
        "update subscriptions set owner = $2, lease_until = {clock} + $3 where subscription = $1 and state = 'active' \
         and (owner = $2 or owner is null or lease_until < {clock}) returning {COLUMNS}"
    ))
    .bind(number)
    .bind(owner)
    .bind(secs * 1_000_000)
    .fetch_optional(tx)
    .await
}

/// Takes all leases away: a database that belongs to one process alone knows when the one before is dead.
pub async fn release_all(tx: &mut Tx) -> Result<()> {
    Statement::new("update subscriptions set owner = null, lease_until = 0 where owner is not null")
        .execute(tx)
        .await?;
    Ok(())
}

/// Gives a lease back at a clean end.
pub async fn release(tx: &mut Tx, number: i64, owner: &str) -> Result<()> {
    Statement::new("update subscriptions set owner = null, lease_until = 0 where subscription = $1 and owner = $2")
        .bind(number)
        .bind(owner)
        .execute(tx)
        .await?;
    Ok(())
}

/// How far a subscriber has been told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// See [`Subscription::cursor`].
    pub cursor: i64,
    /// See [`Subscription::snapshot`].
    pub snapshot: Option<i64>,
    /// See [`Subscription::resync`].
    pub resync: Option<String>,
    /// See [`Subscription::replay_at`].
    pub replay_at: Option<i64>,
}

impl Subscription {
    /// How far its subscriber has been told.
    pub fn progress(&self) -> Progress {
        Progress {
            cursor: self.cursor,
            snapshot: self.snapshot,
            resync: self.resync.clone(),
            replay_at: self.replay_at,
        }
    }
}

/// Moves on, in the unit of work that notes what was told. Whoever lost the lease, or finds the cursor elsewhere, must
/// roll back.
pub async fn advance(
    tx: &mut Tx,
    (number, owner): (i64, &str),
    from: &Progress,
    to: &Progress,
    (told, now): (usize, Moment),
) -> Result<()> {
    let moved = Statement::new(
        "update subscriptions set cursor = $5, snapshot = $6, resync = $7, replay_at = $8, \
         replay_until = case when cast($8 as bigint) is null then null else replay_until end, told = told + $9, \
         told_at = case when $9 > 0 then $10 else told_at end where subscription = $1 and owner = $2 and cursor = $3 \
         and coalesce(snapshot, -1) = $4 and coalesce(replay_at, -1) = $11",
    )
    .bind(number)
    .bind(owner)
    .bind(from.cursor)
    .bind(from.snapshot.unwrap_or(-1))
    .bind(to.cursor)
    .bind(to.snapshot)
    .bind(to.resync.clone())
    .bind(to.replay_at)
    .bind(i64::try_from(told).unwrap_or(i64::MAX))
    .bind(now.micros())
    .bind(from.replay_at.unwrap_or(-1))
    .execute(tx)
    .await?;
    if moved == 1 { Ok(()) } else { Err(Error::Lost(format!("subscription {number}"))) }
}

/// Starts a subscriber anew at the head of the log: he is told to forget what he has, and then everything that stands.
pub async fn restart(tx: &mut Tx, number: i64, why: &str, head: &Head, with_snapshot: bool) -> Result<()> {
    Statement::new(
        "update subscriptions set epoch = $2, cursor = $3, resync = $4, snapshot = $5, replay_at = null, \
         replay_until = null where subscription = $1",
    )
    .bind(number)
    .bind(head.epoch.as_str())
    .bind(head.seq)
    .bind(why)
    .bind(with_snapshot.then_some(0))
    .execute(tx)
    .await?;
    // What waits is of before; everything as it stands comes in its place.
    Statement::new("delete from deliveries where subscription = $1 and state in ('waiting', 'held')")
        .bind(number)
        .execute(tx)
        .await?;
    Ok(())
}

/// Pauses or takes up again; answers whether that changed anything. Whoever tells loses the lease, so that nothing more
/// is told.
pub async fn set_state(tx: &mut Tx, number: i64, state: &str, reason: Option<&str>, now: Moment) -> Result<bool> {
    let changed = Statement::new(
        "update subscriptions set state = $2, reason = $3, changed_at = $4, owner = null, lease_until = 0, \
         trouble = null, health = case when $2 = 'active' then null else health end \
         where subscription = $1 and state <> $2",
    )
    .bind(number)
    .bind(state)
    .bind(reason.map(str::to_owned))
    .bind(now.micros())
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Notes where a subscription goes from now on.
pub async fn set_target(tx: &mut Tx, number: i64, target: &str) -> Result<()> {
    Statement::new("update subscriptions set target = $2 where subscription = $1")
        .bind(number)
        .bind(target)
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes how the endpoint does: what stands in the way, its health, and how many attempts failed since the last note.
pub async fn note(tx: &mut Tx, number: i64, trouble: Option<&str>, health: Option<&str>, failed: usize) -> Result<()> {
    Statement::new(
        "update subscriptions set trouble = $2, health = coalesce($3, health), failed = failed + $4 \
         where subscription = $1",
    )
    .bind(number)
    .bind(trouble.map(str::to_owned))
    .bind(health.map(str::to_owned))
    .bind(i64::try_from(failed).unwrap_or(0))
    .execute(tx)
    .await?;
    Ok(())
}

/// Tells a stretch of the log again, beside what is new.
pub async fn replay(tx: &mut Tx, number: i64, after: i64, until: i64) -> Result<()> {
    Statement::new("update subscriptions set replay_at = $2, replay_until = $3 where subscription = $1")
        .bind(number)
        .bind(after)
        .bind(until)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes a subscription away, with everything that was noted of it.
pub async fn remove(tx: &mut Tx, number: i64) -> Result<()> {
    for sql in ["delete from deliveries where subscription = $1", "delete from subscriptions where subscription = $1"] {
        Statement::new(sql).bind(number).execute(tx).await?;
    }
    Ok(())
}
