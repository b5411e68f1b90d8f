//! What a program is told, with the values of references; those are secrets.

use secrecy::ExposeSecret as _;

use crate::definition::Setting;
use crate::definition::model::Tree;
use crate::kind::{Access, OpenError};

/// A secret shorter than this is found everywhere.
const SHORTEST_SECRET: usize = 4;

/// The value of a setting; what stands elsewhere is a secret.
pub(super) fn value(
    access: &Access,
    name: &str,
    setting: &Setting,
    secrets: &mut Vec<String>,
) -> Result<String, OpenError> {
    let value = access.resolve(name, setting)?.expose_secret().to_owned();
    if setting.plain().is_none() && value.len() >= SHORTEST_SECRET {
        secrets.push(value.clone());
    }
    Ok(value)
}

pub(super) fn resolved(
    access: &Access,
    tree: &Tree,
    secrets: &mut Vec<String>,
) -> Result<serde_json::Value, OpenError> {
    Ok(match tree {
        Tree::Value(json) => serde_json::from_str(&json.to_text()).map_err(|error| OpenError(error.to_string()))?,
        Tree::Setting(setting) => serde_json::Value::String(value(access, "source.config", setting, secrets)?),
        Tree::List(items) => {
            items.iter().map(|item| resolved(access, item, secrets)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Tree::Object(members) => {
            let mut object = serde_json::Map::new();
            for (name, below) in members {
                object.insert(name.clone(), resolved(access, below, secrets)?);
            }
            object.into()
        }
    })
}
