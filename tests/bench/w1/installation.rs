//! Muara under measurement: a hub and a connector on a fresh database, with fresh queues and a fresh state file.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use muara_hub::store::Db;
use muara_hub::store::rows::Statement;
use muara_schemas::canonical::hex;
use muara_schemas::random;
use muara_tests::{Muara, Running, free_port};
use tempfile::TempDir;

use crate::meter::{self, Client, Cost, Meter};
use crate::world::World;

/// How often it is looked whether the work is done.
const LOOK: Duration = Duration::from_millis(5);
/// How long one piece of work may take.
const LONGEST: Duration = Duration::from_mins(15);
/// The program says that a run is over at this level, and nothing else but warnings and where the hub answers.
const LOG: &str = "warn,muara::commands::serve=info,muara_connectors::runner::run=debug";

/// Which definition of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Everything each time.
    Whole,
    /// From the cursor, once everything was read.
    Cursor,
}

/// An installation in a folder of its own.
pub(crate) struct Installation {
    folder: TempDir,
    program: Muara,
    definition: String,
    database: String,
    db: Db,
    hub: Option<Running>,
    expected: Expected,
}

/// What the hub is to hold when the work is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Expected {
    full: i64,
    incremental: i64,
    changes: i64,
}

/// What the hub holds.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    /// Full runs that are complete and whose proof both sides agree on.
    proved: i64,
    incremental: i64,
    /// Runs that went wrong, and records that wait for somebody.
    wrong: i64,
    head: i64,
    cursor: i64,
    live: i64,
}

/// The program: the one named, or the one that is built now, with the same profile as this bench.
pub(crate) fn program(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(named) = named {
        return named.canonicalize().with_context(|| format!("there is no program {}", named.display()));
    }
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let built = Command::new(cargo)
        .args(["build", "--release", "-p", "muara"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    ensure!(built.success(), "the program could not be built");
    // target/release/deps/w1-… → target/release/muara
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(Path::parent).context("the bench stands in a folder of the target")?;
    program(Some(&folder.join("muara")))
}

impl Installation {
    /// Over PostgreSQL and RabbitMQ, with its hub running.
    pub(crate) async fn large(world: &World, program: &Path, reading: Reading) -> Result<Self> {
        let database = world.services.fresh_postgres().await;
        let mut installation =
            Self::new(world, program, reading, tempfile::tempdir()?, database, &world.services.amqp_url).await?;
        let mut hub = installation.program.start(&["serve"]);
        hub.wait_for_line("the hub answers", Duration::from_secs(60));
        installation.hub = Some(hub);
        Ok(installation)
    }

    /// In one process, on SQLite; not running yet.
    pub(crate) async fn small(world: &World, program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = format!("sqlite:{}", folder.path().join("muara.db").display());
        Self::new(world, program, Reading::Whole, folder, database, "local").await
    }

    async fn new(
        world: &World,
        program: &Path,
        reading: Reading,
        folder: TempDir,
        database: String,
        bus: &str,
    ) -> Result<Self> {
        let name = if reading == Reading::Cursor { "w1-cursor.yaml" } else { "w1.yaml" };
        let definition = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(name).display().to_string();
        let program = Muara::new(program, folder.path())
            .with("MUARA_DATABASE", &database)
            .with("MUARA_BUS", bus)
            .with("MUARA_BUS_PREFIX", format!("b{}.", hex(&random::bytes::<4>())))
            .with("MUARA_LISTEN", format!("127.0.0.1:{}", free_port()))
            .with("MUARA_STATE", folder.path().join("state.db").display().to_string())
            .with("MUARA_LOG", LOG)
            .with("MUARA_BENCH_SOURCE", world.source());
        let migrated = program.run(&["migrate"]);
        ensure!(migrated.status.success(), "the hub's database could not be made: {}", migrated.stderr);
        let db = Db::open(&database).await?;
        Ok(Self { folder, program, definition, database, db, hub: None, expected: Expected::default() })
    }

    /// `connect --once`: from the start of the connector until it has ended, the hub has committed everything, the proof
    /// is equal and the readers have caught up. `changes` is how many changes this must make.
    pub(crate) async fn once(&mut self, world: &World, changes: u64) -> Result<Cost> {
        self.expect(1, 0, changes)?;
        world.calm().await?;
        let meter = Meter::start(world.servers, self.hub.as_ref().map(Running::pid)).await;
        let mut connector = self.program.start(&["connect", &self.definition, "--once"]);
        let mut peak = 0.0_f64;
        until("the connector to end", || {
            peak = peak.max(meter::peak_mb(connector.pid()));
            Ok(!connector.is_running())
        })
        .await?;
        self.settle().await?;
        let cost = meter.end(Client::Ended, peak);
        let ended = connector.finish(LONGEST);
        ensure!(ended.status.success(), "the connector failed:\n{}\n{}", ended.stdout, ended.stderr);
        self.check(world).await?;
        Ok(cost)
    }

    /// `connect` with schedules: from the start of the connector until its first run, from the cursor, is over on both
    /// sides. The connector itself goes on and is ended afterwards.
    pub(crate) async fn scheduled(&mut self, world: &World, changes: u64) -> Result<Cost> {
        // The first run of a process tells how it ended even when it found nothing.
        self.expect(0, 1, changes)?;
        world.calm().await?;
        let meter = Meter::start(world.servers, self.hub.as_ref().map(Running::pid)).await;
        let mut connector = self.program.start(&["connect", &self.definition]);
        until("the connector's run to end", || {
            ensure!(connector.is_running(), "the connector ended: {}", connector.stderr());
            Ok(connector.stderr().contains("run ended"))
        })
        .await?;
        self.settle().await?;
        let cost = meter.end(Client::Running(connector.pid()), 0.0);
        drop(connector.stop(Duration::from_secs(30)));
        self.check(world).await?;
        Ok(cost)
    }

    /// `serve --connect`: from the start of the one process until the first read is in, proved and projected.
    pub(crate) async fn whole(&mut self, world: &World, changes: u64) -> Result<Cost> {
        self.expect(1, 0, changes)?;
        world.calm().await?;
        let meter = Meter::start(world.servers, None).await;
        let mut both = self.program.start(&["serve", "--connect", &self.definition]);
        until("the run to end", || {
            ensure!(both.is_running(), "the program ended: {}", both.stderr());
            Ok(both.stderr().contains("run ended"))
        })
        .await?;
        self.settle().await?;
        let cost = meter.end(Client::Running(both.pid()), 0.0);
        drop(both.stop(Duration::from_secs(30)));
        self.check(world).await?;
        Ok(cost)
    }

    /// Ends everything and leaves nothing behind.
    pub(crate) async fn end(mut self, world: &World) -> Result<()> {
        if let Some(hub) = self.hub.take() {
            drop(hub.stop(Duration::from_secs(30)));
        }
        self.db.close().await;
        if self.database.starts_with("postgres") {
            world.drop_database(&self.database).await?;
        }
        Ok(self.folder.close()?)
    }

    fn expect(&mut self, full: i64, incremental: i64, changes: u64) -> Result<()> {
        self.expected.full += full;
        self.expected.incremental += incremental;
        self.expected.changes += i64::try_from(changes)?;
        Ok(())
    }

    /// Waits until the hub holds what is expected and its readers stand at the head of the log.
    async fn settle(&self) -> Result<()> {
        let end = Instant::now() + LONGEST;
        loop {
            let standing = self.standing().await?;
            ensure!(standing.wrong == 0, "a run went wrong, or records are in quarantine: {standing:?}");
            let arrived = standing.proved >= self.expected.full && standing.incremental >= self.expected.incremental;
            if arrived && standing.cursor >= standing.head {
                return Ok(());
            }
            ensure!(Instant::now() < end, "the hub did not settle: {standing:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Makes sure that the work was done and not only timed.
    async fn check(&self, world: &World) -> Result<()> {
        let standing = self.standing().await?;
        let (live, changes) = (i64::from(world.rows), self.expected.changes);
        ensure!(
            standing.live == live && standing.head == changes,
            "expected {live} records and {changes} changes, found {standing:?}"
        );
        Ok(())
    }

    async fn standing(&self) -> Result<Standing> {
        let mut tx = self.db.read().await?;
        let (proved, incremental, wrong, head, cursor): (i64, i64, i64, i64, i64) = Statement::new(
            "select \
             (select count(*) from runs where kind = 'full' and state = 'complete' and proof_count = hub_count \
               and proof_digest = hub_digest), \
             (select count(*) from runs where kind = 'incremental' and state = 'complete'), \
             (select count(*) from runs where state not in ('running', 'complete') or kind = 'compare') \
               + (select count(*) from quarantine), \
             (select seq from log_head), \
             (select coalesce(min(cursor), 0) from readers)",
        )
        .fetch_one(&mut tx)
        .await?;
        let live = if cursor == head && proved >= self.expected.full {
            let (live,): (i64,) =
                Statement::new("select count(*) from records where deleted_at is null").fetch_one(&mut tx).await?;
            live
        } else {
            0
        };
        Ok(Standing { proved, incremental, wrong, head, cursor, live })
    }
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + LONGEST;
    while !holds()? {
        if Instant::now() > end {
            bail!("waited {} min in vain for {what}", LONGEST.as_secs() / 60);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
