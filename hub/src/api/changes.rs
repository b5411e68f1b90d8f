//! `changes`: the log, pulled by whoever keeps a position.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use muara_schemas::Moment;
use muara_schemas::canonical::hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::{Called, Caller};
use super::lens::Lens;
use super::params::{self, Params};
use super::problem::{Body, Problem, Refusals};
use super::records::{Source, id};
use super::sides::told;
use crate::store::feed;
use crate::store::head::{self, Head};

/// How many places of the log one statement looks at.
const SPAN: i64 = 5_000;
/// How many stretches one request looks at while scope hides everything.
const MAX_SPANS: usize = 20;
/// How long a request waits for news at most, in seconds.
const MAX_WAIT_SECS: u64 = 30;
/// How often a waiting request looks by itself, because another process may have committed.
const POLL: Duration = Duration::from_millis(500);

/// A change, or another entry of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    /// Its position; unique, and in commit order.
    #[schema(example = "0a1b2c3d-4711")]
    pub position: String,
    /// `record`, `run` (the verdict on a stream's runs changed) or `finding`.
    #[schema(example = "record")]
    pub kind: String,
    /// Of a record `created`, `updated`, `deleted` or `erased`; of a run `failed`, `recovered`, `proof-broken` or
    /// `proof-mended`; of a finding `opened` or `closed`.
    #[schema(example = "updated")]
    pub op: String,
    /// `moved`, when a record went to an agency that the caller may not see; to the caller it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// When it was recorded; never earlier than the entry before.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// Opaque id of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Record type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub record_type: Option<String>,
    /// Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Legacy system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Agency from now on; of a record that moved away the agency before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// Fiscal year from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_year: Option<i64>,
    /// Version of the record from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Body until now, of updates and deletes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Box<RawValue>>,
    /// Body from now on, of creates and updates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub after: Option<Box<RawValue>>,
    /// Fields at the top of the body that differ, when both bodies are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Vec<String>>,
    /// Where it comes from, of records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What a run or finding says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Box<RawValue>>,
}

/// A stretch of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    /// What of it the caller may see.
    pub items: Vec<Change>,
    /// Pass it as `after` to go on. It moves on even when nothing of the stretch may be seen.
    #[schema(example = "0a1b2c3d-4711")]
    pub next: String,
    /// Where the log ends now; when `next` equals it, everything was read.
    #[schema(example = "0a1b2c3d-4720")]
    pub head: String,
}

/// Which stretch.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Position after which to read: the `next` of the answer before. Without it the log is read from its beginning.
    #[param(example = "0a1b2c3d-4711")]
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
    /// For how many seconds to wait when there is nothing yet.
    #[param(minimum = 0, maximum = 30, default = 0)]
    wait: Option<u64>,
}

/// Changes, in commit order, each once.
///
/// Keep `next` and ask again with it; with `wait` the answer comes as soon as there is something.
/// A record that moves between agencies is `created` to whoever sees only the new one, and `deleted` with the reason
/// `moved` to whoever sees only the old one.
#[utoipa::path(
    get,
    path = "/changes",
    tag = "changes",
    operation_id = "changes",
    params(Query),
    responses(
        (status = 200, description = "A stretch of the log.", body = Changes),
        (status = 410, description = "The position is of an earlier log (E0609) or past its end (E0610); `resync` says where to begin again.", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn pull(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<Changes>, Problem> {
    let query = params.query;
    let limit = params::limit(query.limit)?;
    let wait = query.wait.unwrap_or(0);
    if wait > MAX_WAIT_SECS {
        return Err(Problem::parameter(format!("`wait` is a number of seconds from 0 to {MAX_WAIT_SECS}")));
    }
    let mut deadline = Instant::now();
    // Whoever finds no place to wait in is answered at once.
    let place = if wait > 0 { app.waiting.try_acquire().ok() } else { None };
    if place.is_some() {
        deadline += Duration::from_secs(wait);
    }
    let mut from = query.after;
    loop {
        let told = app.news.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        let changes = read(&app, &caller, from.as_deref(), limit).await?;
        let rest = deadline.saturating_duration_since(Instant::now());
        if !changes.items.is_empty() || rest.is_zero() || app.closing.is_cancelled() {
            return Ok(Json(changes));
        }
        if changes.next == changes.head {
            tokio::select! {
                () = app.closing.cancelled() => {}
                // It is all the same whether news came or the time is over: look again.
                _ = timeout(rest.min(POLL), told) => {}
            }
        }
        from = Some(changes.next);
    }
}

async fn read(app: &App, caller: &Caller, after: Option<&str>, limit: i64) -> Result<Changes, Problem> {
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let mut from = match after {
        Some(position) => place(position, &head)?,
        None => 0,
    };
    let mut rows: Vec<feed::Change> = Vec::new();
    for _ in 0..MAX_SPANS {
        let until = head.seq.min(from.saturating_add(SPAN));
        let wanted = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if wanted <= 0 || from >= until {
            break;
        }
        let found = feed::after(&mut tx, &caller.viewer, from, until, wanted).await?;
        let full = i64::try_from(found.len()) == Ok(wanted);
        from = found.last().filter(|_| full).map_or(until, |last| last.seq);
        rows.extend(found);
    }
    drop(tx);
    let lens = Lens::of(caller);
    let items = rows.into_iter().map(|row| show(row, &head, &lens)).collect();
    lens.audit("changes");
    Ok(Changes { items, next: head.position(from), head: head.position(head.seq) })
}

/// The place in the log that a position names.
fn place(position: &str, head: &Head) -> Result<i64, Problem> {
    let malformed = || Problem::parameter("`after` is a position such as 0a1b2c3d-4711, as an earlier answer gave it");
    let (epoch, seq) = position.split_once('-').ok_or_else(malformed)?;
    let is_hex = epoch.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let is_plain = seq.bytes().all(|byte| byte.is_ascii_digit()) && (seq == "0" || !seq.starts_with('0'));
    let seq: i64 = seq.parse().ok().filter(|_| is_plain && is_hex && epoch.len() == 8).ok_or_else(malformed)?;
    if epoch != head.epoch {
        return Err(Problem::gone(&head.position(0)));
    }
    if seq > head.seq {
        return Err(Problem::past_head(&head.position(0)));
    }
    Ok(seq)
}

fn show(row: feed::Change, head: &Head, lens: &Lens<'_>) -> Change {
    let told = told(&row);
    let is_record = row.kind == "record";
    let kind = row.record_type.clone().unwrap_or_default();
    let (before, after) = (row.before.filter(|_| told.before), row.body.filter(|_| told.after));
    let detail = after.clone().filter(|_| !is_record).and_then(|text| RawValue::from_string(text).ok());
    let (before, after) = (before.filter(|_| is_record), after.filter(|_| is_record));
    let changed = before.as_deref().zip(after.as_deref()).and_then(|(before, after)| differing(before, after));
    let pointer = row.pointer.filter(|_| told.after);
    let received_at = Moment::from_micros(row.at);
    let source = is_record.then(|| Source {
        pointer: lens.name(&kind, pointer),
        run: row.run.as_deref().map(hex),
        definition: row.definition,
        received_at,
    });
    Change {
        position: head.position(row.seq),
        kind: row.kind,
        op: told.op,
        reason: told.reason,
        at: received_at,
        id: row.id.as_deref().map(id),
        record_type: row.record_type,
        region: row.region,
        system: row.system,
        stream: row.stream,
        agency: told.agency,
        fiscal_year: row.fiscal_year.filter(|_| told.after),
        version: row.version,
        before: lens.body(&kind, before),
        after: lens.body(&kind, after),
        changed,
        source,
        detail,
    }
}

/// The names of the fields that differ; a name tells nothing that its value would.
fn differing(before: &str, after: &str) -> Option<Vec<String>> {
    let fields = |text: &str| serde_json::from_str::<serde_json::Map<String, Value>>(text).ok();
    let (before, after) = (fields(before)?, fields(after)?);
    let mut names: Vec<String> =
        before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    names.sort();
    names.dedup();
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    #[test]
    fn a_position_is_of_this_log_or_refused() {
        let head = Head { epoch: "0a1b2c3d".into(), seq: 7, at: Moment::default() };
        let of = |text: &str| place(text, &head).map_err(|problem| problem.status());
        assert_eq!((of("0a1b2c3d-0"), of("0a1b2c3d-7")), (Ok(0), Ok(7)));
        assert_eq!((of("0a1b2c3d-8"), of("ffffffff-1")), (Err(StatusCode::GONE), Err(StatusCode::GONE)));
        for bad in [
            "",
            "7",
            "0a1b2c3d-",
            "0a1b2c3d-07",
            "0a1b2c3d-+7",
            "0A1B2C3D-7",
            "0a1b2c3d--7",
            "0a1b2c3d-99999999999999999999",
        ] {
            assert_eq!(of(bad), Err(StatusCode::BAD_REQUEST), "{bad}");
        }
    }

    #[test]
    fn fields_that_differ_are_named_once() {
        assert_eq!(
            differing(r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"b":3,"d":4}"#),
            Some(vec!["b".into(), "c".into(), "d".into()])
        );
    }
}
