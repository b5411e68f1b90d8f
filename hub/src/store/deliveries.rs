//! Deliveries: what became of each event that a webhook was told.

use muara_schemas::Moment;

use super::Tx;
use super::error::Result;
use super::row::row;
use super::rows::{Column, Rows, Statement};

row! {
    /// A delivery.
    pub struct Delivery {
        /// Its number.
        pub delivery: i64,
        /// Id of the event.
        pub event: String,
        /// Type of the event.
        pub kind: String,
        /// What it is about; deliveries about one thing keep their order.
        pub subject: String,
        /// Place of the event in the log.
        pub seq: i64,
        /// `delivered`, `waiting` (for its next attempt), `held` (behind an earlier one about the same), `given-up`.
        pub state: String,
        /// The event as it goes out, until it has arrived.
        pub body: Option<String>,
        /// How many attempts were made.
        pub attempts: i64,
        /// The last attempts, as JSON.
        pub tries: String,
        /// When the next attempt is due.
        pub next_at: Option<i64>,
        /// When it was first tried.
        pub created_at: i64,
        /// When it arrived or was given up.
        pub ended_at: Option<i64>,
    }
}

const COLUMNS: &str =
    "delivery, event, type as kind, subject, seq, state, body, attempts, tries, next_at, created_at, ended_at";

/// Notes deliveries; one that is there already is brought up to date.
pub async fn put(tx: &mut Tx, subscription: i64, deliveries: Vec<Delivery>) -> Result<()> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let mut texts: [Vec<Option<String>>; 6] = Default::default();
    let mut ints: [Vec<Option<i64>>; 5] = Default::default();
    for row in deliveries {
        let row_texts =
            [Some(row.event), Some(row.kind), Some(row.subject), Some(row.state), row.body, Some(row.tries)];
        texts.iter_mut().zip(row_texts).for_each(|(column, value)| column.push(value));
        let row_ints = [Some(row.seq), Some(row.attempts), row.next_at, Some(row.created_at), row.ended_at];
        ints.iter_mut().zip(row_ints).for_each(|(column, value)| column.push(value));
    }
    let [event, kind, subject, state, body, tries] = texts;
    let [seq, attempts, next_at, created_at, ended_at] = ints;
    let rows = Rows::new()
        .column("event", Column::Texts(event))
        .column("kind", Column::Texts(kind))
        .column("subject", Column::Texts(subject))
        .column("state", Column::Texts(state))
        .column("body", Column::Texts(body))
        .column("tries", Column::Texts(tries))
        .column("seq", Column::Ints(seq))
        .column("attempts", Column::Ints(attempts))
        .column("next_at", Column::Ints(next_at))
        .column("created_at", Column::Ints(created_at))
        .column("ended_at", Column::Ints(ended_at));
    Statement::new(
        "insert into deliveries (subscription, event, type, subject, seq, state, body, attempts, tries, next_at, \
         created_at, ended_at) select $1, event, kind, subject, seq, state, body, attempts, tries, next_at, created_at, \
         ended_at from {rows} given_deliveries where 1 = 1 on conflict (subscription, event) do update set \
         state = excluded.state, body = excluded.body, attempts = excluded.attempts, tries = excluded.tries, \
         next_at = excluded.next_at, ended_at = excluded.ended_at",
    )
    .bind(subscription)
    .rows(tx, rows)
    .execute(tx)
    .await?;
    Ok(())
}

/// Deliveries whose next attempt is due, the longest due first.
pub async fn due(tx: &mut Tx, subscription: i64, now: Moment, limit: i64) -> Result<Vec<Delivery>> {
    Statement::new(format!(
        "select {COLUMNS} from deliveries where subscription = $1 and state = 'waiting' and next_at <= $2 \
         order by next_at, delivery limit $3"
    ))
    .bind(subscription)
    .bind(now.micros())
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// When the next attempt is due, of those that wait.
pub async fn next_at(tx: &mut Tx, subscription: i64) -> Result<Option<i64>> {
    let (next,): (Option<i64>,) =
        Statement::new("select min(next_at) from deliveries where subscription = $1 and state = 'waiting'")
            .bind(subscription)
            .fetch_one(tx)
            .await?;
    Ok(next)
}

/// What deliveries wait for, or behind what.
pub async fn pending_subjects(tx: &mut Tx, subscription: i64) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = Statement::new(
        "select distinct subject from deliveries where subscription = $1 and state in ('waiting', 'held') limit 20000",
    )
    .bind(subscription)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

/// How many deliveries wait or are held.
pub async fn pending(tx: &mut Tx, subscription: i64) -> Result<i64> {
    let (count,): (i64,) =
        Statement::new("select count(*) from deliveries where subscription = $1 and state in ('waiting', 'held')")
            .bind(subscription)
            .fetch_one(tx)
            .await?;
    Ok(count)
}

/// Lets the oldest held delivery about each of these things go, where nothing about it waits any more.
pub async fn release(tx: &mut Tx, subscription: i64, subjects: Vec<String>, now: Moment) -> Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    Statement::new(
        "update deliveries set state = 'waiting', next_at = $2 where subscription = $1 and delivery in \
         (select min(d.delivery) from deliveries d where d.subscription = $1 and d.state = 'held' \
         and d.subject in (select subject from {rows} given_subjects) and not exists (select 1 from deliveries w \
         where w.subscription = $1 and w.subject = d.subject and w.state = 'waiting') group by d.subject)",
    )
    .bind(subscription)
    .bind(now.micros())
    .rows(tx, Rows::new().texts("subject", subjects))
    .execute(tx)
    .await?;
    Ok(())
}

/// Tries again soon: one delivery, or everything given up or waiting that was first tried at or after a moment. Answers
/// how many.
pub async fn resend(tx: &mut Tx, subscription: i64, which: Again, now: Moment) -> Result<u64> {
    let mut statement = Statement::new(
        "update deliveries set state = 'waiting', next_at = $2, ended_at = null, \
         attempts = case when state = 'given-up' then 0 else attempts end where subscription = $1 and body is not null \
         and state in ('waiting', 'given-up')",
    )
    .bind(subscription)
    .bind(now.micros());
    match which {
        Again::One(delivery) => statement.and(" and delivery = {}", delivery),
        Again::Since(moment) => statement.and(" and created_at >= {}", moment.micros()),
    }
    statement.execute(tx).await
}

/// Which deliveries are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// This one.
    One(i64),
    /// All that were first tried at or after this moment.
    Since(Moment),
}

/// One delivery.
pub async fn one(tx: &mut Tx, subscription: i64, delivery: i64) -> Result<Option<Delivery>> {
    Statement::new(format!("select {COLUMNS} from deliveries where subscription = $1 and delivery = $2"))
        .bind(subscription)
        .bind(delivery)
        .fetch_optional(tx)
        .await
}

/// The next deliveries, the newest first; `before` is the number of the last one that was told.
pub async fn page(
    tx: &mut Tx,
    subscription: i64,
    state: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let mut statement = Statement::new(format!("select {COLUMNS} from deliveries where subscription = $1"));
    statement = statement.bind(subscription);
    if let Some(state) = state {
        statement.and(" and state = {}", state);
    }
    statement.and(" and delivery < {}", before);
    statement.and(" order by delivery desc limit {}", limit);
    statement.fetch_all(tx).await
}

/// Forgets deliveries that arrived or were given up before a moment, some at a time; answers how many.
pub async fn prune(tx: &mut Tx, subscription: i64, before: Moment, limit: i64) -> Result<u64> {
    Statement::new(
        "delete from deliveries where delivery in (select delivery from deliveries where subscription = $1 \
         and state in ('delivered', 'given-up') and ended_at < $2 order by delivery limit $3)",
    )
    .bind(subscription)
    .bind(before.micros())
    .bind(limit)
    .execute(tx)
    .await
}
