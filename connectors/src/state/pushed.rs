//! What systems that call us have handed over lately: the one thing that a connector cannot read again.
//!
//! After a reset, under a new definition and when a comparison found something amiss, this is what a stream is filled up
//! from. Bounded in age, number and size; the newest record of each key alone.

use muara_schemas::Moment;
use sqlx::Row as _;

use super::{Error, State};

/// How long a record is kept.
const KEPT_SECS: i64 = 7 * 86_400;
/// How many of a stream are kept.
const MOST: i64 = 10_000;
/// How many bytes of a stream are kept.
const MOST_BYTES: i64 = 32 << 20;

/// A record that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// What tells it from others.
    pub key: String,
    /// Byte for byte as it came.
    pub raw: Box<str>,
}

const PUT: &str = "
insert or replace into pushed (stream, key, at, bytes, raw)
select $1, value ->> 0, $2, octet_length(value ->> 1), value ->> 1 from json_each($3)";

/// The rows behind the newest ones that are kept.
const PRUNE: &str = "
delete from pushed where stream = $1 and (at < $2 or id in (
  select id from (select id, row_number() over newest as number, sum(bytes) over newest as total
    from pushed where stream = $1 window newest as (order by id desc))
  where number > $3 or total > $4))";

impl State {
    /// Keeps what was handed over. `whole` says that it is all there is, so that nothing older is kept.
    pub async fn keep_pushed(&self, stream: i64, pushed: &[Pushed], whole: bool, now: Moment) -> Result<(), Error> {
        let mut tx = self.write.begin().await?;
        if whole {
            sqlx::query("delete from pushed where stream = $1").bind(stream).execute(&mut *tx).await?;
        }
        for part in pushed.chunks(1_000) {
            let list: Vec<(&str, &str)> = part.iter().map(|pushed| (&*pushed.key, &*pushed.raw)).collect();
            let list = serde_json::to_string(&list).expect("texts always serialise");
            sqlx::query(PUT).bind(stream).bind(now.micros()).bind(list).execute(&mut *tx).await?;
        }
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

    /// Lets go of records that their system has taken back.
    pub async fn drop_pushed(&self, stream: i64, keys: &[String]) -> Result<(), Error> {
        let list = serde_json::to_string(keys).expect("texts always serialise");
        sqlx::query("delete from pushed where stream = $1 and key in (select value from json_each($2))")
            .bind(stream)
            .bind(list)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// When the newest of what is kept came.
    pub async fn pushed_at(&self, stream: i64) -> Result<Option<Moment>, Error> {
        let newest = sqlx::query_scalar::<_, Option<i64>>("select max(at) from pushed where stream = $1");
        Ok(newest.bind(stream).fetch_one(&self.read).await?.map(Moment::from_micros))
    }

    /// All that is kept, in the order in which it came.
    pub async fn pushed(&self, stream: i64) -> Result<Vec<Pushed>, Error> {
        let rows =
            sqlx::query("select key, raw from pushed where stream = $1 order by id").bind(stream).fetch_all(&self.read);
        let pushed = |row: sqlx::sqlite::SqliteRow| {
            let raw: String = row.try_get(1)?;
            Ok(Pushed { key: row.try_get(0)?, raw: raw.into() })
        };
        rows.await?.into_iter().map(pushed).collect()
    }
}
