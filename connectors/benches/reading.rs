//! A million rows of 200 MB from each kind of source, through the whole connector, beside the bare read.
//!
//! `cargo bench -p muara-connectors --bench reading [sqlite] [postgres] [mariadb] [csv]`. A first read publishes
//! everything, a second one finds nothing new; `peak` is the most memory that this process held meanwhile.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use futures_util::{StreamExt as _, TryStreamExt as _};
use muara_connectors::definition::{self, Origin, Variables};
use muara_connectors::runner::{Connector, Options};
use muara_schemas::bus::Bus;
use muara_schemas::stream::PARTITIONS;
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use services::{Server, Services};

#[path = "../../tests/src/services.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with tests, which use more of it")]
mod services;

const ROWS: u64 = 1_000_000;

/// How each database makes its rows.
const SQLITE: &str = "create table dpa (tahun int, id int, nilai text, uraian text);
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000)
    insert into dpa select 2026, i, i || '.50', 'belanja nomor ' || i || ' ' || hex(zeroblob(80)) from n";
const POSTGRES: &str = "drop table if exists dpa; create table dpa (tahun int, id bigint, nilai numeric(20, 2), uraian text);
    insert into dpa select 2026, i, i + 0.5, 'belanja nomor ' || i || ' ' || repeat('0', 160) from generate_series(1, 1000000) i";
const MARIADB: &str = "drop database if exists muara_bench; create database muara_bench; use muara_bench;
    create table dpa (tahun int, id bigint unsigned, nilai decimal(20, 2), uraian text);
    insert into dpa select 2026, seq, seq + 0.5, concat('belanja nomor ', seq, ' ', repeat('0', 160)) from seq_1_to_1000000";

const STREAM: &str = r"
    target: budget-line
    key: [tahun, id]
    map:
      agency: {const: 1.02.0.00.0.00.01.0000}
      fiscal_year: tahun
      sub_activity: {const: 1.02.02.2.02.0008}
      account: {const: 5.1.02.01.01.0024}
      fund: {const: 1.1.01}
      ledger: {const: apbd}
      stage: {const: murni}
      stage_version: {const: 0}
      stage_locked: {const: true}
      amount: nilai
      description: uraian
";

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!(
        "{:10} {:>12} {:>22} {:>22} {:>9}",
        "source", "bare rows/s", "first (× bare)", "again (× bare)", "peak MB"
    );
    for source in ["sqlite", "postgres", "mariadb", "csv"] {
        if wanted.is_empty() || wanted.iter().any(|word| word == source) {
            runtime.block_on(measure(source));
        }
    }
}

async fn measure(source: &str) {
    let folder = tempfile::tempdir().unwrap();
    let place = prepare(source, folder.path()).await;
    let start = Instant::now();
    assert_eq!(bare(source, &place).await, ROWS);
    let bare = start.elapsed().as_secs_f64();
    // The high-water mark begins anew.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
    let [first, again] = read(source, &place, folder.path()).await;
    let speed = |seconds: f64| 1e6 / seconds;
    println!(
        "{source:10} {:12.0} {:14.0} ({:4.2}×) {:14.0} ({:4.2}×) {:>9}",
        speed(bare),
        speed(first),
        first / bare,
        speed(again),
        again / bare,
        peak().map_or_else(|| "?".to_owned(), |peak| peak.to_string())
    );
}

/// Makes the rows; gives the address or the folder of them.
async fn prepare(source: &str, folder: &Path) -> String {
    let run = |sql: &'static str| sqlx::raw_sql(sql);
    match source {
        "sqlite" => {
            let url = format!("sqlite:{}", folder.join("source.db").display());
            let mut db = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
            run(SQLITE).execute(&mut db).await.unwrap();
            url
        }
        "postgres" => {
            let url = Services::shared(Server::Postgres).postgres_url.clone();
            run(POSTGRES).execute(&mut PgConnection::connect(&url).await.unwrap()).await.unwrap();
            url
        }
        "mariadb" => {
            let mut url = url::Url::parse(&Services::shared(Server::Mariadb).mysql_url).unwrap();
            run(MARIADB).execute(&mut MySqlConnection::connect(url.as_str()).await.unwrap()).await.unwrap();
            url.set_path("muara_bench");
            url.to_string()
        }
        _ => {
            let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join("dpa.csv")).unwrap());
            writeln!(file, "tahun,id,nilai,uraian").unwrap();
            let mut line = String::new();
            for id in 1..=ROWS {
                line.clear();
                writeln!(line, "2026,{id},{id}.50,belanja nomor {id} {:0160}", 0).unwrap();
                file.write_all(line.as_bytes()).unwrap();
            }
            file.flush().unwrap();
            folder.display().to_string()
        }
    }
}

/// Reads every cell as text and keeps none; gives how many rows there are.
async fn bare(source: &str, place: &str) -> u64 {
    macro_rules! count {
        ($connection:ty) => {{
            let mut connection = <$connection>::connect(place).await.unwrap();
            let rows = sqlx::raw_sql(AssertSqlSafe("select * from dpa".to_owned())).fetch(&mut connection);
            let length = |row: <<$connection as sqlx::Connection>::Database as sqlx::Database>::Row| {
                (0..row.len()).map(|cell| row.try_get_unchecked::<&str, _>(cell).unwrap().len()).sum::<usize>()
            };
            rows.map_ok(length).filter(|row| std::future::ready(*row.as_ref().unwrap() > 0)).count().await as u64
        }};
    }
    match source {
        "sqlite" => count!(SqliteConnection),
        "postgres" => count!(PgConnection),
        "mariadb" => count!(MySqlConnection),
        _ => {
            let mut reader = csv::Reader::from_path(Path::new(place).join("dpa.csv")).unwrap();
            let mut record = csv::StringRecord::new();
            let mut rows = 0;
            while reader.read_record(&mut record).unwrap() {
                rows += u64::from(record.iter().map(str::len).sum::<usize>() > 0);
            }
            rows
        }
    }
}

/// Two reads by the whole connector; gives how long each took.
async fn read(source: &str, place: &str, folder: &Path) -> [f64; 2] {
    let (source, read) = match source {
        "csv" => ("kind: files, folder: {env: PLACE}", "{file: dpa.csv}"),
        _ => ("kind: sql, url: {env: PLACE}", "{table: dpa}"),
    };
    let system = r#"{id: simda, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 10}"#;
    let text = format!("muara: 1\nsystem: {system}\nsource: {{{source}}}\nstreams:\n  dpa:\n    read: {read}{STREAM}");
    let (definitions, found) = definition::read(vec![Origin::new("bench.yaml", text)]);
    assert!(!definitions.is_empty(), "{found:?}");
    let bus = Bus::local();
    let tasks = TaskTracker::new();
    for partition in 0..PARTITIONS {
        let mut pages = bus.pages(partition);
        tasks.spawn(async move {
            while let Some(delivery) = pages.next().await {
                delivery.ack().await;
            }
        });
    }
    let options = Options {
        schedule: false,
        variables: Variables::closed().with("PLACE", place),
        ..Options::new(bus, folder.join("state.db"))
    };
    let handle = Connector::spawn(&definitions, options, CancellationToken::new()).await.unwrap();
    let mut took = [0.0; 2];
    for (took, published) in took.iter_mut().zip([ROWS, 0]) {
        let start = Instant::now();
        let report = handle.run_all_full().await.remove(0);
        *took = start.elapsed().as_secs_f64();
        assert_eq!((report.failure, report.counts.read, report.counts.published), (None, ROWS, published));
    }
    handle.stop().await;
    took
}

/// The most memory that this process has held, in MB; `None` where the system does not tell.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1024)
}
