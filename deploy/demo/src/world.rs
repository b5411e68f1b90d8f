//! The world: one fictional regency, made from a seed and moved by ticks. Pure: no IO, no clock, no async.
//!
//! `World::at(seed, tick)` is the same on every machine.
//! Systems show it, `truth.json` sums it up, and neither learns it from the other.

mod accounts;
mod agencies;
mod budget;
mod calendar;
mod defects;
mod money;
mod payments;
mod people;
mod plan;
mod procurement;
mod realization;
mod rng;
#[cfg(test)]
mod tests;
mod tick;

use std::collections::{HashMap, VecDeque};

use jiff::civil::DateTime;

pub(crate) use accounts::{ACCOUNTS, BLUD_FUND, FUNDS};
pub(crate) use agencies::{Agency, Kind};
pub(crate) use budget::{BudgetLine, CashPlan, Post, RbaLine, Stage};
pub(crate) use calendar::{FISCAL_YEAR, month_end};
pub(crate) use defects::{Defect, Edit, LRA_KEY, Readable};
pub(crate) use money::Sen;
pub(crate) use payments::{Kind as PaymentKind, Payment, Status};
pub(crate) use people::{ACTIVITIES, Employee, LogEntry, LogStatus, nip};
pub(crate) use plan::{Level, PlanRow, SubActivity};
pub(crate) use procurement::{Contract, Package, STAGES, Tender, vendor_name};
pub(crate) use realization::{Lra, Progress, Realized, Sp2bLine};
pub(crate) use tick::Change;

/// Kemendagri code of the region that the world plays in; its name is fictional.
pub(crate) const REGION: &str = "33.02";

/// Name of the fictional regency.
pub(crate) const REGION_NAME: &str = "Kabupaten Muara Contoh";

/// Every stream of the simulated systems: system, stream and record type. To add one, add a variant, its row here and its rows in [`World::count`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stream {
    Skpd,
    Renja,
    Dpa,
    Rak,
    Sp2d,
    Lra,
    Rfk,
    Simda,
    Packages,
    Tenders,
    Contracts,
    Rba,
    Sp2b,
    Employees,
    Logs,
}

impl Stream {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 15] = [
        Self::Skpd,
        Self::Renja,
        Self::Dpa,
        Self::Rak,
        Self::Sp2d,
        Self::Lra,
        Self::Rfk,
        Self::Simda,
        Self::Packages,
        Self::Tenders,
        Self::Contracts,
        Self::Rba,
        Self::Sp2b,
        Self::Employees,
        Self::Logs,
    ];

    /// System, stream and record type, as the definitions name them.
    pub(crate) const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Skpd => ("sipd", "skpd", "agency"),
            Self::Renja => ("sipd", "renja", "plan-activity"),
            Self::Dpa => ("sipd", "dpa", "budget-line"),
            Self::Rak => ("sipd", "rak", "cash-plan"),
            Self::Sp2d => ("sipd", "sp2d", "disbursement"),
            Self::Lra => ("sipd", "lra", "realization"),
            Self::Rfk => ("sipd", "rfk", "progress-report"),
            Self::Simda => ("simda", "belanja", "budget-line"),
            Self::Packages => ("inaproc", "paket-penyedia", "procurement-package"),
            Self::Tenders => ("inaproc", "tender", "tender"),
            Self::Contracts => ("inaproc", "kontrak", "contract"),
            Self::Rba => ("rsud", "rba", "budget-line"),
            Self::Sp2b => ("rsud", "sp2b", "realization"),
            Self::Employees => ("chkp", "pegawai", "employee"),
            Self::Logs => ("chkp", "harian", "work-log"),
        }
    }
}

/// One row of the list of agencies; broken ones repeat an agency under an id of their own.
#[derive(Debug, Clone)]
pub(crate) struct AgencyRow {
    pub(crate) id: i64,
    pub(crate) agency: usize,
    pub(crate) updated: DateTime,
}

/// One row of the old bookkeeping: a budget line again, now and then with another amount.
#[derive(Debug, Clone)]
pub(crate) struct SimdaRow {
    pub(crate) line: usize,
    pub(crate) amount: Sen,
}

/// What an agency may spend and has spent, by the rules of the absorption view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) budget: Sen,
    pub(crate) realized_sp2d: Sen,
    pub(crate) realized_lra: Sen,
}

/// The whole regency at one tick.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) tick: u64,
    pub(crate) agencies: Vec<Agency>,
    pub(crate) agency_rows: Vec<AgencyRow>,
    pub(crate) subs: Vec<SubActivity>,
    pub(crate) plan: Vec<PlanRow>,
    pub(crate) posts: Vec<Post>,
    pub(crate) lines: Vec<BudgetLine>,
    pub(crate) cash_plans: Vec<CashPlan>,
    pub(crate) simda: Vec<SimdaRow>,
    pub(crate) rba: Vec<RbaLine>,
    pub(crate) sp2b: Vec<Sp2bLine>,
    pub(crate) packages: Vec<Package>,
    pub(crate) tenders: Vec<Tender>,
    pub(crate) contracts: Vec<Contract>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) lra: Lra,
    pub(crate) progress: Vec<Progress>,
    pub(crate) employees: Vec<Employee>,
    pub(crate) logs: Vec<LogEntry>,
    pub(crate) defects: HashMap<(Stream, usize), Defect>,
    /// By agency, broken records included wherever agency, year and amount can be read.
    pub(crate) sums: Vec<Sums>,
    /// What each post may still spend.
    left: Vec<Sen>,
    /// Payments under way, the oldest first.
    open: VecDeque<usize>,
    /// Log entries that wait for the supervisor.
    waiting: VecDeque<usize>,
    next_payment: i64,
}

impl World {
    /// The world of a seed at tick 0.
    pub(crate) fn new(seed: u64) -> Self {
        let agencies = agencies::all();
        let plan = plan::draw(seed, &agencies);
        let posts = budget::posts(seed, &agencies, &plan.subs);
        let mut ceilings = vec![Sen(0); plan.subs.len()];
        for post in &posts {
            ceilings[post.sub] += post.ceiling;
        }
        let lines = budget::lines(seed, &agencies, &posts);
        let packages = procurement::packages(seed, &agencies, &plan.subs, &posts);
        let tenders = procurement::tenders(seed, &packages);
        let contracts = procurement::contracts(seed, &agencies, &packages, &tenders);
        let (payments, left) = payments::draw(seed, &agencies, &posts, &packages, &contracts);
        let sp2b = realization::sp2b(seed, &agencies, &posts);
        let employees = people::employees(seed, &agencies);
        let mut world = Self {
            seed,
            tick: 0,
            agency_rows: agencies
                .iter()
                .enumerate()
                .map(|(index, agency)| AgencyRow { id: agency.id, agency: index, updated: agency.updated })
                .collect(),
            plan: plan::rows(seed, &plan, &ceilings),
            cash_plans: budget::cash_plans(seed, &posts),
            simda: simda(&agencies, &posts, &lines),
            rba: budget::rba(seed, &agencies, &posts),
            lra: realization::lra(seed, &payments, &posts, &sp2b),
            progress: realization::progress(seed, plan.subs.len()),
            logs: people::logs(seed, &employees),
            next_payment: payments.last().map_or(1, |last| last.id + 1),
            open: VecDeque::new(),
            waiting: VecDeque::new(),
            defects: HashMap::new(),
            sums: Vec::new(),
            subs: plan.subs,
            agencies,
            posts,
            lines,
            packages,
            tenders,
            contracts,
            payments,
            left,
            sp2b,
            employees,
        };
        defects::plant(&mut world);
        world.queue();
        world.sums = world.sum();
        world
    }

    /// The world of a seed at a tick: tick 0, moved that often.
    pub(crate) fn at(seed: u64, tick: u64) -> Self {
        let mut world = Self::new(seed);
        while world.tick < tick {
            world.advance();
        }
        world
    }

    /// Number of rows of a stream, broken ones included.
    pub(crate) fn count(&self, stream: Stream) -> usize {
        match stream {
            Stream::Skpd => self.agency_rows.len(),
            Stream::Renja => self.plan.len(),
            Stream::Dpa => self.lines.len(),
            Stream::Rak => self.cash_plans.len(),
            Stream::Sp2d => self.payments.len(),
            Stream::Lra => self.lra.lines.len(),
            Stream::Rfk => self.progress.len(),
            Stream::Simda => self.simda.len(),
            Stream::Packages => self.packages.len(),
            Stream::Tenders => self.tenders.len(),
            Stream::Contracts => self.contracts.len(),
            Stream::Rba => self.rba.len(),
            Stream::Sp2b => self.sp2b.len(),
            Stream::Employees => self.employees.len(),
            Stream::Logs => self.logs.len(),
        }
    }

    /// Whether a budget line belongs to the stage that counts: the newest locked one of its agency.
    pub(crate) fn counts(&self, line: &BudgetLine) -> bool {
        let locked = self.agencies[self.posts[line.post].agency].revision_locked;
        line.stage == if locked { Stage::Perubahan } else { Stage::Murni }
    }

    /// The sums per agency, counted afresh over everything.
    pub(crate) fn sum(&self) -> Vec<Sums> {
        let mut sums = vec![Sums::default(); self.agencies.len()];
        let known = |stream, row| self.defects.get(&(stream, row)).is_none_or(Defect::measurable);
        for (row, line) in self.lines.iter().enumerate() {
            if self.counts(line) && known(Stream::Dpa, row) {
                sums[self.posts[line.post].agency].budget += line.amount;
            }
        }
        for (row, payment) in self.payments.iter().enumerate() {
            if payment.is_spending() && known(Stream::Sp2d, row) {
                sums[payment.agency].realized_sp2d += payment.amount;
            }
        }
        for (row, line) in self.lra.lines.iter().enumerate() {
            if known(Stream::Lra, row) {
                sums[self.posts[line.post].agency].realized_lra += line.amount;
            }
        }
        sums
    }

    fn queue(&mut self) {
        let mut open: Vec<usize> = (0..self.payments.len())
            .filter(|&at| matches!(self.payments[at].status, Status::Submitted | Status::Spm | Status::Sp2d))
            .collect();
        open.sort_by_key(|&at| (self.payments[at].updated, at));
        self.open = open.into();
        self.waiting = (0..self.logs.len()).filter(|&at| self.logs[at].status == LogStatus::Submitted).collect();
    }
}

/// The budget of some agencies again, as the old bookkeeping holds it; three lines that count there disagree.
fn simda(agencies: &[Agency], posts: &[Post], lines: &[BudgetLine]) -> Vec<SimdaRow> {
    let mut rows: Vec<SimdaRow> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| agencies[posts[line.post].agency].in_simda)
        .map(|(index, line)| SimdaRow { line: index, amount: line.amount })
        .collect();
    let last = rows.len();
    for (row, by) in [(last - 11, 1_500_000), (last - 97, -250_000), (last - 203, 75_000)] {
        rows[row].amount += Sen::rupiah(by);
    }
    rows
}
