//! What a stream keeps between its runs.

use std::sync::{Arc, Mutex, PoisonError};

use muara_schemas::bus::{Outgoing, Publisher, Receipt};
use muara_schemas::message::Message;
use muara_schemas::{Clock, StreamName};

use super::backoff::Requests;
use super::report::{Failure, Progress, Told};
use super::settings::{Observer, Tuning};
use super::sift::Uses;
use crate::definition::model::{FieldTable, Rule};
use crate::definition::{SourceSpec, Stream};
use crate::kind::{Access, Kind};
use crate::mapping::Table;
use crate::state::{Hash, State};
use crate::worker::{Evaluator, Launch};

/// One stream, ready to run.
pub(super) struct Context {
    pub(super) name: StreamName,
    pub(super) stream: Arc<Stream>,
    pub(super) table: Arc<Table>,
    pub(super) uses: Arc<Uses>,
    pub(super) kind: &'static dyn Kind,
    pub(super) access: Arc<Access>,
    pub(super) requests: Arc<Requests>,
    pub(super) state: State,
    pub(super) id: i64,
    pub(super) post: Post,
    pub(super) tuning: Tuning,
    pub(super) worker: Option<Launch>,
    pub(super) observer: Option<Observer>,
    /// Salt of raw hashes: another definition maps every record anew.
    pub(super) salt: Hash,
    /// What the last run of this process told the hub; `None` when that is not known, as at the start.
    pub(super) told: Mutex<Option<Told>>,
}

/// Sends messages of one system.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) publisher: Publisher,
    pub(super) clock: Clock,
}

impl Context {
    /// The salt of a definition's digest.
    pub(super) fn salt_of(digest: &str) -> Hash {
        *muara_schemas::ContentHash::of(digest.as_bytes()).as_bytes()
    }

    /// Evaluates the expressions of one run.
    pub(super) fn evaluator(&self) -> Evaluator {
        self.worker.clone().map_or_else(Evaluator::here, Evaluator::beside)
    }

    /// How often a failed request is repeated.
    pub(super) fn repeats(&self) -> u32 {
        match &*self.access.source {
            SourceSpec::Http(http) => http.retry.max,
            SourceSpec::Sql(_) | SourceSpec::Files(_) | SourceSpec::Exec(_) | SourceSpec::Push(_) => {
                crate::definition::model::Retry::default().max
            }
        }
    }

    /// What the hub was told last.
    pub(super) fn told(&self) -> Option<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what the hub was told; `None` makes the next run tell how it ended whatever it finds.
    pub(super) fn keep_told(&self, told: Option<Told>) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    pub(super) fn tell(&self, read: u64, total: Option<u64>, ended: bool) {
        if let Some(observer) = &self.observer {
            observer(Progress { name: self.name.clone(), read, total, ended });
        }
    }
}

impl Post {
    /// Sends one message; the receipt says when it is confirmed.
    pub(super) async fn send(&self, id: String, message: &Message) -> Result<Receipt, Failure> {
        let body = message.encode(&id, self.clock.now());
        self.publish(id, message.stream(), message.kind(), body.into()).await
    }

    /// Sends a message that is encoded already.
    pub(super) async fn publish(
        &self,
        id: String,
        stream: StreamName,
        kind: &'static str,
        body: bytes::Bytes,
    ) -> Result<Receipt, Failure> {
        Ok(self.publisher.publish(Outgoing { id, stream, kind, body }).await?)
    }
}

impl Uses {
    /// Which source fields of a table go to which targets.
    pub(super) fn of(table: &FieldTable) -> Self {
        let mut uses = Vec::new();
        for field in &table.fields {
            let source = match &field.rule {
                Rule::Take(take) => &take.from,
                Rule::Each { list, .. } => list,
                Rule::Const(..) => continue,
            };
            uses.push((source.as_str().to_owned(), field.target.pointer()));
        }
        Self(uses)
    }
}
