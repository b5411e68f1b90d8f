//! Sources that no definition describes: what is written of them lints, and maps every record.

use std::path::Path;

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use muara_connectors::definition::{self, Origin, Variables};
use muara_connectors::jq;
use muara_connectors::reader::Reader;
use muara_connectors::runner::preview::{Look, Outcome, preview};
use muara_connectors::survey::writing::{self, Wanted, Written};
use muara_connectors::survey::{Found, Trouble, files, http, sql};
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

mod files_of_versions;

fn look() -> Look {
    let reader = Reader::at(env!("CARGO_BIN_EXE_connector-worker"));
    Look { variables: Variables::closed(), worker: None, reader, most: 50 }
}

fn folder_of<'a>(folder: &'a Path, file: Option<&'a str>) -> files::Wanted<'a> {
    files::Wanted { folder, file, sheet: None }
}

/// Writes the definition, lints it and looks through it at the source: all records have to be valid.
async fn whole(found: &Found, constants: &[(&str, &str)]) -> Written {
    let wanted = Wanted {
        system: "simda".to_owned(),
        region: "33.02".to_owned(),
        agency: "5.02.0.00.0.00.01.0000".to_owned(),
        record_type: None,
        constants: constants.iter().map(|(target, value)| ((*target).to_owned(), (*value).to_owned())).collect(),
    };
    let written = writing::write(found, &wanted, &mut jq::evaluate).unwrap();
    let text = &written.text;
    let (definitions, mut said) = definition::read(vec![Origin::new("new.yaml", text)]);
    // What is guessed is told, and has to be confirmed.
    said.retain(|report| report.code != "W0106");
    assert!(said.is_empty(), "{}\n{text}", said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    let stream = &definitions[0].streams[0];
    assert_eq!(stream.tests.len(), 2, "{text}");
    let seen = preview(&definitions[0], stream, look()).await;
    assert_eq!(seen.failure, None, "{text}");
    let good = seen.records.iter().filter(|record| matches!(record.outcome, Outcome::Valid { .. })).count();
    assert_eq!(
        good,
        seen.records.iter().filter(|r| !matches!(r.outcome, Outcome::LeftOut)).count(),
        "{seen:?}\n{text}"
    );
    assert!(good > 0);
    written
}

fn rule<'a>(written: &'a Written, target: &str) -> &'a str {
    let line = written.table.lines.iter().find(|line| line.proposal.target == target);
    line.map_or("nothing", |line| &line.proposal.rule)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_with_a_csv_of_work_logs() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "id;id_pegawai;nama;kode_skpd;tahun;tanggal;uraian;menit;status\n".to_owned();
    for number in 1..=30 {
        let day = number % 28 + 1;
        text += &format!(
            "{};P0012;Budi Santoso;2.16.0.00.0.00.01.0000;2026;{day:02}/10/2026;Menemui Budi Santoso;{};disetujui\n",
            1000 + number,
            30 + number
        );
    }
    std::fs::write(folder.path().join("chkp_2026.csv"), text).unwrap();

    let found = files::look(folder_of(folder.path(), None), &look()).await.unwrap();
    let written = whole(&found, &[]).await;

    assert_eq!(written.best[0].0, "work-log", "{:?}", written.best);
    assert_eq!(written.key.fields, ["id"]);
    assert_eq!(rule(&written, "date"), "{from: tanggal, as: date(\"dd/MM/yyyy\")}");
    assert_eq!(rule(&written, "status"), "{from: status, via: {disetujui: approved}}");
    assert!(!written.text.contains("Budi"), "no person stands in the file:\n{}", written.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_with_titles_and_a_merged_header_of_two_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("DPA").unwrap();
    let plain = Format::new();
    sheet.write(0, 0, "DAFTAR PELAKSANAAN ANGGARAN").unwrap();
    sheet.write(1, 0, "Tahun Anggaran 2026").unwrap();
    for (column, name) in ["Kode SKPD", "Tahun", "Kode Sub Kegiatan"].iter().enumerate() {
        sheet.merge_range(3, column as u16, 4, column as u16, name, &plain).unwrap();
    }
    sheet.merge_range(3, 3, 3, 4, "Rekening", &plain).unwrap();
    sheet.write(4, 3, "Kode").unwrap();
    sheet.write(4, 4, "Nama").unwrap();
    sheet.merge_range(3, 5, 4, 5, "Pagu (Rp)", &plain).unwrap();
    for number in 0..12u32 {
        let row = 5 + number;
        let cells =
            ["1.02.0.00.0.00.01.0000", "2026", "1.02.02.2.02.0008", &format!("5.1.02.01.01.{:04}", 20 + number)];
        for (column, cell) in cells.iter().enumerate() {
            sheet.write(row, column as u16, *cell).unwrap();
        }
        sheet.write(row, 4, "Belanja Alat Tulis Kantor").unwrap();
        sheet.write(row, 5, 1_250_000.0 + f64::from(number)).unwrap();
    }
    sheet.write(17, 0, "JUMLAH").unwrap();
    sheet.write(17, 5, 15_000_066.0).unwrap();
    book.save(folder.path().join("dpa.xlsx")).unwrap();

    let found = files::look(folder_of(folder.path(), None), &look()).await.unwrap();
    let written = whole(&found, &[]).await;

    assert!(found.read.contains("find: \"Kode SKPD\"") && found.read.contains("header: {rows: 2}"), "{}", found.read);
    assert_eq!(written.best[0].0, "budget-line", "{:?}", written.best);
    assert_eq!(rule(&written, "account"), "Rekening / Kode");
    assert_eq!(rule(&written, "amount"), "\"Pagu (Rp)\"");
    assert_eq!(written.tried, (12, 12), "the total is no record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_lists_its_tables_and_tells_its_primary_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simda.db");
    let pool =
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(&file).create_if_missing(true)).await.unwrap();
    sqlx::raw_sql(
        "create table ta_belanja (tahun integer, no_id integer primary key, kode_skpd text, kode_sub_kegiatan text, kd_rek text, \
         kode_dana text, kd_perubahan integer, kunci integer, total text, keterangan text, last_update text);
         create table lain (a text);
         insert into ta_belanja select 2026, value, '2.16.0.00.0.00.01.0000', '2.16.01.2.06.0004', '5.1.02.01.01.0024', '1.1.01', 4, 1, \
         value || '500000.00', 'Alat tulis', '2026-02-01 08:00:00' from (with recursive n(value) as (select 1 union all select value + 1 from n where value < 20) select value from n);",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    let url = format!("sqlite:{}", file.display());
    let wanted = sql::Wanted { url: &url, table: None, system: "simda" };

    let trouble = sql::look(wanted, &look()).await.unwrap_err();
    let found = sql::look(sql::Wanted { table: Some("ta_belanja"), ..wanted }, &look()).await.unwrap();
    let written = whole(&found, &[("stage", "murni"), ("stage_version", "0")]).await;

    assert_eq!(trouble, Trouble::Choose { what: "table", among: vec!["lain".to_owned(), "ta_belanja".to_owned()] });
    assert_eq!(written.key.fields, ["no_id"]);
    assert!(written.text.contains("cursor: {field: last_update}"), "{}", written.text);
    let lines = ["agency", "sub_activity", "account", "fund", "amount"].map(|target| rule(&written, target));
    assert_eq!(lines, ["kode_skpd", "kode_sub_kegiatan", "kd_rek", "kode_dana", "total"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_table_of_a_database_needs_no_asking() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simda.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql("create table ta_belanja (id integer); insert into ta_belanja values (7)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let url = format!("sqlite:{}", file.display());

    let found = sql::look(sql::Wanted { url: &url, table: None, system: "simda" }, &look()).await.unwrap();

    assert_eq!((found.read.as_str(), found.records.len()), ("{table: ta_belanja}", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_shows_its_list_and_how_it_pages() {
    let app = Router::new().route(
        "/api/paket",
        get(|Query(query): Query<Vec<(String, String)>>| async move {
            let number = |name: &str, default: usize| {
                query.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
            };
            let (page, limit) = (number("page", 1), number("limit", 10));
            let package = |number: usize| {
                json!({"kd_rup": 64_480_000 + number, "kd_satker_str": "2.16.0.00.0.00.01.0000", "tahun_anggaran": 2026,
                    "nama_paket": "Belanja Modal", "pagu": 150_000_000, "kd_metode_pengadaan": 9, "kd_jenis_pengadaan": 1,
                    "status_aktif_rup": true, "tgl_awal_pemilihan": "2026-02-02"})
            };
            let all: Vec<Value> = (1..=25).map(package).collect();
            let items: Vec<Value> = all.into_iter().skip((page - 1) * limit).take(limit).collect();
            axum::Json(json!({"success": true, "data": {"items": items}, "meta": {"total": 25}}))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/paket?token=rahasia", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let found = http::look(http::Wanted { url: &url, token_env: None, system: "inaproc" }, &look()).await.unwrap();
    let secret = found.needs.clone();
    let plain = Found { read: found.read.replace(", query: {token: {env: INAPROC_TOKEN}}", ""), ..found };
    let written = whole(&plain, &[]).await;

    assert_eq!(secret, ["INAPROC_TOKEN"]);
    assert!(!written.text.contains("rahasia"), "a secret stands in the file");
    let page = "{by: page, param: page, from: 1, size: {param: limit, value: 100}, total: {path: meta.total}}";
    assert_eq!(plain.page.as_deref(), Some(page));
    assert!(plain.read.contains("records: data.items"), "{}", plain.read);
    assert_eq!((written.best[0].0.as_str(), written.tried), ("procurement-package", (25, 25)));
    assert_eq!(written.key.fields, ["kd_rup"]);
    assert_eq!(rule(&written, "method"), "{from: kd_metode_pengadaan, via: {\"9\": e-purchasing}}");
}
