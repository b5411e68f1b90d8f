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

mod auth;
mod drift;
mod each;
mod exec;
mod expression;
mod files;
mod http;
mod link;
mod paging;
mod push;
mod schedule;
mod sql;
mod table;

pub use auth::{Auth, KeyPlace, OAuth2, Step, Tls};
pub use drift::{Drift, Policy};
pub use each::{Each, INDEX, PARENT, of_parent};
pub use exec::{Exec, ExecRead, Protocol, Tree};
pub use expression::{Expr, Where};
pub use files::{Bounds, FORMATS, Files, FilesRead, Form, Header, Layout, Ready, Region, SheetChoice, Snapshot};
pub use http::{Action, AnswerRule, Body, Budget, Format, Http, HttpRead, Part, Retry};
pub use link::{Link, Pair};
pub use paging::{Beside, PageSize, Paging};
pub use push::{MAX_BODY, Push, PushRead};
pub use schedule::{Hours, Pace, Schedule};
pub use sql::{Sql, SqlRead};
pub use table::{Field, FieldTable, Outcome, Rule, Take, Test, Via};

/// One file: one legacy system and its streams.
#[derive(Debug, Clone)]
pub struct Definition {
    /// What the system is and what was assumed of it, for people.
    pub about: Option<String>,
    /// The legacy system.
    pub system: Arc<System>,
    /// How it is reached.
    pub source: Arc<SourceSpec>,
    /// 16 hex digits over `system` and `source`, which all its streams share.
    pub access: String,
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
    Http(Box<Http>),
    /// `kind: sql`.
    Sql(Sql),
    /// `kind: files`.
    Files(Files),
    /// `kind: exec`.
    Exec(Exec),
    /// `kind: push`.
    Push(Push),
}

/// One entry of `streams:`.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Name within the system, the same alphabet as a system's id.
    pub name: String,
    /// What its records are, for people.
    pub about: Option<String>,
    /// Record type that the stream maps to.
    pub target: String,
    /// What is read.
    pub read: Read,
    /// How an HTTP list is paged; `None` means one page.
    pub page: Option<Paging>,
    /// How many pages a read may have, where somebody hands them out who may never stop; `None` is as many as there are.
    pub max_pages: Option<u64>,
    /// The field that tells what is new; `None` reads the stream whole each time.
    pub cursor: Option<CursorRule>,
    /// Whether the source keeps a state of its own, from which an incremental run goes on.
    pub keeps_state: bool,
    /// How often an incremental stream is read whole, and what such a read may delete.
    pub full_read: FullRead,
    /// How one raw record becomes several; `None` when each is one.
    pub each: Option<Each>,
    /// Raw fields that identify a record, never empty.
    pub key: Vec<Path>,
    /// Where `key`, `cursor` and `where` name their fields.
    pub places: Places,
    /// The field table; [`crate::mapping::Table::compile`] makes it fast.
    pub map: FieldTable,
    /// Which records of other types a record belongs to.
    pub links: Vec<Link>,
    /// Raw texts that mean "absent".
    pub zero: Vec<String>,
    /// Which raw records are taken.
    pub where_: Where,
    /// Whether the definition says when; of a system that calls us, only then it is noticed that nothing comes.
    pub says_when: bool,
    /// When it runs by itself.
    pub schedule: Schedule,
    /// How many broken records a run bears.
    pub on_invalid: OnInvalid,
    /// What is done about a source that gains, loses or changes a field.
    pub drift: Drift,
    /// Examples that lint runs.
    pub tests: Vec<Test>,
    /// 16 hex digits over everything that shapes a record; see the crate's README.
    pub digest: String,
    /// 16 hex digits over every key but `tests`: with the same digest and the same settings it is the same stream.
    pub settings: String,
    /// What lint warns of, for announcements.
    pub warnings: Vec<Diagnostic>,
    /// The file it stands in.
    pub origin: Arc<Origin>,
    /// Where its name stands.
    pub mark: Mark,
}

/// Places of a stream's file that checks of several keys point at.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Of each field of `key`.
    pub key: Vec<Mark>,
    /// Of the key `cursor`.
    pub cursor: Mark,
    /// Of each field of the table `where`.
    pub where_: Vec<Mark>,
}

impl Stream {
    /// Raw fields without which no record can be told from another or known for new: those of key and cursor, and where
    /// records are parts of a parent, the parent's among them.
    pub fn needed(&self) -> Vec<String> {
        let fields = self.key.iter().chain(self.cursor.iter().map(|cursor| &cursor.field));
        let needed = fields.filter_map(|field| match self.each {
            None => Some(field.clone()),
            Some(_) => of_parent(field),
        });
        needed.map(|field| field.as_str().to_owned()).collect()
    }
}

/// `read:`, in the form of the source's kind.
#[derive(Debug, Clone)]
pub enum Read {
    /// A list behind a URL.
    Http(HttpRead),
    /// A table or view.
    Sql(SqlRead),
    /// A file or several of one form.
    Files(FilesRead),
    /// A stream of a program.
    Exec(ExecRead),
    /// What a system hands over.
    Push(PushRead),
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

/// `on_invalid:` – how many broken records a run bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnInvalid {
    /// None: the first one stops the run.
    Stop,
    /// They go to quarantine; the run stops when too many of the first are broken.
    Quarantine {
        /// Too many, in ten-thousandths of `of`.
        share: u32,
        /// The first records of a run that are counted.
        of: u64,
    },
}

impl Default for OnInvalid {
    fn default() -> Self {
        Self::Quarantine { share: 2_000, of: 1_000 }
    }
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
        let mut settings = self.source.settings();
        settings.extend(self.streams.iter().flat_map(|stream| stream.read.settings()));
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
    /// Every text that may be a reference.
    pub fn settings(&self) -> Vec<&Setting> {
        match self {
            Self::Http(http) => http.settings(),
            Self::Sql(sql) => vec![&sql.url],
            Self::Files(files) => vec![&files.folder],
            Self::Exec(exec) => {
                exec.config.settings().into_iter().chain(exec.env.iter().map(|(_, setting)| setting)).collect()
            }
            Self::Push(push) => push.tokens.iter().collect(),
        }
    }

    /// The kind's name in a file.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Sql(_) => "sql",
            Self::Files(_) => "files",
            Self::Exec(_) => "exec",
            Self::Push(_) => "push",
        }
    }
}

impl Read {
    /// Every text that may be a reference.
    pub fn settings(&self) -> Vec<&Setting> {
        match self {
            Self::Http(read) => read.settings(),
            Self::Sql(_) | Self::Files(_) | Self::Exec(_) | Self::Push(_) => Vec::new(),
        }
    }
}
