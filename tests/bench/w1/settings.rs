//! How large the bench is and what takes part, from the environment.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// Rows of the source where nothing is said: the W1 of the goals.
const ROWS: u32 = 200_000;
/// Rounds where nothing is said.
const ROUNDS: u32 = 3;
/// More rounds would change rows twice; see `world.rs`.
const MOST_ROUNDS: u32 = 16;

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Settings {
    /// `MUARA_BENCH_ROWS`: rows of the source.
    pub(crate) rows: u32,
    /// `MUARA_BENCH_ROUNDS`: how often everything is measured.
    pub(crate) rounds: u32,
    /// `MUARA_BENCH_PROGRAM`: the program; built where nothing is said.
    pub(crate) program: Option<PathBuf>,
    /// `MUARA_BENCH_SLING`: sling's program.
    pub(crate) sling: Option<PathBuf>,
    /// `MUARA_BENCH_DLT`: Python of a virtual environment that has dlt.
    pub(crate) dlt: Option<PathBuf>,
    /// `MUARA_BENCH_ONLY`: of `floor`, `sling`, `dlt`, `muara`, `cursor`, `sqlite`; all where nothing is said.
    only: Vec<String>,
}

impl Settings {
    /// Reads them.
    pub(crate) fn read() -> Result<Self> {
        let number = |name: &str, default: u32| {
            variable(name)
                .map_or(Ok(default), |text| text.parse().with_context(|| format!("{name} is no number: {text}")))
        };
        let path = |name: &str| variable(name).map(PathBuf::from);
        let only = variable("MUARA_BENCH_ONLY").unwrap_or_default();
        Ok(Self {
            rows: number("MUARA_BENCH_ROWS", ROWS)?.max(1_000),
            rounds: number("MUARA_BENCH_ROUNDS", ROUNDS)?.clamp(1, MOST_ROUNDS),
            program: path("MUARA_BENCH_PROGRAM"),
            sling: path("MUARA_BENCH_SLING"),
            dlt: path("MUARA_BENCH_DLT"),
            only: only.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// Whether this group is to be measured.
    pub(crate) fn wants(&self, group: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == group)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the bench reads its environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
