//! The log as others read it: each change with what the viewer may see of its two sides.

use muara_schemas::{Moment, RecordId};

use crate::access::Viewer;

use super::Tx;
use super::error::Result;
use super::row::row;
use super::rows::Statement;

row! {
    /// A change, or another entry of the log.
    pub struct Change {
        /// Its place.
        pub seq: i64,
        /// `record`, `run` or `finding`.
        pub kind: String,
        /// `created`, `updated`, `deleted`, `erased`; or the verb of a run or finding.
        pub op: String,
        /// When it was recorded.
        pub at: i64,
        /// Opaque id of the record.
        pub id: Option<Vec<u8>>,
        /// Key of the record within its stream.
        pub key: Option<String>,
        /// Version of the record from now on.
        pub version: Option<i64>,
        /// Record type of the stream.
        pub record_type: Option<String>,
        /// Region.
        pub region: Option<String>,
        /// System.
        pub system: Option<String>,
        /// Stream.
        pub stream: Option<String>,
        /// The agency that owns the stream.
        pub owner: Option<String>,
        /// Agency from now on.
        pub agency: Option<String>,
        /// Agency before.
        pub prev_agency: Option<String>,
        /// Fiscal year.
        pub fiscal_year: Option<i64>,
        /// Body from now on; of other entries what they say.
        pub body: Option<String>,
        /// Body until now, of updates and deletes.
        pub before: Option<String>,
        /// Where in the source it stands.
        pub pointer: Option<String>,
        /// The run that brought it.
        pub run: Option<Vec<u8>>,
        /// Digest of the definition that mapped it.
        pub definition: Option<String>,
        /// 1 when the viewer may see what is from now on.
        pub sees_after: i64,
        /// 1 when there was something before and the viewer may see it.
        pub sees_before: i64,
    }
}

/// What is not a record belongs to the agency that owns the stream.
const AGENCY: &str = "(case when c.kind = 'record' then c.agency else s.agency end)";
const HAS_BEFORE: &str = "c.kind = 'record' and c.op <> 'created' and ";

/// The changes after a place up to and including `until` of which the viewer may see either side, at most `limit`; of
/// streams with one of these record types, where any are named.
pub async fn after(
    tx: &mut Tx,
    viewer: &Viewer,
    record_types: &[String],
    (after, until): (i64, i64),
    limit: i64,
) -> Result<Vec<Change>> {
    let mut statement = select(viewer);
    statement.and(" where c.seq > {}", after);
    statement.and(" and c.seq <= {}", until);
    if !record_types.is_empty() {
        statement.push(" and (1 = 0");
        for record_type in record_types {
            statement.and(" or s.record_type = {}", record_type.as_str());
        }
        statement.push(")");
    }
    let mut statement = either_side(statement, viewer);
    statement.and(" order by c.seq limit {}", limit);
    statement.fetch_all(tx).await
}

/// The versions of a record after a version of which the viewer may see either side, at most `limit`.
pub async fn of_record(tx: &mut Tx, viewer: &Viewer, id: RecordId, after: i64, limit: i64) -> Result<Vec<Change>> {
    let mut statement = select(viewer);
    statement.and(" where r.id = {}", id.as_bytes());
    statement.and(" and c.version > {}", after);
    let mut statement = either_side(statement, viewer);
    statement.and(" order by c.version limit {}", limit);
    statement.fetch_all(tx).await
}

/// The last place of the log that was recorded before a moment, looked for between 0 and `until`. Times never run
/// backwards, so a few looks find it however long the log is.
pub async fn before(tx: &mut Tx, moment: Moment, until: i64) -> Result<i64> {
    let (mut low, mut high) = (0, until);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let row: Option<(i64,)> =
            Statement::new("select at from changes where seq = $1").bind(middle).fetch_optional(tx).await?;
        if row.is_some_and(|(at,)| at >= moment.micros()) { high = middle - 1 } else { low = middle }
    }
    Ok(low)
}

fn select(viewer: &Viewer) -> Statement {
    let mut statement = Statement::new(
        "select c.seq, c.kind, c.op, c.at, r.id, r.key, c.version, s.record_type, s.region, s.system, \
         s.name as stream, s.agency as owner, c.agency, c.prev_agency, c.fiscal_year, cast(c.body as text) as body, \
         (select cast(p.body as text) from changes p where c.op <> 'created' and p.record = c.record \
         and p.version = c.version - 1) as before, c.pointer, c.run, u.definition, case when ",
    );
    statement = statement.visible(viewer, "s.region", AGENCY);
    statement.push(" then cast(1 as bigint) else cast(0 as bigint) end as sees_after, case when ");
    statement.push(HAS_BEFORE);
    statement = statement.visible(viewer, "s.region", "c.prev_agency");
    statement.push(
        " then cast(1 as bigint) else cast(0 as bigint) end as sees_before from changes c \
         left join records r on r.record = c.record left join streams s on s.stream = c.stream \
         left join runs u on u.run = c.run",
    );
    statement
}

fn either_side(mut statement: Statement, viewer: &Viewer) -> Statement {
    if viewer.regions.is_none() && viewer.agencies.is_none() {
        return statement;
    }
    statement.push(" and (");
    statement = statement.visible(viewer, "s.region", AGENCY);
    statement.push(" or (");
    statement.push(HAS_BEFORE);
    statement = statement.visible(viewer, "s.region", "c.prev_agency");
    statement.push("))");
    statement
}

#[cfg(test)]
impl Change {
    /// The first entry of a log, with nothing in it but both agencies.
    pub(crate) fn blank(kind: &str, op: &str) -> Self {
        Self {
            seq: 1,
            kind: kind.into(),
            op: op.into(),
            at: 0,
            id: None,
            key: None,
            version: Some(2),
            record_type: None,
            region: None,
            system: None,
            stream: None,
            owner: None,
            agency: Some("new".into()),
            prev_agency: Some("old".into()),
            fiscal_year: None,
            body: None,
            before: None,
            pointer: None,
            run: None,
            definition: None,
            sees_after: 1,
            sees_before: 1,
        }
    }
}
