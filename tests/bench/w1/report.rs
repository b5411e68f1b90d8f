//! What came out: a table of medians, and the goals with what they came to.

use std::fmt::Write as _;

use crate::meter::Cost;

/// The pieces of work that goals speak of.
pub(crate) const READ: &str = "read: stream to struct";
pub(crate) const SLING_A: &str = "W1a sling, full refresh";
pub(crate) const SLING_B: &str = "W1b sling, merge";
pub(crate) const SLING_B_CURSOR: &str = "W1b sling, by cursor";
pub(crate) const DLT_A: &str = "W1a dlt, merge";
pub(crate) const DLT_B: &str = "W1b dlt, merge";
pub(crate) const MUARA_A: &str = "**W1a Muara**, PostgreSQL + RabbitMQ";
pub(crate) const MUARA_B: &str = "**W1b Muara**, PostgreSQL + RabbitMQ";
pub(crate) const MUARA_C: &str = "**W1c Muara**, PostgreSQL + RabbitMQ";
pub(crate) const MUARA_B_CURSOR: &str = "**W1b Muara**, by cursor";
pub(crate) const MUARA_SMALL: &str = "**W1a Muara**, SQLite + local bus";

/// Names of the program's processes begin so.
const OURS: &str = "**W1";
/// Megabytes that no process of ours may reach.
const MEMORY: f64 = 150.0;
/// CPU of others, as a share of the machine's, above which a measurement is not to be trusted.
const NOISE: f64 = 0.05;

/// All measurements, in the order in which they were first made.
#[derive(Debug)]
pub(crate) struct Report {
    rows: u32,
    work: Vec<(&'static str, Vec<Cost>)>,
}

impl Report {
    /// Nothing measured yet, of a source with so many rows.
    pub(crate) const fn new(rows: u32) -> Self {
        Self { rows, work: Vec::new() }
    }

    /// Adds a measurement, and tells it at once on standard error.
    pub(crate) fn add(&mut self, name: &'static str, cost: Cost) {
        eprintln!("{name}: {:.2} s, {:.1} µs CPU a record", cost.wall, self.micros(cost.cpu()));
        match self.work.iter_mut().find(|(known, _)| *known == name) {
            Some((_, costs)) => costs.push(cost),
            None => self.work.push((name, vec![cost])),
        }
    }

    /// CPU seconds as microseconds a record.
    fn micros(&self, seconds: f64) -> f64 {
        seconds * 1e6 / f64::from(self.rows)
    }

    fn median(&self, name: &str, of: impl Fn(&Cost) -> f64) -> Option<f64> {
        let (_, costs) = self.work.iter().find(|(known, _)| *known == name)?;
        Some(median(costs, of))
    }

    /// The table, in Markdown.
    pub(crate) fn table(&self) -> String {
        let mut out = String::from(
            "| what | wall s (min–max) | records/s | CPU s: client / hub / PostgreSQL / RabbitMQ | CPU µs a record | peak MB: client / hub | CPU s of others |\n\
             |---|---|---|---|---|---|---|\n",
        );
        for (name, costs) in &self.work {
            let of = |field: fn(&Cost) -> f64| median(costs, field);
            let wall = of(|cost| cost.wall);
            let least = costs.iter().map(|cost| cost.wall).fold(f64::INFINITY, f64::min);
            let most = costs.iter().map(|cost| cost.wall).fold(0.0, f64::max);
            let cpu = [of(|cost| cost.client), of(|cost| cost.hub), of(|cost| cost.postgres), of(|cost| cost.broker)];
            let hub_mb = of(|cost| cost.hub_mb);
            let hub_mb = if hub_mb > 0.0 { format!(" / {hub_mb:.0}") } else { String::new() };
            writeln!(
                out,
                "| {name} | {wall:.2} ({least:.2}–{most:.2}) | {} | {} | {:.1} | {:.0}{hub_mb} | {:.1} |",
                grouped(f64::from(self.rows) / wall),
                cpu.map(|seconds| format!("{seconds:.2}")).join(" / "),
                self.micros(of(Cost::cpu)),
                of(|cost| cost.client_mb),
                of(|cost| cost.others),
            )
            .expect("a text takes what is written");
        }
        out
    }

    /// The goals and what they came to, in Markdown.
    pub(crate) fn goals(&self) -> String {
        let mut out = String::from("| goal | measured | verdict |\n|---|---|---|\n");
        let mut line = |goal: &str, measured: Option<f64>, bound: f64, unit: &str| {
            let (measured, verdict) = measured.map_or(("–".to_owned(), "not measured".to_owned()), |measured| {
                let missed = format!("missed by {:.0} %", (measured / bound - 1.0) * 100.0);
                (format!("{measured:.2}{unit}"), if measured <= bound { "met".to_owned() } else { missed })
            });
            writeln!(out, "| {goal} | {measured} | {verdict} |").expect("a text takes what is written");
        };
        let wall = |name| self.median(name, |cost| cost.wall);
        let ratio = |name, to| Some(wall(name)? / wall(to)?);
        line("W1a wall ≤ 2.0 × sling's full refresh", ratio(MUARA_A, SLING_A), 2.0, " ×");
        line("W1a wall ≤ 0.45 × dlt's", ratio(MUARA_A, DLT_A), 0.45, " ×");
        line(
            "W1a ≤ 75 µs CPU a record, over all processes",
            self.median(MUARA_A, |cost| self.micros(cost.cpu())),
            75.0,
            " µs",
        );
        line("W1b wall ≤ 2.5 × the bare streaming read", ratio(MUARA_B, READ), 2.5, " ×");
        line("W1b wall ≤ 0.3 × sling's merge", ratio(MUARA_B, SLING_B), 0.3, " ×");
        line("W1b wall ≤ 0.1 × dlt's", ratio(MUARA_B, DLT_B), 0.1, " ×");
        line("W1b by cursor ≤ 1.2 × sling's", ratio(MUARA_B_CURSOR, SLING_B_CURSOR), 1.2, " ×");
        line("W1c wall ≤ 1.3 × W1b's", ratio(MUARA_C, MUARA_B), 1.3, " ×");
        line("W1a on SQLite ≤ 1.0 × W1a on PostgreSQL + RabbitMQ", ratio(MUARA_SMALL, MUARA_A), 1.0, " ×");
        line("memory < 150 MB a process", self.memory(), MEMORY, " MB");
        out
    }

    /// The largest peak of a process of ours, in any round.
    fn memory(&self) -> Option<f64> {
        let ours = self.work.iter().filter(|(name, _)| name.starts_with(OURS));
        ours.flat_map(|(_, costs)| costs).map(|cost| cost.client_mb.max(cost.hub_mb)).reduce(f64::max)
    }

    /// Measurements during which the machine did something else too.
    pub(crate) fn noise(&self) -> Option<String> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let cores = u32::try_from(cores).map_or(1.0, f64::from);
        let is_noisy = |costs: &[Cost]| costs.iter().any(|cost| cost.others > NOISE * cores * cost.wall + 0.1);
        let noisy: Vec<&str> = self.work.iter().filter(|(_, costs)| is_noisy(costs)).map(|(name, _)| *name).collect();
        (!noisy.is_empty()).then(|| {
            format!("The machine was not quiet during: {}. Ratios may hold; absolute figures do not.", noisy.join("; "))
        })
    }
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// A whole number with commas.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
