//! Records as people and applications read them: current state with the body that the log holds.

use muara_schemas::RecordId;

use crate::access::Viewer;

use super::Tx;
use super::error::Result;
use super::row::row;
use super::rows::Statement;

row! {
    /// A record with its last body.
    pub struct Listed {
        /// Its number; listings go by it, and a new record always has the greatest.
        pub record: i64,
        /// Opaque id, 16 bytes.
        pub id: Vec<u8>,
        /// Record type of its stream.
        pub record_type: String,
        /// Region.
        pub region: String,
        /// System.
        pub system: String,
        /// Stream.
        pub stream: String,
        /// Key within the stream.
        pub key: String,
        /// Agency.
        pub agency: Option<String>,
        /// Fiscal year.
        pub fiscal_year: Option<i64>,
        /// Business key.
        pub business: Option<String>,
        /// Version.
        pub version: i64,
        /// Its latest change.
        pub seq: i64,
        /// When it was deleted.
        pub deleted_at: Option<i64>,
        /// The last body, unless it was emptied.
        pub body: Option<String>,
        /// Where in the source that body stood.
        pub pointer: Option<String>,
        /// The run that brought it.
        pub run: Option<Vec<u8>>,
        /// Digest of the definition that mapped it.
        pub definition: Option<String>,
        /// When it was taken in.
        pub received_at: i64,
    }
}

/// Whether deleted records are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deleted {
    /// Live records alone.
    #[default]
    Exclude,
    /// All records.
    Include,
    /// Deleted records alone.
    Only,
}

/// Which records are wanted; what is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Record types.
    pub types: Option<Vec<String>>,
    /// Region, exactly.
    pub region: Option<String>,
    /// System.
    pub system: Option<String>,
    /// Stream.
    pub stream: Option<String>,
    /// Agency.
    pub agency: Option<String>,
    /// Fiscal year.
    pub fiscal_year: Option<i64>,
    /// Business key.
    pub business: Option<String>,
    /// Deleted ones.
    pub deleted: Deleted,
    /// Those alone that have not changed since this place of the log.
    pub unchanged_since: Option<i64>,
}

const SELECT: &str = "select r.record, r.id, s.record_type, s.region, s.system, s.name as stream, r.key, r.agency, \
    r.fiscal_year, r.business, r.version, r.seq, r.deleted_at, cast(c.body as text) as body, c.pointer, c.run, \
    u.definition, c.at as received_at from records r join streams s on s.stream = r.stream \
    join changes c on c.seq = r.body_seq left join runs u on u.run = c.run where ";

/// The next records by number.
///
/// Numbers are places of the log, given in commit order: whatever is committed while somebody pages comes later.
pub async fn page(tx: &mut Tx, viewer: &Viewer, filter: &Filter, after: i64, limit: i64) -> Result<Vec<Listed>> {
    let mut statement = Statement::new(SELECT);
    statement.and("r.record > {}", after);
    if let Some(types) = &filter.types {
        statement.push(" and (1 = 0");
        for name in types {
            statement.and(" or s.record_type = {}", name.as_str());
        }
        statement.push(")");
    }
    let texts = [
        (" and s.region = {}", &filter.region),
        (" and s.system = {}", &filter.system),
        (" and s.name = {}", &filter.stream),
        (" and r.agency = {}", &filter.agency),
        (" and r.business = {}", &filter.business),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            statement.and(condition, value.as_str());
        }
    }
    if let Some(fiscal_year) = filter.fiscal_year {
        statement.and(" and r.fiscal_year = {}", fiscal_year);
    }
    if let Some(seq) = filter.unchanged_since {
        statement.and(" and r.seq <= {}", seq);
    }
    match filter.deleted {
        Deleted::Exclude => statement.push(" and r.deleted_at is null"),
        Deleted::Include => {}
        Deleted::Only => statement.push(" and r.deleted_at is not null"),
    }
    let mut statement = statement.scope(viewer, "s.region", "r.agency");
    statement.and(" order by r.record limit {}", limit);
    statement.fetch_all(tx).await
}

/// One record, if the viewer may see it as it stands now; deleted ones too.
pub async fn one(tx: &mut Tx, viewer: &Viewer, id: RecordId) -> Result<Option<Listed>> {
    let mut statement = Statement::new(SELECT);
    statement.and("r.id = {}", id.as_bytes());
    statement.scope(viewer, "s.region", "r.agency").fetch_optional(tx).await
}
