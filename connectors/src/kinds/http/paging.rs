//! How a list is cut into pages, and how its end is known.
//!
//! With a total, a token or a link the source says when it is over. Without, only an empty page does, which costs one
//! request more: a server that filters within a page gives pages of any length, and what a short one cut off would look
//! gone.

use url::Url;

use super::body::Found;
use super::client::Answer;
use super::link;
use super::request::Names;
use crate::definition::model::{Beside, PageSize, Paging};
use crate::definition::template::Filling;
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

    /// Whether `at` is the address of a page.
    pub(super) const fn has_links(&self) -> bool {
        matches!(self.paging, Some(Paging::Link { .. }))
    }

    /// What leads to a page; `at` is what [`Pager::page`] gave as next.
    fn lead(&self, at: Option<&str>) -> Option<Filling> {
        let number = |text: &str| text.parse().map_or_else(|_| Filling::plain(text), Filling::number);
        match self.paging.as_ref()? {
            Paging::Page { from, .. } => Some(at.map_or_else(|| Filling::number(u64::from(*from)), number)),
            Paging::Offset { .. } => Some(number(at.unwrap_or("0"))),
            Paging::Cursor { .. } => at.map(Filling::plain),
            Paging::Link { .. } => None,
        }
    }

    fn size(&self) -> Option<&PageSize> {
        self.paging.as_ref().and_then(Paging::size)
    }

    /// What the names of paging stand for.
    pub(super) fn names(&self, at: Option<&str>) -> Names {
        let size = self.size().map(|size| ("size".to_owned(), Filling::number(u64::from(size.value))));
        let lead = self.paging.as_ref().and_then(Paging::lead).zip(self.lead(at));
        size.into_iter().chain(lead.map(|((name, _), filling)| (name.to_owned(), filling))).collect()
    }

    /// The query parameters of a page.
    pub(super) fn query(&self, at: Option<&str>) -> Vec<(String, Filling)> {
        if self.has_links() && at.is_some() {
            return Vec::new();
        }
        let size = self.size().and_then(|size| Some((size.param.clone()?, Filling::number(u64::from(size.value)))));
        let param = self.paging.as_ref().and_then(Paging::lead).and_then(|(_, param)| param.map(str::to_owned));
        size.into_iter().chain(param.zip(self.lead(at))).collect()
    }

    /// The paths whose values [`Pager::page`] needs, in a fixed order: total, next, more.
    pub(super) fn paths(&self) -> Vec<&Path> {
        let total = match self.total() {
            Some(Beside::Path(path)) => Some(path),
            _ => None,
        };
        let (next, more) = match &self.paging {
            Some(Paging::Cursor { next: Beside::Path(next), more, .. }) => (Some(next), more.as_ref()),
            Some(Paging::Cursor { more, .. }) => (None, more.as_ref()),
            Some(Paging::Link { next, .. }) => (next.as_ref(), None),
            _ => (None, None),
        };
        [total, next, more].into_iter().flatten().collect()
    }

    /// Makes a page of what came for the request at `at`. `base` is where the source is, `list` where the records are.
    pub(super) fn page(
        &mut self,
        at: Option<&str>,
        answer: &Answer,
        found: Found,
        (base, list): (&Url, &Path),
    ) -> Result<Page, PullError> {
        let shown = answer.shown.as_str();
        let Found { records, values } = found;
        let mut values = values.into_iter();
        let total = match self.total() {
            None => None,
            Some(Beside::Path(path)) => Some((format!("at `{path}`"), values.next().flatten())),
            Some(Beside::Header(name)) => {
                Some((format!("in the header `{name}`"), answer.header(name).map(str::to_owned)))
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
            Some(Paging::Cursor { next, more, .. }) => {
                let token = match next {
                    Beside::Path(_) => values.next().flatten(),
                    Beside::Header(name) => answer.header(name).map(str::to_owned),
                };
                let flag = more.is_some().then(|| values.next().flatten());
                following(token.filter(|token| !token.is_empty()), flag, shown)?
            }
            Some(Paging::Link { next, .. }) => {
                let text = match next {
                    Some(_) => values.next().flatten(),
                    None => link::next(&answer.headers),
                };
                match text.filter(|text| !text.is_empty()) {
                    Some(text) => (true, link::resolve(&text, &answer.url, base, shown)?.into()),
                    None => (false, String::new()),
                }
            }
        };
        Ok(page(records, Place::list(shown, &list.pointer()), Cursor::At(next), more, total))
    }

    /// The page that an answer without records is taken for: the read is over.
    pub(super) fn nothing(shown: &str, list: &Path) -> Page {
        page(Vec::new(), Place::list(shown, &list.pointer()), Cursor::At(String::new()), false, None)
    }

    fn total(&self) -> Option<&Beside> {
        self.paging.as_ref().and_then(Paging::total)
    }
}

fn page(records: Vec<crate::raw::Raw>, place: Place, next: Cursor, more: bool, total: Option<u64>) -> Page {
    Page { records, place, first: 0, next, more, snapshot: false, total, checkpoint: None, gone: Vec::new() }
}

/// Whether there is more by token and flag; `flag` is what stands where the flag should be, if there should be one.
fn following(token: Option<String>, flag: Option<Option<String>>, shown: &str) -> Result<(bool, String), PullError> {
    let bad = |why: &str| Err(PullError::malformed(format!("{shown} {why}"), ""));
    match (flag, token) {
        (Some(Some(flag)), _) if matches!(flag.as_str(), "false" | "0") => Ok((false, String::new())),
        (Some(None), _) => bad("does not say whether there is more"),
        (Some(_), None) => bad("says that there is more, but gives no token"),
        (None, None) => Ok((false, String::new())),
        (_, Some(token)) => Ok((true, token)),
    }
}

fn count(text: Option<&str>, place: &str, shown: &str) -> Result<u64, PullError> {
    let text = text.ok_or_else(|| PullError::malformed(format!("{shown} tells no total {place}"), ""))?;
    text.parse().map_err(|_| PullError::malformed(format!("{shown} tells a total {place} that is no number"), text))
}
