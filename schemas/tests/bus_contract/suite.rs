//! What every carrier has to do.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::FutureExt;
use muara_schemas::bus::{
    DELIVERY_LIMIT, Error, MAX_MESSAGE_BYTES, PAGE_PREFETCH, PUBLISH_WINDOW, PUBLISH_WINDOW_BYTES, Receipt,
};
use muara_schemas::control::{Command, Order};
use muara_schemas::{Clock, StreamName};

use crate::rig::{Rig, is_silent, message, next, send, soon, stream_in, text, until};

pub(crate) async fn a_partition_keeps_its_order(rig: Rig) {
    let (first, second) = (stream_in(3, 0), stream_in(3, 1));
    let publisher = rig.bus.publisher();
    let sending = tokio::spawn(async move {
        let mut receipts = Vec::new();
        for n in 0..200 {
            let stream = if n % 3 == 0 { &first } else { &second };
            receipts.push(send(&publisher, stream, &format!("m{n}")).await);
        }
        for receipt in receipts {
            soon("a receipt", receipt).await.unwrap();
        }
    });
    let mut consumer = rig.bus.pages(3);
    for n in 0..200 {
        let delivery = next(&mut consumer).await;
        assert_eq!(text(&delivery), format!("m{n}"));
        assert!(!delivery.redelivered);
        delivery.ack().await;
    }
    soon("the sender", sending).await.unwrap();
    assert_eq!(rig.bus.dead_letter_count().await.unwrap(), 0);
}

pub(crate) async fn a_message_arrives_whole(rig: Rig) {
    let stream = stream_in(5, 0);
    let body: Vec<u8> = (0..300 * 1024_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let publisher = rig.bus.publisher();
    let receipt = publisher.publish(message(&stream, "large", body.clone())).await.unwrap();
    let mut consumer = rig.bus.pages(5);
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.body, body);
    assert_eq!(delivery.message_id.as_deref(), Some("large"));
    // Only a broker knows who somebody is.
    assert_eq!(delivery.sender.is_some(), rig.broker.is_some());
    delivery.ack().await;
    soon("the receipt", receipt).await.unwrap();

    let too_large = Bytes::from(vec![0; MAX_MESSAGE_BYTES + 1]);
    let refused = publisher.publish(message(&stream, "too-large", too_large)).await.err().unwrap();
    assert_eq!(refused.code(), "E0405");
}

pub(crate) async fn a_receipt_means_what_it_says(rig: Rig) {
    let stream = stream_in(0, 0);
    let mut receipt = send(&rig.bus.publisher(), &stream, "one").await;
    let mut consumer = rig.bus.pages(0);
    if rig.broker.is_some() {
        // The broker holds it on disk, though nobody has read it.
        soon("the receipt", &mut receipt).await.unwrap();
        next(&mut consumer).await.ack().await;
    } else {
        // Nobody but the reader can keep it.
        let delivery = next(&mut consumer).await;
        assert!((&mut receipt).now_or_never().is_none());
        delivery.ack().await;
        soon("the receipt", receipt).await.unwrap();
    }
}

pub(crate) async fn what_was_not_acknowledged_comes_again(rig: Rig) {
    let stream = stream_in(1, 0);
    let publisher = rig.bus.publisher();
    let mut receipts = Vec::new();
    for id in ["a", "b", "c", "d"] {
        receipts.push(send(&publisher, &stream, id).await);
    }
    let mut consumer = rig.bus.pages(1);
    next(&mut consumer).await.ack().await;
    let held = [next(&mut consumer).await, next(&mut consumer).await];
    drop(consumer);
    let mut successor = rig.bus.pages(1);
    let again = next(&mut successor).await;
    assert_eq!((text(&again).as_str(), again.redelivered), ("b", true));
    // The first reader is gone; what it still does changes nothing.
    for delivery in held {
        delivery.ack().await;
    }
    again.ack().await;
    for id in ["c", "d"] {
        let delivery = next(&mut successor).await;
        assert_eq!(text(&delivery), id);
        delivery.ack().await;
    }
    for receipt in receipts {
        soon("a receipt", receipt).await.unwrap();
    }
    assert!(is_silent(&mut successor).await);
}

pub(crate) async fn a_requeued_message_comes_again_and_is_counted(rig: Rig) {
    let stream = stream_in(2, 0);
    let _receipt = send(&rig.bus.publisher(), &stream, "one").await;
    let mut consumer = rig.bus.pages(2);
    for attempt in 0..3 {
        let delivery = next(&mut consumer).await;
        assert_eq!((delivery.attempts, delivery.redelivered), (attempt, attempt > 0));
        delivery.requeue().await;
    }
    next(&mut consumer).await.ack().await;
    assert!(is_silent(&mut consumer).await);
}

pub(crate) async fn a_message_that_always_fails_ends_among_the_dead_letters(rig: Rig) {
    let stream = stream_in(4, 0);
    let publisher = rig.bus.publisher();
    let _poison = send(&publisher, &stream, "poison").await;
    let mut consumer = rig.bus.pages(4);
    for _ in 0..=DELIVERY_LIMIT {
        next(&mut consumer).await.requeue().await;
    }
    until("the dead letter", async || rig.bus.dead_letter_count().await.unwrap() == 1).await;
    // The partition goes on.
    let _next = send(&publisher, &stream, "healthy").await;
    let delivery = next(&mut consumer).await;
    assert_eq!(text(&delivery), "healthy");
    delivery.ack().await;
}

pub(crate) async fn the_window_bounds_messages(rig: Rig) {
    window(rig, PUBLISH_WINDOW, 10).await;
}

pub(crate) async fn the_window_bounds_bytes(rig: Rig) {
    let body = 300 * 1024;
    window(rig, PUBLISH_WINDOW_BYTES / body, body).await;
}

/// Fills the window with so many messages of this size: the next has to wait until one is confirmed.
async fn window(rig: Rig, fits: usize, bytes: usize) {
    let stream = stream_in(6, 0);
    let publisher = rig.bus.publisher();
    let body = Bytes::from(vec![7; bytes]);
    rig.stall();
    let mut receipts: Vec<Receipt> = Vec::new();
    for n in 0..fits {
        let publishing = publisher.publish(message(&stream, &format!("m{n}"), body.clone()));
        receipts.push(publishing.now_or_never().expect("there is room").unwrap());
    }
    let mut waiting = Box::pin(publisher.publish(message(&stream, "late", body.clone())));
    assert!(waiting.as_mut().now_or_never().is_none(), "the window is full");
    rig.resume();
    let mut consumer = rig.bus.pages(6);
    let reading = tokio::spawn(async move {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|id| id != "late") {
            let delivery = next(&mut consumer).await;
            seen.push(delivery.message_id.clone().unwrap());
            delivery.ack().await;
        }
        seen
    });
    receipts.push(soon("room in the window", waiting).await.unwrap());
    for receipt in receipts {
        soon("a receipt", receipt).await.unwrap();
    }
    let seen = soon("the reader", reading).await.unwrap();
    assert_eq!(seen.len(), fits + 1);
    assert!((0..fits).all(|n| seen[n] == format!("m{n}")), "in order: {seen:?}");
}

pub(crate) async fn many_publishers_keep_their_own_order(rig: Rig) {
    const PUBLISHERS: usize = 8;
    const MESSAGES: usize = 100;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..PUBLISHERS {
        let publisher = rig.bus.publisher();
        let stream = stream_in(u8::try_from(n % 2).unwrap(), n);
        tasks.spawn(async move {
            let mut receipts = Vec::new();
            for m in 0..MESSAGES {
                receipts.push(send(&publisher, &stream, &format!("{n}/{m}")).await);
            }
            for receipt in receipts {
                soon("a receipt", receipt).await.unwrap();
            }
        });
    }
    let mut next_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut consumers = [rig.bus.pages(0), rig.bus.pages(1)];
    for consumer in &mut consumers {
        for _ in 0..PUBLISHERS * MESSAGES / 2 {
            let delivery = next(consumer).await;
            let (publisher, number) =
                text(&delivery).split_once('/').map(|(p, m)| (p.to_owned(), m.to_owned())).unwrap();
            let expected = next_of.entry(publisher.parse().unwrap()).or_default();
            assert_eq!(number.parse::<usize>().unwrap(), *expected);
            *expected += 1;
            delivery.ack().await;
        }
    }
    while let Some(done) = soon("the publishers", tasks.join_next()).await {
        done.unwrap();
    }
    assert!(next_of.len() == PUBLISHERS && next_of.values().all(|count| *count == MESSAGES));
}

pub(crate) async fn one_consumer_of_a_partition_is_active_and_the_next_takes_over(rig: Rig) {
    let stream = stream_in(7, 0);
    let publisher = rig.bus.publisher();
    let mut active = rig.bus.pages(7);
    let _first = send(&publisher, &stream, "a").await;
    let delivery = next(&mut active).await;
    let mut standby = rig.bus.pages(7);
    assert!(is_silent(&mut standby).await);
    delivery.ack().await;
    let _rest = [send(&publisher, &stream, "b").await, send(&publisher, &stream, "c").await];
    let delivery = next(&mut active).await;
    assert_eq!(text(&delivery), "b");
    delivery.ack().await;
    assert!(is_silent(&mut standby).await);
    drop(active);
    let delivery = next(&mut standby).await;
    assert_eq!(text(&delivery), "c");
    delivery.ack().await;
    assert!(is_silent(&mut standby).await);
}

pub(crate) async fn a_consumer_holds_no_more_than_its_prefetch(rig: Rig) {
    let stream = stream_in(0, 1);
    let publisher = rig.bus.publisher();
    let _receipts: Vec<Receipt> = {
        let mut receipts = Vec::new();
        for n in 0..=PAGE_PREFETCH {
            receipts.push(send(&publisher, &stream, &n.to_string()).await);
        }
        receipts
    };
    let mut consumer = rig.bus.pages(0);
    let mut held = Vec::new();
    for _ in 0..PAGE_PREFETCH {
        held.push(next(&mut consumer).await);
    }
    assert!(is_silent(&mut consumer).await);
    held.remove(0).ack().await;
    assert_eq!(text(&next(&mut consumer).await), PAGE_PREFETCH.to_string());
}

pub(crate) async fn commands_wait_for_their_system(rig: Rig) {
    let run = command("run", "sipd", 3_600);
    let other = command("other", "simda", 3_600);
    soon("a command", rig.bus.command(&run)).await.unwrap();
    soon("a command", rig.bus.command(&other)).await.unwrap();
    let mut sipd = rig.bus.commands("33.02", "sipd");
    let delivery = next(&mut sipd).await;
    assert_eq!(serde_json::from_slice::<Command>(&delivery.body).unwrap(), run);
    assert_eq!(delivery.message_id.as_deref(), Some("run"));
    delivery.ack().await;
    assert!(is_silent(&mut sipd).await, "another system's commands are not ours");
    let delivery = next(&mut rig.bus.commands("33.02", "simda")).await;
    assert_eq!(serde_json::from_slice::<Command>(&delivery.body).unwrap(), other);
    delivery.ack().await;
}

pub(crate) async fn an_expired_command_does_not_come(rig: Rig) {
    let expired = rig.bus.command(&command("past", "sipd", -1)).await;
    assert_eq!(expired, Err(Error::Expired));
    let short = command("short", "sipd", 1);
    soon("a command", rig.bus.command(&short)).await.unwrap();
    soon("a command", rig.bus.command(&command("long", "sipd", 3_600))).await.unwrap();
    // A broker counts from the command's arrival, which is a little later.
    let over = short.expires_at.plus_secs(2);
    until("the expiry", async || Clock::system().now() > over).await;
    let mut consumer = rig.bus.commands("33.02", "sipd");
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.message_id.as_deref(), Some("long"));
    delivery.ack().await;
}

pub(crate) async fn after_closing_nothing_goes_on(rig: Rig) {
    let stream = stream_in(2, 1);
    let publisher = rig.bus.publisher();
    let mut consumer = rig.bus.pages(2);
    rig.stall();
    let receipt = send(&publisher, &stream, "one").await;
    soon("the end", rig.bus.close()).await;
    assert_eq!(soon("the receipt", receipt).await, Err(Error::Closed));
    assert!(soon("the consumer", consumer.next()).await.is_none());
    let refused = publisher.publish(message(&stream, "two", "two")).await.err();
    assert_eq!(refused, Some(Error::Closed));
    rig.resume();
}

fn command(id: &str, system: &str, lives_secs: i64) -> Command {
    Command {
        id: id.to_owned(),
        expires_at: Clock::system().now().plus_secs(lives_secs),
        stream: StreamName::new("33.02", system, "budget-lines"),
        order: Order::Run { full: true },
    }
}
