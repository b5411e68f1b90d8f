//! One connection and its supervisor: after any error a new one is made, over the addresses in turn.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::ConfirmSelectOptions;
use lapin::tcp::OwnedTLSConfig;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::super::Error;
use super::address::Address;
use super::backoff::Backoff;
use super::board::Board;
use super::names::Names;
use super::socket::{self, Plug};
use super::trouble::Trouble;
use super::{STEP, topology};

/// A connection that stood this long counts as a good one: the next pause is short again.
const GOOD: Duration = Duration::from_secs(10);
/// How often the connection's state is looked at, in case nobody told.
const LOOK: Duration = Duration::from_secs(1);

/// A role's way to the broker.
pub(super) struct Link {
    role: &'static str,
    addresses: Vec<Address>,
    ca_certificates: Option<String>,
    names: Arc<Names>,
    board: Arc<Board>,
    session: watch::Sender<Option<Arc<Session>>>,
    token: CancellationToken,
}

/// One connection, from its making to its first error.
pub(super) struct Session {
    connection: Connection,
    plug: Plug,
    place: String,
    user: String,
    broken: CancellationToken,
}

impl Link {
    pub(super) fn new(
        role: &'static str,
        addresses: Vec<Address>,
        ca_certificates: Option<String>,
        names: Arc<Names>,
        board: Arc<Board>,
        token: CancellationToken,
    ) -> Arc<Self> {
        let session = watch::Sender::new(None);
        Arc::new(Self { role, addresses, ca_certificates, names, board, session, token })
    }

    /// Tries each address once. A broker that is merely away is no error yet.
    pub(super) async fn first_round(&self) -> Result<Option<Session>, Error> {
        let mut lasting = None;
        for address in &self.addresses {
            match self.open(address).await {
                Ok(session) => return Ok(Some(session)),
                Err(error) if error.is_lasting() => lasting = Some(error),
                Err(error) => self.board.hang(self.role, error),
            }
        }
        lasting.map_or(Ok(None), Err)
    }

    /// Keeps a connection until shutdown.
    pub(super) async fn supervise(self: Arc<Self>, mut ready: Option<Session>) {
        let mut backoff = Backoff::default();
        let mut addresses = self.addresses.iter().cycle();
        while !self.token.is_cancelled() {
            let opened = match ready.take() {
                Some(session) => Ok(session),
                None => match addresses.next() {
                    Some(address) => self.open(address).await,
                    None => return,
                },
            };
            let pause = match opened {
                Ok(session) => {
                    let begun = Instant::now();
                    self.keep(session).await;
                    if begun.elapsed() > GOOD {
                        backoff.reset();
                    }
                    backoff.next(dice())
                }
                Err(error) => {
                    let lasting = error.is_lasting() && self.addresses.len() == 1;
                    self.board.hang(self.role, error);
                    if lasting { Backoff::lasting(dice()) } else { backoff.next(dice()) }
                }
            };
            tokio::select! {
                () = self.token.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The current connection, as soon as there is one. `None` after shutdown.
    pub(super) async fn session(&self) -> Option<Arc<Session>> {
        let mut sessions = self.session.subscribe();
        tokio::select! {
            biased;
            () = self.token.cancelled() => None,
            session = sessions.wait_for(|session| session.as_ref().is_some_and(|session| !session.is_over())) => {
                session.ok()?.clone()
            }
        }
    }

    pub(super) const fn token(&self) -> &CancellationToken {
        &self.token
    }

    async fn open(&self, address: &Address) -> Result<Session, Error> {
        let place = address.to_string();
        let opened = tokio::select! {
            biased;
            () = self.token.cancelled() => return Err(Error::Closed),
            opened = self.make(address, &place) => opened,
        };
        opened.map_err(|trouble| trouble.at(&place))
    }

    async fn make(&self, address: &Address, place: &str) -> Result<Session, Trouble> {
        let properties = ConnectionProperties::default().with_connection_name(format!("muara {}", self.role).into());
        let tls = OwnedTLSConfig { identity: None, cert_chain: self.ca_certificates.clone() };
        let (connection, plug) = within("connect", socket::connect(address.uri(), &tls, properties)).await?;
        let session = Session {
            connection,
            plug,
            place: place.to_owned(),
            user: address.user().to_owned(),
            broken: CancellationToken::new(),
        };
        topology::declare(&session, &self.names).await?;
        Ok(session)
    }

    /// Shows the session to all who need it until it breaks, then puts it away.
    async fn keep(&self, session: Session) {
        let session = Arc::new(session);
        self.board.clear(self.role);
        self.session.send_replace(Some(Arc::clone(&session)));
        let cause = tokio::select! {
            () = self.token.cancelled() => None,
            cause = self.watch(&session) => Some(cause),
        };
        self.session.send_replace(None);
        session.broken.cancel();
        if let Some(cause) = cause {
            self.board.hang(self.role, Trouble::Lost(cause).at(&session.place));
        }
        // A connection that is gone already needs no goodbye; one that hangs gets no more than a second.
        let goodbye = session.connection.close(200, "OK".into());
        drop(tokio::time::timeout(Duration::from_secs(1), goodbye).await);
        session.plug.pull();
    }

    /// Why the session is over.
    async fn watch(&self, session: &Session) -> String {
        let mut events = std::pin::pin!(session.connection.events_listener());
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let status = session.connection.status();
        let mut blocked = status.blocked();
        let (mut cause, mut deaf) = (None, false);
        loop {
            tokio::select! {
                () = session.broken.cancelled() => return "the connection no longer answers as it should".to_owned(),
                event = events.next(), if !deaf => match event {
                    Some(Event::ConnectionBlocked(cause)) => {
                        blocked = true;
                        self.board.hang(self.role, Error::Blocked { place: session.place.clone(), cause });
                    }
                    // Much of this concerns one channel only, whose user hears of it there.
                    Some(Event::Error(error)) => cause = Some(error.to_string()),
                    Some(_) => {}
                    None => deaf = true,
                },
                _ = look.tick() => cause = cause.filter(|_| !status.connected()),
            }
            if !status.connected() {
                return cause.unwrap_or_else(|| "the connection ended".to_owned());
            }
            if blocked && !status.blocked() {
                blocked = false;
                self.board.clear(self.role);
            }
        }
    }
}

impl Session {
    /// A channel of its own.
    pub(super) async fn channel(&self) -> Result<Channel, Trouble> {
        within("open a channel", self.connection.create_channel()).await
    }

    /// A channel on which every publish is confirmed.
    pub(super) async fn confirming_channel(&self) -> Result<Channel, Trouble> {
        let channel = self.channel().await?;
        within("ask for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(channel)
    }

    /// The address, as it may be shown.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The user that the broker has verified.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// Whether the broker holds publishers back at present.
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Whether the connection stands as far as it knows itself.
    pub(super) fn is_connected(&self) -> bool {
        self.connection.status().connected()
    }

    /// Tells the supervisor to make a new connection.
    pub(super) fn give_up(&self) {
        self.broken.cancel();
    }

    fn is_over(&self) -> bool {
        self.broken.is_cancelled()
    }

    /// Resolves when this session is over.
    pub(super) async fn over(&self) {
        self.broken.cancelled().await;
    }
}

/// One request to the broker, which has its time like every other.
pub(super) async fn within<T>(what: &str, request: impl Future<Output = lapin::Result<T>>) -> Result<T, Trouble> {
    match tokio::time::timeout(STEP, request).await {
        Ok(answer) => answer.map_err(Trouble::from),
        Err(_) => Err(Trouble::late(what)),
    }
}

/// What keeps processes from trying in step.
pub(super) fn dice() -> u8 {
    crate::random::bytes::<1>()[0]
}
