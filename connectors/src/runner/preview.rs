//! A look at a stream before it runs: what would be asked of the source, and what would become of its first records.
//! Nothing is published, and the state file is not touched.

use std::sync::Arc;
use std::time::Duration;

use muara_schemas::page::{About, Reason};
use muara_schemas::{Catalog, Clock};
use serde::Serialize;
use serde_json::value::RawValue;

use super::backoff;
use super::key::key;
use super::seen::Seen;
use super::sift::Uses;
use super::split::Splitter;
use super::verdict::{Judge, Verdict};
use crate::definition::{Definition, Stream, Variables};
use crate::kind::{Access, Cursor, Page, PullError, Source};
use crate::kinds;
use crate::mapping::Table;
use crate::raw::{Part, Pluck, Raw, Standing};
use crate::reader::Reader;
use crate::worker::{Evaluator, Launch};

/// Most pages that are asked for, for a source may give empty ones.
const MAX_PAGES: usize = 10;
/// How often a page is asked for again.
const REPEATS: u32 = 2;
/// The longest wait before that.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a look needs beside the definition.
#[derive(Clone)]
pub struct Look {
    /// What references refer to.
    pub variables: Variables,
    /// How expressions are evaluated beside this process.
    pub worker: Option<Launch>,
    /// How files are read.
    pub reader: Reader,
    /// How many records are shown at most.
    pub most: usize,
}

/// What was seen.
#[derive(Debug, Default, Serialize)]
pub struct Preview {
    /// What a read asks of the source, one text a request; of many pages the first.
    pub asks: Vec<String>,
    /// The first records.
    pub records: Vec<Shown>,
    /// Why no more could be read, with its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// One record on its way.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Where it stands in the source.
    pub pointer: String,
    /// Its key, where it has one.
    pub key: Option<String>,
    /// As the source gave it.
    pub raw: String,
    /// What would become of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What would become of a record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Outcome {
    /// It would be published.
    Valid {
        /// The canonical record.
        body: Box<RawValue>,
    },
    /// It would go to quarantine.
    Quarantined {
        /// Every reason.
        errors: Vec<Reason>,
    },
    /// `where:` does not let it in.
    LeftOut,
}

/// Looks at a stream of a definition that lint has nothing against.
pub async fn preview(definition: &Definition, stream: &Stream, look: Look) -> Preview {
    let mut preview = Preview::default();
    if let Err(failure) = fill(&mut preview, definition, stream, look).await {
        preview.failure = Some(failure);
    }
    preview
}

/// What a read of the stream would ask of its source; nothing is asked.
pub async fn plan(definition: &Definition, stream: &Stream, look: Look) -> Result<Vec<String>, String> {
    open(definition, stream, &look).await.map(|mut source| source.plan(None))
}

pub(crate) async fn open(definition: &Definition, stream: &Stream, look: &Look) -> Result<Box<dyn Source>, String> {
    let kind = kinds::find(definition.source.kind()).ok_or_else(|| internal("the kind is not known"))?;
    let access = Access::new(definition.system.clone(), definition.source.clone(), look.variables.clone());
    let access = access.with(look.reader.clone(), Clock::system());
    let stream = stream.clone();
    let opening = tokio::task::spawn_blocking(move || kind.open(&stream, &access));
    let opened = opening.await.map_err(|error| internal(&error.to_string()))?;
    opened.map_err(|error| format!("E0204: {error}"))
}

fn internal(why: &str) -> String {
    format!("E0211: {why}")
}

async fn fill(preview: &mut Preview, definition: &Definition, stream: &Stream, look: Look) -> Result<(), String> {
    let record_type =
        Catalog::embedded().get(&stream.target).ok_or_else(|| internal("the record type is not known"))?;
    let table = Table::compile(stream, &definition.system, record_type)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let mut source = open(definition, stream, &look).await?;
    preview.asks = source.plan(None);
    let evaluator = || look.worker.clone().map_or_else(Evaluator::here, Evaluator::beside);
    let mut eye = Eye {
        judge: Judge::new(Arc::new(table), evaluator(), Arc::new(Uses::of(&stream.map))),
        splitter: Splitter::new(stream, evaluator()),
        pluck: Pluck::new(stream.key.clone()),
        stream: stream.clone(),
        seen: Seen::new(0),
    };
    let mut cursor = Cursor::Start { full: true, from: None };
    for _ in 0..MAX_PAGES {
        let page = pull(&mut source, &cursor).await?;
        let (more, next) = (page.more, page.next.clone());
        if let Some(Part { standing: Standing::Broken { code, why }, .. }) = page.place.part() {
            preview.failure.get_or_insert_with(|| format!("{code}: {why}"));
        }
        let room = look.most - preview.records.len();
        let looking = tokio::task::spawn_blocking(move || {
            let shown = eye.look(page, room);
            (eye, shown)
        });
        let (back, mut shown) = looking.await.map_err(|error| internal(&error.to_string()))?;
        eye = back;
        preview.records.append(&mut shown);
        if !more || preview.records.len() >= look.most {
            break;
        }
        cursor = next;
    }
    Ok(())
}

pub(crate) async fn pull(source: &mut Box<dyn Source>, cursor: &Cursor) -> Result<Page, String> {
    let mut attempt = 0;
    loop {
        match source.pull(cursor).await {
            Ok(page) => return Ok(page),
            Err(PullError::Retry { after, .. }) if attempt < REPEATS => {
                let wait = backoff::wait(attempt, Duration::from_millis(500), after, 0).min(PATIENCE);
                attempt += 1;
                tokio::time::sleep(wait).await;
            }
            Err(error) => return Err(format!("{}: {error}", error.code())),
        }
    }
}

/// Looks at records as a run does.
struct Eye {
    judge: Judge,
    splitter: Option<Splitter>,
    pluck: Pluck,
    stream: Stream,
    seen: Seen,
}

impl Eye {
    fn look(&mut self, page: Page, room: usize) -> Vec<Shown> {
        let (records, place, first) = match &mut self.splitter {
            None => (page.records.into_iter().map(|raw| (raw, None)).collect(), page.place, page.first),
            Some(splitter) => {
                let split = splitter.split(page.records, |_| ());
                (split.records, page.place.split(page.first, split.starts), 0)
            }
        };
        self.seen.page(first, place);
        records.into_iter().take(room).map(|(raw, wrong)| self.one(&raw, wrong)).collect()
    }

    fn one(&mut self, raw: &Raw, wrong: Option<Reason>) -> Shown {
        self.seen.next();
        let found = wrong.map_or_else(|| key(raw, &mut self.pluck, &self.stream.key, |_| ()), Err);
        let parsed = raw.parse();
        // As in a run: what `where` leaves out needs no key.
        let selected = parsed.as_ref().map_or(Ok(true), |fields| self.judge.selects(fields, raw));
        let outcome = match (&found, selected, parsed) {
            (_, Ok(false), _) => Outcome::LeftOut,
            (Err(reason), ..) => Outcome::Quarantined { errors: vec![reason.clone()] },
            (_, _, Err(error)) => {
                let reason = super::verdict::reason("E0321", format!("the record is no JSON that we take: {error}"));
                Outcome::Quarantined { errors: vec![reason] }
            }
            (_, Err(reason), _) => Outcome::Quarantined { errors: vec![reason] },
            (_, Ok(true), Ok(fields)) => match self.judge.judge(&fields, raw) {
                Verdict::Valid(record, _) => Outcome::Valid { body: record.body },
                Verdict::Broken(errors, About { .. }) => Outcome::Quarantined { errors },
            },
        };
        let key = found.ok();
        Shown { pointer: self.seen.pointer(key.as_deref().unwrap_or_default()), key, raw: raw.to_text(), outcome }
    }
}
