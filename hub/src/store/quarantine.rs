//! Records that wait for somebody: raw as it was read, with every reason.

use std::collections::{BTreeMap, BTreeSet};

use muara_schemas::page::{Quarantined, RunId};
use muara_schemas::{ContentHash, Moment};

use super::Tx;
use super::error::Result;
use super::rows::{Column, Rows, Statement};

/// The open entries of a stream.
#[derive(Debug, Default)]
pub struct Open {
    /// By key: entry number and hash of the raw record.
    pub by_key: BTreeMap<String, (i64, ContentHash)>,
    /// Those whose key could not be read, by hash of the raw record.
    pub by_raw: BTreeMap<ContentHash, i64>,
}

/// Up to so many open entries of a stream are read whole; of more, only those that are asked for.
const FEW: i64 = 1_000;

/// The open entries of a stream under these keys and with these raw records; of few, all of them.
pub async fn open(tx: &mut Tx, stream: i64, keys: &[&str], raws: &[ContentHash]) -> Result<Open> {
    type Row = (i64, Option<String>, Vec<u8>);
    const SELECT: &str = "select q.entry, q.key, q.raw_hash from";
    let all = format!("{SELECT} quarantine q where q.stream = $1 and q.state = 'open' limit $2");
    let mut rows: Vec<Row> = Statement::new(all).bind(stream).bind(FEW + 1).fetch_all(tx).await?;
    if i64::try_from(rows.len()).is_ok_and(|count| count > FEW) {
        let by_key = format!(
            "{SELECT} {{rows}} given_keys join quarantine q on q.key = given_keys.key and q.stream = $1 \
             and q.state = 'open' and q.key is not null"
        );
        let given = Rows::new().texts("key", keys.iter().map(|key| (*key).to_owned()));
        rows = Statement::new(by_key).bind(stream).rows(tx, given).fetch_all(tx).await?;
        let by_raw = format!(
            "{SELECT} {{rows}} given_raws join quarantine q on q.raw_hash = given_raws.raw_hash and q.stream = $1 \
             and q.state = 'open' and q.key is null"
        );
        let given = Rows::new().blobs("raw_hash", raws.iter().map(|raw| raw.as_bytes().to_vec()));
        rows.extend(Statement::new(by_raw).bind(stream).rows(tx, given).fetch_all::<Row>(tx).await?);
    }
    let mut open = Open::default();
    for (entry, key, raw_hash) in rows {
        let Some(raw_hash) = ContentHash::from_bytes(&raw_hash) else { continue };
        match key {
            Some(key) => drop(open.by_key.insert(key, (entry, raw_hash))),
            None => drop(open.by_raw.insert(raw_hash, entry)),
        }
    }
    Ok(open)
}

/// Keys of a stream whose newest raw is in quarantine; they stand aside in proofs.
pub async fn open_keys(tx: &mut Tx, stream: i64) -> Result<BTreeSet<String>> {
    let rows: Vec<(String,)> =
        Statement::new("select key from quarantine where stream = $1 and state = 'open' and key is not null")
            .bind(stream)
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Closes entries as `superseded` or `replaced`.
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
         where stream = $1 and state = 'open' and key is null and run <> $2",
    )
    .bind(stream)
    .bind(run.as_bytes())
    .bind(now.micros())
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that entries were brought again by another run.
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
    let mut texts: [Vec<Option<String>>; 4] = Default::default();
    let (mut raw_hashes, mut raws, mut errors, mut years) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let row =
            [entry.key, Some(entry.pointer), entry.about.agency, entry.about.amount.map(|amount| amount.to_string())];
        texts.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        raw_hashes.push(Some(entry.raw_hash.as_bytes().to_vec()));
        raws.push(Some(entry.raw.into_bytes()));
        errors.push(Some(serde_json::to_string(&entry.errors).unwrap_or_else(|_| "[]".to_owned())));
        years.push(entry.about.fiscal_year.map(i64::from));
    }
    let [key, pointer, agency, amount] = texts;
    let rows = Rows::new()
        .column("key", Column::Texts(key))
        .column("raw_hash", Column::Blobs(raw_hashes))
        .column("raw", Column::Blobs(raws))
        .column("pointer", Column::Texts(pointer))
        .column("errors", Column::Json(errors))
        .column("agency", Column::Texts(agency))
        .column("fiscal_year", Column::Ints(years))
        .column("amount", Column::Texts(amount));
    Statement::new(
        "insert into quarantine (stream, key, raw_hash, raw, pointer, errors, agency, fiscal_year, amount, run, \
         definition, state, opened_at) select $1, key, raw_hash, raw, pointer, errors, agency, fiscal_year, amount, $2, \
         $3, 'open', $4 from {rows} given_entries",
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

/// How many entries are open, by stream.
pub async fn open_counts(tx: &mut Tx) -> Result<BTreeMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = Statement::new(
        "select stream, cast(count(*) as bigint) from quarantine where state = 'open' group by stream order by stream",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}
