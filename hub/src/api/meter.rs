//! Metrics: counters and histograms of the process, and gauges that are read from the store when somebody looks.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrics::{counter, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::app::App;
use super::problem::Problem;
use crate::store::census::{self, Census};
use crate::store::head::{self, Head};
use crate::store::readers::{self, Reader};

/// Upper bounds of the request times, in seconds; the goal is a p99 below 50 ms.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// After so many requests the histograms are tidied, so that they do not grow where nobody looks.
const TIDY_EVERY: u64 = 2_048;
/// Every verdict is told, so that a line does not vanish when its count is zero.
const VERDICTS: [&str; 4] = ["none", "ok", "failed", "unproved"];

/// A subscription with how far it was told and how often that failed, as the census has it.
type Told = (String, i64, i64);

/// Where metrics go: to the API's own recorder, or to the program's.
#[derive(Clone)]
pub struct Meter {
    recorder: Option<Arc<PrometheusRecorder>>,
    handle: PrometheusHandle,
    seen: Arc<AtomicU64>,
}

/// A recorder as this API likes it; a program installs it with `install_recorder` and passes the handle to the app.
pub fn builder() -> PrometheusBuilder {
    let builder = PrometheusBuilder::new();
    builder.set_buckets(&SECONDS).expect("the bounds are not empty")
}

impl Meter {
    /// The program's recorder, installed here unless somebody was earlier; then the API counts for itself alone.
    pub(super) fn shared() -> Self {
        static INSTALLED: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
        INSTALLED.get_or_init(|| builder().install_recorder().ok()).clone().map_or_else(Self::local, Self::global)
    }

    fn local() -> Self {
        let recorder = builder().build_recorder();
        Self { handle: recorder.handle(), recorder: Some(Arc::new(recorder)), seen: Arc::default() }
    }

    pub(super) fn global(handle: PrometheusHandle) -> Self {
        Self { handle, recorder: None, seen: Arc::default() }
    }

    /// Counts a request that was answered. `route` is the template, never the path.
    pub(super) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
        let record = || {
            counter!("muara_http_requests_total", &labels).increment(1);
            histogram!("muara_http_request_seconds", "route" => route.to_owned()).record(took.as_secs_f64());
        };
        match &self.recorder {
            Some(recorder) => metrics::with_local_recorder(&**recorder, record),
            None => record(),
        }
        if self.seen.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.handle.run_upkeep();
        }
    }
}

/// Counters, histograms and gauges as Prometheus reads them.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "Metrics in Prometheus's text format.", body = String, content_type = "text/plain"),
        (status = 503, description = "The database is not to be had now (E0690).", body = super::problem::Body, content_type = "application/problem+json"),
    )
)]
pub async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let mut tx = app.db.read().await?;
    let (head, readers, census) =
        (head::read(&mut tx).await?, readers::all(&mut tx).await?, census::take(&mut tx).await?);
    drop(tx);
    let mut text = app.meter.handle.render();
    text.push_str(&gauges(&head, &readers, &census, app.bus.health().is_connected()));
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// The gauges; pure.
fn gauges(head: &Head, readers: &[Reader], census: &Census, connected: bool) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, values: &[(String, i64)]| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let plain = |value: i64| [(String::new(), value)];
    gauge("muara_log_head", "Sequence number of the newest change.", &plain(head.seq));
    let lags: Vec<_> = readers
        .iter()
        .map(|reader| (format!("{{reader=\"{}\"}}", reader.name), (head.seq - reader.cursor).max(0)))
        .collect();
    gauge("muara_reader_lag", "Changes that a reader has not read yet.", &lags);
    gauge("muara_quarantine_open", "Open quarantine entries.", &plain(census.quarantine_open));
    gauge("muara_findings_open", "Open findings.", &plain(census.findings_open));
    gauge("muara_parked_messages", "Messages that could not be taken.", &plain(census.parked));
    let count = |verdict: &str| census.verdicts.iter().find(|(name, _)| name == verdict).map_or(0, |(_, count)| *count);
    let verdicts = VERDICTS.map(|verdict| (format!("{{verdict=\"{verdict}\"}}"), count(verdict)));
    gauge("muara_streams", "Streams by the verdict on their last run.", &verdicts);
    let of = |value: fn(&Told, &Head) -> i64| -> Vec<(String, i64)> {
        census.told.iter().map(|told| (format!("{{subscription=\"{}\"}}", told.0), value(told, head))).collect()
    };
    let lag = of(|(_, cursor, _), head| (head.seq - cursor).max(0));
    gauge("muara_subscription_lag", "Places of the log that a subscription has not been told yet.", &lag);
    let failed = of(|(_, _, failed), _| *failed);
    gauge("muara_subscription_failed", "Attempts to tell a subscription that failed, since it was made.", &failed);
    gauge("muara_bus_connected", "1 while the bus carries.", &plain(i64::from(connected)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use muara_schemas::Moment;

    #[test]
    fn gauges_are_told_even_when_they_are_zero() {
        let head = Head { epoch: "00000000".into(), seq: 12, at: Moment::default() };
        let reader = Reader { name: "totals".into(), epoch: "00000000".into(), cursor: 5, owner: None };
        let told = vec![("sub-a".into(), 10, 2)];
        let census = Census { verdicts: vec![("ok".into(), 3)], told, ..Census::default() };
        let text = gauges(&head, &[reader], &census, true);
        for line in [
            "muara_log_head 12",
            "muara_reader_lag{reader=\"totals\"} 7",
            "muara_quarantine_open 0",
            "muara_streams{verdict=\"ok\"} 3",
            "muara_streams{verdict=\"failed\"} 0",
            "muara_subscription_lag{subscription=\"sub-a\"} 2",
            "muara_subscription_failed{subscription=\"sub-a\"} 2",
            "muara_bus_connected 1",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}");
        }
    }

    #[test]
    fn requests_are_counted_by_template() {
        let meter = Meter::local();
        meter.request("GET", "/api/v1/records/{id}", 200, Duration::from_millis(3));
        let text = meter.handle.render();
        assert!(
            text.contains("muara_http_requests_total{") && text.contains("route=\"/api/v1/records/{id}\""),
            "{text}"
        );
        assert!(text.contains("muara_http_request_seconds_bucket"), "{text}");
    }
}
