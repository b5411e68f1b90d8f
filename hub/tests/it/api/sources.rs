//! `sources`, `runs`, `schemas`, `digest`.

use muara_schemas::page::Page;
use serde_json::{Value, json};

use crate::caller::{Site, application, column};
use crate::engine::on_both;
use crate::feed::{HEALTH, announcement, broken, catch_up, full, line, page, send, take};

#[tokio::test]
async fn a_source_tells_how_it_stands() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        let mut first = full(1, None, vec![line("a", 1), line("b", 2)]);
        send(&engine.hub, vec![announcement(&first, 10)]).await;
        engine.hub.clock.advance_secs(90);

        let silent = site.items(&key, "/api/v1/sources").await;
        assert_eq!((&silent[0]["verdict"], &silent[0]["last_run"]), (&json!("none"), &Value::Null));
        assert_eq!(silent[0]["heartbeat"]["age_secs"], 90);

        first.quarantined = vec![broken(Some("q"), "q")];
        if let Some(end) = &mut first.end {
            (end.counts.read, end.counts.quarantined) = (3, 1);
        }
        take(&engine.hub, vec![first]).await;
        take(&engine.hub, vec![Page { records: vec![line("a", 9)], ..page(7, Some(6), 1) }]).await;
        take(&engine.hub, vec![page(8, Some(6), 1)]).await;

        let source = site.items(&key, "/api/v1/sources").await.remove(0);
        assert_eq!(
            (&source["system"], &source["stream"], &source["rank"]),
            (&json!("sipd"), &json!("dpa"), &json!(10))
        );
        assert_eq!((&source["agency"], &source["every_secs"]), (&json!(HEALTH), &json!(600)));
        assert_eq!((&source["verdict"], &source["proof_state"]), (&json!("ok"), &json!("equal")), "{}", engine.name);
        let run = &source["last_run"];
        assert_eq!(
            (&run["balanced"], &run["proof"]["equal"], &run["state"]),
            (&json!(true), &json!(true), &json!("complete"))
        );
        assert_eq!(
            run["counts"],
            json!({"read": 3, "applied": 2, "unchanged": 0, "quarantined": 1, "left_out": 0, "deleted": 0, "held": 0})
        );
        assert_eq!(column(source["findings"].as_array().unwrap(), "/kind"), ["resets"]);
        let runs = site.items(&key, "/api/v1/runs?system=sipd").await;
        assert_eq!(&runs[0], run);
        assert!(site.items(&key, "/api/v1/runs?system=simda").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn every_record_type_has_its_schema() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;

        let list = site.items(&key, "/api/v1/schemas").await;

        assert_eq!(list.len(), 14);
        for item in &list {
            let schema = site.found(&key, item["href"].as_str().unwrap()).await;
            assert_eq!((&schema["$id"], &schema["title"]), (&item["id"], &item["title"]));
        }
        assert_eq!(
            site.found(&key, "/api/v1/schemas/head").await["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
    })
    .await;
}

#[tokio::test]
async fn the_digest_is_of_what_stands_and_settles_with_the_readers() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        take(&engine.hub, vec![full(1, None, vec![line("a", 1), line("b", 2)])]).await;
        let early = site.found(&key, "/api/v1/digest").await;
        assert_eq!(early["settled"], false, "the totals have not read yet");
        catch_up(&engine.hub).await;

        let digest = site.found(&key, "/api/v1/digest").await;

        assert_eq!((&digest["settled"], &digest["records"], &digest["totals"]), (&json!(true), &json!(2), &json!(1)));
        assert_eq!(digest["readers"][0]["lag"], 0);
        // There and back again: the log is longer, what stands is the same.
        take(&engine.hub, vec![Page { records: vec![line("a", 5)], ..page(2, Some(1), 1) }]).await;
        take(&engine.hub, vec![Page { records: vec![line("a", 1)], ..page(3, Some(2), 1) }]).await;
        catch_up(&engine.hub).await;
        let later = site.found(&key, "/api/v1/digest").await;
        assert_eq!(later["digest"], digest["digest"], "{}", engine.name);
        assert_ne!(later["log_head"], digest["log_head"]);
    })
    .await;
}
