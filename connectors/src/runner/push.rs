//! What a system hands over, and what its sender is told of each record.

use std::sync::Arc;
use std::time::Duration;

use muara_schemas::Clock;
use muara_schemas::page::Reason;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::report::StreamReport;
use super::worker::Order;
use crate::definition::model::{Push as PushSpec, PushRead};
use crate::definition::{System, Variables};
use crate::raw::Raw;
use crate::state::State;

/// Records that a system hands over in one go.
#[derive(Debug)]
pub(crate) struct Push {
    /// In the order of the body.
    pub(crate) records: Vec<Raw>,
    /// JSON pointer to their list in the body.
    pub(crate) list: String,
    /// What is to become of them.
    pub(crate) act: Act,
    /// What it takes of the memory that there is for pushes, until its run is over.
    pub(crate) place: OwnedSemaphorePermit,
}

/// What is to become of the records of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// They are new or changed.
    Put,
    /// They are all that there is: what is missing is gone, under the guards for deletes.
    Whole,
    /// They are gone; of each only the fields of the key are looked at.
    Gone,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Sifted {
    /// Its place in the body, from 0; that of its parent where `each:` made it.
    pub(crate) index: u64,
    /// Its place among the records that `each:` made of its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<u64>,
    /// Its key, where it has one.
    pub(crate) key: Option<Arc<str>>,
    /// What became of it.
    pub(crate) result: Fate,
    /// Why it is broken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Reason>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// It is new or changed and on its way to the hub.
    Published,
    /// It stands as it was.
    Unchanged,
    /// It waits in quarantine.
    Quarantined,
    /// `where:` does not let it in.
    LeftOut,
    /// Its delete is on its way to the hub.
    Gone,
}

/// A push whose every record is accounted for, and confirmed by the bus.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) report: StreamReport,
    pub(crate) sifted: Vec<Sifted>,
}

/// Why nothing of a push is to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Untaken {
    /// The stream is paused.
    Paused,
    /// It takes back so many records that somebody should look first.
    TooManyGone(u64),
    /// The run failed: its code and what happened, as in a report.
    Failed(String),
}

/// Where a system that calls us comes in.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) system: Arc<System>,
    pub(crate) push: PushSpec,
    /// What its tokens refer to.
    pub(crate) variables: Variables,
    pub(crate) clock: Clock,
    /// How long a sender waits at most.
    pub(crate) patience: Duration,
    /// One for each stream.
    pub(crate) inlets: Vec<Inlet>,
}

/// Where a stream's pushes go in.
#[derive(Debug, Clone)]
pub(crate) struct Inlet {
    /// The stream's name within its system.
    pub(crate) stream: String,
    /// Its number in the state file.
    pub(crate) id: i64,
    /// How a body is read.
    pub(crate) read: PushRead,
    /// What it was answered before.
    pub(crate) state: State,
    /// The stream's worker.
    pub(super) orders: mpsc::Sender<Order>,
}

impl Inlet {
    /// Lines a push up; what becomes of it comes over the channel, and nothing when the connector is shutting down.
    /// `None` when so many orders wait that it has to come again.
    pub(crate) fn hand(&self, push: Push) -> Option<oneshot::Receiver<Result<Taken, Untaken>>> {
        let (done, outcome) = oneshot::channel();
        self.orders.try_send(Order::Push { push: Box::new(push), done }).ok().map(|()| outcome)
    }
}
