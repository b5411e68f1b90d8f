//! Subscribing over HTTP: who may, what is refused and why, and what is shown to whom.

use muara_hub::Hub;
use muara_hub::store::deliveries::{self, Delivery};
use muara_hub::store::subscriptions;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::caller::{Site, application, column, of_agencies, of_regions};
use crate::engine::on_both;
use crate::feed::{HEALTH, WORKS, full, line, line_of, record, take};

const AT: &str = "/api/v1/subscriptions";

fn hook(url: &str) -> Value {
    json!({"name": "Portal", "target": {"kind": "webhook", "url": url}})
}

fn open_hook() -> Value {
    hook("https://portal.example.go.id/muara")
}

async fn subscriber(site: &Site) -> String {
    site.key_with(application(), &["read", "subscribe"], None).await
}

/// Subscribes; answers the id.
async fn subscribe(site: &Site, key: &str) -> String {
    let made = site.post(key, AT, &open_hook()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_a_key_that_may_subscribe_does() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let (reader, key) = (site.key(application()).await, subscriber(&site).await);

        let refused = site.post(&reader, AT, &open_hook()).await;
        let made = site.post(&key, AT, &open_hook()).await;

        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("E0604")));
        assert_eq!(made.status, 201, "{}", made.body);
        let secret = made.body["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_"));
        let shown = site.found(&key, &format!("{AT}/{}", made.body["id"].as_str().unwrap())).await;
        assert!(!shown.to_string().contains(secret) && shown.get("secret").is_none(), "{shown:#}");
        assert_eq!((&shown["state"], &shown["lag"], &shown["pending"]), (&json!("active"), &json!(0), &json!(0)));
        assert_eq!(shown["url"], "https://portal.example.go.id/muara");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_its_reason() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = subscriber(&site).await;
        let with = |field: &str, value: Value| {
            let mut wish = open_hook();
            wish[field] = value;
            wish
        };
        let target = |target: Value| with("target", target);
        for (wish, status, code) in [
            (hook("http://portal.example.go.id/"), 422, "E0640"),
            (hook("https://user:pass@portal.example.go.id/"), 422, "E0640"),
            (hook("https://portal.example.go.id:5432/"), 422, "E0640"),
            (hook("https://127.0.0.1/"), 422, "E0641"),
            (hook("https://169.254.169.254/latest"), 422, "E0641"),
            (hook("https://[::1]/"), 422, "E0641"),
            (hook("ftp://portal.example.go.id/"), 422, "E0640"),
            (with("name", json!("")), 400, "E0620"),
            (with("name", json!("x".repeat(101))), 400, "E0620"),
            (with("from", json!("yesterday")), 400, "E0620"),
            (with("from", json!("00000000-1")), 410, "E0609"),
            (with("fields", json!(["data.after"])), 400, "E0620"),
            (with("colour", json!("red")), 400, "E0620"),
            (with("filter", json!({"colour": "red"})), 400, "E0620"),
            (with("filter", json!({"where": [{"path": "$[", "op": "eq", "value": "1"}]})), 400, "E0620"),
            (target(json!({"kind": "webhook", "url": "https://a.example.go.id/", "concurrency": 33})), 400, "E0620"),
            (target(json!({"kind": "webhook", "url": "https://a.example.go.id/", "per_second": 0})), 400, "E0620"),
            (target(json!({"kind": "pigeon"})), 400, "E0620"),
            (target(json!({"kind": "amqp"})), 409, "E0632"),
        ] {
            let answer = site.post(&key, AT, &wish).await;
            assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{wish}: {}", answer.body);
        }
        assert_eq!(site.items(&key, AT).await, Vec::<Value>::new(), "nothing was made");
    })
    .await;
}

#[tokio::test]
async fn a_key_has_a_hundred_subscriptions_at_most() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = subscriber(&site).await;
        for _ in 0..100 {
            subscribe(&site, &key).await;
        }

        let refused = site.post(&key, AT, &open_hook()).await;

        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("E0631")));
        let page = site.found(&key, &format!("{AT}?limit=60")).await;
        let next = page["next"].as_str().unwrap();
        let rest = site.items(&key, &format!("{AT}?limit=60&after={next}")).await;
        assert_eq!((page["items"].as_array().unwrap().len(), rest.len()), (60, 40));
    })
    .await;
}

#[tokio::test]
async fn everybody_sees_his_own_and_an_operator_all() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let (one, other) = (subscriber(&site).await, subscriber(&site).await);
        let bound = site.key_with(of_regions(&["33"]), &["read", "subscribe", "operate"], None).await;
        let mine = subscribe(&site, &one).await;
        let at = format!("{AT}/{mine}");

        for key in [&other, &bound] {
            assert_eq!(site.items(key, AT).await, Vec::<Value>::new());
            for path in [at.clone(), format!("{at}/deliveries"), format!("{at}/deliveries/1")] {
                let answer = site.get(key, &path).await;
                assert_eq!((answer.status, &answer.body["code"]), (404, &json!("E0605")), "{path}");
            }
            assert_eq!(site.post(key, &at, &json!({"do": "pause"})).await.status, 404);
            assert_eq!(site.delete(key, &at).await.status, 404);
        }
        let operator = site.operator().await;
        assert_eq!(column(&site.items(&operator, AT).await, "/id"), std::slice::from_ref(&mine));
        assert_eq!(site.delete(&operator, &at).await.status, 204);
        assert_eq!(site.get(&one, &at).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn orders_are_carried_out_and_wrong_ones_refused() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = subscriber(&site).await;
        let at = format!("{AT}/{}", subscribe(&site, &key).await);
        take(&engine.hub, vec![full(1, None, vec![line("a", 1), line("b", 2)])]).await;

        let paused = site.post(&key, &at, &json!({"do": "pause"})).await.body;
        assert_eq!(
            (&paused["subscription"]["state"], &paused["subscription"]["reason"]),
            (&json!("paused"), &json!("asked for"))
        );
        let head = site.found(&key, "/api/v1/changes").await["head"].clone();
        let counted = json!({"do": "replay", "after": "1970-01-01T00:00:00Z", "until": head, "dry_run": true});
        let counted = site.post(&key, &at, &counted).await.body;
        assert_eq!((&counted["count"], &counted["counted_whole"]), (&json!(2), &json!(true)), "{counted:#}");
        assert!(counted["subscription"].get("replay_until").is_none());
        let replayed = site.post(&key, &at, &json!({"do": "replay", "after": "1970-01-01T00:00:00Z"})).await.body;
        assert_eq!(replayed["subscription"]["replay_until"], head, "{replayed:#}");
        let resumed = site.post(&key, &at, &json!({"do": "resume"})).await.body;
        assert_eq!(resumed["subscription"]["state"], "active");
        let rotated = site.post(&key, &at, &json!({"do": "rotate"})).await.body;
        assert!(rotated["secret"].as_str().unwrap().starts_with("whsec_") && rotated["overlap_until"].is_string());
        for order in
            [json!({"do": "dance"}), json!({"do": "recover"}), json!({"do": "replay", "after": "x"}), json!([])]
        {
            let answer = site.post(&key, &at, &order).await;
            assert_eq!((answer.status, &answer.body["code"]), (400, &json!("E0620")), "{order}");
        }
        let unknown = site.post(&key, &format!("{AT}/sub-0000000000000000"), &json!({"do": "pause"})).await;
        assert_eq!(unknown.status, 404);
    })
    .await;
}

async fn lay(hub: &Hub, subscription: &str, event: &str, kind: &str, seq: i64, body: &Value) {
    let mut tx = hub.db.write().await.unwrap();
    let row = subscriptions::find(&mut tx, subscription, None).await.unwrap().unwrap();
    let delivery = Delivery {
        delivery: 0,
        event: event.to_owned(),
        kind: kind.to_owned(),
        subject: event.to_owned(),
        seq,
        state: "given-up".into(),
        body: Some(body.to_string()),
        attempts: 10,
        tries: "[]".into(),
        next_at: None,
        created_at: hub.clock.now().micros(),
        ended_at: Some(hub.clock.now().micros()),
    };
    deliveries::put(&mut tx, row.subscription, vec![delivery]).await.unwrap();
    tx.commit().await.unwrap();
}

/// A delivery shows its event as the asking key may see it, not as the subscribing one may.
#[tokio::test]
async fn personal_data_of_one_keys_deliveries_is_not_shown_to_another() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let name = "Pegawai 0012";
        let body = crate::feed::example("disbursement", &json!({"payee": name}));
        take(&engine.hub, vec![of_type("disbursement", full(1, None, vec![record("a", &body)]))]).await;
        let entitled = muara_hub::access::Viewer { may_see_personal: true, ..application() };
        let key = site.key_with(entitled, &["read", "subscribe"], None).await;
        let id = subscribe(&site, &key).await;
        let events = site.found(&key, "/api/v1/changes").await;
        let event = &events["items"][0];
        let (position, kind) = (event["id"].as_str().unwrap(), event["type"].as_str().unwrap());
        lay(&engine.hub, &id, position, kind, 1, event).await;
        lay(&engine.hub, &id, &format!("{position}-read"), kind, 1, event).await;

        let operator = site.operator().await;
        let at = format!("{AT}/{id}/deliveries");
        for item in site.items(&key, &at).await {
            let path = format!("{at}/{}", item["id"]);
            let own = site.found(&key, &path).await;
            assert_eq!(own["payload"]["data"]["after"]["payee"], name, "{}: {own:#}", engine.name);
            let theirs = site.found(&operator, &path).await;
            assert!(!theirs.to_string().contains(name), "{theirs:#}");
        }
        let again = site.post(&key, &format!("{at}/1"), &json!({"do": "resend"})).await;
        assert_eq!((again.status, &again.body["state"]), (200, &json!("waiting")), "{}", again.body);
        assert_eq!(site.post(&key, &format!("{at}/77"), &json!({"do": "resend"})).await.status, 404);
    })
    .await;
}

fn of_type(record_type: &str, mut page: muara_schemas::page::Page) -> muara_schemas::page::Page {
    record_type.clone_into(&mut page.record_type);
    page
}

#[tokio::test]
async fn a_subscription_counts_what_its_key_may_see() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key_with(of_agencies(&[HEALTH]), &["read", "subscribe"], None).await;
        let at = format!("{AT}/{}", subscribe(&site, &key).await);
        take(&engine.hub, vec![full(1, None, vec![line("a", 1), line_of(WORKS, "b", 2), line_of(WORKS, "c", 2)])])
            .await;

        let order = json!({"do": "replay", "after": "1970-01-01T00:00:00Z", "dry_run": true});

        assert_eq!(site.post(&key, &at, &order).await.body["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn what_describes_events_is_served_without_a_key() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let answer = site.send(site.request("/asyncapi.json")).await;
        assert_eq!((answer.status, &answer.body["asyncapi"]), (200, &json!("3.0.0")));
        assert!(!answer.headers.contains_key(AUTHORIZATION));
    })
    .await;
}
