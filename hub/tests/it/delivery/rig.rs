//! A hub whose couriers run, a broker, and somebody who reads queues.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties, Consumer};
use muara_hub::Hub;
use muara_hub::access::Viewer;
use muara_hub::api::key::{Grants, RANDOM_BYTES, mint};
use muara_hub::store::{keys, subscriptions};
use muara_hub::subscribing::{Made, Order, Wish};
use muara_schemas::bus::{AmqpConfig, Bus};
use muara_schemas::canonical::hex;
use muara_schemas::random;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::contract;
use crate::services::{Server, Services};

/// Long enough for a loaded machine; whoever waits so long has waited in vain.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A hub whose couriers run, until this value is dropped.
pub(crate) struct Office {
    pub(crate) hub: Hub,
    pub(crate) key: String,
    pub(crate) viewer: Viewer,
    pub(crate) tasks: TaskTracker,
    token: CancellationToken,
    _end: DropGuard,
}

impl Office {
    /// Starts the couriers of a hub, and makes a key in whose name everything is subscribed.
    pub(crate) async fn open(hub: &Hub, viewer: Viewer) -> Self {
        let (text, key) =
            mint("a test", &Grants::reading(viewer.clone()), None, hub.clock.now(), random::bytes::<RANDOM_BYTES>());
        drop(text);
        let mut tx = hub.db.write().await.unwrap();
        keys::put(&mut tx, &key).await.unwrap();
        tx.commit().await.unwrap();
        let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
        muara_hub::delivery::spawn(hub, &tasks, &token);
        Self { hub: hub.clone(), key: key.id, viewer, tasks, token: token.clone(), _end: token.drop_guard() }
    }

    /// Starts the couriers of the same hub again, as a restart does.
    pub(crate) fn again(self) -> Self {
        let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
        muara_hub::delivery::spawn(&self.hub, &tasks, &token);
        Self { tasks, token: token.clone(), _end: token.drop_guard(), ..self }
    }

    /// Ends the couriers as a shutdown does.
    pub(crate) async fn close(&self) {
        self.token.cancel();
        self.tasks.close();
        timeout(PATIENCE, self.tasks.wait()).await.expect("couriers end");
    }

    /// Subscribes as the body of a request would.
    pub(crate) async fn subscribe(&self, wish: Value) -> Made {
        let wish: Wish = serde_json::from_value(wish).expect("a wish of the described form");
        let mut tx = self.hub.db.write().await.unwrap();
        let made = self.hub.desk().make(&mut tx, (&self.key, &self.viewer), wish, "a test").await.expect("it is made");
        tx.commit().await.unwrap();
        self.hub.subscribed.notify_waiters();
        made
    }

    /// Gives a subscription an order.
    pub(crate) async fn order(&self, id: &str, order: Value) -> Value {
        let order: Order = serde_json::from_value(order).expect("an order of the described form");
        let mut tx = self.hub.db.write().await.unwrap();
        let head = muara_hub::store::head::read(&mut tx).await.unwrap();
        let row = subscriptions::find(&mut tx, id, None).await.unwrap().expect("it is there");
        let done = self.hub.desk().carry_out(&mut tx, (&row, &head), &self.viewer, &order).await.expect("it is done");
        tx.commit().await.unwrap();
        self.hub.subscribed.notify_waiters();
        self.hub.news.notify_waiters();
        serde_json::to_value(done).unwrap()
    }

    /// How a subscription stands.
    pub(crate) async fn row(&self, id: &str) -> subscriptions::Subscription {
        let mut tx = self.hub.db.read().await.unwrap();
        subscriptions::find(&mut tx, id, None).await.unwrap().expect("it is there")
    }

    /// Waits until a subscription stands so.
    pub(crate) async fn until(&self, id: &str, what: &str, is_so: impl Fn(&subscriptions::Subscription) -> bool) {
        let waiting = async {
            while !is_so(&self.row(id).await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(PATIENCE, waiting).await.is_err() {
            panic!("waited in vain until {what}: {:?}", self.row(id).await);
        }
    }

    /// Waits until a subscription was told everything.
    pub(crate) async fn told_all(&self, id: &str) {
        let mut tx = self.hub.db.read().await.unwrap();
        let head = muara_hub::store::head::read(&mut tx).await.unwrap().seq;
        drop(tx);
        self.until(id, "everything was told", |row| row.cursor >= head && row.snapshot.is_none()).await;
    }
}

/// The broker of these tests, with names of this test's own.
pub(crate) struct Broker {
    pub(crate) prefix: String,
    channel: Channel,
    connection: Connection,
}

impl Broker {
    /// A broker and a bus over it.
    pub(crate) async fn open() -> (Self, Bus) {
        let uri = Services::shared(Server::Rabbitmq).amqp_url.clone();
        let prefix = format!("test-{}-", hex(&random::bytes::<8>()));
        let config = AmqpConfig { prefix: prefix.clone(), ..AmqpConfig::new(vec![uri.clone()]) };
        let bus = Bus::connect(config, CancellationToken::new()).await.expect("the tests' broker takes connections");
        let connection = Connection::connect(&uri, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (Self { prefix, channel, connection }, bus)
    }

    /// Binds a queue by hand to the exchange of changes.
    pub(crate) async fn bind(&self, name: &str, key: &str) -> String {
        let queue = format!("{}{name}", self.prefix);
        let durable = QueueDeclareOptions { durable: true, ..Default::default() };
        self.channel.queue_declare(queue.as_str().into(), durable, FieldTable::default()).await.unwrap();
        let exchange = format!("{}muara.changes", self.prefix);
        let options = QueueBindOptions::default();
        self.channel
            .queue_bind(queue.as_str().into(), exchange.as_str().into(), key.into(), options, FieldTable::default())
            .await
            .unwrap();
        name.to_owned()
    }

    /// A queue's whole name; the hub tells whole ones.
    fn whole(&self, name: &str) -> String {
        format!("{}{}", self.prefix, name.trim_start_matches(&self.prefix))
    }

    /// Reads a queue.
    pub(crate) async fn read(&self, name: &str) -> Queue {
        let queue = self.whole(name);
        let channel = self.connection.create_channel().await.unwrap();
        let options = BasicConsumeOptions::default();
        let consumer =
            channel.basic_consume(queue.as_str().into(), "".into(), options, FieldTable::default()).await.unwrap();
        Queue { consumer }
    }

    /// Deletes a queue behind the hub's back.
    pub(crate) async fn delete(&self, name: &str) {
        let queue = self.whole(name);
        self.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    }
}

/// A queue that is read.
pub(crate) struct Queue {
    consumer: Consumer,
}

/// A message as it came.
pub(crate) struct Letter {
    pub(crate) event: Value,
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Queue {
    /// The next message, acknowledged.
    pub(crate) async fn next(&mut self) -> Letter {
        let delivery = timeout(PATIENCE, self.consumer.next()).await.expect("a message comes").unwrap().unwrap();
        delivery.ack(BasicAckOptions::default()).await.unwrap();
        let event: Value = serde_json::from_slice(&delivery.data).unwrap();
        contract::check(&event);
        let properties = &delivery.properties;
        let headers = properties.headers().as_ref().map(|table| {
            let texts = table.inner().iter().map(|(name, value)| {
                let text = value.as_long_string().map(ToString::to_string).unwrap_or_default();
                (name.to_string(), text)
            });
            texts.collect()
        });
        Letter {
            event,
            key: delivery.routing_key.to_string(),
            id: properties.message_id().as_ref().unwrap().to_string(),
            kind: properties.kind().as_ref().unwrap().to_string(),
            headers: headers.unwrap_or_default(),
        }
    }

    /// So many messages, by op and amount.
    pub(crate) async fn told(&mut self, count: usize) -> Vec<(String, String)> {
        let mut told = Vec::new();
        for _ in 0..count {
            told.push(brief(&self.next().await.event));
        }
        told
    }

    /// Whether nothing is there.
    pub(crate) async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_millis(300), self.consumer.next()).await.is_err()
    }
}

/// An event in two words: what happened, and the amount.
pub(crate) fn brief(event: &Value) -> (String, String) {
    let data = &event["data"];
    let amount = data["after"]["amount"].as_str().or(data["before"]["amount"].as_str()).unwrap_or("-");
    (data["op"].as_str().unwrap_or("-").to_owned(), amount.to_owned())
}

/// A wish for a queue.
pub(crate) fn queue_from(from: &str, filter: Value) -> Value {
    json!({"name": "a test", "target": {"kind": "amqp"}, "filter": filter, "from": from})
}

/// Brief events as they are written down in a test.
pub(crate) fn briefs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(op, amount)| ((*op).to_owned(), (*amount).to_owned())).collect()
}
