//! Readers of the log: a name, a cursor, and a lease on the database's clock.

use super::Tx;
use super::error::{Error, Result};
use super::rows::Statement;

/// Where a reader stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// The epoch that its cursor belongs to.
    pub epoch: String,
    /// The last place that it has read.
    pub cursor: i64,
    /// Who holds the lease, if anybody.
    pub owner: Option<String>,
}

/// Takes or renews a reader's lease; `None` while another process holds it. Creates the reader at the log's beginning.
pub async fn lease(tx: &mut Tx, name: &str, owner: &str, epoch: &str, secs: i64) -> Result<Option<i64>> {
    Statement::new("insert into readers (name, epoch, cursor) values ($1, $2, 0) on conflict (name) do nothing")
        .bind(name)
        .bind(epoch)
        .execute(tx)
        .await?;
    let clock = tx.database_micros();
    let row: Option<(i64,)> = Statement::new(format!(
        "update readers set owner = $2, lease_until = {clock} + $3 \
         where name = $1 and (owner = $2 or owner is null or lease_until < {clock}) returning cursor",
    ))
    .bind(name)
    .bind(owner)
    .bind(secs * 1_000_000)
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|(cursor,)| cursor))
}

/// Gives a lease back at a clean end.
pub async fn release(tx: &mut Tx, name: &str, owner: &str) -> Result<()> {
    Statement::new("update readers set owner = null, lease_until = 0 where name = $1 and owner = $2")
        .bind(name)
        .bind(owner)
        .execute(tx)
        .await?;
    Ok(())
}

/// Moves the cursor in the unit of work that did the reading. Whoever lost the lease, or finds the cursor elsewhere,
/// must roll back: then nothing is counted twice.
pub async fn advance(tx: &mut Tx, name: &str, owner: &str, from: i64, to: i64) -> Result<()> {
    let moved = Statement::new("update readers set cursor = $4 where name = $1 and owner = $2 and cursor = $3")
        .bind(name)
        .bind(owner)
        .bind(from)
        .bind(to)
        .execute(tx)
        .await?;
    if moved == 1 { Ok(()) } else { Err(Error::Lost(name.to_owned())) }
}

/// Sends a reader back to the log's beginning and takes its lease away, so that whoever reads starts anew.
pub async fn rewind(tx: &mut Tx, name: &str) -> Result<()> {
    Statement::new("update readers set cursor = 0, owner = null, lease_until = 0 where name = $1")
        .bind(name)
        .execute(tx)
        .await?;
    Ok(())
}

/// Where a reader stands, if it has ever read.
pub async fn cursor(tx: &mut Tx, name: &str) -> Result<Option<i64>> {
    let row: Option<(i64,)> =
        Statement::new("select cursor from readers where name = $1").bind(name).fetch_optional(tx).await?;
    Ok(row.map(|(cursor,)| cursor))
}

/// All readers, by name.
pub async fn all(tx: &mut Tx) -> Result<Vec<Reader>> {
    let rows: Vec<(String, String, i64, Option<String>)> =
        Statement::new("select name, epoch, cursor, owner from readers order by name").fetch_all(tx).await?;
    Ok(rows.into_iter().map(|(name, epoch, cursor, owner)| Reader { name, epoch, cursor, owner }).collect())
}
