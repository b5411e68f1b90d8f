//! `changes/stream`: the log as server-sent events, for as long as somebody listens.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Frame, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout};
use utoipa::IntoParams;

use super::app::App;
use super::auth::{self, Called, Caller};
use super::changes::{self, POLL};
use super::lens::Lens;
use super::params::Params;
use super::problem::{Body, Problem, Refusals};
use crate::event::{Event, Filter, Position};
use crate::store::head::{self, Head};
use crate::subscriber::{Standing, Subscriber, standing};

/// A line without events says that the connection stands, so that nobody between cuts it.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A listener who takes nothing for so long is let go; he knows where he was.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a key is believed while its holder listens.
const BELIEVED: Duration = Duration::from_secs(30);
/// How many events wait for one listener at most.
const BATCH: usize = 64;
/// How many stretches of the log are looked at in one go.
const SPANS: usize = 4;
/// When a listener should come again after the connection broke.
const RETRY: Duration = Duration::from_secs(3);

/// From where on, and what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Position after which to begin, as the `id` of an earlier event gave it; the header `Last-Event-ID` goes before it.
    /// Without either the stream begins now.
    #[param(example = "0a1b2c3d-4711")]
    after: Option<String>,
    /// Event types, separated by commas; a `*` at the end stands for any rest.
    #[param(example = "muara.budget-line.*,muara.run.*")]
    types: Option<String>,
    /// Regions, separated by commas; a province stands for its regencies too.
    regions: Option<String>,
    /// Agencies, separated by commas.
    agencies: Option<String>,
    /// Record types, separated by commas.
    record_types: Option<String>,
    /// Fund sources, separated by commas.
    funds: Option<String>,
}

/// Changes as they are committed, as server-sent events.
///
/// `id` is the position, `data` the CloudEvent on one line. A comment comes every 15 seconds; it may carry an `id` too.
/// An event `resync` says that the position means nothing in this log: read `/records` anew, then go on with what follows.
#[utoipa::path(
    get,
    path = "/changes/stream",
    tag = "changes",
    operation_id = "changes_stream",
    params(Query, ("Last-Event-ID" = Option<String>, Header, description = "Position after which to begin; browsers and clients send it by themselves.")),
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream"),
        (status = 503, description = "Too many listen already (E0626).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn follow(
    State(app): State<App>,
    Called(caller): Called,
    headers: HeaderMap,
    params: Params<Query>,
) -> Result<Response, Problem> {
    let Query { after, types, regions, agencies, record_types, funds } = params.query;
    let filter = changes::filter([types, regions, agencies, record_types, funds]);
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    // What a client kept from another server is no position, and is answered like one of another log.
    let given = match last {
        Some(text) => Some(text.parse().unwrap_or(Position { epoch: String::new(), seq: 0 })),
        None => after.as_deref().map(changes::position).transpose()?,
    };
    let place = Arc::clone(&app.listening).try_acquire_owned().map_err(|_| Problem::crowded())?;
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    drop(tx);
    let subscriber = changes::subscriber(&app, &caller, &filter, &head)?;
    let (frames, taken) = mpsc::channel(1);
    let from = given.as_ref().map_or(Standing::At(head.seq), |position| standing(position, &head));
    let listener = Listener { app: app.clone(), caller, filter, subscriber, frames, _place: place };
    app.listeners.spawn(listener.serve(from, head));
    let waiting: (mpsc::Receiver<Vec<Frame>>, VecDeque<Frame>) = (taken, VecDeque::new());
    let events = stream::unfold(waiting, async |(mut taken, mut ready)| {
        if ready.is_empty() {
            ready.extend(taken.recv().await?);
        }
        let frame = ready.pop_front()?;
        Some((Ok::<_, Infallible>(frame), (taken, ready)))
    });
    Ok(([("x-accel-buffering", "no")], Sse::new(events)).into_response())
}

/// One who listens.
struct Listener {
    app: App,
    caller: Arc<Caller>,
    filter: Filter,
    subscriber: Subscriber,
    frames: mpsc::Sender<Vec<Frame>>,
    _place: OwnedSemaphorePermit,
}

/// The listener is gone, too slow, or no longer allowed.
struct Gone;

impl Listener {
    async fn serve(mut self, from: Standing, head: Head) {
        // Why it ended the listener sees himself.
        let _: Result<(), Gone> = self.tell(from, head).await;
    }

    async fn tell(&mut self, from: Standing, head: Head) -> Result<(), Gone> {
        let (mut epoch, mut heard, mut believed) = (head.epoch.clone(), Instant::now(), Instant::now());
        let (mut from, mut told_at) = match from {
            Standing::At(seq) => {
                self.send(vec![Frame::default().retry(RETRY).comment("listening")]).await?;
                (seq, None)
            }
            Standing::Gone | Standing::PastHead => {
                self.resync(&head, from).await?;
                (head.seq, Some(head.seq))
            }
        };
        while !self.app.closing.is_cancelled() {
            let news = Arc::clone(&self.app.news);
            let told = news.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if believed.elapsed() > BELIEVED {
                // A database that is away takes nobody's rights.
                if matches!(auth::is_good(&self.app, &self.caller).await, Ok(false)) {
                    return Err(Gone);
                }
                believed = Instant::now();
            }
            let (head, events) = match self.read(&epoch, from).await {
                Ok((head, None)) => {
                    epoch.clone_from(&head.epoch);
                    self.subscriber.teller.epoch.clone_from(&head.epoch);
                    self.resync(&head, Standing::Gone).await?;
                    (from, told_at, heard) = (head.seq, Some(head.seq), Instant::now());
                    continue;
                }
                Ok((head, Some((until, events)))) => {
                    from = until;
                    (head.seq, events)
                }
                Err(problem) => {
                    tracing::warn!("a listener waits, the log could not be read: {}", problem.detail());
                    (from, vec![])
                }
            };
            if let Some(last) = events.last() {
                told_at = Some(last.position.seq);
                self.send(events.iter().map(frame).collect()).await?;
                heard = Instant::now();
            } else if heard.elapsed() >= HEARTBEAT {
                let beat = Frame::default().comment("");
                // Where scope and filter hide everything the position moves on all the same.
                let beat = if told_at == Some(from) { beat } else { beat.id(format!("{epoch}-{from}")) };
                told_at = Some(from);
                self.send(vec![beat]).await?;
                heard = Instant::now();
            }
            if from < head {
                continue;
            }
            tokio::select! {
                () = self.app.closing.cancelled() => {}
                () = self.frames.closed() => return Err(Gone),
                _ = timeout(POLL, told) => {}
            }
        }
        Ok(())
    }

    /// The next events and the place behind them; none when the log is another one now.
    async fn read(&self, epoch: &str, from: i64) -> Result<(Head, Option<(i64, Vec<Event>)>), Problem> {
        let mut tx = self.app.db.read().await?;
        let head = head::read(&mut tx).await?;
        if head.epoch != epoch || head.seq < from {
            return Ok((head, None));
        }
        if head.seq == from {
            return Ok((head, Some((from, vec![]))));
        }
        let stretch = self.subscriber.read(&mut tx, &head, from, BATCH, SPANS).await?;
        drop(tx);
        let lens = Lens::of(&self.caller);
        stretch.events.iter().for_each(|event| changes::note(&lens, event));
        lens.audit("changes/stream");
        Ok((head, Some((stretch.until, stretch.events))))
    }

    async fn resync(&self, head: &Head, why: Standing) -> Result<(), Gone> {
        let (code, reason) = match why {
            Standing::PastHead => ("E0610", "past-head"),
            _ => ("E0609", "restored"),
        };
        let position = head.position(head.seq);
        let data = json!({"code": code, "reason": reason, "after": position, "records": "/api/v1/records"});
        let frame = Frame::default().retry(RETRY).event("resync").id(position).data(data.to_string());
        self.send(vec![frame]).await
    }

    async fn send(&self, frames: Vec<Frame>) -> Result<(), Gone> {
        match timeout(PATIENCE, self.frames.send(frames)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone),
            Err(_) => {
                tracing::info!(key = %self.caller.key, filtered = self.filter != Filter::default(), "a listener took nothing for too long and was let go");
                Err(Gone)
            }
        }
    }
}

fn frame(event: &Event) -> Frame {
    let data = String::from_utf8(event.encode().into()).expect("events are UTF-8");
    Frame::default().id(event.position.to_string()).data(data)
}
