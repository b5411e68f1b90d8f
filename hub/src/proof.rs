//! The hub's side of the proof, read afresh from its rows, and what follows from it.

use muara_schemas::control::Order;
use muara_schemas::page::RunKind;
use muara_schemas::{Clock, Proof, Secret};

use crate::intake::apply::{Ended, note_verdict, order, write};
use crate::merge::Batch;
use crate::store::{Db, Result, compared, findings, quarantine, records, runs, streams};

/// How many rows are read in one go.
const RANGE: i64 = 5_000;
/// How many keys one order to read again names; more are found by the next proof.
const MAX_REREAD: i64 = 5_000;

/// What a stream's stored rows add up to: live, not held, and not in quarantine.
pub async fn of_stream(db: &Db, stream: i64) -> Result<Proof> {
    let mut proof = Proof::default();
    let mut tx = db.read().await?;
    let aside = quarantine::open_keys(&mut tx, stream).await?;
    drop(tx);
    let mut after = String::new();
    loop {
        // One short unit of work a range, so that no snapshot is held for long.
        let mut tx = db.read().await?;
        let range = records::range(&mut tx, stream, &after, RANGE).await?;
        drop(tx);
        for (key, hash, held) in &range {
            if !held && !aside.contains(key) {
                proof.add(key, *hash);
            }
        }
        match range.into_iter().last() {
            Some((key, ..)) => after = key,
            None => return Ok(proof),
        }
    }
}

/// Looks at the proof of a run that has ended, and answers it: nothing more, a comparison, or a finding.
///
/// The caller takes no other page of this stream in meanwhile.
pub async fn look(db: &Db, ended: &Ended, secret: &Secret, clock: &Clock) -> Result<()> {
    let mut tx = db.write().await?;
    let mut stream = streams::lock(&mut tx, &ended.name, "").await?;
    drop(tx);
    if ended.kind == RunKind::Compare {
        repair(db, &stream, ended, secret, clock).await?;
    }
    let Some(theirs) = ended.end.proof else { return Ok(()) };
    let ours = of_stream(db, stream.number).await?;
    let now = clock.now();
    let mut tx = db.write().await?;
    stream = streams::lock(&mut tx, &ended.name, "").await?;
    if stream.run != Some(ended.run) {
        return Ok(());
    }
    runs::proved(&mut tx, ended.run, &ours).await?;
    let subject = ended.name.to_string();
    if ours == theirs {
        "equal".clone_into(&mut stream.proof_state);
        findings::close(&mut tx, "proof", &subject, Some(stream.number), now).await?;
        if stream.verdict == "unproved" {
            note_verdict(&mut tx, &mut stream, &ended.name, "ok", None, now).await?;
        }
    } else if ended.kind == RunKind::Full && stream.proof_state != "rereading" {
        tracing::warn!(stream = %ended.name, "the proof is broken: {} records here, {} there", ours.count, theirs.count);
        "comparing".clone_into(&mut stream.proof_state);
        order(&mut tx, &ended.name, Order::Compare { run: ended.run }, now).await?;
    } else if ended.kind == RunKind::Compare && stream.proof_state == "comparing" {
        "rereading".clone_into(&mut stream.proof_state);
        let keys = compared::lacking(&mut tx, stream.number, MAX_REREAD).await?;
        order(&mut tx, &ended.name, Order::Reread { keys }, now).await?;
    } else {
        "broken".clone_into(&mut stream.proof_state);
        let detail = format!(
            "the source's read holds {} records, the view {}; reading again did not mend it",
            theirs.count, ours.count
        );
        findings::open(&mut tx, "proof", &subject, Some(stream.number), &detail, now).await?;
        note_verdict(&mut tx, &mut stream, &ended.name, "unproved", Some(&detail), now).await?;
    }
    streams::save(&mut tx, &stream).await?;
    tx.commit().await
}

/// After a comparison: tombstones what the hub has too much, under the guards.
async fn repair(db: &Db, stream: &streams::Stream, ended: &Ended, _secret: &Secret, clock: &Clock) -> Result<()> {
    let now = clock.now();
    let mut tx = db.write().await?;
    let live = records::live_count(&mut tx, stream.number).await?;
    let surplus = compared::too_much(&mut tx, stream.number, i64::try_from(live).unwrap_or(i64::MAX)).await?;
    let count = u64::try_from(surplus.len()).unwrap_or(u64::MAX);
    if count == 0 {
        return Ok(());
    }
    let ids: Vec<_> = surplus.iter().map(|(id, _)| *id).collect();
    if ended.end.limits.hold(count, live) {
        let detail = format!("{count} of {live} records are no longer in the source; approve or mend the source");
        records::hold(&mut tx, &ids, 1).await?;
        findings::open(&mut tx, "deletes-held", &ended.name.to_string(), Some(stream.number), &detail, now).await?;
        return tx.commit().await;
    }
    let mut batch = Batch::default();
    batch.learn(records::known(&mut tx, &ids).await?);
    for (id, key) in &surplus {
        batch.delete(*id, key, stream.number, ended.run);
    }
    write(&mut tx, batch, now).await?;
    tx.commit().await
}
