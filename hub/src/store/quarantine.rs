//! Records that wait for somebody: raw as it was read, with every reason.

use std::collections::{BTreeMap, BTreeSet};

use muara_schemas::page::{Quarantined, RawForm, Reason, RunId};
use muara_schemas::{ContentHash, Moment};

use super::Tx;
use super::error::Result;
use super::rows::{Column, Rows, Statement};
use super::totals;

/// The entries of a stream that a read may touch: the open ones, and those that somebody has discarded, which count as
/// long as the same raw record is read again.
#[derive(Debug, Default)]
pub struct Open {
    /// By key.
    pub by_key: BTreeMap<String, Standing>,
    /// Those whose key could not be read, by hash of the raw record.
    pub by_raw: BTreeMap<ContentHash, Standing>,
}

/// An entry that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its number.
    pub entry: i64,
    /// Its key, where one could be read.
    pub key: Option<String>,
    /// Hash of its raw record.
    pub raw_hash: ContentHash,
    /// Whether somebody has discarded it.
    pub is_discarded: bool,
}

/// Up to so many entries of a stream are read whole; of more, only those that are asked for.
const FEW: i64 = 1_000;
/// The longest agency that is kept, and the longest part of a cause, in letters: both stand in an index.
const MAX_AGENCY: usize = 60;
const MAX_CAUSE: usize = 120;

type Row = (i64, Option<String>, Vec<u8>, String);

fn from_row((entry, key, raw_hash, state): Row) -> Option<Standing> {
    let raw_hash = ContentHash::from_bytes(&raw_hash)?;
    Some(Standing { entry, key, raw_hash, is_discarded: state == "discarded" })
}

/// The standing entries of a stream under these keys and with these raw records; of few, all of them.
pub async fn open(tx: &mut Tx, stream: i64, keys: &[&str], raws: &[ContentHash]) -> Result<Open> {
    const SELECT: &str = "select q.entry, q.key, q.raw_hash, q.state from";
    let all = format!("{SELECT} quarantine q where q.stream = $1 and q.state in ('open', 'discarded') limit $2");
    let mut rows: Vec<Row> = Statement::new(all).bind(stream).bind(FEW + 1).fetch_all(tx).await?;
    if i64::try_from(rows.len()).is_ok_and(|count| count > FEW) {
        let by_key = format!(
            "{SELECT} {{rows}} given_keys join quarantine q on q.key = given_keys.key and q.stream = $1 \
             and q.state in ('open', 'discarded')"
        );
        let given = Rows::new().texts("key", keys.iter().map(|key| (*key).to_owned()));
        rows = Statement::new(by_key).bind(stream).rows(tx, given).fetch_all(tx).await?;
        let by_raw = format!(
            "{SELECT} {{rows}} given_raws join quarantine q on q.raw_hash = given_raws.raw_hash and q.stream = $1 \
             and q.state in ('open', 'discarded') and q.key is null"
        );
        let given = Rows::new().blobs("raw_hash", raws.iter().map(|raw| raw.as_bytes().to_vec()));
        rows.extend(Statement::new(by_raw).bind(stream).rows(tx, given).fetch_all::<Row>(tx).await?);
    }
    let mut open = Open::default();
    for standing in rows.into_iter().filter_map(from_row) {
        match standing.key.clone() {
            Some(key) => drop(open.by_key.insert(key, standing)),
            None => drop(open.by_raw.insert(standing.raw_hash, standing)),
        }
    }
    Ok(open)
}

/// Those of these entries of a stream that are open.
pub async fn standing(tx: &mut Tx, stream: i64, entries: &[i64]) -> Result<BTreeMap<i64, Standing>> {
    let rows: Vec<Row> = Statement::new(
        "select q.entry, q.key, q.raw_hash, q.state from {rows} given_entries \
         join quarantine q on q.entry = given_entries.entry and q.stream = $1 and q.state = 'open'",
    )
    .bind(stream)
    .rows(tx, Rows::new().ints("entry", entries.iter().copied()))
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(from_row).map(|standing| (standing.entry, standing)).collect())
}

/// Keys of a stream whose newest raw is in quarantine, discarded or not; they stand aside in proofs.
pub async fn open_keys(tx: &mut Tx, stream: i64) -> Result<BTreeSet<String>> {
    let rows: Vec<(String,)> = Statement::new(
        "select key from quarantine where stream = $1 and state in ('open', 'discarded') and key is not null",
    )
    .bind(stream)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Closes entries as `superseded`, `replaced` or `replayed`.
pub async fn close(tx: &mut Tx, entries: &[i64], state: &'static str, now: Moment) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    Statement::new(
        "update quarantine set state = $1, closed_at = $2 where entry in (select entry from {rows} given_entries)",
    )
    .bind(state)
    .bind(now.micros())
    .rows(tx, Rows::new().ints("entry", entries.iter().copied()))
    .execute(tx)
    .await?;
    Ok(())
}

/// Closes the entries without a key that a complete read did not bring again.
pub async fn close_unkeyed(tx: &mut Tx, stream: i64, run: RunId, now: Moment) -> Result<()> {
    Statement::new(
        "update quarantine set state = 'superseded', closed_at = $3 \
         where stream = $1 and state in ('open', 'discarded') and key is null and run <> $2",
    )
    .bind(stream)
    .bind(run.as_bytes())
    .bind(now.micros())
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that discarded entries were brought again by another run; nothing else of them changes.
pub async fn seen_again(tx: &mut Tx, entries: &[i64], run: RunId) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    Statement::new("update quarantine set run = $1 where entry in (select entry from {rows} given_entries)")
        .bind(run.as_bytes())
        .rows(tx, Rows::new().ints("entry", entries.iter().copied()))
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes that the same raw records were broken again: the reasons and the definition of now stand from now on.
pub async fn broken_again(tx: &mut Tx, run: RunId, definition: &str, entries: Vec<(i64, Quarantined)>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = entries.iter().map(|(entry, _)| *entry).collect();
    let entries: Vec<Quarantined> = entries.into_iter().map(|(_, broken)| broken).collect();
    Statement::new(
        "update quarantine set run = $1, definition = $2, errors = given.errors, code = given.code, \
         target = given.target, source = given.source, agency = given.agency, fiscal_year = given.fiscal_year, \
         amount = given.amount, high = given.high, low = given.low from {rows} given \
         where quarantine.entry = given.entry and quarantine.state = 'open'",
    )
    .bind(run.as_bytes())
    .bind(definition)
    .rows(tx, told(&entries).ints("entry", numbers))
    .execute(tx)
    .await?;
    Ok(())
}

/// Opens entries; the caller has closed those that they replace.
pub async fn put(
    tx: &mut Tx,
    stream: i64,
    run: RunId,
    definition: &str,
    entries: Vec<Quarantined>,
    now: Moment,
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let told = told(&entries);
    let (mut keys, mut pointers, mut forms) = (Vec::new(), Vec::new(), Vec::new());
    let (mut raw_hashes, mut raws) = (Vec::new(), Vec::new());
    for entry in entries {
        keys.push(entry.key);
        pointers.push(Some(entry.pointer));
        forms.push(Some(form_text(entry.form).to_owned()));
        raw_hashes.push(Some(entry.raw_hash.as_bytes().to_vec()));
        raws.push(Some(entry.raw.into_bytes()));
    }
    let rows = told
        .column("key", Column::Texts(keys))
        .column("pointer", Column::Texts(pointers))
        .column("form", Column::Texts(forms))
        .column("raw_hash", Column::Blobs(raw_hashes))
        .column("raw", Column::Blobs(raws));
    Statement::new(
        "insert into quarantine (stream, key, raw_hash, raw, form, pointer, errors, code, target, source, agency, \
         fiscal_year, amount, high, low, run, definition, state, opened_at) select $1, key, raw_hash, raw, form, \
         pointer, errors, code, target, source, agency, fiscal_year, amount, high, low, $2, $3, 'open', $4 \
         from {rows} given_entries",
    )
    .bind(stream)
    .bind(run.as_bytes())
    .bind(definition)
    .bind(now.micros())
    .rows(tx, rows)
    .execute(tx)
    .await?;
    Ok(())
}

/// The columns that say what is wrong with records, and what could be read of them.
fn told(entries: &[Quarantined]) -> Rows {
    let text = |of: fn(&Quarantined) -> Option<String>| Column::Texts(entries.iter().map(of).collect());
    let cause = |of: fn(&Reason) -> &str| {
        let part = |entry: &Quarantined| cause_part(entry.errors.first().map_or("", of));
        Column::Texts(entries.iter().map(|entry| Some(part(entry))).collect())
    };
    let parts: Vec<Option<(i64, i64)>> = entries.iter().map(|entry| entry.about.amount.map(totals::parts)).collect();
    let errors = |entry: &Quarantined| Some(serde_json::to_string(&entry.errors).unwrap_or_else(|_| "[]".to_owned()));
    Rows::new()
        .column("errors", Column::Json(entries.iter().map(errors).collect()))
        .column("code", cause(|reason| &reason.code))
        .column("target", cause(|reason| &reason.target))
        .column("source", cause(|reason| reason.source.as_deref().unwrap_or_default()))
        .column("agency", text(|entry| entry.about.agency.clone().filter(|code| code.len() <= MAX_AGENCY)))
        .column(
            "fiscal_year",
            Column::Ints(entries.iter().map(|entry| entry.about.fiscal_year.map(i64::from)).collect()),
        )
        .column("amount", text(|entry| entry.about.amount.map(|amount| amount.to_string())))
        .column("high", Column::Ints(parts.iter().map(|parts| parts.map(|(high, _)| high)).collect()))
        .column("low", Column::Ints(parts.iter().map(|parts| parts.map(|(_, low)| low)).collect()))
}

/// A part of a cause as it is kept, and as it is asked for.
pub fn cause_part(text: &str) -> String {
    text.chars().take(MAX_CAUSE).collect()
}

/// How the form of a raw record is written.
pub const fn form_text(form: RawForm) -> &'static str {
    match form {
        RawForm::Json => "json",
        RawForm::Row => "row",
        RawForm::FaultyRow => "faulty-row",
    }
}

/// How many entries are open, by stream.
pub async fn open_counts(tx: &mut Tx) -> Result<BTreeMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = Statement::new(
        "select stream, cast(count(*) as bigint) from quarantine where state = 'open' group by stream order by stream",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}
