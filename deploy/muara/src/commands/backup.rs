//! `muara migrate`, `muara backup FILE`, `muara restore FILE`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use muara_hub::store::{Db, head, streams};
use muara_schemas::bus::Bus;
use muara_schemas::random;
use tokio::process::Command;

use crate::config::Config;
use crate::failure::Failure;
use crate::installation;

/// Brings the tables up to this version.
pub(super) async fn migrate(config: &Config) -> Result<ExitCode, Failure> {
    let hub = installation::hub(config, Bus::local()).await?;
    eprintln!("the {} database is at migration {}", hub.db.engine(), Db::newest_migration());
    hub.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Copies the database into a file, while it is in use.
pub(super) async fn backup(config: &Config, file: &Path) -> Result<ExitCode, Failure> {
    if file.exists() {
        return Err(Failure::usage(
            "E0707",
            format!("{} exists already", file.display()),
            "name a file that does not exist",
        ));
    }
    let db = Db::open(&config.database).await?;
    if db.copy_into(file).await?.is_none() {
        // PostgreSQL's own tool makes the best copy; the address goes by its environment, not by the process list.
        tool("pg_dump", &["--format=custom", "--no-owner", "--file"], file, &config.database).await?;
    }
    db.close().await;
    eprintln!("the database is copied into {}", file.display());
    Ok(ExitCode::SUCCESS)
}

/// Puts a backup in the database's place and gives the log a new epoch.
pub(super) async fn restore(config: &Config, file: &Path, yes: bool) -> Result<ExitCode, Failure> {
    if !file.is_file() {
        return Err(Failure::usage(
            "E0708",
            format!("there is no file {}", file.display()),
            "name a file that `muara backup` wrote",
        ));
    }
    if let Some(target) = sqlite_file(&config.database) {
        if target.exists() && !yes {
            return Err(Failure::usage(
                "E0709",
                format!("{} exists already", target.display()),
                "stop the hub and say --yes to replace it",
            ));
        }
        replace(file, &target).map_err(|error| {
            Failure::unreachable(
                "E0708",
                format!("could not copy {}: {error}", file.display()),
                "check the folder's rights and free space",
            )
        })?;
    } else {
        if !yes {
            return Err(Failure::usage(
                "E0709",
                "a restore replaces the tables in the database",
                "stop every hub process and say --yes",
            ));
        }
        tool(
            "pg_restore",
            &["--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname="],
            file,
            &config.database,
        )
        .await?;
    }
    let hub = installation::hub(config, Bus::local()).await?;
    let mut tx = hub.db.write().await?;
    let epoch = head::renew_epoch(&mut tx, random::bytes()).await?;
    // Connectors know of pages that this database never saw.
    streams::unchain(&mut tx, hub.clock.now()).await?;
    tx.commit().await?;
    hub.db.close().await;
    eprintln!("restored; the log's epoch is now {epoch}, subscribers will be told to start anew");
    Ok(ExitCode::SUCCESS)
}

fn sqlite_file(database: &str) -> Option<PathBuf> {
    let path = database.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.trim_start_matches("//").split('?').next().unwrap_or(path)))
}

/// Copies beside the target and renames, so that a half-written database never stands in its place.
fn replace(from: &Path, target: &Path) -> std::io::Result<()> {
    let mut beside = target.as_os_str().to_owned();
    beside.push(".restoring");
    std::fs::copy(from, &beside)?;
    for suffix in ["-wal", "-shm"] {
        let mut leftover = target.as_os_str().to_owned();
        leftover.push(suffix);
        match std::fs::remove_file(&leftover) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::rename(beside, target)
}

/// Runs one of PostgreSQL's tools on the configured database; address and password go by its environment, which other
/// users of the machine cannot read, unlike its arguments.
async fn tool(name: &str, arguments: &[&str], file: &Path, database: &str) -> Result<(), Failure> {
    let address = url::Url::parse(database).map_err(|error| {
        Failure::usage(
            "E0702",
            format!("`database` is no address: {error}"),
            "write postgres://user:password@host/name",
        )
    })?;
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut command = Command::new(name);
    command.args(arguments).arg(file);
    command.env("PGDATABASE", decoded(address.path().trim_start_matches('/')));
    if let Some(host) = address.host_str() {
        command.env("PGHOST", decoded(host));
    }
    if let Some(port) = address.port() {
        command.env("PGPORT", port.to_string());
    }
    if !address.username().is_empty() {
        command.env("PGUSER", decoded(address.username()));
    }
    if let Some(password) = address.password() {
        command.env("PGPASSWORD", decoded(password));
    }
    let status = command.status().await.map_err(|error| {
        Failure::unreachable("E0712", format!("could not run {name}: {error}"), "install PostgreSQL's client programs")
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::unreachable("E0712", format!("{name} ended with {status}"), "its own words stand above"))
}
