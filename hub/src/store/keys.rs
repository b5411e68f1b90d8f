//! API keys: `mua_<id>_<secret>`; only a hash of the secret is stored.

use muara_schemas::Moment;

use super::Tx;
use super::error::Result;
use super::rows::Statement;

/// A stored key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public part.
    pub id: String,
    /// BLAKE3 of its secret part, 32 bytes. The secret has 160 random bits, so no slow hash is needed.
    pub secret_hash: Vec<u8>,
    /// What people call it.
    pub name: String,
    /// What it may see, as JSON.
    pub grants: String,
    /// When it was made.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: Option<i64>,
    /// When it was taken back.
    pub revoked_at: Option<i64>,
}

type Row = (String, Vec<u8>, String, String, i64, Option<i64>, Option<i64>);

const COLUMNS: &str = "id, secret_hash, name, grants, created_at, expires_at, revoked_at";

fn from_row((id, secret_hash, name, grants, created_at, expires_at, revoked_at): Row) -> Key {
    Key { id, secret_hash, name, grants, created_at, expires_at, revoked_at }
}

/// Stores a new key.
pub async fn put(tx: &mut Tx, key: &Key) -> Result<()> {
    Statement::new(
        "insert into api_keys (id, secret_hash, name, grants, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(key.id.as_str())
    .bind(key.secret_hash.as_slice())
    .bind(key.name.as_str())
    .bind(key.grants.as_str())
    .bind(key.created_at)
    .bind(key.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The key with this id.
pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Key>> {
    let row: Option<Row> =
        Statement::new(format!("select {COLUMNS} from api_keys where id = $1")).bind(id).fetch_optional(tx).await?;
    Ok(row.map(from_row))
}

/// All keys, the oldest first.
pub async fn all(tx: &mut Tx) -> Result<Vec<Key>> {
    let rows: Vec<Row> = Statement::new(format!("select {COLUMNS} from api_keys order by created_at, id limit 10000"))
        .fetch_all(tx)
        .await?;
    Ok(rows.into_iter().map(from_row).collect())
}

/// Takes a key back; tells whether there was one to take.
pub async fn revoke(tx: &mut Tx, id: &str, now: Moment) -> Result<bool> {
    let revoked = Statement::new("update api_keys set revoked_at = $2 where id = $1 and revoked_at is null")
        .bind(id)
        .bind(now.micros())
        .execute(tx)
        .await?;
    Ok(revoked == 1)
}
