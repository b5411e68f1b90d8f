//! What the program gives the runner, and the figures that tests turn.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use muara_schemas::Clock;
use muara_schemas::bus::Bus;

use super::report::Progress;
use crate::definition::Variables;
use crate::reader::Reader;
use crate::worker::Launch;

/// Everything a connector needs beside its definitions.
#[derive(Clone)]
pub struct Options {
    /// The bus that pages go to and commands come from.
    pub bus: Bus,
    /// The state file; made when it is not there.
    pub state: PathBuf,
    /// The clock of schedules and of implausible cursor values.
    pub clock: Clock,
    /// What references in definitions refer to.
    pub variables: Variables,
    /// Whether streams run on their schedules; otherwise only when told to.
    pub schedule: bool,
    /// Is told how runs get on; called often, so it must be quick.
    pub observer: Option<Observer>,
    /// How a process for what may run away is started; without one such work is done in this process.
    pub worker: Option<Launch>,
    /// How to start the process that reads one file.
    pub reader: Reader,
    /// Figures.
    pub tuning: Tuning,
}

/// Is told how runs get on.
pub type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

/// Figures with a good default each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// A read of fewer records than this is never stopped: of three, one broken says nothing of the definition.
    pub least_sample: u64,
    /// The first wait after a failed request; later ones double.
    pub first_wait: Duration,
    /// How many streams of one system run at the same time.
    pub streams_at_once: usize,
    /// How many streams of all systems run at the same time; bounds memory.
    pub runs_at_once: usize,
    /// A run that waits for its source longer than this lets another have its place among all meanwhile.
    pub keeps_place: Duration,
    /// How many pages of one run are under way and not confirmed.
    pub window: usize,
    /// Time between two signs of life.
    pub heartbeat: Duration,
    /// How long a system that calls us waits for the bus at most.
    pub answer_within: Duration,
}

impl Options {
    /// Options with the machine's clock, the process environment, schedules on, this program as the reader of files and
    /// default figures.
    pub fn new(bus: Bus, state: impl Into<PathBuf>) -> Self {
        Self {
            bus,
            state: state.into(),
            clock: Clock::system(),
            variables: Variables::new(),
            schedule: true,
            observer: None,
            worker: Launch::again(),
            reader: Reader::this_program(),
            tuning: Tuning::default(),
        }
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            least_sample: 20,
            first_wait: Duration::from_millis(500),
            streams_at_once: 2,
            runs_at_once: 8,
            keeps_place: Duration::from_secs(5),
            window: 24,
            heartbeat: Duration::from_mins(1),
            answer_within: Duration::from_secs(25),
        }
    }
}
