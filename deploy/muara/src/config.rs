//! How the installation is set up: the embedded default, a file over it, the environment over both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use muara_hub::intake::Senders;
use muara_hub::webhook::guard::Policy;
use muara_hub::webhook::sender::Settings;
use serde::Deserialize;

use crate::failure::Failure;

/// The annotated default file: defaults, manual and example at once.
pub const DEFAULT: &str = include_str!("../muara.default.toml");

/// The keys that the environment may override, as `MUARA_<KEY>`.
const OVERRIDABLE: &[&str] = &["database", "bus", "bus_prefix", "listen", "state", "log", "log_format"];

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite:<file>` or `postgres://…`.
    pub database: String,
    /// `local`, or AMQP addresses separated by spaces.
    pub bus: String,
    /// Before the names of exchanges and queues.
    pub bus_prefix: String,
    /// Address of the API.
    pub listen: String,
    /// The connectors' state file.
    pub state: PathBuf,
    /// Log filter.
    pub log: String,
    /// `text` or `json`.
    pub log_format: String,
    /// Networks that webhooks may reach although they are not public.
    pub webhook_networks: Vec<String>,
    /// Whether webhooks may go over plain HTTP.
    pub webhook_http: bool,
    /// A PEM file of authorities that sign webhooks' certificates, besides those of the machine; empty: none.
    pub webhook_authorities: PathBuf,
    /// Broker user → `region/system`.
    pub senders: BTreeMap<String, Vec<String>>,
}

impl Config {
    /// Reads the configuration: `file`, or `muara.toml` here if there is one, over the defaults; `env` over both.
    pub fn load(file: Option<&Path>, env: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let here = Path::new("muara.toml");
        let file = file.or_else(|| here.exists().then_some(here));
        let text = match file {
            Some(path) => std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(
                    "E0701",
                    format!("could not read {}: {error}", path.display()),
                    "name another file with --config",
                )
            })?,
            None => String::new(),
        };
        let place = file.map_or_else(|| "the defaults".to_owned(), |path| path.display().to_string());
        Self::merge(&text, &place, env)
    }

    /// The defaults with a text over them and the environment over both; pure.
    pub fn merge(text: &str, place: &str, env: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let mut merged: toml::Table = DEFAULT.parse().expect("the embedded default is TOML; a test reads it");
        let given: toml::Table = text.parse().map_err(|error| malformed(place, text, &error))?;
        if let Some(key) = given.keys().find(|key| !merged.contains_key(*key)) {
            let near = muara_connectors::definition::report::nearest(key, merged.keys().map(String::as_str));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(wrong(place, &format!("unknown key `{key}`{hint}")));
        }
        merged.extend(given);
        for (name, key) in env.keys().filter_map(|name| Some((name, name.strip_prefix("MUARA_")?.to_lowercase()))) {
            // Definitions have variables of their own; what is nearly one of ours is a slip of the pen.
            let near = muara_connectors::definition::report::nearest(&key, OVERRIDABLE.iter().copied());
            if let Some(near) = near.filter(|near| *near != key) {
                let near = near.to_uppercase();
                return Err(wrong(
                    "the environment",
                    &format!("unknown variable `{name}`; did you mean `MUARA_{near}`?"),
                ));
            }
        }
        for key in OVERRIDABLE {
            if let Some(value) = env.get(&format!("MUARA_{}", key.to_uppercase())) {
                merged.insert((*key).to_owned(), toml::Value::String(value.clone()));
            }
        }
        let config: Self =
            toml::Value::Table(merged).try_into().map_err(|error: toml::de::Error| wrong(place, error.message()))?;
        let overridden = OVERRIDABLE.iter().any(|key| env.contains_key(&format!("MUARA_{}", key.to_uppercase())));
        let place = if overridden { format!("{place} and the environment") } else { place.to_owned() };
        config.check(&place)?;
        Ok(config)
    }

    fn check(&self, place: &str) -> Result<(), Failure> {
        if !self.database.starts_with("sqlite:")
            && !self.database.starts_with("postgres://")
            && !self.database.starts_with("postgresql://")
        {
            return Err(wrong(place, "`database` must begin with `sqlite:` or `postgres://`"));
        }
        if self.bus != "local" && !self.uris().all(|uri| uri.starts_with("amqp://") || uri.starts_with("amqps://")) {
            return Err(wrong(place, "`bus` must be `local` or addresses that begin with `amqp://` or `amqps://`"));
        }
        if !matches!(self.log_format.as_str(), "text" | "json") {
            return Err(wrong(place, "`log_format` must be `text` or `json`"));
        }
        if self.senders.values().flatten().any(|grant| grant.split('/').count() != 2) {
            return Err(wrong(place, "each entry of `senders` is a list of `region/system`"));
        }
        self.networks(place)?;
        Ok(())
    }

    /// How webhooks are sent, and where they may go.
    pub fn webhooks(&self) -> Result<Settings, Failure> {
        let networks = self.networks("the configuration")?;
        let file = Some(&self.webhook_authorities).filter(|file| !file.as_os_str().is_empty());
        let read = |file: &PathBuf| {
            std::fs::read_to_string(file).map_err(|error| {
                let what = format!("could not read {}: {error}", file.display());
                Failure::usage("E0701", what, "correct `webhook_authorities`")
            })
        };
        let authorities = file.map(read).transpose()?;
        Ok(Settings { policy: Policy { networks, may_be_http: self.webhook_http }, authorities, ..Settings::default() })
    }

    fn networks(&self, place: &str) -> Result<Vec<IpNet>, Failure> {
        let read = |text: &String| {
            let wrong =
                |_| wrong(place, &format!("`webhook_networks` holds `{text}`, which is no network like 10.20.0.0/16"));
            text.parse().map_err(wrong)
        };
        self.webhook_networks.iter().map(read).collect()
    }

    /// The broker's addresses.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.bus.split_whitespace()
    }

    /// Who may write what.
    pub fn senders(&self) -> Senders {
        let split =
            |grant: &String| grant.split_once('/').map(|(region, system)| (region.to_owned(), system.to_owned()));
        self.senders.iter().map(|(user, grants)| (user.clone(), grants.iter().filter_map(split).collect())).collect()
    }
}

/// Names the place and not the text, which may hold a password.
fn malformed(place: &str, text: &str, error: &toml::de::Error) -> Failure {
    let before = error.span().map_or("", |span| &text[..text.floor_char_boundary(span.start)]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    wrong(&format!("{place}:{line}:{column}"), error.message())
}

fn wrong(place: &str, what: &str) -> Failure {
    Failure::usage("E0702", format!("the configuration in {place} is wrong: {what}"), "compare it with `muara config`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use muara_schemas::StreamName;

    fn none() -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    #[test]
    fn the_embedded_default_is_a_whole_configuration() {
        let config = Config::merge("", "the defaults", &none()).unwrap();
        assert_eq!((config.database.as_str(), config.bus.as_str()), ("sqlite:muara.db", "local"));
    }

    #[test]
    fn a_file_overrides_the_default_and_the_environment_both() {
        let env = BTreeMap::from([("MUARA_LISTEN".to_owned(), "0.0.0.0:1".to_owned())]);
        let config = Config::merge("listen = \"127.0.0.1:9\"\nlog = \"warn\"", "x", &env).unwrap();
        assert_eq!((config.listen.as_str(), config.log.as_str()), ("0.0.0.0:1", "warn"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let failure = Config::merge("databse = \"sqlite:x\"", "muara.toml", &none()).unwrap_err();
        assert!(failure.to_string().contains("did you mean `database`"), "{failure}");
        for bad in [
            "database = \"mysql://x\"",
            "bus = \"kafka\"",
            "log_format = \"xml\"",
            "database = 3",
            "webhook_networks = [\"intranet\"]",
            "[senders]\na = [\"b\"]",
            "=",
        ] {
            assert_eq!(Config::merge(bad, "x", &none()).unwrap_err().exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn a_malformed_file_is_told_by_its_place_and_without_its_secrets() {
        let text = "listen = \"127.0.0.1:9\"\ndatabase = \"postgres://muara:s3cret@db/x";
        let failure = Config::merge(text, "muara.toml", &none()).unwrap_err().to_string();
        assert!(failure.contains("muara.toml:2:") && !failure.contains("s3cret"), "{failure}");
    }

    #[test]
    fn a_misspelt_variable_is_refused_and_those_of_definitions_are_not() {
        let with = |name: &str| Config::merge("", "x", &BTreeMap::from([(name.to_owned(), "y".to_owned())]));
        let failure = with("MUARA_DATABSE").unwrap_err().to_string();
        assert!(failure.contains("MUARA_DATABASE"), "{failure}");
        for name in ["MUARA_KOBAR_URL", "MUARA_TEST_POSTGRES", "MUARA_SIPD_TOKEN"] {
            assert!(with(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn senders_name_region_and_system() {
        let config = Config::merge("[senders]\nc = [\"33.02/sipd\", \"*/simda\"]", "x", &none()).unwrap();
        let senders = config.senders();
        assert!(senders.permit(Some("c"), &StreamName::new("33.02", "sipd", "dpa")));
        assert!(!senders.permit(Some("c"), &StreamName::new("33.03", "sipd", "dpa")));
    }
}
