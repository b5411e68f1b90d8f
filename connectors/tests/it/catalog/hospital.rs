//! Workbooks of a hospital that is a BLUD: RBA, SP3B with SP2B, and the spread of its allocation over the months.

use rust_xlsxwriter::{Formula, Workbook};
use serde_json::json;

use super::ledger::{bodies, broken, lay, merge, row, sen, sum};
use super::{counts, read, rig};

const SUB: &str = "1.02.01.2.10.0001";

fn budget() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Sampul").unwrap();
    let sheet = book.add_worksheet().set_name("RBA 2026").unwrap();
    merge(sheet, (0, 0), (0, 7), "RENCANA BISNIS DAN ANGGARAN");
    for (column, name) in
        [(0, "Kode Sub Kegiatan"), (1, "Kode Rekening"), (2, "No"), (3, "Uraian"), (6, "Jumlah"), (7, "Kode Dana")]
    {
        merge(sheet, (2, column), (3, column), name);
    }
    merge(sheet, (2, 4), (2, 5), "Rincian");
    row(sheet, 3, &["", "", "", "", "Volume", "Satuan"]);
    let lines: [[&str; 8]; 8] = [
        [SUB, "", "", "Pelayanan BLUD", "", "", "1755000000.5", ""],
        ["", "5.1.02.01.01.0037", "", "Obat", "", "", "1750000000.5", ""],
        ["", "", "1", "Obat farmasi", "12", "bulan", "1250000000.5", ""],
        ["", "", "2", "Obat gigi", "12", "bulan", "Rp 500.000.000,-", "1.1.04.16"],
        ["", "", "3", "Reagen", "1", "paket", "menunggu SK", ""],
        ["", "5.2.02.05.01.0005", "", "Meja", "", "", "5000000", ""],
        ["", "", "1", "Meja dokter", "1", "buah", "5000000", ""],
        ["", "", "2", "Kursi", "1", "buah", "", ""],
    ];
    for (place, cells) in lines.iter().enumerate() {
        row(sheet, u32::try_from(place).unwrap() + 4, cells);
    }
    sheet.write_formula(11, 6, Formula::new("=E12*A99").set_result("#REF!")).unwrap();
    row(sheet, 12, &["JUMLAH", "", "", "", "", "", "1755000000.5"]);
    row(sheet, 13, &["Mengetahui", "", "9", "Direktur", "", "", "1"]);
    book.save_to_buffer().unwrap()
}

fn approvals() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("SP3B").unwrap();
    row(sheet, 0, &["DAFTAR SP3B"]);
    row(sheet, 2, &["Nomor SP3B", "Tanggal SP3B", "Nomor SP2B", "Tanggal SP2B", "Kode Rekening", "Jenis", "Nilai"]);
    row(sheet, 3, &["3B/03", "2026-03-31", "2B/03", "2026-04-08", "4.1.04.16.01.0001", "Pendapatan", "4200000000"]);
    row(sheet, 4, &["3B/03", "2026-03-31", "2B/03", "2026-04-08", "5.1.02.01.01.0037", "Belanja", "1.000.000,25"]);
    row(sheet, 5, &["3B/04", "2026-04-30", "", "", "5.1.02.01.01.0037", "Belanja", "2500000"]);
    row(sheet, 6, &["3B/04", "2026-04-30", "", "", "6.1.01.01.01.0001", "Pembiayaan", "1"]);
    row(sheet, 7, &["JUMLAH", "", "", "", "", "", "4203500000.25"]);
    book.save_to_buffer().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospitals_needs_and_approvals_stand_in_their_ledgers() {
    let mut rig = rig("blud-rba.yaml", &[]);
    lay(&mut rig, "MUARA_BLUD_FOLDER", "RBA_2026.xlsx", budget());
    lay(&mut rig, "MUARA_BLUD_FOLDER", "SP3B_2026.xlsx", approvals());

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "rba"), sum(&rig, "rba")), ((3, 2, 3), 175_500_000_050));
    assert_eq!(broken(&rig, "rba"), ["RBA_2026.xlsx#RBA 2026!A12 E0324", "RBA_2026.xlsx#RBA 2026!A9 E0313"]);
    let lump = |body: &serde_json::Value| {
        body["ledger"] == "blud-internal" && body["sub_activity"] == SUB && body["fund"] == "1.1.04.16"
    };
    assert!(bodies(&rig, "rba").iter().all(lump), "each need can be matched with its lump line");
    assert_eq!((counts(&reports, "sp3b"), counts(&reports, "sp2b")), ((3, 1, 0), (2, 0, 2)));
    assert_eq!(sum(&rig, "sp3b") - sum(&rig, "sp2b"), 250_000_000, "what waits for approval");
    assert!(bodies(&rig, "sp2b").iter().all(|body| body["ledger"] == "apbd" && body["period"] == "2026-03"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allocation_is_spread_over_twelve_months() {
    let mut rig = rig("jegos-allocation.yaml", &[]);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    merge(sheet, (0, 0), (0, 15), "PETA ALOKASI ANGGARAN");
    for (column, name) in [(0, "Kode Sub Kegiatan"), (1, "Kode Rekening"), (2, "Uraian")] {
        merge(sheet, (2, column), (3, column), name);
    }
    merge(sheet, (2, 3), (2, 15), "Alokasi");
    let mut names = vec!["", "", ""];
    names.extend(
        "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember Jumlah".split(' '),
    );
    row(sheet, 3, &names);
    let mut line = |place: u32, head: [&str; 3], months: &[&str], total: &str| {
        let mut cells = head.to_vec();
        cells.extend(months);
        cells.resize(15, "");
        cells.push(total);
        row(sheet, place, &cells);
    };
    line(4, [SUB, "", "Pelayanan BLUD"], &["5", "5"], "10");
    line(5, ["", "5.1.02", "Belanja Barang dan Jasa"], &["5", "5"], "10");
    line(6, ["", "5.1.02.99.99.9999", "Barang dan jasa BLUD"], &["", "1250000.5", "1.250.000,50"], "2500001");
    line(7, ["", "5.2.02.99.99.9999", "Modal BLUD"], &["menunggu"], "0");
    line(8, ["JUMLAH", "5.1.02.99.99.9999", ""], &["1"], "1");
    lay(&mut rig, "MUARA_JEGOS_FOLDER", "JeGOS_2026.xlsx", book.save_to_buffer().unwrap());

    let reports = read(&mut rig).await;

    assert_eq!(counts(&reports, "alokasi"), (1, 1, 2));
    let plan = bodies(&rig, "alokasi").remove(0);
    let months: i128 = plan["months"].as_array().unwrap().iter().map(sen).sum();
    assert_eq!((months, sen(&plan["total"])), (250_000_100, 250_000_100));
    assert_eq!((&plan["months"][0], &plan["sub_activity"]), (&json!("0.00"), &json!(SUB)));
    rig.stop().await;
}
