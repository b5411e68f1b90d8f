//! Events on their way to subscribers: into queues of their own, and to whoever bound one to the exchange of changes.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, QueueBindOptions, QueueDeclareOptions, QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Consumer};
use muara_schemas::Moment;
use muara_schemas::bus::{Bus, Error, Events, Letter, QueueBounds, Receipt, To, subscription_queue};

use crate::rig::{Broker, over_amqp, over_local, soon, until};

const AT: Moment = Moment::from_micros(1_796_083_200_123_456);

fn letter(id: &str, to: To) -> Letter {
    let headers = vec![("ce-id".to_owned(), id.to_owned()), ("ce-type".to_owned(), "muara.x.created.v1".to_owned())];
    Letter { id: id.to_owned(), kind: "muara.x.created.v1".into(), to, headers, at: AT, body: id.to_owned().into() }
}

fn to(queue: &QueueBounds) -> To {
    To::Queue(queue.name.clone())
}

fn changes(key: &str) -> To {
    To::Changes { key: key.to_owned() }
}

async fn post(events: &Events, letter: Letter) -> Receipt {
    soon("room in the window", events.publish(letter)).await.unwrap()
}

/// A queue of a subscriber, opened.
async fn opened(bus: &Bus, id: &str, max_messages: Option<u64>) -> QueueBounds {
    let bounds = QueueBounds { max_messages, ..QueueBounds::new(subscription_queue(id)) };
    soon("a queue", bus.open_queue(&bounds)).await.unwrap();
    bounds
}

/// Sends until the queue is full, which brokers notice a little late; how many were sent, and the receipt that waits.
async fn filled(events: &Events, queue: &QueueBounds) -> (usize, Receipt) {
    for sent in 0..1_000 {
        let mut receipt = post(events, letter(&format!("f-{sent:03}"), to(queue))).await;
        loop {
            match tokio::time::timeout(Duration::from_millis(50), &mut receipt).await {
                Ok(answer) => {
                    answer.unwrap();
                    break;
                }
                Err(_) if events.trouble().is_some_and(|trouble| trouble.contains("full")) => {
                    return (sent + 1, receipt);
                }
                Err(_) => {}
            }
        }
    }
    panic!("the queue is never full");
}

async fn reader(broker: &Broker, name: &str) -> Consumer {
    let channel = broker.connection().await.create_channel().await.unwrap();
    let options = BasicConsumeOptions::default();
    channel.basic_consume(broker.named(name).as_str().into(), "".into(), options, FieldTable::default()).await.unwrap()
}

async fn took(consumer: &mut Consumer) -> Delivery {
    let delivery = soon("a letter", consumer.next()).await.unwrap().unwrap();
    delivery.ack(BasicAckOptions::default()).await.unwrap();
    delivery
}

/// Binds a queue by hand, which holds one message and does this with the next.
async fn bound(broker: &Broker, name: &str, overflow: &str) -> Channel {
    let channel = broker.connection().await.create_channel().await.unwrap();
    let mut arguments = FieldTable::default();
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(1));
    arguments.insert("x-overflow".into(), AMQPValue::LongString(overflow.into()));
    let (queue, exchange) = (broker.named(name), broker.named("muara.changes"));
    let declared = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(queue.as_str().into(), declared, arguments).await.unwrap();
    let options = QueueBindOptions::default();
    channel
        .queue_bind(queue.as_str().into(), exchange.as_str().into(), "#".into(), options, FieldTable::default())
        .await
        .unwrap();
    channel
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_arrive_in_order_with_their_properties() {
    over_amqp(|rig| async move {
        let broker = rig.broker.unwrap();
        let queue = opened(&rig.bus, "order", None).await;
        let events = rig.bus.events().unwrap();
        let mut receipts = Vec::new();
        for n in 0..500 {
            receipts.push(post(&events, letter(&format!("e-{n:03}"), to(&queue))).await);
        }
        for receipt in receipts {
            soon("a receipt", receipt).await.unwrap();
        }

        let depth = rig.bus.queue_depth(&queue.name).await.unwrap();
        let mut consumer = reader(&broker, &queue.name).await;
        for n in 0..500 {
            let delivery = took(&mut consumer).await;
            let id = format!("e-{n:03}");
            assert_eq!(delivery.data, id.as_bytes());
            let properties = &delivery.properties;
            assert_eq!(properties.message_id().as_ref().unwrap().to_string(), id);
            assert_eq!(properties.kind().as_ref().unwrap().to_string(), "muara.x.created.v1");
            assert_eq!(properties.content_type().as_ref().unwrap().to_string(), "application/cloudevents+json");
            assert_eq!((*properties.delivery_mode(), *properties.timestamp()), (Some(2), Some(1_796_083_200)));
            let headers = properties.headers().as_ref().unwrap();
            assert_eq!(headers.inner()["ce-id"].as_long_string().unwrap().to_string(), id);
        }
        assert_eq!((depth.ready, depth.consumers), (500, 0));
        rig.bus.remove_queue(&queue.name).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_holds_up_only_itself_and_loses_nothing() {
    over_amqp(|rig| async move {
        let broker = rig.broker.unwrap();
        let (full, roomy) = (opened(&rig.bus, "full", Some(3)).await, opened(&rig.bus, "roomy", None).await);
        let (to_full, to_roomy) = (rig.bus.events().unwrap(), rig.bus.events().unwrap());
        let (sent, waiting) = filled(&to_full, &full).await;

        for n in 0..100 {
            let receipt = post(&to_roomy, letter(&format!("r-{n:03}"), to(&roomy))).await;
            soon("the other's receipt", receipt).await.unwrap();
        }
        assert_eq!(to_roomy.trouble(), None);

        let mut consumer = reader(&broker, &full.name).await;
        let mut seen = Vec::new();
        while seen.len() < sent {
            let id = String::from_utf8(took(&mut consumer).await.data.clone()).unwrap();
            if !seen.contains(&id) {
                seen.push(id);
            }
        }
        assert!(seen.is_sorted(), "{seen:?}");
        soon("a receipt", waiting).await.unwrap();
        until("the trouble to be over", async || to_full.trouble().is_none()).await;
        for queue in [full, roomy] {
            rig.bus.remove_queue(&queue.name).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_bound_by_hand_that_refuses_stops_nobody() {
    over_amqp(|rig| async move {
        let broker = rig.broker.unwrap();
        let refusing = bound(&broker, "refusing", "reject-publish").await;
        let dropping = bound(&broker, "dropping", "drop-head").await;
        let events = rig.bus.events().unwrap();
        let mut receipts = Vec::new();
        for n in 0..50 {
            receipts.push(post(&events, letter(&format!("c-{n:02}"), changes("x.created.33-02._"))).await);
        }
        let mut refused = 0;
        for receipt in receipts {
            match soon("a receipt", receipt).await {
                Ok(()) => {}
                Err(Error::NotKept { .. }) => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }

        assert!(refused > 0, "the refusal is told");
        let last = soon(
            "the last",
            dropping.basic_get(broker.named("dropping").as_str().into(), BasicGetOptions { no_ack: true }),
        );
        assert_eq!(last.await.unwrap().unwrap().data, b"c-49", "the queue with room has them all");
        for (channel, name) in [(refusing, "refusing"), (dropping, "dropping")] {
            channel.queue_purge(broker.named(name).as_str().into(), QueuePurgeOptions::default()).await.unwrap();
            broker.delete_queue(name).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_nobody_bound_a_queue_for_is_no_failure() {
    over_amqp(|rig| async move {
        let events = rig.bus.events().unwrap();
        let receipt = post(&events, letter("alone", changes("x.created.33-02._"))).await;
        soon("a receipt", receipt).await.unwrap();
        assert_eq!(events.trouble(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_was_deleted_is_told_and_filled_when_it_stands_again() {
    over_amqp(|rig| async move {
        let broker = rig.broker.unwrap();
        let queue = opened(&rig.bus, "gone", None).await;
        broker.delete_queue(&queue.name).await;
        let events = rig.bus.events().unwrap();
        let receipt = post(&events, letter("late", to(&queue))).await;
        until("trouble to be told", async || events.trouble().is_some()).await;

        rig.bus.open_queue(&queue).await.unwrap();

        soon("a receipt", receipt).await.unwrap();
        assert_eq!(took(&mut reader(&broker, &queue.name).await).await.data, b"late");
        rig.bus.remove_queue(&queue.name).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_cut_loses_no_letter() {
    over_amqp(|rig| async move {
        let broker = rig.broker.unwrap();
        let queue = opened(&rig.bus, "cut", None).await;
        let events = rig.bus.events().unwrap();
        let mut receipts = Vec::new();
        for n in 0..300 {
            receipts.push(post(&events, letter(&format!("l-{n:03}"), to(&queue))).await);
            if n == 150 {
                broker.proxy.cut();
                until("the bus to notice", async || !rig.bus.health().is_connected()).await;
                broker.proxy.mend();
            }
        }
        for receipt in receipts {
            soon("a receipt", receipt).await.unwrap();
        }
        let mut consumer = reader(&broker, &queue.name).await;
        let mut seen = std::collections::BTreeSet::new();
        while seen.len() < 300 {
            seen.insert(took(&mut consumer).await.data.clone());
        }
        rig.bus.remove_queue(&queue.name).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lets_go_of_a_full_queue_is_free_at_once() {
    over_amqp(|rig| async move {
        let queue = opened(&rig.bus, "left", Some(1)).await;
        let events = rig.bus.events().unwrap();
        let (_, receipt) = filled(&events, &queue).await;
        drop((events, receipt));

        // The task that kept trying would keep the bus from closing.
        soon("the bus to close", rig.bus.close()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_given_back() {
    over_amqp(|rig| async move {
        let events = rig.bus.events().unwrap();
        let long = "x".repeat(256);
        let answer = soon("an answer", events.publish(letter(&long, changes("x")))).await;
        assert!(matches!(answer, Err(Error::Unfit { bytes: 256, limit: 255, .. })));
        let answer = soon("an answer", events.publish(letter("y", changes(&long)))).await;
        assert!(matches!(answer, Err(Error::Unfit { .. })));
    })
    .await;
}

#[tokio::test]
async fn within_one_process_nobody_has_a_queue() {
    over_local(|rig| async move {
        assert!(rig.bus.events().is_none());
        let bounds = QueueBounds::new(subscription_queue("x"));
        assert!(matches!(rig.bus.open_queue(&bounds).await, Err(Error::NoBroker)));
    })
    .await;
}
