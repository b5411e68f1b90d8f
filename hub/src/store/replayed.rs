//! The entries of replays: which are still to be sent, which are under way, and what became of the others.

use muara_schemas::page::Reason;
use muara_schemas::{ContentHash, Moment};

use super::Tx;
use super::error::Result;
use super::quarantine::cause_part;
use super::row::row;
use super::rows::{Column, Rows, Statement};

/// What became of an entry of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Its number.
    pub entry: i64,
    /// `applied`, `unchanged`, `broken`, `superseded`, `refused`; of a trial `valid` instead of the first two.
    pub outcome: &'static str,
    /// Why, where it did not become valid.
    pub reason: Option<Reason>,
}

/// How many entries of a replay came to one end for one reason.
pub type Count = (Option<String>, String, String, String, i64, i64);

/// An entry that is still to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub entry: i64,
    /// Hash of the raw record that was asked for.
    pub asked: Option<ContentHash>,
    /// Hash of the raw record that it has now.
    pub raw_hash: Option<ContentHash>,
    /// Its state.
    pub state: String,
    /// Form of its raw record.
    pub form: String,
    /// Code of its first reason.
    pub code: String,
    /// Bytes of its raw record.
    pub bytes: i64,
}

row! {
    /// What a raw record is sent with.
    pub struct Raw {
        /// Number of its entry.
        pub entry: i64,
        /// Key, where one could be read.
        pub key: Option<String>,
        /// Where in the source it stands.
        pub pointer: String,
        /// Hash of the whole.
        pub raw_hash: Vec<u8>,
        /// The raw record.
        pub raw: Vec<u8>,
        /// What its text stands for.
        pub form: String,
    }
}

row! {
    /// How far one stream of a replay has come.
    pub struct Left {
        /// Number of the stream.
        pub stream: i64,
        /// Region.
        pub region: String,
        /// System.
        pub system: String,
        /// Name.
        pub name: String,
        /// The last sign of life of its connector.
        pub heard_at: Option<i64>,
        /// Entries whose end is not known yet.
        pub entries: i64,
        /// Of these, entries that an order names.
        pub under_way: i64,
        /// When that order is void.
        pub expires_at: Option<i64>,
    }
}

/// The streams of a replay whose entries have not all come to an end.
pub async fn left(tx: &mut Tx, replay: i64) -> Result<Vec<Left>> {
    Statement::new(
        "select s.stream, s.region, s.system, s.name, case when s.announced_at > coalesce(s.heartbeat_at, 0) \
         then s.announced_at else s.heartbeat_at end as heard_at, \
         cast(count(*) as bigint) as entries, cast(count(r.command) as bigint) as under_way, \
         max(r.expires_at) as expires_at from replay_entries r join streams s on s.stream = r.stream \
         where r.replay = $1 and r.outcome is null \
         group by s.stream, s.region, s.system, s.name, s.heartbeat_at, s.announced_at order by s.stream",
    )
    .bind(replay)
    .fetch_all(tx)
    .await
}

/// The next entries of one stream that are still to be sent.
pub async fn waiting(tx: &mut Tx, replay: i64, stream: i64, limit: i64) -> Result<Vec<Waiting>> {
    type Row = (i64, Vec<u8>, Vec<u8>, String, String, String, i64);
    let rows: Vec<Row> = Statement::new(
        "select r.entry, r.raw_hash, q.raw_hash, q.state, q.form, q.code, cast(length(q.raw) as bigint) \
         from replay_entries r join quarantine q on q.entry = r.entry \
         where r.replay = $1 and r.stream = $2 and r.outcome is null and r.command is null order by r.entry limit $3",
    )
    .bind(replay)
    .bind(stream)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    let hash = |bytes: Vec<u8>| ContentHash::from_bytes(&bytes);
    Ok(rows
        .into_iter()
        .map(|(entry, asked, now, state, form, code, bytes)| {
            let (asked, raw_hash) = (hash(asked), hash(now));
            Waiting { entry, asked, raw_hash, state, form, code, bytes }
        })
        .collect())
}

/// The raw records of entries, in the order of their numbers.
pub async fn raws(tx: &mut Tx, entries: &[i64]) -> Result<Vec<Raw>> {
    Statement::new(
        "select q.entry, q.key, q.pointer, q.raw_hash, q.raw, q.form from {rows} given_entries \
         join quarantine q on q.entry = given_entries.entry order by q.entry",
    )
    .rows(tx, Rows::new().ints("entry", entries.iter().copied()))
    .fetch_all(tx)
    .await
}

/// Notes which order names entries.
pub async fn sent(
    tx: &mut Tx,
    replay: i64,
    entries: &[i64],
    command: &str,
    [now, expires_at]: [Moment; 2],
) -> Result<()> {
    Statement::new(
        "update replay_entries set command = $2, sent_at = coalesce(sent_at, $3), expires_at = $4 \
         where replay = $1 and entry in (select entry from {rows} given_entries)",
    )
    .bind(replay)
    .bind(command)
    .bind(now.micros())
    .bind(expires_at.micros())
    .rows(tx, Rows::new().ints("entry", entries.iter().copied()))
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes back what was sent and is not answered, of one stream or of all, so that it is sent once more.
pub async fn unsend(tx: &mut Tx, replay: i64, stream: Option<i64>) -> Result<()> {
    let mut statement = Statement::new("update replay_entries set command = null, expires_at = null where 1 = 1");
    statement.and(" and replay = {} and outcome is null", replay);
    if let Some(stream) = stream {
        statement.and(" and stream = {}", stream);
    }
    statement.execute(tx).await?;
    Ok(())
}

/// Notes what became of entries of a stream in the replay that they are under way in, if there is one.
pub async fn settle(tx: &mut Tx, stream: i64, settled: Vec<Settled>) -> Result<()> {
    put(tx, &format!("r.dry = 0 and r.stream = {stream}"), settled).await
}

/// Notes what would become of entries of a trial.
pub async fn settle_of(tx: &mut Tx, replay: i64, settled: Vec<Settled>) -> Result<()> {
    put(tx, &format!("r.dry = 1 and r.replay = {replay}"), settled).await
}

async fn put(tx: &mut Tx, which: &str, settled: Vec<Settled>) -> Result<()> {
    if settled.is_empty() {
        return Ok(());
    }
    let part = |of: fn(&Reason) -> &str| {
        let text = |one: &Settled| Some(one.reason.as_ref().map_or_else(String::new, |reason| cause_part(of(reason))));
        Column::Texts(settled.iter().map(text).collect())
    };
    let rows = Rows::new()
        .ints("entry", settled.iter().map(|one| one.entry))
        .texts("outcome", settled.iter().map(|one| one.outcome.to_owned()))
        .column("code", part(|reason| &reason.code))
        .column("target", part(|reason| &reason.target))
        .column("source", part(|reason| reason.source.as_deref().unwrap_or_default()));
    Statement::new(format!(
        "update replay_entries as r set outcome = given.outcome, code = given.code, target = given.target, \
         source = given.source from {{rows}} given where r.entry = given.entry and r.outcome is null and {which}"
    ))
    .rows(tx, rows)
    .execute(tx)
    .await?;
    Ok(())
}

/// The replay that an order to a stream belongs to, while it is not answered.
pub async fn of_command(tx: &mut Tx, command: &str, stream: i64) -> Result<Option<i64>> {
    let row: Option<(i64,)> = Statement::new(
        "select replay from replay_entries where command = $1 and outcome is null and stream = $2 limit 1",
    )
    .bind(command)
    .bind(stream)
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|(replay,)| replay))
}

/// Notes one end of all entries that an order names and that have none yet.
pub async fn settle_command(tx: &mut Tx, command: &str, outcome: &str, code: &str) -> Result<()> {
    Statement::new("update replay_entries set outcome = $2, code = $3 where command = $1 and outcome is null")
        .bind(command)
        .bind(outcome)
        .bind(code)
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes one end of all entries of a stream that have none yet.
pub async fn settle_stream(tx: &mut Tx, replay: i64, stream: i64, outcome: &str, code: &str) -> Result<()> {
    Statement::new(
        "update replay_entries set outcome = $3, code = $4 where replay = $1 and stream = $2 and outcome is null",
    )
    .bind(replay)
    .bind(stream)
    .bind(outcome)
    .bind(code)
    .execute(tx)
    .await?;
    Ok(())
}

/// How many entries came to which end, for which reason, and how many of them were ever sent; the largest first.
pub async fn counts(tx: &mut Tx, replay: i64) -> Result<Vec<Count>> {
    Statement::new(
        "select outcome, code, target, source, cast(count(*) as bigint) as entries, cast(count(sent_at) as bigint) \
         from replay_entries where replay = $1 group by outcome, code, target, source \
         order by entries desc, outcome, code, target, source",
    )
    .bind(replay)
    .fetch_all(tx)
    .await
}
