//! SIPD: the portal by its API, and its workbook.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Query;
use axum::http::{StatusCode, Uri, header};
use axum::response::IntoResponse;
use rust_xlsxwriter::{Formula, Workbook};
use serde_json::{Value, json};

use super::ledger::{bodies, broken, lay, row, sum};
use super::{counts, read, rig};

const AGENCY: &str = "1.02.0.00.0.00.01.0000";
/// Columns of the report that are known, as the portal names them.
const COLUMNS: &str = "kode_skpd nama_skpd kode_sub_skpd nama_sub_skpd kode_fungsi nama_fungsi kode_sub_fungsi nama_sub_fungsi kode_urusan nama_urusan \
kode_bidang_urusan nama_bidang_urusan kode_program nama_program kode_giat nama_giat kode_sub_giat nama_sub_giat kode_rekening nama_rekening nomor_dokumen \
jenis_dokumen jenis_transaksi nomor_dpt tanggal_dokumen keterangan_dokumen nilai_realisasi nilai_setoran nip_pegawai nama_pegawai tanggal_simpan nomor_spd \
periode_spd nilai_spd_detail tahap_spd nama_sub_tahap_jadwal status_tahap_apbd nomor_spp tanggal_spp nomor_spm tanggal_spm nomor_sp2d tanggal_sp2d \
tanggal_sp2d_transfer nilai_sp2d";

type Asked = std::collections::BTreeMap<String, String>;

fn document(number: &str, day: &str, kind: &str, amount: &str) -> Value {
    json!({"kode_sub_skpd": AGENCY, "kode_sub_giat": "1.02.02.2.02.0008", "kode_rekening": "5.1.02.01.01.0024",
        "jenis_dokumen": "SP2D", "jenis_transaksi": kind, "nomor_dokumen": number, "tanggal_dokumen": day,
        "tanggal_simpan": day, "nilai_realisasi": amount})
}

/// The report of a month gives the months before as well.
fn report(month: &str) -> Value {
    let mut rows = vec![
        document("UP-1", "2026-01-05", "UP", "500000000"),
        document("A", "2026-01-28", "LS", "9007199254740993.25"),
        document("C", "0001-01-01", "LS", "1"),
    ];
    if month != "1" {
        rows.pop();
        rows.push(document("B", "2026-02-03 00:00:00", "GU", "1500000"));
        rows.push(document("D", "2026-02-04", "LS", "Rp 5"));
    }
    Value::Array(rows)
}

fn payments(page: &str) -> Value {
    let order = |id: &str, transferred: &str, day: &str| {
        json!({"id_sp_2_d": id, "id_spm": id, "jenis_sp_2_d": "LS", "jenis_ls_sp_2_d": "gaji", "kode_sub_skpd": AGENCY,
            "nilai_sp_2_d": "116338787", "nomor_sp_2_d": format!("S-{id}"), "tanggal_sp_2_d": "2026-02-07 00:00:00",
            "nomor_spm": "M", "tanggal_spm": "0001-01-01 00:00:00", "is_transfer_sp_2_d": transferred, "transfer_sp_2_d_at": day})
    };
    match page {
        "1" => json!([order("9007199254740993", "1", "2026-02-09 10:11:12"), order("2", "0", "0001-01-01 00:00:00")]),
        _ => json!([order("3", "1", "0001-01-01 00:00:00")]),
    }
}

/// A portal that is full when it is first asked.
async fn portal() -> String {
    static ASKED: AtomicBool = AtomicBool::new(false);
    let app = Router::new().fallback(|uri: Uri, Query(asked): Query<Asked>| async move {
        if !ASKED.swap(true, Ordering::Relaxed) {
            return (StatusCode::OK, "Too Many Requests").into_response();
        }
        let of = |name: &str| asked.get(name).map_or("1", String::as_str);
        let (total, rows) = match uri.path() {
            path if path.ends_with("/realisasi/cetak") => ("0", report(of("bulan"))),
            path if path.contains("/sp2d/") => ("3", payments(of("page"))),
            path if path.contains("/spm/") => ("2", json!([
                {"idSpm": 2, "idSp2d": 2, "kode_sub_skpd": AGENCY},
                {"idSpm": 4, "idSp2d": 0, "kode_sub_skpd": AGENCY, "tanggalSpm": "2026-02-06", "jenisSpm": "GU", "nilaiSpm": 5, "nomorSpm": "M-4", "status": "final",
                 "detail_belanja": [{"kode_sub_giat": "1.02.02.2.02.0008", "kode_rekening": "5.1.02.01.01.0024", "jumlah": "5.00"}]},
            ])),
            path if path.contains("/spp/") => ("1", json!([
                {"idSpp": 4, "kode_sub_skpd": AGENCY, "tanggalSpp": "2026-02-06", "jenisSpp": "GU", "nilaiSpp": "7", "nomorSpp": "P-4", "status": "ditolak"},
            ])),
            path if path.ends_with("/penarikan/belanja") => {
                let mut line = json!({"kode_sub_skpd": AGENCY, "tahun": "2026", "kode_sub_giat": "1.02.02.2.02.0008", "kode_akun": "5.1.02.01.01.0024", "total_akb": "166081537531.96"});
                (1..=12).for_each(|month| line[format!("bulan_{month}")] = json!(if month == 3 { "166081537531.96" } else { "0" }));
                ("0", json!([line]))
            }
            _ => ("2", json!([
                {"id_rinci_sub_bl": 9_007_199_254_740_993_u64, "kode_sub_skpd": AGENCY, "tahun": "2026", "kode_sub_giat": "1.02.02.2.02.0008", "kode_akun": "5.1.02.01.01.0024", "kode_dana": "1.1.01", "nama_sub_tahap": "APBD Murni", "is_locked": "1", "rincian": "12500000.50"},
                {"id_rinci_sub_bl": 9_007_199_254_740_992_u64, "kode_sub_skpd": AGENCY, "tahun": "2026", "kode_sub_giat": "1.02.02.2.02.0008", "kode_akun": "5.1.02.01.01.0024", "kode_dana": "1.1.01", "nama_sub_tahap": "Perubahan", "is_locked": "1", "rincian": "1"},
            ])),
        };
        ([(header::CONTENT_TYPE, "application/json"), (header::HeaderName::from_static("x-pagination-total-count"), total)], json!({"data": rows}).to_string()).into_response()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn every_module_of_the_portal_is_read_to_the_rupiah() {
    let mut rig = rig("sipd.yaml", &[]);
    rig.set("MUARA_SIPD_URL", portal().await);
    rig.set("MUARA_SIPD_TOKEN", "rahasia");
    rig.set("MUARA_SIPD_SKPD", "529");

    let reports = read(&mut rig).await;

    // Of January a document without a day waits; of February one whose amount is a remark. What other months repeat is left out.
    assert_eq!(counts(&reports, "realisasi-01"), (1, 1, 1));
    assert_eq!(counts(&reports, "realisasi-02"), (1, 1, 2));
    assert_eq!(counts(&reports, "realisasi-12"), (0, 0, 4));
    assert_eq!((sum(&rig, "realisasi-01"), sum(&rig, "realisasi-02")), (900_719_925_474_099_325, 150_000_000));
    assert_eq!((counts(&reports, "dpa"), sum(&rig, "dpa")), ((1, 1, 0), 1_250_000_050));
    assert_eq!(bodies(&rig, "rak")[0]["months"][2], "166081537531.96");
    assert_eq!(
        (counts(&reports, "spp"), counts(&reports, "spm"), counts(&reports, "sp2d")),
        ((1, 0, 0), (1, 0, 1), (2, 1, 0))
    );
    assert_eq!(bodies(&rig, "spm")[0]["lines"][0]["amount"], "5.00");
    let paid: Vec<_> =
        bodies(&rig, "sp2d").iter().map(|body| (body["document_id"].clone(), body["status"].clone())).collect();
    assert_eq!(paid, [(json!("spm-2"), json!("sp2d")), (json!("spm-9007199254740993"), json!("transferred"))]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portals_workbook_is_read_without_its_total() {
    let mut rig = rig("sipd-realisasi-xlsx.yaml", &[]);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let columns: Vec<&str> = COLUMNS.split_whitespace().collect();
    row(sheet, 0, &columns);
    let mut place = 0;
    let mut line = |sheet: &mut rust_xlsxwriter::Worksheet, number: &str, kind: &str, day: &str, amount: &str| {
        place += 1;
        let cells: Vec<&str> = columns
            .iter()
            .map(|column| match *column {
                "kode_sub_skpd" => AGENCY,
                "kode_sub_giat" => "1.02.02.2.02.0008",
                "kode_rekening" => "5.1.02.01.01.0024",
                "jenis_dokumen" => "SP2D",
                "nomor_dokumen" => number,
                "jenis_transaksi" => kind,
                "tanggal_dokumen" => day,
                "nilai_realisasi" => amount,
                _ => "",
            })
            .collect();
        row(sheet, place, &cells);
    };
    line(sheet, "A", "LS", "07/03/2026", "423794525.5");
    line(sheet, "B", "GU", "2026-03-08", "Rp 1.250.000,50");
    line(sheet, "UP", "UP", "2026-03-08", "500000000");
    line(sheet, "C", "LS", "2026-03-09", "");
    line(sheet, "", "", "", "425044526");
    let amount = u16::try_from(columns.iter().position(|name| *name == "nilai_realisasi").unwrap()).unwrap();
    sheet.write_formula(4, amount, Formula::new("=A99/0").set_result("#REF!")).unwrap();
    lay(&mut rig, "MUARA_SIPD_FOLDER", "Realisasi_2026_03_dinkes.xlsx", book.save_to_buffer().unwrap());

    let reports = read(&mut rig).await;

    assert_eq!((columns.len(), counts(&reports, "realisasi"), sum(&rig, "realisasi")), (45, (2, 1, 2), 42_504_452_600));
    assert_eq!(broken(&rig, "realisasi"), ["Realisasi_2026_03_dinkes.xlsx#Sheet1!A5 E0324"]);
    assert_eq!(bodies(&rig, "realisasi")[0]["recognised_on"], "2026-03-07");
    rig.stop().await;
}
