//! A replay: raw records come back out of quarantine, are mapped with today's definition, and go in as a run of their own.

use std::sync::Arc;

use muara_schemas::Proof;
use muara_schemas::control::{Foreseen, Replayable};
use muara_schemas::message::Message;
use muara_schemas::page::{Counts, End, MAX_RECORDS, Page, RunId, RunKind};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::pages::{Pages, RunHead};
use super::report::Failure;
use super::sift::{keyless_key, xor};
use super::verdict::Judge;
use crate::state::{Hash, StreamState};

mod prints;
mod trial;

use prints::{Known, plan};
use trial::{Outcome, Tried, attempt};

/// The code of a replay that has to wait for a read; the hub tells it on.
pub(super) const NOT_YET: &str = "E0250";

/// Maps raw records and sends what came of them; of a trial it only answers that.
pub(super) async fn replay(
    context: &Arc<Context>,
    entries: Vec<Replayable>,
    dry_run: bool,
    cancel: &CancellationToken,
) -> Result<Vec<Foreseen>, Failure> {
    let (asked, entries) = (context.clone(), entries.into_iter().take(MAX_RECORDS).collect());
    let trial = move || attempt(entries, &asked.stream.key, &mut Judge::of(&asked));
    let tried = tokio::task::spawn_blocking(trial);
    let tried = tried.await.map_err(|error| Failure::new("E0211", format!("map raw records anew: {error}")))?;
    if dry_run {
        return Ok(tried.iter().map(Tried::foreseen).collect());
    }
    let stopped = || Failure::new("E0209", format!("the replay of {} was stopped", context.name));
    cancel.run_until_cancelled(send(context, tried)).await.unwrap_or_else(|| Err(stopped()))?;
    Ok(Vec::new())
}

async fn send(context: &Arc<Context>, tried: Vec<Tried>) -> Result<(), Failure> {
    let state = context.state.stream(&context.name).await?;
    if state.run.is_none() {
        // The chain of runs begins with a read: a replay at its head would pass for one.
        return Err(Failure::new(
            NOT_YET,
            format!("{} has to be read whole before anything is replayed", context.name),
        ));
    }
    let salts = [context.salt, Context::salt_of(&state.definition)];
    let known = known(context, &state, &tried, salts).await?;
    let prints = plan(&tried, &known, salts, state.next_slot);
    if !prints.ahead.is_empty() {
        context.state.save(state.id, &prints.ahead, prints.next_slot, None, None).await?;
    }
    let run = RunId::new(muara_schemas::random::bytes());
    let pages = pages(context, &state, run, tried);
    context.state.begin(state.id, run).await?;
    muara_schemas::fault::point("run.begun");
    let mut receipts = Vec::with_capacity(pages.len());
    for page in pages {
        let id = page.message_id();
        receipts.push(context.post.send(id, &Message::Page(Box::new(page))).await?);
    }
    for receipt in receipts {
        receipt.await?;
        muara_schemas::fault::point("page.confirmed");
    }
    if !prints.after.is_empty() {
        context.state.save(state.id, &prints.after, prints.next_slot, None, None).await?;
    }
    Ok(())
}

/// What the state file knows of the keys. Of a key that is new it tells where its record was read when it had another
/// key or none.
async fn known(
    context: &Context,
    state: &StreamState,
    tried: &[Tried],
    salts: [Hash; 2],
) -> Result<Vec<Known>, Failure> {
    let keys: Vec<Arc<str>> = tried.iter().map(|tried| tried.key().unwrap_or_else(|| "".into())).collect();
    let probes: Vec<_> = keys.iter().zip(tried).map(|(key, tried)| (&**key, xor(tried.hash, salts[0]))).collect();
    let prints = context.state.look(state.id, 0, &probes).await?;
    let mut former = Vec::new();
    for (tried, at) in tried.iter().zip(0..).filter(|(_, at): &(_, usize)| prints[*at].is_none()) {
        let keyless = salts.map(|salt| keyless_key(xor(tried.hash, salt)));
        let named = tried.before.as_deref().map(Arc::from);
        former.extend(keyless.into_iter().chain(named).map(|key: Arc<str>| (at, key)));
    }
    let probes: Vec<_> = former.iter().map(|(at, key)| (&**key, xor(tried[*at].hash, salts[0]))).collect();
    let found = context.state.look(state.id, 0, &probes).await?;
    let mut known: Vec<Known> = prints.into_iter().map(|print| Known { print, part: 0 }).collect();
    for ((at, _), print) in former.iter().zip(found) {
        if let Some(print) = print {
            known[*at].part = print.part;
        }
    }
    Ok(known)
}

/// The pages of the run.
fn pages(context: &Context, state: &StreamState, run: RunId, tried: Vec<Tried>) -> Vec<Page> {
    let mut open = Pages::new(RunHead {
        name: context.name.clone(),
        record_type: context.stream.target.clone(),
        definition: context.stream.digest.clone(),
        run,
        prev: state.run,
        kind: RunKind::Replay,
    });
    let (mut pages, mut counts) = (Vec::new(), Counts::default());
    for tried in tried {
        if open.is_full() {
            pages.push(open.close());
        }
        counts.read += 1;
        match tried.outcome {
            Outcome::Valid { record, .. } => {
                counts.published += 1;
                open.record(record);
            }
            Outcome::Broken(quarantined) => {
                counts.quarantined += 1;
                open.quarantined(quarantined);
            }
            Outcome::Refused(refusal) => {
                counts.read -= 1;
                counts.left_out += 1;
                open.refuse(refusal);
            }
        }
    }
    let limits = context.stream.full_read.limits;
    let (proof, failure, notes): (Option<Proof>, _, _) = (None, None, Vec::new());
    pages.extend(open.end(&[], &[], End { complete: true, pages: 0, counts, proof, limits, failure, notes }));
    pages
}
