//! `muara quarantine list|show`

use std::process::ExitCode;

use muara_hub::access::Viewer;
use muara_hub::store::entries;
use muara_schemas::Moment;
use serde_json::{Value, json};

use crate::cli::Quarantine;
use crate::config::Config;
use crate::failure::Failure;
use crate::{installation, output};

/// Looks at records that wait for somebody. On the machine itself nothing is hidden.
pub(super) async fn run(what: Quarantine, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let db = installation::look(config).await?;
    let viewer = Viewer::internal();
    let mut tx = db.read().await?;
    match what {
        Quarantine::List { system, stream, limit } => {
            let filter = entries::Filter { state: Some("open".to_owned()), system, stream, ..Default::default() };
            let found = entries::page(&mut tx, &viewer, &filter, i64::MAX, i64::from(limit)).await?;
            if as_json {
                output::json(&json!({"items": found.iter().map(document).collect::<Vec<_>>()}));
            } else {
                let rows = found.iter().map(row).collect();
                output::table(
                    &["entry", "stream", "pointer", "agency", "amount", "why"],
                    rows,
                    "nothing is in quarantine",
                );
            }
        }
        Quarantine::Show { entry } => {
            let found = entries::one(&mut tx, &viewer, entry).await?;
            let Some(found) = found else {
                return Err(Failure::usage(
                    "E0719",
                    format!("there is no quarantine entry {entry}"),
                    "see `muara quarantine list`",
                ));
            };
            let raw = entries::raw(&mut tx, &viewer, entry).await?.unwrap_or_default();
            let mut document = document(&found);
            document["raw"] = String::from_utf8_lossy(&raw).into_owned().into();
            output::json(&document);
        }
    }
    drop(tx);
    db.close().await;
    Ok(ExitCode::SUCCESS)
}

fn reasons(entry: &entries::Entry) -> Value {
    serde_json::from_str(&entry.errors).unwrap_or_default()
}

fn document(entry: &entries::Entry) -> Value {
    json!({"entry": entry.entry, "region": entry.region, "system": entry.system, "stream": entry.stream, "key": entry.key,
        "pointer": entry.pointer, "errors": reasons(entry), "agency": entry.agency, "fiscal_year": entry.fiscal_year,
        "amount": entry.amount, "definition": entry.definition, "state": entry.state,
        "since": Moment::from_micros(entry.opened_at).to_string()})
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
