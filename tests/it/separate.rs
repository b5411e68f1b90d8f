//! The same demo definitions over PostgreSQL and RabbitMQ, as separate processes, give the same view.

use std::path::Path;
use std::time::Duration;

use muara_demo::Demo;
use muara_schemas::canonical::hex;
use muara_schemas::random;
use muara_tests::{Muara, free_port, services, wait_until};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread")]
async fn hub_and_connectors_apart_end_with_the_digest_of_the_embedded_run() {
    let embedded = tempfile::tempdir().unwrap();
    let expected = crate::demo::once(embedded.path()).json();

    let apart = tempfile::tempdir().unwrap();
    let token = CancellationToken::new();
    let systems = Demo::start(&apart.path().join("world"), 7, true, token.clone()).await.unwrap();
    let definitions = apart.path().join("connectors");
    std::fs::create_dir(&definitions).unwrap();
    for (name, text) in Demo::definitions() {
        std::fs::write(definitions.join(format!("{name}.yaml")), text).unwrap();
    }
    let port = free_port();
    let program = program(apart.path(), port, &services().fresh_postgres().await);
    let key = program.run(&["key", "create", "test"]).well().stdout.trim().to_owned();
    let _hub = program.start(&["serve"]);
    let connector = systems.variables().iter().fold(program, |program, (name, value)| program.with(name, value));

    let sent =
        connector.start(&["connect", "connectors", "--once", "--json"]).finish(Duration::from_mins(4)).well().json();

    for line in sent["streams"].as_array().unwrap() {
        assert_eq!(line["failure"], Value::Null, "{line}");
    }
    wait_until("the digest of the embedded run", Duration::from_mins(2), async || {
        digest(port, &key)
            .await
            .is_some_and(|view| view["settled"] == true && view["digest"] == expected["view_digest"])
    })
    .await;
    token.cancel();
}

fn program(folder: &Path, port: u16, database: &str) -> Muara {
    Muara::new(env!("CARGO_BIN_EXE_muara-under-test"), folder)
        .with("MUARA_DATABASE", database)
        .with("MUARA_BUS", &services().amqp_url)
        .with("MUARA_BUS_PREFIX", format!("t{}.", hex(&random::bytes::<4>())))
        .with("MUARA_LISTEN", format!("127.0.0.1:{port}"))
        .with("MUARA_LOG", "warn")
}

async fn digest(port: u16, key: &str) -> Option<Value> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().ok()?;
    let answer = client.get(format!("http://127.0.0.1:{port}/api/v1/digest")).bearer_auth(key).send().await.ok()?;
    serde_json::from_str(&answer.text().await.ok()?).ok()
}
