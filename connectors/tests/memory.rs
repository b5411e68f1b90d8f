//! Memory stays flat however large the source is. Alone in its process, for it measures the process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use muara_connectors::definition::{self, Origin, Variables};
use muara_connectors::runner::{Connector, Options};
use muara_schemas::bus::Bus;
use muara_schemas::stream::PARTITIONS;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio_util::sync::CancellationToken;

const DEFINITION: &str = r#"muara: 1
system: {id: simda, region: "33.02", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 10}
source: {kind: sql, url: {env: DB}}
streams:
  dpa:
    target: budget-line
    read: {table: dpa}
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
"#;

/// Resident memory of this process in MB; `None` where the system does not tell.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? / 1024)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_million_rows_take_little_more_memory_than_a_tenth_of_them() {
    let rows = 500_000_u64;
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.db");
    let db =
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(&source).create_if_missing(true)).await.unwrap();
    sqlx::raw_sql(
        "create table dpa (tahun int, id int, nilai text, uraian text);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 500000)
         insert into dpa select 2026, i, i || '.50', 'belanja nomor ' || i from n",
    )
    .execute(&db)
    .await
    .unwrap();
    db.close().await;

    let bus = Bus::local();
    for partition in 0..PARTITIONS {
        let mut pages = bus.pages(partition);
        tokio::spawn(async move {
            while let Some(delivery) = pages.next().await {
                delivery.ack().await;
            }
        });
    }
    let (tenth, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut options = Options::new(bus, folder.path().join("state.db"));
    options.schedule = false;
    options.variables = Variables::closed().with("DB", format!("sqlite:{}", source.display()));
    let seen = (tenth.clone(), most.clone(), Mutex::new(0));
    options.observer = Some(Arc::new(move |progress| {
        let mut last = seen.2.lock().unwrap();
        if progress.read / 20_000 != *last / 20_000 {
            let memory = resident().unwrap_or_default();
            seen.1.fetch_max(memory, Ordering::Relaxed);
            if progress.read <= rows / 10 {
                seen.0.fetch_max(memory, Ordering::Relaxed);
            }
        }
        *last = progress.read;
    }));
    let (definitions, _) = definition::read(vec![Origin::new("memory.yaml", DEFINITION)]);
    let token = CancellationToken::new();
    let handle = Connector::spawn(&definitions, options, token).await.unwrap();
    for (read, published) in [(rows, rows), (rows, 0)] {
        let start = std::time::Instant::now();
        let report = handle.run_all_full().await.remove(0);
        assert_eq!((report.failure, report.counts.read, report.counts.published), (None, read, published));
        assert_eq!(report.proof.map(|proof| proof.count), Some(rows));
        println!("{published} of {read} published in {:.1} s", start.elapsed().as_secs_f64());
    }
    let (tenth, most) = (tenth.load(Ordering::Relaxed), most.load(Ordering::Relaxed));
    println!("{tenth} MB after a tenth, {most} MB at most");
    assert!(most < 250 && most < tenth + 60, "{tenth} MB after a tenth, {most} MB at most");
    handle.stop().await;
}
