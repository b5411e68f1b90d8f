//! `kind: http`: how an API is reached, what is read from it, and how its lists are cut.

use std::time::Duration;

use crate::definition::reference::Setting;
use crate::json::Path;

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

/// `read:` of a list behind a URL.
#[derive(Debug, Clone)]
pub struct HttpRead {
    /// Path below the base URL.
    pub get: String,
    /// Path to the list in the body; the empty path is the body itself.
    pub records: Path,
    /// Query parameters, in file order.
    pub query: Vec<(String, Setting)>,
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

impl Http {
    /// Every text that may be a reference.
    pub(super) fn settings(&self) -> Vec<&Setting> {
        let mut settings = vec![&self.base_url];
        match &self.auth {
            Auth::None => {}
            Auth::Bearer(token) => settings.push(token),
            Auth::Basic { user, password } => settings.extend([user, password]),
        }
        settings
    }
}
