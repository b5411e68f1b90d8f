//! A rehearsal: every stream is read against a copy of the state file, over a bus that nobody else hears.
//!
//! It tells what the next sync would change, with everything that a sync does and nothing that it leaves behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use muara_schemas::StreamName;
use muara_schemas::bus::{Bus, Consumer};
use muara_schemas::message::Message;
use muara_schemas::page::Page;
use muara_schemas::stream::PARTITIONS;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Connector, Options, StartError, StreamReport};
use crate::definition::Definition;
use crate::state::{self, NONE, State};

/// What the next sync of a stream would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// What became of the read; `published` holds new and changed records.
    pub report: StreamReport,
    /// Records that have never been published.
    pub new: u64,
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
    let listener = Listener { before: State::open(&before).await?, new: Arc::default() };
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
    let new = listener.new.lock().unwrap_or_else(PoisonError::into_inner);
    let of = |name: &StreamName| new.get(name).copied().unwrap_or_default();
    Ok(reports.into_iter().map(|report| Rehearsed { new: of(&report.name), report }).collect())
}

/// The hub of a rehearsal: it counts what is new and forgets the rest.
#[derive(Clone)]
struct Listener {
    before: State,
    new: Arc<Mutex<BTreeMap<StreamName, u64>>>,
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
        *self.new.lock().unwrap_or_else(PoisonError::into_inner).entry(page.name()).or_default() += new;
        Ok(())
    }
}
