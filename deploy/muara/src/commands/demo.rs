//! `muara demo`: a simulated regency, connectors, hub and API in one process and one folder.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use muara_connectors::definition::{self, Origin, Variables};
use muara_connectors::ingest;
use muara_connectors::runner::{Connector, Handle, Options};
use muara_demo::Demo;
use muara_hub::Hub;
use muara_hub::access::{Role, Viewer};
use muara_hub::api::key::{Grants, READ, SUBSCRIBE};
use muara_hub::intake::Senders;
use muara_hub::webhook::guard::Policy;
use muara_hub::webhook::sender::Settings;
use muara_schemas::Clock;
use muara_schemas::bus::Bus;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bars::Bars;
use super::{key, serve, sync};
use crate::cli;
use crate::config::Config;
use crate::failure::{EXIT_FAILURES, Failure};
use crate::{installation, output};

/// Where the demo lives: a folder to keep, or one that goes away with it.
enum Folder {
    Kept(PathBuf),
    Passing(tempfile::TempDir),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Passing(folder) => folder.path(),
        }
    }
}

/// Runs the demo.
pub(super) async fn run(options: cli::Demo, _config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let folder = match &options.dir {
        Some(dir) => Folder::Kept(std::path::absolute(dir).map_err(|error| failed(&error))?),
        None => {
            Folder::Passing(tempfile::Builder::new().prefix("muara-demo-").tempdir().map_err(|error| failed(&error))?)
        }
    };
    let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
    installation::end_on_signal(token.clone(), &tasks);
    let still = options.still || options.once;
    let demo = Demo::start(folder.path(), options.seed, still, token.clone()).await.map_err(|error| failed(&error))?;
    if options.systems {
        return systems_only(&demo, &token, as_json).await;
    }
    let database = format!("sqlite:{}", folder.path().join("muara.db").display());
    let _lock = installation::lock(&database)?;
    let hub = Hub::open(&database, Bus::local(), Clock::system()).await?;
    let hub = Hub { webhooks: to_this_machine(), ..hub };
    hub.start(Senders::anybody(), &tasks, &token);
    let bars = Arc::new(Bars::new(as_json));
    let connectors = start_connectors(&demo, &hub, folder.path(), &options, &bars, &token).await?;
    let code = if options.once {
        tokio::select! {
            code = once(&hub, &connectors, &bars, as_json) => code?,
            () = token.cancelled() => stopped(),
        }
    } else {
        let running = Running { hub: &hub, connectors: &connectors, bars: &bars, folder: folder.path() };
        running.stay(options.port, &tasks, &token).await?;
        ExitCode::SUCCESS
    };
    connectors.stop().await;
    serve::end(&hub, &tasks, &token).await;
    Ok(code)
}

/// Webhooks of the demo may go to this machine over plain HTTP, so that a subscriber can be tried at once.
fn to_this_machine() -> Settings {
    let networks = vec![IpAddr::from(Ipv4Addr::LOCALHOST).into(), IpAddr::from(Ipv6Addr::LOCALHOST).into()];
    Settings { policy: Policy { networks, may_be_http: true }, ..Settings::default() }
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(
        "E0717",
        format!("the demo does not start: {error}"),
        "name another folder with --dir, or mend what is said",
    )
}

/// The variables that the demo's definitions refer to.
fn variables(demo: &Demo) -> Variables {
    demo.variables()
        .iter()
        .fold(Variables::new(), |variables, (name, value)| variables.with(name.clone(), value.clone()))
}

async fn start_connectors(
    demo: &Demo,
    hub: &Hub,
    folder: &Path,
    options: &cli::Demo,
    bars: &Arc<Bars>,
    token: &CancellationToken,
) -> Result<Handle, Failure> {
    let origins = Demo::definitions().iter().map(|(name, text)| Origin::new(format!("{name}.yaml"), *text)).collect();
    let (definitions, diagnostics) = definition::read(origins);
    if diagnostics.iter().any(definition::Diagnostic::is_error) {
        installation::tell(&diagnostics, false);
        return Err(failed(&"its definitions have errors"));
    }
    let bars = Arc::clone(bars);
    let settings = Options {
        variables: variables(demo),
        schedule: !options.once,
        observer: Some(Arc::new(move |progress| bars.show(&progress))),
        ..Options::new(hub.bus.clone(), folder.join("state.db"))
    };
    Connector::spawn(&definitions, settings, token.clone()).await.map_err(|error| serve::cannot_start(&error))
}

/// Somebody ended it before it was done.
pub(super) fn stopped() -> ExitCode {
    eprintln!("stopped before the sync was over");
    ExitCode::from(EXIT_FAILURES)
}

/// One full sync and its summary.
async fn once(hub: &Hub, connectors: &Handle, bars: &Bars, as_json: bool) -> Result<ExitCode, Failure> {
    let reports = connectors.run_all_full().await;
    sync::settle(hub, connectors).await?;
    bars.clear();
    let summary = sync::summarise(hub, &reports).await?;
    summary.show(as_json);
    Ok(if summary.is_good() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILURES) })
}

/// A demo that stays.
struct Running<'a> {
    hub: &'a Hub,
    connectors: &'a Handle,
    bars: &'a Bars,
    folder: &'a Path,
}

impl Running<'_> {
    /// Serves until it is told to end.
    async fn stay(&self, port: u16, tasks: &TaskTracker, token: &CancellationToken) -> Result<(), Failure> {
        let listener = serve::bind(&format!("127.0.0.1:{port}")).await?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let viewer = Viewer { role: Role::Leader, regions: None, agencies: None, may_see_personal: false };
        let scopes = vec![READ.to_owned(), SUBSCRIBE.to_owned()];
        let grants = Grants { scopes, ..Grants::reading(viewer) };
        let secret = key::create(self.hub, "demo", &grants, None).await?;
        self.bars.say(&welcome(&address.to_string(), &secret, self.folder));
        let first = async {
            self.connectors.run_all_full().await;
            sync::settle(self.hub, self.connectors).await
        };
        let door = ingest::router(self.connectors);
        let serving = serve::serve((self.hub, Some(door)), listener, tasks, token);
        tokio::pin!(serving);
        tokio::select! {
            () = &mut serving => return Ok(()),
            settled = first => match settled {
                Ok(()) => self.bars.say("The first full sync is done; whatever the systems say from now on, the view follows."),
                Err(failure) => self.bars.say(&failure.to_string()),
            },
        }
        self.bars.clear();
        serving.await;
        Ok(())
    }
}

fn welcome(address: &str, key: &str, folder: &Path) -> String {
    format!(
        "Muara answers on    http://{address}\n\
         API reference       http://{address}/docs\n\
         Folder              {folder}\n\
         A key for the API   {key}\n\n\
         Try:\n  \
         curl -s -H 'Authorization: Bearer {key}' 'http://{address}/api/v1/views/absorption?fiscal_year=2026'\n  \
         curl -s -H 'Authorization: Bearer {key}' 'http://{address}/api/v1/records?type=disbursement&limit=3'\n  \
         curl -s -H 'Authorization: Bearer {key}' 'http://{address}/api/v1/changes?limit=5'\n  \
         curl -N -H 'Authorization: Bearer {key}' 'http://{address}/api/v1/changes/stream'\n\n\
         Stop with Ctrl-C.",
        folder = folder.display()
    )
}

/// Only the simulated systems: prints what their definitions need and stays.
async fn systems_only(demo: &Demo, token: &CancellationToken, as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        output::json(demo.variables());
    } else {
        for (name, value) in demo.variables() {
            output::print(&format!("export {name}='{value}'"));
        }
    }
    token.cancelled().await;
    Ok(ExitCode::SUCCESS)
}
