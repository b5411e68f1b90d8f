//! `muara quarantine list|show|replay|replays|stop|discard`

use std::process::ExitCode;

use muara_hub::access::Viewer;
use muara_hub::api::replays::Filter;
use muara_hub::store::discards::{self, Outcome, Wish};
use muara_hub::store::{Db, causes, entries};
use muara_schemas::{Clock, Moment};
use serde_json::{Value, json};

use crate::cli::{Quarantine, Which};
use crate::config::Config;
use crate::failure::Failure;
use crate::{installation, output};

mod replay;

/// Looks at records that wait for somebody, and lays their replay or discard down. On the machine itself nothing is
/// hidden, and a running hub does the work.
pub(super) async fn run(what: Quarantine, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let db = installation::look(config).await?;
    let mut code = ExitCode::SUCCESS;
    match what {
        Quarantine::List { which, entries, limit } => {
            let filter = filter(which, Vec::new()).open();
            if entries {
                single(&db, &filter, limit, as_json).await?;
            } else {
                grouped(&db, &filter, limit, as_json).await?;
            }
        }
        Quarantine::Show { entry } => show(&db, entry).await?,
        Quarantine::Replay { which, entry, dry_run, no_wait } => {
            code = replay::begin(&db, filter(which, entry), dry_run, !no_wait, as_json).await?;
        }
        Quarantine::Replays { limit } => replay::list(&db, limit, as_json).await?,
        Quarantine::Stop { replay } => replay::stop(&db, replay, as_json).await?,
        Quarantine::Discard { entry, reason } => discard(&db, entry, reason.trim()).await?,
    }
    db.close().await;
    Ok(code)
}

fn filter(which: Which, entries: Vec<i64>) -> Filter {
    let Which { mut region, mut system, mut stream, agency, code, field } = which;
    // A stream may be named as lists show it: REGION/SYSTEM/STREAM.
    let name = stream.clone().unwrap_or_default();
    if let [of_region, of_system, of_stream] = name.split('/').collect::<Vec<_>>()[..] {
        (region, system, stream) = (Some(of_region.into()), Some(of_system.into()), Some(of_stream.into()));
    }
    let code = code.map(|code| code.to_uppercase());
    Filter { region, system, stream, agency, code, field, entries }
}

async fn grouped(db: &Db, filter: &entries::Filter, limit: u32, as_json: bool) -> Result<(), Failure> {
    let mut tx = db.read().await?;
    let found = causes::groups(&mut tx, &Viewer::internal(), filter, 0, i64::from(limit)).await?;
    let since = |group: &causes::Group| Moment::from_micros(group.oldest_at).to_string();
    let without = |group: &causes::Group| group.entries - group.with_amount;
    if as_json {
        let item = |group: &causes::Group| {
            json!({"region": group.region, "system": group.system, "stream": group.stream, "type": group.record_type,
                "code": group.code, "target": group.target, "source": group.source, "entries": group.entries,
                "amount": group.amount(), "without_amount": without(group), "oldest_at": since(group),
                "example": group.example})
        };
        output::json(&json!({"items": found.iter().map(item).collect::<Vec<_>>()}));
        return Ok(());
    }
    let row = |group: &causes::Group| {
        vec![
            format!("{}/{}/{}", group.region, group.system, group.stream),
            group.code.clone(),
            group.target.clone(),
            group.source.clone(),
            group.entries.to_string(),
            group.amount().to_string(),
            without(group).to_string(),
            since(group),
            group.example.to_string(),
        ]
    };
    let header = ["stream", "code", "target", "source", "entries", "money known", "without", "oldest", "example"];
    output::table(&header, found.iter().map(row).collect(), "nothing is in quarantine");
    Ok(())
}

async fn single(db: &Db, filter: &entries::Filter, limit: u32, as_json: bool) -> Result<(), Failure> {
    let mut tx = db.read().await?;
    let found = entries::page(&mut tx, &Viewer::internal(), filter, i64::MAX, i64::from(limit)).await?;
    if as_json {
        output::json(&json!({"items": found.iter().map(document).collect::<Vec<_>>()}));
    } else {
        let rows = found.iter().map(row).collect();
        output::table(&["entry", "stream", "pointer", "agency", "amount", "why"], rows, "nothing is in quarantine");
    }
    Ok(())
}

async fn show(db: &Db, entry: i64) -> Result<(), Failure> {
    let (mut tx, viewer) = (db.read().await?, Viewer::internal());
    let Some(found) = entries::one(&mut tx, &viewer, entry).await? else {
        let what = format!("there is no quarantine entry {entry}");
        return Err(Failure::usage("E0719", what, "see `muara quarantine list --entries`"));
    };
    let raw = entries::raw(&mut tx, &viewer, entry).await?.unwrap_or_default();
    let mut document = document(&found);
    document["raw"] = String::from_utf8_lossy(&raw).into_owned().into();
    output::json(&document);
    Ok(())
}

async fn discard(db: &Db, entries: Vec<i64>, reason: &str) -> Result<(), Failure> {
    if reason.is_empty() {
        return Err(Failure::usage("E0732", "a discard needs a reason", "say --reason \"why nobody wants them\""));
    }
    let mut tx = db.write().await?;
    let (by, now) = (installation::signature(), Clock::system().now());
    match discards::discard(&mut tx, &Viewer::internal(), &entries, Wish { by: &by, reason }, now).await? {
        Outcome::Done(done) => {
            tx.commit().await?;
            eprintln!("{done} entries are discarded; the same raw records do not come up again until they change");
            Ok(())
        }
        Outcome::Unknown(entry) => {
            let what = format!("there is no quarantine entry {entry}; nothing was discarded");
            Err(Failure::usage("E0732", what, "see `muara quarantine list --entries`"))
        }
        Outcome::UnderWay(entry) => {
            let what = format!("entry {entry} is being replayed; nothing was discarded");
            Err(Failure::usage("E0732", what, "wait for the end of the replay, or `muara quarantine stop` it"))
        }
    }
}

fn reasons(entry: &entries::Entry) -> Value {
    serde_json::from_str(&entry.errors).unwrap_or_default()
}

fn document(entry: &entries::Entry) -> Value {
    json!({"entry": entry.entry, "region": entry.region, "system": entry.system, "stream": entry.stream, "key": entry.key,
        "pointer": entry.pointer, "errors": reasons(entry), "agency": entry.agency, "fiscal_year": entry.fiscal_year,
        "amount": entry.amount, "definition": entry.definition, "state": entry.state,
        "since": Moment::from_micros(entry.opened_at).to_string(), "discarded_by": entry.closed_by, "reason": entry.reason})
}

fn row(entry: &entries::Entry) -> Vec<String> {
    let reasons = reasons(entry);
    let first = reasons.get(0).map(|reason| {
        let text = |field: &str| reason.get(field).and_then(Value::as_str).unwrap_or_default();
        format!("{} {} {}", text("code"), text("target"), text("message"))
    });
    vec![
        entry.entry.to_string(),
        format!("{}/{}", entry.system, entry.stream),
        entry.pointer.clone(),
        entry.agency.clone().unwrap_or_default(),
        entry.amount.clone().unwrap_or_default(),
        first.unwrap_or_default(),
    ]
}
