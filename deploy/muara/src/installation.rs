//! The parts of an installation, opened as the configuration says.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::Arc;

use muara_connectors::definition::{Definition, Diagnostic, Variables};
use muara_connectors::worker::Evaluator;
use muara_hub::Hub;
use muara_hub::store::Db;
use muara_schemas::Clock;
use muara_schemas::bus::{AmqpConfig, Bus};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::failure::Failure;

/// The environment of this process, read once.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub(crate) fn environment() -> BTreeMap<String, String> {
    std::env::vars().collect()
}

/// Who works at this machine, as it is noted with what was done.
pub(crate) fn signature() -> String {
    let environment = environment();
    let user = environment.get("USER").or_else(|| environment.get("LOGNAME"));
    format!("command line:{}", user.map_or("unknown", String::as_str))
}

/// Opens the bus.
pub(crate) async fn bus(config: &Config, token: CancellationToken) -> Result<Bus, Failure> {
    if config.bus == "local" {
        return Ok(Bus::local());
    }
    let uris = config.uris().map(str::to_owned).collect();
    let amqp = AmqpConfig { prefix: config.bus_prefix.clone(), ..AmqpConfig::new(uris) };
    Bus::connect(amqp, token).await.map_err(|error| {
        Failure::unreachable("E0711", error.to_string(), "check `bus` in muara.toml and the broker's user and queues")
    })
}

/// Opens the hub and its database.
pub(crate) async fn hub(config: &Config, bus: Bus) -> Result<Hub, Failure> {
    let hub = Hub::open(&config.database, bus, Clock::system()).await?;
    Ok(Hub { webhooks: config.webhooks()?, ..hub })
}

/// Opens a database that is there, to look at it: makes no file and changes no table.
pub(crate) async fn look(config: &Config) -> Result<Db, Failure> {
    if let Some(file) = sqlite_file(&config.database).filter(|file| !file.exists()) {
        return Err(Failure::unreachable(
            "E0710",
            format!("there is no database {}", file.display()),
            "name the right one in muara.toml; `muara serve` and `muara migrate` make one",
        ));
    }
    let db = Db::open(&config.database).await?;
    match db.migration().await? {
        Some(newest) if newest == Db::newest_migration() => Ok(db),
        found => Err(Failure::unreachable(
            "E0710",
            format!("the database's tables are at migration {}, not {}", found.unwrap_or(0), Db::newest_migration()),
            "run `muara migrate` of the version that you want to use",
        )),
    }
}

/// Makes sure that no other process works on a database in one file, for as long as the answer lives.
pub(crate) fn lock(database: &str) -> Result<Option<File>, Failure> {
    let Some(file) = sqlite_file(database) else { return Ok(None) };
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let unable = |error: std::io::Error| {
        Failure::unreachable(
            "E0710",
            format!("could not make {}: {error}", lock.display()),
            "check the folder's rights",
        )
    };
    let held = File::options().create(true).truncate(false).write(true).open(&lock).map_err(unable)?;
    match held.try_lock() {
        Ok(()) => Ok(Some(held)),
        Err(TryLockError::WouldBlock) => Err(Failure::usage(
            "E0721",
            format!("another muara works on {}", file.display()),
            "stop it first; several processes may share a PostgreSQL database",
        )),
        Err(TryLockError::Error(error)) => Err(unable(error)),
    }
}

/// The file of an SQLite database.
pub(crate) fn sqlite_file(database: &str) -> Option<PathBuf> {
    let path = database.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.trim_start_matches("//").split('?').next().unwrap_or(path)))
}

/// Prints what is wrong with definitions; answers how many errors there are.
pub(crate) fn tell(diagnostics: &[Diagnostic], json: bool) -> usize {
    if json {
        crate::output::json(&diagnostics);
    } else {
        for diagnostic in diagnostics {
            eprintln!("{diagnostic}\n");
        }
    }
    diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
}

/// Loads definitions, or tells everything that is wrong with them.
pub(crate) fn definitions(paths: &[PathBuf], variables: &Variables) -> Result<Vec<Definition>, Failure> {
    muara_connectors::definition::load(paths, variables, &mut Evaluator::own().asker())
        .map_err(|found| unusable(&found))
}

/// The same to look at what they would do: what only keeps records from being sent is told and stands in nobody's way.
pub(crate) fn drafts(paths: &[PathBuf], variables: &Variables) -> Result<Vec<Definition>, Failure> {
    let read = muara_connectors::definition::try_out(paths, variables, &mut Evaluator::own().asker());
    let (definitions, mut warnings) = read.map_err(|found| unusable(&found))?;
    warnings.retain(|warning| warning.code == "E0122");
    tell(&warnings, false);
    Ok(definitions)
}

fn unusable(found: &[Diagnostic]) -> Failure {
    let errors = tell(found, false);
    Failure::usage(
        "E0703",
        format!("{errors} errors in the connector definitions"),
        "mend what is listed above; `muara lint` shows it again, but for variables that are not set",
    )
}

/// Tells when the process is told to look at its definitions again: SIGHUP, as other servers take it.
pub(crate) fn asked_to_look(token: CancellationToken, tasks: &TaskTracker) -> Arc<Notify> {
    let asked = Arc::new(Notify::new());
    let notice = asked.clone();
    tasks.spawn(async move {
        let Ok(mut signal) = signal(SignalKind::hangup()) else { return };
        while let Some(Some(())) = token.run_until_cancelled(signal.recv()).await {
            notice.notify_one();
        }
    });
    asked
}

/// Ends at Ctrl-C or when the process is told to terminate.
pub(crate) fn end_on_signal(token: CancellationToken, tasks: &TaskTracker) {
    tasks.spawn(async move {
        let terminated = async {
            match signal(SignalKind::terminate()) {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminated => {}
            () = token.cancelled() => {}
        }
        token.cancel();
    });
}
