//! Streams as they are told: what was announced, how it stands, and what a person should look at.

use crate::access::Viewer;

use super::Tx;
use super::error::Result;
use super::row::row;
use super::rows::{Rows, Statement};

row! {
    /// A stream.
    pub struct Source {
        /// Its number.
        pub number: i64,
        /// Region.
        pub region: String,
        /// System.
        pub system: String,
        /// Name.
        pub stream: String,
        /// Record type.
        pub record_type: String,
        /// Agency that owns the system.
        pub agency: Option<String>,
        /// Rank; the lower counts.
        pub rank: i64,
        /// Digest of the definition.
        pub definition: Option<String>,
        /// Seconds between runs.
        pub every_secs: Option<i64>,
        /// Last sign of life.
        pub heartbeat_at: Option<i64>,
        /// The connector's last failure, while it lasts.
        pub failure: Option<String>,
        /// `none`, `ok`, `failed` or `unproved`.
        pub verdict: String,
        /// `none`, `equal`, `comparing`, `rereading` or `broken`.
        pub proof_state: String,
        /// When a full read was last proved.
        pub full_at: Option<i64>,
    }
}

row! {
    /// An open finding about a stream.
    pub struct Open {
        /// Number of the stream.
        pub stream: i64,
        /// What sort.
        pub kind: String,
        /// One sentence.
        pub detail: String,
        /// Since when.
        pub opened_at: i64,
    }
}

/// The next streams by number.
pub async fn page(tx: &mut Tx, viewer: &Viewer, after: i64, limit: i64) -> Result<Vec<Source>> {
    let mut statement = Statement::new(
        "select s.stream as number, s.region, s.system, s.name as stream, s.record_type, s.agency, s.rank, \
         s.definition, s.every_secs, s.heartbeat_at, s.failure, s.verdict, s.proof_state, s.full_at from streams s \
         where ",
    );
    statement.and("s.stream > {}", after);
    let mut statement = statement.scope(viewer, "s.region", "s.agency");
    statement.and(" order by s.stream limit {}", limit);
    statement.fetch_all(tx).await
}

/// The open findings about these streams.
pub async fn findings(tx: &mut Tx, viewer: &Viewer, streams: &[i64]) -> Result<Vec<Open>> {
    let rows = Rows::new().ints("stream", streams.iter().copied());
    let mut statement = Statement::new(
        "select f.stream, f.kind, f.detail, f.opened_at from findings f join streams s on s.stream = f.stream \
         where f.closed_at is null and f.stream in (select stream from {rows} given_streams)",
    )
    .rows(tx, rows)
    .scope(viewer, "s.region", "s.agency");
    statement.push(" order by f.finding limit 10000");
    statement.fetch_all(tx).await
}
