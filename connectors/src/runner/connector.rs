//! A running connector: its streams, their commands and their signs of life.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use muara_schemas::catalog::Catalog;
use muara_schemas::message::Message;
use muara_schemas::stream::StreamName;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backoff::Requests;
use super::context::{Context, Post};
use super::control::{Control, Desk};
use super::push::{Door, Inlet};
use super::report::{Failure, StreamReport};
use super::settings::Options;
use super::sift::Uses;
use super::worker::{Order, Status, Worker};
use crate::announce;
use crate::definition::model::Read;
use crate::definition::{Definition, SourceSpec};
use crate::kind::Access;
use crate::kinds;
use crate::mapping::Table;
use crate::state::{self, State};

/// How many orders may wait for one stream.
const ORDERS: usize = 64;

/// Starts connectors.
pub struct Connector;

/// A connector that runs until its token is cancelled.
pub struct Handle {
    streams: Vec<Running>,
    doors: Vec<Door>,
    state: State,
    tracker: TaskTracker,
    token: CancellationToken,
}

struct Running {
    name: StreamName,
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<Status>,
}

/// Why a connector cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] state::Error),
    /// A definition names a kind or a record type that this version does not know, or does not compile.
    #[error("start stream {name}: {why}")]
    Definition {
        /// The stream.
        name: StreamName,
        /// What is wrong.
        why: String,
    },
    /// Two definitions describe the same system, and each would take the other's commands.
    #[error("start system {region}/{system}: two definitions describe it")]
    Twice {
        /// The region.
        region: String,
        /// The system.
        system: String,
    },
}

impl Connector {
    /// Starts all streams of some definitions. They run until the token is cancelled; then call [`Handle::stop`].
    ///
    /// # Errors
    /// When the state file or a definition cannot be used; then nothing was started.
    pub async fn spawn(
        definitions: &[Definition],
        options: Options,
        token: CancellationToken,
    ) -> Result<Handle, StartError> {
        let mut systems = BTreeMap::new();
        for definition in definitions {
            let system = &definition.system;
            if systems.insert((&system.region, &system.id), ()).is_some() {
                return Err(StartError::Twice { region: system.region.clone(), system: system.id.clone() });
            }
        }
        let mut tables = Vec::new();
        for definition in definitions {
            tables.push(compile(definition)?);
        }
        let state = State::open(&options.state).await?;
        let tracker = TaskTracker::new();
        let all = Arc::new(Semaphore::new(options.tuning.runs_at_once.max(1)));
        let (mut streams, mut doors) = (Vec::new(), Vec::new());
        for (definition, tables) in definitions.iter().zip(tables) {
            let running = start(definition, tables, &options, &state, &all, &tracker, &token).await?;
            doors.extend(door(definition, &running, &options, &state).await?);
            streams.extend(running);
        }
        tracker.close();
        Ok(Handle { streams, doors, state, tracker, token })
    }
}

fn compile(definition: &Definition) -> Result<Vec<Arc<Table>>, StartError> {
    let compile = |stream| -> Result<_, String> {
        let stream: &crate::definition::Stream = stream;
        kinds::find(definition.source.kind())
            .ok_or_else(|| format!("there is no kind `{}`", definition.source.kind()))?;
        let record_type = Catalog::embedded()
            .get(&stream.target)
            .ok_or_else(|| format!("there is no record type `{}`", stream.target))?;
        let table = Table::compile(stream, &definition.system, record_type)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
        Ok(Arc::new(table))
    };
    let wrong = |stream, why| StartError::Definition { name: definition.stream_name(stream), why };
    definition.streams.iter().map(|stream| compile(stream).map_err(|why| wrong(stream, why))).collect()
}

/// Where a system that calls us comes in.
async fn door(
    definition: &Definition,
    running: &[Running],
    options: &Options,
    state: &State,
) -> Result<Option<Door>, StartError> {
    let SourceSpec::Push(push) = &*definition.source else { return Ok(None) };
    let mut inlets = Vec::with_capacity(running.len());
    for (stream, running) in definition.streams.iter().zip(running) {
        let Read::Push(read) = &stream.read else { continue };
        inlets.push(Inlet {
            stream: stream.name.clone(),
            id: state.stream(&running.name).await?.id,
            read: read.clone(),
            state: state.clone(),
            orders: running.orders.clone(),
        });
    }
    let (push, variables, clock) = (push.clone(), options.variables.clone(), options.clock.clone());
    let patience = options.tuning.answer_within;
    Ok(Some(Door { system: definition.system.clone(), push, variables, clock, patience, inlets }))
}

/// Starts the streams of one system, its commands and its signs of life.
async fn start(
    definition: &Definition,
    tables: Vec<Arc<Table>>,
    options: &Options,
    state: &State,
    all: &Arc<Semaphore>,
    tracker: &TaskTracker,
    token: &CancellationToken,
) -> Result<Vec<Running>, StartError> {
    let post = Post { publisher: options.bus.publisher(), clock: options.clock.clone() };
    let access = Access::new(definition.system.clone(), definition.source.clone(), options.variables.clone());
    let access = Arc::new(access.with(options.reader.clone(), options.clock.clone()));
    let (budget, concurrency) = match &*definition.source {
        SourceSpec::Http(http) => (http.budget, http.concurrency),
        _ => (None, None),
    };
    let requests = Arc::new(Requests::new(budget, concurrency, access.rest.clone()));
    let turns = [Arc::new(Semaphore::new(options.tuning.streams_at_once.max(1))), all.clone()];
    let mut running = Vec::new();
    for (stream, table) in definition.streams.iter().zip(tables) {
        let name = definition.stream_name(stream);
        let kind = kinds::find(definition.source.kind())
            .ok_or_else(|| StartError::Definition { name: name.clone(), why: "its kind is not known".to_owned() })?;
        let context = Arc::new(Context {
            id: state.stream(&name).await?.id,
            salt: Context::salt_of(&stream.digest),
            uses: Arc::new(Uses::of(&stream.map)),
            stream: Arc::new(stream.clone()),
            name: name.clone(),
            table,
            kind,
            access: access.clone(),
            requests: requests.clone(),
            state: state.clone(),
            post: Post { publisher: options.bus.publisher(), clock: options.clock.clone() },
            tuning: options.tuning,
            worker: options.worker.clone(),
            observer: options.observer.clone(),
            told: Mutex::new(None),
        });
        let (orders, incoming) = mpsc::channel(ORDERS);
        let (status_in, status) = watch::channel(Status::default());
        let worker =
            Worker::new(context, incoming, status_in, turns.clone(), options.schedule, tracker.clone(), token.clone());
        tracker.spawn(worker.live());
        running.push(Running { name, orders, status });
    }
    let workers = running.iter().map(|stream| (stream.name.stream.clone(), stream.orders.clone())).collect();
    let desk = Desk { post: post.clone(), tracker: tracker.clone(), token: token.clone(), obeyed: Arc::default() };
    let control = Control { workers, desk };
    let commands = options.bus.commands(&definition.system.region, &definition.system.id);
    tracker.spawn(control.serve(commands));
    let signs = running.iter().map(|stream| (stream.name.clone(), stream.status.clone())).collect();
    tracker.spawn(life(post, definition.clone(), signs, options.tuning.heartbeat, token.clone()));
    Ok(running)
}

/// Announces the streams of a system and then gives signs of life.
async fn life(
    post: Post,
    definition: Definition,
    streams: Vec<(StreamName, watch::Receiver<Status>)>,
    every: Duration,
    token: CancellationToken,
) {
    let talk = async {
        for stream in &definition.streams {
            let announcement = announce::announcement(&definition, stream, post.clock.now());
            tell(&post, "announcement", &Message::Announcement(announcement)).await;
        }
        loop {
            tokio::time::sleep(every).await;
            for (name, status) in &streams {
                let failure = status.borrow().report.as_ref().and_then(|report| report.failure.clone());
                let heartbeat = announce::heartbeat(name, post.clock.now(), failure);
                tell(&post, "heartbeat", &Message::Heartbeat(heartbeat)).await;
            }
        }
    };
    token.run_until_cancelled(talk).await;
}

async fn tell(post: &Post, what: &str, message: &Message) {
    let id = format!("{what}-{}", muara_schemas::canonical::hex(&muara_schemas::random::bytes::<16>()));
    if let Err(failure) = post.send(id, message).await {
        tracing::debug!("an {what} was not sent: {failure}");
    }
}

impl Handle {
    /// Reads every stream whole, once, and says what became of each; streams of one system share its budget.
    /// Commands of the hub are served meanwhile and afterwards.
    pub async fn run_all_full(&self) -> Vec<StreamReport> {
        self.run_all(true).await
    }

    /// Runs every stream once, whole or from its cursor as it has one.
    pub async fn run_all(&self, full: bool) -> Vec<StreamReport> {
        let mut waiting = Vec::new();
        for stream in &self.streams {
            let (done, report) = oneshot::channel();
            // When the worker is gone, so is its end of `done`.
            drop(stream.orders.send(Order::Run { full, done }).await);
            waiting.push((&stream.name, report));
        }
        let mut reports = Vec::new();
        for (name, report) in waiting {
            reports.push(report.await.unwrap_or_else(|_| {
                StreamReport::failed(name, Failure::new("E0209", "the connector is shutting down").to_string())
            }));
        }
        reports
    }

    /// The last report of each stream that has run, in the order of the definitions.
    pub fn reports(&self) -> Vec<StreamReport> {
        self.streams.iter().filter_map(|stream| stream.status.borrow().report.clone()).collect()
    }

    /// Where systems that call us come in.
    pub(crate) fn doors(&self) -> &[Door] {
        &self.doors
    }

    /// The streams, in the order of the definitions.
    pub fn streams(&self) -> impl Iterator<Item = &StreamName> {
        self.streams.iter().map(|stream| &stream.name)
    }

    /// Whether no stream runs and none was told to.
    pub fn is_idle(&self) -> bool {
        self.streams
            .iter()
            .all(|stream| stream.orders.capacity() == stream.orders.max_capacity() && !stream.status.borrow().busy)
    }

    /// Ends everything and waits for it: no run is cut off in the middle of a save.
    pub async fn stop(self) {
        self.token.cancel();
        self.tracker.wait().await;
        self.state.close().await;
    }
}
