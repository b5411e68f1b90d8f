//! A small installation for fault tests: one legacy database, one definition, and the program in one process (SQLite,
//! local bus) or in two (PostgreSQL, RabbitMQ).

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use muara_schemas::canonical::hex;
use muara_schemas::random;
use muara_tests::{Muara, Running, Services, free_port, wait_telling};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

/// How long a healthy installation may take to settle; a debug build on a busy machine is slow.
pub(crate) const SETTLE: Duration = Duration::from_secs(90);
/// Rows of the legacy table: enough for several pages.
pub(crate) const ROWS: u32 = 1_700;

const PROGRAM: &str = env!("CARGO_BIN_EXE_muara-under-test");

const DEFINITION: &str = r#"
muara: 1
system: {id: simda, region: "33.02", agency: 5.02.0.00.0.00.01.0000, name: SIMDA, timezone: Asia/Jakarta, rank: 10}
source: {kind: sql, url: {env: MUARA_OFFICE_SOURCE}, fetch: 400}
streams:
  belanja:
    target: budget-line
    read: {table: ta_belanja}
    key: [id]
    map:
      agency: kode_skpd
      fiscal_year: tahun
      sub_activity: kode_sub
      account: kode_rek
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
        raw: {id: "1", tahun: "2026", kode_skpd: 1.02.0.00.0.00.01.0000, kode_sub: 1.02.02.2.01.0001, kode_rek: 5.1.02.01.01.0024, uraian: ATK, total: "12.50"}
        expect: {region: "33.02", agency: 1.02.0.00.0.00.01.0000, fiscal_year: 2026, sub_activity: 1.02.02.2.01.0001, account: 5.1.02.01.01.0024, fund: "1.1.01", ledger: apbd, stage: murni, stage_version: 0, stage_locked: true, amount: "12.50", description: ATK}
"#;

/// Which engine and bus an installation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// One process, SQLite, local bus.
    Small,
    /// Two processes, PostgreSQL, RabbitMQ.
    Large,
}

/// An installation in a folder of its own.
pub(crate) struct Office {
    folder: tempfile::TempDir,
    size: Size,
    base: Muara,
    port: u16,
    key: OnceLock<String>,
    database: String,
}

/// The processes of an installation.
pub(crate) struct Running1 {
    pub(crate) hub: Running,
    pub(crate) connector: Option<Running>,
}

impl Office {
    /// A fresh installation with the legacy table of `ROWS` rows.
    pub(crate) async fn new(size: Size, services: Option<&Services>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("simda.yaml"), DEFINITION).expect("the definition is written");
        let (database, bus) = match (size, services) {
            (Size::Small, _) => (format!("sqlite:{}", folder.path().join("muara.db").display()), "local".to_owned()),
            (Size::Large, services) => {
                let services = services.expect("the large size needs servers");
                (services.fresh_postgres().await, services.amqp_url.clone())
            }
        };
        let port = free_port();
        let prefix = format!("t{}.", hex(&random::bytes::<4>()));
        let base = Muara::new(PROGRAM, folder.path())
            .with("MUARA_DATABASE", &database)
            .with("MUARA_BUS", bus)
            .with("MUARA_BUS_PREFIX", &prefix)
            .with("MUARA_LISTEN", format!("127.0.0.1:{port}"))
            .with("MUARA_STATE", folder.path().join("state.db").display().to_string())
            .with("MUARA_LOG", "warn")
            .with("MUARA_OFFICE_SOURCE", format!("sqlite:{}", folder.path().join("simda.db").display()));
        drop(base.run(&["migrate"]).well());
        let office = Self { folder, size, base, port, key: OnceLock::new(), database };
        office
            .legacy(&format!(
                "create table ta_belanja (id integer primary key, tahun int, kode_skpd text, kode_sub text, kode_rek text, uraian text, total text);
                 with recursive n(i) as (select 1 union all select i + 1 from n where i < {ROWS})
                 insert into ta_belanja select i, 2026, printf('1.%02d.0.00.0.00.01.0000', i % 20 + 1), printf('1.02.02.2.01.%04d', i % 60 + 1),
                 printf('5.1.02.01.01.%04d', i % 90 + 1), 'Belanja ' || i || ' ' || hex(zeroblob(60)), printf('%d.%02d', i * 7919, i % 100) from n;"
            ))
            .await;
        office
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state_file(&self) -> PathBuf {
        self.folder().join("state.db")
    }

    /// The program with this installation's environment.
    pub(crate) fn program(&self) -> Muara {
        self.base.clone()
    }

    /// Changes the legacy database.
    pub(crate) async fn legacy(&self, sql: &str) {
        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(self.folder().join("simda.db")).create_if_missing(true);
        let mut legacy = options.connect().await.expect("the legacy database opens");
        legacy.execute(AssertSqlSafe(sql.to_owned())).await.expect("the legacy database changes");
        legacy.close().await.expect("the legacy database closes");
    }

    /// Mends the definition: one line of its map becomes another, and the stream gets a line more.
    pub(crate) fn mend(&self, line: &str, better: &str, stream: &str) {
        assert!(DEFINITION.contains(line), "there is such a line");
        let key = "    key: [id]\n";
        let text = DEFINITION.replace(line, better).replace(key, &format!("{key}{stream}"));
        std::fs::write(self.folder().join("simda.yaml"), text).expect("the definition is written");
    }

    /// Whether the connector keeps the stream paused.
    pub(crate) async fn is_paused(&self) -> bool {
        self.kept("select count(*) from streams where paused_until is not null").await > 0
    }

    /// One integer from the connector's state file.
    pub(crate) async fn kept(&self, sql: &'static str) -> i64 {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.state_file());
        let mut state = options.connect().await.expect("the state file opens");
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut state).await.expect("the state file answers")
    }

    /// Starts everything in good health.
    pub(crate) fn start(&self) -> Running1 {
        self.start_with(&self.base, &self.base)
    }

    /// Starts everything; hub and connector may be told to die somewhere.
    pub(crate) fn start_with(&self, hub: &Muara, connector: &Muara) -> Running1 {
        match self.size {
            Size::Small => Running1 { hub: hub.start(&["serve", "--connect", "simda.yaml"]), connector: None },
            Size::Large => {
                Running1 { hub: hub.start(&["serve"]), connector: Some(connector.start(&["connect", "simda.yaml"])) }
            }
        }
    }

    /// Starts a process that is to die at a place, and in the large size its healthy partner.
    pub(crate) fn start_dying(&self, point: &str, pass: u32) -> Running1 {
        let dying = self.base.clone().dying_at(point, pass);
        let in_hub = point.starts_with("intake") || point.starts_with("reader");
        if in_hub || self.size == Size::Small {
            self.start_with(&dying, &self.base)
        } else {
            self.start_with(&self.base, &dying)
        }
    }

    /// An address of its API.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Starts the hub alone, in good health.
    pub(crate) fn start_hub(&self) -> Running {
        self.base.start(&["serve"])
    }

    /// Posts to the API; `None` when it does not answer, or not well.
    pub(crate) async fn post(&self, key: &str, path: &str, body: &Value) -> Option<Value> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().ok()?;
        let request = client.post(self.url(path)).bearer_auth(key).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        serde_json::from_str(&answer.text().await.ok()?).ok()
    }

    /// Asks the API; `None` while it does not answer.
    pub(crate) async fn ask(&self, path: &str) -> Option<Value> {
        let key = if let Some(key) = self.key.get() {
            key.clone()
        } else {
            let made = self.base.run(&["key", "create", "test", "--personal"]);
            let key = made.well().stdout.trim().to_owned();
            self.key.get_or_init(|| key).clone()
        };
        let request = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().ok()?;
        let answer = request.get(self.url(path)).bearer_auth(key).send().await.ok()?;
        if answer.status() != 200 {
            return None;
        }
        serde_json::from_str(&answer.text().await.ok()?).ok()
    }

    /// Waits until the view is settled and holds the expected digest.
    pub(crate) async fn settles_on(&self, digest: &str, what: &str) {
        let settled = async || {
            self.ask("/api/v1/digest").await.is_some_and(|view| view["settled"] == true && view["digest"] == digest)
        };
        wait_telling(what, SETTLE, settled, || self.said()).await;
    }

    /// Waits until the view is settled with this many live records; answers its digest.
    pub(crate) async fn settles_with(&self, records: u64, what: &str) -> String {
        let settled = async || {
            self.ask("/api/v1/digest").await.is_some_and(|view| view["settled"] == true && view["records"] == records)
        };
        wait_telling(what, SETTLE, settled, || self.said()).await;
        let view = self.ask("/api/v1/digest").await.expect("it has just answered");
        view["digest"].as_str().expect("a digest is a text").to_owned()
    }

    /// What the programs of this installation said on standard error.
    pub(crate) fn said(&self) -> String {
        let entries = std::fs::read_dir(self.folder()).into_iter().flatten().flatten().map(|entry| entry.path());
        let said = entries.filter(|path| path.extension().is_some_and(|ending| ending == "err"));
        said.map(|path| format!("{}:\n{}", path.display(), std::fs::read_to_string(&path).unwrap_or_default()))
            .collect()
    }

    /// One integer from the hub's database.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        let hub = muara_hub::store::Db::open(&self.database).await.expect("the hub's database opens");
        let mut tx = hub.read().await.expect("the hub's database answers");
        let (number,): (i64,) = muara_hub::store::rows::Statement::new(sql).fetch_one(&mut tx).await.expect(sql);
        drop(tx);
        hub.close().await;
        number
    }

    /// Integers from the hub's database.
    pub(crate) async fn numbers(&self, sql: &'static str) -> Vec<i64> {
        let hub = muara_hub::store::Db::open(&self.database).await.expect("the hub's database opens");
        let mut tx = hub.read().await.expect("the hub's database answers");
        let rows: Vec<(i64,)> = muara_hub::store::rows::Statement::new(sql).fetch_all(&mut tx).await.expect(sql);
        drop(tx);
        hub.close().await;
        rows.into_iter().map(|(number,)| number).collect()
    }

    /// Damages the hub's database behind its back.
    pub(crate) async fn damage(&self, sql: &'static str) {
        let hub = muara_hub::store::Db::open(&self.database).await.expect("the hub's database opens");
        let mut tx = hub.write().await.expect("the hub's database takes a writer");
        muara_hub::store::rows::Statement::new(sql).execute(&mut tx).await.expect(sql);
        tx.commit().await.expect("the damage is done");
        hub.close().await;
    }

    /// Every change has one id and one place, nothing is doubled: the log is gap-free and each record's versions too.
    pub(crate) async fn log_is_whole(&self) {
        assert_eq!(self.number("select count(*) - coalesce(max(seq), 0) from changes").await, 0, "the log has a gap");
        let uneven = "select count(*) from (select record from changes where record is not null group by record having count(*) <> max(version)) uneven";
        assert_eq!(self.number(uneven).await, 0, "a version is missing or stands twice");
        let stale = "select count(*) from records r join changes c on c.seq = r.seq where c.version <> r.version or c.record <> r.record";
        assert_eq!(self.number(stale).await, 0, "a record does not stand where its last change says");
    }
}

/// What an undisturbed installation ends with, made once: the oracle of all fault tests.
pub(crate) async fn oracle() -> &'static str {
    static ORACLE: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    ORACLE
        .get_or_init(async || {
            let office = Office::new(Size::Small, None).await;
            let _running = office.start();
            office.settles_with(u64::from(ROWS), "the undisturbed installation").await
        })
        .await
}
