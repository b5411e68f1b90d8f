//! Quarantine grouped by cause: the first reason of its entries, stream by stream.

use muara_schemas::Rupiah;

use crate::access::Viewer;

use super::Tx;
use super::entries::Filter;
use super::error::Result;
use super::row::row;
use super::rows::Statement;
use super::totals;

row! {
    /// Entries of one stream with one cause.
    pub struct Group {
        /// Region.
        pub region: String,
        /// System.
        pub system: String,
        /// Stream.
        pub stream: String,
        /// Record type of the stream.
        pub record_type: String,
        /// Code of the first reason; empty where the sender gave none.
        pub code: String,
        /// JSON pointer of its target field, or empty.
        pub target: String,
        /// Path of its source field, or empty.
        pub source: String,
        /// How many entries.
        pub entries: i64,
        /// Of how many the amount is known.
        pub with_amount: i64,
        /// Their money, in the two integers of [`totals::amount`].
        pub high: i64,
        /// Their money, in the two integers of [`totals::amount`].
        pub low: i64,
        /// Since when the oldest waits.
        pub oldest_at: i64,
        /// The newest entry, as an example.
        pub example: i64,
    }
}

impl Group {
    /// Their money, where it is known.
    pub fn amount(&self) -> Rupiah {
        totals::amount(self.high, self.low)
    }
}

/// The groups, the largest first, from the `skip`th on.
pub async fn groups(tx: &mut Tx, viewer: &Viewer, filter: &Filter, skip: i64, limit: i64) -> Result<Vec<Group>> {
    let statement = Statement::new(
        "select s.region, s.system, s.name as stream, s.record_type, q.code, q.target, q.source, \
         cast(count(*) as bigint) as entries, cast(count(q.high) as bigint) as with_amount, \
         cast(coalesce(sum(q.high), 0) as bigint) as high, cast(coalesce(sum(q.low), 0) as bigint) as low, \
         min(q.opened_at) as oldest_at, max(q.entry) as example \
         from quarantine q join streams s on s.stream = q.stream where 1 = 1",
    );
    let mut statement = filter.narrow(tx, statement).scope(viewer, "s.region", "q.agency");
    statement.push(
        " group by s.region, s.system, s.name, s.record_type, q.code, q.target, q.source \
         order by entries desc, s.region, s.system, s.name, q.code, q.target, q.source",
    );
    statement.and(" limit {}", limit);
    statement.and(" offset {}", skip);
    statement.fetch_all(tx).await
}
