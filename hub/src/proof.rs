//! The hub's side of the proof, read afresh from its rows, and what follows from it.

use muara_schemas::control::Order;
use muara_schemas::page::{RunId, RunKind};
use muara_schemas::{Clock, Moment, Proof, RecordId, StreamName};

use crate::intake::apply::{Ended, write};
use crate::intake::{chain, order, verdict};
use crate::merge::Batch;
use crate::store::{Db, Result, Tx, compared, findings, quarantine, records, runs, streams};

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
/// The caller takes no other page of this stream in meanwhile; should another process do so, nothing is decided.
pub async fn look(db: &Db, ended: &Ended, clock: &Clock) -> Result<()> {
    let Some(theirs) = ended.end.proof else { return Ok(()) };
    if ended.kind == RunKind::Compare {
        repair(db, ended, clock.now()).await?;
    }
    let mut tx = db.read().await?;
    let stream = streams::find(&mut tx, &ended.name).await?;
    drop(tx);
    let Some(stream) = stream else { return Ok(()) };
    let ours = of_stream(db, stream).await?;
    let now = clock.now();
    let mut tx = db.write().await?;
    let Some(mut stream) = standing(&mut tx, ended).await? else { return Ok(()) };
    runs::proved(&mut tx, ended.run, &ours).await?;
    let (name, number) = (&ended.name, stream.number);
    let note = if ours == theirs {
        "equal".clone_into(&mut stream.proof_state);
        let mut over = vec![findings::PROOF, findings::PARKED];
        over.extend(chain::is_calm(stream.reset_at, now.micros()).then_some(findings::RESETS));
        findings::close(&mut tx, &over, name, number, now).await?;
        let was_broken = stream.verdict == "unproved";
        if was_broken { verdict::pass(&mut stream, name, "ok", None, now) } else { None }
    } else if ended.kind == RunKind::Full && stream.proof_state != "rereading" {
        tracing::warn!(stream = %name, "the proof is broken: {} records here, {} there", ours.count, theirs.count);
        "comparing".clone_into(&mut stream.proof_state);
        order::give(&mut tx, name, Order::Compare { run: ended.run }, now).await?;
        None
    } else if ended.kind == RunKind::Compare && stream.proof_state == "comparing" {
        "rereading".clone_into(&mut stream.proof_state);
        let keys = compared::lacking(&mut tx, number, MAX_REREAD).await?;
        order::give(&mut tx, name, Order::Reread { keys }, now).await?;
        None
    } else {
        "broken".clone_into(&mut stream.proof_state);
        let detail = format!(
            "the source's read holds {} records, the view {}; reading again did not mend it",
            theirs.count, ours.count
        );
        findings::open(&mut tx, findings::PROOF, name, number, &detail, now).await?;
        verdict::pass(&mut stream, name, "unproved", Some(&detail), now)
    };
    if let Some(note) = note {
        tx.note(note);
    }
    streams::save(&mut tx, &stream).await?;
    tx.commit().await
}

/// The stream, locked, if the run is still its current one: otherwise what the run says is no longer all there is.
async fn standing(tx: &mut Tx, ended: &Ended) -> Result<Option<streams::Stream>> {
    Ok(streams::lock_known(tx, &ended.name).await?.filter(|stream| stream.run == Some(ended.run)))
}

/// After a comparison: tombstones what the hub has too much, under the guards.
async fn repair(db: &Db, ended: &Ended, now: Moment) -> Result<()> {
    let mut tx = db.write().await?;
    let Some(stream) = standing(&mut tx, ended).await? else { return Ok(()) };
    let live = records::live_count(&mut tx, stream.number).await?;
    let surplus = compared::too_much(&mut tx, stream.number, i64::try_from(live).unwrap_or(i64::MAX)).await?;
    let count = u64::try_from(surplus.len()).unwrap_or(u64::MAX);
    if count == 0 {
        return Ok(());
    }
    if ended.end.limits.hold(count, live) {
        let detail = format!("{count} of {live} records are no longer in the source");
        let ids: Vec<_> = surplus.iter().map(|(id, _)| *id).collect();
        records::hold(&mut tx, &ids, records::HELD_BY_REPAIR).await?;
        findings::open(&mut tx, findings::HELD, &ended.name, stream.number, &detail, now).await?;
        return tx.commit().await;
    }
    delete(&mut tx, &surplus, stream.number, ended.run, now).await?;
    tx.commit().await
}

/// Carries out the deletes of a stream that wait for approval, if they are just so many as somebody has looked at; answers
/// how many wait. [`muara_schemas::page::Limits`] says when they do.
pub async fn approve(db: &Db, name: &StreamName, count: usize, now: Moment) -> Result<usize> {
    let mut tx = db.write().await?;
    let Some(stream) = streams::lock_known(&mut tx, name).await? else { return Ok(0) };
    let held = records::held(&mut tx, stream.number, i64::MAX).await?;
    // After a restore no run is the current one, but one of them brought these records.
    let Some(run) = runs::newest(&mut tx, stream.number).await?.filter(|_| held.len() == count) else {
        return Ok(held.len());
    };
    delete(&mut tx, &held, stream.number, run, now).await?;
    findings::close(&mut tx, &[findings::HELD], name, stream.number, now).await?;
    tx.commit().await?;
    Ok(held.len())
}

async fn delete(tx: &mut Tx, gone: &[(RecordId, String)], stream: i64, run: RunId, now: Moment) -> Result<()> {
    let mut batch = Batch::default();
    let ids: Vec<_> = gone.iter().map(|(id, _)| *id).collect();
    batch.learn(records::known(tx, &ids).await?);
    for (id, key) in gone {
        batch.delete(*id, key, stream, run);
    }
    write(tx, batch, now).await
}
