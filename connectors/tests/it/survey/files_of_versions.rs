//! Folders in which the same list comes again and again, and tables that are made for the eye.

use super::*;

const HEAD: &str = "id;Kode SKPD;Kode Sub Kegiatan;Kode Rekening;Kode Dana;Jumlah;Harga Satuan;Keterangan\n";

fn row(number: usize) -> String {
    format!(
        "{};1.02.0.00.0.00.01.0000;1.02.02.2.02.0008;5.1.02.01.01.{:04};1.1.01;{}000000;5000;Budi 0812345678{number}\n",
        700 + number,
        20 + number,
        number
    )
}

fn budget(rows: usize) -> String {
    HEAD.to_owned() + &(1..=rows).map(row).collect::<String>()
}

const STAGE: &[(&str, &str)] = &[("stage", "murni"), ("stage_version", "0"), ("stage_locked", "true")];

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_a_file_are_told_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("RKA_2026_v1.csv"), budget(30)).unwrap();

    let found = files::look(folder_of(folder.path(), None), &look()).await.unwrap();
    let written = whole(&found, STAGE).await;

    assert_eq!(found.read, r"{match: 'RKA_(?<tahun>20\d{2})_v\d+\.csv'}");
    assert_eq!(rule(&written, "fiscal_year"), "$tahun");
    assert_eq!((found.stream.as_str(), &written.key.fields[..]), ("rka", &["id".to_owned()][..]));
    assert!(written.text.contains("the newest replaces the others"), "{}", written.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_comes_again_in_another_year_is_told_apart_by_the_year() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("RKA_2026_v1.csv"), budget(30).replace("id;", "No;")).unwrap();

    let found = files::look(folder_of(folder.path(), None), &look()).await.unwrap();
    let written = whole(&found, STAGE).await;

    assert_eq!(written.key.fields, ["$tahun", "No"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_keeps_every_column_and_nobody_is_recognised_in_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rka.csv"), budget(30)).unwrap();

    let found = files::look(folder_of(folder.path(), None), &look()).await.unwrap();
    let written = whole(&found, &[STAGE, &[("fiscal_year", "2026")]].concat()).await;

    let raw = written.text.lines().find(|line| line.trim_start().starts_with("raw:")).unwrap();
    for column in HEAD.trim().split(';') {
        assert!(raw.contains(column), "{column} is missing in {raw}");
    }
    assert!(!written.text.contains("Budi") && !written.text.contains("08123"), "{}", written.text);
    assert_eq!(rule(&written, "amount"), "Jumlah");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_begin_groups_are_filled_down() {
    let folder = tempfile::tempdir().unwrap();
    let head = "Kode SKPD;Kode Sub Kegiatan;Kode Rekening;Kode Dana;Jumlah\n";
    let line = |number: usize| {
        let agency = if number.is_multiple_of(15) { "1.02.0.00.0.00.01.0000" } else { "" };
        let group =
            if number.is_multiple_of(5) { format!("1.02.02.2.02.{:04}", 1 + number / 5) } else { String::new() };
        format!("{agency};{group};5.1.02.01.01.{:04};1.1.01;{}000000\n", 20 + number % 5, 1 + number)
    };
    std::fs::write(folder.path().join("rka.csv"), head.to_owned() + &(0..30).map(line).collect::<String>()).unwrap();

    let found = files::look(folder_of(folder.path(), None), &look()).await.unwrap();
    let written = whole(&found, &[STAGE, &[("fiscal_year", "2026")]].concat()).await;

    assert!(found.read.contains("fill_down: [Kode SKPD, Kode Sub Kegiatan]"), "{}", found.read);
    assert_eq!(written.tried, (30, 30), "{}", written.text);
}
