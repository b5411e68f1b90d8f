//! Applications in Python and JavaScript are told of changes on every way out: the clients of `tests/clients`, which
//! people copy, as they stand.

use std::collections::HashMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection as Broker, ConnectionProperties};
use muara_schemas::canonical::hex;
use muara_schemas::random;
use muara_tests::{Muara, Running, free_port, services, wait_telling, wait_until};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

use crate::office::SETTLE;

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");
const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../hub/SUBSCRIBE.md");
const OTHER_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a client prints of an event.
const PRINTED: [&str; 5] = ["id", "type", "subject", "sequence", "data"];
const THIRTY: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 30) \
    insert into ta_belanja select i, 'Belanja ' || i, printf('%d.00', i * 7919) from n";
const CONFIG: &str = "webhook_networks = [\"127.0.0.0/8\"]\nwebhook_http = true\n";

const DEFINITION: &str = r#"
muara: 1
system: {id: simda, region: "33.02", agency: 5.02.0.00.0.00.01.0000, name: SIMDA, timezone: Asia/Jakarta, rank: 10}
source: {kind: sql, url: {env: MUARA_SIMDA_URL}}
streams:
  belanja:
    target: budget-line
    read: {table: ta_belanja}
    key: [id]
    map:
      agency: {const: 1.02.0.00.0.00.01.0000}
      fiscal_year: {const: 2026}
      sub_activity: {const: 1.02.02.2.01.0001}
      account: {const: 5.1.02.01.01.0024}
      fund: {const: "1.1.01"}
      ledger: {const: apbd}
      stage: {const: murni}
      stage_version: {const: 0}
      stage_locked: {const: true}
      amount: total
      description: uraian
    schedule: {every: 1s}
    tests:
      - name: a line
        raw: {id: "1", uraian: ATK, total: "12.50"}
        expect: {region: "33.02", agency: 1.02.0.00.0.00.01.0000, fiscal_year: 2026, sub_activity: 1.02.02.2.01.0001, account: 5.1.02.01.01.0024, fund: "1.1.01", ledger: apbd, stage: murni, stage_version: 0, stage_locked: true, amount: "12.50", description: ATK}
"#;

/// A hub with one source that changes.
struct Town {
    folder: tempfile::TempDir,
    hub: Running,
    address: String,
    prefix: String,
    key: String,
    http: reqwest::Client,
}

/// An application: a client in a folder of its own, as somebody would copy it.
struct Client {
    file: &'static str,
    program: Muara,
    /// Where it listens.
    listen: Option<String>,
    /// Its subscription, where it has one: `/sub-…`.
    subscription: Option<String>,
    running: Option<Running>,
}

impl Town {
    async fn new(bus: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("simda.yaml"), DEFINITION).expect("the definition is written");
        std::fs::write(folder.path().join("muara.toml"), CONFIG).expect("the configuration is written");
        change(folder.path(), "create table ta_belanja (id integer primary key, uraian text, total text)").await;
        let prefix = format!("t{}.", hex(&random::bytes::<4>()));
        let (listen, file) =
            (format!("127.0.0.1:{}", free_port()), |name| format!("sqlite:{}", folder.path().join(name).display()));
        let program = Muara::new(env!("CARGO_BIN_EXE_muara-under-test"), folder.path())
            .with("MUARA_DATABASE", file("muara.db"))
            .with("MUARA_BUS", bus)
            .with("MUARA_BUS_PREFIX", &prefix)
            .with("MUARA_LISTEN", &listen)
            .with("MUARA_LOG", "warn")
            .with("MUARA_SIMDA_URL", file("simda.db"));
        let key = program.run(&["key", "create", "application", "--subscribe"]).well().stdout.trim().to_owned();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().expect("a client");
        let town = Self {
            hub: program.start(&["serve", "--connect", "simda.yaml"]),
            address: format!("http://{listen}"),
            folder,
            prefix,
            key,
            http,
        };
        let health = format!("{}/healthz", town.address);
        wait_telling(
            "the hub to answer",
            SETTLE,
            async || town.http.get(&health).send().await.is_ok(),
            || town.hub.stderr(),
        )
        .await;
        town
    }

    /// Changes the source.
    async fn change(&self, sql: &'static str) {
        change(self.folder.path(), sql).await;
    }

    async fn ask(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.address)).bearer_auth(&self.key);
        serde_json::from_str(&request.send().await.expect("an answer").text().await.expect("a body")).expect("JSON")
    }

    /// Where the log ends.
    async fn head(&self) -> String {
        self.ask("/api/v1/changes?limit=1").await["head"].as_str().expect("a position").to_owned()
    }

    async fn order(&self, subscription: &str, order: &Value) -> Value {
        let address = format!("{}/api/v1/subscriptions{subscription}", self.address);
        let answer = self.http.post(address).bearer_auth(&self.key).json(order).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{order}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// An application that is told by webhook.
    async fn webhook(&self, file: &'static str) -> Client {
        let listen = format!("127.0.0.1:{}", free_port());
        let target = json!({"kind": "webhook", "url": format!("http://{listen}/muara")});
        let made = self.order("", &json!({"name": file, "target": target})).await;
        let secret = made["secret"].as_str().expect("a secret");
        let program = self.copy(file).with("MUARA_LISTEN", &listen).with("MUARA_SECRET", secret);
        Client { file, program, listen: Some(listen), subscription: address(&made), running: None }
    }

    /// An application that reads a queue of its own.
    async fn queue(&self, file: &'static str) -> Client {
        let made = self.order("", &json!({"name": file, "target": {"kind": "amqp"}})).await;
        // With or without the prefix of the installation, which nobody needs who has a broker for himself.
        let queue = made["queue"].as_str().expect("a queue").trim_start_matches(&self.prefix);
        let queue = format!("{}{queue}", self.prefix);
        // The hub makes it when the subscription's turn comes, which is after the answer.
        wait_until("the queue", SETTLE, async || is_there(&queue).await).await;
        let program = self.copy(file).with("MUARA_AMQP", &services().amqp_url).with("MUARA_QUEUE", queue);
        Client { file, program, listen: None, subscription: address(&made), running: None }
    }

    /// An application that reads the log from a place on.
    fn reader(&self, file: &'static str, place: &str) -> Client {
        let program = self.copy(file).with("MUARA_URL", &self.address).with("MUARA_KEY", &self.key);
        std::fs::write(program.folder().join("place"), place).expect("the place is written");
        Client { file, program: program.with("MUARA_PLACE", "place"), listen: None, subscription: None, running: None }
    }

    /// A client in a folder of its own, with what it stands on.
    fn copy(&self, file: &str) -> Muara {
        let (folder, libraries) = (self.folder.path().join(format!("{file}.client")), libraries());
        std::fs::create_dir(&folder).expect("a folder of its own");
        std::fs::copy(Path::new(CLIENTS).join(file), folder.join(file)).expect("the client is copied");
        std::os::unix::fs::symlink(libraries.join("node_modules"), folder.join("node_modules")).expect("a link");
        let program = if file.ends_with(".py") { libraries.join("venv/bin/python") } else { "node".into() };
        Muara::new(program, folder).with("NO_PROXY", "127.0.0.1").with("no_proxy", "127.0.0.1")
    }

    /// Waits until so many changes can be pulled, and no more; answers them in order, as a client prints them.
    async fn told(&self, count: usize) -> Vec<Value> {
        let mut items = Vec::new();
        let is_full = async || {
            items = self.ask("/api/v1/changes?limit=500").await["items"].as_array().cloned().unwrap_or_default();
            items.len() >= count
        };
        wait_telling(&format!("{count} changes"), SETTLE, is_full, || self.hub.stderr()).await;
        assert_eq!(items.len(), count, "{items:#?}");
        items
            .iter()
            .map(|event| PRINTED.iter().map(|name| ((*name).to_owned(), event[*name].clone())).collect())
            .collect()
    }
}

impl Client {
    /// Starts it, after killing it where it runs; a webhook's endpoint then listens.
    async fn start(&mut self) {
        self.running = None;
        self.running = Some(self.program.start(&[self.file]));
        if let Some(listen) = &self.listen {
            let known = || self.running().stderr();
            wait_telling(self.file, SETTLE, async || TcpStream::connect(listen).is_ok(), known).await;
        }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it was started")
    }

    /// What it printed since it was started.
    fn printed(&self) -> Vec<Value> {
        let stdout = self.running().stdout();
        let lines = stdout.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// Waits until it printed these events, each once and those about one subject in order; all of them in order where
    /// nothing goes side by side. What it `knew` when it was killed it may print again.
    async fn prints(&self, events: &[Value], knew: &[Value]) {
        let printed = || {
            let mut printed = self.printed();
            printed.retain(|event| !knew.contains(event));
            printed
        };
        let known = || format!("{}\n{}", self.running().stdout(), self.running().stderr());
        wait_telling(self.file, SETTLE, async || printed().len() >= events.len(), known).await;
        if self.listen.is_some() {
            assert_eq!(by_subject(&printed()), by_subject(events), "{}", self.file);
        } else {
            assert_eq!(printed(), events, "{}", self.file);
        }
    }
}

async fn change(folder: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(folder.join("simda.db")).create_if_missing(true);
    let mut source = options.connect().await.expect("the source opens");
    source.execute(sql).await.expect("the source changes");
    source.close().await.expect("the source closes");
}

async fn is_there(queue: &str) -> bool {
    let broker =
        Broker::connect(&services().amqp_url, ConnectionProperties::default()).await.expect("the broker answers");
    let channel = broker.create_channel().await.expect("a channel");
    let passive = QueueDeclareOptions::durable().passive();
    channel.queue_declare(queue.into(), passive, FieldTable::default()).await.is_ok()
}

fn address(made: &Value) -> Option<String> {
    made["id"].as_str().map(|id| format!("/{id}"))
}

fn by_subject(events: &[Value]) -> HashMap<&str, Vec<&Value>> {
    let mut subjects: HashMap<&str, Vec<&Value>> = HashMap::new();
    for event in events {
        subjects.entry(event["subject"].as_str().expect("a subject")).or_default().push(event);
    }
    subjects
}

/// The folder with what the clients stand on; laid out when it is not there yet.
fn libraries() -> &'static Path {
    static LIBRARIES: OnceLock<PathBuf> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        let prepared = Command::new(format!("{CLIENTS}/prepare")).stderr(Stdio::inherit()).output().expect("it runs");
        assert!(prepared.status.success(), "tests/clients/prepare said why");
        let told = String::from_utf8(prepared.stdout).expect("it prints text");
        told.trim().strip_prefix("CLIENTS=").expect("it names the folder").into()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_client_is_told_every_change_once_and_in_order() {
    let town = Town::new(&services().amqp_url).await;
    let begin = town.head().await;
    let mut clients = vec![town.webhook("webhook.py").await, town.webhook("webhook.mjs").await];
    for file in ["rabbit.py", "rabbit_async.py", "rabbit.mjs"] {
        clients.push(town.queue(file).await);
    }
    clients.extend(["stream.py", "stream.mjs", "pull.py"].map(|file| town.reader(file, &begin)));
    for client in &mut clients {
        client.start().await;
    }

    town.change(THIRTY).await;
    town.told(30).await;
    town.change("update ta_belanja set total = '7.00' where id <= 10").await;
    town.told(40).await;
    town.change("delete from ta_belanja where id in (3, 13)").await;
    let before = town.told(42).await;

    for client in &mut clients {
        client.prints(&before, &[]).await;
        client.start().await;
    }
    town.change("update ta_belanja set total = '8.00' where id <= 2").await;
    let events = town.told(44).await;
    for client in &clients {
        client.prints(&events[42..], &before).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_told_to_start_over_takes_everything_again_under_the_same_ids() {
    let town = Town::new(&services().amqp_url).await;
    town.change(THIRTY).await;
    town.told(30).await;
    let mut clients = vec![town.webhook("webhook.py").await, town.webhook("webhook.mjs").await];
    for file in ["rabbit.py", "rabbit_async.py", "rabbit.mjs"] {
        clients.push(town.queue(file).await);
    }
    for client in &mut clients {
        client.start().await;
        let subscription = client.subscription.clone().expect("it subscribed");
        for round in 1..=2 {
            town.order(&subscription, &json!({"do": "restart"})).await;

            let printed = || client.printed().iter().map(|event| event["type"].clone()).collect::<Vec<_>>();
            let known = || format!("{:?}{}", printed(), client.running().stderr());
            wait_telling(client.file, SETTLE, async || printed().len() == round * 31, known).await;
            let last = &printed()[(round - 1) * 31..];
            assert_eq!(last[0], "muara.subscription.resync.v1", "{}", client.file);
            assert!(last[1..].iter().all(|kind| kind == "muara.budget-line.read.v1"), "{}: {last:?}", client.file);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_refused_and_what_was_missed_is_recovered() {
    let town = Town::new("local").await;
    let mut endpoints = Vec::new();
    for file in ["webhook.py", "webhook.mjs"] {
        let mut client = town.webhook(file).await;
        let right = client.program.clone();
        client.program = client.program.with("MUARA_SECRET", OTHER_SECRET);
        client.start().await;
        endpoints.push((client, right));
    }

    town.change("insert into ta_belanja values (1, 'ATK', '12.50')").await;
    let events = town.told(1).await;

    for (mut client, right) in endpoints {
        let subscription = client.subscription.clone().expect("a webhook has one");
        let deliveries = format!("/api/v1/subscriptions{subscription}/deliveries");
        let is_refused = async || town.ask(&deliveries).await["items"][0]["tries"][0]["status"] == 401;
        wait_until("the endpoint to refuse it", SETTLE, is_refused).await;
        assert_eq!(client.printed(), Vec::<Value>::new(), "{}", client.file);
        client.program = right;
        client.start().await;
        town.order(&subscription, &json!({"do": "recover", "since": "2026-01-01T00:00:00Z"})).await;
        client.prints(&events, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_with_a_place_of_another_log_is_told_to_start_over() {
    let town = Town::new("local").await;
    town.change(THIRTY).await;
    let before = town.told(30).await;

    for file in ["stream.py", "stream.mjs", "pull.py"] {
        let mut client = town.reader(file, "00000000-4711");
        client.start().await;

        let known = || format!("{}\n{}", client.running().stdout(), client.running().stderr());
        wait_telling(file, SETTLE, async || !client.printed().is_empty(), known).await;
        assert_eq!(client.printed()[0], json!({"resync": 30}), "{file}");
        assert!(client.printed()[1..].iter().all(|event| before.contains(event)), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_of_events_is_one_that_the_official_parser_takes() {
    let town = Town::new("local").await;
    let program = town.copy("asyncapi.mjs");
    std::fs::write(program.folder().join("asyncapi.json"), town.ask("/asyncapi.json").await.to_string())
        .expect("a file");

    let judged = program.run(&["asyncapi.mjs", "asyncapi.json"]);

    assert!(judged.status.success(), "{}{}", judged.stdout, judged.stderr);
}

#[test]
fn the_guide_quotes_clients_word_for_word() {
    let guide = std::fs::read_to_string(GUIDE).expect("there is a guide");

    for (language, file) in [("python", "rabbit.py"), ("js", "rabbit.mjs")] {
        let client = std::fs::read_to_string(Path::new(CLIENTS).join(file)).expect("there is such a client");
        assert!(guide.contains(&format!("\n```{language}\n{client}```\n")), "{file} stands otherwise in the guide");
    }
}
