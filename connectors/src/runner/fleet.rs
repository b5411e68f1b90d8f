//! All systems that are read, and the change from some definitions to others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use muara_schemas::StreamName;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connector::StartError;
use super::context::Post;
use super::life::farewell;
use super::prepared::{self, Prepared};
use super::push::Door;
use super::settings::Options;
use super::system::{Running, System};
use crate::definition::Definition;
use crate::state::State;

/// What all systems of a connector share.
pub(super) struct Ground {
    pub(super) options: Options,
    pub(super) state: State,
    /// How many streams of all systems run at once.
    pub(super) all: Arc<Semaphore>,
    pub(super) tracker: TaskTracker,
    pub(super) token: CancellationToken,
}

/// The systems, in the order of their definitions.
#[derive(Default)]
pub(super) struct Systems {
    running: Vec<System>,
    leaving: Leaving,
}

/// Streams that were taken away and may not have come to the edge of a page yet; each token tells when.
type Leaving = HashMap<StreamName, CancellationToken>;

/// Definitions that are to take the place of those in use.
#[derive(Debug, Default)]
pub struct News {
    /// Those that nothing is wrong with. A system that neither these nor broken files describe is not read any more.
    pub definitions: Vec<Definition>,
    /// Files that cannot be used, and why: what came from them before goes on, and the hub is told; of those that nothing
    /// came from the first system tells.
    pub broken: BTreeMap<String, String>,
}

/// What became of the streams at a change.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Difference {
    /// They are read for the first time in this process.
    pub new: Vec<StreamName>,
    /// They go on with another definition, as soon as a run that is under way has come to the edge of a page.
    pub changed: Vec<StreamName>,
    /// They go on undisturbed.
    pub same: Vec<StreamName>,
    /// They are not read any more; their records stay in the hub.
    pub gone: Vec<StreamName>,
}

/// A change under way.
pub(super) struct Fleet<'a> {
    pub(super) ground: &'a Ground,
    pub(super) leaving: &'a mut Leaving,
    pub(super) difference: Difference,
}

impl Systems {
    /// All streams, in the order of the definitions.
    pub(super) fn streams(&self) -> Vec<Running> {
        self.running.iter().flat_map(System::streams).collect()
    }

    /// Their definitions.
    pub(super) fn definitions(&self) -> Vec<Arc<Definition>> {
        self.running.iter().map(System::definition).collect()
    }

    /// Where systems come in that call us.
    pub(super) fn doors(&self, options: &Options) -> Vec<Door> {
        self.running.iter().filter_map(|system| system.door(options)).collect()
    }

    /// Takes over other definitions. Does not wait for anything: what has to wait does so by itself.
    ///
    /// # Errors
    /// When two of the definitions describe one system; nothing was changed.
    pub(super) fn change(
        &mut self,
        prepared: Vec<Prepared>,
        broken: &BTreeMap<String, String>,
        ground: &Ground,
    ) -> Result<Difference, StartError> {
        let why_unused = |system: &System| broken.get(&system.definition().origin.file);
        prepared::are_apart(prepared.iter().map(|new| &*new.definition))?;

        self.leaving.retain(|_, ended| !ended.is_cancelled());
        let mut fleet = Fleet { ground, leaving: &mut self.leaving, difference: Difference::default() };
        let mut old = std::mem::take(&mut self.running);
        for new in prepared {
            let is_it = |system: &System| {
                let (old, new) = (&system.definition().system, &new.definition.system);
                old.region == new.region && old.id == new.id
            };
            match old.iter().position(is_it).map(|at| old.remove(at)) {
                Some(mut system) => {
                    system.change(new, &mut fleet);
                    self.running.push(system);
                }
                None => self.running.push(System::start(new, &mut fleet)),
            }
        }
        for system in old {
            if let Some(why) = why_unused(&system) {
                system.stay(why, &mut fleet.difference);
                self.running.push(system);
            } else {
                system.end(&mut fleet);
            }
        }
        let difference = fleet.difference;
        let in_use: BTreeSet<String> = self.definitions().iter().map(|known| known.origin.file.clone()).collect();
        let beside = broken.iter().filter(|(file, _)| !in_use.contains(*file));
        let mut beside: Vec<String> = beside.map(|(file, why)| format!("{file} is not used: {why}")).collect();
        for system in &self.running {
            system.tell_beside(std::mem::take(&mut beside));
        }
        Ok(difference)
    }
}

impl Fleet<'_> {
    /// Takes streams away that this definition had.
    pub(super) fn dismiss(&mut self, streams: Vec<Running>, definition: Arc<Definition>) {
        let gone: Vec<StreamName> = streams.iter().map(|stream| stream.name.clone()).collect();
        for stream in streams {
            stream.dismiss();
            self.leaving.insert(stream.name, stream.ended);
        }
        self.difference.gone.extend(gone.iter().cloned());
        let options = &self.ground.options;
        let post = Post { publisher: options.bus.publisher(), clock: options.clock.clone() };
        let token = self.ground.token.clone();
        self.ground.tracker.spawn(async move { token.run_until_cancelled(farewell(post, definition, gone)).await });
    }
}
