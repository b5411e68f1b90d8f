//! The report of budget realisation (LRA), written here and real.

use rust_xlsxwriter::{Formula, Workbook};

use super::ledger::{bodies, broken, lay, merge, row, sum};
use super::{counts, read, rig};

#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_its_accounts_and_none_of_their_sums() {
    let mut rig = rig("lra-workbook.yaml", &[]);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    merge(sheet, (0, 0), (0, 12), "KABUPATEN CONTOH");
    merge(sheet, (5, 0), (7, 3), "Kode");
    merge(sheet, (5, 4), (7, 4), "Uraian");
    merge(sheet, (5, 5), (5, 12), "Kelompok Belanja");
    for (place, kind) in ["Operasi", "Modal", "Tak Terduga", "Transfer"].into_iter().enumerate() {
        let column = 5 + 2 * u16::try_from(place).unwrap();
        merge(sheet, (6, column), (6, column + 1), kind);
        sheet.write(7, column, "Anggaran").unwrap().write(7, column + 1, "Realisasi").unwrap();
    }
    row(sheet, 8, &["1", "", "", "", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    let lines = [
        ("", "SUM", "12250000.5", "5000000"),
        ("5.1.02", "SUM", "12250000.5", "0,00"),
        ("5.1.02.01.001.00024", "Alat tulis", "12250000.5", "0,00"),
        ("5.1.02.01.001.00025", "Kertas", "(250.000,25)", "0,00"),
        ("5.1.02.01.001.00026", "Cetak", "0", "0,00"),
        ("5.2.02.05.001.00005", "Meja", "0,00", "5.000.000,00"),
        ("5.1.02.01.101.00027", "a part that is too great", "7", "0,00"),
    ];
    for (place, (account, name, operating, capital)) in lines.into_iter().enumerate() {
        let agency = "2.16.2.20.2.21.01.0000";
        let cells = [
            "2.16",
            agency,
            "2.16.01.2.01.0001",
            account,
            name,
            "1",
            operating,
            "1",
            capital,
            "0,00",
            "0,00",
            "0,00",
            "0,00",
        ];
        let row_number = u32::try_from(place).unwrap() + 9;
        row(sheet, row_number, &cells);
        sheet.write_string(row_number, 0, "2.16").unwrap();
    }
    sheet.write_formula(13, 6, Formula::new("=G99/0").set_result("#DIV/0!")).unwrap();
    row(sheet, 16, &["", "", "", "", "Jumlah", "1", "12000000.25", "1", "5000000"]);
    lay(&mut rig, "MUARA_LRA_FOLDER", "lra_2026_01.xlsx", book.save_to_buffer().unwrap());

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "lra"), sum(&rig, "lra")), ((3, 2, 2), 1_700_000_025));
    assert_eq!(broken(&rig, "lra"), ["lra_2026_01.xlsx#Sheet1!A14 E0313", "lra_2026_01.xlsx#Sheet1!A16 E0308"]);
    assert!(bodies(&rig, "lra").iter().all(|body| body["period"] == "2026-01"));
    rig.stop().await;
}

/// `MUARA_SAMPLES` names a folder with public files that are not ours to ship.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "a person names the folder of samples by the environment")]
async fn a_real_report_gives_its_printed_total() {
    let samples = std::env::var_os("MUARA_SAMPLES").map(std::path::PathBuf::from);
    let real = samples.map(|samples| samples.join("indonesia/lampung-selatan-2026/lra_januari.xlsx"));
    let Some(real) = real.filter(|file| file.is_file()) else {
        eprintln!("MUARA_SAMPLES names no folder of real files: only a report of the same shape is tested");
        return;
    };
    let mut rig = rig("lra-workbook.yaml", &[]);
    lay(&mut rig, "MUARA_LRA_FOLDER", "lra_2026_01.xlsx", std::fs::read(real).unwrap());

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "lra"), sum(&rig, "lra")), ((192, 0, 288), 12_609_186_100));
    rig.stop().await;
}
