//! Somebody who is told of changes: what he may see, what he wants, how he is told; and the log, read for him.

use crate::access::Viewer;
use crate::event::filter::Sieve;
use crate::event::{Event, Filter, Position, Teller};
use crate::store::head::Head;
use crate::store::{Result, Tx, feed};

/// How many places of the log one statement looks at.
const SPAN: i64 = 5_000;

/// Somebody who is told of changes.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// What he may see, narrowed to what he wants to see.
    pub viewer: Viewer,
    /// What he wants of it.
    pub sieve: Sieve,
    /// How he is told.
    pub teller: Teller,
}

/// A stretch of the log as one subscriber is told of it.
#[derive(Debug)]
pub struct Stretch {
    /// The events, in the order of the log.
    pub events: Vec<Event>,
    /// The last place that was looked at.
    pub until: i64,
}

impl Subscriber {
    /// Somebody with a viewer's rights and a filter, told by a hub in an epoch of its log. The error says what is wrong
    /// with the filter.
    pub fn new(viewer: &Viewer, filter: &Filter, hub: &str, epoch: &str) -> std::result::Result<Self, String> {
        Ok(Self {
            viewer: filter.narrow(viewer),
            sieve: filter.sieve()?,
            teller: Teller {
                hub: hub.to_owned(),
                epoch: epoch.to_owned(),
                may_see_personal: viewer.may_see_personal,
                fields: None,
            },
        })
    }

    /// Reads on after a place: up to `limit` events, looking at `spans` stretches of the log at most.
    pub async fn read(&self, tx: &mut Tx, head: &Head, after: i64, limit: usize, spans: usize) -> Result<Stretch> {
        let (mut events, mut from) = (Vec::new(), after);
        for _ in 0..spans {
            let until = head.seq.min(from.saturating_add(SPAN));
            let wanted = limit - events.len();
            if wanted == 0 || from >= until {
                break;
            }
            let rows = feed::after(tx, &self.viewer, &self.sieve.record_types, (from, until), rows(wanted)).await?;
            let is_full = rows.len() == wanted;
            from = rows.last().filter(|_| is_full).map_or(until, |last| last.seq);
            let told = rows.into_iter().filter_map(|row| self.teller.tell(row));
            events.extend(told.filter(|event| self.sieve.lets_through(event)));
        }
        Ok(Stretch { events, until: from })
    }

    /// The event at one place, if he is told of it at all; whether his filter wants it is not asked.
    pub async fn at(&self, tx: &mut Tx, seq: i64) -> Result<Option<Event>> {
        let rows = feed::after(tx, &self.viewer, &[], (seq.saturating_sub(1), seq), 1).await?;
        Ok(rows.into_iter().next().and_then(|row| self.teller.tell(row)))
    }
}

/// Where a position stands to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A place of this log.
    At(i64),
    /// A place of the log before a restore.
    Gone,
    /// A place that this log has not reached: of another installation, or invented.
    PastHead,
}

/// Where a position stands to the log with this head.
pub fn standing(position: &Position, head: &Head) -> Standing {
    if position.epoch != head.epoch {
        Standing::Gone
    } else if position.seq > head.seq {
        Standing::PastHead
    } else {
        Standing::At(position.seq)
    }
}

fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
