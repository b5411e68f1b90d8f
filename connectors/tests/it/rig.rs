//! A connector on the bench: definitions, a state file, a bus and a small hub.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use muara_connectors::definition::{self, Definition, Origin, Variables};
use muara_connectors::reader::Reader;
use muara_connectors::runner::{Connector, Handle, Options, Progress, StreamReport};
use muara_schemas::bus::Bus;
use muara_schemas::control::{Command, Order};
use muara_schemas::{Clock, Moment, StreamName};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// How long anything may take here.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Everything of one test.
pub(crate) struct Rig {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) bus: Bus,
    pub(crate) hub: Hub,
    pub(crate) options: Options,
    definitions: Vec<Definition>,
    running: Option<(Handle, CancellationToken)>,
}

/// The head of a definition; `source` and `streams` follow.
pub(crate) const SYSTEM: &str = r#"muara: 1
system: {id: sipd, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 10}
"#;

/// A field table for budget lines whose raw records have `id`, `nilai` and perhaps `uraian`.
pub(crate) const MAP: &str = r"    target: budget-line
    key: [id]
    map:
      agency: {const: 1.02.0.00.0.00.01.0000}
      fiscal_year: {const: 2026}
      sub_activity: {const: 1.02.02.2.02.0008}
      account: {const: 5.1.02.01.01.0024}
      fund: {const: 1.1.01}
      ledger: {const: apbd}
      stage: {const: murni}
      stage_version: {const: 0}
      stage_locked: {const: true}
      amount: nilai
      description: uraian
";

impl Rig {
    /// A rig with a definition of one stream `dpa`: the lines of its source, and those of the stream beside [`MAP`].
    pub(crate) fn new(source: &str, stream: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = Bus::local();
        let hub = Hub::start(&bus);
        let mut options = Options::new(bus.clone(), folder.path().join("state.db"));
        options.schedule = false;
        options.reader = Reader::at(env!("CARGO_BIN_EXE_connector-worker"));
        options.variables = Variables::closed();
        options.tuning.first_wait = Duration::from_millis(5);
        let mut rig = Self { folder, bus, hub, options, definitions: Vec::new(), running: None };
        rig.define(source, stream);
        rig
    }

    /// Another definition; takes effect at the next start.
    pub(crate) fn define(&mut self, source: &str, stream: &str) {
        self.define_stream(source, &format!("{stream}{MAP}"));
    }

    /// Another definition of which the lines say everything of the stream.
    pub(crate) fn define_stream(&mut self, source: &str, stream: &str) {
        self.define_text(&format!("{SYSTEM}source:\n{source}\nstreams:\n  dpa:\n{stream}"));
    }

    /// One more definition beside those that there are.
    pub(crate) fn define_beside(&mut self, text: &str) {
        let mut before = std::mem::take(&mut self.definitions);
        self.define_text(text);
        before.append(&mut self.definitions);
        self.definitions = before;
    }

    pub(crate) fn define_text(&mut self, text: &str) {
        let (definitions, found) = definition::read(vec![Origin::new("test.yaml", text)]);
        assert!(
            !definitions.is_empty(),
            "{}\n{text}",
            found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        );
        self.define_as(definitions);
    }

    /// Other definitions, as they were read elsewhere.
    pub(crate) fn define_as(&mut self, definitions: Vec<Definition>) {
        self.definitions = definitions;
    }

    pub(crate) fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.options.variables.set(name, value);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn state_file(&self) -> &Path {
        &self.options.state
    }

    pub(crate) async fn start(&mut self) -> &Handle {
        if self.running.is_none() {
            let token = CancellationToken::new();
            let handle = Connector::spawn(&self.definitions, self.options.clone(), token.clone()).await;
            self.running = Some((handle.unwrap_or_else(|error| panic!("{error}")), token));
        }
        &self.running.as_ref().unwrap().0
    }

    /// Stops the connector as a shutdown does.
    pub(crate) async fn stop(&mut self) {
        if let Some((handle, _)) = self.running.take() {
            handle.stop().await;
        }
    }

    /// Runs the one stream and expects that it does not fail.
    pub(crate) async fn run(&mut self, full: bool) -> StreamReport {
        let report = self.try_run(full).await;
        assert_eq!(report.failure, None);
        if let Some(proof) = report.proof {
            assert_eq!(proof, self.hub.keep().proof("dpa"), "both sides hold the same");
        }
        report
    }

    /// Runs the one stream.
    pub(crate) async fn try_run(&mut self, full: bool) -> StreamReport {
        let report = self.start().await.run_all(full).await.remove(0);
        self.hub.keep().check_runs();
        report
    }

    /// Runs the one stream and gives how many records each page of its source had.
    pub(crate) async fn page_lengths(&mut self) -> Vec<u64> {
        let totals = Arc::new(Mutex::new(vec![0]));
        let seen = totals.clone();
        self.options.observer = Some(Arc::new(move |progress: Progress| {
            if !progress.ended {
                seen.lock().unwrap().push(progress.read);
            }
        }));
        self.run(true).await;
        let totals = totals.lock().unwrap();
        totals.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    pub(crate) fn name(&self) -> StreamName {
        StreamName::new("33.02", "sipd", "dpa")
    }

    /// Sends a command and gives its answer.
    pub(crate) async fn command(&mut self, order: Order) -> muara_schemas::control::Answer {
        self.start().await;
        let id = muara_schemas::canonical::hex(&muara_schemas::random::bytes::<16>());
        let command =
            Command { id: id.clone(), expires_at: Clock::system().now().plus_secs(60), stream: self.name(), order };
        self.bus.command(&command).await.unwrap();
        let hub = self.hub.clone();
        until("the command is answered", move || hub.keep().answers.iter().find(|answer| answer.command == id).cloned())
            .await
    }

    /// Waits until nothing runs any more.
    pub(crate) async fn idle(&mut self) {
        let handle = self.start().await;
        until("the connector is idle", || handle.is_idle().then_some(())).await;
    }
}

/// Waits until something is there.
pub(crate) async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A clock that stands on 2026-11-21 08:00 in Jakarta.
pub(crate) fn standing_clock() -> Clock {
    Clock::standing(
        "2026-11-21T01:00:00Z".parse::<jiff::Timestamp>().map(|at| Moment::from_micros(at.as_microsecond())).unwrap(),
    )
}
