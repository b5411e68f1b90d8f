//! `muara subscription create|list|show|pause|resume|rotate|test|restart|delete|deliveries|resend|recover`

use std::process::ExitCode;

use muara_hub::access::Viewer;
use muara_hub::api::{deliveries as shown, key, subscriptions as told};
use muara_hub::event::Filter;
use muara_hub::store::deliveries::{self, Again};
use muara_hub::store::subscriptions::{self, Subscription as Row};
use muara_hub::store::{Tx, head, keys};
use muara_hub::subscribing::{Desk, Done, Order, Refusal, Wish, WishedTarget};
use muara_schemas::Clock;
use muara_schemas::bus::Bus;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::cli::{NewSubscription, Subscription, Wanted, What};
use crate::config::Config;
use crate::failure::Failure;
use crate::{installation, output};

/// Looks at subscriptions and gives them orders; a running hub carries them out within a second.
pub(super) async fn run(what: Subscription, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    match what {
        Subscription::Create(new) => create(*new, config, as_json).await?,
        Subscription::List => list(config, as_json).await?,
        Subscription::Show { id } => show(&id, config).await?,
        Subscription::Pause { id } => order(&id, Order::Pause, config, as_json).await?,
        Subscription::Resume { id } => order(&id, Order::Resume, config, as_json).await?,
        Subscription::Rotate { id } => order(&id, Order::Rotate, config, as_json).await?,
        Subscription::Test { id } => order(&id, Order::Test, config, as_json).await?,
        Subscription::Restart { id } => order(&id, Order::Restart, config, as_json).await?,
        Subscription::Recover { id, since } => {
            let moment = serde_json::from_value(Value::from(since.as_str())).map_err(|_| {
                Failure::usage("E0724", format!("`{since}` is no time"), "write it like 2026-01-31T08:00:00Z")
            })?;
            order(&id, Order::Recover { since: moment }, config, as_json).await?;
        }
        Subscription::Delete { id } => delete(&id, config).await?,
        Subscription::Deliveries { id, state, limit } => {
            of_webhook(&id, state.as_deref(), limit, config, as_json).await?;
        }
        Subscription::Resend { id, delivery } => resend(&id, delivery, config).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Which events, as the options say.
pub(super) fn filter(wanted: Wanted) -> Result<Filter, Failure> {
    let Wanted { types, region, agency, record_type, fund, conditions } = wanted;
    let conditions = conditions.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>();
    let conditions = conditions.map_err(|error| {
        let cure = r#"write {"path": "$.data.after.amount", "op": "gt", "value": "1000000.00"}"#;
        Failure::usage("E0724", format!("a condition is not as described: {error}"), cure)
    })?;
    Ok(Filter { types, regions: region, agencies: agency, record_types: record_type, funds: fund, conditions })
}

/// Carries one order out and tells what came of it.
pub(super) async fn order(id: &str, order: Order, config: &Config, as_json: bool) -> Result<(), Failure> {
    let hub = installation::hub(config, Bus::local()).await?;
    let mut tx = hub.db.write().await?;
    let head = head::read(&mut tx).await?;
    let row = find(&mut tx, id).await?;
    let viewer = rights(&mut tx, &row.key).await?;
    let done = hub.desk().carry_out(&mut tx, (&row, &head), &viewer, &order).await.map_err(refused)?;
    tx.commit().await?;
    hub.db.close().await;
    tell(&done, &order, as_json);
    Ok(())
}

fn tell(done: &Done, order: &Order, as_json: bool) {
    if as_json {
        output::json(done);
        return;
    }
    if let Some(secret) = &done.secret {
        output::print(secret);
        eprintln!("this secret is shown once; the old one signs beside it for a day");
    }
    if let Some(event) = &done.event {
        eprintln!("the event {event} is on its way; see `muara subscription deliveries`");
    }
    match (done.count, done.counted_whole) {
        (Some(count), Some(false)) => eprintln!("more than {count} events: the stretch is too long to be counted"),
        (Some(count), _) => eprintln!("{count} events"),
        (None, _) if done.secret.is_none() && done.event.is_none() => eprintln!("{}: done", order.word()),
        (None, _) => {}
    }
}

async fn create(new: NewSubscription, config: &Config, as_json: bool) -> Result<(), Failure> {
    let (target, what) = match new {
        NewSubscription::Webhook { url, concurrency, per_second, what } => {
            (WishedTarget::Webhook { url, concurrency, per_second }, what)
        }
        NewSubscription::Amqp { max_bytes, ttl_secs, what } => (WishedTarget::Amqp { max_bytes, ttl_secs }, what),
    };
    let What { key, name, from, filter: wanted, field } = what;
    let wish = Wish { name, target, filter: filter(wanted)?, fields: field, from };
    let token = CancellationToken::new();
    let bus = match &wish.target {
        WishedTarget::Amqp { .. } => installation::bus(config, token.clone()).await?,
        WishedTarget::Webhook { .. } => Bus::local(),
    };
    let hub = installation::hub(config, bus).await?;
    let desk: Desk = hub.desk();
    let mut tx = hub.db.write().await?;
    let viewer = rights(&mut tx, &key).await?;
    let by = installation::signature();
    let made = desk.make(&mut tx, (&key, &viewer), wish, &by).await.map_err(refused)?;
    tx.commit().await?;
    hub.bus.close().await;
    hub.db.close().await;
    if as_json {
        output::json(&made);
        return Ok(());
    }
    output::print(&made.id);
    if let Some(secret) = &made.secret {
        output::print(secret);
        eprintln!("the second line is the secret that signs; it is shown once");
    }
    if let Some(queue) = &made.queue {
        output::print(queue);
        eprintln!(
            "the second line is the queue. The operator of the broker lets an application read it, and nothing else:"
        );
        made.commands.iter().for_each(|command| eprintln!("  {command}"));
    }
    Ok(())
}

async fn list(config: &Config, as_json: bool) -> Result<(), Failure> {
    let db = installation::look(config).await?;
    let mut tx = db.read().await?;
    let head = head::read(&mut tx).await?;
    let mut items = Vec::new();
    for row in subscriptions::page(&mut tx, None, 0, 10_000).await? {
        items.push(told::show(&mut tx, row, &head, &config.bus_prefix).await?);
    }
    drop(tx);
    db.close().await;
    if as_json {
        output::json(&serde_json::json!({"items": items}));
        return Ok(());
    }
    let rows = items
        .into_iter()
        .map(|item| {
            let state = item.reason.map_or(item.state.clone(), |reason| format!("{}: {reason}", item.state));
            let place = item.url.or(item.queue).unwrap_or_default();
            vec![
                item.id,
                item.name,
                place,
                state,
                item.lag.to_string(),
                item.pending.to_string(),
                item.told.to_string(),
                item.trouble.unwrap_or_default(),
            ]
        })
        .collect();
    let header = ["id", "name", "where", "state", "behind", "pending", "told", "trouble"];
    output::table(&header, rows, "no subscriptions yet; `muara subscription create` makes one");
    Ok(())
}

async fn show(id: &str, config: &Config) -> Result<(), Failure> {
    let db = installation::look(config).await?;
    let mut tx = db.read().await?;
    let head = head::read(&mut tx).await?;
    let row = find(&mut tx, id).await?;
    output::json(&told::show(&mut tx, row, &head, &config.bus_prefix).await?);
    drop(tx);
    db.close().await;
    Ok(())
}

async fn delete(id: &str, config: &Config) -> Result<(), Failure> {
    let db = installation::look(config).await?;
    let mut tx = db.read().await?;
    let is_queue = find(&mut tx, id).await?.kind == "amqp";
    drop(tx);
    db.close().await;
    let bus = if is_queue { installation::bus(config, CancellationToken::new()).await? } else { Bus::local() };
    let hub = installation::hub(config, bus).await?;
    let mut tx = hub.db.write().await?;
    let row = find(&mut tx, id).await?;
    hub.desk().remove(&mut tx, &row).await.map_err(refused)?;
    tx.commit().await?;
    hub.bus.close().await;
    hub.db.close().await;
    eprintln!("{id} is gone");
    Ok(())
}

async fn of_webhook(id: &str, state: Option<&str>, limit: u32, config: &Config, as_json: bool) -> Result<(), Failure> {
    let db = installation::look(config).await?;
    let mut tx = db.read().await?;
    let row = find(&mut tx, id).await?;
    let rows = deliveries::page(&mut tx, row.subscription, state, i64::MAX, i64::from(limit)).await?;
    drop(tx);
    db.close().await;
    let items: Vec<_> = rows.into_iter().map(shown::show).collect();
    if as_json {
        output::json(&serde_json::json!({"items": items}));
        return Ok(());
    }
    let rows = items
        .into_iter()
        .map(|item| {
            let next = item.next_at.map(|at| at.to_string()).unwrap_or_default();
            vec![item.id.to_string(), item.event, item.kind, item.state, item.attempts.to_string(), next]
        })
        .collect();
    output::table(&["id", "event", "type", "state", "attempts", "next"], rows, "nothing was told yet");
    Ok(())
}

async fn resend(id: &str, delivery: i64, config: &Config) -> Result<(), Failure> {
    let db = installation::look(config).await?;
    let mut tx = db.write().await?;
    let row = find(&mut tx, id).await?;
    let now = Clock::system().now();
    if deliveries::resend(&mut tx, row.subscription, Again::One(delivery), now).await? == 0 {
        let cure = "see `muara subscription deliveries`; what has arrived is told again by `muara changes replay`";
        return Err(Failure::usage("E0725", format!("no delivery {delivery} waits or was given up"), cure));
    }
    tx.commit().await?;
    db.close().await;
    eprintln!("the delivery {delivery} is tried again");
    Ok(())
}

async fn find(tx: &mut Tx, id: &str) -> Result<Row, Failure> {
    subscriptions::find(tx, id, None).await?.ok_or_else(|| {
        Failure::usage("E0725", format!("there is no subscription `{id}`"), "see `muara subscription list`")
    })
}

/// What the holder of a key may see.
async fn rights(tx: &mut Tx, id: &str) -> Result<Viewer, Failure> {
    let stored = keys::find(tx, id).await?;
    let granted = stored.and_then(|stored| key::granted(&stored, Clock::system().now()).ok());
    granted
        .map(|grants| grants.viewer())
        .ok_or_else(|| Failure::usage("E0718", format!("no valid key has the id `{id}`"), "see `muara key list`"))
}

fn refused(refusal: Refusal) -> Failure {
    let cure = match &refusal {
        Refusal::Endpoint(_) => "see `webhook_networks` and `webhook_http` in `muara config`",
        Refusal::Bus(_) => "a queue needs a broker: see `bus` in `muara config`",
        _ => "see `muara help subscription create`",
    };
    Failure::usage("E0724", refusal.to_string(), cure)
}
