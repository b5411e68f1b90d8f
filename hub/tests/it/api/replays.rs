//! Groups, replays and discards over HTTP: who may, and what is told.

use muara_hub::access::Viewer;
use muara_hub::replay::Replayer;
use muara_schemas::Rupiah;
use muara_schemas::page::{About, Page, Quarantined, Reason};
use serde_json::{Value, json};

use crate::caller::{Site, application, of_agencies};
use crate::engine::on_both;
use crate::feed::{HEALTH, WORKS, broken, full, line, take};

const GROUPS: &str = "/api/v1/quarantine/groups";
const REPLAYS: &str = "/api/v1/quarantine/replays";
const DISCARDS: &str = "/api/v1/quarantine/discards";

fn sick(key: &str, agency: &str, code: &str, cents: Option<i128>) -> Quarantined {
    let reason = |code: &str, target: &str| Reason {
        code: code.into(),
        target: target.into(),
        source: Some("tahap".into()),
        message: "no such value".into(),
    };
    let about = About { agency: Some(agency.into()), fiscal_year: Some(2026), amount: cents.map(Rupiah::from_cents) };
    Quarantined { errors: vec![reason(code, "/stage"), reason("E0301", "/fund")], about, ..broken(Some(key), key) }
}

fn ward() -> Page {
    let mut page = full(1, None, vec![line("good", 1)]);
    page.quarantined = vec![
        sick("a", HEALTH, "E0304", Some(9_999_999_999_999_999_999)),
        sick("b", HEALTH, "E0304", Some(1)),
        sick("c", WORKS, "E0304", None),
        sick("d", WORKS, "E0302", Some(-250)),
    ];
    page
}

#[tokio::test]
async fn groups_add_up_exactly_and_within_what_may_be_seen() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(&engine.hub, vec![ward()]).await;
        let key = site.key(application()).await;

        let groups = site.items(&key, GROUPS).await;

        let brief = |item: &Value| {
            json!([
                item["code"],
                item["target"],
                item["source"],
                item["entries"],
                item["without_amount"],
                item["amount"]
            ])
        };
        assert_eq!(
            groups.iter().map(brief).collect::<Vec<_>>(),
            [
                json!(["E0304", "/stage", "tahap", 3, 1, "100000000000000000.00"]),
                json!(["E0302", "/stage", "tahap", 1, 0, "-2.50"]),
            ],
            "{}",
            engine.name
        );
        assert_eq!((&groups[0]["stream"], &groups[0]["example"]), (&json!("dpa"), &json!(3)));
        let narrow = site.key(of_agencies(&[WORKS])).await;
        let own = site.items(&narrow, GROUPS).await;
        assert_eq!(own.iter().map(|item| item["entries"].clone()).collect::<Vec<_>>(), [json!(1), json!(1)]);
        for (filter, entries) in [("code=E0302", 1), ("field=/stage", 4), ("field=tahap", 4), ("field=/fund", 0)] {
            let found = site.items(&key, &format!("{GROUPS}?{filter}")).await;
            assert_eq!(found.iter().map(|item| item["entries"].as_i64().unwrap()).sum::<i64>(), entries, "{filter}");
        }
        let first = site.found(&key, &format!("{GROUPS}?limit=1")).await;
        let next = site.found(&key, &format!("{GROUPS}?limit=1&after={}", first["next"].as_str().unwrap())).await;
        assert_eq!((&next["items"][0], &next["next"]), (&groups[1], &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn only_an_operator_replays_and_discards() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(&engine.hub, vec![ward()]).await;
        let reader = site.key(application()).await;
        let pretender = site.key_with(application(), &["read", "operate"], None).await;
        let looker = site.key(Viewer::internal()).await;
        let discard = json!({"entries": [1], "reason": "a test record"});
        for key in [&reader, &pretender, &looker] {
            for answer in [
                site.post(key, REPLAYS, &json!({})).await,
                site.post(key, DISCARDS, &discard).await,
                site.delete(key, &format!("{REPLAYS}/1")).await,
            ] {
                assert_eq!((answer.status, &answer.body["code"]), (403, &json!("E0604")), "{}", engine.name);
            }
        }
        let operator = site.operator().await;
        for (path, body, status, code) in [
            (REPLAYS, json!({"filter": {"sistem": "sipd"}}), 400, "E0620"),
            (REPLAYS, json!({"filter": {"entries": vec![1; 501]}}), 400, "E0620"),
            (REPLAYS, json!({"filter": {"region": "x"}}), 400, "E0603"),
            (DISCARDS, json!({"entries": [1]}), 400, "E0620"),
            (DISCARDS, json!({"entries": [1], "reason": "  "}), 400, "E0620"),
            (DISCARDS, json!({"entries": [], "reason": "x"}), 400, "E0620"),
            (DISCARDS, json!({"entries": [1, 99], "reason": "x"}), 404, "E0605"),
        ] {
            let answer = site.post(&operator, path, &body).await;
            assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{body}: {}", answer.body);
        }
        assert_eq!(site.get(&operator, DISCARDS).await.status, 405);
        assert_eq!(site.items(&reader, "/api/v1/quarantine").await.len(), 4, "nothing was done");
    })
    .await;
}

#[tokio::test]
async fn a_replay_is_begun_looked_at_and_stopped() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(&engine.hub, vec![ward()]).await;
        let operator = site.operator().await;

        let begun = site.post(&operator, REPLAYS, &json!({"filter": {"code": "E0304", "entries": [1, 2, 4]}})).await;
        assert_eq!((begun.status, &begun.body["counts"]["asked"]), (202, &json!(2)), "{}: {}", engine.name, begun.body);
        assert_eq!((&begun.body["state"], &begun.body["dry_run"]), (&json!("running"), &json!(false)));
        assert_eq!(begun.body["filter"], json!({"code": "E0304", "entries": [1, 2, 4]}));
        assert!(begun.body["asked_by"].as_str().unwrap().starts_with("key:"));
        let own = format!("{REPLAYS}/{}", begun.body["id"]);
        assert_eq!(site.found(&operator, &own).await["counts"]["remaining"], 2);
        let under_way = site.post(&operator, DISCARDS, &json!({"entries": [1], "reason": "x"})).await;
        assert_eq!((under_way.status, &under_way.body["code"]), (409, &json!("E0625")));
        let bound = site.key(of_agencies(&[HEALTH])).await;
        assert_eq!(site.get(&bound, &own).await.status, 404, "another's replay");

        let stopped = site.delete(&operator, &own).await;
        assert_eq!((stopped.status, &stopped.body["counts"]["stopped"]), (200, &json!(2)), "{}", stopped.body);
        Replayer::new(engine.hub.db.clone(), engine.hub.clock.clone()).advance().await.unwrap();
        let ended = site.found(&operator, &own).await;
        assert_eq!((&ended["state"], &ended["counts"]["sent"]), (&json!("stopped"), &json!(0)));
        assert_eq!(site.items(&operator, REPLAYS).await, [ended]);
    })
    .await;
}

#[tokio::test]
async fn a_replay_of_nothing_is_not_begun() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(&engine.hub, vec![ward()]).await;
        let operator = site.operator().await;
        let nothing = "nothing is open for this filter that is not being replayed";
        for (filter, detail) in [
            (json!({"code": "E0303"}), nothing),
            (json!({"entries": [99]}), nothing),
            (json!({"stream": "dpaa"}), "no stream is called `dpaa`; did you mean `dpa`?"),
            (json!({"system": "wastewater"}), "no system is called `wastewater`"),
            (json!({"region": "33.03", "stream": "dpa"}), "no region is called `33.03`; did you mean `33.02`?"),
        ] {
            let answer = site.post(&operator, REPLAYS, &json!({"filter": filter})).await;
            let told = (answer.status, &answer.body["code"], &answer.body["detail"]);
            assert_eq!(told, (422, &json!("E0235"), &json!(detail)), "{}", engine.name);
        }

        let twice = json!({"filter": {"entries": [1]}});
        assert_eq!(site.post(&operator, REPLAYS, &twice).await.status, 202);
        assert_eq!(site.post(&operator, REPLAYS, &twice).await.status, 422, "it is under way");
        assert_eq!(site.items(&operator, REPLAYS).await.len(), 1, "{}", engine.name);
    })
    .await;
}

#[tokio::test]
async fn what_is_discarded_is_told_apart_with_who_and_why() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(&engine.hub, vec![ward()]).await;
        let operator = site.operator().await;
        let view = "/api/v1/views/absorption?fiscal_year=2026";
        let line = async || {
            let items = site.found(&operator, view).await["items"].as_array().unwrap().clone();
            items.into_iter().find(|item| item["agency"] == WORKS).unwrap()
        };
        assert_eq!(line().await["not_counted"], json!({"records": 2, "without_amount": 1, "amount": "-2.50"}));

        let body = json!({"entries": [3, 4, 4], "reason": "a test record"});
        let done = site.post(&operator, DISCARDS, &body).await;
        assert_eq!(done.body, json!({"discarded": 2, "closed_before": 0}), "{}", engine.name);
        assert_eq!(site.post(&operator, DISCARDS, &body).await.body, json!({"discarded": 0, "closed_before": 2}));

        let after = line().await;
        assert_eq!((&after["complete"], &after["not_counted"]["records"]), (&json!(true), &json!(0)));
        assert_eq!(after["discarded"], json!({"records": 2, "without_amount": 1, "amount": "-2.50"}));
        let entries = site.items(&operator, "/api/v1/quarantine?state=discarded").await;
        let discarded = &entries[0]["discarded"];
        assert_eq!(discarded["reason"], "a test record");
        assert!(discarded["by"].as_str().unwrap().starts_with("key:"));
    })
    .await;
}
