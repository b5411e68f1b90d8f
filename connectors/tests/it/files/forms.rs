//! Every form of file, in the encodings and with the layouts that offices use.

use muara_connectors::definition::{Origin, read};
use rust_xlsxwriter::{Format, Workbook};

use super::zip::{ods, xlsx};
use super::{amounts, rig, write};
use crate::rig::MAP;

/// What a folder with this one file gives.
async fn gives(definition: &str, name: &str, bytes: impl AsRef<[u8]>) -> Vec<String> {
    let mut rig = rig(definition);
    write(&rig, name, bytes);
    rig.run(false).await;
    amounts(&rig)
}

fn utf_16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn delimiter_and_encoding_are_seen() {
    let text = "id;nilai;uraian\né1;1.5;a,b\nb2;2;c,d\n";
    let right = ["b2 2.00", "é1 1.50"];
    for definition in ["{file: dpa.csv}", "{file: dpa.dat, format: csv}", "{file: \"*.csv\", encoding: utf-8}"] {
        let name = if definition.contains("dat") { "dpa.dat" } else { "dpa.csv" };
        assert_eq!(gives(definition, name, text).await, right, "{definition}");
    }
    assert_eq!(gives("{file: dpa.txt}", "dpa.txt", utf_16(text)).await, right);
    assert_eq!(
        gives("{file: dpa.txt}", "dpa.txt", text.replace('é', "\u{1}").replace('\u{1}', "e")).await[1],
        "e1 1.50"
    );
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    assert_eq!(gives("{file: dpa.csv}", "dpa.csv", &latin).await, right);
    assert_eq!(gives("{file: dpa.csv, encoding: windows-1252}", "dpa.csv", &latin).await, right);
    assert_eq!(gives("{file: dpa.tsv}", "dpa.tsv", "id\tnilai\turaian\na\t1\tx;y;z\n").await, ["a 1.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_json_and_xml() {
    let json = r#"[{"id":"a","nilai":9007199254740993.25},{"id":"b","nilai":"2","uraian":null}]"#;
    let right = ["a 9007199254740993.25", "b 2.00"];
    assert_eq!(gives("{file: dpa.json}", "dpa.json", format!("\u{feff}{json}")).await, right);
    let nested = format!(r#"{{"meta":{{"data":[0]}},"hasil":{{"n":2,"data":{json}}}}}"#);
    assert_eq!(gives("{file: dpa.json, records: hasil.data}", "dpa.json", nested).await, right);
    let lines = "{\"id\":\"a\",\"nilai\":9007199254740993.25}\r\n\n{\"id\":\"b\",\"nilai\":2}";
    assert_eq!(gives("{file: \"*.ndjson\"}", "dpa.ndjson", lines).await, right);
    let xml = "<?xml version=\"1.0\"?><r xmlns=\"urn:x\"><d><id>a</id><nilai> 9007199254740993.25 </nilai></d><d><id>b</id><nilai>2</nilai></d></r>";
    assert_eq!(gives("{file: dpa.xml, records: r.d}", "dpa.xml", xml).await, right);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_record_stands_is_told_in_each_form() {
    for (definition, name, text, pointer) in [
        ("{file: a.json, records: d}", "a.json", r#"{"d":[{"id":1,"nilai":1},{"id":"z","nilai":"x"}]}"#, "a.json#/d/1"),
        ("{file: a.jsonl}", "a.jsonl", "\n{\"id\":1,\"nilai\":1}\n\n{\"id\":\"z\"}", "a.jsonl#row=4"),
        (
            "{file: a.xml, records: r.d}",
            "a.xml",
            "<r><d><id>1</id><nilai>1</nilai></d><d><id>z</id></d></r>",
            "a.xml#/r/d/1",
        ),
        ("{file: a.csv}", "a.csv", "id,nilai\n1,1\nz,x\n", "a.csv#row=3"),
    ] {
        let mut rig = rig(definition);
        write(&rig, name, text);
        let report = rig.run(false).await;
        assert_eq!((report.counts.published, report.counts.quarantined), (1, 1), "{definition}");
        assert_eq!(rig.hub.keep().quarantine["dpa"]["z"].pointer, pointer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_not_there_or_not_whole_are_told() {
    for (definition, name, text, why) in [
        (
            "{file: a.json, records: data}",
            "a.json",
            r#"{"dta":[]}"#,
            "E0232: could not read a.json: it has no list at `data`",
        ),
        ("{file: a.json}", "a.json", r#"{"data":[]}"#, "expected a list; name it with `records`"),
        ("{file: a.json}", "a.json", r#"[{"id":1,"nilai":1},{"id":"#, "it is no JSON that we take: EOF"),
        ("{file: a.json}", "a.json", r#"[{"id":1,"nilai":1} {}]"#, "it is no JSON that we take"),
        ("{file: a.json}", "a.json", "[] []", "trailing characters"),
        (
            "{file: a.xml, records: r.d}",
            "a.xml",
            "<x><d/></x>",
            "E0232: could not read a.xml: it has no elements at `r.d`",
        ),
        ("{file: a.xml, records: r.d}", "a.xml", "<r><d><id>1</id>", "it is no XML that we take"),
    ] {
        let mut rig = rig(definition);
        write(&rig, name, text);
        let failure = rig.try_run(false).await.failure.unwrap();
        assert!(failure.contains(why), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_of_libreoffice() {
    let text = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let number = |number: &str| {
        format!(
            "<table:table-cell office:value-type=\"float\" office:value=\"{number}\"><text:p>x</text:p></table:table-cell>"
        )
    };
    let date = "<table:table-cell office:value-type=\"date\" office:date-value=\"2026-03-01\"><text:p>1 Mar</text:p></table:table-cell>";
    let row = |cells: &[String]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let rows = [
        "<table:table-row table:number-rows-repeated=\"3\"><table:table-cell table:number-columns-repeated=\"900\"></table:table-cell></table:table-row>".to_owned(),
        row(&[text("id"), text("nilai"), text("uraian")]),
        row(&[text("0008"), number("1250000000.5"), date.to_owned()]),
        "<table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell></table:table-cell></table:table-row>".to_owned(),
    ];
    let mut rig = rig("{file: dpa.ods}");
    write(&rig, "dpa.ods", ods(&rows.concat()));

    rig.run(false).await;

    assert_eq!(amounts(&rig), ["0008 1250000000.50"]);
    let kept = rig.hub.keep();
    assert_eq!(kept.body("dpa", "0008").unwrap()["description"], "2026-03-01");
    assert_eq!(kept.pages[0].records[0].pointer, "dpa.ods#RBA!A5");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_counted_from_1904_where_the_workbook_says_so() {
    let cell = |name: &str, text: &str| format!("<c r=\"{name}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let sheet = format!(
        "<sheetData><row r=\"1\">{}{}{}</row><row r=\"2\">{}<c r=\"B2\"><v>5</v></c><c r=\"C2\" s=\"1\"><v>44620</v></c></row></sheetData>",
        cell("A1", "id"),
        cell("B1", "nilai"),
        cell("C1", "_x0075_raian"),
        cell("A2", "a_x000d_"),
    );
    for (since_1904, date) in [(false, "2022-02-28"), (true, "2026-03-01")] {
        let mut rig = rig("{file: dpa.xlsx}");
        write(&rig, "dpa.xlsx", xlsx(&sheet, since_1904, Vec::new()));
        rig.run(false).await;
        let kept = rig.hub.keep();
        let key = kept.keys("dpa").remove(0);
        assert_eq!((key.trim(), &kept.body("dpa", &key).unwrap()["description"]), ("a", &date.into()));
    }
}

/// A plan as an agency draws it up: a title, a header of two rows with merged cells, programs written once, sums
/// between, signatures below; once on a sheet for each half of the year, and on a hidden one with rates.
fn plan() -> Workbook {
    let (mut book, format) = (Workbook::new(), Format::new());
    book.add_worksheet().set_name("Tarif").unwrap().set_hidden(true).write(0, 0, "id").unwrap();
    for half in [1_u32, 2] {
        let sheet = book.add_worksheet().set_name(format!("RBA semester {half}")).unwrap();
        sheet.set_active(half == 1);
        sheet.merge_range(0, 0, 0, 4, "RENCANA BISNIS DAN ANGGARAN", &format).unwrap();
        sheet.merge_range(3, 1, 4, 1, "Program", &format).unwrap();
        sheet.merge_range(3, 2, 4, 2, "Kode", &format).unwrap();
        sheet.merge_range(3, 3, 3, 4, "Target", &format).unwrap();
        sheet.write(4, 3, "Volume").unwrap();
        sheet.write(4, 4, "Nilai").unwrap();
        sheet.write_row(5, 1, [1, 2, 3, 4]).unwrap();
        let first = f64::from(half);
        for (row, program, code, amount) in [
            (6, "P1", "1", first),
            (7, "", "2", 10.0),
            (8, "", "JML", 11.0),
            (9, "P2", "1", 100.0),
            (12, "P3", "9", 7.0),
        ] {
            sheet.write(row, 1, program).unwrap();
            sheet.write(row, 2, code).unwrap();
            sheet.write(row, 4, amount).unwrap();
        }
        sheet.write(10, 1, "Mengetahui, ").unwrap();
    }
    book
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_with_merged_headers_on_several_sheets() {
    let stream = "    read:\n      file: rba.xlsx\n      sheet: '/(?i)^rba semester (?<half>\\d)/'\n      region: {find: Program, within: A1:C20, end: {blank_rows: 3, text: [mengetahui]}}\n      header: {rows: 2}\n      skip: 1\n      fill_down: [Program]\n    where: {Kode: [\"1\", \"2\"]}\n";
    let map = MAP
        .replace("[id]", "[$half, Program, Kode]")
        .replace("amount: nilai", "amount: Target / Nilai")
        .replace("description: uraian", "description: Program");
    let mut rig = rig("{file: rba.xlsx}");
    rig.define_stream("  kind: files\n  folder: {env: FOLDER}", &format!("{stream}{map}"));
    plan().save(rig.path("berkas/rba.xlsx")).unwrap();

    let report = rig.run(false).await;

    let right = ["1|P1|1 1.00", "1|P1|2 10.00", "1|P2|1 100.00", "2|P1|1 2.00", "2|P1|2 10.00", "2|P2|1 100.00"];
    assert_eq!(amounts(&rig), right);
    assert_eq!((report.counts.left_out, report.counts.quarantined), (2, 0), "the sums");
    let pointers: Vec<String> = rig.hub.keep().pages[0].records.iter().map(|record| record.pointer.clone()).collect();
    assert_eq!((&*pointers[0], &*pointers[5]), ("rba.xlsx#RBA semester 1!A7", "rba.xlsx#RBA semester 2!A10"));
    assert_eq!(rig.run(false).await.counts.published, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sheets_are_chosen_and_hidden_ones_only_when_it_is_said() {
    for (sheet, why) in [
        ("sheet: Tarif", "its sheet `Tarif` is hidden"),
        ("sheet: 3", "no sheet number 3, but `RBA semester 1`, `RBA semester 2`"),
        ("sheet: {match: ^DPA}", "no sheet whose name fits `^DPA`, but"),
        ("sheet: 1", "E0208: could not read rba.xlsx: it has no column `id`"),
    ] {
        let mut rig = rig(&format!("{{file: rba.xlsx, {sheet}}}"));
        plan().save(rig.path("berkas/rba.xlsx")).unwrap();
        let report = rig.try_run(false).await;
        let failure = report.failure.unwrap_or_else(|| format!("{sheet} gave {:?}", report.counts));
        assert!(failure.contains(why), "{sheet}: {failure}");
    }
    let mut rig = rig("{file: rba.xlsx, sheet: tarif, hidden: true}");
    plan().save(rig.path("berkas/rba.xlsx")).unwrap();
    assert_eq!(rig.run(false).await.counts.read, 0, "it has a header and no rows");
}

#[test]
fn a_definition_of_files_is_read_strictly() {
    let told = |keys: &str| {
        let text = format!(
            "muara: 1\nsystem: {{id: a, region: \"33.02\", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 1}}\nsource: {{kind: files, folder: f}}\nstreams:\n  s:\n    read: {{{keys}}}\n{MAP}    tests: [{{name: t, raw: {{id: 1}}, quarantine: [/amount]}}]\n"
        );
        let found = read(vec![Origin::new("a.yaml", text)]).1;
        found.iter().map(|found| format!("{} {}:{}", found.code, found.line, found.column)).collect::<Vec<_>>()
    };
    for good in [
        "file: a.xlsx, sheet: 2, hidden: true, region: {from: B5, to: H}, header: {rows: 3, join: ' - '}, skip: 0",
        "file: rsud/, match: '(?<opd>.+)\\.csv', ready: {stable_for: 2m, marker: '{name}.ok'}, snapshot: append",
        "match: '.*', format: csv, encoding: latin1, delimiter: '\\t', fill_down: [a, b]",
        "file: a.xml, records: r.d",
    ] {
        assert_eq!(told(good), Vec::<String>::new(), "{good}");
    }
    for (bad, codes) in [
        ("sheet: a", vec!["E0105 6:5"]),
        ("file: a.csv, sheet: 2", vec!["E0135 6:25"]),
        ("file: a.json, skip: 2, region: {from: A1}", vec!["E0135 6:26", "E0135 6:35"]),
        ("file: a.csv, encoding: utf-9", vec!["E0136 6:35"]),
        ("file: a.xml", vec!["E0105 6:5"]),
        ("match: '(', sheet: '/[/'", vec!["E0137 6:19", "E0137 6:31"]),
        ("file: a.xlsx, sheet: 0", vec!["E0108 6:33"]),
        ("file: a.xlsx, region: {within: A1}", vec!["E0105 6:35", "E0138 6:43"]),
        ("file: a.xlsx, region: {from: H5, to: B9}", vec!["E0138 6:41"]),
        ("file: a.xlsx, region: {find: a, from: A1, end: {blank_rows: 0}}", vec!["E0106 6:26", "E0108 6:72"]),
        ("file: a.csv, ready: {}", vec!["E0105 6:25"]),
        ("file: a.csv, ready: {marker: ok, stable_for: 0s}", vec!["E0108 6:41", "E0108 6:57"]),
        ("file: a.csv, snapshot: none, format: xlx", vec!["E0108 6:35", "E0108 6:49"]),
        ("file: a.csv, header: {row: 2}", vec!["E0105 6:25", "E0104 6:34"]),
    ] {
        assert_eq!(told(bad), codes, "{bad}");
    }
}
