//! How a list is cut into pages, and how its end is known.
//!
//! With a total, a token or a link the source says when it is over. Without, only an empty page does, which costs one
//! request more: a server that filters within a page gives pages of any length, and what a short one cut off would look
//! gone.
//!
//! A total is believed only as far as the pages bear it out, for many a server gives the number of the page's records
//! in its place: where the last page is full, the one behind it has to be empty.

use muara_schemas::ContentHash;
use url::Url;

use super::body::Found;
use super::client::Answer;
use super::link;
use super::request::Names;
use crate::definition::model::{Beside, PageSize, Paging};
use crate::definition::template::Filling;
use crate::json::Path;
use crate::kind::{Cursor, Page, PullError};
use crate::raw::{Place, Raw};

/// The paging of one read.
#[derive(Debug)]
pub(super) struct Pager {
    paging: Option<Paging>,
    /// Records that were given so far.
    given: u64,
    /// The length of the longest page so far.
    longest: usize,
    /// What the last page held, when it reached the total and the next one has to show that it is the last.
    reached: Option<ContentHash>,
    /// Whether pages with different records came, so that the source heeds which one it is asked for.
    heeds: bool,
}

impl Pager {
    pub(super) const fn new(paging: Option<Paging>) -> Self {
        Self { paging, given: 0, longest: 0, reached: None, heeds: false }
    }

    /// A read begins.
    pub(super) fn start(&mut self) {
        *self = Self::new(self.paging.take());
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
        let records = if self.repeats(&records) { Vec::new() } else { records };
        let goes_on = self.count(&records, total, shown)?;
        let (more, next) = match &self.paging {
            None => (false, String::new()),
            Some(Paging::Page { from, .. }) => {
                let number = at.and_then(|at| at.parse().ok()).unwrap_or_else(|| u64::from(*from));
                (goes_on, (number + 1).to_string())
            }
            Some(Paging::Offset { .. }) => (goes_on, self.given.to_string()),
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

    /// Whether a page behind the last one is the last one again, as some servers answer for every number beyond it.
    fn repeats(&self, records: &[Raw]) -> bool {
        self.heeds && self.reached.is_some_and(|last| last == hash(records))
    }

    /// Counts the records of a page, and says whether a list that is cut by numbers goes on behind it.
    fn count(&mut self, records: &[Raw], total: Option<u64>, shown: &str) -> Result<bool, PullError> {
        let (count, longest) = (records.len(), self.longest);
        self.given += count as u64;
        self.longest = longest.max(count);
        self.heeds |= longest > 0;
        self.reached = None;
        let Some(total) = total else { return Ok(count > 0) };
        if self.given > total {
            let why = format!("{shown} tells of {total} records in all, but {} have come", self.given);
            return Err(PullError::Failed { code: "E0206", why });
        }
        // How long a page may be, nobody but its server knows, and some give less than they are asked for.
        let full = if longest > 0 { Some(longest) } else { self.size().map(|size| size.value as usize) };
        if self.given == total && count > 0 && full.is_none_or(|full| count >= full) {
            self.reached = Some(hash(records));
            return Ok(true);
        }
        Ok(count > 0 && self.given < total)
    }

    /// The page that an answer without records is taken for: the read is over.
    pub(super) fn nothing(shown: &str, list: &Path) -> Page {
        page(Vec::new(), Place::list(shown, &list.pointer()), Cursor::At(String::new()), false, None)
    }

    fn total(&self) -> Option<&Beside> {
        self.paging.as_ref().and_then(Paging::total)
    }
}

/// What tells the records of one page from those of another.
fn hash(records: &[Raw]) -> ContentHash {
    let hashes: Vec<u8> = records.iter().flat_map(|raw| *raw.hash().as_bytes()).collect();
    ContentHash::of(&hashes)
}

fn page(records: Vec<Raw>, place: Place, next: Cursor, more: bool, total: Option<u64>) -> Page {
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
