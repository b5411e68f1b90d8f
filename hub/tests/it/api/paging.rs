//! Paging never skips and never repeats, whatever is written meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use muara_schemas::page::Page;
use serde_json::Value;

use crate::caller::{Site, application, column};
use crate::engine::on_both;
use crate::feed::{broken, line, page, take};

/// Reads a list to its end, `limit` at a time.
async fn walk(site: &Site, key: &str, list: &str, limit: usize) -> Vec<Value> {
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let body = site.found(key, &format!("/api/v1/{list}limit={limit}{after}")).await;
        let items = body["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        seen.extend(items.iter().cloned());
        match body["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return seen,
        }
    }
}

fn each_once(names: &[String], what: &str) {
    let different: BTreeSet<&String> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{what} repeats an item");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_hold_still_for_whoever_pages_while_others_write() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        let lines = |name: &str| (0..40).map(|at| line(&format!("{name}-{at:02}"), at)).collect::<Vec<_>>();
        let sick = (0..15).map(|at| broken(Some(&format!("q-{at:02}")), &at.to_string())).collect();
        take(&engine.hub, vec![Page { records: lines("first"), quarantined: sick, ..page(1, None, 1) }]).await;
        let (hub, is_over) = (engine.hub.clone(), Arc::new(AtomicBool::new(false)));
        let stop = Arc::clone(&is_over);
        let writer = tokio::task::spawn(async move {
            for round in 0_u32.. {
                // New records come and old ones change, again and again.
                let name = format!("round-{round:04}");
                let changed = (0..5).map(|at| line(&format!("first-{at:02}"), u64::from(round) * 100 + at));
                let new = [line(&name, 7)].into_iter().chain(changed).collect();
                let quarantined = vec![broken(Some(&name), &name)];
                take(&hub, vec![Page { records: new, quarantined, ..page(1, None, round + 2) }]).await;
                if stop.load(Ordering::Relaxed) {
                    return round;
                }
            }
            0
        });

        for limit in [1, 3, 7, 40] {
            let records = column(&walk(&site, &key, "records?", limit).await, "/data/key");
            each_once(&records, "records");
            let held: Vec<&String> = records.iter().filter(|name| name.starts_with("first-")).collect();
            assert_eq!(held.len(), 40, "{}: a record was skipped, {limit} at a time", engine.name);

            let entries = column(&walk(&site, &key, "quarantine?", limit).await, "/key");
            each_once(&entries, "quarantine");
            assert_eq!(entries.iter().filter(|name| name.starts_with("q-")).count(), 15, "{}", engine.name);
        }
        is_over.store(true, Ordering::Relaxed);
        let rounds = usize::try_from(writer.await.unwrap()).unwrap() + 1;

        let records = walk(&site, &key, "records?", 100).await;
        assert_eq!(records.len(), 40 + rounds, "afterwards everything is there");
        assert_eq!(walk(&site, &key, "records?", 13).await, records, "and the same however it is cut");
        assert_eq!(walk(&site, &key, "runs?", 1).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_log_misses_nothing() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        let writers: Vec<_> = (1..=4_u8)
            .map(|writer| {
                let hub = engine.hub.clone();
                tokio::task::spawn(async move {
                    for round in 1..=10_u32 {
                        let records = vec![line("same", u64::from(round)), line(&format!("k{round}"), 1)];
                        take(
                            &hub,
                            vec![Page { stream: format!("dpa-{writer}"), records, ..page(writer, None, round) }],
                        )
                        .await;
                    }
                })
            })
            .collect();

        let (mut places, mut after) = (Vec::new(), String::new());
        while places.len() < 80 {
            let body = site.found(&key, &format!("/api/v1/changes?limit=7&wait=5{after}")).await;
            let items = body["items"].as_array().unwrap();
            assert!(!items.is_empty(), "{}: nothing came, {} of 80 seen", engine.name, places.len());
            places.extend(column(items, "/id").iter().map(|place| place[9..].parse::<usize>().unwrap()));
            after = format!("&after={}", body["next"].as_str().unwrap());
        }
        for writer in writers {
            writer.await.unwrap();
        }

        assert_eq!(places, (1..=80).collect::<Vec<_>>(), "{}: every place once, in order", engine.name);
    })
    .await;
}
