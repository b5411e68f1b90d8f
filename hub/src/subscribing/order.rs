//! What can be done with a subscription that stands.

use muara_schemas::canonical::hex;
use muara_schemas::{Moment, random};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Desk, OVERLAP_SECS, Refusal, count, place};
use crate::access::Viewer;
use crate::event::{Filter, teller};
use crate::store::deliveries::{self, Again, Delivery};
use crate::store::head::Head;
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Error, Tx};
use crate::subscriber::Subscriber;
use crate::subscription::{Start, Terms, WEBHOOK};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
#[schema(as = SubscriptionOrder)]
pub enum Order {
    /// Tells nothing more until it is taken up again; what comes meanwhile is told then.
    Pause,
    /// Goes on where it stopped.
    Resume,
    /// Gives a webhook a new secret; the old one signs beside it for a day.
    Rotate,
    /// Sends a webhook an event that says nothing, to see it arrive.
    Test,
    /// Forgets how far it came: a `resync`, everything as it stands, then what comes.
    Restart,
    /// Tries every delivery again that waits or was given up, and was first tried at or after a moment.
    Recover {
        /// The moment.
        #[schema(value_type = String, format = DateTime)]
        since: Moment,
    },
    /// Tells a stretch of the log again, beside what is new.
    Replay {
        /// The position or time after which it begins.
        after: String,
        /// The position or time where it ends; now, when it is left out.
        until: Option<String>,
        /// Only count what would be told.
        #[serde(default)]
        dry_run: bool,
    },
}

/// What came of an order.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = SubscriptionOrderDone)]
pub struct Done {
    /// The new secret; it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Until when the old secret signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub overlap_until: Option<Moment>,
    /// How many events or deliveries it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Whether `count` is of the whole stretch, which may be too long to be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted_whole: Option<bool>,
    /// Id of the test event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

impl Order {
    /// The order in one word, for the audit trail.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Rotate => "rotate",
            Self::Test => "test",
            Self::Restart => "restart",
            Self::Recover { .. } => "recover",
            Self::Replay { dry_run: true, .. } => "count a replay",
            Self::Replay { .. } => "replay",
        }
    }
}

impl Desk {
    /// Carries an order out, for somebody who may see what `viewer` sees.
    pub async fn carry_out(
        &self,
        tx: &mut Tx,
        (row, head): (&Subscription, &Head),
        viewer: &Viewer,
        order: &Order,
    ) -> Result<Done, Refusal> {
        let (number, now) = (row.subscription, self.clock.now());
        let mut done = Done::default();
        match order {
            Order::Pause => drop(subscriptions::set_state(tx, number, "paused", Some("asked for"), now).await?),
            Order::Resume => drop(subscriptions::set_state(tx, number, "active", None, now).await?),
            Order::Rotate => {
                done.secret = Some(self.rotate(tx, row).await?);
                done.overlap_until = Some(now.plus_secs(OVERLAP_SECS));
            }
            Order::Test => done.event = Some(self.test(tx, row, head).await?),
            Order::Restart => subscriptions::restart(tx, number, "asked", head, true).await?,
            Order::Recover { since } => {
                done.count = Some(deliveries::resend(tx, number, Again::Since(*since), now).await?);
            }
            Order::Replay { after, until, dry_run } => {
                let from = stated(tx, after, head).await?;
                let end = match until {
                    Some(until) => stated(tx, until, head).await?,
                    None => head.seq,
                };
                let (found, is_whole) = count(tx, &self.told(row, viewer, head)?, head, (from, end)).await?;
                (done.count, done.counted_whole) = (u64::try_from(found).ok(), Some(is_whole));
                if !dry_run && from < end {
                    subscriptions::replay(tx, number, from, end).await?;
                }
            }
        }
        Ok(done)
    }

    /// Whom a subscription tells, with the rights of a viewer.
    fn told(&self, row: &Subscription, viewer: &Viewer, head: &Head) -> Result<Subscriber, Refusal> {
        let damaged = || Error::Damaged(format!("the subscription {}", row.id));
        let terms = Terms::of(row).ok_or_else(damaged)?;
        let mut told = Subscriber::new(viewer, &terms.filter, &self.hub, &head.epoch).map_err(Refusal::Wish)?;
        told.teller.fields = terms.fields;
        Ok(told)
    }

    /// Lays a test event beside what waits; answers its id.
    async fn test(&self, tx: &mut Tx, row: &Subscription, head: &Head) -> Result<String, Refusal> {
        if row.kind != WEBHOOK {
            let what = "only a webhook can be tested; of a queue see how many events wait in it";
            return Err(Refusal::Wish(what.to_owned()));
        }
        let now = self.clock.now();
        let nobody = Viewer { may_see_personal: false, ..Viewer::internal() };
        let told = Subscriber::new(&nobody, &Filter::default(), &self.hub, &head.epoch).map_err(Refusal::Wish)?;
        let word = teller::test(head.position(row.cursor));
        let event = told.teller.word(&row.id, row.cursor, now, random::bytes(), word);
        let delivery = Delivery {
            delivery: 0,
            event: event.id.clone(),
            kind: event.kind.clone(),
            // Of its own, so that it waits behind nothing.
            subject: format!("test-{}", hex(&random::bytes::<8>())),
            seq: row.cursor,
            state: "waiting".into(),
            body: Some(String::from_utf8_lossy(&event.encode()).into_owned()),
            attempts: 0,
            tries: "[]".into(),
            next_at: Some(now.micros()),
            created_at: now.micros(),
            ended_at: None,
        };
        deliveries::put(tx, row.subscription, vec![delivery]).await?;
        Ok(event.id)
    }
}

async fn stated(tx: &mut Tx, text: &str, head: &Head) -> Result<i64, Refusal> {
    let start =
        Start::parse(text).ok_or_else(|| Refusal::Wish("`after` and `until` are positions or times".to_owned()))?;
    place(tx, &start, head).await
}
