//! The door for systems that call us: `POST /api/v1/ingest/{system}/{stream}` takes records,
//! `…/{stream}/gone` takes records back. The program mounts it beside the hub's API, or serves it alone.
//!
//! A request is answered once the bus has confirmed what came of it, so that a 200 means: it will not be lost.
//! `door` says who may come in, `body` reads what he brings, the stream's worker does the rest.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use muara_schemas::page::{Counts, RunId};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::runner::Handle;
use crate::runner::push::{Act, Inlet, Push, Sifted, Taken, Untaken};
use crate::state::Answered;

mod body;
mod door;
mod problem;

use body::Form;
use door::{Doors, Locked};
use problem::Problem;

/// How much is read and waits at one time, in KiB.
const ROOM: u32 = 48 << 10;
/// What a push counts for at least.
const LEAST: u32 = 256;
/// How long a body may be under way.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// The longest `Idempotency-Key`.
const MAX_KEY: usize = 128;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replay");

/// What all requests share.
struct Ingest {
    doors: Doors,
    room: Arc<Semaphore>,
    /// Keys whose request is under way, by stream.
    busy: Mutex<HashSet<(i64, String)>>,
}

/// What a request asks for beside its body.
struct Wish {
    act: Act,
    region: Option<String>,
}

/// The answer to a push.
#[derive(Serialize)]
struct Answer {
    /// The run that took it to the hub; absent when nothing was new.
    run: Option<RunId>,
    counts: Counts,
    records: Vec<Sifted>,
}

/// The addresses of all systems of a connector that call us, as its definitions are at the time of a request.
pub fn router(connector: &Handle) -> Router {
    let ingest = Ingest {
        doors: Doors::new(connector.doors()),
        room: Arc::new(Semaphore::new(ROOM as usize)),
        busy: Mutex::default(),
    };
    Router::new()
        .route("/api/v1/ingest/{system}/{stream}", post(put))
        .route("/api/v1/ingest/{system}/{stream}/gone", post(take_back))
        .method_not_allowed_fallback(|| async { Problem::method() })
        .with_state(Arc::new(ingest))
}

async fn put(ingest: State<Arc<Ingest>>, path: Path<(String, String)>, request: Request) -> Response {
    respond(ingest.0, path.0, Act::Put, request).await
}

async fn take_back(ingest: State<Arc<Ingest>>, path: Path<(String, String)>, request: Request) -> Response {
    respond(ingest.0, path.0, Act::Gone, request).await
}

async fn respond(ingest: Arc<Ingest>, (system, stream): (String, String), act: Act, request: Request) -> Response {
    let answer = ingest.answer(&system, &stream, act, request).await;
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Ingest {
    async fn answer(&self, system: &str, stream: &str, act: Act, request: Request) -> Result<Response, Problem> {
        let wish = wish(act, request.uri().query());
        let region = wish.as_ref().ok().and_then(|wish| wish.region.clone());
        let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|known| known.0.ip());
        let address = address.unwrap_or(IpAddr::from([0; 4]));
        let door = self.doors.enter((system, region.as_deref()), request.headers(), address).await?;
        let wish = wish?;
        let inlet = door.inlet(stream)?;
        door.spend()?;
        let key = idempotency_key(request.headers())?;
        let form = Form::of(request.headers())?;
        let most = door.door.push.max_body;
        let place = self.place(request.headers(), most, form)?;
        let _busy = key.as_ref().map(|key| Busy::begin(self, inlet.id, key)).transpose()?;
        let bytes = tokio::time::timeout(BODY_PATIENCE, body::receive(request, most)).await;
        let bytes = bytes.map_err(|_| Problem::too_slow())??;
        let (list, asked_of) = (inlet.read.records.clone(), wish.act);
        let reading = tokio::task::spawn_blocking(move || {
            let asked = asked(&bytes, form, asked_of);
            (asked, body::read(&bytes, form, &list, most))
        });
        let (asked, found) = reading.await.map_err(|_| Problem::broken())?;
        if let Some(key) = &key
            && let Some(known) =
                inlet.state.answer(inlet.id, key, door.door.clock.now()).await.map_err(Problem::state)?
        {
            return if known.asked == asked { Ok(replayed(known.body)) } else { Err(Problem::other_body()) };
        }
        let found = found?;
        let push = Push { records: found.records, list: found.list, act: wish.act, place };
        let taken = hand(inlet, push, door.door.patience).await?;
        let answer = Answer { run: taken.report.run, counts: taken.report.counts, records: taken.sifted };
        let body = serde_json::to_string(&answer).map_err(|_| Problem::broken())?;
        if let Some(key) = &key {
            let answered = Answered { asked, body: body.clone() };
            let kept = inlet.state.keep_answer(inlet.id, key, &answered, door.door.clock.now()).await;
            kept.map_err(Problem::state)?;
        }
        Ok(json(body))
    }

    /// Room for a body and what is made of it, given back when its run is over.
    fn place(&self, headers: &HeaderMap, most: usize, form: Form) -> Result<OwnedSemaphorePermit, Problem> {
        let told = body::length(headers);
        if told.is_some_and(|told| told > most) {
            return Err(Problem::too_large(most));
        }
        let bytes = told.filter(|_| !form.packed).unwrap_or(most);
        let room = u32::try_from(bytes >> 10).unwrap_or(ROOM).clamp(LEAST, ROOM);
        self.room.clone().try_acquire_many_owned(room).map_err(|_| Problem::too_busy())
    }
}

/// Waits until the stream's worker and the bus are done with a push.
async fn hand(inlet: &Inlet, push: Push, patience: Duration) -> Result<Taken, Problem> {
    let outcome = inlet.hand(push).ok_or_else(Problem::too_busy)?;
    match tokio::time::timeout(patience, outcome).await {
        Err(_) => Err(Problem::unconfirmed()),
        Ok(Err(_)) => Err(Problem::stopping()),
        Ok(Ok(Ok(taken))) => Ok(taken),
        Ok(Ok(Err(Untaken::Paused))) => Err(Problem::paused()),
        Ok(Ok(Err(Untaken::TooManyGone(count)))) => Err(Problem::too_many_gone(count)),
        Ok(Ok(Err(Untaken::Failed(failure)))) => Err(Problem::failed(&failure)),
    }
}

/// A key whose request is under way until this is dropped.
struct Busy<'i> {
    ingest: &'i Ingest,
    key: (i64, String),
}

impl<'i> Busy<'i> {
    fn begin(ingest: &'i Ingest, stream: i64, key: &str) -> Result<Self, Problem> {
        let key = (stream, key.to_owned());
        let is_new = ingest.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        if is_new { Ok(Self { ingest, key }) } else { Err(Problem::under_way()) }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.ingest.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Locked {
    fn inlet(&self, stream: &str) -> Result<&Inlet, Problem> {
        self.door.inlets.iter().find(|inlet| inlet.stream == stream).ok_or_else(|| Problem::no_stream(stream))
    }
}

/// `?complete=true` and `?region=33.02`.
fn wish(act: Act, query: Option<&str>) -> Result<Wish, Problem> {
    let mut wish = Wish { act, region: None };
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match (&*name, &*value) {
            ("complete", "true") if act != Act::Gone => wish.act = Act::Whole,
            ("complete", "false") if act != Act::Gone => {}
            ("region", region) => wish.region = Some(region.to_owned()),
            _ => return Err(Problem::request("the parameters are `complete=true` and `region`")),
        }
    }
    Ok(wish)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=MAX_KEY).contains(&key.len()) && !key.contains('\t'));
    key.map(|key| Some(key.to_owned()))
        .ok_or_else(|| Problem::request(format!("`Idempotency-Key` is 1 to {MAX_KEY} printable characters")))
}

/// What tells one request from another under the same key.
fn asked(bytes: &[u8], form: Form, act: Act) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[act as u8, u8::from(form.lines), u8::from(form.packed)]).update(bytes);
    *hasher.finalize().as_bytes()
}

fn json(body: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn replayed(body: String) -> Response {
    let mut response = json(body);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
