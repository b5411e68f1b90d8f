//! The plug point: how records are read from one kind of source. This file is all that an author of a kind reads.
//!
//! A [`Source`] never loops, sleeps, retries, spawns or publishes; the runner does. It answers one question:
//! what stands at this cursor, and which cursor comes next.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use muara_schemas::Clock;
use secrecy::SecretString;

use crate::definition::{Setting, SourceSpec, Stream, System, Variables};
use crate::raw::{Place, Raw};
use crate::reader::Reader;

mod rest;

pub use rest::Rest;

/// A page is closed when its records reach this size: rows alone bound nothing, for a row may hold a document.
pub const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// One kind of source, such as `http`. To add one, see [`crate::kinds`].
pub trait Kind: Sync {
    /// Its name in a definition, as [`SourceSpec::kind`] gives it.
    fn name(&self) -> &'static str;

    /// Opens a stream for one run. Called where blocking is allowed; it resolves references and connects nothing.
    ///
    /// # Errors
    /// What a person has to correct: a reference without a value, an address that is none.
    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError>;
}

/// A stream, open for one run.
#[async_trait]
pub trait Source: Send {
    /// Reads the page at a cursor. After [`PullError::Retry`] it is asked for the same cursor again.
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, PullError>;

    /// What a read asks of the source, one text a request, for people: a statement, an address, a pattern of names.
    /// Of many pages the first. `from` is as in [`Cursor::Start`]. It asks nothing and shows no secret.
    fn plan(&mut self, from: Option<&str>) -> Vec<String>;
}

/// Where to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// The beginning of a read.
    Start {
        /// Everything, or only what is new.
        full: bool,
        /// Unless `full`: the value of the cursor field to read from, itself included. Lag is taken off already.
        from: Option<String>,
    },
    /// The text that the page before gave as `next`; only its source understands it.
    At(String),
}

/// What one pull gives.
#[derive(Debug)]
pub struct Page {
    /// The records in the source's order; one that passes [`MAX_PAGE_BYTES`] is the last.
    pub records: Vec<Raw>,
    /// Where they stand.
    pub place: Place,
    /// The number of the first one as pointers count: an index in a list, a row of a sheet. The others follow it.
    pub first: u64,
    /// Where to go on; looked at only when there is `more`.
    pub next: Cursor,
    /// Whether there is more to read.
    pub more: bool,
    /// Whether this page and the others of its part are one snapshot, so that what is not there is gone.
    pub snapshot: bool,
    /// How many records the whole read has, where the source tells.
    pub total: Option<u64>,
    /// Where the source itself says that a later run may go on, once everything up to here is confirmed.
    pub checkpoint: Option<String>,
    /// Records that the source says are gone, after those of this page; only the fields of the key are looked at.
    pub gone: Vec<Raw>,
}

/// Why a page cannot be had. Texts are shown to people: what was attempted, what came, never a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// The source is busy or away; the runner tries again.
    #[error("{why}")]
    Retry {
        /// How long the source wants to be left alone.
        after: Option<Duration>,
        /// What came.
        why: String,
    },
    /// The source does not let us in.
    #[error("{0}")]
    Denied(String),
    /// What came is not what the definition says.
    #[error("{why}")]
    Malformed {
        /// What is wrong.
        why: String,
        /// The beginning of what came, for the log of whoever may see it.
        payload: String,
    },
    /// A person has to correct the definition or the source.
    #[error("{0}")]
    Config(String),
    /// The run ends for a reason that has a code of its own.
    #[error("{why}")]
    Failed {
        /// The code; `muara explain` knows it.
        code: &'static str,
        /// What happened.
        why: String,
    },
}

/// Why a stream cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

/// What a kind needs beside the stream: the system's settings, and a place for what its streams share.
pub struct Access {
    /// The system.
    pub system: Arc<System>,
    /// How it is reached.
    pub source: Arc<SourceSpec>,
    /// When the system may be asked; a source that is told to wait says so here.
    pub rest: Arc<Rest>,
    /// How to start the process that reads one file.
    pub reader: Reader,
    /// The clock that says whether a file has been left alone for long enough.
    pub clock: Clock,
    variables: Variables,
    shared: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
}

impl Access {
    /// Access to one system, with the machine's clock.
    pub fn new(system: Arc<System>, source: Arc<SourceSpec>, variables: Variables) -> Self {
        let (reader, clock) = (Reader::this_program(), Clock::system());
        Self { system, source, rest: Arc::default(), reader, clock, variables, shared: Mutex::new(None) }
    }

    /// The same with another reader of files and another clock.
    #[must_use]
    pub fn with(self, reader: Reader, clock: Clock) -> Self {
        Self { reader, clock, ..self }
    }

    /// The value of a setting now. May block.
    ///
    /// # Errors
    /// When a reference has no value; names the setting, never a value.
    pub fn resolve(&self, what: &str, setting: &Setting) -> Result<SecretString, OpenError> {
        setting.resolve(&self.variables).map_err(|error| OpenError(format!("could not read `{what}`: {error}")))
    }

    /// What all streams of the system share, such as a pool of connections; made by whoever comes first.
    pub fn shared<T: Any + Send + Sync>(
        &self,
        make: impl FnOnce() -> Result<T, OpenError>,
    ) -> Result<Arc<T>, OpenError> {
        let mut slot = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slot.as_ref().and_then(|known| known.clone().downcast::<T>().ok()) {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        *slot = Some(made.clone());
        Ok(made)
    }
}

impl PullError {
    /// The stable code; `muara explain` knows it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "E0201",
            Self::Retry { .. } => "E0202",
            Self::Malformed { .. } => "E0203",
            Self::Config(_) => "E0204",
            Self::Failed { code, .. } => code,
        }
    }

    /// A body or a file that is not what it should be; keeps the beginning of what came.
    pub fn malformed(why: impl Into<String>, came: &str) -> Self {
        Self::Malformed { why: why.into(), payload: came.chars().take(500).collect() }
    }

    /// Trouble that may pass.
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry { after: None, why: why.into() }
    }
}
