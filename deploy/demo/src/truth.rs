//! `truth.json`: what the absorption view must say, counted from the world itself and from nothing that was served.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::world::{Defect, Edit, FISCAL_YEAR, LRA_KEY, REGION, REGION_NAME, Readable, Sen, Stream, World};

/// The right answers for one world at one tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// Kemendagri code of the region.
    pub region: &'static str,
    /// Its fictional name.
    pub region_name: &'static str,
    /// Fiscal year of every figure.
    pub fiscal_year: i16,
    /// The seed of the world.
    pub seed: u64,
    /// The tick that the figures stand at.
    pub tick: u64,
    /// One row per agency, by code.
    /// Broken records are in the sums wherever their agency and amount can be read; the world knows their year.
    pub absorption: Vec<Absorption>,
    /// Every record broken on purpose.
    pub broken: Vec<Broken>,
    /// Number of records by `system/stream`.
    pub records: BTreeMap<String, Count>,
}

/// What one agency may spend and has spent; amounts in rupiah with two decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absorption {
    /// Agency code.
    pub agency: &'static str,
    /// DPA of the newest locked stage, as the budget system (SIPD) holds it.
    pub budget: String,
    /// SP2D of LS and GU that the bank has transferred; without UP and TU.
    pub realized_sp2d: String,
    /// LRA: expenditure recognised in the ledger of the regency.
    pub realized_lra: String,
}

/// One record that no mapping may let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// System id.
    pub system: &'static str,
    /// Stream of the system.
    pub stream: &'static str,
    /// The raw key, joined as the definition's `key:` joins it; empty when that is what is missing.
    pub key: String,
    /// Record type that it would have become.
    pub record_type: &'static str,
    /// Agency code; none when the record does not tell it.
    pub agency: Option<&'static str>,
    /// Whether the record tells its year.
    pub dated: bool,
    /// Figure of the absorption view that the record would count in; none when in no one or when that cannot be told.
    pub measure: Option<Measure>,
    /// Its amount in rupiah with two decimals; none when it cannot be read.
    pub amount: Option<String>,
    /// What is wrong, in words.
    pub why: &'static str,
}

/// A figure of the absorption view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Budget at the stage that counts.
    Budget,
    /// Spending by SP2D.
    RealizedSp2d,
    /// Spending by LRA.
    RealizedLra,
}

/// Records of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Records that are right.
    pub valid: usize,
    /// Records broken on purpose.
    pub broken: usize,
}

impl Truth {
    /// The truth about a world; cheap, because the world keeps its sums.
    pub(crate) fn of(world: &World) -> Self {
        let mut absorption: Vec<Absorption> = world
            .agencies
            .iter()
            .zip(&world.sums)
            .map(|(agency, sums)| Absorption {
                agency: agency.code,
                budget: sums.budget.to_string(),
                realized_sp2d: sums.realized_sp2d.to_string(),
                realized_lra: sums.realized_lra.to_string(),
            })
            .collect();
        absorption.sort_by_key(|row| row.agency);
        let mut places: Vec<_> = world.defects.iter().collect();
        places.sort_by_key(|(place, _)| **place);
        Self {
            region: REGION,
            region_name: REGION_NAME,
            fiscal_year: FISCAL_YEAR,
            seed: world.seed,
            tick: world.tick,
            absorption,
            broken: places.into_iter().map(|((stream, row), defect)| broken(world, *stream, *row, defect)).collect(),
            records: records(world),
        }
    }
}

fn records(world: &World) -> BTreeMap<String, Count> {
    Stream::ALL
        .into_iter()
        .map(|stream| {
            let (system, name, _) = stream.names();
            let broken = world.defects.keys().filter(|(other, _)| *other == stream).count();
            (format!("{system}/{name}"), Count { valid: world.count(stream) - broken, broken })
        })
        .collect()
}

fn broken(world: &World, stream: Stream, row: usize, defect: &Defect) -> Broken {
    let (system, name, record_type) = stream.names();
    let readable = defect.readable;
    let agency = world.agency_of(stream, row).filter(|_| readable != Readable::NoAgency);
    let amount = world.amount_of(stream, row).filter(|_| !matches!(readable, Readable::NoAmount | Readable::Nothing));
    let measure = match stream {
        Stream::Dpa if world.counts(&world.lines[row]) => Some(Measure::Budget),
        Stream::Sp2d if world.payments[row].is_spending() => Some(Measure::RealizedSp2d),
        Stream::Lra => Some(Measure::RealizedLra),
        _ => None,
    };
    Broken {
        system,
        stream: name,
        key: if defect.edit == Edit::Gone(LRA_KEY) { String::new() } else { world.key_of(stream, row) },
        record_type,
        agency,
        dated: readable != Readable::NoYear,
        measure,
        amount: amount.map(|amount| amount.to_string()),
        why: defect.why,
    }
}

impl World {
    /// The raw key of a row.
    pub(crate) fn key_of(&self, stream: Stream, row: usize) -> String {
        match stream {
            Stream::Skpd => self.agency_rows[row].id.to_string(),
            Stream::Renja => self.plan[row].id.to_string(),
            Stream::Dpa => self.lines[row].id.to_string(),
            Stream::Rak => self.cash_plans[row].id.to_string(),
            Stream::Sp2d => self.payments[row].id.to_string(),
            Stream::Lra => self.lra.lines[row].id.to_string(),
            Stream::Rfk => self.progress[row].id.to_string(),
            Stream::Simda => self.lines[self.simda[row].line].id.to_string(),
            Stream::Packages => self.packages[row].code.to_string(),
            Stream::Tenders => self.tenders[row].code.to_string(),
            Stream::Contracts => self.contracts[row].number.clone(),
            Stream::Rba => self.rba[row].code.clone(),
            Stream::Sp2b => self.sp2b[row].code.clone(),
            Stream::Employees => self.employees[row].id(),
            Stream::Logs => self.logs[row].id.to_string(),
        }
    }

    /// Code of the agency that a row belongs to.
    pub(crate) fn agency_of(&self, stream: Stream, row: usize) -> Option<&'static str> {
        let agency = match stream {
            Stream::Skpd => self.agency_rows[row].agency,
            Stream::Renja => self.plan[row].agency,
            Stream::Dpa => self.posts[self.lines[row].post].agency,
            Stream::Rak => self.posts[self.cash_plans[row].post].agency,
            Stream::Sp2d => self.payments[row].agency,
            Stream::Lra => self.posts[self.lra.lines[row].post].agency,
            Stream::Rfk => self.subs[self.progress[row].sub].agency,
            Stream::Simda => self.posts[self.lines[self.simda[row].line].post].agency,
            Stream::Packages => self.packages[row].agency,
            Stream::Tenders => self.packages[self.tenders[row].package].agency,
            Stream::Contracts => self.packages[self.contracts[row].package].agency,
            Stream::Rba => self.rba[row].agency,
            Stream::Sp2b => self.sp2b[row].agency,
            Stream::Employees => self.employees[row].agency,
            Stream::Logs => self.employees[self.logs[row].employee].agency,
        };
        self.agencies.get(agency).map(|agency| agency.code)
    }

    /// The amount of a row, for streams whose records have one.
    pub(crate) fn amount_of(&self, stream: Stream, row: usize) -> Option<Sen> {
        match stream {
            Stream::Renja => Some(self.plan[row].ceiling),
            Stream::Dpa => Some(self.lines[row].amount),
            Stream::Rak => Some(self.posts[self.cash_plans[row].post].ceiling),
            Stream::Sp2d => Some(self.payments[row].amount),
            Stream::Lra => Some(self.lra.lines[row].amount),
            Stream::Simda => Some(self.simda[row].amount),
            Stream::Packages => Some(self.packages[row].ceiling()),
            Stream::Contracts => Some(self.contracts[row].value),
            Stream::Rba => Some(self.rba[row].amount),
            Stream::Sp2b => Some(self.sp2b[row].amount),
            Stream::Tenders => Some(self.packages[self.tenders[row].package].ceiling()),
            Stream::Skpd | Stream::Rfk | Stream::Employees | Stream::Logs => None,
        }
    }

    /// Whether a row is the second one under its key.
    pub(crate) fn is_twin(&self, stream: Stream, row: usize) -> bool {
        self.defects.get(&(stream, row)).is_some_and(|defect| defect.edit == Edit::Again)
    }
}
