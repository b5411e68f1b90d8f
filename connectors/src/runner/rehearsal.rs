//! A rehearsal: every stream is read against a copy of the state file, over a bus that nobody else hears.
//!
//! It tells what the next sync would change, with everything that a sync does and nothing that it leaves behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use muara_schemas::bus::{Bus, Consumer};
use muara_schemas::message::Message;
use muara_schemas::page::{Page, Reason};
use muara_schemas::stream::PARTITIONS;
use muara_schemas::{Catalog, Rupiah, StreamName};
use serde::Serialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::preview::{self, Look};
use super::run::begin;
use super::{Connector, Options, StartError, StreamReport};
use crate::definition::Definition;
use crate::proposal;
use crate::state::{self, NONE, State};

/// Causes that are kept of one stream; they are told apart by code and field, so there are never many.
const MAX_CAUSES: usize = 1_000;

/// What the next sync of a stream would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// What became of the read; `published` holds new and changed records.
    pub report: StreamReport,
    /// Records that have never been published.
    pub new: u64,
    /// What the amounts of the records add up to that would be sent, by target: to be compared with the source.
    pub sums: BTreeMap<String, Rupiah>,
    /// What the source is asked, from where the cursor stands.
    pub asks: Vec<String>,
    /// Why records would go to quarantine, the most frequent cause first.
    pub causes: Vec<Cause>,
}

/// One cause for which records would go to quarantine: the first reason of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Of how many records.
    pub records: u64,
    /// The reason.
    #[serde(flatten)]
    pub reason: Reason,
}

/// Reads the streams of some definitions as the next sync would, whole or from their cursors. `options` are those of
/// that sync; the state file is copied into `folder`, which should be empty and belong to nobody else.
///
/// # Errors
/// As [`Connector::spawn`].
pub async fn rehearse(
    definitions: &[Definition],
    options: Options,
    folder: &Path,
) -> Result<Vec<Rehearsed>, StartError> {
    let (before, during) = (folder.join("before.db"), folder.join("during.db"));
    for copy in [&before, &during] {
        state::copy(&options.state, copy).await?;
    }
    let (bus, tasks, token) = (Bus::local(), TaskTracker::new(), CancellationToken::new());
    let listener = Listener { before: State::open(&before).await?, heard: Arc::default() };
    let asks = asks(definitions, &options, &listener.before).await?;
    for partition in 0..PARTITIONS {
        tasks.spawn(listener.clone().hear(bus.pages(partition)));
    }
    let options = Options { bus: bus.clone(), state: PathBuf::from(&during), schedule: false, ..options };
    let connector = Connector::spawn(definitions, options, token).await?;
    let reports = connector.run_all(false).await;
    connector.stop().await;
    bus.close().await;
    tasks.close();
    tasks.wait().await;
    listener.before.close().await;
    let mut heard = std::mem::take(&mut *listener.heard.lock().unwrap_or_else(PoisonError::into_inner));
    // The order of both is that of the definitions.
    let both = reports.into_iter().zip(asks);
    Ok(both
        .map(|(report, asks)| {
            let Heard { new, sums, mut causes } = heard.remove(&report.name).unwrap_or_default();
            causes.sort_by_key(|cause| std::cmp::Reverse(cause.records));
            Rehearsed { report, new, sums, asks, causes }
        })
        .collect())
}

/// What each stream asks of its source. Why one cannot be opened its run tells.
async fn asks(definitions: &[Definition], options: &Options, before: &State) -> Result<Vec<Vec<String>>, StartError> {
    let (variables, worker, reader) = (options.variables.clone(), options.worker.clone(), options.reader.clone());
    let look = Look { variables, worker, reader, most: 0 };
    let mut asks = Vec::new();
    for definition in definitions {
        for stream in &definition.streams {
            let state = before.stream(&definition.stream_name(stream)).await?;
            let from = begin(stream, &state).filter(|_| state.definition == stream.digest);
            let source = preview::open(definition, stream, &look).await;
            asks.push(source.map(|mut source| source.plan(from.as_deref())).unwrap_or_default());
        }
    }
    Ok(asks)
}

/// The hub of a rehearsal: it counts what is new and what is broken, and forgets the rest.
#[derive(Clone)]
struct Listener {
    before: State,
    heard: Arc<Mutex<BTreeMap<StreamName, Heard>>>,
}

/// What was heard of one stream.
#[derive(Debug, Default)]
struct Heard {
    new: u64,
    sums: BTreeMap<String, Rupiah>,
    causes: Vec<Cause>,
}

impl Listener {
    /// Hears one partition until the bus is closed.
    async fn hear(self, mut pages: Consumer) {
        while let Some(delivery) = pages.next().await {
            if let Ok(Message::Page(page)) = Message::decode(&delivery.body)
                && let Err(error) = self.count(&page).await
            {
                tracing::error!(stream = %page.name(), "a rehearsal could not tell new records from old ones: {error}");
            }
            delivery.ack().await;
        }
    }

    async fn count(&self, page: &Page) -> Result<(), state::Error> {
        let stream = self.before.stream(&page.name()).await?;
        // With a hash that no record has, what was published before comes with its body's hash.
        let keys: Vec<_> = page.records.iter().map(|record| (record.key.as_str(), NONE)).collect();
        let known = self.before.look(stream.id, u32::MAX, &keys).await?;
        let is_new = |print: &&Option<_>| print.as_ref().is_none_or(|print: &state::Print| print.body == NONE);
        let new = known.iter().filter(is_new).count() as u64;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = heard.entry(page.name()).or_default();
        heard.new += new;
        let amounts = Catalog::embedded().get(&page.record_type).map(proposal::amounts).unwrap_or_default();
        page.records.iter().for_each(|record| heard.add(&amounts, record.body.get()));
        page.quarantined.iter().filter_map(|broken| broken.errors.first()).for_each(|reason| heard.cause(reason));
        Ok(())
    }
}

impl Heard {
    /// Adds the amounts that a record holds itself, which are those that a report of the source adds up too.
    fn add(&mut self, amounts: &[String], body: &str) {
        let Ok(body) = serde_json::from_str::<BTreeMap<String, Value>>(body) else { return };
        for name in amounts {
            let amount = body.get(name).and_then(Value::as_str).and_then(|text| Rupiah::from_wire(text).ok());
            if let Some(amount) = amount {
                *self.sums.entry(name.clone()).or_default() += amount;
            }
        }
    }

    fn cause(&mut self, reason: &Reason) {
        let is_it = |cause: &Cause| {
            let known = &cause.reason;
            (&known.code, &known.target, &known.source) == (&reason.code, &reason.target, &reason.source)
        };
        match self.causes.iter().position(is_it) {
            Some(at) => self.causes[at].records += 1,
            None if self.causes.len() == MAX_CAUSES => {}
            None => self.causes.push(Cause { records: 1, reason: reason.clone() }),
        }
    }
}
