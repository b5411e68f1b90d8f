//! The pulling half of a run: page after page, with patience, and not for ever.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use muara_schemas::Moment;
use muara_schemas::page::{Reason, RunKind};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::backoff;
use super::context::Context;
use super::cursor::Greatest;
use super::key::key;
use super::report::Failure;
use super::seat::Seat;
use super::sift::{Probe, keyless_key, xor};
use super::split::Splitter;
use crate::json::Path;
use crate::kind::{Cursor, Page, PullError, Source};
use crate::raw::{Place, Pluck, Raw};

/// More pages than this have no honest source.
const MAX_PAGES: u64 = 5_000_000;
/// Where pages are counted, so many without a record in a row lead nowhere.
const MAX_EMPTY: u64 = 100;
/// The longest text of a source's error that is told on.
const SHOWN: usize = 300;

/// What the pulling half hands on.
pub(super) enum Pulled {
    /// Records, hashed and with their keys.
    Page {
        probes: Vec<Probe>,
        place: Place,
        first: u64,
        sets: Vec<Box<str>>,
        gone: Vec<Box<str>>,
        checkpoint: Option<String>,
    },
    /// The read is over: completely, or with a failure.
    End { result: Result<(), Failure>, all_snapshot: bool, greatest: Greatest },
}

/// The pulling half of one run.
pub(super) struct Puller {
    context: Arc<Context>,
    seat: Arc<Seat>,
    kind: RunKind,
    source: Option<Box<dyn Source>>,
    pluck: Pluck,
    splitter: Option<Splitter>,
    keys: Arc<[Path]>,
    greatest: Greatest,
    /// Cursors that were used; hashes, for a cursor may be long.
    used: HashSet<u64>,
    last_page: Option<u128>,
    read: u64,
    total: Option<u64>,
    all_snapshot: bool,
    now: Moment,
}

/// A page that is being hashed.
struct Hashing {
    work: JoinHandle<Hashed>,
    place: Place,
    first: u64,
    snapshot: bool,
    gone: Vec<Raw>,
    checkpoint: Option<String>,
}

/// What hashing found, and what it borrowed.
struct Hashed {
    probes: Vec<Probe>,
    /// Of parents that were split: how many records there were before each, and their sets.
    starts: Option<Vec<u32>>,
    sets: Vec<Box<str>>,
    pluck: Pluck,
    splitter: Option<Splitter>,
    greatest: Greatest,
}

impl Puller {
    pub(super) fn new(
        context: Arc<Context>,
        seat: Arc<Seat>,
        (source, kind): (Box<dyn Source>, RunKind),
        now: Moment,
    ) -> Self {
        let stream = &context.stream;
        // The cursor of records that are made of a parent stands in the parent.
        let cursor = stream.cursor.as_ref().filter(|_| stream.each.is_none()).map(|cursor| &cursor.field);
        let fields = stream.key.iter().chain(cursor).cloned().collect();
        Self {
            kind,
            pluck: Pluck::new(fields),
            splitter: Splitter::new(stream, context.evaluator()),
            keys: stream.key.clone().into(),
            source: Some(source),
            greatest: Greatest::default(),
            used: HashSet::new(),
            last_page: None,
            read: 0,
            total: None,
            all_snapshot: true,
            now,
            seat,
            context,
        }
    }

    /// Pulls to the end and says how it went. Ends early when nobody takes the pages.
    pub(super) async fn run(mut self, from: Option<String>, pages: mpsc::Sender<Pulled>) {
        let result = self.pages(from, &pages).await;
        let end = Pulled::End { result, all_snapshot: self.all_snapshot, greatest: self.greatest };
        // Whoever does not listen any more does not want to know.
        drop(pages.send(end).await);
    }

    async fn pages(&mut self, from: Option<String>, pages: &mpsc::Sender<Pulled>) -> Result<(), Failure> {
        let mut cursor = Cursor::Start { full: self.kind == RunKind::Full, from };
        let mut before = None;
        let max_pages = self.context.stream.max_pages.unwrap_or(MAX_PAGES);
        let mut empty = 0;
        for _ in 0..max_pages {
            // While a page comes, the one before it is hashed.
            let page = self.pull(&cursor).await;
            if let Some(before) = before.take() {
                self.pass_on(before, pages).await?;
            }
            let Page { records, place, first, next, more, snapshot, total, checkpoint, gone } = page?;
            muara_schemas::fault::point("page.pulled");
            self.all_snapshot &= snapshot;
            self.total = total.or(self.total);
            self.read += records.len() as u64;
            empty = if records.is_empty() { empty + 1 } else { 0 };
            self.context.tell(self.read, self.total, false);
            let hashing = Hashing { work: self.hash(records)?, place, first, snapshot, gone, checkpoint };
            if more && empty >= MAX_EMPTY && self.context.stream.max_pages.is_some() {
                let why = format!("{MAX_EMPTY} pages in a row have no record: reading on would never end");
                return Err(Failure::new("E0205", why));
            }
            if more && self.used.insert(digest(&next)) {
                (before, cursor) = (Some(hashing), next);
                continue;
            }
            self.pass_on(hashing, pages).await?;
            if more {
                return Err(Failure::new(
                    "E0205",
                    "the source gave the same page token twice: reading on would never end",
                ));
            }
            return match self.total {
                Some(total) if self.read < total => Err(Failure::new(
                    "E0206",
                    format!("the source tells of {total} records and gave {}: the read is not complete", self.read),
                )),
                _ => Ok(()),
            };
        }
        let why = format!(
            "the source has more than {max_pages} pages; if that is right, say so with `page: {{max_pages: …}}`"
        );
        Err(Failure::new("E0205", why))
    }

    /// One page, asked for as often as it is allowed.
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, Failure> {
        let repeats = self.context.repeats();
        let mut attempt = 0;
        loop {
            self.seat.leave_for(self.context.requests.rested(), self.context.tuning.keeps_place).await;
            let under_way = self.context.requests.take().await;
            let Some(source) = self.source.as_mut() else {
                return Err(Failure::new("E0209", "the run was stopped"));
            };
            let answer = source.pull(cursor).await;
            drop(under_way);
            match answer {
                Ok(page) => return Ok(page),
                Err(PullError::Retry { after, why }) if attempt < repeats => {
                    let chance = u32::from_le_bytes(muara_schemas::random::bytes());
                    let wait: Duration = backoff::wait(attempt, self.context.tuning.first_wait, after, chance);
                    attempt += 1;
                    tracing::debug!(stream = %self.context.name, attempt, ?wait, "{}", shown(&why));
                    self.seat.leave_for(tokio::time::sleep(wait), self.context.tuning.keeps_place).await;
                }
                Err(PullError::Retry { why, .. }) => {
                    return Err(Failure::new(
                        "E0202",
                        format!("gave up after {} attempts: {}", attempt + 1, shown(&why)),
                    ));
                }
                Err(error) => return Err(Failure::new(error.code(), shown(&error.to_string()))),
            }
        }
    }

    /// Hands a page on once it is hashed. An empty one counts too: it says that its part was read.
    async fn pass_on(&mut self, page: Hashing, pages: &mpsc::Sender<Pulled>) -> Result<(), Failure> {
        let Hashing { work, place, first, snapshot, gone, checkpoint } = page;
        let hashed = work.await.map_err(|error| Failure::new("E0211", format!("hash a page: {error}")))?;
        (self.pluck, self.splitter, self.greatest) = (hashed.pluck, hashed.splitter, hashed.greatest);
        let (probes, sets) = (hashed.probes, hashed.sets);
        let (place, first) = match hashed.starts {
            Some(starts) => (place.split(first, starts), 0),
            None => (place, first),
        };
        if !probes.is_empty() {
            self.check_repeat(&probes, snapshot)?;
        }
        let gone = self.keys_of(&gone)?;
        let passed = pages.send(Pulled::Page { probes, place, first, sets, gone, checkpoint }).await;
        passed.map_err(|_| Failure::new("E0209", "the run was stopped"))
    }

    /// The keys of records that the source says are gone.
    fn keys_of(&mut self, gone: &[Raw]) -> Result<Vec<Box<str>>, Failure> {
        let mut keys = Vec::with_capacity(gone.len());
        for raw in gone {
            let found = key(raw, &mut self.pluck, &self.keys, |_| ());
            let key = found.map_err(|reason| {
                Failure::new(
                    "E0265",
                    format!("the source says that a record is gone and not which: {}", reason.message),
                )
            })?;
            keys.push(key.into());
        }
        Ok(keys)
    }

    /// Begins to find keys, hashes and the cursor of a page's records; beside the runtime, for it is all work and no
    /// waiting. The page before must have been passed on.
    fn hash(&mut self, records: Vec<Raw>) -> Result<JoinHandle<Hashed>, Failure> {
        if self.splitter.is_none()
            && let Some(missing) = records.first().and_then(|raw| self.pluck.missing(raw))
        {
            return Err(Failure::new(
                "E0208",
                format!("the source has no column `{missing}`, which key or cursor of the definition name"),
            ));
        }
        let context = self.context.clone();
        let keys = self.keys.clone();
        let mut pluck = std::mem::replace(&mut self.pluck, Pluck::new(Vec::new()));
        let mut splitter = self.splitter.take();
        let mut greatest = std::mem::take(&mut self.greatest);
        let now = self.now;
        let work = move || {
            let (salt, zero, zone) = (context.salt, &context.stream.zero, &context.access.system.timezone);
            let has_cursor = context.stream.cursor.is_some();
            let mut see = |value: Option<&str>| {
                if has_cursor {
                    greatest.see(value, zero, now, zone);
                }
            };
            let mut probes = Vec::with_capacity(records.len());
            let mut probe = |raw: Raw, found: Result<String, Reason>| {
                let hash = xor(*raw.hash().as_bytes(), salt);
                probes.push(match found {
                    Ok(key) => Probe { raw, key: key.into(), keyless: None, hash },
                    Err(reason) => Probe { raw, key: keyless_key(hash), keyless: Some(reason), hash },
                });
            };
            let (mut starts, mut sets) = (None, Vec::new());
            if let Some(splitter) = &mut splitter {
                let split = splitter.split(records, see);
                (starts, sets) = (Some(split.starts), split.sets);
                for (raw, wrong) in split.records {
                    let found = wrong.map_or_else(|| key(&raw, &mut pluck, &keys, |_| ()), Err);
                    probe(raw, found);
                }
            } else {
                for raw in records {
                    let mut value = None;
                    let found = key(&raw, &mut pluck, &keys, |text| value = Some(text.to_owned()));
                    see(value.as_deref());
                    probe(raw, found);
                }
            }
            Hashed { probes, starts, sets, pluck, splitter, greatest }
        };
        Ok(tokio::task::spawn_blocking(work))
    }

    /// A source that does not understand its page parameter gives the same page for ever.
    fn check_repeat(&mut self, probes: &[Probe], snapshot: bool) -> Result<(), Failure> {
        if snapshot {
            return Ok(());
        }
        let sum =
            probes.iter().fold(probes.len() as u128, |sum, probe| sum.rotate_left(1) ^ u128::from_le_bytes(probe.hash));
        if self.last_page.replace(sum) == Some(sum) {
            return Err(Failure::new(
                "E0205",
                "the source gave the same page twice: it does not heed the page parameter",
            ));
        }
        Ok(())
    }
}

fn digest(cursor: &Cursor) -> u64 {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
    let text = if let Cursor::At(text) = cursor { text.as_str() } else { "" };
    BuildHasherDefault::<DefaultHasher>::default().hash_one(text)
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
