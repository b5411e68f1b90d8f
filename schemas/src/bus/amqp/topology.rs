//! Declares exchanges, queues and bindings: each start and each reconnection anew, which changes nothing where they
//! stand.
//!
//! A user without the permission to declare (an agency's connector) is content with finding them there.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use super::super::subscriber::QueueDepth;
use super::link::{Session, within};
use super::names::{Argument, Names, QueuePlan};
use super::trouble::Trouble;

/// Declares what every installation has.
pub(super) async fn declare(session: &Session, names: &Names) -> Result<(), Trouble> {
    let mut channel = session.channel().await?;
    for exchange in names.exchanges() {
        match exchange_declare(&channel, &exchange, false).await {
            Err(trouble) if trouble.is_access_refused() => {
                channel = session.channel().await?;
                exchange_declare(&channel, &exchange, true).await.map_err(|found| if_missing(found, trouble))?;
            }
            outcome => outcome?,
        }
    }
    for plan in names.queues() {
        channel = queue_on(session, channel, &plan).await?;
    }
    close(&channel).await;
    Ok(())
}

/// Declares one queue with its binding.
pub(super) async fn queue(session: &Session, plan: &QueuePlan) -> Result<(), Trouble> {
    let channel = session.channel().await?;
    let channel = queue_on(session, channel, plan).await?;
    close(&channel).await;
    Ok(())
}

/// How many messages a queue holds ready, and how many read it.
pub(super) async fn depth(session: &Session, name: &str) -> Result<QueueDepth, Trouble> {
    let channel = session.channel().await?;
    let options = QueueDeclareOptions::durable().passive();
    let queue = within("count a queue", channel.queue_declare(name.into(), options, FieldTable::default())).await?;
    close(&channel).await;
    Ok(QueueDepth { ready: u64::from(queue.message_count()), consumers: u64::from(queue.consumer_count()) })
}

/// Deletes a queue with all that is in it; one that is not there is as good as deleted.
pub(super) async fn delete(session: &Session, name: &str) -> Result<(), Trouble> {
    let channel = session.channel().await?;
    let deleting = channel.queue_delete(name.into(), QueueDeleteOptions::default());
    match within("delete a queue", deleting).await {
        Err(trouble) if trouble.is_not_found() => return Ok(()),
        outcome => drop(outcome?),
    }
    close(&channel).await;
    Ok(())
}

/// Says goodbye to a channel; the broker gives back what was not acknowledged on it.
pub(super) async fn close(channel: &Channel) {
    // A channel that is gone already is what is wanted.
    drop(within("close a channel", channel.close(200, "OK".into())).await);
}

/// Declares a queue and answers with a channel that is still open: a refusal closes the one it came over.
async fn queue_on(session: &Session, channel: Channel, plan: &QueuePlan) -> Result<Channel, Trouble> {
    let declared = queue_declare(&channel, plan, QueueDeclareOptions::durable()).await;
    let channel = match declared {
        Err(trouble) if trouble.is_access_refused() => {
            let channel = session.channel().await?;
            let passive = QueueDeclareOptions::durable().passive();
            queue_declare(&channel, plan, passive).await.map_err(|found| if_missing(found, trouble))?;
            channel
        }
        outcome => outcome.map(|()| channel)?,
    };
    if plan.exchange.is_empty() {
        // The default exchange leads to every queue and takes no bindings.
        return Ok(channel);
    }
    match queue_bind(&channel, plan).await {
        // Whether a binding exists cannot be asked; where it does not, the first publish is returned and says so.
        Err(trouble) if trouble.is_access_refused() => session.channel().await,
        outcome => outcome.map(|()| channel),
    }
}

/// Where the thing we may not declare is missing, the refusal is the better answer.
fn if_missing(found: Trouble, refusal: Trouble) -> Trouble {
    if found.is_not_found() { refusal } else { found }
}

async fn exchange_declare(channel: &Channel, name: &str, passive: bool) -> Result<(), Trouble> {
    let options = ExchangeDeclareOptions { durable: true, passive, ..Default::default() };
    let declaring = channel.exchange_declare(name.into(), ExchangeKind::Topic, options, FieldTable::default());
    within("declare an exchange", declaring).await
}

async fn queue_declare(channel: &Channel, plan: &QueuePlan, options: QueueDeclareOptions) -> Result<(), Trouble> {
    let mut arguments = FieldTable::default();
    for (name, value) in &plan.arguments {
        let value = match value {
            Argument::Text(text) => AMQPValue::LongString(text.as_str().into()),
            Argument::Number(number) => AMQPValue::LongLongInt(*number),
            Argument::Flag(flag) => AMQPValue::Boolean(*flag),
        };
        arguments.insert((*name).into(), value);
    }
    within("declare a queue", channel.queue_declare(plan.name.as_str().into(), options, arguments)).await.map(drop)
}

async fn queue_bind(channel: &Channel, plan: &QueuePlan) -> Result<(), Trouble> {
    let (queue, exchange, key) = (plan.name.as_str(), plan.exchange.as_str(), plan.binding.as_str());
    let options = QueueBindOptions::default();
    let binding = channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default());
    within("bind a queue", binding).await
}
