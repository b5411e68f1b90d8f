//! No personal value of the demo's world gets out where it must not: routing keys, headers, addresses, logs, and events
//! for whoever may not see persons.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use muara_demo::Demo;
use muara_tests::{Muara, Services, free_port, wait_telling, wait_until};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_mins(10);
/// The demo's systems that tell of persons.
const OF_PERSONS: [&str; 2] = ["chkp", "sipd"];
/// Record types of these systems that do.
const TYPES: [&str; 3] = ["work-log", "employee", "disbursement"];
/// Shorter values stand in other words too.
const SHORTEST: usize = 8;

/// Everything that went out: the texts around events, and the events.
#[derive(Clone, Default)]
struct Net(Arc<Mutex<(BTreeSet<String>, Vec<Value>)>>);

impl Net {
    fn around(&self, text: impl ToString) {
        self.0.lock().unwrap().0.insert(text.to_string());
    }

    fn event(&self, bytes: &[u8]) {
        self.0.lock().unwrap().1.push(serde_json::from_slice(bytes).expect("an event is JSON"));
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().1.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_personal_value_gets_out_where_it_must_not() {
    let (services, folder, token) = (Services::private(), tempfile::tempdir().unwrap(), CancellationToken::new());
    let systems = Demo::start(&folder.path().join("world"), 7, true, token.clone()).await.unwrap();
    let definitions = folder.path().join("connectors");
    std::fs::create_dir(&definitions).unwrap();
    for (name, text) in Demo::definitions().iter().filter(|(name, _)| OF_PERSONS.contains(name)) {
        std::fs::write(definitions.join(format!("{name}.yaml")), text).unwrap();
    }
    std::fs::write(folder.path().join("muara.toml"), "webhook_networks = [\"127.0.0.0/8\"]\nwebhook_http = true\n")
        .unwrap();
    let port = free_port();
    let program = Muara::new(env!("CARGO_BIN_EXE_muara-under-test"), folder.path())
        .with("MUARA_DATABASE", services.fresh_postgres().await)
        .with("MUARA_BUS", &services.amqp_url)
        .with("MUARA_LISTEN", format!("127.0.0.1:{port}"))
        .with("MUARA_LOG", "debug,lapin=info,hyper=info,sqlx=info");
    let key = |more: &[&str]| program.run(&[&["key", "create", "test"], more].concat()).well().stdout.trim().to_owned();
    let (plain, entitled) = (key(&["--subscribe"]), key(&["--personal"]));
    let _hub = program.start(&["serve"]);
    let api = Api {
        base: format!("http://127.0.0.1:{port}/api/v1"),
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
    };
    wait_until("the hub to answer", PATIENCE, async || api.get(&plain, "/changes?limit=1").await.is_some()).await;

    let net = Net::default();
    let by_hand = bound_by_hand(&services.amqp_url).await;
    let made = api.subscribe(&plain, json!({"kind": "amqp"}), json!({})).await;
    let queue = made["queue"].as_str().unwrap().to_owned();
    let hook = endpoint(net.clone()).await;
    let of_few = json!({"record_types": ["employee", "disbursement"]});
    api.subscribe(&plain, json!({"kind": "webhook", "url": hook}), of_few).await;
    let listening = [
        tokio::spawn(consume(services.amqp_url.clone(), by_hand, net.clone())),
        tokio::spawn(consume(services.amqp_url.clone(), queue, net.clone())),
        tokio::spawn(listen(api.clone(), plain.clone(), net.clone())),
    ];
    let connector =
        systems.variables().iter().fold(program.clone(), |program, (name, value)| program.with(name, value));
    drop(connector.start(&["connect", "connectors", "--once", "--json"]).finish(PATIENCE).well());
    let told = async || {
        let settled = api.get(&plain, "/digest").await.is_some_and(|view| view["settled"] == true);
        let all = api.get(&plain, "/subscriptions").await;
        let lags = all.iter().flat_map(|all| all["items"].as_array().unwrap()).filter(|item| item["lag"] != 0).count();
        let (count, head) = (net.count(), api.head(&plain).await);
        settled && lags == 0 && count >= usize::try_from(head).unwrap() * 3
    };
    wait_telling("everybody to be told", PATIENCE, told, || format!("{} events came", net.count())).await;
    listening.iter().for_each(tokio::task::JoinHandle::abort);

    let personal = personal(&api, &plain, &entitled).await;
    assert!(personal.len() > 1_000, "the world has persons: {}", personal.len());
    let caught = net.0.lock().unwrap();
    let mut said: Vec<String> = caught.0.iter().cloned().collect();
    for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
        if entry.path().extension().is_some_and(|ending| ending == "err") {
            said.push(std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    assert!(said.iter().any(|text| text.contains("DEBUG")), "the logs say much");
    // One pass for all values, however many they are.
    let values: Vec<String> = personal.iter().map(|value| regex::escape(value)).collect();
    let any = regex::RegexBuilder::new(&values.join("|")).size_limit(1 << 30).build().unwrap();
    let leaked: BTreeSet<&str> = said.iter().filter_map(|text| any.find(text)).map(|found| found.as_str()).collect();
    assert_eq!(leaked, BTreeSet::new(), "in a log, a routing key, a header or an address");
    let mut texts = BTreeSet::new();
    caught.1.iter().for_each(|event| strings(event, &mut texts));
    let leaked: Vec<&String> = personal.intersection(&texts).collect();
    assert_eq!(leaked, Vec::<&String>::new(), "in an event for whoever may not see persons");
    token.cancel();
}

#[derive(Clone)]
struct Api {
    base: String,
    client: reqwest::Client,
}

impl Api {
    async fn get(&self, key: &str, path: &str) -> Option<Value> {
        let answer = self.client.get(format!("{}{path}", self.base)).bearer_auth(key).send().await.ok()?;
        serde_json::from_str(&answer.text().await.ok()?).ok().filter(|body: &Value| body.get("code").is_none())
    }

    async fn head(&self, key: &str) -> i64 {
        let head = self.get(key, "/changes?limit=1").await.map(|answer| answer["head"].clone());
        let head = head.as_ref().and_then(Value::as_str).and_then(|head| head.split_once('-'));
        head.map_or(i64::MAX / 8, |(_, seq)| seq.parse().unwrap())
    }

    async fn subscribe(&self, key: &str, target: Value, filter: Value) -> Value {
        let wish = json!({"name": "test", "target": target, "filter": filter, "from": "beginning"});
        let request = self.client.post(format!("{}/subscriptions", self.base)).bearer_auth(key).json(&wish);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}

async fn bound_by_hand(uri: &str) -> String {
    let connection = Connection::connect(uri, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare("by-hand".into(), options, FieldTable::default()).await.unwrap();
    let (options, nothing) = (QueueBindOptions::default(), FieldTable::default());
    channel.queue_bind("by-hand".into(), "muara.changes".into(), "#".into(), options, nothing).await.unwrap();
    "by-hand".to_owned()
}

async fn consume(uri: String, queue: String, net: Net) {
    loop {
        // The queue may not stand yet; however it ends, it begins anew.
        drop(read(&uri, &queue, &net).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn read(uri: &str, queue: &str, net: &Net) -> Result<(), lapin::Error> {
    let connection = Connection::connect(uri, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.basic_qos(500, BasicQosOptions::default()).await?;
    let (options, nothing) = (BasicConsumeOptions::default(), FieldTable::default());
    let mut consumer = channel.basic_consume(queue.into(), "".into(), options, nothing).await?;
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery?;
        net.around(&delivery.routing_key);
        net.around(format!("{:?}", delivery.properties));
        net.event(&delivery.data);
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

async fn listen(api: Api, key: String, net: Net) {
    let head = api.get(&key, "/changes?limit=1").await.unwrap()["head"].as_str().unwrap().to_owned();
    let (epoch, _) = head.split_once('-').unwrap();
    let url = format!("{}/changes/stream?after={epoch}-0", api.base);
    let answer = api.client.get(url).bearer_auth(&key).send().await.unwrap();
    let (mut chunks, mut text) = (answer.bytes_stream(), String::new());
    while let Some(Ok(chunk)) = chunks.next().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        let Some(end) = text.rfind('\n') else { continue };
        for line in text[..end].lines() {
            match line.strip_prefix("data:") {
                Some(data) => net.event(data.as_bytes()),
                None => net.around(line),
            }
        }
        text.drain(..=end);
    }
}

async fn endpoint(net: Net) -> String {
    async fn take(State(net): State<Net>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
        net.around(uri);
        net.around(format!("{headers:?}"));
        net.event(&body);
        StatusCode::NO_CONTENT
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(net);
    tokio::spawn(async move { drop(axum::serve(listener, router).await) });
    url
}

/// Every value that is told to the one key and not to the other.
async fn personal(api: &Api, plain: &str, entitled: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for record_type in TYPES {
        let mut path = format!("/records?type={record_type}&limit=500");
        loop {
            let (masked, whole) = (api.get(plain, &path).await.unwrap(), api.get(entitled, &path).await.unwrap());
            differing(&masked["items"], &whole["items"], &mut found);
            let Some(next) = whole["next"].as_str() else { break };
            path = format!("/records?type={record_type}&limit=500&after={next}");
        }
    }
    found.retain(|value| value.chars().count() >= SHORTEST);
    found
}

fn differing(masked: &Value, whole: &Value, found: &mut BTreeSet<String>) {
    match (masked, whole) {
        (Value::Null, whole) => strings(whole, found),
        (Value::Object(masked), Value::Object(whole)) => {
            for (name, value) in whole {
                differing(masked.get(name).unwrap_or(&Value::Null), value, found);
            }
        }
        (Value::Array(masked), Value::Array(whole)) => {
            masked.iter().zip(whole).for_each(|(masked, whole)| differing(masked, whole, found));
        }
        _ => {}
    }
}

fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, found)),
        _ => {}
    }
}
