//! How a list is cut into pages, and how its end is known.
//!
//! With a total or a token the source says when it is over. Without, only an empty page does, which costs one request
//! more: a server that filters within a page gives pages of any length, and what a short one cut off would look gone.

use reqwest::header::HeaderMap;

use super::body::Found;
use crate::definition::model::{PageSize, Paging, Total};
use crate::json::Path;
use crate::kind::{Cursor, Page, PullError};
use crate::raw::Place;

/// The paging of one read.
#[derive(Debug)]
pub(super) struct Pager {
    paging: Option<Paging>,
    /// Records that were given so far.
    given: u64,
}

impl Pager {
    pub(super) const fn new(paging: Option<Paging>) -> Self {
        Self { paging, given: 0 }
    }

    /// A read begins.
    pub(super) const fn start(&mut self) {
        self.given = 0;
    }

    /// The parameters of a page; `at` is what [`Pager::page`] gave as next.
    pub(super) fn query(&self, at: Option<&str>) -> Vec<(String, String)> {
        let (param, value, size) = match &self.paging {
            None => return Vec::new(),
            Some(Paging::Page { param, from, size, .. }) => {
                (param, Some(at.map_or_else(|| from.to_string(), str::to_owned)), size.as_ref())
            }
            Some(Paging::Offset { param, size, .. }) => (param, Some(at.unwrap_or("0").to_owned()), Some(size)),
            Some(Paging::Cursor { param, size, .. }) => (param, at.map(str::to_owned), size.as_ref()),
        };
        let size = size.map(|PageSize { param, value }| (param.clone(), value.to_string()));
        size.into_iter().chain(value.map(|value| (param.clone(), value))).collect()
    }

    /// The paths whose values [`Pager::page`] needs, in a fixed order: total, next, more.
    pub(super) fn paths(&self) -> Vec<&Path> {
        let total = match self.total() {
            Some(Total::Path(path)) => Some(path),
            _ => None,
        };
        let (next, more) = match &self.paging {
            Some(Paging::Cursor { next, more, .. }) => (Some(next), more.as_ref()),
            _ => (None, None),
        };
        [total, next, more].into_iter().flatten().collect()
    }

    /// Makes a page of what came for the request at `at`.
    pub(super) fn page(
        &mut self,
        at: Option<&str>,
        shown: &str,
        headers: &HeaderMap,
        found: Found,
        list: &Path,
    ) -> Result<Page, PullError> {
        let Found { records, values } = found;
        let mut values = values.into_iter();
        let total = match self.total() {
            None => None,
            Some(Total::Path(path)) => Some((format!("at `{path}`"), values.next().flatten())),
            Some(Total::Header(name)) => {
                let text = headers.get(name.as_str()).and_then(|value| value.to_str().ok());
                Some((format!("in the header `{name}`"), text.map(|text| text.trim().to_owned())))
            }
        };
        let total = total.map(|(place, text)| count(text.as_deref(), &place, shown)).transpose()?;
        let count = records.len();
        self.given += count as u64;
        let by_number = || count > 0 && total.is_none_or(|total| self.given < total);
        let (more, next) = match &self.paging {
            None => (false, String::new()),
            Some(Paging::Page { from, .. }) => {
                let number = at.and_then(|at| at.parse().ok()).unwrap_or_else(|| u64::from(*from));
                (by_number(), (number + 1).to_string())
            }
            Some(Paging::Offset { .. }) => (by_number(), self.given.to_string()),
            Some(Paging::Cursor { more, .. }) => {
                let token = values.next().flatten().filter(|token| !token.is_empty());
                let flag = more.is_some().then(|| values.next().flatten());
                match (flag, token) {
                    (Some(Some(flag)), _) if matches!(flag.as_str(), "false" | "0") => (false, String::new()),
                    (Some(None), _) => {
                        return Err(PullError::malformed(format!("{shown} does not say whether there is more"), ""));
                    }
                    (Some(_), None) => {
                        return Err(PullError::malformed(
                            format!("{shown} says that there is more, but gives no token"),
                            "",
                        ));
                    }
                    (None, None) => (false, String::new()),
                    (_, Some(token)) => (true, token),
                }
            }
        };
        Ok(Page {
            records,
            place: Place::list(shown, &list.pointer()),
            first: 0,
            next: Cursor::At(next),
            more,
            snapshot: false,
            total,
        })
    }

    const fn total(&self) -> Option<&Total> {
        match &self.paging {
            Some(Paging::Page { total, .. } | Paging::Offset { total, .. } | Paging::Cursor { total, .. }) => {
                total.as_ref()
            }
            None => None,
        }
    }
}

fn count(text: Option<&str>, place: &str, shown: &str) -> Result<u64, PullError> {
    let text = text.ok_or_else(|| PullError::malformed(format!("{shown} tells no total {place}"), ""))?;
    text.parse().map_err(|_| PullError::malformed(format!("{shown} tells a total {place} that is no number"), text))
}
