//! Making subscriptions and changing them: what the API and the command line share.

use muara_schemas::bus::{self, Bus, subscription_queue};
use muara_schemas::{Clock, Secret, random};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Viewer;
use crate::api::base32;
use crate::event::{Filter, Position};
use crate::store::head::{self, Head};
use crate::store::subscriptions::{self, New, Subscription};
use crate::store::{Tx, feed};
use crate::subscriber::{Standing, Subscriber, standing};
use crate::subscription::{self, Queue, Start, Target, Webhook};
use crate::webhook::guard::{self, Policy};
use crate::webhook::secret::Seal;
use crate::webhook::signature::{Key, OUR_BYTES};

mod order;

pub use order::{Done, Order};

/// How many subscriptions one key has at most.
const MAX_OF_KEY: i64 = 100;
/// The longest name, in letters.
const MAX_NAME: usize = 100;
/// How many requests to one endpoint are under way unless it is said, and at most.
const CONCURRENCY: (usize, usize) = (4, 32);
/// The highest bound of requests in a second.
const MAX_PER_SECOND: u32 = 1_000;
/// How long an old secret signs beside the new one, in seconds.
pub const OVERLAP_SECS: i64 = 24 * 3_600;
/// How much a queue holds unless it is said, at least and at most.
const QUEUE_BYTES: [u64; 3] = [64 << 20, 1 << 20, 1 << 40];
/// How many places of the log are looked at to count what a stretch holds.
const COUNTED: i64 = 1_000_000;
/// How many places are looked at in one unit of work.
const COUNTED_AT_ONCE: usize = 20;

/// What subscriptions are made with.
#[derive(Clone)]
pub struct Desk {
    /// The bus, where queues are.
    pub bus: Bus,
    /// The installation's secret, by which the subscriptions' own are sealed.
    pub secret: Secret,
    /// The clock.
    pub clock: Clock,
    /// The hub's name.
    pub hub: String,
    /// Which endpoints may be reached.
    pub policy: Policy,
}

/// What somebody wants to be told, and where.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubscriptionRequest)]
pub struct Wish {
    /// What people call it, 1 to 100 letters.
    #[schema(example = "Data warehouse")]
    pub name: String,
    /// Where events go.
    pub target: WishedTarget,
    /// Which events; all that the key may see, when it is left out.
    #[serde(default)]
    pub filter: Filter,
    /// Fields at the top of records that are told; all of them, when it is left out. An update of which none of them
    /// differs is not told.
    #[serde(default)]
    pub fields: Vec<String>,
    /// From where on: `now`, `beginning`, `snapshot` (everything as it stands, then what comes), a position, or a time.
    #[serde(default = "now")]
    #[schema(example = "snapshot", default = "now")]
    pub from: String,
}

/// Where events go.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum WishedTarget {
    /// Posted to an address.
    Webhook {
        /// The address.
        #[schema(example = "https://portal.example.go.id/muara")]
        url: String,
        /// How many requests are under way at once.
        #[schema(minimum = 1, maximum = 32, default = 4)]
        concurrency: Option<usize>,
        /// How many requests begin in a second at most; no bound, when it is left out.
        #[schema(minimum = 1, maximum = 1_000)]
        per_second: Option<u32>,
    },
    /// Into a queue of its own on the broker.
    Amqp {
        /// How much the queue holds, in bytes, before the hub waits for its reader.
        #[schema(default = 67_108_864)]
        max_bytes: Option<u64>,
        /// How long an event waits in it, in seconds; for ever, when it is left out.
        ttl_secs: Option<u32>,
    },
}

fn now() -> String {
    "now".to_owned()
}

/// What was made; the secret is told this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubscriptionMade)]
pub struct Made {
    /// Id of the subscription.
    #[schema(example = "sub-2n6q8s0v4x5y7z9b")]
    pub id: String,
    /// Of a webhook the secret that signs, in the form of Standard Webhooks. It is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: Option<String>,
    /// Of a queue its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Of a queue what the operator of the broker runs, so that an application may read it and nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The wish cannot be fulfilled as it stands.
    #[error("{0}")]
    Wish(String),
    /// The endpoint may not be reached.
    #[error(transparent)]
    Endpoint(#[from] guard::Error),
    /// There is no broker, or it refuses.
    #[error(transparent)]
    Bus(#[from] bus::Error),
    /// The key has as many as it may.
    #[error("a key has {MAX_OF_KEY} subscriptions at most; delete one that is not used")]
    TooMany,
    /// The position is of another log.
    #[error("the position is of an earlier log, or past the end of this one")]
    Position,
    /// The store.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl Desk {
    /// Makes a subscription with the rights of a key.
    pub async fn make(
        &self,
        tx: &mut Tx,
        (key, viewer): (&str, &Viewer),
        wish: Wish,
        by: &str,
    ) -> Result<Made, Refusal> {
        let name = wish.name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Refusal::Wish(format!("`name` has 1 to {MAX_NAME} letters")));
        }
        let head = head::read(tx).await?;
        Subscriber::new(viewer, &wish.filter, &self.hub, &head.epoch).map_err(Refusal::Wish)?;
        let fields = subscription::fields(&wish.fields).map_err(Refusal::Wish)?;
        let start = Start::parse(&wish.from).ok_or_else(|| {
            Refusal::Wish("`from` is now, beginning, snapshot, a position such as 0a1b2c3d-4711, or a time".to_owned())
        })?;
        if subscriptions::count(tx, key).await? >= MAX_OF_KEY {
            return Err(Refusal::TooMany);
        }
        let id = format!("sub-{}", base32::encode(&random::bytes::<10>()));
        let (target, made) = self.target(&id, wish.target)?;
        let kind = match &target {
            Target::Webhook(_) => subscription::WEBHOOK,
            Target::Amqp(_) => "amqp",
            Target::Exchange => subscription::EXCHANGE,
        };
        let cursor = place(tx, &start, &head).await?;
        let new = New {
            id: &id,
            name,
            kind,
            key,
            target: text(&target),
            filter: text(&wish.filter),
            fields: fields.as_ref().map(text),
            by,
            cursor,
            with_snapshot: start == Start::Snapshot,
        };
        subscriptions::put(tx, new, &head.epoch, self.clock.now()).await?;
        Ok(made)
    }

    fn target(&self, id: &str, wished: WishedTarget) -> Result<(Target, Made), Refusal> {
        let bare = Made { id: id.to_owned(), secret: None, queue: None, commands: vec![] };
        match wished {
            WishedTarget::Webhook { url, concurrency, per_second } => {
                let url = self.policy.check(&url)?;
                let concurrency = concurrency.unwrap_or(CONCURRENCY.0);
                if !(1..=CONCURRENCY.1).contains(&concurrency) {
                    return Err(Refusal::Wish(format!("`concurrency` is a number from 1 to {}", CONCURRENCY.1)));
                }
                if per_second.is_some_and(|rate| !(1..=MAX_PER_SECOND).contains(&rate)) {
                    return Err(Refusal::Wish(format!("`per_second` is a number from 1 to {MAX_PER_SECOND}")));
                }
                let (told, sealed) = mint(&self.secret, id);
                let secrets = vec![subscription::Sealed { sealed, until: None }];
                let target = Target::Webhook(Webhook { url: url.to_string(), secrets, concurrency, per_second });
                Ok((target, Made { secret: Some(told), ..bare }))
            }
            WishedTarget::Amqp { max_bytes, ttl_secs } => {
                if self.bus.events().is_none() {
                    return Err(bus::Error::NoBroker.into());
                }
                let [usual, least, most] = QUEUE_BYTES;
                let max_bytes = max_bytes.unwrap_or(usual);
                if !(least..=most).contains(&max_bytes) || ttl_secs == Some(0) {
                    return Err(Refusal::Wish(format!(
                        "`max_bytes` is a number from {least} to {most}, `ttl_secs` at least 1"
                    )));
                }
                let name = format!("{}{}", self.bus.prefix(), subscription_queue(id));
                let commands = bus::reading_commands(id, &name);
                Ok((Target::Amqp(Queue { max_bytes, ttl_secs }), Made { queue: Some(name), commands, ..bare }))
            }
        }
    }

    /// Gives a webhook a new secret; the old ones sign beside it for a day. Answers the new one.
    pub async fn rotate(&self, tx: &mut Tx, row: &Subscription) -> Result<String, Refusal> {
        let Ok(Target::Webhook(mut webhook)) = serde_json::from_str(&row.target) else {
            return Err(Refusal::Wish("only a webhook has a secret".to_owned()));
        };
        let now = self.clock.now();
        let (told, sealed) = mint(&self.secret, &row.id);
        webhook.secrets.retain(|secret| secret.until.is_none_or(|until| until > now));
        for old in &mut webhook.secrets {
            old.until.get_or_insert(now.plus_secs(OVERLAP_SECS));
        }
        webhook.secrets.insert(0, subscription::Sealed { sealed, until: None });
        webhook.secrets.truncate(4);
        subscriptions::set_target(tx, row.subscription, &text(&Target::Webhook(webhook))).await?;
        Ok(told)
    }

    /// Takes a subscription away, with its queue.
    pub async fn remove(&self, tx: &mut Tx, row: &Subscription) -> Result<(), Refusal> {
        subscriptions::remove(tx, row.subscription).await?;
        if row.kind == "amqp" {
            self.bus.remove_queue(&subscription_queue(&row.id)).await?;
        }
        Ok(())
    }
}

/// A new secret of a webhook: as its receiver is told it, and as it is stored.
fn mint(secret: &Secret, subscription: &str) -> (String, String) {
    let key = Key::new(random::bytes::<OUR_BYTES>().to_vec()).expect("a key has so many bytes");
    let sealed = Seal::of(secret).seal(subscription, &key, random::bytes());
    (key.text().expose_secret().to_owned(), sealed)
}

/// How many events a stretch of the log holds for a subscriber, and whether it was counted to its end.
pub async fn count(
    tx: &mut Tx,
    subscriber: &Subscriber,
    head: &Head,
    (after, until): (i64, i64),
) -> crate::store::Result<(usize, bool)> {
    let end = until.min(after.saturating_add(COUNTED));
    let bound = Head { seq: end, ..head.clone() };
    let (mut from, mut count) = (after, 0);
    while from < end {
        let stretch = subscriber.read(tx, &bound, from, 1_000, COUNTED_AT_ONCE).await?;
        count += stretch.events.len();
        from = stretch.until;
    }
    Ok((count, end == until))
}

/// After which place of the log a subscription begins.
pub async fn place(tx: &mut Tx, start: &Start, head: &Head) -> Result<i64, Refusal> {
    match start {
        Start::Now | Start::Snapshot => Ok(head.seq),
        Start::Beginning => Ok(0),
        Start::After(position) => at(position, head),
        Start::Since(moment) => Ok(feed::before(tx, *moment, head.seq).await?),
    }
}

fn at(position: &Position, head: &Head) -> Result<i64, Refusal> {
    match standing(position, head) {
        Standing::At(seq) => Ok(seq),
        Standing::Gone | Standing::PastHead => Err(Refusal::Position),
    }
}

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("what is stored always serialises")
}
