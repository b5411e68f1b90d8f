//! Answers of connectors to orders.

use muara_schemas::control::{Answer, Foreseen, Prospect};

use crate::store::replayed::{self, Settled};
use crate::store::{Result, Tx, streams};

/// Codes with which a connector refuses a replay as a whole: the stream has to be read first, or is not its own.
const REFUSALS: [&str; 2] = ["E0250", "E0253"];

/// Takes an answer: of a replay it tells what would come of raw records, or that none of them is taken.
pub(super) async fn take(tx: &mut Tx, answer: &Answer) -> Result<()> {
    tracing::info!(stream = %answer.stream, done = answer.done, "the connector answered order {}", answer.command);
    let refusal = answer.detail.as_deref().filter(|_| !answer.done);
    let refusal = refusal.and_then(|detail| REFUSALS.into_iter().find(|code| detail.starts_with(code)));
    if refusal.is_none() && answer.foreseen.is_empty() {
        return Ok(());
    }
    // Whoever sent it was verified to be the connector of this stream, and of no other.
    let Some(stream) = streams::find(tx, &answer.stream).await? else { return Ok(()) };
    let Some(replay) = replayed::of_command(tx, &answer.command, stream).await? else { return Ok(()) };
    match refusal {
        Some(code) => replayed::settle_command(tx, &answer.command, "refused", code).await,
        None => replayed::settle_of(tx, replay, answer.foreseen.iter().map(settled).collect()).await,
    }
}

fn settled(foreseen: &Foreseen) -> Settled {
    let outcome = match foreseen.outcome {
        Prospect::Valid => "valid",
        Prospect::Broken => "broken",
        Prospect::Refused => "refused",
    };
    Settled { entry: foreseen.entry, outcome, reason: foreseen.reason.clone() }
}
