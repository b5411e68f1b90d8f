//! What `muara connector` can be asked for.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Subcommands of `connector`.
#[derive(Debug, Subcommand)]
pub enum Connector {
    /// Look at a source, or take a ready definition, and write a commented definition that lints.
    New(Box<NewConnector>),
    /// Ready definitions.
    List,
    /// Print a ready definition.
    Show {
        /// Its id, as `connector list` shows it.
        id: String,
    },
}

/// Options of `connector new`.
#[derive(Debug, Args)]
pub struct NewConnector {
    /// Where the data is.
    #[command(subcommand)]
    pub source: Option<NewSource>,
    /// Take this ready definition instead.
    #[arg(long, value_name = "ID")]
    pub from: Option<String>,
    /// Id of the system: small letters, digits and dashes; part of every identity.
    #[arg(long, global = true)]
    pub system: Option<String>,
    /// Kemendagri code of the region, such as 33.02.
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// Code of the agency that owns the system.
    #[arg(long, global = true)]
    pub agency: Option<String>,
    /// The record type, instead of the one that fits best.
    #[arg(long = "type", global = true, value_name = "TYPE")]
    pub record_type: Option<String>,
    /// A constant for a target; repeat for more.
    #[arg(long, global = true, value_name = "TARGET=VALUE")]
    pub set: Vec<String>,
    /// How many records are looked at.
    #[arg(long, global = true, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub sample: u16,
    /// The file to write; without it the definition is printed.
    #[arg(long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file that is there.
    #[arg(long, global = true)]
    pub force: bool,
}

/// Where the data of a new connector is.
#[derive(Debug, Subcommand)]
pub enum NewSource {
    /// A folder of workbooks, CSV or JSON files.
    Files {
        /// The folder.
        folder: PathBuf,
        /// A file in it, or a pattern of names such as \"RBA_*.xlsx\"; not needed when there is only one.
        #[arg(long, value_name = "PATTERN")]
        file: Option<String>,
        /// A sheet of the workbook; otherwise the one that fits best.
        #[arg(long)]
        sheet: Option<String>,
    },
    /// A database, only ever read: PostgreSQL, MySQL, MariaDB or SQLite.
    Sql {
        /// The address, or better the name of an environment variable that holds it.
        url: String,
        /// A table or view; without it they are listed.
        #[arg(long)]
        table: Option<String>,
    },
    /// An HTTP API.
    Http {
        /// The whole address of a list.
        url: String,
        /// The environment variable that holds a bearer token.
        #[arg(long, value_name = "NAME")]
        token_env: Option<String>,
    },
}
