//! `changes`: the log, pulled.

use std::time::{Duration, Instant};

use muara_hub::store::head;
use muara_schemas::page::Page;
use serde_json::json;

use crate::caller::{Site, application, column};
use crate::engine::on_both;
use crate::feed::{end, full, line, take};

#[tokio::test]
async fn every_change_comes_once_in_order_with_both_sides() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        take(&engine.hub, vec![full(1, None, vec![line("a", 10), line("b", 20)])]).await;
        let rest = vec![line("a", 11)];
        take(&engine.hub, vec![Page { gone: vec!["b".into()], end: Some(end(1, &rest)), ..full(2, Some(1), rest) }])
            .await;

        let mut told = Vec::new();
        let mut path = "/api/v1/changes?limit=1".to_owned();
        loop {
            let answer = site.found(&key, &path).await;
            let items = answer["items"].as_array().unwrap();
            let Some(item) = items.first() else { break };
            assert_eq!((items.len(), &item["id"]), (1, &answer["next"]));
            told.push(item.clone());
            path = format!("/api/v1/changes?limit=1&after={}", answer["next"].as_str().unwrap());
        }

        assert_eq!(column(&told, "/data/op"), ["created", "created", "updated", "deleted"]);
        assert_eq!(column(&told, "/data/before/amount"), ["null", "null", "10.00", "20.00"]);
        assert_eq!(column(&told, "/data/after/amount"), ["10.00", "20.00", "11.00", "null"]);
        assert_eq!(told[2]["data"]["changed"], json!(["amount"]));
        let places: Vec<String> = column(&told, "/id").iter().map(|place| place[9..].to_owned()).collect();
        assert_eq!(places, ["1", "2", "3", "4"]);
    })
    .await;
}

#[tokio::test]
async fn who_waits_is_told_as_soon_as_something_comes() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        let empty = site.found(&key, "/api/v1/changes?wait=0").await;
        let after = empty["next"].as_str().unwrap().to_owned();
        let begun = Instant::now();
        let path = format!("/api/v1/changes?wait=20&after={after}");

        let (told, _) = tokio::join!(site.found(&key, &path), async {
            take(&engine.hub, vec![full(1, None, vec![line("a", 10)])]).await;
            engine.hub.news.notify_waiters();
        });

        assert_eq!(told["items"].as_array().unwrap().len(), 1, "{}", engine.name);
        assert!(begun.elapsed() < Duration::from_secs(10), "it waited for its time to be over");
    })
    .await;
}

#[tokio::test]
async fn a_position_of_another_log_is_answered_with_where_to_begin_again() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        take(&engine.hub, vec![full(1, None, vec![line("a", 10), line("b", 20)])]).await;
        let before = site.found(&key, "/api/v1/changes").await["next"].as_str().unwrap().to_owned();
        let list = site.found(&key, "/api/v1/records?limit=1").await["next"].as_str().unwrap().to_owned();
        let mut tx = engine.hub.db.write().await.unwrap();
        head::renew_epoch(&mut tx, [0xab, 0xcd, 0xef, 1]).await.unwrap();
        tx.commit().await.unwrap();

        let gone = site.get(&key, &format!("/api/v1/changes?after={before}")).await;
        let gone_list = site.get(&key, &format!("/api/v1/records?limit=1&after={list}")).await;
        let past = site.get(&key, "/api/v1/changes?after=abcdef01-3").await;

        assert_eq!((gone.status, &gone.body["code"]), (410, &json!("E0609")));
        assert_eq!((gone_list.status, &gone_list.body["code"]), (410, &json!("E0609")));
        assert_eq!((past.status, &past.body["code"]), (410, &json!("E0610")));
        // What stands is read anew, and nothing of the log before that comes again.
        let told = |name: &str| gone.body["resync"][name].as_str().unwrap().to_owned();
        let stands = site.found(&key, &told("records")).await;
        let place = told("changes");
        assert_eq!(stands["items"].as_array().unwrap().len(), 2);
        assert_eq!(site.found(&key, &place).await["items"], json!([]));
        take(&engine.hub, vec![full(2, Some(1), vec![line("a", 11), line("b", 20)])]).await;
        assert_eq!(site.found(&key, &place).await["items"].as_array().unwrap().len(), 1);
    })
    .await;
}
