//! `page:` – how a list is cut.

use crate::json::Path;

/// How a list is cut.
#[derive(Debug, Clone)]
pub enum Paging {
    /// `by: page`, a running number.
    Page {
        /// Query parameter that takes the number, unless the request names `{{page}}` itself.
        param: Option<String>,
        /// Number of the first page.
        from: u32,
        /// How large a page is asked for.
        size: Option<PageSize>,
        /// Where the source tells how many records there are.
        total: Option<Beside>,
    },
    /// `by: offset`, the number of records to leave out.
    Offset {
        /// Query parameter that takes the offset, unless the request names `{{offset}}` itself.
        param: Option<String>,
        /// How large a page is asked for; an offset cannot be computed without it.
        size: PageSize,
        /// Where the source tells how many records there are.
        total: Option<Beside>,
    },
    /// `by: cursor`, a token that the source hands out.
    Cursor {
        /// Query parameter that takes the token, unless the request names `{{next}}` itself.
        param: Option<String>,
        /// Where the next token stands.
        next: Beside,
        /// Path to the flag that says whether there is more; without it an absent token ends the read.
        more: Option<Path>,
        /// How large a page is asked for.
        size: Option<PageSize>,
        /// Where the source tells how many records there are.
        total: Option<Beside>,
    },
    /// `by: link`, an address that the source hands out.
    Link {
        /// Path to the address in the body; without it the header `Link` with `rel="next"` is read.
        next: Option<Path>,
        /// How large the first page is asked for; the links say the rest.
        size: Option<PageSize>,
        /// Where the source tells how many records there are.
        total: Option<Beside>,
    },
}

/// `size: {param: limit, value: 500}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSize {
    /// Query parameter, unless the request names `{{size}}` itself.
    pub param: Option<String>,
    /// Its value, at least one.
    pub value: u32,
}

/// A value beside the records: `{path: …}` or `{header: …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// Path in the body.
    Path(Path),
    /// Response header.
    Header(String),
}

impl Paging {
    /// How large a page is asked for.
    pub const fn size(&self) -> Option<&PageSize> {
        match self {
            Self::Offset { size, .. } => Some(size),
            Self::Page { size, .. } | Self::Cursor { size, .. } | Self::Link { size, .. } => size.as_ref(),
        }
    }

    /// Where the source tells how many records there are.
    pub const fn total(&self) -> Option<&Beside> {
        match self {
            Self::Page { total, .. }
            | Self::Offset { total, .. }
            | Self::Cursor { total, .. }
            | Self::Link { total, .. } => total.as_ref(),
        }
    }

    /// The query parameter that leads on, and the name that a request may hold instead of it.
    pub fn lead(&self) -> Option<(&'static str, Option<&str>)> {
        match self {
            Self::Page { param, .. } => Some(("page", param.as_deref())),
            Self::Offset { param, .. } => Some(("offset", param.as_deref())),
            Self::Cursor { param, .. } => Some(("next", param.as_deref())),
            Self::Link { .. } => None,
        }
    }
}
