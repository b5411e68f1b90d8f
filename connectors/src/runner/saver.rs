//! The confirming half of a run: receipts in order, and what they allow to be saved.

use std::sync::Arc;

use futures_util::FutureExt;
use muara_schemas::bus::Receipt;
use tokio::sync::{mpsc, watch};

use super::context::Context;
use super::report::Failure;
use crate::state::{Advance, Learned, Save};

/// How many saves go into one transaction at most, beyond the item that fills it.
const BATCH: usize = 4_000;

/// An item that was sent.
pub(super) struct Sent {
    pub(super) receipt: Option<Receipt>,
    pub(super) saves: Vec<Save>,
    pub(super) next_slot: u32,
    /// The cursor that moves with it.
    pub(super) checkpoint: Option<String>,
    pub(super) learned: Option<Learned>,
}

/// Waits for receipts in the order of the items and saves as far as they are contiguous.
/// `saved` tells how many items the state file has.
pub(super) async fn run(
    context: Arc<Context>,
    mut sent: mpsc::Receiver<Sent>,
    saved: watch::Sender<u32>,
) -> Result<(), Failure> {
    let mut items = 0;
    let mut pending = None;
    loop {
        let first = match pending.take() {
            Some(item) => Some(item),
            None => sent.recv().await,
        };
        let Some(Sent { receipt, mut saves, mut next_slot, mut checkpoint, mut learned }) = first else {
            return Ok(());
        };
        if let Some(receipt) = receipt {
            receipt.await?;
            muara_schemas::fault::point("page.confirmed");
        }
        items += 1;
        // Further items come along when they are confirmed already; what is confirmed waits for nothing.
        while saves.len() < BATCH
            && let Ok(mut more) = sent.try_recv()
        {
            match more.receipt.as_mut().map(FutureExt::now_or_never) {
                Some(None) => {
                    pending = Some(more);
                    break;
                }
                Some(Some(confirmed)) => {
                    confirmed?;
                    muara_schemas::fault::point("page.confirmed");
                }
                None => {}
            }
            items += 1;
            next_slot = more.next_slot;
            checkpoint = more.checkpoint.or(checkpoint);
            saves.append(&mut more.saves);
            learned = more.learned.or(learned);
        }
        let advance = Advance { cursor: checkpoint, learned, ..Advance::default() };
        let advance = (advance != Advance::default()).then_some(advance);
        context.state.save(context.id, &saves, next_slot, advance.as_ref(), None).await?;
        saved.send_replace(items);
    }
}
