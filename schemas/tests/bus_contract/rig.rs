//! What every test needs: a bus of its own, its cleaning up, and waiting with a deadline.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties};
use muara_schemas::StreamName;
use muara_schemas::bus::{AmqpConfig, Bus, Consumer, Delivery, Error, Outgoing, Publisher, Receipt};
use tokio_util::sync::CancellationToken;

use crate::proxy::Proxy;
use crate::services::{Server, Services};

/// Long enough for a loaded machine; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_mins(1);
/// Regions and systems whose commands the tests use.
pub(crate) const SYSTEMS: [(&str, &str); 2] = [("33.02", "sipd"), ("33.02", "simda")];

#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) bus: Bus,
    pub(crate) broker: Option<Broker>,
}

/// The broker behind an amqp bus.
#[derive(Clone)]
pub(crate) struct Broker {
    pub(crate) prefix: String,
    pub(crate) proxy: Proxy,
    pub(crate) uri: String,
    buses: Arc<Mutex<Vec<Bus>>>,
}

impl Rig {
    /// Keeps messages from being confirmed: nobody acknowledges, or nobody answers.
    pub(crate) fn stall(&self) {
        if let Some(broker) = &self.broker {
            broker.proxy.cut();
        }
    }

    /// Ends what [`Rig::stall`] began.
    pub(crate) fn resume(&self) {
        if let Some(broker) = &self.broker {
            broker.proxy.mend();
        }
    }
}

impl Broker {
    /// A broker for one test.
    pub(crate) async fn find() -> Self {
        let mut uri: AMQPUri = address().parse().expect("a broker has an amqp:// address");
        let proxy = Proxy::to(format!("{}:{}", uri.authority.host, uri.authority.port)).await;
        "127.0.0.1".clone_into(&mut uri.authority.host);
        uri.authority.port = proxy.port;
        let random = u64::from_be_bytes(muara_schemas::random::bytes());
        Self { prefix: format!("test-{random:016x}-"), proxy, uri: uri.to_string(), buses: Arc::default() }
    }

    /// The configuration that goes through the line that can be cut.
    pub(crate) fn config(&self) -> AmqpConfig {
        AmqpConfig { prefix: self.prefix.clone(), ..AmqpConfig::new(vec![self.uri.clone()]) }
    }

    /// A bus that is closed when the test is over, before its queues are deleted.
    pub(crate) async fn connect(&self, config: AmqpConfig) -> Result<Bus, Error> {
        let bus = soon("an answer", Bus::connect(config, CancellationToken::new())).await?;
        self.buses.lock().unwrap().push(bus.clone());
        Ok(bus)
    }

    /// A name of this test's own.
    pub(crate) fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A connection of the test's own, past the line that can be cut.
    pub(crate) async fn connection(&self) -> Connection {
        Connection::connect(address(), ConnectionProperties::default()).await.unwrap()
    }

    pub(crate) async fn delete_queue(&self, name: &str) {
        let channel = self.connection().await.create_channel().await.unwrap();
        channel.queue_delete(self.named(name).as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    }

    async fn clean(&self) {
        let buses = std::mem::take(&mut *self.buses.lock().unwrap());
        for bus in buses {
            bus.close().await;
        }
        let connection = self.connection().await;
        let channel = connection.create_channel().await.unwrap();
        let mut queues: Vec<String> = (0..8).map(|n| self.named(&format!("muara.records.{n}"))).collect();
        queues.extend(["muara.dead", "muara.events.dead"].map(|name| self.named(name)));
        queues.extend(
            SYSTEMS.map(|(region, system)| self.named(&format!("muara.control.{}.{system}", region.replace('.', "-")))),
        );
        for queue in queues {
            channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
        }
        for exchange in ["muara.records", "muara.control", "muara.dead", "muara.changes", "muara.events.dead"] {
            let name = self.named(exchange);
            channel.exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default()).await.unwrap();
        }
    }
}

fn address() -> &'static str {
    &Services::shared(Server::Rabbitmq).amqp_url
}

pub(crate) async fn over_local<T: Future<Output = ()>>(test: impl FnOnce(Rig) -> T) {
    test(Rig { bus: Bus::local(), broker: None }).await;
}

pub(crate) async fn over_amqp<T: Future<Output = ()>>(test: impl FnOnce(Rig) -> T) {
    over_broker(async |broker| {
        let bus = broker.connect(broker.config()).await.unwrap();
        assert!(bus.health().is_connected(), "{:?}", bus.health());
        test(Rig { bus, broker: Some(broker) }).await;
    })
    .await;
}

/// Runs a test against a broker and cleans up whatever becomes of it.
pub(crate) async fn over_broker(test: impl AsyncFnOnce(Broker)) {
    let broker = Broker::find().await;
    let outcome = AssertUnwindSafe(test(broker.clone())).catch_unwind().await;
    broker.clean().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// What comes in time.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(DEADLINE, future).await;
    waited.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Waits until the condition holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    soon(what, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// The next delivery.
pub(crate) async fn next(consumer: &mut Consumer) -> Delivery {
    soon("a delivery", consumer.next()).await.expect("the bus is open")
}

/// Whether nothing comes for a while; a slow machine can only make this kinder.
pub(crate) async fn is_silent(consumer: &mut Consumer) -> bool {
    tokio::time::timeout(Duration::from_millis(300), consumer.next()).await.is_err()
}

/// The n-th stream name that falls into this partition.
pub(crate) fn stream_in(partition: u8, n: usize) -> StreamName {
    let mut names = (0..).map(|i| StreamName::new("33.02", "sipd", format!("stream-{i}")));
    names.by_ref().filter(|name| name.partition() == partition).nth(n).unwrap()
}

pub(crate) fn message(stream: &StreamName, id: &str, body: impl Into<Bytes>) -> Outgoing {
    Outgoing { id: id.to_owned(), stream: stream.clone(), kind: "muara.page.v1", body: body.into() }
}

/// Publishes a message whose body is its id.
pub(crate) async fn send(publisher: &Publisher, stream: &StreamName, id: &str) -> Receipt {
    soon("room in the window", publisher.publish(message(stream, id, id.to_owned()))).await.unwrap()
}

pub(crate) fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.body.to_vec()).unwrap()
}
