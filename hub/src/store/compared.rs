//! What a connector says that it has, collected while a broken proof is being looked into.

use muara_schemas::{ContentHash, RecordId};

use super::error::Result;
use super::rows::{Rows, Statement};
use super::{Tx, records};

/// Forgets an earlier comparison of a stream.
pub async fn clear(tx: &mut Tx, stream: i64) -> Result<()> {
    Statement::new("delete from compared where stream = $1").bind(stream).execute(tx).await?;
    Ok(())
}

/// Adds keys and hashes that the connector has.
pub async fn put(tx: &mut Tx, stream: i64, have: &[(RecordId, String, ContentHash)]) -> Result<()> {
    if have.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .blobs("id", have.iter().map(|(id, ..)| id.as_bytes().to_vec()))
        .texts("key", have.iter().map(|(_, key, _)| key.clone()))
        .blobs("hash", have.iter().map(|(.., hash)| hash.as_bytes().to_vec()));
    Statement::new(
        "insert into compared (stream, id, key, hash) select $1, id, key, hash from {rows} given_keys where true \
         on conflict (stream, id) do update set hash = excluded.hash",
    )
    .bind(stream)
    .rows(tx, rows)
    .execute(tx)
    .await?;
    Ok(())
}

/// Keys that the hub lacks or has otherwise.
pub async fn lacking(tx: &mut Tx, stream: i64, limit: i64) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = Statement::new(
        "select c.key from compared c left join records r on r.id = c.id and r.deleted_at is null \
         where c.stream = $1 and (r.record is null or r.hash <> c.hash or r.held <> 0) order by c.key limit $2",
    )
    .bind(stream)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Live records that the connector does not have; keys in quarantine and held ones stand aside.
pub async fn too_much(tx: &mut Tx, stream: i64, limit: i64) -> Result<Vec<(RecordId, String)>> {
    let rows: Vec<(Vec<u8>, String)> = Statement::new(
        "select r.id, r.key from records r where r.stream = $1 and r.deleted_at is null and r.held = 0 \
         and not exists (select 1 from compared c where c.stream = r.stream and c.id = r.id) \
         and not exists (select 1 from quarantine q where q.stream = r.stream and q.key = r.key and q.state = 'open') \
         order by r.record limit $2",
    )
    .bind(stream)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|(id, key)| Ok((records::identify(&id)?, key))).collect()
}
