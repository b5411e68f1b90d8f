//! A counter that pushes to the real program, whatever dies and whatever is lost: SQLite, the local bus, one process.

use std::time::Duration;

use muara_schemas::canonical::hex;
use muara_schemas::random;
use muara_tests::{Muara, Running, free_port, services, wait_until};
use serde_json::{Value, json};

use crate::office::SETTLE;

const TOKEN: &str = "0123456789abcdef-counter";
const COUNTER: &str = include_str!("../../connectors/catalog/service-counter.yaml");

/// An installation whose one system is the counter of the catalog.
struct Town {
    folder: tempfile::TempDir,
    program: Muara,
    port: u16,
    key: String,
    client: reqwest::Client,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("counter.yaml"), COUNTER).expect("the definition is written");
        let port = free_port();
        let program = Muara::new(env!("CARGO_BIN_EXE_muara-under-test"), folder.path())
            .with("MUARA_DATABASE", format!("sqlite:{}", folder.path().join("muara.db").display()))
            .with("MUARA_LISTEN", format!("127.0.0.1:{port}"))
            .with("MUARA_STATE", folder.path().join("state.db").display().to_string())
            .with("MUARA_LOG", "warn")
            .with("MUARA_COUNTER_TOKEN", TOKEN);
        drop(program.run(&["migrate"]).well());
        let key = program.run(&["key", "create", "test", "--personal"]).well().stdout.trim().to_owned();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().expect("a client");
        Self { folder, program, port, key, client }
    }

    async fn start(&self) -> Running {
        self.start_as(&self.program).await
    }

    async fn start_as(&self, program: &Muara) -> Running {
        let running = program.start(&["serve", "--connect", "counter.yaml"]);
        let health = format!("http://127.0.0.1:{}/healthz", self.port);
        wait_until("the program to answer", SETTLE, async || self.client.get(&health).send().await.is_ok()).await;
        running
    }

    /// Pushes cases; `None` when no answer comes.
    async fn try_push(&self, rest: &str, key: &str, cases: &Value) -> Option<Value> {
        let address = format!("http://127.0.0.1:{}/api/v1/ingest/service-counter/cases{rest}", self.port);
        let request = self.client.post(address).bearer_auth(TOKEN).header("idempotency-key", key).json(cases);
        let answer = request.send().await.ok()?;
        assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
        serde_json::from_str(&answer.text().await.ok()?).ok()
    }

    async fn push(&self, rest: &str, key: &str, cases: &Value) -> Value {
        self.try_push(rest, key, cases).await.expect("a push is answered")
    }

    async fn ask(&self, path: &str) -> Value {
        let request = self.client.get(format!("http://127.0.0.1:{}{path}", self.port)).bearer_auth(&self.key);
        serde_json::from_str(&request.send().await.expect("an answer").text().await.expect("a body")).expect("JSON")
    }

    /// Waits until the view has these cases, in order.
    async fn holds(&self, cases: &[&str], what: &str) {
        wait_until(what, SETTLE, async || {
            let records = self.ask("/api/v1/records?type=service-case&limit=100").await;
            let items = records["items"].as_array().cloned().unwrap_or_default();
            let live = items.iter().filter(|item| item["deleted_at"].is_null());
            let mut ids: Vec<_> = live.filter_map(|item| item["data"]["record"]["case_id"].as_str()).collect();
            ids.sort_unstable();
            ids == cases
        })
        .await;
    }

    /// Waits until this many changes are in the log, and no more.
    async fn log_has(&self, changes: usize, what: &str) {
        wait_until(what, SETTLE, async || {
            let head = self.ask("/api/v1/digest").await["log_head"].as_str().unwrap_or_default().to_owned();
            head.split_once('-').and_then(|(_, seq)| seq.parse::<usize>().ok()) == Some(changes)
        })
        .await;
    }
}

fn case(id: &str, status: &str) -> Value {
    json!({"id": id, "layanan": "SPM", "kode_opd": "1.02.0.00.0.00.01.0000", "diterima": "2026-03-10 10:30:00",
        "status": status, "langkah": [{"urut": 1, "nama": "Penerimaan SPM", "peran": "Verifikator",
        "mulai": "2026-03-10 10:30:00", "standar_menit": 5}]})
}

fn cases(ids: &[&str]) -> Value {
    json!({"berkas": ids.iter().map(|id| case(id, "PROSES")).collect::<Vec<_>>()})
}

fn results(answer: &Value) -> Vec<&str> {
    answer["records"].as_array().expect("records").iter().filter_map(|record| record["result"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_counter_pushes_is_read_back_through_the_api() {
    let town = Town::new();
    let _running = town.start().await;

    let answer = town.push("", "1", &json!({"berkas": [case("K-1", "PROSES"), case("K-2", "HILANG")]})).await;

    assert_eq!(results(&answer), ["published", "quarantined"]);
    assert_eq!(answer["records"][1]["errors"][0]["target"], "/status");
    town.holds(&["K-1"], "the case").await;
    let waiting = town.ask("/api/v1/quarantine?limit=5").await;
    assert_eq!(waiting["items"].as_array().map(Vec::len), Some(1), "{waiting}");
    let mended = town.push("", "2", &json!({"berkas": [case("K-2", "SELESAI")]})).await;
    assert_eq!(results(&mended), ["published"]);
    town.holds(&["K-1", "K-2"], "both cases").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_dies_half_way_is_sent_again_and_nothing_is_doubled() {
    for point in ["run.begun", "page.mapped", "page.confirmed", "state.saving", "state.saved"] {
        let town = Town::new();
        let mut dying = town.start_as(&town.program.clone().dying_at(point, 1)).await;
        let body = cases(&["K-1", "K-2"]);

        assert_eq!(town.try_push("", "a", &body).await, None, "{point}: it dies before it answers");
        wait_until("its death", SETTLE, async || !dying.is_running()).await;
        let _healthy = town.start().await;
        let again = town.push("", "a", &body).await;

        assert!(results(&again).iter().all(|result| ["published", "unchanged"].contains(result)), "{point}: {again}");
        town.holds(&["K-1", "K-2"], point).await;
        town.log_has(2, point).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_file_heals_without_a_source_to_read_and_a_whole_body_settles_the_rest() {
    let town = Town::new();
    let running = town.start().await;
    town.push("", "1", &cases(&["K-1", "K-2", "K-3"])).await;
    drop(running.stop(Duration::from_secs(30)));
    for file in ["state.db", "state.db-wal", "state.db-shm"] {
        drop(std::fs::remove_file(town.folder.path().join(file)));
    }
    let _running = town.start().await;

    town.push("", "2", &cases(&["K-3", "K-4"])).await;
    town.holds(&["K-1", "K-2", "K-3", "K-4"], "what was pushed before and after").await;
    town.log_has(4, "K-3 changes nothing").await;
    // The connector knows two of the four; both sides compare, and what the body lacks is gone.
    town.push("?complete=true", "3", &cases(&["K-2", "K-3", "K-4"])).await;

    town.holds(&["K-2", "K-3", "K-4"], "the whole body").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_file_of_yesterday_loses_nothing_that_is_pushed_today() {
    let town = Town::new();
    let running = town.start().await;
    town.push("", "1", &cases(&["K-1"])).await;
    drop(running.stop(Duration::from_secs(30)));
    let (file, copy) = (town.folder.path().join("state.db"), town.folder.path().join("state.yesterday"));
    std::fs::copy(&file, &copy).expect("the state file is copied");
    let running = town.start().await;
    town.push("", "2", &cases(&["K-2"])).await;
    drop(running.stop(Duration::from_secs(30)));
    std::fs::copy(&copy, &file).expect("yesterday's state is put back");
    let _running = town.start().await;

    // Its run does not follow the hub's, which refuses it, although the bus has confirmed it.
    let answer = town.push("", "3", &cases(&["K-3"])).await;

    assert_eq!(results(&answer), ["published"]);
    town.holds(&["K-1", "K-2", "K-3"], "the reset and what fills the stream up").await;
    town.log_has(3, "nothing is doubled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_listens_alone_and_what_it_is_handed_reaches_the_hub_over_a_broker() {
    let mut town = Town::new();
    town.program = town
        .program
        .clone()
        .with("MUARA_BUS", &services().amqp_url)
        .with("MUARA_BUS_PREFIX", format!("t{}.", hex(&random::bytes::<4>())));
    let _hub = town.program.start(&["serve"]);
    let agency = free_port();
    let listen = format!("127.0.0.1:{agency}");
    let _connector = town.program.start(&["connect", "counter.yaml", "--listen", &listen]);
    let address = format!("http://{listen}/api/v1/ingest/service-counter/cases");
    wait_until("the door to open", SETTLE, async || town.client.get(&address).send().await.is_ok()).await;

    let answer = town.client.post(&address).bearer_auth(TOKEN).json(&cases(&["K-1"])).send().await.expect("an answer");

    assert_eq!(answer.status(), 200);
    let health = format!("http://127.0.0.1:{}/healthz", town.port);
    wait_until("the hub to answer", SETTLE, async || town.client.get(&health).send().await.is_ok()).await;
    town.holds(&["K-1"], "the case").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connectors_alone_listen_when_they_are_told_to() {
    let town = Town::new();
    let refused = |arguments: &[&str], code: &str| {
        let program = town.program.clone().with("MUARA_BUS", "amqp://127.0.0.1:1/%2f");
        let ended = program.run(arguments);
        assert_eq!((ended.status.code(), ended.stderr.contains(code)), (Some(2), true), "{arguments:?}: {ended:?}");
    };

    refused(&["connect", "counter.yaml"], "E0758");
    std::fs::write(town.folder.path().join("other.yaml"), COUNTER_OF_FILES).unwrap();
    refused(&["connect", "other.yaml", "--listen", "127.0.0.1:0"], "E0759");
}

const COUNTER_OF_FILES: &str = r#"
muara: 1
system: {id: loket, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 50}
source: {kind: files, folder: .}
streams:
  cases:
    target: service-case
    read: {file: cases.jsonl}
    key: [id]
    map: {fiscal_year: {const: 2026}, case_id: id, kind: {const: spm}, opened_at: diterima, status: {const: open}, steps: {each: langkah, map: {order: urut, name: nama, role: peran, received_at: mulai}}}
    tests: [{name: empty, raw: {id: 1}, quarantine: [/opened_at]}]
"#;
