//! Definitions that are edited while a connector runs: looked for, checked as at the start, and taken over or left alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::connector::{Handle, StartError};
use super::fleet::{Difference, News};
use crate::definition::{self, Definition, Diagnostic, Variables};
use crate::watch::{Gate, Sight, Watch};
use crate::worker::{Evaluator, Launch};

/// Time between two looks.
pub const EVERY: Duration = Duration::from_secs(2);

/// Follows the files of definitions, so that an edit takes effect without a restart.
pub struct Follower {
    watch: Option<Watch>,
    gate: Gate,
    paths: Vec<PathBuf>,
    variables: Variables,
    worker: Option<Launch>,
}

/// What reading the files anew gave.
struct Read {
    definitions: Vec<Definition>,
    found: Vec<Diagnostic>,
    /// What was seen once it was read: when it is not what was seen before, somebody writes.
    after: Sight,
    watch: Watch,
}

impl Follower {
    /// Looks at the files and folders for the first time. Blocks. To be made before the definitions are loaded, so that
    /// an edit in between is seen.
    pub fn new(paths: Vec<PathBuf>, variables: Variables, worker: Option<Launch>) -> Self {
        let mut watch = Watch::new(paths.clone());
        let gate = Gate::new(watch.look(true));
        Self { watch: Some(watch), gate, paths, variables, worker }
    }

    /// Looks again and again until the token is cancelled, and at once when `asked`.
    pub async fn follow(mut self, connector: &Handle, every: Duration, asked: &Notify, token: &CancellationToken) {
        loop {
            let at_once = tokio::select! {
                () = token.cancelled() => return,
                () = asked.notified() => true,
                () = tokio::time::sleep(every) => false,
            };
            self.step(connector, at_once).await;
        }
    }

    /// Looks once, and takes over what has changed and is whole; `at_once` does not wait for a second look.
    pub async fn step(&mut self, connector: &Handle, at_once: bool) {
        let Some(seen) = self.look(at_once).await else { return };
        if !self.gate.opens(&seen, at_once) {
            return;
        }
        let Some(read) = self.read().await else { return };
        if read.after != seen {
            return;
        }
        let in_use = files(connector);
        let news = news(read.definitions, &read.found, in_use.clone());
        match connector.reload(&news).await {
            Ok(difference) => tell(&difference, &read.found),
            Err(error @ StartError::State(_)) => {
                // It may have room again: the next look tries once more.
                tracing::error!("changed definitions were not taken over, it is tried again: {error}");
                return;
            }
            Err(error) => {
                tracing::error!("changed definitions were not taken over: {error}");
                let broken = in_use.into_iter().map(|file| (file, error.to_string())).collect();
                // Nothing of this can fail, for it holds no definition.
                drop(connector.reload(&News { definitions: Vec::new(), broken }).await);
            }
        }
        self.gate.close(seen);
    }

    async fn look(&mut self, thorough: bool) -> Option<Sight> {
        let mut watch = self.watch.take().unwrap_or_else(|| Watch::new(self.paths.clone()));
        let looking = tokio::task::spawn_blocking(move || {
            let sight = watch.look(thorough);
            (watch, sight)
        });
        let (watch, sight) = looking.await.ok()?;
        self.watch = Some(watch);
        Some(sight)
    }

    /// Reads and checks the files as at the start, and runs their tests.
    async fn read(&mut self) -> Option<Read> {
        let mut watch = self.watch.take()?;
        let (paths, variables, worker) = (self.paths.clone(), self.variables.clone(), self.worker.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let evaluator = worker.map_or_else(Evaluator::here, Evaluator::beside);
            let (definitions, found) = definition::renew(&paths, &variables, &mut evaluator.asker());
            let after = watch.look(true);
            Read { definitions, found, after, watch }
        });
        let mut read = reading.await.ok()?;
        self.watch = Some(std::mem::replace(&mut read.watch, Watch::new(Vec::new())));
        Some(read)
    }
}

/// The files of the definitions in use.
fn files(connector: &Handle) -> Vec<String> {
    connector.definitions().iter().map(|definition| definition.origin.file.clone()).collect()
}

/// What is taken over: each file that nothing is wrong with. When a folder cannot be listed nobody knows what it holds, so
/// nothing is. `in_use` names the files of the definitions in use.
fn news(definitions: Vec<Definition>, found: &[Diagnostic], in_use: Vec<String>) -> News {
    // The message of a failed test shows the record, which may be a person's; what is missing is a name.
    let why = |error: &Diagnostic| match error.code {
        "E0123" => format!("{}: {}", error.code, error.message),
        code => format!("{code} at {}", error.place()),
    };
    let errors: Vec<&Diagnostic> = found.iter().filter(|report| report.is_error()).collect();
    if let Some(unread) = errors.iter().find(|error| error.code == "E0102" && !in_use.contains(&error.file)) {
        let broken = in_use.into_iter().map(|file| (file, why(unread))).collect();
        return News { definitions: Vec::new(), broken };
    }
    let mut broken: BTreeMap<String, String> = BTreeMap::new();
    for error in errors {
        match broken.get_mut(&error.file) {
            None => _ = broken.insert(error.file.clone(), why(error)),
            // Whoever sets one variable that is missing wants to know of the others.
            Some(whole) if error.code == "E0123" => whole.extend(["; ", &error.message]),
            Some(_) => {}
        }
    }
    News { definitions, broken }
}

fn tell(difference: &Difference, found: &[Diagnostic]) {
    let Difference { new, changed, same, gone } = difference;
    for error in found.iter().filter(|report| report.is_error()) {
        let message = if error.code == "E0122" { "a test failed; `muara test` shows how" } else { &error.message };
        let (file, code, place) = (&error.file, error.code, error.place());
        tracing::error!(%file, code, "{file} was changed or is new, and is not used: {code} {place}: {message}");
    }
    for (streams, what) in [
        (new, "is read from now on"),
        (changed, "goes on with its new definition"),
        (gone, "is not read any more: its definition is gone; its records stay in the hub"),
    ] {
        for stream in streams {
            tracing::info!(%stream, "stream {stream} {what}");
        }
    }
    tracing::info!(
        new = new.len(),
        changed = changed.len(),
        same = same.len(),
        gone = gone.len(),
        "definitions were read anew"
    );
}
