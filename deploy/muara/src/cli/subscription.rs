//! What `muara subscription` and `muara changes` can be asked for.

use clap::{Args, Subcommand};

/// Subcommands of `subscription`.
#[derive(Debug, Subcommand)]
pub enum Subscription {
    /// Tell an application of changes, with the rights of an API key.
    #[command(subcommand)]
    Create(Box<NewSubscription>),
    /// All subscriptions, and how far they are.
    List,
    /// One subscription.
    Show {
        /// Its id.
        id: String,
    },
    /// Tell nothing more until it is taken up again; what comes meanwhile is told then.
    Pause {
        /// Its id.
        id: String,
    },
    /// Go on where it stopped.
    Resume {
        /// Its id.
        id: String,
    },
    /// Give a webhook a new secret, shown once; the old one signs beside it for a day.
    Rotate {
        /// Its id.
        id: String,
    },
    /// Send a webhook an event that says nothing, to see it arrive.
    Test {
        /// Its id.
        id: String,
    },
    /// Start anew: a `resync`, everything as it stands, then what comes.
    Restart {
        /// Its id.
        id: String,
    },
    /// Take it away, with its queue.
    Delete {
        /// Its id.
        id: String,
    },
    /// What became of each event that a webhook was told, the newest first.
    Deliveries {
        /// Its id.
        id: String,
        /// `delivered`, `waiting`, `held` or `given-up`.
        #[arg(long)]
        state: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Try one delivery again now.
    Resend {
        /// Its id.
        id: String,
        /// Number of the delivery.
        delivery: i64,
    },
    /// Try every delivery again that waits or was given up, and was first tried at or after a moment.
    Recover {
        /// Its id.
        id: String,
        /// The moment, such as 2026-01-31T08:00:00Z.
        #[arg(long)]
        since: String,
    },
}

/// Where events go.
#[derive(Debug, Subcommand)]
pub enum NewSubscription {
    /// Posted to an address, signed.
    Webhook {
        /// The address.
        url: String,
        /// How many requests are under way at once.
        #[arg(long)]
        concurrency: Option<usize>,
        /// How many requests begin in a second at most.
        #[arg(long, value_name = "NUMBER")]
        per_second: Option<u32>,
        /// What, and in whose name.
        #[command(flatten)]
        what: What,
    },
    /// Into a queue of its own on the broker.
    Amqp {
        /// How much the queue holds, in bytes, before the hub waits for its reader.
        #[arg(long)]
        max_bytes: Option<u64>,
        /// How long an event waits in it.
        #[arg(long)]
        ttl_secs: Option<u32>,
        /// What, and in whose name.
        #[command(flatten)]
        what: What,
    },
}

/// What is told, and in whose name.
#[derive(Debug, Args)]
pub struct What {
    /// Id of the API key whose rights it has; see `muara key list`.
    #[arg(long)]
    pub key: String,
    /// What people call it.
    #[arg(long, default_value = "from the command line")]
    pub name: String,
    /// From where on: now, beginning, snapshot, a position, or a time.
    #[arg(long, default_value = "now")]
    pub from: String,
    /// Which events.
    #[command(flatten)]
    pub filter: Wanted,
    /// Field of records that is told; repeat for more, all when absent.
    #[arg(long)]
    pub field: Vec<String>,
}

/// Which events.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Event type, such as muara.budget-line.*; repeat for more.
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Region; repeat for more.
    #[arg(long)]
    pub region: Vec<String>,
    /// Agency; repeat for more.
    #[arg(long)]
    pub agency: Vec<String>,
    /// Record type; repeat for more.
    #[arg(long)]
    pub record_type: Vec<String>,
    /// Fund source; repeat for more.
    #[arg(long)]
    pub fund: Vec<String>,
    /// A condition as JSON, such as {"path":"$.data.after.amount","op":"gt","value":"1000000.00"}; repeat for more.
    #[arg(long = "where", value_name = "CONDITION")]
    pub conditions: Vec<String>,
}

/// Subcommands of `changes`.
#[derive(Debug, Subcommand)]
pub enum Changes {
    /// Print changes as they are committed, one event a line; Ctrl-C ends it.
    Tail {
        /// The position or time after which to begin, or `beginning`; now when absent.
        #[arg(long)]
        after: Option<String>,
        /// Print what there is, and end.
        #[arg(long)]
        no_follow: bool,
        /// Print personal data too.
        #[arg(long)]
        personal: bool,
        /// Which events.
        #[command(flatten)]
        filter: Wanted,
    },
    /// Tell a subscription a stretch of the log again, beside what is new.
    Replay {
        /// Id of the subscription.
        id: String,
        /// The position or time after which it begins.
        #[arg(long)]
        after: String,
        /// The position or time where it ends; now when absent.
        #[arg(long)]
        until: Option<String>,
        /// Only count what would be told.
        #[arg(long)]
        dry_run: bool,
    },
}
