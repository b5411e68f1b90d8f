//! Peers: the same rows with other tools, when the environment says where they are.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::meter::{self, Client, Cost, Meter};
use crate::world::World;

const LOOK: Duration = Duration::from_millis(10);
/// How often memory is looked at: all processes of the machine are gone through for it.
const LOOK_AT_MEMORY: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_mins(15);

/// How a peer brings its copy up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Throws the copy away and makes a new one.
    Refresh,
    /// Reads everything and merges by key.
    Merge,
    /// Reads what is new by `updated_at` and merges by key.
    Cursor,
}

/// sling: the bare copy in Go.
pub(crate) async fn sling(world: &World, program: &Path, folder: &Path, way: Way) -> Result<Cost> {
    let mut command = Command::new(program);
    command
        .args(["run", "--src-conn", "SOURCE", "--src-stream", "public.budget_line"])
        .args(["--tgt-conn", "DESTINATION", "--tgt-object", "sling.budget_line", "--primary-key", "id"])
        .args(match way {
            Way::Refresh => &["--mode", "full-refresh"][..],
            Way::Merge => &["--mode", "incremental"],
            Way::Cursor => &["--mode", "incremental", "--update-key", "updated_at"],
        })
        .env("SOURCE", format!("{}?sslmode=disable", world.source()))
        .env("DESTINATION", format!("{}?sslmode=disable", world.destination()))
        .env("SLING_HOME_DIR", folder)
        .env("SLING_DISABLE_TELEMETRY", "true")
        .env("SLING_LOADED_AT_COLUMN", "false");
    let cost = run(world, command, folder).await?;
    world.compare("sling.budget_line").await?;
    Ok(cost)
}

/// dlt: the Python library, with its fastest reader.
pub(crate) async fn dlt(world: &World, python: &Path, folder: &Path, way: Way) -> Result<Cost> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers/dlt_w1.py");
    let mut command = Command::new(python);
    command.arg(script).args([world.source(), world.destination()]).arg(folder);
    command.arg(if way == Way::Cursor { "cursor" } else { "full" });
    let cost = run(world, command, folder).await?;
    world.compare("dlt.budget_line").await?;
    Ok(cost)
}

async fn run(world: &World, mut command: Command, folder: &Path) -> Result<Cost> {
    world.calm().await?;
    let log = folder.join("peer.log");
    let said = File::create(&log)?;
    command.current_dir(folder).stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
    let meter = Meter::start(world.servers, None).await;
    let mut child = command.spawn().with_context(|| format!("start {:?}", command.get_program()))?;
    let (end, mut looked, mut peak) = (Instant::now() + LONGEST, Instant::now(), 0.0_f64);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > end {
            child.kill()?;
        }
        if looked.elapsed() > LOOK_AT_MEMORY {
            peak = peak.max(meter::tree_peak_mb(child.id()));
            looked = Instant::now();
        }
        tokio::time::sleep(LOOK).await;
    };
    let cost = meter.end(Client::Ended, peak);
    ensure!(status.success(), "{:?} failed:\n{}", command.get_program(), std::fs::read_to_string(&log)?);
    Ok(cost)
}
