//! Readers: everything downstream of the log. A name, a cursor, a batch; one process at a time by a lease.
//!
//! To replay is to move a cursor. To add a feature is to add a reader.

use std::sync::Arc;
use std::time::Duration;

use muara_schemas::canonical::hex;
use muara_schemas::{fault, random};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::store::{Db, Result, Tx, head, readers};

/// A lease that is not renewed for this long may be taken by another process.
const LEASE_SECS: i64 = 15;
/// How many places of the log one batch spans at most. A read model adds a batch up before it writes, so the larger the
/// batch, the fewer the writes.
const SPAN: i64 = 10_000;
/// How often the log is looked at when nobody says that there is news.
const POLL: Duration = Duration::from_millis(500);
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What a reader does with a stretch of the log.
pub trait Reader: Send + Sync + 'static {
    /// Its name; the cursor goes by it.
    fn name(&self) -> &'static str;

    /// Takes in the changes after `after` up to and including `until`, in the unit of work that also moves the cursor.
    fn take(&self, tx: &mut Tx, after: i64, until: i64) -> impl Future<Output = Result<()>> + Send;
}

/// Runs a reader until shutdown.
pub fn spawn<R: Reader>(reader: R, db: Db, news: Arc<Notify>, tasks: &TaskTracker, token: &CancellationToken) {
    let token = token.clone();
    tasks.spawn(async move {
        let owner = hex(&random::bytes::<8>());
        loop {
            let told = news.notified();
            let pause = match advance(&reader, &db, &owner).await {
                Ok(true) => continue,
                Ok(false) => POLL,
                Err(error) => {
                    tracing::warn!(reader = reader.name(), "the reader waits and tries again: {error}");
                    PAUSE_AFTER_FAILURE
                }
            };
            tokio::select! {
                () = token.cancelled() => break,
                () = told => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Ok(mut tx) = db.write().await
            && readers::release(&mut tx, reader.name(), &owner).await.is_ok()
        {
            drop(tx.commit().await);
        }
    });
}

/// Reads one stretch; whether there may be more.
pub async fn advance<R: Reader>(reader: &R, db: &Db, owner: &str) -> Result<bool> {
    let mut tx = db.read().await?;
    let (seen, newest) = (readers::cursor(&mut tx, reader.name()).await?, head::read(&mut tx).await?.seq);
    drop(tx);
    // While nothing is new nothing is written, not even a lease.
    if seen.is_some_and(|cursor| cursor >= newest) {
        return Ok(false);
    }
    let mut tx = db.write().await?;
    let head = head::read(&mut tx).await?;
    let Some(cursor) = readers::lease(&mut tx, reader.name(), owner, &head.epoch, LEASE_SECS).await? else {
        return Ok(false);
    };
    if cursor >= head.seq {
        tx.commit().await?;
        return Ok(false);
    }
    let until = head.seq.min(cursor + SPAN);
    reader.take(&mut tx, cursor, until).await?;
    readers::advance(&mut tx, reader.name(), owner, cursor, until).await?;
    fault::point("reader.written");
    tx.commit().await?;
    fault::point("reader.committed");
    Ok(true)
}
