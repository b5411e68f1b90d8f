//! Messages that failed alone three times, kept byte for byte for whoever looks into it.

use muara_schemas::Moment;

use super::Tx;
use super::error::Result;
use super::rows::Statement;

/// Parks a message.
pub async fn put(
    tx: &mut Tx,
    partition: u8,
    message_id: Option<&str>,
    stream: Option<&str>,
    body: &[u8],
    error: &str,
    now: Moment,
) -> Result<()> {
    Statement::new(
        "insert into parked (partition, message_id, stream, body, error, at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(i64::from(partition))
    .bind(message_id.map(str::to_owned))
    .bind(stream.map(str::to_owned))
    .bind(body)
    .bind(error)
    .bind(now.micros())
    .execute(tx)
    .await?;
    Ok(())
}

/// How many messages are parked.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    let (count,): (i64,) = Statement::new("select count(*) from parked").fetch_one(tx).await?;
    Ok(count)
}
