//! Definitions of the catalog on files in the shape of real ones; and on the real ones, where they are at hand.
//!
//! `MUARA_SAMPLES` names a folder with the real files; they are public but not ours to ship.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use muara_connectors::definition::{self, Variables};
use muara_connectors::runner::{Connector, Options};
use muara_hub::Hub;
use muara_hub::store::rows::Statement;
use muara_schemas::bus::Bus;
use muara_schemas::{Clock, Rupiah};
use muara_tests::wait_until;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A hub with one catalog definition, synced once.
struct Synced {
    hub: Hub,
    _folder: tempfile::TempDir,
}

async fn sync(definition: &str, variables: Variables) -> Synced {
    let folder = tempfile::tempdir().unwrap();
    let (tasks, token) = (TaskTracker::new(), CancellationToken::new());
    let database = format!("sqlite:{}", folder.path().join("muara.db").display());
    let hub = Hub::open(&database, Bus::local(), Clock::system()).await.unwrap();
    hub.start(Default::default(), &tasks, &token);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors/catalog").join(definition);
    let definitions = definition::load(&[file], &variables).unwrap_or_else(|errors| panic!("{}", errors[0]));
    let options =
        Options { variables, schedule: false, ..Options::new(hub.bus.clone(), folder.path().join("state.db")) };
    let connectors = Connector::spawn(&definitions, options, token.clone()).await.unwrap();
    for report in connectors.run_all_full().await {
        assert_eq!(report.failure, None, "{}", report.name);
    }
    wait_until("proofs", Duration::from_mins(1), async || {
        let mut tx = hub.db.read().await.unwrap();
        let (open,): (i64,) = Statement::new("select count(*) from streams where proof_state <> 'equal'")
            .fetch_one(&mut tx)
            .await
            .unwrap();
        open == 0 && hub.is_caught_up().await.unwrap()
    })
    .await;
    token.cancel();
    Synced { hub, _folder: folder }
}

impl Synced {
    /// How many live records a stream has, and the sum of one money field.
    async fn of(&self, stream: &str, field: &str) -> (usize, Rupiah) {
        let mut tx = self.hub.db.read().await.unwrap();
        let rows: Vec<(Option<String>,)> = Statement::new(
            "select c.body ->> $2 from records r join streams s on s.stream = r.stream join changes c on c.seq = r.body_seq \
             where s.name = $1 and r.deleted_at is null",
        )
        .bind(stream)
        .bind(field)
        .fetch_all(&mut tx)
        .await
        .unwrap();
        let sum = rows.iter().filter_map(|(text,)| Rupiah::from_decimal(text.as_ref()?).ok()).sum();
        (rows.len(), sum)
    }

    async fn quarantined(&self) -> i64 {
        let mut tx = self.hub.db.read().await.unwrap();
        let (count,): (i64,) =
            Statement::new("select count(*) from quarantine where state = 'open'").fetch_one(&mut tx).await.unwrap();
        count
    }
}

/// Serves a folder of JSON files as a legacy gateway does: whole feeds, each with a byte order mark.
async fn serve(folder: PathBuf) -> String {
    let file = move |path: axum::extract::Path<String>| {
        let file = folder.join(path.0);
        async move { std::fs::read(file).map_err(|_| axum::http::StatusCode::NOT_FOUND) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/{file}", get(file));
    tokio::task::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// The folder of real files, when somebody has named one.
#[expect(clippy::disallowed_methods, reason = "a person names the folder of samples by the environment")]
fn real(folder: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    let samples = std::env::var_os("MUARA_SAMPLES").map_or(beside, PathBuf::from);
    Some(samples.join("indonesia").join(folder)).filter(|folder| folder.is_dir())
}

fn rupiah(whole: i128) -> Rupiah {
    Rupiah::from_cents(whole * 100)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ministrys_program_workbook_sums_to_what_it_says() {
    let Some(folder) = real("kemnaker-inaproc") else {
        eprintln!("MUARA_SAMPLES names no folder of real files: only our own fixtures are tested");
        return;
    };
    let synced =
        sync("kemnaker-rup.yaml", Variables::closed().with("MUARA_KEMNAKER_FOLDER", folder.display().to_string()))
            .await;
    assert_eq!(synced.of("programs", "ceiling").await, (88, rupiah(14_341_959_398_000)));
    assert_eq!(synced.quarantined().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_poll_of_a_regency_is_complete() {
    let Some(folder) = real("kotawaringin-barat-2026/2026-04-22") else {
        eprintln!("MUARA_SAMPLES names no folder of real files: only our own fixtures are tested");
        return;
    };
    let synced = sync("kobar-rup.yaml", Variables::closed().with("MUARA_KOBAR_URL", serve(folder).await)).await;
    assert_eq!(synced.of("satker", "name").await.0, 121);
    assert_eq!(synced.of("programs", "ceiling").await, (248, rupiah(620_423_129_612)));
    assert_eq!(synced.of("spending", "target").await, (58, rupiah(477_965_202_323)));
    assert_eq!(synced.of("swakelola", "ceiling").await, (50, rupiah(54_992_209_134)));
    assert_eq!(synced.quarantined().await, 0);
}
