//! A publisher's task: sends what comes in, in order, and keeps it until the broker has confirmed it.
//!
//! Pages and letters go the same way; a letter may be given back ([`super::patience`]), and whoever waits for letters may
//! stop waiting, which ends the task.
//! What the broker returned or refused is sent again after a pause, before anything younger. What was under way when
//! the connection went is sent again over the next one, in order and with the same ids. Messages sent after a failed
//! one may be confirmed before it, so order is kept "as far as possible": the hub tells by run and page number.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::Error;
use super::super::parcel::{Parcel, Route};
use super::backoff::Backoff;
use super::board::Board;
use super::confirm::{Returns, Verdict};
use super::link::{Session, dice};
use super::names::Names;
use super::patience::{self, Patience};
use super::trouble::Trouble;
use super::{Amqp, topology};

/// AMQP 0-9-1: written to disk before it is confirmed.
const PERSISTENT: u8 = 2;

struct Task {
    amqp: Arc<Amqp>,
    /// Where its troubles hang.
    board: Arc<Board>,
    role: String,
    /// Cancelled when nobody waits for its messages any more.
    forsaken: CancellationToken,
    inbox: UnboundedReceiver<Parcel>,
    /// Whether more may come in.
    open: bool,
    /// How many came in so far.
    count: u64,
    /// To be sent, oldest first.
    waiting: VecDeque<Job>,
    /// Sent and not yet confirmed, in the order of sending.
    flying: Vec<Flight>,
    returns: Returns,
    backoff: Backoff,
    patience: Patience,
    /// Whether one message at a time is tried, because the last was not kept.
    probing: bool,
    /// When the broker last answered.
    heard: Instant,
    /// Nothing is sent before this moment.
    pause: Option<Instant>,
}

/// A parcel with its place in the order.
struct Job {
    number: u64,
    /// How often it was not kept.
    failures: u32,
    parcel: Parcel,
}

struct Flight {
    job: Job,
    confirm: Pin<Box<dyn Future<Output = lapin::Result<Confirmation>> + Send>>,
    answer: Option<lapin::Result<Confirmation>>,
    /// Whether the answer may be judged: every return that belongs to it has arrived.
    ripe: bool,
    since: Instant,
}

/// Why a session is served no longer.
enum End {
    /// There is nothing left to do.
    Done,
    /// The session is over, or this channel of it.
    Broken(Option<Trouble>),
}

/// Publishes until the publisher is dropped and everything is confirmed, until nobody waits for it, or until shutdown.
pub(super) async fn run(
    amqp: Arc<Amqp>,
    (role, board): (String, Arc<Board>),
    inbox: UnboundedReceiver<Parcel>,
    forsaken: CancellationToken,
) {
    let mut task = Task {
        amqp,
        board,
        role,
        forsaken,
        inbox,
        open: true,
        count: 0,
        waiting: VecDeque::new(),
        flying: Vec::new(),
        returns: Returns::default(),
        backoff: Backoff::default(),
        patience: Patience::default(),
        probing: false,
        heard: Instant::now(),
        pause: None,
    };
    task.work().await;
    task.board.forget(&task.role);
    task.inbox.close();
    while let Ok(parcel) = task.inbox.try_recv() {
        parcel.settle(Err(Error::Closed));
    }
    for job in task.flying.drain(..).map(|flight| flight.job).chain(task.waiting.drain(..)) {
        job.parcel.settle(Err(Error::Closed));
    }
}

impl Task {
    async fn work(&mut self) {
        let (link, forsaken) = (Arc::clone(&self.amqp.publishing), self.forsaken.clone());
        while let Some(Some(session)) = forsaken.run_until_cancelled(link.session()).await {
            let end = tokio::select! {
                biased;
                () = link.token().cancelled() => End::Done,
                () = forsaken.cancelled() => End::Done,
                end = self.serve(&session) => end,
            };
            match end {
                End::Done => return,
                End::Broken(trouble) => {
                    self.recall();
                    if let Some(trouble) = trouble {
                        self.complain(&session, &trouble);
                    }
                }
            }
        }
    }

    async fn serve(&mut self, session: &Session) -> End {
        let channel = match session.confirming_channel().await {
            Ok(channel) => channel,
            Err(trouble) => return End::Broken(Some(trouble)),
        };
        let patience = self.amqp.settings.confirm_timeout;
        self.returns.clear();
        loop {
            if self.pause.is_none() {
                // What was not kept is tried alone: the rest would only be refused with it, or go before it.
                let room = if self.probing { usize::from(self.flying.is_empty()) } else { usize::MAX };
                let jobs = self.waiting.drain(..room.min(self.waiting.len()));
                let names = &self.amqp.names;
                self.flying.extend(jobs.map(|job| Flight::new(job, &channel, names, session.user())));
            }
            if !self.open && self.waiting.is_empty() && self.flying.is_empty() {
                topology::close(&channel).await;
                return End::Done;
            }
            let deadline = self.flying.iter().map(|flight| flight.deadline(self.heard, patience)).min();
            tokio::select! {
                biased;
                () = session.over() => return End::Broken(None),
                () = answers(&mut self.flying), if !self.flying.is_empty() => {
                    self.heard = Instant::now();
                    if let Err(trouble) = self.settle() {
                        return End::Broken(Some(trouble));
                    }
                }
                parcel = self.inbox.recv(), if self.open => self.take_in(parcel),
                () = at(self.pause) => {
                    // What was returned had no queue; somebody may have deleted it.
                    if let Err(trouble) = topology::declare(session, &self.amqp.names).await {
                        return End::Broken(Some(trouble));
                    }
                    self.pause = None;
                }
                () = at(deadline) => {
                    if !session.is_blocked() {
                        return End::Broken(Some(Trouble::late("a publish")));
                    }
                    // A broker that holds us back confirms nothing, and the connection is not to blame for it.
                    let now = Instant::now();
                    self.flying.iter_mut().for_each(|flight| flight.since = now);
                }
            }
        }
    }

    fn take_in(&mut self, parcel: Option<Parcel>) {
        let Some(parcel) = parcel else {
            self.open = false;
            return;
        };
        self.count += 1;
        self.waiting.push_back(Job { number: self.count, failures: 0, parcel });
    }

    /// Judges every ripe answer: a receipt for what was kept, another try for what was not.
    fn settle(&mut self) -> Result<(), Trouble> {
        for flight in &self.flying {
            if let Some(Ok(confirmation)) = &flight.answer {
                self.returns.note(confirmation);
            }
        }
        let (mut kept, mut failure, mut trouble) = (false, None, None);
        for mut flight in std::mem::take(&mut self.flying) {
            match if flight.ripe { flight.answer.take() } else { None } {
                Some(Ok(confirmation)) => match self.returns.judge(&flight.job.parcel.message.id, &confirmation) {
                    Verdict::Kept => {
                        kept = true;
                        flight.job.parcel.settle(Ok(()));
                    }
                    verdict => {
                        let mut job = flight.job;
                        let error = patience::failure(verdict, &job.parcel.message.route);
                        job.failures += 1;
                        if self.patience.ends(&job.parcel.message.route, job.failures, Instant::now()) {
                            job.parcel.settle(Err(error.clone()));
                        } else {
                            self.waiting.push_back(job);
                            failure.get_or_insert_with(|| error.clone());
                        }
                        self.board.hang(&self.role, error);
                    }
                },
                Some(Err(error)) => {
                    trouble.get_or_insert_with(|| Trouble::from(error));
                    self.waiting.push_back(flight.job);
                }
                None => self.flying.push(flight),
            }
        }
        if let Some(error) = failure {
            self.in_order();
            self.board.hang(&self.role, error);
            self.probing = self.waiting.front().is_some_and(|job| !matches!(job.parcel.message.route, Route::Page(_)));
            self.pause = Some(Instant::now() + self.backoff.next(dice()));
        } else if kept && self.pause.is_none() {
            self.probing = false;
            self.backoff.reset();
            if !self.patience.is_worn(Instant::now()) {
                self.board.clear(&self.role);
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// Takes back everything that was under way, to be sent again in its old order before all that is younger.
    fn recall(&mut self) {
        self.waiting.extend(self.flying.drain(..).map(|flight| flight.job));
        self.in_order();
    }

    fn in_order(&mut self) {
        self.waiting.make_contiguous().sort_unstable_by_key(|job| job.number);
    }

    /// Deals with a broken channel: what the broker will never take is given back to its sender.
    fn complain(&mut self, session: &Session, trouble: &Trouble) {
        if !trouble.is_said() || !session.is_connected() {
            session.give_up();
        }
        let before = self.waiting.len();
        for job in std::mem::take(&mut self.waiting) {
            match refusal(trouble, session.place(), &job.parcel) {
                Some(refusal) => job.parcel.settle(Err(refusal)),
                None => self.waiting.push_back(job),
            }
        }
        // When its sender was told, the trouble is over; otherwise it comes again at the next try.
        if self.waiting.len() == before {
            self.board.hang(&self.role, trouble.at(session.place()));
            self.pause = Some(Instant::now() + self.backoff.next(dice()));
        }
    }
}

impl Flight {
    fn new(job: Job, channel: &Channel, names: &Names, user: &str) -> Self {
        let message = &job.parcel.message;
        let (exchange, mandatory) = match &message.route {
            Route::Page(_) => (names.records(), true),
            Route::Changes(_) => (names.changes(), false),
            Route::Queue(_) => (String::new(), true),
        };
        let mut properties = BasicProperties::default()
            .with_message_id(message.id.as_str().into())
            .with_type(message.kind.as_ref().into())
            .with_content_type("application/cloudevents+json".into())
            .with_delivery_mode(PERSISTENT);
        if matches!(message.route, Route::Page(_)) {
            // The hub believes the broker who wrote a page; whoever reads events need not know the hub's user.
            properties = properties.with_user_id(user.into());
        }
        if let Some(at) = message.at {
            properties = properties.with_timestamp(u64::try_from(at.micros() / 1_000_000).unwrap_or(0));
        }
        if !message.headers.is_empty() {
            let mut headers = FieldTable::default();
            for (name, value) in &message.headers {
                headers.insert(name.as_str().into(), AMQPValue::LongString(value.as_str().into()));
            }
            properties = properties.with_headers(headers);
        }
        let options = BasicPublishOptions { mandatory, ..Default::default() };
        let (channel, key, body) = (channel.clone(), message.route.address(), message.body.clone());
        let is_page = matches!(message.route, Route::Page(_));
        let confirm = async move {
            let (exchange, key) = (exchange.as_str().into(), key.as_str().into());
            let confirm = channel.basic_publish(exchange, key, options, &body, properties).await?;
            crate::fault::point(if is_page { "page.published" } else { "event.published" });
            confirm.await
        };
        Self { job, confirm: Box::pin(confirm), answer: None, ripe: false, since: Instant::now() }
    }

    /// When to wait no longer. On a slow line a message waits behind others, so any answer gives it more time, within
    /// reason.
    fn deadline(&self, heard: Instant, patience: Duration) -> Instant {
        (self.since.max(heard) + patience).min(self.since + patience * 10)
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if self.answer.is_none()
            && let Poll::Ready(answer) = self.confirm.as_mut().poll(cx)
        {
            self.answer = Some(answer);
        }
    }
}

/// Resolves when at least one answer is ripe.
///
/// Flights begin when they are first polled, so the order of this vector is the order on the wire.
async fn answers(flying: &mut [Flight]) {
    poll_fn(|cx| {
        let mut any = false;
        for flight in &mut *flying {
            flight.poll(cx);
            flight.ripe = flight.answer.is_some();
            any |= flight.ripe;
        }
        if !any {
            return Poll::Pending;
        }
        // A return that belongs to a ripe answer may have come with another message's confirm, which then arrived
        // before it: looking once more makes sure that it is seen before anything is judged.
        for flight in &mut *flying {
            flight.poll(cx);
        }
        Poll::Ready(())
    })
    .await;
}

/// Why this parcel will never go, if the broker's words mean this one.
fn refusal(trouble: &Trouble, place: &str, parcel: &Parcel) -> Option<Error> {
    let bytes = parcel.message.body.len();
    match trouble.size_limit() {
        Some(limit) if bytes > limit => Some(Error::TooLarge { bytes, limit }),
        _ if trouble.refuses_key(&parcel.message.route.address()) => Some(trouble.at(place)),
        _ => None,
    }
}

/// Resolves at the moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
