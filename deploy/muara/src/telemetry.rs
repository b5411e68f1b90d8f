//! Logs: to standard error, as text or JSON.

use tracing_subscriber::EnvFilter;

use crate::commands::bars::Above;
use crate::config::Config;

/// Starts logging. A filter that makes no sense falls back to `info`, and says so.
pub(crate) fn start(config: &Config) {
    let filter = EnvFilter::try_new(&config.log);
    let wrong = filter.as_ref().err().map(ToString::to_string);
    // The broker's client would log returned messages whole, and they hold personal data.
    let quiet = muara_schemas::bus::LOG_DIRECTIVE.parse().expect("the bus names a log directive");
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info")).add_directive(quiet);
    // Who read personal data is told whatever else is not.
    let filter = filter.add_directive("muara::audit=info".parse().expect("a target and a level"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Above);
    // A second start in one process, as in tests, changes nothing.
    drop(if config.log_format == "json" { logs.json().try_init() } else { logs.try_init() });
    if let Some(wrong) = wrong {
        tracing::warn!("the log filter makes no sense and `info` is used: {wrong}");
    }
}
