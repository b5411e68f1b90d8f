//! What the two processes say to each other: a line of JSON each.

use serde::{Deserialize, Serialize};

use crate::jq::Fault;

/// The longest line: expressions give at most 4 MiB each, a record has at most a page's worth.
pub(super) const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// What the worker is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// An expression and where its input stands; it gets the next number, from 0. There is no answer.
    Learn { from: String, text: String },
    /// Evaluates expressions for a record, which is JSON text.
    Evaluate { programs: Vec<usize>, record: String },
}

/// What one expression gave: JSON texts, or why none.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Given {
    Values(Vec<String>),
    Raised(String),
    TooMuch,
}

impl From<Result<Vec<String>, Fault>> for Given {
    fn from(result: Result<Vec<String>, Fault>) -> Self {
        match result {
            Ok(values) => Self::Values(values),
            Err(Fault::Raised(why)) => Self::Raised(why),
            // Whoever ran away says nothing any more.
            Err(Fault::TooMuch | Fault::Runaway) => Self::TooMuch,
        }
    }
}
