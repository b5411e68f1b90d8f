//! An installation whose one system pushes, over durable servers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lapin::options::{QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties};
use muara_tests::{Muara, Running, Services, free_port};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

const TOKEN: &str = "0123456789abcdef-counter";
const COUNTER: &str = include_str!("../../../connectors/catalog/service-counter.yaml");
const CONFIG: &str = "webhook_networks = [\"127.0.0.0/8\"]\nwebhook_http = true\n";
const LONGEST: Duration = Duration::from_mins(10);

/// The installation.
pub(crate) struct Town {
    _folder: TempDir,
    program: Muara,
    running: std::sync::Mutex<Option<Running>>,
    port: u16,
    key: String,
    client: reqwest::Client,
    database: String,
    pub(crate) services: Services,
    _connection: Connection,
    pub(crate) channel: Channel,
    pushed: AtomicU32,
}

impl Town {
    /// Starts it.
    pub(crate) async fn start() -> Result<Self> {
        let services = Services::durable();
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("counter.yaml"), COUNTER)?;
        std::fs::write(folder.path().join("muara.toml"), CONFIG)?;
        let (port, database) = (free_port(), services.fresh_postgres().await);
        let path = std::env::var("MUARA_BENCH_PROGRAM").context("MUARA_BENCH_PROGRAM names a built program")?;
        let program = Muara::new(path, folder.path())
            .with("MUARA_DATABASE", &database)
            .with("MUARA_BUS", &services.amqp_url)
            .with("MUARA_LISTEN", format!("127.0.0.1:{port}"))
            .with("MUARA_LOG", "warn")
            .with("MUARA_COUNTER_TOKEN", TOKEN);
        drop(program.run(&["migrate"]).well());
        let key = program.run(&["key", "create", "bench", "--subscribe"]).well().stdout.trim().to_owned();
        let connection = Connection::connect(&services.amqp_url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let (pushed, running) = (AtomicU32::new(0), std::sync::Mutex::new(None));
        let town = Self {
            _folder: folder,
            program,
            running,
            port,
            key,
            client,
            database,
            services,
            _connection: connection,
            channel,
            pushed,
        };
        town.up().await?;
        Ok(town)
    }

    async fn up(&self) -> Result<()> {
        *self.running.lock().expect("nobody panics") =
            Some(self.program.start(&["serve", "--connect", "counter.yaml"]));
        let begun = Instant::now();
        while self.get("/healthz").await.is_err() {
            ensure!(begun.elapsed() < LONGEST, "the hub answers");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The program's resident memory, in MB.
    pub(crate) fn resident(&self) -> u64 {
        self.running.lock().expect("nobody panics").as_ref().and_then(Running::resident).unwrap_or_default()
    }

    /// An address of the API.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A request with the bench's key.
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.url(path)).bearer_auth(&self.key)
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.request(reqwest::Method::GET, path).send().await?.text().await?;
        Ok(serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
    }

    /// The last place of the log.
    pub(crate) async fn head(&self) -> Result<i64> {
        let head = self.get("/api/v1/changes?limit=1").await?["head"].as_str().unwrap_or_default().to_owned();
        Ok(head.split_once('-').map_or(0, |(_, seq)| seq.parse().unwrap_or(0)))
    }

    /// Waits until every subscription is at the head.
    pub(crate) async fn settled(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let all = self.get("/api/v1/subscriptions?limit=500").await?;
            let behind = all["items"].as_array().into_iter().flatten().filter(|item| item["lag"] != 0).count();
            if behind == 0 {
                return Ok(());
            }
            ensure!(begun.elapsed() < LONGEST, "{behind} subscriptions are behind");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Pushes so many new cases in one request.
    pub(crate) async fn change(&self, count: u32) -> Result<()> {
        let from = self.pushed.fetch_add(count, Ordering::SeqCst);
        let cases: Vec<Value> = (from..from + count).map(case).collect();
        let request = self.client.post(self.url("/api/v1/ingest/service-counter/cases")).bearer_auth(TOKEN);
        let answer =
            request.header("idempotency-key", format!("k{from}")).json(&json!({"berkas": cases})).send().await?;
        ensure!(answer.status() == 200, "a push is taken: {}", answer.text().await?);
        Ok(())
    }

    /// Binds a queue by hand.
    pub(crate) async fn bind(&self, key: &str) -> Result<String> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let options = QueueDeclareOptions { durable: true, ..Default::default() };
        self.channel.queue_declare("by-hand".into(), options, arguments).await?;
        let bound = QueueBindOptions::default();
        let nothing = FieldTable::default();
        self.channel.queue_bind("by-hand".into(), "muara.changes".into(), key.into(), bound, nothing).await?;
        Ok("by-hand".to_owned())
    }

    /// Lets the relay tell the whole log again into a queue; how many events came, and how long that took.
    pub(crate) async fn relay_again(&self, queue: &str) -> Result<(usize, Duration)> {
        drop(self.running.lock().expect("nobody panics").take());
        let mut database = PgConnection::connect(&self.database).await?;
        let sql = "update subscriptions set cursor = 0, owner = null, lease_until = 0 where id = 'exchange'";
        sqlx::query(sql).execute(&mut database).await?;
        let head = self.up_and_head().await?;
        let begun = Instant::now();
        loop {
            let sql = "select cursor from subscriptions where id = 'exchange'";
            let cursor: i64 = sqlx::query_scalar(sql).fetch_one(&mut database).await?;
            if cursor >= head {
                break;
            }
            ensure!(begun.elapsed() < LONGEST, "the relay is at {cursor} of {head}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let took = begun.elapsed();
        let declared = QueueDeclareOptions { passive: true, durable: true, ..Default::default() };
        let depth = self.channel.queue_declare(queue.into(), declared, FieldTable::default()).await?.message_count();
        ensure!(i64::from(depth) >= head, "the queue holds {depth} of {head}");
        Ok((usize::try_from(head)?, took))
    }

    async fn up_and_head(&self) -> Result<i64> {
        self.up().await?;
        self.head().await
    }
}

fn case(number: u32) -> Value {
    json!({"id": format!("B-{number}"), "layanan": "SPM", "kode_opd": "1.02.0.00.0.00.01.0000", "diterima": "2026-03-10 10:30:00",
        "status": "PROSES", "langkah": [{"urut": 1, "nama": "Penerimaan SPM", "peran": "Verifikator",
        "mulai": "2026-03-10 10:30:00", "standar_menit": 5}]})
}
