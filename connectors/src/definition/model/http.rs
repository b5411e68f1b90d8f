//! `kind: http`: how an API is reached, and what is read from it.

use std::time::Duration;

use super::auth::{Auth, Tls};
use crate::definition::reference::Setting;
use crate::definition::report::Mark;
use crate::json::{Json, Path};

/// An HTTP API.
#[derive(Debug, Clone)]
pub struct Http {
    /// What every `get` and `post` path is appended to.
    pub base_url: Setting,
    /// How we identify ourselves.
    pub auth: Auth,
    /// Certificates of our own.
    pub tls: Option<Tls>,
    /// Values that requests have a name for.
    pub values: Vec<(String, Setting)>,
    /// Headers of every request.
    pub headers: Vec<(String, Setting)>,
    /// Limit for one request, its body included; 30 s where nothing is said.
    pub timeout: Duration,
    /// Requests allowed per span, shared by all streams of the system.
    pub budget: Option<Budget>,
    /// How many requests of the system may be under way at once.
    pub concurrency: Option<u32>,
    /// How often the runner repeats a failed request.
    pub retry: Retry,
    /// What answers mean that are no pages; the first rule that fits decides.
    pub rules: Vec<AnswerRule>,
}

/// `read:` of a list behind a URL.
#[derive(Debug, Clone)]
pub struct HttpRead {
    /// Path below the base URL, perhaps with names.
    pub path: String,
    /// Whether it is posted to.
    pub is_post: bool,
    /// Query parameters, in file order.
    pub query: Vec<(String, Setting)>,
    /// Headers of this stream's requests.
    pub headers: Vec<(String, Setting)>,
    /// What is posted.
    pub body: Option<Body>,
    /// What comes back.
    pub format: Format,
    /// Path to the list in the body; the empty path is the body itself.
    pub records: Path,
    /// Names of the cells, where a record is a list.
    pub columns: Vec<String>,
    /// Column delimiter of a CSV body; `,` where nothing is said.
    pub delimiter: Option<u8>,
    /// The names in double braces that the request holds, with the place of each.
    pub names: Vec<(String, Mark)>,
}

/// The form of a body that comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON value.
    Json,
    /// A JSON value on each line.
    Jsonl,
    /// Rows with a header.
    Csv,
    /// XML, SOAP included.
    Xml,
    /// The whole body is one text: an API that is looked at before anybody knows what it answers. No definition says so.
    Whole,
}

/// What a request posts.
#[derive(Debug, Clone)]
pub enum Body {
    /// `application/json`.
    Json(Part),
    /// `application/x-www-form-urlencoded`, in file order.
    Form(Vec<(String, Setting)>),
    /// `text/xml`, such as a SOAP envelope; what is filled in is escaped.
    Xml(String),
}

/// A part of a JSON body.
#[derive(Debug, Clone)]
pub enum Part {
    /// A number, flag or null, as it stands.
    Value(Json),
    /// A text, perhaps with names, or a reference to one.
    Text(Setting),
    /// A list.
    List(Vec<Part>),
    /// An object, in file order.
    Object(Vec<(String, Part)>),
}

/// One entry of `errors:`. All conditions that are given must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRule {
    /// Statuses, each from and to; any where there are none.
    pub status: Vec<(u16, u16)>,
    /// A text in the body of an answer that is short, or is no page of data by its status or looks.
    pub body: Option<String>,
    /// A value in the body.
    pub path: Option<Path>,
    /// Texts that the value at `path` is one of; any value but null, false and nothing where there are none.
    pub is: Vec<String>,
    /// What to do.
    pub action: Action,
    /// Where the answer says what is wrong.
    pub message: Option<Path>,
}

/// What to do about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ask again later.
    Retry,
    /// End the run.
    Fail,
    /// End the run: we are not let in.
    Denied,
    /// Take it for a page without records, which ends the read.
    Empty,
    /// Log in again, once.
    Login,
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

impl Http {
    /// Every text that may be a reference.
    pub(super) fn settings(&self) -> Vec<&Setting> {
        let mut settings = vec![&self.base_url];
        settings.extend(self.auth.settings());
        settings.extend(self.tls.iter().flat_map(Tls::settings));
        settings.extend(self.values.iter().chain(&self.headers).map(|(_, value)| value));
        settings
    }
}

impl HttpRead {
    /// Every text that may be a reference.
    pub(super) fn settings(&self) -> Vec<&Setting> {
        let beside = self.query.iter().chain(&self.headers).map(|(_, value)| value);
        beside.chain(self.body.iter().flat_map(Body::settings)).collect()
    }
}

impl Body {
    /// Every text that may be a reference.
    pub(super) fn settings(&self) -> Vec<&Setting> {
        match self {
            Self::Form(fields) => fields.iter().map(|(_, value)| value).collect(),
            Self::Json(part) => part.settings(),
            Self::Xml(_) => Vec::new(),
        }
    }
}

impl Part {
    fn settings(&self) -> Vec<&Setting> {
        match self {
            Self::Value(_) => Vec::new(),
            Self::Text(setting) => vec![setting],
            Self::List(items) => items.iter().flat_map(Self::settings).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, part)| part.settings()).collect(),
        }
    }
}
