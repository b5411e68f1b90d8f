//! Definitions of the catalog on files in the shape of real ones; and on the real ones, where they are at hand.
//!
//! `MUARA_SAMPLES` names a folder with the real files; they are public but not ours to ship.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use muara_connectors::definition::{self, Variables};
use muara_connectors::reader::Reader;
use muara_connectors::runner::{Connector, Options};
use muara_hub::Hub;
use muara_hub::store::rows::Statement;
use muara_schemas::bus::Bus;
use muara_schemas::{Clock, Rupiah};
use muara_tests::wait_until;
use rust_xlsxwriter::Workbook;
use serde_json::json;
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
    let definitions = definition::load(&[file], &variables, &mut muara_connectors::jq::evaluate)
        .unwrap_or_else(|errors| panic!("{}", errors[0]));
    let reader = Reader::at(env!("CARGO_BIN_EXE_muara-under-test"));
    let state = folder.path().join("state.db");
    let options = Options { variables, reader, schedule: false, ..Options::new(hub.bus.clone(), state) };
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
    let samples = std::env::var_os("MUARA_SAMPLES").map(PathBuf::from)?;
    Some(samples.join("indonesia").join(folder)).filter(|folder| folder.is_dir())
}

fn rupiah(whole: i128) -> Rupiah {
    Rupiah::from_cents(whole * 100)
}

async fn kemnaker(folder: &Path) -> Synced {
    sync("kemnaker-rup.yaml", Variables::closed().with("MUARA_KEMNAKER_FOLDER", folder.display().to_string())).await
}

async fn kobar(folder: PathBuf) -> Synced {
    sync("kobar-rup.yaml", Variables::closed().with("MUARA_KOBAR_URL", serve(folder).await)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ministrys_program_workbook_sums_to_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Keterangan").unwrap().write(0, 0, "Daftar program").unwrap();
    let sheet = book.add_worksheet().set_name("Data 2025").unwrap();
    // The columns come in another order each time, some of them of no interest; a ceiling is a number or a text.
    let head = [
        "nama_program",
        "is_deleted",
        "kd_satker",
        "pagu_program",
        "kd_program",
        "tahun_anggaran",
        "kd_klpd",
        "kd_program_str",
    ];
    sheet.write_row(0, 0, head).unwrap();
    for (row, (number, ceiling)) in (1_u32..).zip([(1, 3_114_258_000.0), (2, 0.0), (3, 999_999_999_999_999.0)]) {
        sheet.write(row, 0, format!("Program {number}")).unwrap();
        sheet.write(row, 1, false).unwrap();
        sheet.write_row(row, 2, [161_828.0, ceiling, f64::from(number), 2025.0]).unwrap();
        sheet.write_row(row, 6, ["K34", "WA"]).unwrap();
    }
    for (row, ceiling) in [(4, "9007199254740993"), (5, "-")] {
        sheet
            .write_row(row, 0, ["Program teks", "FALSE", "161828", ceiling, &format!("{row}"), "2025", "K34", "WA"])
            .unwrap();
    }
    book.save(folder.path().join("v1_rup_program-master_2025.xlsx")).unwrap();

    let synced = kemnaker(folder.path()).await;

    assert_eq!(
        synced.of("programs", "ceiling").await,
        (4, rupiah(3_114_258_000 + 999_999_999_999_999 + 9_007_199_254_740_993))
    );
    assert_eq!(synced.quarantined().await, 1, "a ceiling that is no number");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_poll_of_a_legacy_gateway_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let feed = |name: &str, rows: serde_json::Value| {
        let text = format!("\u{feff}{rows}");
        std::fs::write(folder.path().join(format!("Legacy_rup_{name}_2026.json")), text).unwrap();
    };
    let satker = |number: u32, sort: &str| json!({"kd_satker": number, "kd_satker_str": "1.02.0.00.0.00.01.0000", "nama_satker": "Dinas", "ket_satker": sort, "status_satker": "Aktif"});
    feed(
        "master-satker",
        json!([satker(1, "Satker/OPD Non-BLU/BLUD"), satker(2, "Satker/OPD BLU/BLUD"), satker(3, "Lain")]),
    );
    let program = |number: u32, ceiling: u64| json!({"is_deleted": false, "kd_program": number, "kd_program_str": "2.13.04", "kd_satker": 104_564, "nama_program": "PROGRAM", "pagu_program": ceiling, "tahun_anggaran": 2026});
    feed("program-master", json!([program(1, 198_853_100), program(2, 0), program(3, 9_007_199_254_740_993)]));
    feed(
        "struktur-anggaran-pd",
        json!([{"belanja_operasi": 1, "kd_satker": 83_087, "kd_satker_str": "2.15.0.00.0.00.01.0000", "tahun_anggaran": 2026, "total_belanja": 11_089_866_000_u64}]),
    );
    feed(
        "paket-swakelola-terumumkan",
        json!([{"kd_rup": 42_496_468, "kd_satker_str": "3.27.0.00.0.00.01.0000", "nama_paket": "Belanja Kursus", "pagu": 245_000_000, "status_aktif_rup": true, "tahun_anggaran": 2026, "tgl_akhir_pelaksanaan_kontrak": "2026-08-01", "tgl_awal_pelaksanaan_kontrak": "2026-06-01", "tgl_pengumuman_paket": "2026-02-20T09:13:57.916Z"}]),
    );

    let synced = kobar(folder.path().to_owned()).await;

    assert_eq!(synced.of("satker", "name").await.0, 2);
    assert_eq!(synced.of("programs", "ceiling").await, (3, rupiah(198_853_100 + 9_007_199_254_740_993)));
    assert_eq!(synced.of("spending", "target").await, (1, rupiah(11_089_866_000)));
    assert_eq!(synced.of("swakelola", "ceiling").await, (1, rupiah(245_000_000)));
    assert_eq!(synced.quarantined().await, 1, "an agency of an unknown sort");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_files_give_their_right_answers() {
    let (Some(ministry), Some(regency)) = (real("kemnaker-inaproc"), real("kotawaringin-barat-2026/2026-04-22")) else {
        eprintln!("MUARA_SAMPLES names no folder of real files: only files of the same shape are tested");
        return;
    };
    let synced = kemnaker(&ministry).await;
    assert_eq!(synced.of("programs", "ceiling").await, (88, rupiah(14_341_959_398_000)));
    assert_eq!(synced.quarantined().await, 0);

    let synced = kobar(regency).await;
    assert_eq!(synced.of("satker", "name").await.0, 121);
    assert_eq!(synced.of("programs", "ceiling").await, (248, rupiah(620_423_129_612)));
    assert_eq!(synced.of("spending", "target").await, (58, rupiah(477_965_202_323)));
    assert_eq!(synced.of("swakelola", "ceiling").await, (50, rupiah(54_992_209_134)));
    assert_eq!(synced.quarantined().await, 0);
}
