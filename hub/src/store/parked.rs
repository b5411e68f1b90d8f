//! Messages that failed alone three times, kept byte for byte for whoever looks into it.

use muara_schemas::Moment;

use super::Tx;
use super::error::Result;
use super::rows::Statement;

/// A message that can never be taken.
pub struct Message<'a> {
    /// Where it came.
    pub partition: u8,
    /// The id that its sender gave it.
    pub message_id: Option<String>,
    /// The stream that it says it is of, where its sender may say so.
    pub stream: Option<String>,
    /// All of it.
    pub body: &'a [u8],
    /// Why.
    pub error: String,
}

/// Parks a message.
pub async fn put(tx: &mut Tx, message: Message<'_>, now: Moment) -> Result<()> {
    Statement::new(
        "insert into parked (partition, message_id, stream, body, error, at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(i64::from(message.partition))
    .bind(message.message_id)
    .bind(message.stream)
    .bind(message.body)
    .bind(message.error)
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
