//! The first read model: sums by measure, ledger, system, stage, agency, sub-activity, fund and month.
//!
//! An amount stands in two integers so that both engines add exactly: `high` counts units of 10¹² sen, `low` the rest.

use muara_schemas::Rupiah;

use super::Tx;
use super::error::Result;
use super::rows::{Column, Rows, Statement};

const UNIT: i128 = 1_000_000_000_000;

/// The amount that the two integers of a row make.
pub fn amount(high: i64, low: i64) -> Rupiah {
    Rupiah::from_cents(i128::from(high) * UNIT + i128::from(low))
}

/// The two integers of an amount.
pub fn parts(amount: Rupiah) -> (i64, i64) {
    let part = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
    (part(amount.cents() / UNIT), part(amount.cents() % UNIT))
}

/// What a sum is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Region.
    pub region: String,
    /// Fiscal year.
    pub fiscal_year: i64,
    /// `budget`, `realized-sp2d`, `realized-lra`, …
    pub measure: String,
    /// `apbd` or `blud-internal`.
    pub ledger: String,
    /// The system that says so.
    pub system: String,
    /// Agency, or empty.
    pub agency: String,
    /// Budget stage, 0 for murni and for everything that has none.
    pub stage: i64,
    /// Sub-activity, or empty.
    pub sub_activity: String,
    /// Fund source, or empty.
    pub fund: String,
    /// Month 1 to 12, or 0.
    pub month: i64,
}

/// What is added to a sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delta {
    /// Money.
    pub amount: Rupiah,
    /// Records.
    pub records: i64,
}

/// Adds to sums, one statement for all; a sum is created when it is not there.
pub async fn add(tx: &mut Tx, deltas: Vec<(Cell, Delta)>) -> Result<()> {
    if deltas.is_empty() {
        return Ok(());
    }
    let mut texts: [Vec<Option<String>>; 7] = Default::default();
    let mut ints: [Vec<Option<i64>>; 6] = Default::default();
    for (cell, delta) in deltas {
        let row = [cell.region, cell.measure, cell.ledger, cell.system, cell.agency, cell.sub_activity, cell.fund];
        texts.iter_mut().zip(row).for_each(|(column, value)| column.push(Some(value)));
        let (high, low) = parts(delta.amount);
        let row = [cell.fiscal_year, cell.stage, cell.month, high, low, delta.records];
        ints.iter_mut().zip(row).for_each(|(column, value)| column.push(Some(value)));
    }
    let [region, measure, ledger, system, agency, sub_activity, fund] = texts;
    let [fiscal_year, stage, month, high, low, records] = ints;
    let rows = Rows::new()
        .column("region", Column::Texts(region))
        .column("fiscal_year", Column::Ints(fiscal_year))
        .column("measure", Column::Texts(measure))
        .column("ledger", Column::Texts(ledger))
        .column("system", Column::Texts(system))
        .column("agency", Column::Texts(agency))
        .column("stage", Column::Ints(stage))
        .column("sub_activity", Column::Texts(sub_activity))
        .column("fund", Column::Texts(fund))
        .column("month", Column::Ints(month))
        .column("high", Column::Ints(high))
        .column("low", Column::Ints(low))
        .column("records", Column::Ints(records));
    Statement::new(
        "insert into totals (region, fiscal_year, measure, ledger, system, agency, stage, sub_activity, fund, month, \
         high, low, records) select region, fiscal_year, measure, ledger, system, agency, stage, sub_activity, fund, \
         month, high, low, records from {rows} given_totals where true \
         on conflict (region, fiscal_year, measure, ledger, system, agency, stage, sub_activity, fund, month) \
         do update set high = totals.high + excluded.high + (totals.low + excluded.low) / 1000000000000, \
         low = (totals.low + excluded.low) % 1000000000000, records = totals.records + excluded.records",
    )
    .rows(tx, rows)
    .execute(tx)
    .await?;
    Ok(())
}

/// A budget stage and how much of it is locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stage {
    /// Region.
    pub region: String,
    /// Fiscal year.
    pub fiscal_year: i64,
    /// Agency.
    pub agency: String,
    /// System.
    pub system: String,
    /// Order of the stage in its year.
    pub stage: i64,
}

/// Adds lines, and locked lines, to stages.
pub async fn add_stages(tx: &mut Tx, deltas: Vec<(Stage, i64, i64)>) -> Result<()> {
    if deltas.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .texts("region", deltas.iter().map(|(stage, ..)| stage.region.clone()))
        .ints("fiscal_year", deltas.iter().map(|(stage, ..)| stage.fiscal_year))
        .texts("agency", deltas.iter().map(|(stage, ..)| stage.agency.clone()))
        .texts("system", deltas.iter().map(|(stage, ..)| stage.system.clone()))
        .ints("stage", deltas.iter().map(|(stage, ..)| stage.stage))
        .ints("lines", deltas.iter().map(|(_, lines, _)| *lines))
        .ints("locked", deltas.iter().map(|(.., locked)| *locked));
    Statement::new(
        "insert into budget_stages (region, fiscal_year, agency, system, stage, lines, locked) \
         select region, fiscal_year, agency, system, stage, lines, locked from {rows} given_stages where true \
         on conflict (region, fiscal_year, agency, system, stage) do update set \
         lines = budget_stages.lines + excluded.lines, locked = budget_stages.locked + excluded.locked",
    )
    .rows(tx, rows)
    .execute(tx)
    .await?;
    Ok(())
}

/// Empties the read model, before it is built anew from the log's beginning.
pub async fn clear(tx: &mut Tx) -> Result<()> {
    Statement::new("delete from totals").execute(tx).await?;
    Statement::new("delete from budget_stages").execute(tx).await?;
    Ok(())
}

/// A sum over one system, agency and stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Region.
    pub region: String,
    /// `budget`, `realized-sp2d` or `realized-lra`.
    pub measure: String,
    /// The system that says so.
    pub system: String,
    /// Agency, or empty.
    pub agency: String,
    /// Budget stage.
    pub stage: i64,
    /// Money.
    pub amount: Rupiah,
    /// Records.
    pub records: i64,
}

/// Who counts, where somebody said so: (record type, region, agency, fiscal year) → system.
pub async fn authority(tx: &mut Tx) -> Result<Vec<(String, String, String, i64, String)>> {
    Statement::new("select record_type, region, agency, fiscal_year, system from authority order by 1, 2, 3, 4")
        .fetch_all(tx)
        .await
}

/// Says whose rows count.
pub async fn set_authority(
    tx: &mut Tx,
    record_type: &str,
    region: &str,
    agency: &str,
    fiscal_year: i64,
    system: &str,
) -> Result<()> {
    Statement::new(
        "insert into authority (record_type, region, agency, fiscal_year, system) values ($1, $2, $3, $4, $5) \
         on conflict (record_type, region, agency, fiscal_year) do update set system = excluded.system",
    )
    .bind(record_type)
    .bind(region)
    .bind(agency)
    .bind(fiscal_year)
    .bind(system)
    .execute(tx)
    .await?;
    Ok(())
}

/// A row of the totals that is not zero, for the digest; in an order that both engines share.
pub type Line = (String, i64, String, String, String, String, i64, String, String, i64, i64, i64, i64);

/// The next lines after `after` lines were read; for the digest.
pub async fn lines(tx: &mut Tx, offset: i64, limit: i64) -> Result<Vec<Line>> {
    Statement::new(
        "select region, fiscal_year, measure, ledger, system, agency, stage, sub_activity, fund, month, high, low, \
         records from totals where records <> 0 or high <> 0 or low <> 0 order by region, fiscal_year, measure, ledger, \
         system, agency, stage, sub_activity, fund, month limit $1 offset $2",
    )
    .bind(limit)
    .bind(offset)
    .fetch_all(tx)
    .await
}
