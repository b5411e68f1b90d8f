//! One file a command.

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::{installation, output, telemetry};

mod backup;
pub(crate) mod bars;
mod changes;
mod conform;
mod connect;
mod connector;
mod demo;
mod doctor;
mod explain;
mod key;
mod lint;
mod plan;
mod preview;
mod quarantine;
mod schema;
mod serve;
mod source;
mod subscription;
mod sync;
mod view;

/// Does what was asked for.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let json = cli.json;
    match cli.command {
        Command::Config => {
            output::print(config::DEFAULT.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Explain { code } => return explain::run(&code, json),
        Command::Schema(what) => return schema::run(what, json),
        Command::Lint { paths } => return Ok(lint::run(&paths, json)),
        Command::Preview { file, stream, most } => {
            return preview::run(&file, stream.as_deref(), usize::from(most), json).await;
        }
        Command::Conform(options) => return conform::run(options, json).await,
        Command::Connector(what) => return connector::run(what, json).await,
        Command::Test { paths } => return Ok(lint::test(&paths, json)),
        _ => {}
    }
    let config = Config::load(cli.config.as_deref(), &installation::environment())?;
    telemetry::start(&config);
    match cli.command {
        Command::Demo(options) => demo::run(options, &config, json).await,
        Command::Serve(options) => serve::run(options, &config).await,
        Command::Connect(options) => connect::run(options, &config, json).await,
        Command::Plan { paths, read } => plan::run(&paths, read, &config, json).await,
        Command::Migrate => backup::migrate(&config).await,
        Command::Backup { file } => backup::backup(&config, &file).await,
        Command::Restore { file, yes } => backup::restore(&config, &file, yes).await,
        Command::Quarantine(what) => quarantine::run(what, &config, json).await,
        Command::Subscription(what) => subscription::run(what, &config, json).await,
        Command::Changes(what) => changes::run(what, &config, json).await,
        Command::Key(what) => key::run(what, &config, json).await,
        Command::Source(what) => source::run(what, &config, json).await,
        Command::View(what) => view::run(what, &config).await,
        Command::Doctor { paths } => doctor::run(&config, &paths, json).await,
        Command::Config
        | Command::Explain { .. }
        | Command::Schema(_)
        | Command::Lint { .. }
        | Command::Preview { .. }
        | Command::Conform(_)
        | Command::Connector(_)
        | Command::Test { .. } => Ok(ExitCode::SUCCESS),
    }
}
