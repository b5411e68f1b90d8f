//! Quarantine entries as they are told; the raw record only where it is asked for.

use crate::access::Viewer;

use super::Tx;
use super::error::Result;
use super::quarantine::cause_part;
use super::row::row;
use super::rows::{Rows, Statement};

row! {
    /// An entry without its raw record.
    pub struct Entry {
        /// Its number.
        pub entry: i64,
        /// Region.
        pub region: String,
        /// System.
        pub system: String,
        /// Stream.
        pub stream: String,
        /// Record type of the stream.
        pub record_type: String,
        /// The key, where it could be read.
        pub key: Option<String>,
        /// Where in the source it stands.
        pub pointer: String,
        /// Hash of the raw record.
        pub raw_hash: Vec<u8>,
        /// Every reason, as JSON.
        pub errors: String,
        /// Agency, where it is known.
        pub agency: Option<String>,
        /// Fiscal year, where it is known.
        pub fiscal_year: Option<i64>,
        /// Amount, where it is known.
        pub amount: Option<String>,
        /// The run that brought it last.
        pub run: Vec<u8>,
        /// Digest of the definition that could not map it.
        pub definition: String,
        /// `open`, `superseded`, `replaced`, `replayed` or `discarded`.
        pub state: String,
        /// Since when.
        pub opened_at: i64,
        /// Until when.
        pub closed_at: Option<i64>,
        /// Who discarded it.
        pub closed_by: Option<String>,
        /// Why it was discarded.
        pub reason: Option<String>,
    }
}

/// Which entries are wanted; what is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// State.
    pub state: Option<String>,
    /// Region, exactly.
    pub region: Option<String>,
    /// System.
    pub system: Option<String>,
    /// Stream.
    pub stream: Option<String>,
    /// Agency.
    pub agency: Option<String>,
    /// Code of the first reason.
    pub code: Option<String>,
    /// The first reason's target, or its source field.
    pub field: Option<String>,
    /// One of these entries; none of them asks for all.
    pub entries: Vec<i64>,
}

impl Filter {
    /// Adds what is asked, over `quarantine q` and its `streams s`.
    pub(super) fn narrow(&self, tx: &Tx, mut statement: Statement) -> Statement {
        for (condition, value) in [
            (" and q.state = {}", &self.state),
            (" and s.region = {}", &self.region),
            (" and s.system = {}", &self.system),
            (" and s.name = {}", &self.stream),
            (" and q.agency = {}", &self.agency),
            (" and q.code = {}", &self.code),
        ] {
            if let Some(value) = value {
                statement.and(condition, value.as_str());
            }
        }
        if let Some(field) = &self.field {
            let field = cause_part(field);
            statement.and(" and (q.target = {}", field.as_str());
            statement.and(" or q.source = {})", field);
        }
        if self.entries.is_empty() {
            return statement;
        }
        statement.push(" and q.entry in (select entry from {rows} given_entries)");
        statement.rows(tx, Rows::new().ints("entry", self.entries.iter().copied()))
    }
}

const SELECT: &str = "select q.entry, s.region, s.system, s.name as stream, s.record_type, q.key, q.pointer, \
    q.raw_hash, cast(q.errors as text) as errors, q.agency, q.fiscal_year, q.amount, q.run, q.definition, q.state, \
    q.opened_at, q.closed_at, q.closed_by, q.reason from quarantine q join streams s on s.stream = q.stream where ";

/// The next entries, the newest first; `before` is the number of the last one that was told.
pub async fn page(tx: &mut Tx, viewer: &Viewer, filter: &Filter, before: i64, limit: i64) -> Result<Vec<Entry>> {
    let mut statement = Statement::new(SELECT);
    statement.and("q.entry < {}", before);
    let statement = filter.narrow(tx, statement);
    let mut statement = statement.scope(viewer, "s.region", "q.agency");
    statement.and(" order by q.entry desc limit {}", limit);
    statement.fetch_all(tx).await
}

/// One entry.
pub async fn one(tx: &mut Tx, viewer: &Viewer, entry: i64) -> Result<Option<Entry>> {
    let mut statement = Statement::new(SELECT);
    statement.and("q.entry = {}", entry);
    statement.scope(viewer, "s.region", "q.agency").fetch_optional(tx).await
}

/// The raw record of an entry; nothing for a viewer who may not see personal data, because all of it counts as such.
pub async fn raw(tx: &mut Tx, viewer: &Viewer, entry: i64) -> Result<Option<Vec<u8>>> {
    if !viewer.may_see_personal {
        return Ok(None);
    }
    let mut statement = Statement::new("select q.raw from quarantine q join streams s on s.stream = q.stream where ");
    statement.and("q.entry = {}", entry);
    let row: Option<(Vec<u8>,)> = statement.scope(viewer, "s.region", "q.agency").fetch_optional(tx).await?;
    Ok(row.map(|(raw,)| raw))
}
