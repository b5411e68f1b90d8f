//! `changes/stream`: the log as server-sent events.

use std::time::Duration;

use futures_util::StreamExt;
use muara_hub::store::{head, keys};
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::caller::{Site, application, of_agencies};
use crate::engine::on_both;
use crate::feed::{HEALTH, WORKS, full, line, line_of, take};

/// One frame: its lines by name, a comment under the empty name.
type Frame = Vec<(String, String)>;

/// An open stream.
struct Listening {
    bytes: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    rest: String,
}

impl Listening {
    async fn open(site: &Site, key: &str, query: &str, last: Option<&str>) -> Self {
        let request = site.request(&format!("/api/v1/changes/stream{query}"));
        let mut request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { bytes: Box::pin(response.bytes_stream()), rest: String::new() }
    }

    /// The next frame; `None` when the stream has ended.
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.rest.split_once("\n\n") {
                let lines = frame.lines().map(|line| line.split_once(':').unwrap_or((line, "")));
                let frame = lines.map(|(name, value)| (name.to_owned(), value.trim_start().to_owned())).collect();
                self.rest = rest.to_owned();
                return Some(frame);
            }
            let bytes = timeout(Duration::from_secs(20), self.bytes.next()).await.expect("a frame comes").transpose();
            self.rest.push_str(std::str::from_utf8(&bytes.ok()??).unwrap());
        }
    }

    /// The next event, and its id.
    async fn event(&mut self) -> (String, Value) {
        loop {
            let frame = self.frame().await.expect("the stream goes on");
            if let Some(data) = field(&frame, "data") {
                return (field(&frame, "id").unwrap(), serde_json::from_str(&data).unwrap());
            }
        }
    }
}

fn field(frame: &Frame, name: &str) -> Option<String> {
    frame.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone())
}

#[tokio::test]
async fn who_listens_hears_what_comes_and_goes_on_where_he_was() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        take(&engine.hub, vec![full(1, None, vec![line("a", 10)])]).await;
        let mut listening = Listening::open(&site, &key, "", None).await;
        assert!(field(&listening.frame().await.unwrap(), "retry").is_some(), "it begins at once, and says so");

        take(&engine.hub, vec![full(2, Some(1), vec![line("a", 11)])]).await;
        engine.hub.news.notify_waiters();
        let (id, event) = listening.event().await;

        assert_eq!((&event["data"]["op"], &event["data"]["after"]["amount"]), (&json!("updated"), &json!("11.00")));
        assert_eq!(event["id"], json!(id), "what was before it came is not told");
        drop(listening);
        take(&engine.hub, vec![full(3, Some(2), vec![line("a", 12)])]).await;
        let mut again = Listening::open(&site, &key, "?after=00000000-0", Some(&id)).await;
        assert_eq!(again.event().await.1["data"]["after"]["amount"], "12.00", "the header goes before the parameter");
        let mut whole = Listening::open(&site, &key, &format!("?after={}-0", &id[..8]), None).await;
        assert_eq!(whole.event().await.1["data"]["op"], "created");
    })
    .await;
}

#[tokio::test]
async fn scope_and_filter_cut_the_stream() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let narrow = site.key(of_agencies(&[HEALTH])).await;
        let mut own = Listening::open(&site, &narrow, "", None).await;
        let wide = site.key(application()).await;
        let mut wanted =
            Listening::open(&site, &wide, &format!("?agencies={WORKS}&types=muara.budget-line.*"), None).await;
        drop((own.frame().await, wanted.frame().await));

        take(&engine.hub, vec![full(1, None, vec![line("a", 1), line_of(WORKS, "b", 2)])]).await;
        take(&engine.hub, vec![full(2, Some(1), vec![line_of(WORKS, "a", 1), line("b", 2)])]).await;
        engine.hub.news.notify_waiters();

        for (listening, ours) in [(&mut own, "1.00"), (&mut wanted, "2.00")] {
            let events = [listening.event().await.1, listening.event().await.1, listening.event().await.1];
            let ops = events.each_ref().map(|event| event["data"]["op"].as_str().unwrap().to_owned());
            assert_eq!(events[0]["data"]["after"]["amount"], ours);
            let mut later = [ops[1].as_str(), ops[2].as_str()];
            later.sort_unstable();
            assert_eq!((ops[0].as_str(), later), ("created", ["created", "deleted"]), "one moved out, the other in");
        }
        let unknown = site.get(&wide, "/api/v1/changes/stream?types=budget").await;
        assert_eq!((unknown.status, &unknown.body["code"]), (400, &json!("E0603")));
    })
    .await;
}

#[tokio::test]
async fn a_position_of_another_log_is_answered_with_resync_and_the_stream_goes_on() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        take(&engine.hub, vec![full(1, None, vec![line("a", 10)])]).await;
        let mut open = Listening::open(&site, &key, "", None).await;
        drop(open.frame().await);
        let mut tx = engine.hub.db.write().await.unwrap();
        head::renew_epoch(&mut tx, [0xab, 0xcd, 0xef, 1]).await.unwrap();
        tx.commit().await.unwrap();
        engine.hub.news.notify_waiters();

        let mut foreign = Listening::open(&site, &key, "", Some("from another server")).await;
        let mut past = Listening::open(&site, &key, "?after=abcdef01-99", None).await;

        for (listening, code) in [(&mut open, "E0609"), (&mut foreign, "E0609"), (&mut past, "E0610")] {
            let frame = listening.frame().await.unwrap();
            let data: Value = serde_json::from_str(&field(&frame, "data").unwrap()).unwrap();
            assert_eq!((field(&frame, "event").as_deref(), &data["code"]), (Some("resync"), &json!(code)));
            assert_eq!(field(&frame, "id"), Some("abcdef01-1".to_owned()));
        }
        take(&engine.hub, vec![full(2, Some(1), vec![line("a", 11)])]).await;
        engine.hub.news.notify_waiters();
        for listening in [&mut open, &mut foreign, &mut past] {
            assert_eq!(listening.event().await.1["data"]["op"], "updated");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_taken_back_hears_no_more() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        let caller = muara_hub::api::key::parse(&key).unwrap().id.to_owned();
        let app = muara_hub::api::App::new(&engine.hub, tokio_util::sync::CancellationToken::new());
        let of = async |viewer| {
            let caller = muara_hub::api::auth::Caller { key: caller.clone(), viewer, scopes: vec!["read".into()] };
            muara_hub::api::auth::is_good(&app, &caller).await.unwrap()
        };
        assert!(of(application()).await && !of(of_agencies(&[HEALTH])).await, "nor one whose rights were changed");

        let mut tx = engine.hub.db.write().await.unwrap();
        keys::revoke(&mut tx, &caller, engine.hub.clock.now()).await.unwrap();
        tx.commit().await.unwrap();

        assert!(!of(application()).await);
    })
    .await;
}
