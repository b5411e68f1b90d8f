//! Scope and personal data: a key sees its regions and agencies, and persons only when it may.

use muara_hub::access::Viewer;
use muara_schemas::page::Page;
use serde_json::{Value, json};

use crate::caller::{Site, application, column, of_agencies, of_regions};
use crate::engine::on_both;
use crate::feed::{HEALTH, WORKS, broken, example, full, line, line_of, page, record, take};

#[tokio::test]
async fn agencies_and_regions_cut_every_list() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let away = record("z", &example("budget-line", &json!({"region": "34.04"})));
        let away = Page { region: "34.04".into(), ..full(2, None, vec![away]) };
        let mut ours = full(1, None, vec![line("a", 10), line_of(WORKS, "b", 20)]);
        let mut sick = broken(Some("q"), "raw");
        sick.about.agency = Some(WORKS.into());
        ours.quarantined = vec![sick];
        take(&engine.hub, vec![ours, away]).await;

        for (viewer, keys, entries, runs) in [
            (application(), vec!["a", "b", "z"], 1, 2),
            (of_agencies(&[HEALTH]), vec!["a", "z"], 0, 0),
            (of_agencies(&[WORKS]), vec!["b"], 1, 0),
            (of_agencies(&[]), vec![], 0, 0),
            (of_regions(&["33"]), vec!["a", "b"], 1, 1),
            (of_regions(&["34.04"]), vec!["z"], 0, 1),
            (of_regions(&["34"]), vec!["z"], 0, 1),
            (of_regions(&["3"]), vec![], 0, 0),
            (of_regions(&[]), vec![], 0, 0),
            (Viewer { agencies: Some(vec![HEALTH.into()]), ..of_regions(&["34"]) }, vec!["z"], 0, 0),
        ] {
            let key = site.key(viewer.clone()).await;
            let records = site.items(&key, "/api/v1/records").await;
            assert_eq!(column(&records, "/data/key"), keys, "{}: {viewer:?}", engine.name);
            let changes = site.found(&key, "/api/v1/changes").await;
            assert_eq!(changes["items"].as_array().unwrap().len(), keys.len(), "{viewer:?}");
            assert_eq!(changes["next"], changes["head"], "`next` moves on even when scope hides everything");
            assert_eq!(site.items(&key, "/api/v1/quarantine").await.len(), entries, "{viewer:?}");
            assert_eq!(site.items(&key, "/api/v1/runs").await.len(), runs, "{viewer:?}");
            assert_eq!(site.items(&key, "/api/v1/sources").await.len(), runs, "{viewer:?}");
        }
        let whole = site.key(application()).await;
        let all = site.items(&whole, "/api/v1/records").await;
        let narrow = site.key(of_agencies(&[HEALTH])).await;
        let foreign = format!("/api/v1/records/{}", all[1]["id"].as_str().unwrap());
        assert_eq!(site.get(&narrow, &foreign).await.status, 404);
        assert_eq!(site.get(&narrow, &format!("{foreign}/history")).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_record_that_moves_leaves_one_scope_and_enters_the_other() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(&engine.hub, vec![full(1, None, vec![line("a", 10)])]).await;
        take(&engine.hub, vec![full(2, Some(1), vec![line_of(WORKS, "a", 20)])]).await;
        let told = async |viewer: Viewer| {
            let key = site.key(viewer).await;
            site.found(&key, "/api/v1/changes").await["items"].as_array().unwrap().clone()
        };

        let (old, new, both) =
            (told(of_agencies(&[HEALTH])).await, told(of_agencies(&[WORKS])).await, told(application()).await);

        assert_eq!(column(&old, "/data/op"), ["created", "deleted"]);
        assert_eq!(
            (&old[1]["data"]["reason"], &old[1]["data"]["before"]["amount"]),
            (&json!("moved"), &json!("10.00"))
        );
        assert!(
            old[1]["data"].get("after").is_none() && !old[1].to_string().contains(WORKS),
            "not where to: {}",
            old[1]
        );
        assert_eq!(
            (column(&new, "/data/op"), &new[0]["data"]["after"]["amount"]),
            (vec!["created".to_owned()], &json!("20.00"))
        );
        assert!(
            new[0]["data"].get("before").is_none() && !new[0].to_string().contains(HEALTH),
            "not where from: {}",
            new[0]
        );
        assert_eq!(column(&both, "/data/op"), ["created", "updated"]);
        assert_eq!(both[1]["data"]["changed"], json!(["agency", "amount"]));

        let id = both[0]["subject"].as_str().unwrap();
        let key = site.key(of_agencies(&[WORKS])).await;
        let versions = site.items(&key, &format!("/api/v1/records/{id}/history")).await;
        assert_eq!(column(&versions, "/data/record/amount"), ["20.00"], "only the versions within the scope");
    })
    .await;
}

#[tokio::test]
async fn persons_are_shown_to_who_may_see_them_and_to_nobody_else() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let body = example("employee", &json!({}));
        let nip = body["nip"].as_str().unwrap().to_owned();
        let people = Page {
            record_type: "employee".into(),
            stream: "pegawai".into(),
            ..full(1, None, vec![record(&nip, &body)])
        };
        let log = record("L-1", &example("work-log", &json!({"activity": "Menyusun laporan rahasia"})));
        let mut logs = Page { record_type: "work-log".into(), stream: "chkp".into(), ..full(2, None, vec![log]) };
        logs.quarantined = vec![broken(Some("L-2"), "Menyusun laporan rahasia; tanggal?")];
        take(&engine.hub, vec![people, logs]).await;
        let (plain, trusted) =
            (site.key(application()).await, site.key(Viewer { may_see_personal: true, ..application() }).await);
        let secrets = [nip.as_str(), "laporan rahasia", body["name"].as_str().unwrap(), "L-1", "L-2"];
        let (records, entry) = (site.items(&plain, "/api/v1/records").await, "/api/v1/quarantine/1");
        let mut paths: Vec<String> = ["records", "changes", "quarantine", "sources", "runs"]
            .iter()
            .map(|list| format!("/api/v1/{list}"))
            .collect();
        paths.push(entry.to_owned());
        for record in &records {
            let id = record["id"].as_str().unwrap();
            paths.extend([format!("/api/v1/records/{id}"), format!("/api/v1/records/{id}/history")]);
        }

        for path in &paths {
            let shown = site.found(&plain, path).await.to_string();
            for secret in secrets {
                assert!(!shown.contains(secret), "{path} shows `{secret}`: {shown}");
            }
        }

        assert_eq!(column(&records, "/data/key"), ["null", "null"]);
        assert_eq!(site.found(&plain, entry).await["raw_withheld"], "personal-data");
        let open = site.items(&trusted, "/api/v1/records?type=employee").await;
        assert_eq!((&open[0]["data"]["key"], &open[0]["data"]["record"]["nip"]), (&json!(nip), &json!(nip)));
        let whole = site.found(&trusted, entry).await;
        assert_eq!(
            (&whole["raw"], &whole["raw_withheld"]),
            (&json!("Menyusun laporan rahasia; tanggal?"), &Value::Null)
        );
    })
    .await;
}

#[tokio::test]
async fn who_asks_is_no_stranger_to_the_next_page() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(
            &engine.hub,
            vec![page(1, None, 1), Page { records: vec![line("a", 1), line_of(WORKS, "b", 2)], ..page(1, None, 2) }],
        )
        .await;
        let (whole, narrow) = (site.key(application()).await, site.key(of_agencies(&[HEALTH])).await);
        let first = site.found(&whole, "/api/v1/records?limit=1").await;

        let next = format!("/api/v1/records?limit=1&after={}", first["next"].as_str().unwrap());

        assert_eq!(site.items(&whole, &next).await.len(), 1);
        assert!(site.items(&narrow, &next).await.is_empty(), "a place to go on from carries no scope");
        assert_eq!(site.get(&whole, &next.replace("records?", "records?system=sipd&")).await.body["code"], "E0608");
    })
    .await;
}
