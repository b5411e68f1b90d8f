//! INAPROC, ISB, SPSE and the exports of their data.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use super::site::{Asked, serve};
use super::{broken, counts, lay, read, rig, sum};

fn package(code: u64, ceiling: &Value, method: &str) -> Value {
    json!({
        "kd_rup": code, "kd_satker": 182_444, "kd_satker_str": "2.16.0.00.0.00.01.0000", "tahun_anggaran": 2026,
        "nama_paket": format!("Paket {code}"), "pagu": ceiling, "kd_metode_pengadaan": method,
        "jenis_pengadaan": "Barang;Barang", "tgl_awal_kontrak": "2026-03-04", "tgl_akhir_kontrak": "0001-01-01",
        "tgl_pengumuman_paket": "2026-01-20T09:13:57.916Z", "nip_ppk": "***************001", "nama_ppk": "H**** P******",
        "status_aktif_rup": true, "status_delete_rup": false,
    })
}

/// The gateway: a token, two pages of packages, one of everything else.
fn gateway(asked: &Asked) -> (u16, String) {
    if asked.authorization != "Bearer kunci" {
        let error = json!({"success": false, "error": {"code": "UNAUTHORIZED", "message": "token tidak dikenal"}});
        return (401, error.to_string());
    }
    assert_eq!((asked.query["kode_klpd"].as_str(), asked.query["tahun"].as_str()), ("D902", "2026"));
    assert_eq!(asked.query["limit"], "500");
    let cursor = asked.query.get("cursor").map(String::as_str);
    let (data, next) = match (asked.path.as_str(), cursor) {
        ("/api/v1/rup/paket-penyedia-terumumkan", None) => (
            vec![
                package(64_480_001, &json!(150_000_000), "9"),
                package(64_480_002, &json!("9007199254740993.50"), "8"),
                package(64_480_003, &json!(1_000), "99"),
            ],
            Some("YQ=="),
        ),
        ("/api/v1/rup/paket-penyedia-terumumkan", Some("YQ==")) => {
            (vec![package(64_480_004, &json!(2), "13"), package(64_480_005, &Value::Null, "13")], None)
        }
        ("/api/v1/rup/paket-swakelola-terumumkan", None) => (
            vec![json!({
                "kd_rup": 42_496_468, "kd_satker_str": "3.27.0.00.0.00.01.0000", "nama_paket": "Pelatihan",
                "pagu": 245_000_000, "status_aktif_rup": false, "tahun_anggaran": 2026, "nip_ppk": null,
            })],
            None,
        ),
        ("/api/v1/tender/pengumuman", None) => (
            vec![json!({
                "kd_tender": 10_080_116_000_u64, "kd_satker_str": "1.03.0.00.0.00.01.0000", "tahun_anggaran": 2026,
                "kd_rup": "64480003;64480004", "nama_paket": "Rehabilitasi", "pagu": 2_500_000_000_u64, "hps": 2_487_350_000_u64,
                "mtd_pemilihan": "Tender", "status_tender": "Selesai", "versi_tender": 1,
                "tgl_pengumuman_tender": "2026-03-02T10:00:00Z", "nip_pokja": "****", "nama_pokja": "A****",
            })],
            None,
        ),
        ("/api/v1/tender/non-tender-pengumuman", None) => (
            vec![json!({
                "kd_nontender": 10_942_236_000_u64, "kd_satker_str": "1.02.0.00.0.00.01.0005", "tahun_anggaran": 2026,
                "kd_rup": "64482894", "nama_paket": "Paket Data", "pagu": 3_800_000, "hps": 3_750_000.5,
                "mtd_pemilihan": "Undian", "status_nontender": "Selesai", "versi_nontender": 1,
                "tgl_pengumuman_nontender": "0001-01-01T00:00:00Z",
            })],
            None,
        ),
        ("/api/v1/ekatalog/paket-e-purchasing", None) => (
            vec![
                order("EP-01", "COMPLETED", &json!(12_500_000)),
                order("EP-02", "CANCELLED", &json!(1)),
                order("EP-03", "ON_PROCESS", &json!("-")),
            ],
            None,
        ),
        other => panic!("nobody asks for {other:?}"),
    };
    let answer =
        json!({"success": true, "data": data, "meta": {"limit": 500, "has_more": next.is_some(), "cursor": next}});
    (200, answer.to_string())
}

fn order(id: &str, status: &str, total: &Value) -> Value {
    json!({
        "order_id": id, "order_date": "2026-03-02T10:00:00Z", "status": status, "total": total, "total_qty": 5,
        "count_product": 1, "fiscal_year": 2026, "funding_source": "APBD", "kode_satker": 182_444, "nama_satker": "Dinas",
        "kode_penyedia": 400_121, "rekan_id": 7, "rup_code": 64_480_001, "rup_name": "Belanja Modal Personal Computer",
        "shipment_status": "DELIVERED", "shipping_fee": 0,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_read_to_its_last_page() {
    let mut rig = rig("inaproc-v1.yaml", &[]);
    rig.set("MUARA_INAPROC_URL", format!("{}/api/v1", serve(gateway).await));
    rig.set("MUARA_INAPROC_TOKEN", "kunci");

    let reports = read(&mut rig).await;

    assert_eq!(counts(&reports, "paket-penyedia"), (3, 2, 0));
    assert_eq!(sum(&rig, "paket-penyedia", "ceiling"), 15_000_000_000 + 900_719_925_474_099_350 + 200);
    assert_eq!(broken(&rig, "paket-penyedia"), ["64480003 /method", "64480005 /ceiling"]);
    assert_eq!((counts(&reports, "paket-swakelola"), counts(&reports, "tender")), ((1, 0, 0), (1, 0, 0)));
    assert_eq!(
        (counts(&reports, "non-tender"), broken(&rig, "non-tender")),
        ((0, 1, 0), vec!["10942236000 /method".to_owned()])
    );
    assert_eq!((counts(&reports, "e-katalog"), sum(&rig, "e-katalog", "value")), ((1, 1, 1), 1_250_000_000));
    assert_eq!(broken(&rig, "e-katalog"), ["EP-03 /value"]);
    let kept = rig.hub.keep();
    let package = kept.body("paket-penyedia", "64480001").unwrap();
    assert_eq!(
        (&package["kind"], package.get("officer_nip"), package.get("contract_ends_on")),
        (&json!("barang"), None, None)
    );
    assert_eq!(kept.body("tender", "10080116000").unwrap()["rup_codes"], json!(["64480003", "64480004"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_gateway_is_told_and_never_an_empty_list() {
    for (token, says) in [("salah", "E0201"), ("kunci", "E0220")] {
        let address = serve(|asked| {
            if asked.authorization == "Bearer kunci" {
                return (200, json!({"success": false, "error": {"message": "kuota habis"}, "data": []}).to_string());
            }
            gateway(asked)
        });
        let mut rig = rig("inaproc-v1.yaml", &[]);
        rig.set("MUARA_INAPROC_URL", address.await);
        rig.set("MUARA_INAPROC_TOKEN", token);

        let reports = rig.start().await.run_all(true).await;

        for report in reports {
            let failure = report.failure.unwrap_or_default();
            assert!(failure.starts_with(says), "{failure}");
            assert!(token == "salah" || failure.contains("kuota habis"), "{failure}");
        }
    }
}

fn old_tender(code: u64, region: &str, estimate: &str) -> Value {
    json!({
        "tahun_anggaran": 2026, "kd_klpd": region, "kd_lpse": 97, "kd_satker": "4.01.0.00.0.00.01.0000", "kd_tender": code,
        "kd_rup_paket": "30203773", "nama_paket": "Konsultan", "pagu": 384_000_000, "hps": estimate,
        "mtd_pemilihan": "Seleksi", "nama_status_tender": "Aktif", "versi_tender": 1,
        "tgl_pengumuman_tender": "2026-02-19 13:10:00",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn isb_gives_a_year_at_once_behind_a_secret_path() {
    let asked_before = Arc::new(AtomicUsize::new(0));
    let address = serve(move |asked| {
        let feed = asked.path.strip_prefix("/isb-2/api/rahasia-1/json/").expect("the key stands in the path");
        let list = match feed {
            "1001/RUP-PaketPenyedia-Terumumkan/tipe/4:12/parameter/2026:D902" => {
                if asked_before.fetch_add(1, Ordering::Relaxed) == 0 {
                    return (200, "Too Many Requests".to_owned());
                }
                let mut package = package(52_100_001, &json!("12500000"), "9");
                package["tgl_pengumuman_paket"] = json!("2026-01-20 09:13:57");
                package["status_aktif_rup"] = json!("true");
                json!([package])
            }
            "1002/SPSE-TenderPengumuman/tipe/4:4/parameter/2026:97" => json!([
                old_tender(7_794_097, "D902", "383999999.75"),
                old_tender(7_795_097, "D902", "-"),
                old_tender(7_796_097, "D903", "1"),
            ]),
            "1003/SPSE-NonTenderSelesai/tipe/4:4/parameter/2026:97" => json!([{
                "tahun_anggaran": 2026, "kd_klpd": "D902", "kd_satker": "1.03.0.00.0.00.06.0000", "kd_nontender": 19_927_097,
                "kd_rup_paket": "31646445", "nama_paket": "Perencanaan", "pagu": 100_000_000, "hps": 99_990_000,
                "nilai_penawaran": 99_489_500, "nilai_negosiasi": 99_489_000, "nilai_kontrak": null,
                "metode_pengadaan": "Pengadaan Langsung", "tanggal_pengumuman_nontender": "2026-01-05 23:00:00",
                "kd_penyedia": 400_121, "nama_penyedia": "CV Contoh", "npwp_penyedia": "x-masked",
            }]),
            other => panic!("nobody asks for {other}"),
        };
        (200, format!("\u{feff}{list}"))
    });
    let mut rig = rig("isb-legacy.yaml", &[]);
    rig.set("MUARA_ISB_URL", format!("{}/isb-2/api", address.await));
    rig.set("MUARA_ISB_KEY", "rahasia-1");

    let reports = read(&mut rig).await;

    assert_eq!(
        (counts(&reports, "paket-penyedia"), sum(&rig, "paket-penyedia", "ceiling")),
        ((1, 0, 0), 1_250_000_000)
    );
    assert_eq!(
        (counts(&reports, "tender-pengumuman"), sum(&rig, "tender-pengumuman", "estimate")),
        ((1, 1, 1), 38_399_999_975)
    );
    assert_eq!(broken(&rig, "tender-pengumuman"), ["7795097 /estimate"]);
    let kept = rig.hub.keep();
    assert_eq!(kept.body("non-tender-selesai", "19927097").unwrap()["winner"]["amount"], json!("99489000.00"));
    assert!(kept.pages.iter().flat_map(|page| &page.records).all(|record| !record.pointer.contains("rahasia")));
}

#[tokio::test(flavor = "multi_thread")]
async fn spse_shows_arrays_a_hundred_at_a_time() {
    let address = serve(|asked| {
        assert_eq!((asked.path.as_str(), asked.query["length"].as_str()), ("/eproc4/dt/lelang", "100"));
        let start: usize = asked.query["start"].parse().unwrap();
        let rows: Vec<Value> = (start..(start + 100).min(103))
            .map(|number| {
                let badge = if number == 0 { " <span class='label label-warning'>Tender Ulang</span>" } else { "" };
                let estimate = match number {
                    0 => "151,4 Jt",
                    1 => "1,2 M",
                    2 => "",
                    _ => "Rp 1.000,50",
                };
                json!([
                    (571_000 + number).to_string(),
                    format!("Paket {number}{badge}"),
                    "Pemerintah Daerah",
                    "Tender Sudah Selesai",
                    estimate,
                    "Pascakualifikasi Satu File",
                    "Lelang Umum",
                    "Harga Terendah Sistem Gugur",
                    "Pengadaan Barang - TA 2026",
                    "4",
                    "Nilai Kontrak belum dibuat",
                    "1",
                    null,
                    "0"
                ])
            })
            .collect();
        (
            200,
            json!({"draw": "1", "recordsTotal": 2_147_483_647, "recordsFiltered": 2_147_483_647, "data": rows})
                .to_string(),
        )
    });
    let mut rig = rig("spse-datatables.yaml", &[]);
    rig.set("MUARA_SPSE_URL", format!("{}/eproc4", address.await));

    let reports = read(&mut rig).await;

    assert_eq!(
        (counts(&reports, "tender"), broken(&rig, "tender")),
        ((102, 1, 0), vec!["571002 /estimate".to_owned()])
    );
    assert_eq!(sum(&rig, "tender", "estimate"), 15_140_000_000 + 120_000_000_000 + 100 * 100_050);
    let first = rig.hub.keep().body("tender", "571000").unwrap();
    assert_eq!((&first["name"], &first["version"]), (&json!("Paket 0"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_legacy_feeds_are_served_as_they_are() {
    let address = serve(|asked| {
        let list = match asked.path.as_str() {
            "/Legacy_rup_master-satker_2026.json" => json!([{
                "kd_satker": 97_672, "kd_satker_str": "1.02.0.00.0.00.01.0001", "nama_satker": "RSUD",
                "ket_satker": "Satker/OPD BLU/BLUD", "status_satker": "Aktif",
            }]),
            "/Legacy_rup_program-master_2026.json" => json!([
                {"kd_program": 1, "kd_program_str": "2.13.04", "kd_satker": 104_564, "nama_program": "PROGRAM", "pagu_program": 198_853_100, "tahun_anggaran": 2026},
                {"kd_program": 2, "kd_program_str": "2.13.05", "kd_satker": 104_564, "nama_program": "PROGRAM", "pagu_program": "-", "tahun_anggaran": 2026},
            ]),
            "/Legacy_rup_struktur-anggaran-pd_2026.json" => json!([
                {"kd_satker": 83_087, "kd_satker_str": "2.15.0.00.0.00.01.0000", "tahun_anggaran": 2026, "total_belanja": 11_089_866_000_u64},
            ]),
            "/Legacy_rup_paket-swakelola-terumumkan_2026.json" => json!([{
                "kd_rup": 42_496_468, "kd_satker_str": "3.27.0.00.0.00.01.0000", "nama_paket": "Kursus", "pagu": 245_000_000,
                "status_aktif_rup": true, "tahun_anggaran": 2026, "nip_ppk": "***************001",
            }]),
            other => panic!("nobody asks for {other}"),
        };
        (200, format!("\u{feff}{list}"))
    });
    let mut rig = rig("kobar-rup.yaml", &[]);
    rig.set("MUARA_KOBAR_URL", address.await);

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "satker"), counts(&reports, "programs")), ((1, 0, 0), (1, 1, 0)));
    assert_eq!((sum(&rig, "programs", "ceiling"), sum(&rig, "swakelola", "ceiling")), (19_885_310_000, 24_500_000_000));
    assert_eq!(
        rig.hub.keep().body("spending", "2026|83087").map(|body| body["target"].clone()),
        Some(json!("11089866000"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_programs_has_its_columns_in_any_order() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Data 2025").unwrap();
    let columns = ["pagu_program", "kd_program", "nama_program", "kd_satker", "tahun_anggaran", "kd_program_str"];
    sheet.write_row(0, 0, columns).unwrap();
    sheet.write_row(1, 0, ["3114258000", "2573727", "Dukungan Manajemen", "161828", "2025", "WA"]).unwrap();
    sheet.write_row(2, 0, ["tidak ada", "2573728", "Dukungan Manajemen", "161828", "2025", "WB"]).unwrap();
    book.add_worksheet().set_name("_metadata").unwrap().write_row(0, 0, ["endpoint", "year"]).unwrap();
    let mut rig = rig("kemnaker-rup.yaml", &[]);
    lay(&rig.path("v1_rup_program-master_2025.xlsx"), book.save_to_buffer().unwrap());
    rig.set("MUARA_KEMNAKER_FOLDER", rig.folder.path().display().to_string());

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "programs"), sum(&rig, "programs", "ceiling")), ((1, 1, 0), 311_425_800_000));
}
