//! Orders to connectors, stored with the decision that made them and sent after it is committed.

use muara_schemas::Moment;
use muara_schemas::control::Command;

use super::Tx;
use super::error::{Error, Result};
use super::rows::Statement;

/// Stores an order.
pub async fn put(tx: &mut Tx, command: &Command) -> Result<()> {
    let body = serde_json::to_string(command).map_err(|error| Error::Damaged(error.to_string()))?;
    Statement::new("insert into commands (command, body, expires_at) values ($1, $2, $3)")
        .bind(command.id.as_str())
        .bind(body)
        .bind(command.expires_at.micros())
        .execute(tx)
        .await?;
    Ok(())
}

/// The orders that wait to be sent and are not void yet.
pub async fn waiting(tx: &mut Tx, now: Moment) -> Result<Vec<Command>> {
    let rows: Vec<(String,)> =
        Statement::new("select body from commands where expires_at >= $1 order by expires_at, command limit 100")
            .bind(now.micros())
            .fetch_all(tx)
            .await?;
    Ok(rows.iter().filter_map(|(body,)| serde_json::from_str(body).ok()).collect())
}

/// Forgets an order that the bus has taken, and those that are void by now.
pub async fn sent(tx: &mut Tx, id: &str, now: Moment) -> Result<()> {
    Statement::new("delete from commands where command = $1 or expires_at < $2")
        .bind(id)
        .bind(now.micros())
        .execute(tx)
        .await?;
    Ok(())
}
