//! What can go wrong around the world: folders, files, ports. The world itself cannot fail.

use std::path::PathBuf;

/// Why the demo could not start or move on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of the demo could not be read or written.
    #[error("{act} {path}", path = path.display())]
    File {
        /// What was attempted.
        act: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The folder's tick file cannot be understood.
    #[error("reading the tick counter in {path}: expected `seed tick`", path = path.display())]
    TickFile {
        /// The file.
        path: PathBuf,
    },
    /// The folder holds the world of another seed.
    #[error("starting seed {wanted} in a folder that holds seed {found}: {path}", path = path.display())]
    OtherSeed {
        /// The folder.
        path: PathBuf,
        /// The seed asked for.
        wanted: u64,
        /// The seed that the folder was made with.
        found: u64,
    },
    /// A simulated web service found no port.
    #[error("opening a local port for {system}")]
    Listen {
        /// The system.
        system: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The simulated database could not be written.
    #[error("writing the simda database")]
    Database(#[source] sqlx::Error),
    /// A workbook could not be written.
    #[error("writing the workbook {path}", path = path.display())]
    Workbook {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rust_xlsxwriter::XlsxError,
    },
    /// A CSV row could not be written.
    #[error("writing a csv row")]
    Csv(#[source] csv::Error),
    /// The truth could not be written as JSON.
    #[error("writing the truth as json")]
    Json(#[source] serde_json::Error),
    /// A helper thread was stopped in its work.
    #[error("waiting for a file to be written")]
    Interrupted,
}

/// Result of the demo.
pub type Result<T> = std::result::Result<T, Error>;
