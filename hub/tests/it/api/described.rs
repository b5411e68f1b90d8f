//! Every answer is what the description says, and nothing more.

use jsonschema::Validator;
use muara_schemas::page::Page;
use serde_json::{Value, json};

use crate::caller::{Site, application};
use crate::contract;
use crate::engine::on_both;
use crate::feed::{HEALTH, announcement, broken, catch_up, end, full, line, send, take};

/// The schema of an address's good answer, closed wherever it lists properties.
fn schema(description: &Value, path: &str) -> Validator {
    let ok = &description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert!(ok.is_object(), "{path} describes its answer");
    let mut components = description["components"].clone();
    // A part of another is closed as a part of it.
    let text = description.to_string();
    let is_part = |name: &str| text.contains(&format!("\"allOf\":[{{\"$ref\":\"#/components/schemas/{name}\""));
    for (name, component) in components["schemas"].as_object_mut().unwrap() {
        if !is_part(name) {
            close(component);
        }
    }
    let whole =
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [ok], "components": components});
    jsonschema::validator_for(&whole).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Nothing beside what is described; parts of an `allOf` are closed as a whole.
fn close(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if fields.contains_key("properties") || fields.contains_key("allOf") {
        fields.entry("unevaluatedProperties").or_insert(json!(false));
    }
}

#[tokio::test]
async fn answers_are_as_described() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        let mut first = full(1, None, vec![line("a", 1), line("b", 2)]);
        first.quarantined = vec![broken(Some("q"), "q")];
        let rest = vec![line("a", 3)];
        let second = Page { gone: vec!["b".into()], end: Some(end(1, &rest)), ..full(2, Some(1), rest) };
        send(&engine.hub, vec![announcement(&first, 10)]).await;
        take(&engine.hub, vec![first, second]).await;
        let mut failed = full(3, Some(2), vec![]);
        if let Some(end) = &mut failed.end {
            (end.complete, end.proof, end.failure) = (false, None, Some("E0203 the source is away".into()));
        }
        take(&engine.hub, vec![failed]).await;
        catch_up(&engine.hub).await;
        let description = site.send(site.request("/openapi.json")).await.body;
        let id = site.items(&key, "/api/v1/records").await[0]["id"].as_str().unwrap().to_owned();

        let position = site.found(&key, "/api/v1/changes").await["next"].as_str().unwrap().to_owned();

        let operator = site.operator().await;
        let begun = site.post(&operator, "/api/v1/quarantine/replays", &json!({"filter": {"stream": "dpa"}})).await;
        assert_eq!(begun.status, 202, "{}", begun.body);

        let subscriber = site.key_with(application(), &["read", "subscribe"], None).await;
        let wish = json!({"name": "a test", "target": {"kind": "webhook", "url": "https://portal.example.go.id/"}});
        let made = site.post(&subscriber, "/api/v1/subscriptions", &wish).await.body;
        let subscription = made["id"].as_str().unwrap().to_owned();
        let at = format!("/api/v1/subscriptions/{subscription}");
        let tested = site.post(&subscriber, &at, &json!({"do": "test"})).await;
        assert_eq!(tested.status, 200, "{}", tested.body);
        let of_test = site.items(&subscriber, &format!("{at}/deliveries")).await.remove(0);

        for (path, item) in description["paths"].as_object().unwrap() {
            if item.get("get").is_none() {
                continue; // What changes something is another test's matter.
            }
            if ["/metrics", "/api/v1/schemas/{type}", "/api/v1/changes/stream"].contains(&path.as_str()) {
                continue; // No JSON of ours: text, a JSON Schema, and a stream.
            }
            let filled = path
                .replace("{id}", &id)
                .replace("{entry}", "1")
                .replace("{replay}", "1")
                .replace("{position}", &position)
                .replace("{subscription}", &subscription)
                .replace("{delivery}", &of_test["id"].to_string());
            let year = if path.ends_with("absorption") { "?fiscal_year=2026" } else { "" };
            let key = if path.contains("/subscriptions") { &subscriber } else { &key };
            let answer = site.found(key, &format!("{filled}{year}")).await;
            if let Some(items) = answer.get("items") {
                assert_ne!(items, &json!([]), "{path} shows something to look at");
            }
            let errors: Vec<String> = schema(&description, path)
                .iter_errors(&answer)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{path}: {errors:#?}\n{answer:#}");
        }
        let changes = site.found(&key, "/api/v1/changes").await;
        changes["items"].as_array().unwrap().iter().for_each(contract::check);
        assert!(
            changes["items"].as_array().unwrap().iter().any(|item| item["type"] == "muara.run.failed.v1"),
            "{HEALTH}: {changes:#}"
        );
    })
    .await;
}
