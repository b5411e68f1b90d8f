//! The bus over RabbitMQ.
//!
//! One connection publishes and another consumes, so that a broker which holds publishers back does not stop
//! acknowledgements.
//! Each has a supervisor ([`link`]) that makes a new connection after any error; the client library's own recovery
//! stays off, because what was under way during an outage has to be decided here: it is sent again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::address::Address;
use self::board::Board;
pub(super) use self::board::Plight;
use self::link::Link;
use self::names::Names;
pub(super) use self::reading::{Reader, Ticket};
use super::consumer::{Consumer, Reading};
use super::events::Events;
use super::publisher::{Publisher, Way};
use super::subscriber::{QueueBounds, QueueDepth};
use super::window::Window;
use super::{
    COMMAND_PREFETCH, EVENT_WINDOW, EVENT_WINDOW_BYTES, Error, Health, PAGE_PREFETCH, PUBLISH_WINDOW,
    PUBLISH_WINDOW_BYTES,
};
use crate::clock::Clock;
use crate::control::Command;

mod address;
mod backoff;
mod board;
mod confirm;
mod control;
mod link;
mod names;
mod patience;
mod publishing;
mod reading;
mod socket;
mod topology;
mod trouble;

/// How long one request to the broker may take.
const STEP: Duration = Duration::from_secs(10);
/// The connection over which everything is published.
const PUBLISHING: &str = "publishing";

/// How to reach the broker.
#[derive(Clone)]
pub struct AmqpConfig {
    /// `amqp://` or `amqps://` addresses, tried in turn; they may hold passwords and are never shown.
    pub uris: Vec<String>,
    /// Stands before the name of every exchange and queue; empty but in tests.
    pub prefix: String,
    /// How many messages a publisher has under way before it waits.
    pub publish_window: usize,
    /// How many bytes a publisher has under way before it waits.
    pub publish_window_bytes: usize,
    /// After this long without a confirm the connection counts as lost and the message is sent again.
    pub confirm_timeout: Duration,
    /// Certificates in PEM form that are trusted besides the system's own.
    pub ca_certificates: Option<String>,
    /// Tells how long a command still lives.
    pub clock: Clock,
}

/// The carrier.
pub(super) struct Amqp {
    settings: Settings,
    names: Arc<Names>,
    board: Arc<Board>,
    publishing: Arc<Link>,
    consuming: Arc<Link>,
    roles: AtomicU64,
    tasks: TaskTracker,
    token: CancellationToken,
}

struct Settings {
    publish_window: usize,
    publish_window_bytes: usize,
    confirm_timeout: Duration,
    clock: Clock,
}

impl AmqpConfig {
    /// The defaults, for these addresses.
    pub fn new(uris: Vec<String>) -> Self {
        Self {
            uris,
            prefix: String::new(),
            publish_window: PUBLISH_WINDOW,
            publish_window_bytes: PUBLISH_WINDOW_BYTES,
            confirm_timeout: Duration::from_secs(30),
            ca_certificates: None,
            clock: Clock::system(),
        }
    }
}

impl fmt::Debug for AmqpConfig {
    /// Without the addresses, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpConfig")
            .field("addresses", &self.uris.len())
            .field("prefix", &self.prefix)
            .field("publish_window", &self.publish_window)
            .field("publish_window_bytes", &self.publish_window_bytes)
            .field("confirm_timeout", &self.confirm_timeout)
            .finish_non_exhaustive()
    }
}

impl Amqp {
    pub(super) async fn connect(config: AmqpConfig, token: &CancellationToken) -> Result<Arc<Self>, Error> {
        let addresses = Address::parse_all(&config.uris)?;
        let token = token.child_token();
        let names = Arc::new(Names::new(config.prefix));
        let board = Arc::new(Board::default());
        let link = |role| {
            Link::new(
                role,
                addresses.clone(),
                config.ca_certificates.clone(),
                Arc::clone(&names),
                Arc::clone(&board),
                token.clone(),
            )
        };
        let (publishing, consuming) = (link(PUBLISHING), link("consuming"));
        let (to_publish, to_consume) = tokio::join!(publishing.first_round(), consuming.first_round());
        let (to_publish, to_consume) = (to_publish?, to_consume?);
        let tasks = TaskTracker::new();
        tasks.spawn(Arc::clone(&publishing).supervise(to_publish));
        tasks.spawn(Arc::clone(&consuming).supervise(to_consume));
        let settings = Settings {
            publish_window: config.publish_window,
            publish_window_bytes: config.publish_window_bytes,
            confirm_timeout: config.confirm_timeout,
            clock: config.clock,
        };
        let roles = AtomicU64::new(1);
        Ok(Arc::new(Self { settings, names, board, publishing, consuming, roles, tasks, token }))
    }

    pub(super) fn publisher(self: &Arc<Self>) -> Publisher {
        let window = Window::new(self.settings.publish_window, self.settings.publish_window_bytes);
        let (outbox, inbox) = mpsc::unbounded_channel();
        let role = (self.role("publisher"), Arc::clone(&self.board));
        self.tasks.spawn(publishing::run(Arc::clone(self), role, inbox, CancellationToken::new()));
        Publisher::new(window, Way::Amqp(outbox), self.token.clone())
    }

    pub(super) fn events(self: &Arc<Self>) -> Events {
        let window = Window::new(EVENT_WINDOW, EVENT_WINDOW_BYTES);
        let (outbox, inbox) = mpsc::unbounded_channel();
        let (own, forsaken) = (Arc::new(Board::default()), CancellationToken::new());
        let role = (self.role("events"), Arc::clone(&own));
        self.tasks.spawn(publishing::run(Arc::clone(self), role, inbox, forsaken.clone()));
        Events {
            window,
            outbox,
            interest: Arc::new(forsaken.drop_guard()),
            plight: Plight { line: Arc::clone(&self.board), role: PUBLISHING, own },
            prefix: self.names.prefix().to_owned(),
            token: self.token.clone(),
        }
    }

    pub(super) fn prefix(&self) -> &str {
        self.names.prefix()
    }

    pub(super) async fn open_queue(&self, bounds: &QueueBounds) -> Result<(), Error> {
        let session = control::session(&self.consuming, self).await?;
        let opened = topology::queue(&session, &self.names.subscriber(bounds)).await;
        opened.map_err(|trouble| trouble.at(session.place()))
    }

    pub(super) async fn remove_queue(&self, name: &str) -> Result<(), Error> {
        let session = control::session(&self.consuming, self).await?;
        let removed = topology::delete(&session, &self.names.full(name)).await;
        removed.map_err(|trouble| trouble.at(session.place()))
    }

    pub(super) async fn queue_depth(&self, name: &str) -> Result<QueueDepth, Error> {
        let session = control::session(&self.consuming, self).await?;
        let depth = topology::depth(&session, &self.names.full(name)).await;
        depth.map_err(|trouble| trouble.at(session.place()))
    }

    pub(super) fn pages(self: &Arc<Self>, partition: u8) -> Consumer {
        self.read(self.names.partition(partition), PAGE_PREFETCH)
    }

    pub(super) fn commands(self: &Arc<Self>, region: &str, system: &str) -> Consumer {
        self.read(self.names.control_queue(region, system), COMMAND_PREFETCH)
    }

    pub(super) async fn command(&self, command: &Command) -> Result<(), Error> {
        control::send(self, command).await
    }

    pub(super) async fn dead_letter_count(&self) -> Result<u64, Error> {
        control::count(self, &self.names.dead()).await
    }

    pub(super) fn health(&self) -> Health {
        self.board.latest().map_or(Health::Connected, Health::Failing)
    }

    pub(super) async fn close(&self) {
        self.token.cancel();
        self.tasks.close();
        // A connection that the broker holds back cannot even say goodbye: nothing is lost by not waiting for it.
        drop(tokio::time::timeout(Duration::from_secs(5), self.tasks.wait()).await);
    }

    fn read(self: &Arc<Self>, queue: names::QueuePlan, prefetch: u16) -> Consumer {
        // The broker's prefetch is the bound; what it has sent shall be there for whoever takes many at once.
        let (outbox, inbox) = mpsc::channel(usize::from(prefetch));
        let role = self.role(&queue.name);
        self.tasks.spawn(reading::run(Arc::clone(self), role, queue, prefetch, outbox));
        Consumer(Reading::Amqp(Reader::new(inbox)))
    }

    /// A name for the board that no other role has.
    fn role(&self, what: &str) -> String {
        format!("{what} #{}", self.roles.fetch_add(1, Ordering::Relaxed))
    }
}

impl Drop for Amqp {
    /// The last handle is gone, and with it every publisher and consumer: the connections may go too.
    fn drop(&mut self) {
        self.token.cancel();
    }
}
