//! The first projector: totals of budget and realization, kept by deltas, rebuildable from zero.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::facts;
use crate::reader::Reader;
use crate::store::totals::{Cell, Delta, Stage};
use crate::store::{Db, Result, Tx, changes, readers, streams, totals};

/// How many changes are read in one go.
const STEPS: i64 = 1_000;

/// The name of the totals' reader.
pub const TOTALS: &str = "totals";

/// Keeps `totals` and `budget_stages` true to the log.
pub struct Totals;

#[derive(Default)]
struct Sums {
    cells: BTreeMap<Cell, Delta>,
    stages: BTreeMap<Stage, (i64, i64)>,
}

impl Reader for Totals {
    fn name(&self) -> &'static str {
        TOTALS
    }

    async fn take(&self, tx: &mut Tx, after: i64, until: i64) -> Result<()> {
        let streams = streams::all(tx).await?;
        let of_interest: Vec<i64> = streams
            .values()
            .filter(|stream| facts::TYPES.contains(&stream.record_type.as_str()))
            .map(|stream| stream.number)
            .collect();
        let mut sums = Sums::default();
        let mut from = after;
        // Bodies may be large, so they are not all held at once.
        while from < until {
            let steps = changes::steps(tx, from, until, &of_interest, STEPS).await?;
            let is_last = i64::try_from(steps.len()) != Ok(STEPS);
            from = steps.last().filter(|_| !is_last).map_or(until, |step| step.seq);
            for step in &steps {
                let Some(stream) = streams.get(&step.stream) else { continue };
                sums.add(stream, step.before.as_deref(), -1);
                sums.add(stream, step.after.as_deref(), 1);
            }
        }
        let cells = sums.cells.into_iter().filter(|(_, delta)| *delta != Delta::default()).collect();
        totals::add(tx, cells).await?;
        let stages = sums.stages.into_iter().filter(|(_, counts)| *counts != (0, 0));
        totals::add_stages(tx, stages.map(|(stage, (lines, locked))| (stage, lines, locked)).collect()).await
    }
}

impl Sums {
    /// Adds the facts of a body, or takes them back.
    fn add(&mut self, stream: &streams::Info, body: Option<&str>, sign: i64) {
        let Some(body) = body.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
            return;
        };
        let agency = body.get("agency").and_then(Value::as_str).unwrap_or_default().to_owned();
        let fiscal_year = body.get("fiscal_year").and_then(Value::as_i64).unwrap_or_default();
        let (region, system) = (stream.name.region.clone(), stream.name.system.clone());
        if let Some((stage, locked)) = facts::stage_lock(&stream.record_type, &body) {
            let key =
                Stage { region: region.clone(), fiscal_year, agency: agency.clone(), system: system.clone(), stage };
            let counts = self.stages.entry(key).or_default();
            counts.0 += sign;
            counts.1 += if locked { sign } else { 0 };
        }
        for fact in facts::of(&stream.record_type, &body) {
            let cell = Cell {
                region: region.clone(),
                fiscal_year,
                measure: fact.measure.to_owned(),
                ledger: fact.ledger,
                system: system.clone(),
                agency: agency.clone(),
                stage: fact.stage,
                sub_activity: fact.sub_activity,
                fund: fact.fund,
                month: fact.month,
            };
            let delta = self.cells.entry(cell).or_default();
            delta.amount = if sign < 0 { delta.amount - fact.amount } else { delta.amount + fact.amount };
            delta.records += sign * fact.records;
        }
    }
}

/// Empties the totals and sends their reader back to the log's beginning, in one unit of work.
pub async fn rebuild(db: &Db) -> Result<()> {
    let mut tx = db.write().await?;
    readers::rewind(&mut tx, TOTALS).await?;
    totals::clear(&mut tx).await?;
    tx.commit().await
}
