//! Commands and counts: one request, one answer, without a task of its own.

use std::sync::Arc;

use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Confirmation};

use super::super::Error;
use super::link::{Link, Session, within};
use super::names::{LONGEST_LIFE_MS, QueuePlan};
use super::trouble::Trouble;
use super::{Amqp, STEP, topology};
use crate::control::Command;

/// Lays a command into its system's queue, where it waits until it expires.
pub(super) async fn send(amqp: &Amqp, command: &Command) -> Result<(), Error> {
    let life = (command.expires_at.micros() - amqp.settings.clock.now().micros()) / 1_000;
    if life <= 0 {
        return Err(Error::Expired);
    }
    let plan = amqp.names.control_queue(&command.stream.region, &command.stream.system);
    let body = serde_json::to_vec(command).expect("commands always serialise");
    let session = session(&amqp.publishing, amqp).await?;
    let properties = BasicProperties::default()
        .with_message_id(command.id.as_str().into())
        .with_type("muara.command.v1".into())
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_user_id(session.user().into())
        .with_expiration(life.min(LONGEST_LIFE_MS).to_string().into());
    match publish(&session, &plan, &body, properties).await {
        Ok(Confirmation::Ack(None)) => Ok(()),
        Ok(Confirmation::Ack(Some(_))) => Err(not_kept("no queue is bound for the command")),
        Ok(Confirmation::Nack(_)) => Err(not_kept("the queue of commands is full")),
        Ok(Confirmation::NotRequested) => Err(not_kept("the broker was not asked to confirm")),
        Err(trouble) => Err(trouble.at(session.place())),
    }
}

/// How many messages a queue holds ready.
pub(super) async fn count(amqp: &Amqp, plan: &QueuePlan) -> Result<u64, Error> {
    let session = session(&amqp.consuming, amqp).await?;
    let depth = topology::depth(&session, &plan.name).await.map_err(|trouble| trouble.at(session.place()))?;
    Ok(depth.ready)
}

async fn publish(
    session: &Session,
    plan: &QueuePlan,
    body: &[u8],
    properties: BasicProperties,
) -> Result<Confirmation, Trouble> {
    topology::queue(session, plan).await?;
    let channel = session.confirming_channel().await?;
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    let (exchange, key) = (plan.exchange.as_str().into(), plan.binding.as_str().into());
    let publishing = async { channel.basic_publish(exchange, key, options, body, properties).await?.await };
    let confirmation = within("send a command", publishing).await?;
    topology::close(&channel).await;
    Ok(confirmation)
}

/// The connection, if there is one or comes soon; otherwise what is wrong with it.
pub(super) async fn session(link: &Link, amqp: &Amqp) -> Result<Arc<Session>, Error> {
    match tokio::time::timeout(STEP, link.session()).await {
        Ok(session) => session.ok_or(Error::Closed),
        Err(_) => Err(amqp.board.latest().unwrap_or(Error::Closed)),
    }
}

fn not_kept(cause: &str) -> Error {
    Error::NotKept { cause: cause.to_owned() }
}
