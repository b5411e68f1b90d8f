//! What makes this installation itself: the secret behind its record ids, and its log.

use muara_schemas::canonical::hex;
use muara_schemas::{Moment, Secret};

use super::Tx;
use super::error::{Error, Result};
use super::rows::Statement;

/// Makes sure that the database belongs to an installation; answers its secret.
///
/// `secret` and `epoch` are random and used only when the database is empty.
pub async fn ensure(tx: &mut Tx, secret: [u8; 32], epoch: [u8; 4], now: Moment) -> Result<Secret> {
    Statement::new(
        "insert into installation (one, secret, created_at) values (1, $1, $2) on conflict (one) do nothing",
    )
    .bind(secret.as_slice())
    .bind(now.micros())
    .execute(tx)
    .await?;
    Statement::new("insert into log_head (one, epoch, seq, at) values (1, $1, 0, 0) on conflict (one) do nothing")
        .bind(hex(&epoch))
        .execute(tx)
        .await?;
    let (stored,): (Vec<u8>,) = Statement::new("select secret from installation where one = 1").fetch_one(tx).await?;
    let stored = stored.try_into().map_err(|_| Error::Damaged("the installation's secret is not 32 bytes".into()))?;
    Ok(Secret::new(stored))
}
