//! The pulling half of a run: page after page, with patience, and not for ever.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use muara_schemas::Moment;
use muara_schemas::page::RunKind;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::backoff;
use super::context::Context;
use super::cursor::Greatest;
use super::key::key;
use super::report::Failure;
use super::sift::{Probe, keyless_key, xor};
use crate::json::Path;
use crate::kind::{Cursor, Page, PullError, Source};
use crate::raw::{Place, Pluck};

/// More pages than this have no honest source.
const MAX_PAGES: usize = 5_000_000;
/// The longest text of a source's error that is told on.
const SHOWN: usize = 300;

/// What the pulling half hands on.
pub(super) enum Pulled {
    /// Records, hashed and with their keys.
    Page { probes: Vec<Probe>, place: Place, first: u64 },
    /// The read is over: completely, or with a failure.
    End { result: Result<(), Failure>, all_snapshot: bool, greatest: Greatest },
}

/// The pulling half of one run.
pub(super) struct Puller {
    context: Arc<Context>,
    kind: RunKind,
    source: Option<Box<dyn Source>>,
    pluck: Pluck,
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
}

/// What hashing found, and what it borrowed.
struct Hashed {
    probes: Vec<Probe>,
    pluck: Pluck,
    greatest: Greatest,
}

impl Puller {
    pub(super) fn new(context: Arc<Context>, source: Box<dyn Source>, kind: RunKind, now: Moment) -> Self {
        let stream = &context.stream;
        let fields = stream.key.iter().chain(stream.cursor.as_ref().map(|cursor| &cursor.field)).cloned().collect();
        Self {
            kind,
            pluck: Pluck::new(fields),
            keys: stream.key.clone().into(),
            source: Some(source),
            greatest: Greatest::default(),
            used: HashSet::new(),
            last_page: None,
            read: 0,
            total: None,
            all_snapshot: true,
            now,
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
        for _ in 0..MAX_PAGES {
            // While a page comes, the one before it is hashed.
            let page = self.pull(&cursor).await;
            if let Some(before) = before.take() {
                self.pass_on(before, pages).await?;
            }
            let Page { records, place, first, next, more, snapshot, total } = page?;
            muara_schemas::fault::point("page.pulled");
            self.all_snapshot &= snapshot;
            self.total = total.or(self.total);
            self.read += records.len() as u64;
            self.context.tell(self.read, self.total, false);
            let hashing = Hashing { work: self.hash(records)?, place, first, snapshot };
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
        Err(Failure::new("E0205", format!("the source has more than {MAX_PAGES} pages: reading on would never end")))
    }

    /// One page, asked for as often as it is allowed.
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, Failure> {
        let repeats = self.context.repeats();
        let mut attempt = 0;
        loop {
            self.context.requests.take().await;
            let Some(source) = self.source.as_mut() else {
                return Err(Failure::new("E0209", "the run was stopped"));
            };
            match source.pull(cursor).await {
                Ok(page) => return Ok(page),
                Err(PullError::Retry { after, why }) if attempt < repeats => {
                    let chance = u32::from_le_bytes(muara_schemas::random::bytes());
                    let wait: Duration = backoff::wait(attempt, self.context.tuning.first_wait, after, chance);
                    attempt += 1;
                    tracing::debug!(stream = %self.context.name, attempt, ?wait, "{}", shown(&why));
                    tokio::time::sleep(wait).await;
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
        let Hashing { work, place, first, snapshot } = page;
        let hashed = work.await.map_err(|error| Failure::new("E0211", format!("hash a page: {error}")))?;
        (self.pluck, self.greatest) = (hashed.pluck, hashed.greatest);
        let probes = hashed.probes;
        if !probes.is_empty() {
            self.check_repeat(&probes, snapshot)?;
        }
        let passed = pages.send(Pulled::Page { probes, place, first }).await;
        passed.map_err(|_| Failure::new("E0209", "the run was stopped"))
    }

    /// Begins to find keys, hashes and the cursor of a page's records; beside the runtime, for it is all work and no
    /// waiting. The page before must have been passed on.
    fn hash(&mut self, records: Vec<crate::raw::Raw>) -> Result<JoinHandle<Hashed>, Failure> {
        if let Some(missing) = records.first().and_then(|raw| self.pluck.missing(raw)) {
            return Err(Failure::new(
                "E0208",
                format!("the source has no column `{missing}`, which key or cursor of the definition name"),
            ));
        }
        let context = self.context.clone();
        let keys = self.keys.clone();
        let mut pluck = std::mem::replace(&mut self.pluck, Pluck::new(Vec::new()));
        let mut greatest = std::mem::take(&mut self.greatest);
        let now = self.now;
        let work = move || {
            let (salt, zero, zone) = (context.salt, &context.stream.zero, &context.access.system.timezone);
            let has_cursor = context.stream.cursor.is_some();
            let mut probes = Vec::with_capacity(records.len());
            for raw in records {
                let hash = xor(*raw.hash().as_bytes(), salt);
                let mut value = None;
                let found = key(&raw, &mut pluck, &keys, |text| value = Some(text.to_owned()));
                if has_cursor {
                    greatest.see(value.as_deref(), zero, now, zone);
                }
                probes.push(match found {
                    Ok(key) => Probe { raw, key: key.into(), keyless: None, hash },
                    Err(reason) => Probe { raw, key: keyless_key(hash), keyless: Some(reason), hash },
                });
            }
            Hashed { probes, pluck, greatest }
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
