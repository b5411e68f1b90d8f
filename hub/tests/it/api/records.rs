//! `records`, `records/{id}` and their history.

use muara_schemas::page::Page;
use serde_json::{Value, json};

use crate::caller::{Site, application, column};
use crate::engine::{Engine, on_both};
use crate::feed::{HEALTH, WORKS, end, example, full, line, line_of, page, record, take};

/// Two budget systems and payments, two agencies, two regions and two years.
async fn filled(engine: &Engine) -> (Site, String) {
    let site = Site::of(&engine.hub).await;
    let next_year = record("d", &example("budget-line", &json!({"fiscal_year": 2027})));
    let budget = vec![line("a", 10), line_of(WORKS, "b", 20), line("c", 30), next_year];
    let other = Page { system: "simda".into(), stream: "ta-belanja".into(), ..full(2, None, vec![line("a", 11)]) };
    let away = record("z", &example("budget-line", &json!({"region": "33.74"})));
    let away = Page { region: "33.74".into(), ..full(3, None, vec![away]) };
    let payment = record("13902", &example("disbursement", &json!({})));
    let payment = Page { record_type: "disbursement".into(), stream: "sp2d".into(), ..full(4, None, vec![payment]) };
    take(&engine.hub, vec![full(1, None, budget), other, away, payment]).await;
    let rest = vec![line("a", 15), line_of(WORKS, "b", 20)];
    take(&engine.hub, vec![Page { gone: vec!["c".into()], end: Some(end(1, &rest)), ..full(5, Some(1), rest) }]).await;
    let key = site.key(application()).await;
    (site, key)
}

#[tokio::test]
async fn filters_narrow_and_meet() {
    on_both(async |engine| {
        let (site, key) = filled(&engine).await;
        for (filter, keys) in [
            ("", vec!["13902", "a", "a", "b", "d", "z"]),
            ("?type=budget-line", vec!["a", "a", "b", "d", "z"]),
            ("?type=disbursement", vec!["13902"]),
            ("?region=33.74", vec!["z"]),
            ("?region=33", vec![]),
            ("?system=simda", vec!["a"]),
            ("?system=sipd&stream=dpa&region=33.02", vec!["a", "b", "d"]),
            ("?agency=1.03.0.00.0.00.01.0000", vec!["b"]),
            ("?fiscal_year=2027", vec!["d"]),
            ("?fiscal_year=2027&agency=1.03.0.00.0.00.01.0000", vec![]),
            ("?type=disbursement&business=13902", vec!["13902"]),
            ("?business=13902", vec!["13902"]),
            ("?deleted=include&system=sipd&fiscal_year=2026&type=budget-line&region=33.02", vec!["a", "b", "c"]),
            ("?deleted=only", vec!["c"]),
            ("?agency=%27%20or%201%3D1%20--", vec![]),
        ] {
            let items = site.items(&key, &format!("/api/v1/records{filter}")).await;
            let mut found = column(&items, "/data/key");
            found.sort();
            assert_eq!(found, keys, "{}: {filter}", engine.name);
        }
    })
    .await;
}

#[tokio::test]
async fn a_record_explains_itself_and_its_body_stands_as_it_was_sent() {
    on_both(async |engine| {
        let (site, key) = filled(&engine).await;
        let items = site
            .items(
                &key,
                "/api/v1/records?system=sipd&stream=dpa&agency=1.02.0.00.0.00.01.0000&fiscal_year=2026&region=33.02",
            )
            .await;
        let [listed] = items.as_slice() else { panic!("one record: {items:?}") };

        let one = site.found(&key, &format!("/api/v1/records/{}", listed["id"].as_str().unwrap())).await;

        assert_eq!(&one, listed);
        let sent: Value = serde_json::from_str(line("a", 15).body.get()).unwrap();
        assert_eq!(one["data"]["record"], sent);
        assert_eq!(
            (&one["version"], &one["type"], &one["region"]),
            (&json!(2), &json!("budget-line"), &json!("33.02"))
        );
        assert_eq!((&one["agency"], &one["fiscal_year"]), (&json!(HEALTH), &json!(2026)));
        assert_eq!(one["source"]["pointer"], "ta_belanja?a");
        assert_eq!((&one["source"]["run"], &one["source"]["definition"]), (&json!("05".repeat(16)), &json!("d1")));
        let epoch = one["position"].as_str().unwrap().split_once('-').unwrap();
        assert_eq!((epoch.0.len(), epoch.1), (8, "8"), "the place of its latest change");
        assert!(one.get("deleted_at").is_none());
    })
    .await;
}

#[tokio::test]
async fn history_tells_every_version_and_a_deleted_record_keeps_its_last_values() {
    on_both(async |engine| {
        let (site, key) = filled(&engine).await;
        let deleted = site.items(&key, "/api/v1/records?deleted=only").await;
        assert_eq!(deleted[0]["data"]["record"]["amount"], "30.00");
        assert!(deleted[0]["deleted_at"].is_string());
        let of = |record: &Value| format!("/api/v1/records/{}/history", record["id"].as_str().unwrap());

        let gone = site.items(&key, &of(&deleted[0])).await;

        assert_eq!(column(&gone, "/op"), ["created", "deleted"]);
        assert_eq!(column(&gone, "/data/record/amount"), ["30.00", "null"]);

        take(&engine.hub, vec![Page { records: vec![line("a", 16)], ..page(6, Some(5), 1) }]).await;
        let first = site.items(&key, "/api/v1/records?system=sipd&limit=500").await;
        let versions = site.items(&key, &of(&first[0])).await;
        assert_eq!(column(&versions, "/data/record/amount"), ["10.00", "15.00", "16.00"]);
        assert_eq!(versions.iter().map(|version| version["version"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);

        let cut = site.found(&key, &format!("{}?limit=2", of(&first[0]))).await;
        let rest =
            site.found(&key, &format!("{}?limit=2&after={}", of(&first[0]), cut["next"].as_str().unwrap())).await;
        assert_eq!(
            (column(rest["items"].as_array().unwrap(), "/op"), &rest["next"]),
            (vec!["updated".to_owned()], &Value::Null)
        );
    })
    .await;
}
