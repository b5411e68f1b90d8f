//! `muara changes tail|replay`

use std::process::ExitCode;
use std::time::Duration;

use muara_hub::Hub;
use muara_hub::access::Viewer;
use muara_hub::event::Filter;
use muara_hub::store::head;
use muara_hub::subscriber::Subscriber;
use muara_hub::subscribing::{self, Order};
use muara_hub::subscription::Start;
use muara_schemas::bus::Bus;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::subscription;
use crate::cli::Changes;
use crate::config::Config;
use crate::failure::Failure;
use crate::{installation, output};

/// How often the log is looked at.
const POLL: Duration = Duration::from_millis(250);
/// How many events are read at once.
const BATCH: usize = 500;
/// How many stretches are looked at in one go.
const SPANS: usize = 20;

/// Prints changes, or tells a subscription some of them again.
pub(super) async fn run(what: Changes, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    match what {
        Changes::Tail { after, no_follow, personal, filter } => {
            let filter = subscription::filter(filter)?;
            // The tables of a running hub are looked at, never made here.
            installation::look(config).await?.close().await;
            let hub = installation::hub(config, Bus::local()).await?;
            tail(&hub, after.as_deref(), &filter, personal, !no_follow).await?;
            hub.db.close().await;
        }
        Changes::Replay { id, after, until, dry_run } => {
            subscription::order(&id, Order::Replay { after, until, dry_run }, config, as_json).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn tail(hub: &Hub, after: Option<&str>, filter: &Filter, personal: bool, follow: bool) -> Result<(), Failure> {
    let wrong = |what: String| Failure::usage("E0724", what, "see `muara help changes tail`");
    let viewer = Viewer { may_see_personal: personal, ..Viewer::internal() };
    let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
    installation::end_on_signal(token.clone(), &tasks);
    let mut from: Option<(String, i64)> = None;
    while !token.is_cancelled() {
        let mut tx = hub.db.read().await?;
        let head = head::read(&mut tx).await?;
        let place = if let Some((epoch, place)) = from {
            if epoch != head.epoch {
                return Err(wrong("the database was restored: what was told may not stand any more".into()));
            }
            place
        } else {
            let start = Start::parse(after.unwrap_or("now")).filter(|start| *start != Start::Snapshot);
            let start = start.ok_or_else(|| wrong("`--after` is a position, a time, `now` or `beginning`".into()))?;
            subscribing::place(&mut tx, &start, &head).await.map_err(|refusal| wrong(refusal.to_string()))?
        };
        let told = Subscriber::new(&viewer, filter, &hub.name, &head.epoch).map_err(wrong)?;
        let stretch = told.read(&mut tx, &head, place, BATCH, SPANS).await?;
        drop(tx);
        stretch.events.iter().for_each(|event| output::print(event.whole().get()));
        let is_behind = stretch.until < head.seq;
        from = Some((head.epoch, stretch.until));
        if is_behind {
            continue;
        }
        if !follow {
            break;
        }
        tokio::select! {
            () = token.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
    token.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}
