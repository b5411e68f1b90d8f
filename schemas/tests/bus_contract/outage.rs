//! What only a broker can do to us: vanish, lose a queue, refuse.

use std::collections::BTreeSet;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Confirmation};
use muara_schemas::bus::{AmqpConfig, Health};
use tokio::io::AsyncReadExt;

use crate::rig::{next, over_amqp, over_broker, send, soon, stream_in, text, until};

const MESSAGES: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_cut_under_load_loses_nothing() {
    over_broker(async |broker| {
        let config = AmqpConfig { publish_window: MESSAGES, ..broker.config() };
        let bus = broker.connect(config).await.unwrap();
        let stream = stream_in(1, 0);
        let publisher = bus.publisher();
        let mut consumer = bus.pages(1);
        let reading = tokio::spawn(async move {
            let (mut first_seen, mut seen, mut deliveries) = (Vec::new(), BTreeSet::new(), 0);
            while seen.len() < MESSAGES {
                let delivery = next(&mut consumer).await;
                deliveries += 1;
                if seen.insert(text(&delivery)) {
                    first_seen.push(text(&delivery));
                }
                delivery.ack().await;
            }
            (first_seen, deliveries)
        });
        let line = broker.proxy.clone();
        let mut receipts = Vec::new();
        for n in 0..MESSAGES {
            receipts.push(send(&publisher, &stream, &format!("{n:04}")).await);
            // Twice in the middle of it, with much under way.
            if n == MESSAGES / 3 || n == MESSAGES * 2 / 3 {
                line.cut();
                until("the bus to notice", async || !bus.health().is_connected()).await;
                line.mend();
            }
        }
        // And once with everything under way that is left.
        line.cut();
        line.mend();
        for receipt in receipts {
            soon("a receipt", receipt).await.unwrap();
        }
        let (first_seen, deliveries) = soon("the reader", reading).await.unwrap();
        assert!(first_seen.is_sorted(), "first deliveries are in order");
        assert!(deliveries <= 4 * MESSAGES, "{deliveries} deliveries of {MESSAGES} messages");
        until("health", async || bus.health().is_connected()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_queue_takes_is_sent_again_until_one_does() {
    over_amqp(|rig| async move {
        let broker = rig.broker.unwrap();
        broker.delete_queue("muara.records.2").await;
        let publisher = rig.bus.publisher();
        let (lost, other) = (stream_in(2, 0), stream_in(3, 0));
        let mut receipts = Vec::new();
        for n in 0..20 {
            receipts.push(send(&publisher, if n % 4 == 0 { &lost } else { &other }, &n.to_string()).await);
        }
        // The queue stands again by the bus's own doing, and only then is anything of it confirmed.
        for receipt in receipts {
            soon("a receipt", receipt).await.unwrap();
        }
        let mut consumer = rig.bus.pages(2);
        for n in (0..20).step_by(4) {
            let delivery = next(&mut consumer).await;
            assert_eq!(text(&delivery), n.to_string());
            delivery.ack().await;
        }
        until("health", async || rig.bus.health().is_connected()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_whose_queue_was_deleted_subscribes_anew() {
    over_amqp(|rig| async move {
        let broker = rig.broker.unwrap();
        let stream = stream_in(4, 0);
        let publisher = rig.bus.publisher();
        let mut consumer = rig.bus.pages(4);
        let receipt = send(&publisher, &stream, "before").await;
        next(&mut consumer).await.ack().await;
        soon("a receipt", receipt).await.unwrap();
        broker.delete_queue("muara.records.4").await;
        let receipt = send(&publisher, &stream, "after").await;
        let delivery = next(&mut consumer).await;
        assert_eq!(text(&delivery), "after");
        delivery.ack().await;
        soon("a receipt", receipt).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_exists_otherwise_is_told_at_once() {
    over_broker(async |broker| {
        let channel = broker.connection().await.create_channel().await.unwrap();
        let name = broker.named("muara.records.0");
        channel
            .queue_declare(name.as_str().into(), QueueDeclareOptions::durable(), FieldTable::default())
            .await
            .unwrap();
        let refused = broker.connect(broker.config()).await.err().unwrap();
        assert_eq!(refused.code(), "E0404");
        assert!(refused.to_string().contains(&name), "{refused}");
        assert!(refused.cure().contains("delete_queue"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_at_once_and_never_shown() {
    over_broker(async |broker| {
        let uri = format!("amqp://nobody:s3cret@127.0.0.1:{}/%2f", broker.proxy.port);
        let config = AmqpConfig { uris: vec![uri], ..broker.config() };
        let refused = broker.connect(config.clone()).await.err().unwrap();
        assert_eq!(refused.code(), "E0403");
        assert!(!format!("{refused} {refused:?} {config:?}").contains("s3cret"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_at_the_start_is_waited_for() {
    over_broker(async |broker| {
        broker.proxy.cut();
        let bus = broker.connect(broker.config()).await.unwrap();
        let Health::Failing(error) = bus.health() else { panic!("the broker is away") };
        assert_eq!(error.code(), "E0402");
        let receipt = send(&bus.publisher(), &stream_in(0, 0), "early").await;
        let mut consumer = bus.pages(0);
        broker.proxy.mend();
        next(&mut consumer).await.ack().await;
        soon("a receipt", receipt).await.unwrap();
        until("health", async || bus.health().is_connected()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_address_serves_when_the_first_is_dead() {
    over_broker(async |broker| {
        let uris = vec!["amqp://guest:guest@127.0.0.1:1/%2f".to_owned(), broker.uri.clone()];
        let bus = broker.connect(AmqpConfig { uris, ..broker.config() }).await.unwrap();
        soon("a receipt", send(&bus.publisher(), &stream_in(0, 0), "one").await).await.unwrap();
        broker.proxy.cut();
        until("the bus to notice", async || !bus.health().is_connected()).await;
        broker.proxy.mend();
        soon("a receipt", send(&bus.publisher(), &stream_in(0, 0), "two").await).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_answers_nothing_is_given_up() {
    over_broker(async |broker| {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        let uris = vec![format!("amqp://guest:guest@127.0.0.1:{port}/%2f"), broker.uri.clone()];
        let bus = broker.connect(AmqpConfig { uris, ..broker.config() }).await.unwrap();
        soon("a receipt", send(&bus.publisher(), &stream_in(0, 0), "one").await).await.unwrap();
        // The attempts are over on our side too: nothing of them stays behind.
        for _ in 0..2 {
            let (mut attempt, _) = soon("an attempt", silent.accept()).await.unwrap();
            let mut greeting = Vec::new();
            soon("its end", attempt.read_to_end(&mut greeting)).await.unwrap();
            assert!(greeting.starts_with(b"AMQP"), "{greeting:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_cut_between_delivery_and_acknowledgement_brings_it_again() {
    over_amqp(|rig| async move {
        let broker = rig.broker.unwrap();
        let stream = stream_in(5, 0);
        soon("a receipt", send(&rig.bus.publisher(), &stream, "one").await).await.unwrap();
        let mut consumer = rig.bus.pages(5);
        let held = next(&mut consumer).await;
        broker.proxy.cut();
        until("the bus to notice", async || !rig.bus.health().is_connected()).await;
        broker.proxy.mend();
        let again = next(&mut consumer).await;
        assert!(again.redelivered);
        held.ack().await;
        again.ack().await;
        until("an empty queue", async || {
            let channel = broker.connection().await.create_channel().await.unwrap();
            let name = broker.named("muara.records.5");
            let options = QueueDeclareOptions::durable().passive();
            let queue = channel.queue_declare(name.as_str().into(), options, FieldTable::default()).await.unwrap();
            queue.message_count() == 0
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_publish_as_somebody_else() {
    over_amqp(|rig| async move {
        // What `Delivery::sender` rests on: the broker refuses a user_id that is not the connection's.
        let broker = rig.broker.unwrap();
        let channel = broker.connection().await.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let properties = BasicProperties::default().with_user_id("somebody-else".into());
        let (exchange, key) = (broker.named("muara.records"), stream_in(0, 0).routing_key());
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let publishing = async {
            channel
                .basic_publish(exchange.as_str().into(), key.as_str().into(), options, b"{}", properties)
                .await?
                .await
        };
        let outcome = tokio::time::timeout(Duration::from_secs(30), publishing).await.unwrap();
        assert!(!matches!(outcome, Ok(Confirmation::Ack(_))), "{outcome:?}");
    })
    .await;
}
