//! Work logs in databases, workbooks and behind an API, and the employees who write them.

use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};

use super::site::serve;
use super::{broken, counts, lay, read, rig};
use crate::database::Brand;

/// Tables of an application, in the words that all products know; `{zero}` is how each writes a date that is not there.
const TABLES: &str = "create table pegawai (id bigint primary key, nip varchar(30), nama varchar(100), jabatan varchar(100), kode_skpd varchar(30), tahun int, id_atasan bigint, status varchar(20));
create table laporan_kerja_harian (id bigint primary key, id_pegawai bigint, kode_skpd varchar(30), tanggal date, rincian_kegiatan text, hasil_kegiatan text, menit int, status varchar(20), tanggal_status {datetime}, komentar text, diubah {datetime});
insert into pegawai values (3, '19000101 200101 1 003', 'Pegawai 0003', 'Kepala Bidang', '2.16.0.00.0.00.01.0000', 2026, null, 'aktif'),
 (12, '***************012', 'Pegawai 0012', null, '2.16.0.00.0.00.01.0000', 2026, 3, 'cuti'),
 (78, '1900 0101 2001', 'Pegawai 0078', null, '2.16.0.00.0.00.01.0000', 2026, 3, 'aktif');
insert into laporan_kerja_harian values
 (9007199254740993, 12, '2.16.0.00.0.00.01.0000', '2026-10-01', '<p>Menyusun laporan&nbsp;bulanan</p>', '<ul><li>1 laporan</li></ul>', 120, 'disetujui', '2026-10-05 08:00:00', '', '2026-10-05 08:00:00'),
 (8, 12, '2.16.0.00.0.00.01.0000', '2026-10-02', 'Rapat', null, null, 'diajukan', {zero}, null, '2026-10-02 16:00:00'),
 (9, 12, '2.16.0.00.0.00.01.0000', '2026-10-02', 'Rapat panjang', null, 1441, 'diajukan', null, null, '2026-10-02 16:00:00');";

/// The same application on a product.
async fn tables(brand: Brand) {
    let (other, mut database) = brand.rig("    read: {table: pegawai}\n").await;
    let text = TABLES
        .replace("{datetime}", brand.say("timestamp", "datetime", "text"))
        .replace("{zero}", brand.say("null", "'0000-00-00 00:00:00'", "'0000-00-00 00:00:00'"));
    database.exec(brand.say("select 1", "set sql_mode = ''", "select 1")).await;
    database.exec(&text).await;
    let mut rig = rig("chkp-table.yaml", &[]);
    rig.options.clock = crate::rig::standing_clock();
    rig.set("MUARA_CHKP_DATABASE", database.url());

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "pegawai"), broken(&rig, "pegawai")), ((2, 1, 0), vec!["78 /nip".to_owned()]));
    assert_eq!((counts(&reports, "harian"), broken(&rig, "harian")), ((2, 1, 0), vec!["9 /minutes".to_owned()]));
    {
        let kept = rig.hub.keep();
        assert_eq!(kept.body("pegawai", "3").unwrap()["nip"], json!("190001012001011003"));
        assert_eq!(kept.body("pegawai", "12").unwrap().get("nip"), None);
        let entry = kept.body("harian", "9007199254740993").unwrap();
        let told = [&entry["activity"], &entry["output"], &entry["decided_on"]];
        assert_eq!(told, [&json!("Menyusun laporan bulanan"), &json!("1 laporan"), &json!("2026-10-05")]);
        assert_eq!(kept.body("harian", "8").unwrap().get("decided_on"), None);
    }
    database.exec("update laporan_kerja_harian set status = 'ditolak', komentar = 'kurang rinci', diubah = '2026-10-06 09:00:00' where id = 8").await;
    let reports = rig.start().await.run_all(false).await;
    assert_eq!(
        (counts(&reports, "harian").0, rig.hub.keep().body("harian", "8").unwrap()["status"].clone()),
        (1, json!("rejected"))
    );
    rig.stop().await;
    drop(other);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_on_postgresql() {
    tables(Brand::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_on_mariadb() {
    tables(Brand::Mysql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_on_sqlite() {
    tables(Brand::Sqlite).await;
}

/// A form with its head, a day of two entries in a merged cell, an unused row and signatures.
fn form(path: &Path) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in
        [["NAMA", "Pegawai 0012"], ["NIP", "190001012001011012"], ["JABATAN", "Pengelola Barang"]].iter().enumerate()
    {
        sheet.write_row(u32::try_from(row).unwrap(), 0, *line).unwrap();
    }
    sheet.write_row(5, 0, ["NO", "HARI/TANGGAL", "RINCIAN KEGIATAN", "HASIL", "KOMENTAR ATASAN"]).unwrap();
    sheet.merge_range(6, 1, 7, 1, "Senin, 2 Maret 2026", &Format::new()).unwrap();
    sheet.write_row(6, 2, ["Menyusun laporan", "1 laporan", "Disetujui"]).unwrap();
    sheet.write_row(7, 2, ["Rapat", "notulen", "Ditolak 3/3/2026: kurang rinci"]).unwrap();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    sheet.write_with_format(8, 1, ExcelDateTime::parse_from_str("2026-03-03").unwrap(), &day).unwrap();
    sheet.write_row(8, 2, ["Monitoring", "", ""]).unwrap();
    sheet.write_row(9, 1, ["Sabtu 31/02/2026", "Lembur", "", ""]).unwrap();
    sheet.write_row(10, 1, ["Rabu, 04/03/2026", "", "", ""]).unwrap();
    for row in 6..=10_u32 {
        sheet.write(row, 0, row - 5).unwrap();
    }
    sheet.write(11, 0, "Mengetahui,").unwrap();
    sheet.write(13, 0, "Atasan langsung").unwrap();
    lay(path, book.save_to_buffer().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_read_from_its_table_to_its_signatures() {
    let mut rig = rig("chkp-sheet.yaml", &[]);
    form(&rig.path("berkas/CHKP_2.16.0.00.0.00.01.0000_P0012_2026-03.xlsx"));
    lay(&rig.path("berkas/catatan.xlsx"), "no form at all");
    rig.set("MUARA_CHKP_FOLDER", rig.path("berkas").display().to_string());

    let reports = read(&mut rig).await;

    assert_eq!(counts(&reports, "harian"), (3, 1, 1));
    assert_eq!(broken(&rig, "harian"), ["2.16.0.00.0.00.01.0000|P0012|2026|03|4 /date"]);
    let kept = rig.hub.keep();
    let told: Vec<String> = kept
        .keys("harian")
        .iter()
        .map(|key| kept.body("harian", key).unwrap())
        .map(|body| {
            let text = |field: &str| body[field].as_str().unwrap_or("-").to_owned();
            format!("{} {} {} {}", text("date"), text("activity"), text("output"), text("status"))
        })
        .collect();
    let expected = [
        "2026-03-02 Menyusun laporan 1 laporan approved",
        "2026-03-02 Rapat notulen rejected",
        "2026-03-03 Monitoring - submitted",
    ];
    assert_eq!(told, expected);
}

fn person(id: u64, unit: &str, entries: &Value) -> Value {
    json!({
        "user_id": id, "nama": format!("Pegawai {id}"), "nip": "***************012", "jabatan": "Pengelola Barang",
        "unit_kerja": unit, "status": "Sudah Mengisi", "total_durasi_menit": 150, "kegiatan_list": entries,
    })
}

fn entry(id: u64, text: &str, minutes: &Value) -> Value {
    json!({
        "id": id, "tipe_progres": "KINERJA_HARIAN", "tanggal": "2026-03-09", "jam_mulai": "08:00", "durasi_menit": minutes,
        "kegiatan": text, "realisasi": 1, "satuan": "laporan", "status_bukti": "ADA", "bukti_dukung": null,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_with_a_login_gives_people_and_their_entries() {
    let address = serve(|asked| {
        if asked.path == "/api/login" {
            let given: Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(given, json!({"username": "bkpsdm", "password": "rahasia"}));
            return (200, json!({"success": true, "data": {"token": "sesi-1"}}).to_string());
        }
        if asked.authorization != "Bearer sesi-1" {
            return (401, json!({"success": false, "message": "belum masuk"}).to_string());
        }
        let entries =
            json!([entry(9_007_199_254_740_993, "Menyusun laporan", &json!("120")), entry(2, " ", &json!(30))]);
        let people = match asked.query["page"].as_str() {
            "1" => json!([
                person(12, "Dinas Kesehatan", &entries),
                person(14, "Dinas Lain", &json!([entry(3, "Rapat", &json!(60))]))
            ]),
            _ => json!([]),
        };
        (200, json!({"success": true, "data": people, "summary": {"total_bawahan": 2, "sudah_mengisi": 2}}).to_string())
    });
    let mut rig = rig("ekinerja.yaml", &[]);
    rig.set("MUARA_EKINERJA_URL", address.await);
    rig.set("MUARA_EKINERJA_USER", "bkpsdm");
    rig.set("MUARA_EKINERJA_PASSWORD", "rahasia");

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "pegawai"), broken(&rig, "pegawai")), ((1, 1, 0), vec!["14 /agency".to_owned()]));
    assert_eq!(
        (counts(&reports, "harian"), broken(&rig, "harian")),
        ((1, 2, 0), vec!["12|2 /activity".to_owned(), "14|3 /agency".to_owned()])
    );
    let body = rig.hub.keep().body("harian", "12|9007199254740993").unwrap();
    assert_eq!(
        (&body["entry_id"], &body["minutes"], &body["output"]),
        (&json!("9007199254740993"), &json!(120), &json!("1 laporan"))
    );
}
