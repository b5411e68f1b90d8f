//! `muara key create|list|revoke`

use std::process::ExitCode;

use muara_hub::access::{Role, Viewer};
use muara_hub::api::key::Grants;
use muara_hub::store::{Db, keys};
use muara_hub::{Hub, api};
use muara_schemas::bus::Bus;
use muara_schemas::stream::is_region;
use muara_schemas::{Clock, Moment};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::cli::Key;
use crate::config::Config;
use crate::failure::Failure;
use crate::{installation, output};

/// Makes, lists and takes back API keys.
pub(super) async fn run(what: Key, config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    match what {
        Key::Create { name, region, agency, personal, subscribe, operator, days } => {
            let odd = region.iter().find(|code| !is_region(code));
            if name.trim().is_empty() || odd.is_some() {
                let what = odd.map_or_else(|| "a key needs a name".to_owned(), |code| format!("`{code}` is no region"));
                return Err(Failure::usage("E0723", what, "name who holds it; regions are codes such as 33 or 33.02"));
            }
            let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
            let viewer =
                Viewer { role: Role::App, regions: some(region), agencies: some(agency), may_see_personal: personal };
            let hub = installation::hub(config, Bus::local()).await?;
            let mut grants = if operator { Grants::operating(viewer) } else { Grants::reading(viewer) };
            if subscribe {
                grants.scopes.push(api::key::SUBSCRIBE.to_owned());
            }
            let secret = create(&hub, &name, &grants, days).await?;
            hub.db.close().await;
            if as_json {
                output::json(&json!({"key": secret, "name": name}));
            } else {
                output::print(&secret);
                eprintln!("this key is shown once; keep it where secrets are kept");
            }
        }
        Key::List => {
            let db = installation::look(config).await?;
            list(&db, as_json).await?;
            db.close().await;
        }
        Key::Revoke { id } => {
            let db = installation::look(config).await?;
            let mut tx = db.write().await?;
            let revoked = keys::revoke(&mut tx, &id, Clock::system().now()).await?;
            tx.commit().await?;
            db.close().await;
            if !revoked {
                return Err(Failure::usage("E0718", format!("no valid key has the id `{id}`"), "see `muara key list`"));
            }
            eprintln!("the key {id} is taken back; within half a minute no process takes it any more");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a key and stores it; answers the text that is shown once.
pub(super) async fn create(hub: &Hub, name: &str, grants: &Grants, days: Option<u32>) -> Result<String, Failure> {
    let now = hub.clock.now();
    let until = days.map(|days| now.plus_secs(i64::from(days) * 86_400));
    let (secret, key) = api::key::mint(name, grants, until, now, muara_schemas::random::bytes());
    let mut tx = hub.db.write().await?;
    keys::put(&mut tx, &key).await?;
    tx.commit().await?;
    Ok(secret.expose_secret().to_owned())
}

async fn list(db: &Db, as_json: bool) -> Result<(), Failure> {
    let mut tx = db.read().await?;
    let all = keys::all(&mut tx).await?;
    let moment = |micros: Option<i64>| micros.map(|micros| Moment::from_micros(micros).to_string());
    if as_json {
        let items: Vec<_> = all
            .iter()
            .map(|key| {
                let grants: serde_json::Value = serde_json::from_str(&key.grants).unwrap_or_default();
                json!({"id": key.id, "name": key.name, "grants": grants, "created_at": moment(Some(key.created_at)),
                    "expires_at": moment(key.expires_at), "revoked_at": moment(key.revoked_at)})
            })
            .collect();
        output::json(&json!({"items": items}));
        return Ok(());
    }
    let rows = all
        .into_iter()
        .map(|key| {
            let state = if key.revoked_at.is_some() { "taken back" } else { "" };
            vec![key.id, key.name, key.grants, moment(key.expires_at).unwrap_or_default(), state.to_owned()]
        })
        .collect();
    output::table(&["id", "name", "may see", "until", ""], rows, "no keys yet; `muara key create NAME` makes one");
    Ok(())
}
