//! Messages that can never be taken, through the whole of intake.

use std::time::Duration;

use bytes::Bytes;
use muara_hub::Hub;
use muara_hub::intake::Senders;
use muara_schemas::Moment;
use muara_schemas::bus::Outgoing;
use muara_schemas::message::Message;
use muara_schemas::page::Page;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::on_both;
use crate::feed::{broken, full, line, number, page, texts};

async fn publish(hub: &Hub, id: &str, body: Vec<u8>) {
    let stream = page(1, None, 1).name();
    let message = Outgoing { id: id.to_owned(), stream, kind: "muara.page.v1", body: Bytes::from(body) };
    let sent = async { hub.bus.publisher().publish(message).await.expect("the bus takes it").await };
    tokio::time::timeout(Duration::from_secs(20), sent).await.expect("the hub acknowledges it").expect("it is taken");
}

fn encode(page: Page) -> Vec<u8> {
    Message::Page(Box::new(page)).encode("id", Moment::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_the_next_good_page_is_taken() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
        hub.start(Senders::anybody(), &tasks, &token);
        let text = String::from_utf8(encode(full(1, None, vec![line("a", 1)]))).unwrap();
        let mut long = page(2, None, 1);
        long.quarantined = vec![broken(Some("q"), &"x".repeat(70_000))];
        let bad = [
            b"\xff\xfe".to_vec(),
            b"{}".to_vec(),
            text.replace("\"kind\"", "\"ki\\u0000nd\"").into_bytes(),
            text.replace("budget-line", "wi\\u0000sh").into_bytes(),
            text.replace("\"key\":\"a\"", "\"key\":\"a\\u0000\"").into_bytes(),
            text.replace("\"definition\":\"d1\"", "\"definition\":\"d\\u0000\"").into_bytes(),
            encode(long),
            text.replace("\"page\":1", "\"page\":0").into_bytes(),
        ];

        for (at, body) in bad.iter().enumerate() {
            assert_ne!(body, text.as_bytes(), "case {at} is broken");
            publish(hub, &format!("bad-{at}\0"), body.clone()).await;
        }
        publish(hub, "good", text.into_bytes()).await;

        assert_eq!(number(hub, "select count(*) from parked").await, 8, "{}", engine.name);
        assert_eq!(texts(hub, "select key from records").await, ["a"]);
        token.cancel();
        tasks.close();
        tasks.wait().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_taken_stops_its_run_and_starts_the_stream_anew() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
        hub.start(Senders::anybody(), &tasks, &token);
        let good = |run, prev, number| encode(Page { records: vec![line("a", 1)], ..page(run, prev, number) });
        let bad = String::from_utf8(good(1, None, 2)).unwrap().replace("budget-line", "wish").into_bytes();
        publish(hub, "1", good(1, None, 1)).await;
        publish(hub, "2", bad).await;
        publish(hub, "3", encode(full(2, Some(1), vec![line("b", 2)]))).await;

        assert_eq!(
            texts(hub, "select key from records").await,
            ["a"],
            "{}: what was parked would be missed",
            engine.name
        );
        assert_eq!(texts(hub, "select state from runs").await, ["parked"]);
        assert_eq!(texts(hub, "select kind from findings where closed_at is null").await, ["parked"]);

        publish(hub, "4", encode(full(3, None, vec![line("a", 1), line("b", 2)]))).await;
        assert_eq!(number(hub, "select count(*) from records").await, 2);
        assert_eq!(number(hub, "select count(*) from findings where closed_at is null").await, 0);
        token.cancel();
        tasks.close();
        tasks.wait().await;
    })
    .await;
}
