//! The national procurement gateway (INAPROC API v1): bearer token, required institution and year, sequential cursors.

mod rows;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::systems::feed::{Feed, list};
use crate::systems::web::{authorized, json};
use crate::world::{Change, Stream, World};

/// The institution code of the regency in the gateway.
pub(crate) const INSTITUTION: &str = "D902";

/// The lists served, by their address.
const LISTS: [(&str, Stream); 3] = [
    ("rup/paket-penyedia-terumumkan", Stream::Packages),
    ("tender/pengumuman", Stream::Tenders),
    ("tender/tender-ekontrak-kontrak", Stream::Contracts),
];

const MAX_LIMIT: usize = 1_000;
const RATE_LIMIT: u64 = 1_000;

/// Every so many requests one is answered with status 429.
const BUSY: (u64, u64) = (50, 3);

/// The gateway: its lists, its token, and the number of requests so far.
#[derive(Clone)]
pub(crate) struct Inaproc {
    feeds: Arc<Mutex<Vec<Feed>>>,
    token: Arc<str>,
    requests: Arc<AtomicU64>,
}

#[derive(Deserialize)]
struct Ask {
    kode_klpd: Option<String>,
    tahun: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl Inaproc {
    /// The gateway for a world as it stands.
    pub(crate) fn new(world: &World, token: &str) -> Self {
        let feeds = LISTS
            .iter()
            .map(|&(_, stream)| {
                let mut feed = Feed::default();
                for row in 0..world.count(stream) {
                    put(&mut feed, world, stream, row);
                }
                feed
            })
            .collect();
        Self { feeds: Arc::new(Mutex::new(feeds)), token: token.into(), requests: Arc::default() }
    }

    /// Its routes.
    pub(crate) fn router(&self) -> Router {
        Router::new().route("/{group}/{list}", get(serve)).with_state(self.clone())
    }

    /// Takes over the contracts that a tick touched.
    pub(crate) fn update(&self, world: &World, changes: &[Change]) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            if let (Change::Contract(row), Some(feed)) = (*change, feeds.last_mut()) {
                put(feed, world, Stream::Contracts, row);
            }
        }
    }
}

fn put(feed: &mut Feed, world: &World, stream: Stream, row: usize) {
    let record = rows::render(world, stream, row);
    feed.put(row, 0, jiff::civil::DateTime::MIN, record.to_string());
}

async fn serve(
    State(gateway): State<Inaproc>,
    Path((group, name)): Path<(String, String)>,
    Query(ask): Query<Ask>,
    headers: HeaderMap,
) -> Response {
    if !authorized(&headers, &gateway.token) {
        return refusal(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Token tidak valid");
    }
    let number = gateway.requests.fetch_add(1, Ordering::Relaxed);
    let mut answer = if number % BUSY.0 == BUSY.1 {
        let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", "Batas permintaan terlampaui");
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        answer
    } else {
        page(&gateway, &format!("{group}/{name}"), &ask)
    };
    let headers = answer.headers_mut();
    headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(RATE_LIMIT));
    headers
        .insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(RATE_LIMIT - number % RATE_LIMIT));
    headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(60));
    answer
}

fn page(gateway: &Inaproc, name: &str, ask: &Ask) -> Response {
    let Some(place) = LISTS.iter().position(|(list, _)| *list == name) else {
        return refusal(StatusCode::NOT_FOUND, "NOT_FOUND", "Sumber data tidak ditemukan");
    };
    if ask.kode_klpd.as_deref() != Some(INSTITUTION) || ask.tahun.as_deref() != Some("2026") {
        return refusal(StatusCode::BAD_REQUEST, "INVALID_PARAMETER", "kode_klpd dan tahun wajib diisi");
    }
    let limit = ask.limit.unwrap_or(100);
    if limit == 0 || limit > MAX_LIMIT {
        return refusal(StatusCode::BAD_REQUEST, "INVALID_PARAMETER", "limit 1 sampai 1000");
    }
    // A cursor is the place after the last row served; clients must not read it.
    let from = match ask.cursor.as_deref() {
        None | Some("") => Some(0),
        Some(cursor) => cursor.strip_prefix("s-").and_then(|place| usize::from_str_radix(place, 16).ok()),
    };
    let Some(from) = from else {
        return refusal(StatusCode::BAD_REQUEST, "INVALID_CURSOR", "cursor tidak dikenal");
    };
    let found = gateway.feeds.lock().unwrap_or_else(PoisonError::into_inner)[place].slice(from, limit);
    let next = from + found.rows.len();
    let more = next < found.total;
    let cursor = if more { format!(r#""s-{next:06x}""#) } else { "null".to_owned() };
    let body = format!(
        r#"{{"success":true,"data":{},"meta":{{"limit":{limit},"has_more":{more},"cursor":{cursor}}}}}"#,
        list(&found.rows)
    );
    json(StatusCode::OK, body)
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        r#"{{"success":false,"error":{{"code":"{code}","message":"{message}","details":null}},"meta":{{"request_id":"req-demo"}}}}"#
    );
    json(status, body)
}
