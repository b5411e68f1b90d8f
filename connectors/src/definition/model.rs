//! What a definition file says, once it has been read and checked.
//!
//! Nothing here is resolved: a [`Setting`] that refers to the environment stays a reference until a source is opened.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use muara_schemas::StreamName;
use muara_schemas::page::Limits;

use super::reference::Setting;
use super::report::{Diagnostic, Mark, Origin};
use crate::json::Path;

mod table;

pub use table::{Field, FieldTable, Outcome, Rule, Take, Test};

/// How long a stream waits between runs when its definition does not say.
pub const DEFAULT_EVERY: Duration = Duration::from_mins(15);

/// One file: one legacy system and its streams.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The legacy system.
    pub system: Arc<System>,
    /// How it is reached.
    pub source: Arc<SourceSpec>,
    /// What is read from it, in file order.
    pub streams: Vec<Stream>,
    /// The definition as YAML without comments, tests and secrets, for announcements.
    pub document: String,
    /// The file it came from.
    pub origin: Arc<Origin>,
}

/// `system:` – who the records belong to.
#[derive(Debug, Clone)]
pub struct System {
    /// Id, lower-case letters, digits and dashes.
    pub id: String,
    /// Kemendagri code of the region; goes into every record.
    pub region: String,
    /// The agency that owns the system.
    pub agency: String,
    /// What people call it; the id where nothing is said.
    pub name: String,
    /// Offset of dates and times that the source gives without one.
    pub timezone: TimeZone,
    /// Of two systems that hold the same fact, the lower counts.
    pub rank: u16,
}

/// `source:` – how the system is reached; exactly one kind per file.
#[derive(Debug, Clone)]
pub enum SourceSpec {
    /// `kind: http`.
    Http(Http),
    /// `kind: sql`.
    Sql(Sql),
    /// `kind: files`.
    Files(Files),
}

/// An HTTP API that answers JSON.
#[derive(Debug, Clone)]
pub struct Http {
    /// What every `get` path is appended to.
    pub base_url: Setting,
    /// How we identify ourselves.
    pub auth: Auth,
    /// Limit for one request, its body included; 30 s where nothing is said.
    pub timeout: Duration,
    /// Requests allowed per span, shared by all streams of the system.
    pub budget: Option<Budget>,
    /// How often the runner repeats a failed request.
    pub retry: Retry,
    /// Texts of a body that mean 429 although the status says 200.
    pub too_busy: Vec<String>,
}

/// How an HTTP source is told who asks.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer …`.
    Bearer(Setting),
    /// `Authorization: Basic …`.
    Basic {
        /// Name of the user.
        user: Setting,
        /// Password, always a reference.
        password: Setting,
    },
}

/// `budget: {requests: 600, per: 1m}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many requests, at least one.
    pub requests: u32,
    /// In how long a time.
    pub per: Duration,
}

/// `retry: {max: 6}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Repeats after the first attempt.
    pub max: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max: 6 }
    }
}

/// A SQL database, only ever read.
#[derive(Debug, Clone)]
pub struct Sql {
    /// `postgres://`, `postgresql://` or `sqlite:`.
    pub url: Setting,
    /// Limit for one statement; 60 s where nothing is said.
    pub statement_timeout: Duration,
    /// Rows per page; 2000 where nothing is said.
    pub fetch: u32,
}

/// A folder with files that people put there.
#[derive(Debug, Clone)]
pub struct Files {
    /// The folder that `file:` is relative to.
    pub folder: Setting,
}

/// One entry of `streams:`.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Name within the system, the same alphabet as a system's id.
    pub name: String,
    /// Record type that the stream maps to.
    pub target: String,
    /// What is read.
    pub read: Read,
    /// How an HTTP list is paged; `None` means one page.
    pub page: Option<Paging>,
    /// The field that tells what is new; `None` reads the stream whole each time.
    pub cursor: Option<CursorRule>,
    /// How often an incremental stream is read whole, and what such a read may delete.
    pub full_read: FullRead,
    /// Raw fields that identify a record, never empty.
    pub key: Vec<Path>,
    /// The field table; [`crate::mapping::Table::compile`] makes it fast.
    pub map: FieldTable,
    /// Raw texts that mean "absent".
    pub zero: Vec<String>,
    /// Raw field must be one of these texts; all conditions must hold.
    pub where_: Vec<(Path, Vec<String>)>,
    /// Time between runs.
    pub every: Duration,
    /// Examples that lint runs.
    pub tests: Vec<Test>,
    /// 16 hex digits over everything that shapes a record; see the crate's README.
    pub digest: String,
    /// What lint warns of, for announcements.
    pub warnings: Vec<Diagnostic>,
    /// The file it stands in.
    pub origin: Arc<Origin>,
    /// Where its name stands.
    pub mark: Mark,
}

/// `read:`, in the form of the source's kind.
#[derive(Debug, Clone)]
pub enum Read {
    /// A list behind a URL.
    Http {
        /// Path below the base URL.
        get: String,
        /// Path to the list in the body; the empty path is the body itself.
        records: Path,
        /// Query parameters, in file order.
        query: Vec<(String, Setting)>,
    },
    /// A table or view.
    Sql {
        /// Its name, with or without schema.
        table: String,
        /// The columns; empty means all.
        columns: Vec<String>,
        /// A condition that goes into the statement as it is.
        where_: Option<String>,
    },
    /// A file or several of one form.
    Files {
        /// Name relative to the folder, `*` for any part of a name.
        file: String,
        /// Sheet of a workbook; the first where nothing is said.
        sheet: Option<String>,
        /// Column delimiter of a CSV file; `,` where nothing is said.
        delimiter: Option<u8>,
    },
}

/// `page:` – how a list is cut.
#[derive(Debug, Clone)]
pub enum Paging {
    /// `by: page`, a running number.
    Page {
        /// Query parameter that takes the number.
        param: String,
        /// Number of the first page.
        from: u32,
        /// How large a page is asked for.
        size: Option<PageSize>,
        /// Where the source tells how many records there are.
        total: Option<Total>,
    },
    /// `by: offset`, the number of records to leave out.
    Offset {
        /// Query parameter that takes the offset.
        param: String,
        /// How large a page is asked for; an offset cannot be computed without it.
        size: PageSize,
        /// Where the source tells how many records there are.
        total: Option<Total>,
    },
    /// `by: cursor`, a token that the source hands out.
    Cursor {
        /// Query parameter that takes the token.
        param: String,
        /// Path to the next token in the body.
        next: Path,
        /// Path to the flag that says whether there is more; without it an absent token ends the read.
        more: Option<Path>,
        /// How large a page is asked for.
        size: Option<PageSize>,
        /// Where the source tells how many records there are.
        total: Option<Total>,
    },
}

/// `size: {param: limit, value: 500}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSize {
    /// Query parameter.
    pub param: String,
    /// Its value, at least one.
    pub value: u32,
}

/// `total: {path: …}` or `{header: …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Total {
    /// Path to the number in the body.
    Path(Path),
    /// Response header with the number.
    Header(String),
}

/// `cursor:` – which records are new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorRule {
    /// Raw field; its greatest value seen is the cursor.
    pub field: Path,
    /// Query parameter of an HTTP source that takes it.
    pub param: Option<String>,
    /// How far each run reads back; 0 where nothing is said.
    pub lag: Duration,
}

/// `full_read:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FullRead {
    /// Time between whole reads of an incremental stream; `None` is never.
    pub every: Option<Duration>,
    /// What one read may delete without a person's approval.
    pub limits: Limits,
}

impl Definition {
    /// The stream of this name.
    pub fn stream(&self, name: &str) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.name == name)
    }

    /// The full name of one of its streams.
    pub fn stream_name(&self, stream: &Stream) -> StreamName {
        StreamName::new(&self.system.region, &self.system.id, &stream.name)
    }

    /// Every text that may be a reference.
    pub fn settings(&self) -> Vec<&Setting> {
        let mut settings = match &*self.source {
            SourceSpec::Http(http) => {
                let mut settings = vec![&http.base_url];
                match &http.auth {
                    Auth::None => {}
                    Auth::Bearer(token) => settings.push(token),
                    Auth::Basic { user, password } => settings.extend([user, password]),
                }
                settings
            }
            SourceSpec::Sql(sql) => vec![&sql.url],
            SourceSpec::Files(files) => vec![&files.folder],
        };
        for stream in &self.streams {
            if let Read::Http { query, .. } = &stream.read {
                settings.extend(query.iter().map(|(_, value)| value));
            }
        }
        settings
    }

    /// Gives every stream the warnings that stand in its lines.
    pub(super) fn attach(&mut self, found: &[Diagnostic]) {
        let starts: Vec<u32> = self.streams.iter().map(|stream| stream.mark.line).collect();
        for (number, stream) in self.streams.iter_mut().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(u32::MAX);
            stream.warnings =
                found.iter().filter(|report| (stream.mark.line..end).contains(&report.line)).cloned().collect();
        }
    }
}

impl SourceSpec {
    /// The kind's name in a file.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Sql(_) => "sql",
            Self::Files(_) => "files",
        }
    }
}
