//! What the program can be asked for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

mod connector;
mod quarantine;
mod subscription;
#[cfg(test)]
mod tests;

pub use connector::{Connector, NewConnector, NewSource};
pub use quarantine::{Quarantine, Which};
pub use subscription::{Changes, NewSubscription, Subscription, Wanted, What};

/// Muara: the data of regional government, from plan to rupiah to result, in one place.
#[derive(Debug, Parser)]
#[command(name = "muara", version, about, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// Configuration file; `muara.toml` here when it exists, else the built-in defaults.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print data as one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything on a simulated regency, in one process and one folder.
    Demo(Demo),
    /// Run the hub: intake, views and API; with --connect also connectors, in the same process.
    Serve(Serve),
    /// Run connectors: from legacy systems to the bus.
    Connect(Connect),
    /// Check connector definitions; every error of every file at once.
    Lint {
        /// Definition files, or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Show the first records of a definition on their way: what is asked, raw, mapped, verdict. Nothing is written.
    Preview {
        /// The definition.
        file: PathBuf,
        /// One of its streams; all of them where nothing is said.
        stream: Option<String>,
        /// How many records of each.
        #[arg(long, default_value_t = 20)]
        most: u16,
    },
    /// Show what each stream would ask of its source: statements, addresses, names of files. Nothing is written.
    Plan {
        /// Definition files, or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Also read the sources, and say what the next sync would change.
        #[arg(long)]
        read: bool,
    },
    /// Run the tests that stand in definitions.
    Test {
        /// Definition files, or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Try out a script that speaks muara-jsonl: whether it keeps to the protocol, to its state, and ends when told.
    Conform(Conform),
    /// Wire a legacy system: look at it and write its definition, or take a ready one.
    #[command(subcommand)]
    Connector(Connector),
    /// Bring the database's tables up to this version.
    Migrate,
    /// Copy the database into a file.
    Backup {
        /// The file to write; it must not exist.
        file: PathBuf,
    },
    /// Put a backup in the place of the database; positions told before mean nothing afterwards.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Replace a database that is there.
        #[arg(long)]
        yes: bool,
    },
    /// Look at records that wait for somebody, replay or discard them.
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Tell applications of changes: by webhook, or into a queue of their own.
    #[command(subcommand)]
    Subscription(Subscription),
    /// Print changes as they come, or tell a subscription some of them again.
    #[command(subcommand)]
    Changes(Changes),
    /// Make, list and take back API keys.
    #[command(subcommand)]
    Key(Key),
    /// Look at record types.
    #[command(subcommand)]
    Schema(Schema),
    /// Look at connected systems, and give their connectors orders.
    #[command(subcommand)]
    Source(Source),
    /// Work on the read models.
    #[command(subcommand)]
    View(View),
    /// Check this installation and say what to do.
    Doctor {
        /// Connector definitions to check too.
        paths: Vec<PathBuf>,
    },
    /// Print the annotated default configuration.
    Config,
    /// Explain an error code.
    Explain {
        /// Such as E0101.
        code: String,
    },
}

/// Options of `conform`.
#[derive(Debug, Args)]
pub struct Conform {
    /// The stream to ask it for.
    #[arg(long)]
    pub stream: String,
    /// What it is told, as `config:` in a definition: an object of JSON.
    #[arg(long, default_value = "{}", value_name = "JSON")]
    pub told: String,
    /// A field that identifies a record; repeat for more.
    #[arg(long)]
    pub key: Vec<String>,
    /// How many seconds it may say nothing.
    #[arg(long, default_value_t = 60)]
    pub idle_secs: u64,
    /// The program and its arguments, after `--`.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder to keep; a temporary one otherwise.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Port of the API on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Which regency.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// One full sync, a summary, and the end.
    #[arg(long)]
    pub once: bool,
    /// The regency does not move.
    #[arg(long)]
    pub still: bool,
    /// Only the simulated legacy systems: print the variables that the definitions need, and stay.
    #[arg(long, conflicts_with_all = ["once", "port"])]
    pub systems: bool,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Connector definitions, or folders of them, to run in this process.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub connect: Vec<PathBuf>,
    /// Address of the API, instead of the configured one.
    #[arg(long)]
    pub listen: Option<String>,
}

/// Options of `connect`.
#[derive(Debug, Args)]
pub struct Connect {
    /// Definition files, or folders of them.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Run each stream once, whole, and end.
    #[arg(long)]
    pub once: bool,
    /// Address and port that systems call which push their records, such as 127.0.0.1:8090.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once")]
    pub listen: Option<String>,
}

/// Subcommands of `key`.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key; it is shown once.
    Create {
        /// What people call it.
        name: String,
        /// Region that it may see; repeat for more, all when absent.
        #[arg(long)]
        region: Vec<String>,
        /// Agency that it may see; repeat for more, all when absent.
        #[arg(long)]
        agency: Vec<String>,
        /// It may see personal data.
        #[arg(long)]
        personal: bool,
        /// It may subscribe to changes.
        #[arg(long)]
        subscribe: bool,
        /// It is an operator's: it may replay and discard what is in quarantine.
        #[arg(long)]
        operator: bool,
        /// Days until it ends.
        #[arg(long)]
        days: Option<u32>,
    },
    /// All keys, without their secrets.
    List,
    /// Take a key back.
    Revoke {
        /// The part between the two underscores.
        id: String,
    },
}

/// Subcommands of `schema`.
#[derive(Debug, Subcommand)]
pub enum Schema {
    /// All record types.
    List,
    /// One record type's JSON Schema.
    Show {
        /// Such as budget-line; `head` for the forms of codes, dates and money that all of them share; `connector` for
        /// connector definitions, by which editors complete them.
        name: String,
    },
    /// Check a JSON file of one record, or of a list of records, against a record type.
    Check {
        /// Such as budget-line.
        name: String,
        /// The file.
        file: PathBuf,
    },
}

/// Subcommands of `source`. A stream is named as `source list` shows it: REGION/SYSTEM/STREAM.
#[derive(Debug, Subcommand)]
pub enum Source {
    /// Every stream of every system, with its last run.
    List,
    /// Tell the connector to run a stream now.
    Run {
        /// REGION/SYSTEM/STREAM.
        stream: String,
        /// Read it whole.
        #[arg(long)]
        full: bool,
    },
    /// Tell the connector to start no run of a stream for a while.
    Pause {
        /// REGION/SYSTEM/STREAM.
        stream: String,
        /// For how long.
        #[arg(long, default_value_t = 60)]
        minutes: u32,
    },
    /// Tell the connector to go on with a stream.
    Resume {
        /// REGION/SYSTEM/STREAM.
        stream: String,
    },
    /// Tell the connector to forget what it knows of a stream and to read it whole.
    Reset {
        /// REGION/SYSTEM/STREAM.
        stream: String,
    },
    /// Carry out the deletes of a stream that wait for approval.
    Approve {
        /// REGION/SYSTEM/STREAM.
        stream: String,
        /// How many you have looked at; any other number deletes nothing.
        #[arg(long)]
        count: usize,
    },
    /// Say whose records count where several systems hold the same fact.
    Prefer {
        /// The system, such as simda.
        system: String,
        /// Record type, such as budget-line.
        #[arg(long = "type", value_name = "TYPE")]
        record_type: String,
        /// Region.
        #[arg(long)]
        region: String,
        /// Agency; all of the region when absent.
        #[arg(long)]
        agency: Option<String>,
        /// Fiscal year.
        #[arg(long, value_name = "YEAR")]
        fiscal_year: i64,
    },
}

/// Subcommands of `view`.
#[derive(Debug, Subcommand)]
pub enum View {
    /// Empty the read models and have them built anew from the log's beginning; a running hub does the work.
    Rebuild,
}
