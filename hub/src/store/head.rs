//! The head of the log: where the next change goes. Its row lock orders committers.

use muara_schemas::Moment;
use muara_schemas::canonical::hex;

use super::Tx;
use super::error::{Error, Result};
use super::rows::Statement;

/// Where the log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// 8 hex digits; new with an empty database and at every restore.
    pub epoch: String,
    /// The newest change.
    pub seq: i64,
    /// When it was recorded; never runs backwards.
    pub at: Moment,
}

impl Head {
    /// A position as it is told outside: `<epoch>-<seq>`.
    pub fn position(&self, seq: i64) -> String {
        format!("{}-{seq}", self.epoch)
    }
}

/// Where the log stands now.
pub async fn read(tx: &mut Tx) -> Result<Head> {
    let (epoch, seq, at): (String, i64, i64) =
        Statement::new("select epoch, seq, at from log_head where one = 1").fetch_one(tx).await?;
    Ok(Head { epoch, seq, at: Moment::from_micros(at) })
}

/// Takes the next `count` places of the log: the last thing that a writing unit of work does before its inserts, since
/// it makes every other committer wait. The answer's `seq` is the last place taken.
pub async fn advance(tx: &mut Tx, count: usize, now: Moment) -> Result<Head> {
    let count = i64::try_from(count).map_err(|_| Error::Damaged("more changes than numbers".into()))?;
    let (epoch, seq, at): (String, i64, i64) = Statement::new(
        "update log_head set seq = seq + $1, at = case when at > $2 then at else $2 end \
         where one = 1 returning epoch, seq, at",
    )
    .bind(count)
    .bind(now.micros())
    .fetch_one(tx)
    .await?;
    Ok(Head { epoch, seq, at: Moment::from_micros(at) })
}

/// Gives the log a new epoch, so that no position of before means anything any more.
pub async fn renew_epoch(tx: &mut Tx, random: [u8; 4]) -> Result<String> {
    let epoch = hex(&random);
    Statement::new("update log_head set epoch = $1 where one = 1").bind(epoch.clone()).execute(tx).await?;
    // Readers stand where the log stands; nothing that they did is undone by a restore of the same database.
    Statement::new("update readers set epoch = $1, owner = null, lease_until = 0")
        .bind(epoch.clone())
        .execute(tx)
        .await?;
    Ok(epoch)
}
