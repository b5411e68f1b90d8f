//! A compare run: all keys and hashes of a stream, after the hub has found its proof broken.

use std::collections::VecDeque;
use std::sync::Arc;

use muara_schemas::message::Message;
use muara_schemas::page::{Counts, End, MAX_RECORDS, Page, RunId, RunKind};
use muara_schemas::{ContentHash, Proof};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::pages::{Pages, RunHead};
use super::report::Failure;
use crate::state::Mark;

/// Sends the list in key order and ends with the proof over just that list, which is what the hub's repair is measured
/// by; returns how many keys it named. Quarantined and held keys stand aside.
pub(super) async fn compare(context: &Arc<Context>, cancel: &CancellationToken) -> Result<u64, Failure> {
    let stopped = || Failure::new("E0209", format!("the comparison of {} was stopped", context.name));
    cancel.run_until_cancelled(send(context)).await.unwrap_or_else(|| Err(stopped()))
}

async fn send(context: &Arc<Context>) -> Result<u64, Failure> {
    let state = context.state.stream(&context.name).await?;
    let run = RunId::new(muara_schemas::random::bytes());
    let mut pages = Pages::new(RunHead {
        name: context.name.clone(),
        record_type: context.stream.target.clone(),
        definition: context.stream.digest.clone(),
        run,
        prev: state.run,
        kind: RunKind::Compare,
    });
    // To the hub this run ends well, whatever became of the source meanwhile: the next one says how it is.
    context.keep_told(None);
    context.state.begin(state.id, run).await?;
    muara_schemas::fault::point("run.begun");
    let mut have = Vec::with_capacity(MAX_RECORDS);
    let mut receipts = VecDeque::new();
    let mut proof = Proof::default();
    let mut after = Arc::<str>::from("");
    loop {
        let rows = context.state.scan(state.id, &after).await?;
        let Some(last) = rows.last() else { break };
        after = (*last.key).into();
        for row in rows.into_iter().filter(|row| row.mark == Mark::Live) {
            let Some(hash) = ContentHash::from_bytes(&row.body) else { continue };
            proof.add(&row.key, hash);
            have.push((String::from(row.key), hash));
            if have.len() == MAX_RECORDS {
                let page =
                    Page { have: std::mem::replace(&mut have, Vec::with_capacity(MAX_RECORDS)), ..pages.close() };
                receipts.push_back(publish(context, page).await?);
            }
            if receipts.len() >= context.tuning.window
                && let Some(receipt) = receipts.pop_front()
            {
                receipt.await?;
            }
        }
    }
    let limits = context.stream.full_read.limits;
    let end = End {
        complete: true,
        pages: 0,
        counts: Counts::default(),
        proof: Some(proof),
        limits,
        failure: None,
        notes: Vec::new(),
    };
    for page in pages.end(&[], &[], end) {
        receipts.push_back(publish(context, Page { have: std::mem::take(&mut have), ..page }).await?);
    }
    for receipt in receipts {
        receipt.await?;
    }
    Ok(proof.count)
}

async fn publish(context: &Arc<Context>, page: Page) -> Result<muara_schemas::bus::Receipt, Failure> {
    let id = page.message_id();
    context.post.send(id, &Message::Page(Box::new(page))).await
}
