//! Runs as they are told: counts, proof and end, the newest first.

use crate::access::Viewer;

use super::Tx;
use super::error::Result;
use super::row::row;
use super::rows::{Rows, Statement};

row! {
    /// A run.
    pub struct Run {
        /// Its id, 16 bytes.
        pub run: Vec<u8>,
        /// The run before it.
        pub prev: Option<Vec<u8>>,
        /// Number of its stream.
        pub number: i64,
        /// Region.
        pub region: String,
        /// System.
        pub system: String,
        /// Stream.
        pub stream: String,
        /// `incremental`, `full`, `compare` or `replay`.
        pub kind: String,
        /// Digest of the definition.
        pub definition: String,
        /// `running`, `complete`, `failed`, `abandoned`, `parked` or `broken`.
        pub state: String,
        /// When its first page came.
        pub started_at: i64,
        /// When its last page came.
        pub ended_at: Option<i64>,
        /// Pages that came.
        pub pages_seen: i64,
        /// Records read by the connector; known at the end.
        pub read: i64,
        /// Records that became a change.
        pub applied: i64,
        /// Records known as they are.
        pub unchanged: i64,
        /// Records in quarantine.
        pub quarantined: i64,
        /// Records that the definition drops.
        pub left_out: i64,
        /// Records deleted.
        pub deleted: i64,
        /// Records whose delete waits for approval.
        pub held: i64,
        /// The connector's side of the proof.
        pub proof_count: Option<i64>,
        /// The connector's side of the proof.
        pub proof_digest: Option<String>,
        /// The hub's side of the proof.
        pub hub_count: Option<i64>,
        /// The hub's side of the proof.
        pub hub_digest: Option<String>,
        /// Why it failed.
        pub failure: Option<String>,
    }
}

/// Which runs are wanted; what is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Region, exactly.
    pub region: Option<String>,
    /// System.
    pub system: Option<String>,
    /// Stream.
    pub stream: Option<String>,
}

const SELECT: &str = "select u.run, u.prev, u.stream as number, s.region, s.system, s.name as stream, u.kind, \
    u.definition, u.state, u.started_at, u.ended_at, u.pages_seen, u.read, u.applied, u.unchanged, u.quarantined, \
    u.left_out, u.deleted, u.held, u.proof_count, u.proof_digest, u.hub_count, u.hub_digest, u.failure \
    from runs u join streams s on s.stream = u.stream where 1 = 1";

/// The next runs, the newest first; `before` is the start and the id of the last one that was told.
pub async fn page(
    tx: &mut Tx,
    viewer: &Viewer,
    filter: &Filter,
    before: Option<(i64, [u8; 16])>,
    limit: i64,
) -> Result<Vec<Run>> {
    let mut statement = Statement::new(SELECT);
    for (condition, value) in [
        (" and s.region = {}", &filter.region),
        (" and s.system = {}", &filter.system),
        (" and s.name = {}", &filter.stream),
    ] {
        if let Some(value) = value {
            statement.and(condition, value.as_str());
        }
    }
    if let Some((started_at, run)) = before {
        statement.and(" and (u.started_at < {}", started_at);
        statement.and(" or (u.started_at = {}", started_at);
        statement.and(" and u.run < {}))", &run);
    }
    let mut statement = statement.scope(viewer, "s.region", "s.agency");
    statement.and(" order by u.started_at desc, u.run desc limit {}", limit);
    statement.fetch_all(tx).await
}

/// The current run of each of these streams.
pub async fn current(tx: &mut Tx, viewer: &Viewer, streams: &[i64]) -> Result<Vec<Run>> {
    let mut statement = Statement::new(SELECT);
    statement.push(" and s.run = u.run and s.stream in (select stream from {rows} given_streams)");
    let rows = Rows::new().ints("stream", streams.iter().copied());
    statement.rows(tx, rows).scope(viewer, "s.region", "s.agency").fetch_all(tx).await
}
