//! Payments of WP-SIPD, indicators of BPS, physical progress.

use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};

use super::site::serve;
use super::{broken, counts, lay, read, rig, sum};

fn payment(id: &str, amount: &str, kind: &str, transferred: Option<&str>) -> Value {
    json!({
        "id_sp_2_d": id, "id_spm": "20523", "tahun_anggaran": "2026", "jenis_sp_2_d": kind, "jenis_ls_sp_2_d": "gaji",
        "nilai_sp_2_d": amount, "nomor_sp_2_d": format!("33.02/04.0/{id}/{kind}/2.19.3.26.0.00.01.0000/M/2/2026"),
        "tanggal_sp_2_d": "2026-02-07 00:00:00", "nomor_spm": "", "tanggal_spm": "0001-01-01 00:00:00",
        "keterangan_sp_2_d": "Gaji", "is_transfer_sp_2_d": if transferred.is_some() { "1" } else { "0" },
        "transfer_sp_2_d_at": transferred.unwrap_or("0001-01-01 00:00:00"), "kode_sub_skpd": "2.19.3.26.0.00.01.0000",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn wp_sipd_answers_a_form_with_texts() {
    let address = serve(|asked| {
        assert_eq!(asked.path, "/wp-admin/admin-ajax.php");
        assert_eq!(asked.body, "api_key=kunci&action=get_sp2d_sipd&tahun_anggaran=2026&id_skpd=529");
        let data = json!([
            payment("13902", "116338787", "LS", Some("2026-02-09 10:11:12")),
            payment("13903", "250000000.50", "UP", None),
            payment("13904", "1.250.000", "LS", None),
        ]);
        (200, json!({"status": "success", "message": "Berhasil get data", "data": data}).to_string())
    });
    let mut rig = rig("wp-sipd.yaml", &[]);
    rig.set("MUARA_WP_SIPD_URL", address.await);
    rig.set("MUARA_WP_SIPD_KEY", "kunci");

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "sp2d"), broken(&rig, "sp2d")), ((2, 1, 0), vec!["13904 /amount".to_owned()]));
    assert_eq!(sum(&rig, "sp2d", "amount"), 11_633_878_700 + 25_000_000_050);
    let kept = rig.hub.keep();
    assert_eq!(kept.body("sp2d", "13902").unwrap()["transferred_at"], json!("2026-02-09T10:11:12+07:00"));
    let waiting = kept.body("sp2d", "13903").unwrap();
    assert_eq!((&waiting["status"], waiting.get("spm"), waiting.get("transferred_on")), (&json!("sp2d"), None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_wp_sipd_has_status_200_and_fails_all_the_same() {
    let refused = json!({"status": "error", "message": "APIKEY tidak sesuai!", "data": []}).to_string();
    let address = serve(move |_| (200, refused.clone()));
    let mut rig = rig("wp-sipd.yaml", &[]);
    rig.set("MUARA_WP_SIPD_URL", address.await);
    rig.set("MUARA_WP_SIPD_KEY", "salah");

    let failure = rig.try_run(true).await.failure.unwrap_or_default();

    assert!(failure.contains("APIKEY tidak sesuai!") && !failure.contains("salah"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_bps_gives_a_record_for_each_figure() {
    let mut rig = rig("bps-indicator.yaml", &[]);
    let head = "Kabupaten Kota,Tahun,Sum of IPM,Sum of Presentasi_penduduk_miskin,Pengeluaran_perkapita,Sum of Rata_rata_lama_sekolah,Kategori_IPM";
    let rows = "Asahan,2022,71.13,8.64,11515,8.82,Tinggi\nAsahan,2023,71.80,n/a,-,,Tinggi\nKota Medan,2023,82.19,8.00,15300,11.50,Sangat Tinggi\n";
    lay(&rig.path("berkas/ipm.csv"), format!("\u{feff}{head}\n{rows}"));
    rig.set("MUARA_BPS_FOLDER", rig.path("berkas").display().to_string());

    let reports = read(&mut rig).await;

    assert_eq!(
        (counts(&reports, "makro"), broken(&rig, "makro")),
        ((5, 1, 4), vec!["Asahan|2023|kemiskinan /value".to_owned()])
    );
    let kept = rig.hub.keep();
    let value = |key: &str| kept.body("makro", key).unwrap()["value"].clone();
    assert_eq!(
        [value("Asahan|2022|ipm"), value("Asahan|2023|ipm"), value("Asahan|2022|pengeluaran-per-kapita")],
        [json!("71.13"), json!("71.8"), json!("11515")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_two_rows_names_months() {
    let mut rig = rig("physical-progress.yaml", &[]);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "LAPORAN PROGRES FISIK").unwrap();
    let plain = Format::new();
    for (column, name) in ["No", "Kode RUP", "Nama Paket"].iter().enumerate() {
        let column = u16::try_from(column).unwrap();
        sheet.merge_range(3, column, 4, column, name, &plain).unwrap();
    }
    for (number, month) in ["Januari", "Februari", "Maret"].iter().enumerate() {
        let column = u16::try_from(3 + 2 * number).unwrap();
        sheet.merge_range(3, column, 3, column + 1, month, &plain).unwrap();
        sheet.write_row(4, column, ["Rencana", "Realisasi"]).unwrap();
    }
    sheet.merge_range(3, 9, 4, 9, "Kendala", &plain).unwrap();
    sheet.write_row(5, 0, ["1", "64480003", "Jalan", "10", "12,5 %", "40", "38.25", "100", "", "Hujan"]).unwrap();
    sheet.write_row(6, 0, ["2", "64480004", "Jembatan", "5", "0", "20", "104", "50", "", ""]).unwrap();
    sheet.write(6, 3, 5.5).unwrap();
    sheet.write(7, 0, "JUMLAH").unwrap();
    lay(&rig.path("berkas/bulanan/Fisik_2028_1.03.0.00.0.00.01.0000.xlsx"), book.save_to_buffer().unwrap());
    dated(&rig.path("berkas/tanggal/Fisik_2026_1.03.0.00.0.00.01.0000.xlsx"));
    rig.set("MUARA_PROGRESS_FOLDER", rig.path("berkas").display().to_string());

    let reports = read(&mut rig).await;

    assert_eq!(counts(&reports, "bulanan"), (3, 1, 0));
    assert_eq!(broken(&rig, "bulanan"), ["2028|1.03.0.00.0.00.01.0000|64480004|02 /actual"]);
    let kept = rig.hub.keep();
    let told = |stream: &str| -> Vec<String> {
        let bodies = kept.keys(stream).into_iter().map(|key| kept.body(stream, &key).unwrap());
        let text = |body: &Value, field: &str| body[field].as_str().unwrap_or("-").to_owned();
        bodies
            .map(|body| ["subject", "date", "planned", "actual", "problem"].map(|field| text(&body, field)).join(" "))
            .collect()
    };
    assert_eq!(
        told("bulanan"),
        ["64480003 2028-01-31 10 12.5 Hujan", "64480003 2028-02-29 40 38.25 Hujan", "64480004 2028-01-31 5.5 0 -"]
    );
    assert_eq!(
        (counts(&reports, "tanggal"), told("tanggal")),
        ((2, 1, 0), vec!["64480003 2026-06-30 40 38.25 -".to_owned(), "64480003 2026-07-31 58 52.5 Hujan".to_owned(),])
    );
}

/// A row for a package and a date; the package's cell is merged over its rows.
fn dated(path: &std::path::Path) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let plain = Format::new();
    for (column, name) in [(0, "Kode RUP"), (1, "Tanggal"), (4, "Kendala")] {
        sheet.merge_range(0, column, 1, column, name, &plain).unwrap();
    }
    sheet.merge_range(0, 2, 0, 3, "Fisik (%)", &plain).unwrap();
    sheet.write_row(1, 2, ["Rencana", "Realisasi"]).unwrap();
    sheet.merge_range(2, 0, 3, 0, "64480003", &plain).unwrap();
    sheet.write_row(2, 1, ["30/06/2026", "40", "38,25"]).unwrap();
    sheet.write_row(3, 1, ["31 Juli 2026", "58 %", "52,5 %", "Hujan"]).unwrap();
    sheet.write_row(4, 0, ["64480005", "2026-07-31", "58", "", ""]).unwrap();
    lay(path, book.save_to_buffer().unwrap());
}
