//! `quarantine`: what waits, why, and what became of it.

use muara_hub::access::Viewer;
use muara_schemas::Rupiah;
use muara_schemas::page::{About, Page, Quarantined, Reason};
use serde_json::json;

use crate::caller::{Site, application, column};
use crate::engine::on_both;
use crate::feed::{HEALTH, broken, full, line, page, take};

fn sick(key: &str, raw: &str) -> Quarantined {
    let reason = Reason {
        code: "E0301".into(),
        target: "/amount".into(),
        source: Some("total".into()),
        message: "is not an amount".into(),
    };
    let about = About { agency: Some(HEALTH.into()), fiscal_year: Some(2026), amount: Some(Rupiah::from_cents(1250)) };
    Quarantined { errors: vec![reason], about, ..broken(Some(key), raw) }
}

#[tokio::test]
async fn an_entry_tells_every_reason_and_closes_when_a_valid_read_comes() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let (key, trusted) =
            (site.key(application()).await, site.key(Viewer { may_see_personal: true, ..application() }).await);
        take(&engine.hub, vec![Page { quarantined: vec![sick("a", "x"), sick("b", "y")], ..page(1, None, 1) }]).await;
        take(&engine.hub, vec![Page { quarantined: vec![sick("a", "z")], ..page(2, Some(1), 1) }]).await;

        let open = site.items(&key, "/api/v1/quarantine").await;

        assert_eq!(column(&open, "/key"), ["a", "b"], "the newest first");
        let entry = &open[0];
        assert_eq!(
            entry["errors"],
            json!([{"code": "E0301", "target": "/amount", "source": "total", "message": "is not an amount"}])
        );
        assert_eq!(entry["about"], json!({"agency": HEALTH, "fiscal_year": 2026, "amount": "12.50"}));
        assert_eq!(
            (&entry["state"], &entry["closed_at"], &entry["type"]),
            (&json!("open"), &json!(null), &json!("budget-line"))
        );
        assert!(entry.get("raw").is_none(), "lists hold no raw records");
        let whole = site.found(&trusted, &format!("/api/v1/quarantine/{}", entry["entry"])).await;
        assert_eq!((&whole["raw"], &whole["key"]), (&json!("z"), &json!("a")));

        take(&engine.hub, vec![full(3, Some(2), vec![line("a", 5)])]).await;
        let of =
            async |state: &str| column(&site.items(&key, &format!("/api/v1/quarantine?state={state}")).await, "/key");
        assert_eq!(of("open").await, ["b"]);
        assert_eq!(
            (of("superseded").await, of("replaced").await, of("any").await.len()),
            (vec!["a".to_owned()], vec!["a".to_owned()], 3)
        );
        assert!(site.items(&key, "/api/v1/quarantine?agency=1.03.0.00.0.00.01.0000").await.is_empty());
        assert_eq!(site.items(&key, "/api/v1/quarantine?system=sipd&stream=dpa&region=33.02").await.len(), 1);
    })
    .await;
}
