//! A consumer's task: subscribes, hands deliveries on, and subscribes anew whenever the broker or the line drops it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;

use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Acker, BasicProperties, Channel};
use tokio::sync::mpsc;

use super::super::consumer::{Delivery, Ticket as AnyTicket};
use super::Amqp;
use super::backoff::Backoff;
use super::link::{Session, dice, within};
use super::names::QueuePlan;
use super::topology;
use super::trouble::Trouble;

/// Where a quorum queue tells how often a message was delivered before.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// The reader's end of the task.
pub(in crate::bus) struct Reader {
    inbox: mpsc::Receiver<Delivery>,
}

/// What a delivery is acknowledged with, as long as its channel stands.
pub(in crate::bus) struct Ticket(Acker);

/// Why a subscription ended.
enum End {
    /// Nobody reads any more, or shutdown.
    Done,
    /// The session is over.
    Over,
    /// The broker took the subscription away: its queue was deleted or moved, or we held a message too long.
    Cancelled,
    /// Anything else.
    Broken(Trouble),
}

/// Reads one queue until the reader is dropped or until shutdown.
pub(super) async fn run(
    amqp: Arc<Amqp>,
    role: String,
    queue: QueuePlan,
    prefetch: u16,
    outbox: mpsc::Sender<Delivery>,
) {
    let link = Arc::clone(&amqp.consuming);
    let mut backoff = Backoff::default();
    loop {
        let session = tokio::select! {
            () = outbox.closed() => break,
            session = link.session() => session,
        };
        let Some(session) = session else { break };
        let subscribed = tokio::select! {
            () = outbox.closed() => break,
            () = link.token().cancelled() => break,
            subscribed = subscribe(&session, &queue, prefetch) => subscribed,
        };
        let end = match subscribed {
            Ok((channel, messages)) => {
                amqp.board.clear(&role);
                backoff.reset();
                let end = tokio::select! {
                    biased;
                    () = link.token().cancelled() => End::Done,
                    end = pump(&session, messages, &outbox) => end,
                };
                // The broker then gives what was not acknowledged to the next in turn.
                topology::close(&channel).await;
                end
            }
            Err(trouble) => End::Broken(trouble),
        };
        match end {
            End::Done => break,
            End::Over => continue,
            End::Cancelled => tracing::info!(queue = queue.name, "the broker ended a subscription; subscribing anew"),
            End::Broken(trouble) => {
                let error = trouble.at(session.place());
                let lasting = error.is_lasting();
                amqp.board.hang(&role, error);
                if lasting {
                    pause(&amqp, &outbox, Backoff::lasting(dice())).await;
                    continue;
                }
                session.give_up();
            }
        }
        pause(&amqp, &outbox, backoff.next(dice())).await;
    }
    amqp.board.forget(&role);
}

async fn subscribe(session: &Session, queue: &QueuePlan, prefetch: u16) -> Result<(Channel, lapin::Consumer), Trouble> {
    topology::queue(session, queue).await?;
    let channel = session.channel().await?;
    within("set the prefetch", channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
    let name = ShortString::from(queue.name.as_str());
    let options = BasicConsumeOptions::default();
    let consuming = channel.basic_consume(name, ShortString::default(), options, FieldTable::default());
    let messages = within("subscribe", consuming).await?;
    Ok((channel, messages))
}

async fn pump(session: &Session, mut messages: lapin::Consumer, outbox: &mpsc::Sender<Delivery>) -> End {
    loop {
        let message = tokio::select! {
            () = outbox.closed() => return End::Done,
            () = session.over() => return End::Over,
            message = messages.next() => message,
        };
        let delivery = match message {
            Some(Ok(message)) => delivery(message),
            Some(Err(error)) => return End::Broken(Trouble::from(error)),
            None => return End::Cancelled,
        };
        tokio::select! {
            () = session.over() => return End::Over,
            sent = outbox.send(delivery) => if sent.is_err() {
                return End::Done;
            },
        }
    }
}

async fn pause(amqp: &Amqp, outbox: &mpsc::Sender<Delivery>, pause: std::time::Duration) {
    tokio::select! {
        () = amqp.token.cancelled() => {}
        () = outbox.closed() => {}
        () = tokio::time::sleep(pause) => {}
    }
}

fn delivery(message: Message) -> Delivery {
    let text = |value: &Option<ShortString>| value.as_ref().map(ToString::to_string);
    let attempts = attempts(&message.properties);
    Delivery {
        message_id: text(message.properties.message_id()),
        sender: text(message.properties.user_id()),
        redelivered: message.redelivered || attempts > 0,
        attempts,
        body: Bytes::from(message.data),
        ticket: AnyTicket::Amqp(Ticket(message.acker)),
    }
}

fn attempts(properties: &BasicProperties) -> u32 {
    let count = properties.headers().as_ref().and_then(|headers| headers.inner().get(DELIVERY_COUNT));
    match count {
        Some(AMQPValue::LongLongInt(count)) => u32::try_from(*count).unwrap_or(u32::MAX),
        Some(AMQPValue::LongUInt(count)) => *count,
        Some(AMQPValue::LongInt(count)) => u32::try_from(*count).unwrap_or(0),
        Some(AMQPValue::ShortShortUInt(count)) => u32::from(*count),
        _ => 0,
    }
}

impl Reader {
    pub(super) const fn new(inbox: mpsc::Receiver<Delivery>) -> Self {
        Self { inbox }
    }

    pub(in crate::bus) async fn next(&mut self) -> Option<Delivery> {
        loop {
            let delivery = self.inbox.recv().await?;
            // What lay ready when its connection went will come again over the next one.
            if matches!(&delivery.ticket, AnyTicket::Amqp(ticket) if ticket.0.usable()) {
                return Some(delivery);
            }
        }
    }
}

impl Ticket {
    pub(in crate::bus) async fn ack(self) {
        let acked = within("acknowledge", self.0.ack(BasicAckOptions::default())).await;
        if let Err(trouble) = acked {
            tracing::debug!(?trouble, "an acknowledgement did not get through; the message comes again");
        }
    }

    pub(in crate::bus) async fn requeue(self) {
        // Unlike a nack, a reject counts against the delivery limit on every version of the broker.
        let requeued = within("requeue", self.0.reject(BasicRejectOptions { requeue: true })).await;
        if let Err(trouble) = requeued {
            tracing::debug!(?trouble, "a requeue did not get through; the message comes again all the same");
        }
    }
}
