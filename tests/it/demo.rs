//! The demo: one full sync balances and proves, a second changes nothing, and the view is the truth to the rupiah.

use std::collections::BTreeMap;
use std::time::Duration;

use muara_schemas::Rupiah;
use muara_tests::{Finished, Muara, Running, free_port, wait_until};
use serde_json::Value;

const SYNC: Duration = Duration::from_mins(4);

fn program(folder: &std::path::Path) -> Muara {
    Muara::new(env!("CARGO_BIN_EXE_muara-under-test"), folder).with("MUARA_LOG", "warn")
}

/// One full sync of the demo world in `folder/world`.
pub(crate) fn once(folder: &std::path::Path) -> Finished {
    program(folder).start(&["demo", "--dir", "world", "--once", "--json"]).finish(SYNC).well()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sync_balances_and_proves_and_a_second_applies_nothing() {
    let folder = tempfile::tempdir().unwrap();

    let first = once(folder.path()).json();
    let second = once(folder.path()).json();

    let streams = first["streams"].as_array().unwrap();
    let sum = |summary: &Value, field: &str| {
        summary["streams"].as_array().unwrap().iter().map(|line| line[field].as_u64().unwrap()).sum::<u64>()
    };
    assert!(sum(&first, "applied") >= 65_000, "{} records", sum(&first, "applied"));
    for line in streams.iter().chain(second["streams"].as_array().unwrap()) {
        let count = |field: &str| line[field].as_u64().unwrap();
        assert_eq!(count("read"), count("applied") + count("unchanged") + count("quarantined"), "{line}");
        assert_eq!(line["proof"]["equal"], true, "{line}");
    }
    let truth: Value = serde_json::from_slice(&std::fs::read(folder.path().join("world/truth.json")).unwrap()).unwrap();
    let broken = truth["broken"].as_array().unwrap().len();
    assert_eq!((sum(&first, "quarantined"), sum(&second, "quarantined")), (broken as u64, broken as u64));
    let list = program(folder.path()).with("MUARA_DATABASE", "sqlite:world/muara.db");
    let waiting = list.run(&["quarantine", "list", "--entries", "--limit", "500", "--json"]).well().json();
    assert_eq!(waiting["items"].as_array().unwrap().len(), broken, "each of them still waits after the second read");
    assert_eq!(sum(&second, "applied"), 0);
    assert_eq!((&first["log_head"], &first["view_digest"]), (&second["log_head"], &second["view_digest"]));
}

/// A running demo that answers requests.
struct Live {
    running: Running,
    address: String,
    key: String,
}

impl Live {
    async fn start(folder: &std::path::Path, still: bool) -> Self {
        let port = free_port().to_string();
        let mut arguments = vec!["demo", "--dir", "world", "--port", &port];
        if still {
            arguments.push("--still");
        }
        let mut running = program(folder).start(&arguments);
        let line = running.wait_for_line("A key for the API", Duration::from_mins(1));
        let key = line.split_whitespace().last().unwrap().to_owned();
        let live = Self { running, address: format!("http://127.0.0.1:{port}"), key };
        wait_until("the hub to be ready", Duration::from_secs(30), async || live.get("/readyz").await.is_some()).await;
        live
    }

    /// The same once its first full sync is over: every page taken in, every proof looked at.
    async fn synced(folder: &std::path::Path, still: bool) -> Self {
        let mut live = Self::start(folder, still).await;
        drop(live.running.wait_for_line("The first full sync is done", SYNC));
        live
    }

    async fn get(&self, path: &str) -> Option<String> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
        let answer = client.get(format!("{}{path}", self.address)).bearer_auth(&self.key).send().await.ok()?;
        (answer.status() == 200).then_some(answer.text().await.ok()?)
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await.unwrap_or_else(|| panic!("no answer to {path}"))).unwrap()
    }
}

fn money(value: &Value) -> Rupiah {
    Rupiah::from_wire(value.as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn absorption_is_the_truth_without_the_broken_records_to_the_rupiah() {
    let folder = tempfile::tempdir().unwrap();
    let live = Live::synced(folder.path(), true).await;

    let view = live.json("/api/v1/views/absorption?fiscal_year=2026&limit=500").await;

    let truth: Value = serde_json::from_slice(&std::fs::read(folder.path().join("world/truth.json")).unwrap()).unwrap();
    let fields = ["budget", "realized_sp2d", "realized_lra"];
    let mut expected: BTreeMap<Option<String>, ([Rupiah; 3], u64, Rupiah)> = BTreeMap::new();
    for line in truth["absorption"].as_array().unwrap() {
        let slot = expected.entry(line["agency"].as_str().map(str::to_owned)).or_default();
        for (at, field) in fields.iter().enumerate() {
            slot.0[at] += money(&line[*field]);
        }
    }
    for broken in truth["broken"].as_array().unwrap() {
        let Some(measure) = broken["measure"].as_str() else { continue };
        let at = fields.iter().position(|field| *field == measure).unwrap();
        let agency = broken["agency"].as_str().map(str::to_owned);
        let amount = (!broken["amount"].is_null()).then(|| money(&broken["amount"]));
        // What names no agency is in no agency's sums, so there is nothing to take away.
        if let (true, Some(amount)) = (agency.is_some(), amount) {
            let sums = &mut expected.entry(agency.clone()).or_default().0;
            sums[at] = sums[at] - amount;
        }
        // What does not tell its year may be of any: it is told once, at the top.
        let slot = expected.entry(agency.filter(|_| broken["dated"] == true)).or_default();
        slot.1 += 1;
        slot.2 += amount.unwrap_or_else(|| money(&"0.00".into()));
    }
    let mut shown: BTreeMap<Option<String>, ([Rupiah; 3], u64, Rupiah)> = BTreeMap::new();
    for item in view["items"].as_array().unwrap() {
        let not_counted = &item["not_counted"];
        let line = (
            fields.map(|field| money(&item[field])),
            not_counted["records"].as_u64().unwrap(),
            money(&not_counted["amount"]),
        );
        shown.insert(item["agency"].as_str().map(str::to_owned), line);
    }
    let unplaced = &view["unplaced"]["not_counted"];
    if unplaced["records"] != 0 {
        let nothing = fields.map(|_| money(&"0.00".into()));
        shown.insert(None, (nothing, unplaced["records"].as_u64().unwrap(), money(&unplaced["amount"])));
    }
    for (agency, expected) in &expected {
        assert_eq!(shown.get(agency), Some(expected), "{agency:?}");
    }
    assert_eq!(shown.len(), expected.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_person_is_shown_to_a_key_that_may_not_see_persons() {
    let folder = tempfile::tempdir().unwrap();
    let live = Live::synced(folder.path(), true).await;
    let people = std::fs::read_to_string(folder.path().join("world/chkp/pegawai.csv")).unwrap();
    let nips: Vec<&str> = people.lines().skip(1).filter_map(|line| line.split(';').nth(1)).collect();
    // The world plants this one where dates belong.
    let canaries: Vec<&str> = nips.into_iter().filter(|nip| nip.len() == 18).chain(["190001012001011001"]).collect();
    assert!(canaries.len() > 900);

    for path in
        ["quarantine?limit=500", "sources", "runs?limit=500", "records?type=employee&limit=500", "changes?limit=500"]
    {
        let text = live.get(&format!("/api/v1/{path}")).await.unwrap();
        let shown: Vec<_> = canaries.iter().filter(|nip| text.contains(**nip)).collect();
        assert!(shown.is_empty(), "{path} shows {shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_regency_moves_and_its_changes_reach_the_log_within_five_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let live = Live::synced(folder.path(), false).await;
    for round in 0..4 {
        let before = live.json("/api/v1/digest").await["log_head"].clone();
        wait_until(&format!("change {round}"), Duration::from_secs(5), async || {
            live.json("/api/v1/digest").await["log_head"] != before
        })
        .await;
    }
}
