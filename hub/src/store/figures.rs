//! Figures of the read models within a viewer's scope.

use crate::access::Viewer;
use crate::facts;
use crate::views::absorption::{Held, NotCounted};

use super::Tx;
use super::error::Result;
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

/// Quarantine whose figures would stand in a fiscal year, or in one that could not be read, added up.
pub async fn not_counted(tx: &mut Tx, viewer: &Viewer, fiscal_year: i64, region: Option<&str>) -> Result<Vec<Held>> {
    type Row = (String, String, String, Option<String>, String, i64, i64, i64, i64, i64);
    let mut statement = Statement::new(
        "select s.region, s.system, s.record_type, q.agency, q.state, \
         cast(case when q.fiscal_year is null then 0 else 1 end as bigint) as dated, cast(count(*) as bigint), \
         cast(count(q.high) as bigint), cast(coalesce(sum(q.high), 0) as bigint), \
         cast(coalesce(sum(q.low), 0) as bigint) from quarantine q join streams s on s.stream = q.stream \
         where q.state in ('open', 'discarded') and (q.fiscal_year is null or q.fiscal_year = $1)",
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
    let mut statement = statement.scope(viewer, "s.region", "q.agency");
    statement.push(" group by s.region, s.system, s.record_type, q.agency, q.state, dated");
    let rows: Vec<Row> = statement.fetch_all(tx).await?;
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(rows
        .into_iter()
        .map(|(region, system, record_type, agency, state, dated, records, with_amount, high, low)| Held {
            region,
            system,
            record_type,
            agency,
            is_discarded: state == "discarded",
            has_year: dated == 1,
            what: NotCounted {
                records: number(records),
                without_amount: number(records - with_amount),
                amount: totals::amount(high, low),
            },
        })
        .collect())
}
