//! Orders to connectors, stored with the decision that makes them.

use muara_schemas::control::{Command, Order};
use muara_schemas::stream::StreamName;
use muara_schemas::{Moment, canonical::hex, random};

use super::chain;
use crate::store::streams::Stream;
use crate::store::{Result, Tx, commands, findings};

/// How long an order to a connector is worth carrying out.
const ORDER_SECS: i64 = 24 * 3600;

/// Stores an order to the connector of a stream.
pub async fn give(tx: &mut Tx, name: &StreamName, order: Order, now: Moment) -> Result<()> {
    let command =
        Command { id: hex(&random::bytes::<16>()), expires_at: now.plus_secs(ORDER_SECS), stream: name.clone(), order };
    commands::put(tx, &command).await
}

/// Tells a connector to start a stream anew, within bounds.
pub async fn reset(tx: &mut Tx, stream: &mut Stream, name: &StreamName, reason: &str, now: Moment) -> Result<()> {
    let reset = chain::reset(stream.resets, stream.reset_at, now.micros());
    (stream.resets, stream.reset_at) = (reset.resets, Some(reset.since));
    if reset.finding {
        let detail = format!(
            "reset {} times within an hour, last because {reason}; is a second connector at work?",
            reset.resets
        );
        findings::open(tx, findings::RESETS, name, stream.number, &detail, now).await?;
    }
    if reset.send {
        tracing::warn!(stream = %name, "the stream starts anew: {reason}");
        give(tx, name, Order::Reset { reason: reason.to_owned() }, now).await?;
    }
    Ok(())
}
