//! Who may ask, and how: default deny, and a clear refusal of everything that is not understood.

use muara_hub::store::keys;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::caller::{Site, application, of_agencies};
use crate::engine::on_both;
use crate::feed::{HEALTH, full, line, take};

/// Every address under `/api/v1` that the description lists, filled in so that it finds something, and what its
/// parameters are.
fn addresses() -> Vec<(String, Vec<String>)> {
    let description = serde_json::to_value(muara_hub::api::description()).unwrap();
    let paths = description["paths"].as_object().unwrap().clone();
    let under_api = paths.into_iter().filter(|(path, _)| path.starts_with("/api/v1/"));
    under_api
        .filter(|(_, item)| item.get("get").is_some())
        .map(|(path, item)| {
            let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
            let in_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
            let names = in_query.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect();
            (path.replace("{type}", "budget-line").replace("{entry}", "1").replace("{replay}", "1"), names)
        })
        .collect()
}

fn is_problem(body: &Value, status: u16, code: &str) -> bool {
    let kind = format!("https://muara.id/problems/{code}");
    body["status"] == status && body["code"] == code && body["type"] == kind.as_str() && body["request_id"].is_string()
}

#[tokio::test]
async fn without_a_valid_key_no_address_tells_anything() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(&engine.hub, vec![full(1, None, vec![line("a", 10)])]).await;
        let good = site.key(application()).await;
        let (other, revoked) = (site.key(application()).await, site.key(application()).await);
        let expired = site.key_with(application(), &["read"], Some(site.hub.clock.now())).await;
        let mut tx = site.hub.db.write().await.unwrap();
        let id = revoked.split('_').nth(1).unwrap();
        assert!(keys::revoke(&mut tx, id, site.hub.clock.now()).await.unwrap());
        tx.commit().await.unwrap();
        // The public part of one key with the secret of another.
        let crossed = format!("{}_{}", &good[..good.rfind('_').unwrap()], other.rsplit('_').next().unwrap());
        let bad = ["", "mua_", "' or 1=1 --", &good[..good.len() - 1], &crossed, &revoked, &expired];

        for (path, _) in addresses() {
            let bare = site.send(site.request(&path)).await;
            assert!(bare.status == 401 && is_problem(&bare.body, 401, "E0601"), "{path}: {}", bare.body);
            assert_eq!(bare.headers["www-authenticate"], r#"Bearer realm="muara""#);
            for key in bad {
                let answer = site.get(key, &path).await;
                assert_eq!(answer.status, 401, "{path} with `{key}`: {}", answer.body);
                assert!(key.len() < 10 || !answer.body.to_string().contains(key), "an answer repeats the key");
            }
            for header in [format!("Basic {good}"), good.clone(), format!("Bearer {good} {good}")] {
                assert_eq!(site.send(site.request(&path).header(AUTHORIZATION, header)).await.status, 401);
            }
            let twice = site.request(&path).header(AUTHORIZATION, format!("Bearer {good}"));
            assert_eq!(site.send(twice.header(AUTHORIZATION, format!("Bearer {good}"))).await.status, 401);
            let may_nothing = site.key_with(application(), &[], None).await;
            let answer = site.get(&may_nothing, &path).await;
            assert!(answer.status == 403 && is_problem(&answer.body, 403, "E0604"), "{path}: {}", answer.body);
        }
    })
    .await;
}

#[tokio::test]
async fn parameters_are_taken_strictly_everywhere() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        for (path, parameters) in addresses() {
            let year = if path.ends_with("/absorption") { "fiscal_year=2026&" } else { "" };
            let unknown = site.get(&key, &format!("{path}?{year}colour=red")).await;
            assert!(is_problem(&unknown.body, 400, "E0602"), "{path}: {}", unknown.body);
            assert_eq!(unknown.body["parameter"], "colour");
            for name in parameters {
                let doubled = site.get(&key, &format!("{path}?{name}=1&{name}=1")).await;
                assert!(is_problem(&doubled.body, 400, "E0602"), "{path} {name}: {}", doubled.body);
                let long = site.get(&key, &format!("{path}?{name}={}", "x".repeat(700))).await;
                assert_eq!(long.status, 400, "{path} {name}: {}", long.body);
            }
        }
        for (path, code) in [
            ("records?limit=0", "E0603"),
            ("records?limit=501", "E0603"),
            ("records?limit=ten", "E0603"),
            ("records?type=budget-lines", "E0603"),
            ("records?region=33.2", "E0603"),
            ("records?system=SIPD", "E0603"),
            ("records?fiscal_year=26", "E0603"),
            ("records?deleted=maybe", "E0603"),
            ("records?type=employee&business=190001011920011012", "E0603"),
            ("records?after=nonsense", "E0608"),
            ("records?limt=5", "E0602"),
            ("quarantine?state=closed", "E0603"),
            ("changes?wait=31", "E0603"),
            ("changes?after=12", "E0603"),
            ("views/absorption", "E0603"),
            ("views/absorption?fiscal_year=1999", "E0603"),
            ("views/absorption?fiscal_year=2026%00", "E0603"),
        ] {
            let answer = site.get(&key, &format!("/api/v1/{path}")).await;
            assert!(is_problem(&answer.body, 400, code), "{path}: {}", answer.body);
        }
        let near = site.get(&key, "/api/v1/records?limt=5").await;
        assert_eq!(near.body["nearest"], "limit");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_allowed_is_said_so() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let (key, agency) = (site.key(application()).await, site.key(of_agencies(&[HEALTH])).await);
        for (path, code) in [
            ("/api/v1/recrods", "E0606"),
            ("/nothing", "E0606"),
            ("/api/v1/records/nonsense", "E0605"),
            ("/api/v1/records/00000000000000000000000000", "E0605"),
            ("/api/v1/records/00000000000000000000000000/history", "E0605"),
            ("/api/v1/quarantine/77", "E0605"),
            ("/api/v1/quarantine/x", "E0605"),
            ("/api/v1/schemas/budget", "E0605"),
        ] {
            let answer = site.get(&key, path).await;
            assert!(is_problem(&answer.body, 404, code), "{path}: {}", answer.body);
        }
        let post = site.request("/api/v1/records").header(AUTHORIZATION, format!("Bearer {key}")).build().unwrap();
        let client = reqwest::Client::new();
        let answer = client.post(post.url().clone()).bearer_auth(&key).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("allow")), (405, true));
        let part = site.get(&agency, "/api/v1/digest").await;
        assert!(is_problem(&part.body, 403, "E0604"), "a part of the view has no digest: {}", part.body);
    })
    .await;
}

#[tokio::test]
async fn health_metrics_and_the_reference_need_no_key_and_tell_no_record() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        take(&engine.hub, vec![full(1, None, vec![line("a-secret-key", 10)])]).await;
        for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs/"] {
            let answer = site.send(site.request(path)).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            assert!(!answer.body.to_string().contains("a-secret-key"), "{path}");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        }
        let metrics = site.send(site.request("/metrics")).await;
        let text = metrics.body.as_str().unwrap();
        assert!(text.lines().any(|line| line == "muara_log_head 1"), "{text}");
        let description = site.send(site.request("/openapi.json")).await;
        assert_eq!(description.body["openapi"], "3.1.0");
    })
    .await;
}
