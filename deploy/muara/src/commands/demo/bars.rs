//! Progress of a sync on standard error: one line that moves, and only on a terminal.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use muara_connectors::runner::Progress;

/// The line that moves.
pub(super) struct Bars {
    bar: ProgressBar,
    read: Mutex<BTreeMap<String, u64>>,
}

impl Bars {
    /// A line, hidden unless standard error is a terminal.
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if std::io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.set_style(
            ProgressStyle::with_template("{spinner} {pos} records read, {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        Self { bar, read: Mutex::new(BTreeMap::new()) }
    }

    /// Takes one step of a stream in.
    pub(super) fn show(&self, progress: &Progress) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(progress.name.to_string(), progress.read);
        self.bar.set_position(read.values().sum());
        let verb = if progress.ended { "read" } else { "reading" };
        self.bar.set_message(format!("{verb} {}/{}", progress.name.system, progress.name.stream));
    }

    /// Says something above the line.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}\n"));
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
