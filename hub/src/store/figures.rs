//! Figures of the read models within a viewer's scope.

use muara_schemas::Rupiah;

use crate::access::Viewer;
use crate::facts;
use crate::views::absorption::Held;

use super::Tx;
use super::error::{Error, Result};
use super::rows::Statement;
use super::totals::{self, Stage, Sum};

/// The sums of a fiscal year in one ledger, by region, measure, system, agency and stage.
pub async fn sums(
    tx: &mut Tx,
    viewer: &Viewer,
    fiscal_year: i64,
    ledger: &str,
    region: Option<&str>,
) -> Result<Vec<Sum>> {
    type Row = (String, String, String, String, i64, i64, i64, i64);
    let mut statement = Statement::new(
        "select region, measure, system, agency, stage, cast(sum(high) as bigint), cast(sum(low) as bigint), \
         cast(sum(records) as bigint) from totals where fiscal_year = $1 and ledger = $2",
    )
    .bind(fiscal_year)
    .bind(ledger);
    if let Some(region) = region {
        statement.and(" and region = {}", region);
    }
    // An agency that is not known stands as an empty text, which no grant names.
    let mut statement = statement.scope(viewer, "region", "agency");
    statement.push(" group by region, measure, system, agency, stage order by region, agency, measure, system, stage");
    let rows: Vec<Row> = statement.fetch_all(tx).await?;
    Ok(rows
        .into_iter()
        .map(|(region, measure, system, agency, stage, high, low, records)| Sum {
            region,
            measure,
            system,
            agency,
            stage,
            amount: totals::amount(high, low),
            records,
        })
        .collect())
}

/// The stages of a fiscal year with their number of locked lines.
pub async fn stages(tx: &mut Tx, viewer: &Viewer, fiscal_year: i64) -> Result<Vec<(Stage, i64)>> {
    let mut statement = Statement::new(
        "select region, agency, system, stage, locked from budget_stages where fiscal_year = $1 and lines > 0",
    )
    .bind(fiscal_year)
    .scope(viewer, "region", "agency");
    statement.push(" order by region, agency, system, stage");
    let rows: Vec<(String, String, String, i64, i64)> = statement.fetch_all(tx).await?;
    Ok(rows
        .into_iter()
        .map(|(region, agency, system, stage, locked)| (Stage { region, fiscal_year, agency, system, stage }, locked))
        .collect())
}

/// The open quarantine entries whose figures would stand in a fiscal year, or in one that could not be read.
pub async fn not_counted(tx: &mut Tx, viewer: &Viewer, fiscal_year: i64, region: Option<&str>) -> Result<Vec<Held>> {
    type Row = (String, String, String, Option<String>, Option<String>);
    let mut statement = Statement::new(
        "select s.region, s.system, s.record_type, q.agency, q.amount from quarantine q \
         join streams s on s.stream = q.stream where q.state = 'open' and (q.fiscal_year is null or q.fiscal_year = $1)",
    )
    .bind(fiscal_year);
    statement.push(" and (1 = 0");
    for record_type in facts::TYPES {
        statement.and(" or s.record_type = {}", *record_type);
    }
    statement.push(")");
    if let Some(region) = region {
        statement.and(" and s.region = {}", region);
    }
    let rows: Vec<Row> = statement.scope(viewer, "s.region", "q.agency").fetch_all(tx).await?;
    rows.into_iter()
        .map(|(region, system, record_type, agency, amount)| {
            let amount = amount.map(|text| Rupiah::from_wire(&text)).transpose();
            let amount = amount.map_err(|_| Error::Damaged("a quarantine entry has no proper amount".into()))?;
            Ok(Held { region, system, record_type, agency, amount })
        })
        .collect()
}
