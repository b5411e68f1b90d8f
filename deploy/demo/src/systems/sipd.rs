//! SIPD-RI, the national bookkeeping, as its API looks to a region: bearer token, pages, numbers as text.
//!
//! It is the authority for budget, payments and LRA.
//! Like the real one it sometimes says 429, and sometimes says `Too Many Requests` with status 200.

mod rows;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::civil::DateTime;
use serde::Deserialize;

use crate::systems::feed::{Feed, list};
use crate::systems::web::{authorized, json};
use crate::world::{Change, Stream, World};

/// The lists served, by the last part of their address.
const LISTS: [(&str, Stream); 7] = [
    ("skpd", Stream::Skpd),
    ("renja", Stream::Renja),
    ("dpa", Stream::Dpa),
    ("rak", Stream::Rak),
    ("sp2d", Stream::Sp2d),
    ("lra", Stream::Lra),
    ("rfk", Stream::Rfk),
];

/// Largest page that is served.
const MAX_LIMIT: usize = 1_000;

/// Header in which the real service tells the size of the whole list.
const TOTAL: HeaderName = HeaderName::from_static("x-pagination-total-count");

/// Every so many requests one is answered with status 429, and another one with a busy body and status 200.
/// The numbers share no request, so a client that asks again is served.
const BUSY_STATUS: (u64, u64) = (40, 7);
const BUSY_BODY: (u64, u64) = (60, 13);

/// The service: its lists, its token, and the number of requests so far.
#[derive(Clone)]
pub(crate) struct Sipd {
    feeds: Arc<Mutex<Vec<Feed>>>,
    token: Arc<str>,
    requests: Arc<AtomicU64>,
}

#[derive(Deserialize)]
struct Ask {
    page: Option<usize>,
    limit: Option<usize>,
    updated_since: Option<String>,
    tahun: Option<String>,
}

impl Sipd {
    /// The service for a world as it stands.
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
        Router::new().route("/{list}", get(serve)).with_state(self.clone())
    }

    /// Takes over the rows that a tick touched.
    pub(crate) fn update(&self, world: &World, changes: &[Change]) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            let (stream, row) = match *change {
                Change::Payment(row) => (Stream::Sp2d, row),
                Change::Lra(row) => (Stream::Lra, row),
                Change::Progress(row) => (Stream::Rfk, row),
                Change::Log(_) | Change::Contract(_) => continue,
            };
            let place = LISTS.iter().position(|(_, other)| *other == stream);
            if let Some(feed) = place.and_then(|place| feeds.get_mut(place)) {
                put(feed, world, stream, row);
            }
        }
    }
}

fn put(feed: &mut Feed, world: &World, stream: Stream, row: usize) {
    let (id, updated, record) = rows::render(world, stream, row);
    feed.put(row, id, updated, record.to_string());
}

async fn serve(
    State(sipd): State<Sipd>,
    Path(name): Path<String>,
    Query(ask): Query<Ask>,
    headers: HeaderMap,
) -> Response {
    if !authorized(&headers, &sipd.token) {
        return refusal(StatusCode::UNAUTHORIZED, "Unauthenticated.");
    }
    let number = sipd.requests.fetch_add(1, Ordering::Relaxed);
    if number % BUSY_STATUS.0 == BUSY_STATUS.1 {
        let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return answer;
    }
    if number % BUSY_BODY.0 == BUSY_BODY.1 {
        return (StatusCode::OK, "Too Many Requests").into_response();
    }
    let Some(place) = LISTS.iter().position(|(list, _)| *list == name) else {
        return refusal(StatusCode::NOT_FOUND, "Halaman tidak ditemukan");
    };
    let page = ask.page.unwrap_or(1);
    let limit = ask.limit.unwrap_or(10);
    if page == 0 || limit == 0 || limit > MAX_LIMIT {
        return refusal(StatusCode::BAD_REQUEST, "page mulai dari 1, limit 1 sampai 1000");
    }
    if ask.tahun.as_deref().is_some_and(|year| year != "2026") {
        return refusal(StatusCode::BAD_REQUEST, "tahun anggaran tidak tersedia");
    }
    let Some(since) = ask.updated_since.as_deref().map(moment).map_or(Some(None), |moment| moment.map(Some)) else {
        return refusal(StatusCode::BAD_REQUEST, "updated_since tidak dapat dibaca");
    };
    let found = {
        let mut feeds = sipd.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds[place].page(since, page, limit)
    };
    let body = format!(
        r#"{{"status":"success","message":"Berhasil","data":{},"total":"{}"}}"#,
        list(&found.rows),
        found.total
    );
    let mut answer = json(StatusCode::OK, body);
    answer.headers_mut().insert(TOTAL, HeaderValue::from(found.total));
    answer
}

/// A moment as clients send it: local time with a blank or a `T`, or RFC 3339 with an offset.
fn moment(text: &str) -> Option<DateTime> {
    let local = jiff::tz::Offset::constant(7);
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(local.to_datetime(stamp));
    }
    text.replace(' ', "T").parse::<DateTime>().ok()
}

fn refusal(status: StatusCode, message: &str) -> Response {
    json(status, format!(r#"{{"status":"error","message":"{message}","data":null}}"#))
}
