//! CSV and workbooks as people leave them.

use muara_schemas::page::RunKind;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::json;

use super::{rig, write};

#[tokio::test(flavor = "multi_thread")]
async fn csv_with_mark_delimiter_and_blank_rows() {
    let mut rig = rig("{file: dpa.csv, delimiter: \";\"}");
    write(&rig, "dpa.csv", "\u{feff}id;nilai; uraian \n1;10.50;\"a;b\"\n\n;;\n0002;9007199254740993;\n3;1;x;y\n");
    let report = rig.run(false).await;
    assert_eq!((report.kind, report.counts.published, report.counts.quarantined), (RunKind::Full, 2, 1));
    let kept = rig.hub.keep();
    assert_eq!(kept.body("dpa", "1").unwrap()["description"], json!("a;b"));
    assert_eq!(kept.body("dpa", "0002").unwrap()["amount"], json!("9007199254740993.00"));
    let pointers: Vec<&str> = kept.pages[0].records.iter().map(|record| record.pointer.as_str()).collect();
    assert_eq!(pointers, ["dpa.csv#row=2", "dpa.csv#row=5"]);
    let broken = &kept.quarantine["dpa"]["3"];
    assert_eq!((broken.pointer.as_str(), broken.errors[0].code.as_str()), ("dpa.csv#row=6", "E0324"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_is_a_part_and_a_vanished_one_deletes_nothing() {
    let mut rig = rig("{file: \"chkp/*.csv\"}");
    write(&rig, "chkp/1.csv", "id,nilai\na,1\nb,2\n");
    write(&rig, "chkp/2.csv", "id,nilai\nc,3\nd,4\n");
    assert_eq!(rig.run(false).await.counts.published, 4);
    write(&rig, "chkp/1.csv", "id,nilai\na,1\n");
    std::fs::remove_file(rig.path("berkas/chkp/2.csv")).unwrap();
    let report = rig.run(false).await;
    assert_eq!((report.counts.gone, report.proof.unwrap().count), (1, 3));
    assert!(
        report.notes.iter().any(|note| note.code == "W0203" && note.detail.contains("`chkp/2.csv`")),
        "{:?}",
        report.notes
    );
    write(&rig, "chkp/3.csv", "id,nilai\nc,3\n");
    assert_eq!(rig.run(false).await.counts.published, 0, "a record that moved to another file is the same");
    write(&rig, "chkp/3.csv", "id,nilai\n");
    assert_eq!(rig.run(false).await.counts.gone, 1, "and is missed where it was last");
    assert_eq!(rig.hub.keep().keys("dpa"), ["a", "d"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_read_fail_and_delete_nothing() {
    let mut rig = rig("{file: dpa.csv}");
    write(&rig, "dpa.csv", "id,nilai\na,1\n");
    rig.run(false).await;
    for (bytes, why) in [
        ("id,nilai\ná,1\nb,\u{e9}".as_bytes().split_last().unwrap().1, "line 3 is not UTF-8"),
        (b"", "it is empty"),
        (b"\n,,\n", "it is empty"),
    ] {
        std::fs::write(rig.path("berkas/dpa.csv"), bytes).unwrap();
        let failure = rig.try_run(false).await.failure.unwrap_or_default();
        assert!(failure.starts_with("E0203") && failure.contains(why), "{failure}");
    }
    write(&rig, "dpa.csv", format!("id,nilai\na,1\nb,\"{}", "x\n".repeat(3 << 20)));
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.contains("dpa.csv: the quote that begins in line 3 is not closed"), "{failure}");
    std::fs::remove_file(rig.path("berkas/dpa.csv")).unwrap();
    assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0204"));
    assert_eq!(rig.hub.keep().keys("dpa"), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_is_not_closed_deletes_nothing() {
    let mut rig = rig("{file: dpa.csv}");
    let good = "id,uraian,nilai\n1,a,10\n2,\"b\n\"\"c\"\"\",20\n3,5\" pipa,30\n4,d,40\n";
    write(&rig, "dpa.csv", good);
    assert_eq!(rig.run(false).await.counts.published, 4);
    for (from, to, why) in [
        ("1,a,10", "1,\"a,10", "the quote that begins in line 2 is closed in line 3, where text follows it"),
        ("4,d,40", "4,\"d,40", "the quote that begins in line 6 is not closed"),
        ("4,d,40\n", "4,d,\"40", "the quote that begins in line 6 is not closed"),
        ("id,uraian", "id,\"urai\"an", "row 1 has text behind the closing quote of its cell 2"),
    ] {
        write(&rig, "dpa.csv", good.replace(from, to));
        let report = rig.try_run(false).await;
        let failure = report.failure.unwrap_or_default();
        assert!(failure.starts_with("E0203") && failure.contains(why), "{failure}");
        assert_eq!((report.counts.gone, rig.hub.keep().keys("dpa").len()), (0, 4), "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_behind_a_closing_quote_spoils_its_row_alone() {
    let mut rig = rig("{file: dpa.csv}");
    write(&rig, "dpa.csv", "id,nilai\n1,10\n3,\"3\"0\n4,40\n");

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.counts.quarantined), (2, 1));
    let broken = rig.hub.keep().quarantine["dpa"]["3"].errors[0].clone();
    assert_eq!(broken.code, "E0324");
    assert!(broken.message.contains("row 3 has text behind the closing quote of its cell 2"), "{}", broken.message);
    write(&rig, "dpa.csv", "id,nilai\n1,10\n3,30\n4,40\n");
    assert_eq!(rig.run(false).await.counts.published, 1, "the same cells without the fault are another row");
    write(&rig, "dpa.csv", "id,nilai\n1,10\n\"3\"0,30\n4,40\n");
    let report = rig.run(false).await;
    assert_eq!((report.counts.gone, report.counts.quarantined), (0, 1), "which record it is, nobody knows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_row_is_not_left_out_by_what_stands_in_the_wrong_column() {
    let mut rig = rig("{file: dpa.csv}\n    where: {status: [final]}");
    let good = "uraian,id,nilai,status\na,1,10,final\nb,2,20,final\nc,3,30,final\nd,4,40,batal\n";
    write(&rig, "dpa.csv", good);
    assert_eq!(rig.run(false).await.counts.published, 3);
    // Each row has its cells one column further to the right than they belong.
    for (from, to) in [("b,2,20", "\"Jl. \"B, 5\",2,20"), ("c,3,30", "c,3,3,30"), ("d,4,40", "d, e,4,40")] {
        write(&rig, "dpa.csv", good.replace(from, to));
        let report = rig.run(false).await;
        let quarantined = u64::from(!to.starts_with('d'));
        assert_eq!((report.counts.quarantined, report.counts.gone), (quarantined, 0), "{to}");
    }
    assert_eq!(rig.hub.keep().keys("dpa").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_too_large_waits_and_those_behind_it_are_read() {
    let mut rig = rig("{file: dpa.csv}");
    write(&rig, "dpa.csv", "id,uraian,nilai\n1,a,10\n2,b,20\n3,c,30\n");
    rig.run(false).await;
    write(&rig, "dpa.csv", format!("id,uraian,nilai\n1,a,10\n2,{},20\n3,c,31\n", "x".repeat(5 << 20)));

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.counts.quarantined, report.counts.gone), (1, 1, 0));
    let broken = rig.hub.keep().quarantine["dpa"]["2"].errors[0].message.clone();
    assert!(broken.contains("row 3 is too large: it has more than 4 MiB"), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_gives_what_excel_shows() {
    let mut rig = rig("{file: RBA.xlsx, sheet: RBA}");
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Sampul").unwrap();
    let sheet = book.add_worksheet().set_name("RBA").unwrap();
    for (column, name) in ["id", "nilai", "uraian", "catatan", "tanggal"].into_iter().enumerate() {
        sheet.write(0, u16::try_from(column).unwrap(), name).unwrap();
    }
    let date = Format::new().set_num_format("dd/mm/yyyy");
    sheet.write(1, 0, 7).unwrap();
    sheet.write(1, 1, 14_341_959_398_000.0).unwrap();
    sheet.write(1, 2, "utama").unwrap();
    sheet.write_with_format(1, 4, ExcelDateTime::from_ymd(2026, 3, 1).unwrap(), &date).unwrap();
    sheet.write(2, 0, "0008").unwrap();
    sheet.write(2, 1, 0.1 + 0.2).unwrap();
    sheet.write_formula(2, 3, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write(4, 0, 3_302_011_505_800_002.0).unwrap();
    sheet.write(4, 1, 1).unwrap();
    sheet.write(5, 0, "9").unwrap();
    sheet.write_formula(5, 1, Formula::new("=A99/0").set_result("#REF!")).unwrap();
    sheet.write(6, 0, "10").unwrap();
    sheet.write(6, 1, 3_302_011_505_800_002.0).unwrap();
    book.save(rig.path("berkas/RBA.xlsx")).unwrap();
    let report = rig.run(false).await;
    assert_eq!((report.counts.published, report.counts.quarantined), (2, 3));
    let kept = rig.hub.keep();
    assert_eq!(kept.body("dpa", "7").unwrap()["amount"], json!("14341959398000.00"));
    assert_eq!(
        kept.body("dpa", "0008").unwrap()["amount"],
        json!("0.30"),
        "an error in a cell that nothing uses harms nobody"
    );
    assert_eq!(kept.pages[0].records[1].pointer, "RBA.xlsx#RBA!A3");
    let messages: Vec<String> = kept.quarantine["dpa"]
        .values()
        .map(|broken| format!("{} {}", broken.pointer, broken.errors[0].message))
        .collect();
    assert!(
        messages
            .iter()
            .any(|message| message.starts_with("RBA.xlsx#RBA!A6") && message.contains("cell B6 holds the error #REF!")),
        "{messages:?}"
    );
    assert!(
        messages.iter().any(|message| message.contains("cell A5 holds a number of more than 15 digits")),
        "{messages:?}"
    );
    assert!(
        messages.iter().any(|message| message.contains("cell B7 holds a number of more than 15 digits")),
        "{messages:?}"
    );
    let raw = &kept.quarantine["dpa"]["9"].raw;
    assert!(raw.contains(r##""nilai":"#REF!""##), "{raw}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_of_a_workbook_are_iso() {
    let mut rig = rig("{file: dpa.xlsx}");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let format = Format::new().set_num_format("dd/mm/yyyy hh:mm");
    sheet.write_row(0, 0, ["id", "nilai", "uraian"]).unwrap();
    for (row, moment) in ["2026-03-01", "2026-03-01T23:59:59.7", "1900-03-01", "12:30:00"].into_iter().enumerate() {
        let row = u32::try_from(row).unwrap() + 1;
        sheet.write(row, 0, row).unwrap();
        sheet.write(row, 1, 1).unwrap();
        sheet.write_with_format(row, 2, ExcelDateTime::parse_from_str(moment).unwrap(), &format).unwrap();
    }
    book.save(rig.path("berkas/dpa.xlsx")).unwrap();
    rig.run(false).await;
    let kept = rig.hub.keep();
    let shown = |key| kept.body("dpa", key).unwrap()["description"].as_str().unwrap().to_owned();
    assert_eq!(
        [shown("1"), shown("2"), shown("3"), shown("4")],
        ["2026-03-01", "2026-03-02", "1900-03-01", "12:30:00"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_that_is_not_there_is_told_with_those_that_are() {
    let mut rig = rig("{file: dpa.xlsx, sheet: RBA}");
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Belanja").unwrap().write(0, 0, "id").unwrap();
    book.save(rig.path("berkas/dpa.xlsx")).unwrap();
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.contains("no sheet `RBA`, but `Belanja`"), "{failure}");
    write(&rig, "dpa.xlsx", "<html>this is what the portal calls an Excel file</html>");
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.starts_with("E0203") && failure.contains("a web page"), "{failure}");
}
