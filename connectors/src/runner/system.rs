//! One system that is read: what its streams share, and the streams that come and go with its definition.

use std::sync::{Arc, Mutex};

use muara_schemas::StreamName;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::backoff::Requests;
use super::context::{Context, Post};
use super::control::{Control, Desk};
use super::fleet::{Difference, Fleet, Ground};
use super::life::life;
use super::prepared::{Prepared, Ready};
use super::push::{Door, Inlet};
use super::settings::Options;
use super::sift::Uses;
use super::worker::{Ends, Means, Order, Status, Task, Worker};
use crate::definition::model::Read;
use crate::definition::{Definition, SourceSpec, Stream};
use crate::kind::Access;

/// How many orders may wait for one stream.
const ORDERS: usize = 64;

/// One system that is read.
pub(super) struct System {
    access: Arc<Access>,
    requests: Arc<Requests>,
    means: Means,
    roster: watch::Sender<Roster>,
    /// Ends its orders and signs of life; its streams end by themselves.
    _end: DropGuard,
}

/// The streams of a system and their definition, as they are now.
#[derive(Clone)]
pub(super) struct Roster {
    pub(super) definition: Arc<Definition>,
    pub(super) streams: Vec<Running>,
    /// Why a newer definition is not in use.
    pub(super) unused: Option<String>,
    /// Files beside its own that are not in use, and why: nobody else could tell of them.
    pub(super) beside: Vec<String>,
}

/// A stream that runs, from outside.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) name: StreamName,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) status: watch::Receiver<Status>,
    task: watch::Sender<Task>,
    /// Cancelled when its worker has ended.
    pub(super) ended: CancellationToken,
}

impl Roster {
    /// Where orders for a stream go.
    pub(super) fn orders(&self, name: &StreamName) -> Option<mpsc::Sender<Order>> {
        self.streams.iter().find(|stream| stream.name.stream == name.stream).map(|stream| stream.orders.clone())
    }
}

impl System {
    /// Starts a system: its streams, its orders and its signs of life.
    pub(super) fn start(prepared: Prepared, fleet: &mut Fleet<'_>) -> Self {
        let ground = fleet.ground;
        let (access, requests) = reach(&prepared.definition, ground);
        let turns = [Arc::new(Semaphore::new(ground.options.tuning.streams_at_once.max(1))), ground.all.clone()];
        let (schedule, tracker, token) = (ground.options.schedule, ground.tracker.clone(), ground.token.clone());
        let means = Means { turns, schedule, tracker, token };
        let roster =
            Roster { definition: prepared.definition.clone(), streams: Vec::new(), unused: None, beside: Vec::new() };
        let end = ground.token.child_token();
        let mut system =
            Self { access, requests, means, roster: watch::Sender::new(roster), _end: end.clone().drop_guard() };
        let definition = prepared.definition.clone();
        system.staff(prepared, fleet);

        let post = || Post { publisher: ground.options.bus.publisher(), clock: ground.options.clock.clone() };
        let desk = Desk { post: post(), tracker: ground.tracker.clone(), token: end.clone(), obeyed: Arc::default() };
        let control = Control { roster: system.roster.subscribe(), desk };
        let commands = ground.options.bus.commands(&definition.system.region, &definition.system.id);
        ground.tracker.spawn(control.serve(commands));
        ground.tracker.spawn(life(post(), system.roster.subscribe(), ground.options.tuning.heartbeat, end));
        system
    }

    /// Goes on with another definition of the same system.
    pub(super) fn change(&mut self, prepared: Prepared, fleet: &mut Fleet<'_>) {
        if self.definition().access != prepared.definition.access {
            // Nothing that was agreed with the source before holds for the one that is named now.
            (self.access, self.requests) = reach(&prepared.definition, fleet.ground);
        }
        self.staff(prepared, fleet);
    }

    /// Stays as it is, and says why.
    pub(super) fn stay(&self, why: &str, difference: &mut Difference) {
        difference.same.extend(self.streams().into_iter().map(|stream| stream.name));
        self.roster.send_if_modified(|roster| {
            let is_new = roster.unused.as_deref() != Some(why);
            roster.unused = Some(why.to_owned());
            is_new
        });
    }

    /// Tells of files beside its own that are not in use.
    pub(super) fn tell_beside(&self, beside: Vec<String>) {
        self.roster.send_if_modified(|roster| {
            let is_new = roster.beside != beside;
            roster.beside = beside;
            is_new
        });
    }

    /// Ends in good order: runs that are under way come to the edge of a page.
    pub(super) fn end(self, fleet: &mut Fleet<'_>) {
        fleet.dismiss(self.streams(), self.definition());
    }

    pub(super) fn definition(&self) -> Arc<Definition> {
        self.roster.borrow().definition.clone()
    }

    pub(super) fn streams(&self) -> Vec<Running> {
        self.roster.borrow().streams.clone()
    }

    /// Where the system comes in, when it is one that calls us.
    pub(super) fn door(&self, options: &Options) -> Option<Door> {
        let definition = self.definition();
        let SourceSpec::Push(push) = &*definition.source else { return None };
        let inlet = |running: Running| {
            let context = running.task.borrow().clone()?;
            let Read::Push(read) = &context.stream.read else { return None };
            let (stream, read, state) = (running.name.stream.clone(), read.clone(), context.state.clone());
            Some(Inlet { stream, id: context.id, read, state, orders: running.orders })
        };
        let inlets = self.streams().into_iter().filter_map(inlet).collect();
        let (push, variables, clock) = (push.clone(), options.variables.clone(), options.clock.clone());
        let patience = options.tuning.answer_within;
        Some(Door { system: definition.system.clone(), push, variables, clock, patience, inlets })
    }

    /// Brings the streams in line with a definition, and tells everybody who goes by them.
    fn staff(&mut self, prepared: Prepared, fleet: &mut Fleet<'_>) {
        let Prepared { definition, streams } = prepared;
        let before = self.roster.borrow().clone();
        let mut old = before.streams;
        let mut new = Vec::new();
        for (stream, ready) in definition.streams.iter().zip(streams) {
            let name = definition.stream_name(stream);
            let known = old.iter().position(|running| running.name == name).map(|at| old.swap_remove(at));
            let is_same = before.definition.stream(&stream.name).is_some_and(|known| is_same(known, stream));
            let running = match known {
                Some(running) if is_same => {
                    fleet.difference.same.push(name);
                    running
                }
                Some(running) => {
                    running.task.send_replace(Some(self.context(&name, stream, ready, fleet.ground)));
                    fleet.difference.changed.push(name);
                    running
                }
                None => {
                    let context = self.context(&name, stream, ready, fleet.ground);
                    fleet.difference.new.push(name.clone());
                    self.hire(name.clone(), context, fleet.leaving.remove(&name))
                }
            };
            new.push(running);
        }
        if !old.is_empty() {
            fleet.dismiss(old, before.definition.clone());
        }
        let is_told = before.unused.is_none() && before.definition.origin == definition.origin;
        let roster = Roster { definition, streams: new, unused: None, beside: before.beside };
        self.roster.send_if_modified(|known| {
            *known = roster;
            !is_told
        });
    }

    /// A worker for a stream; when one of the same name has not ended yet, it begins after that.
    fn hire(&self, name: StreamName, context: Arc<Context>, after: Option<CancellationToken>) -> Running {
        let (orders, incoming) = mpsc::channel(ORDERS);
        let (status_in, status) = watch::channel(Status::default());
        let (task, task_out) = watch::channel(Some(context.clone()));
        let ended = CancellationToken::new();
        let guard = ended.clone().drop_guard();
        let worker =
            Worker::new(context, Ends { orders: incoming, task: task_out, status: status_in }, self.means.clone());
        self.means.tracker.spawn(async move {
            let _guard = guard;
            if let Some(after) = after {
                after.cancelled().await;
            }
            worker.live().await;
        });
        Running { name, orders, status, task, ended }
    }

    fn context(&self, name: &StreamName, stream: &Stream, ready: Ready, ground: &Ground) -> Arc<Context> {
        let options = &ground.options;
        Arc::new(Context {
            id: ready.id,
            salt: Context::salt_of(&stream.digest),
            uses: Arc::new(Uses::of(&stream.map)),
            stream: Arc::new(stream.clone()),
            name: name.clone(),
            table: ready.table,
            kind: ready.kind,
            access: self.access.clone(),
            requests: self.requests.clone(),
            state: ground.state.clone(),
            post: Post { publisher: options.bus.publisher(), clock: options.clock.clone() },
            tuning: options.tuning,
            worker: options.worker.clone(),
            observer: options.observer.clone(),
            told: Mutex::new(None),
        })
    }
}

/// Whether nothing that runs depends on the difference. The digest stands for system and source too.
fn is_same(known: &Stream, stream: &Stream) -> bool {
    known.digest == stream.digest && known.settings == stream.settings
}

/// How the streams of a system reach their source.
fn reach(definition: &Definition, ground: &Ground) -> (Arc<Access>, Arc<Requests>) {
    let options = &ground.options;
    let access = Access::new(definition.system.clone(), definition.source.clone(), options.variables.clone());
    let access = Arc::new(access.with(options.reader.clone(), options.clock.clone()));
    let (budget, concurrency) = match &*definition.source {
        SourceSpec::Http(http) => (http.budget, http.concurrency),
        SourceSpec::Sql(_) | SourceSpec::Files(_) | SourceSpec::Exec(_) | SourceSpec::Push(_) => (None, None),
    };
    let requests = Arc::new(Requests::new(budget, concurrency, access.rest.clone()));
    (access, requests)
}

impl Running {
    /// Takes the stream away from its worker.
    pub(super) fn dismiss(&self) {
        self.task.send_replace(None);
    }
}
