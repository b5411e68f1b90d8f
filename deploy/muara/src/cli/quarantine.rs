//! What `muara quarantine` can be asked for.

use clap::{Args, Subcommand};

/// Subcommands of `quarantine`.
#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// What waits, grouped by cause, the largest group first.
    List {
        /// Which entries.
        #[command(flatten)]
        which: Which,
        /// Single entries instead of groups, the newest first.
        #[arg(long)]
        entries: bool,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One entry, with its raw record.
    Show {
        /// Its number.
        entry: i64,
    },
    /// Send raw records back to their connectors, which map them with today's definitions.
    Replay {
        /// Which entries.
        #[command(flatten)]
        which: Which,
        /// Only this entry; repeat for more.
        #[arg(long)]
        entry: Vec<i64>,
        /// Only say what would come of it.
        #[arg(long)]
        dry_run: bool,
        /// Do not wait for its end.
        #[arg(long)]
        no_wait: bool,
    },
    /// Replays and how far they have come, the newest first.
    Replays {
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Stop a replay: nothing more of it is sent.
    Stop {
        /// Its number.
        replay: i64,
    },
    /// Close entries that nobody wants; the same raw record does not come up again.
    Discard {
        /// Which entry; repeat for more.
        #[arg(long, required = true)]
        entry: Vec<i64>,
        /// Why; it is kept with who discards and when.
        #[arg(long)]
        reason: String,
    },
}

/// Which open quarantine entries; what is not said is not asked.
#[derive(Debug, Args)]
pub struct Which {
    /// Only of this region.
    #[arg(long)]
    pub region: Option<String>,
    /// Only of this system.
    #[arg(long)]
    pub system: Option<String>,
    /// Only of this stream: its name, or REGION/SYSTEM/STREAM as lists show it.
    #[arg(long)]
    pub stream: Option<String>,
    /// Only of this agency, where it is known.
    #[arg(long)]
    pub agency: Option<String>,
    /// Only with this code as first reason, such as E0304.
    #[arg(long)]
    pub code: Option<String>,
    /// Only with this target or source field as first reason, such as /amount.
    #[arg(long)]
    pub field: Option<String>,
}
