//! `muara serve`: the hub, and connectors beside it when they are named.

use std::process::ExitCode;

use axum::Router;
use muara_connectors::definition::Variables;
use muara_connectors::ingest;
use muara_connectors::runner::reload::{self, Follower};
use muara_connectors::runner::{Connector, Options};
use muara_connectors::worker::Launch;
use muara_hub::{Hub, api};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::Serve;
use crate::config::Config;
use crate::failure::Failure;
use crate::installation;

/// Runs until it is told to end.
pub(super) async fn run(options: Serve, config: &Config) -> Result<ExitCode, Failure> {
    if config.bus == "local" && options.connect.is_empty() {
        return Err(Failure::usage(
            "E0714",
            "with `bus = \"local\"` nothing can reach this hub",
            "name definitions with --connect, or set `bus` to a broker",
        ));
    }
    // Before they are loaded, so that an edit in between is seen.
    let follower = Follower::new(options.connect.clone(), Variables::new(), Launch::again());
    let definitions = installation::definitions(&options.connect, &Variables::new())?;
    let _lock = installation::lock(&config.database)?;
    let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
    installation::end_on_signal(token.clone(), &tasks);
    // The bus outlives its readers and writers, so that what they finish is still acknowledged.
    let bus = installation::bus(config, CancellationToken::new()).await?;
    let hub = installation::hub(config, bus.clone()).await?;
    hub.start(config.senders(), &tasks, &token);
    let listen = options.listen.as_deref().unwrap_or(&config.listen);
    let listener = bind(listen).await?;
    let address = listener.local_addr().map_or_else(|_| listen.to_owned(), |address| address.to_string());
    tracing::info!("the hub answers on http://{address}");
    let connectors = if definitions.is_empty() {
        None
    } else {
        let options = Options::new(bus.clone(), &config.state);
        Some(Connector::spawn(&definitions, options, token.clone()).await.map_err(|error| cannot_start(&error))?)
    };
    let door = connectors.as_ref().map(ingest::router);
    let serving = serve((&hub, door), listener, &tasks, &token);
    if let Some(connectors) = connectors {
        let asked = installation::asked_to_look(token.clone(), &tasks);
        tokio::join!(serving, follower.follow(&connectors, reload::EVERY, &asked, &token));
        connectors.stop().await;
    } else {
        serving.await;
    }
    end(&hub, &tasks, &token).await;
    Ok(ExitCode::SUCCESS)
}

/// Opens the API's port.
pub(super) async fn bind(listen: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|error| {
        Failure::usage(
            "E0715",
            format!("could not listen on {listen}: {error}"),
            "name another address with --listen, or with --port for the demo",
        )
    })
}

/// Answers requests until the token is cancelled. `door` is where systems come in that call the connectors.
pub(super) async fn serve(
    (hub, door): (&Hub, Option<Router>),
    listener: TcpListener,
    tasks: &TaskTracker,
    token: &CancellationToken,
) {
    let router = api::router(api::App::new(hub, token.clone())).merge(door.unwrap_or_default());
    api::server::serve(listener, router, tasks.clone(), token.clone()).await;
}

/// Ends intake and readers, then the bus, then the database.
pub(super) async fn end(hub: &Hub, tasks: &TaskTracker, token: &CancellationToken) {
    token.cancel();
    tasks.close();
    tasks.wait().await;
    hub.bus.close().await;
    hub.db.close().await;
}

/// Connectors that cannot start.
pub(super) fn cannot_start(error: &muara_connectors::runner::StartError) -> Failure {
    Failure::usage("E0716", error.to_string(), "check the definitions with `muara lint` and the state file's folder")
}
