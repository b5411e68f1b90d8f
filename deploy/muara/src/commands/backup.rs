//! `muara migrate`, `muara backup FILE`, `muara restore FILE`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use muara_hub::Hub;
use muara_hub::store::{Db, head, streams};
use muara_schemas::bus::Bus;
use muara_schemas::{Clock, random};
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
    // The target is tried first: what the database would say of it helps nobody.
    std::fs::File::create_new(file).and_then(|_| std::fs::remove_file(file)).map_err(|error| {
        Failure::usage("E0707", format!("could not make {}: {error}", file.display()), "name a file that can be made")
    })?;
    let db = installation::look(config).await?;
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
    let epoch = if let Some(target) = installation::sqlite_file(&config.database) {
        if target.exists() && !yes {
            return Err(Failure::usage(
                "E0709",
                format!("{} exists already", target.display()),
                "stop the hub and say --yes to replace it",
            ));
        }
        let broken = |error: std::io::Error| {
            Failure::unreachable(
                "E0708",
                format!("could not put {} in place: {error}", file.display()),
                "check the folder's rights and free space",
            )
        };
        // Whatever happens on the way, the target is either the old database or the whole new one.
        let beside = beside(&target, ".restoring");
        let _lock = installation::lock(&config.database)?;
        std::fs::copy(file, &beside).map_err(broken)?;
        let renewed = renew_copy(&beside, file).await;
        if renewed.is_err() {
            drop(std::fs::remove_file(&beside));
        }
        let epoch = renewed?;
        replace(&beside, &target).map_err(broken)?;
        epoch
    } else {
        if !yes {
            return Err(Failure::usage(
                "E0709",
                "a restore replaces the tables in the database",
                "stop every hub process and say --yes",
            ));
        }
        let arguments = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname="];
        tool("pg_restore", &arguments, file, &config.database).await?;
        renew(&config.database).await?
    };
    eprintln!("restored; the log's epoch is now {epoch}, subscribers and connectors will be told to start anew");
    Ok(ExitCode::SUCCESS)
}

/// Gives a database that was brought back a new epoch, so that no position means two things, and breaks the chains of
/// runs: connectors know of pages that it never saw. Answers the epoch.
async fn renew(database: &str) -> Result<String, Failure> {
    let hub = Hub::open(database, Bus::local(), Clock::system()).await?;
    let mut tx = hub.db.write().await?;
    let epoch = head::renew_epoch(&mut tx, random::bytes()).await?;
    streams::unchain(&mut tx, hub.clock.now()).await?;
    tx.commit().await?;
    hub.db.close().await;
    Ok(epoch)
}

/// The same for a copy of a file, if that is a database of ours at all.
async fn renew_copy(copy: &Path, file: &Path) -> Result<String, Failure> {
    let url = format!("sqlite:{}", copy.display());
    let found = match Db::open(&url).await {
        Ok(db) => {
            let found = db.migration().await;
            db.close().await;
            found.ok().flatten()
        }
        Err(_) => None,
    };
    if found.is_none_or(|found| found > Db::newest_migration()) {
        return Err(Failure::usage(
            "E0708",
            format!("{} is no backup that this version of Muara can read", file.display()),
            "name a file that `muara backup` wrote",
        ));
    }
    renew(&url).await
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Puts a closed database in the place of another, whose unsaved pages must not be taken for its own.
fn replace(new: &Path, target: &Path) -> std::io::Result<()> {
    for suffix in ["-wal", "-shm"] {
        match std::fs::remove_file(beside(target, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::rename(new, target)
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
