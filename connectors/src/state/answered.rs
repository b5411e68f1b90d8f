//! Answers to pushes that named an `Idempotency-Key`, so that one that comes again is answered and not obeyed again.

use muara_schemas::Moment;
use sqlx::Row as _;

use super::{Error, State};

/// How long an answer is kept.
const KEPT_SECS: i64 = 86_400;
/// How many of a stream are kept.
const MOST: i64 = 1_000;
/// How many bytes of a stream are kept.
const MOST_BYTES: i64 = 16 << 20;

/// What was answered under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Hash of what was asked.
    pub asked: [u8; 32],
    /// The answer's body.
    pub body: String,
}

/// The rows behind the newest ones that are kept.
const PRUNE: &str = "
delete from answered where stream = $1 and (at < $2 or id in (
  select id from (select id, row_number() over newest as number, sum(bytes) over newest as total
    from answered where stream = $1 window newest as (order by id desc))
  where number > $3 or total > $4))";

impl State {
    /// Keeps an answer.
    pub async fn keep_answer(&self, stream: i64, key: &str, answer: &Answered, now: Moment) -> Result<(), Error> {
        let mut tx = self.write.begin().await?;
        sqlx::query(
            "insert or replace into answered (stream, key, at, bytes, asked, body) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(stream)
        .bind(key)
        .bind(now.micros())
        .bind(i64::try_from(answer.body.len()).unwrap_or(i64::MAX))
        .bind(answer.asked.as_slice())
        .bind(&answer.body)
        .execute(&mut *tx)
        .await?;
        sqlx::query(PRUNE)
            .bind(stream)
            .bind(now.plus_secs(-KEPT_SECS).micros())
            .bind(MOST)
            .bind(MOST_BYTES)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The answer under a key, while it is kept.
    pub async fn answer(&self, stream: i64, key: &str, now: Moment) -> Result<Option<Answered>, Error> {
        let row = sqlx::query("select asked, body from answered where stream = $1 and key = $2 and at >= $3")
            .bind(stream)
            .bind(key)
            .bind(now.plus_secs(-KEPT_SECS).micros())
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let asked: Vec<u8> = row.try_get(0)?;
        let asked = asked.try_into().map_err(|_| Error::Damaged("an answer"))?;
        Ok(Some(Answered { asked, body: row.try_get(1)? }))
    }
}
