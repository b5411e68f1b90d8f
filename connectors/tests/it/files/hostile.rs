//! Files that nobody should have to read: each ends with a clear error, and the one beside it is read.

use std::time::{Duration, Instant};

use super::zip::{Entry, ods, xlsx};
use super::{amounts, rig, write};

/// Reads a folder with a good file and another one, and gives what is told of the other one.
async fn beside(definition: &str, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let mut rig = rig(definition);
    write(&rig, "a.csv", "id,nilai\na,1.10\nb,2.20\n");
    write(&rig, name, bytes);
    let start = Instant::now();

    let report = rig.try_run(false).await;

    assert!(start.elapsed() < Duration::from_secs(40), "{name}");
    assert_eq!(amounts(&rig)[..2], ["a 1.10", "b 2.20"], "{name}");
    let kept = rig.hub.keep();
    let broken = kept.quarantine.get("dpa").and_then(|all| all.values().next());
    report.failure.unwrap_or_else(|| format!("{:?}", broken.map(|broken| &broken.errors)))
}

async fn told(name: &str, bytes: impl AsRef<[u8]>) -> String {
    beside(if name.ends_with("xml") { "{file: \"*\", records: r.d}" } else { "{file: \"*\"}" }, name, bytes).await
}

#[track_caller]
fn assert_told(told: &str, code: &str, why: &str) {
    assert!(told.starts_with(code) && told.contains(why), "{told}");
}

const HEAD: &str = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>id</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>nilai</t></is></c></row>";

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_not_unpacked_whatever_it_says() {
    let bomb = |claimed| vec![Entry::bomb("xl/sharedStrings.xml", "<sst>", 6_000_000, claimed)];
    let honest = told("x.xlsx", xlsx("<sheetData></sheetData>", false, bomb(1 << 30))).await;
    assert_told(&honest, "E0230", "could not read x.xlsx: it unpacks to more than 192 MiB");
    let liar = told("x.xlsx", xlsx("<sheetData></sheetData>", false, bomb(1 << 20))).await;
    assert_told(&liar, "E0203", "could not read x.xlsx");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_within_bounds_ends_its_own_process_alone() {
    let bomb = Entry::bomb("xl/sharedStrings.xml", "<sst>", 770_000, 190 << 20);
    let told = told("x.xlsx", xlsx("<sheetData></sheetData>", false, vec![bomb])).await;
    assert_told(&told, "E0230", "could not read x.xlsx: it takes more than 512 MiB of memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn workbooks_that_claim_ten_thousand_million_cells() {
    let sheet = format!(
        "<dimension ref=\"A1:XFD1048576\"></dimension><sheetData>{HEAD}<row r=\"1048576\"><c r=\"A1048576\"><v>7</v></c><c r=\"XFD1048576\"><v>7</v></c></row></sheetData>"
    );
    let row = told("x.xlsx", xlsx(&sheet, false, Vec::new())).await;
    assert!(row.contains("E0301"), "the far row is a record without an amount: {row}");
    let cell = "<table:table-cell office:value-type=\"float\" office:value=\"1\" table:number-columns-repeated=\"16384\"></table:table-cell>";
    let rows = format!("<table:table-row table:number-rows-repeated=\"1048576\">{cell}</table:table-row>");
    let sparse = told("x.ods", ods(&rows)).await;
    assert!(sparse.starts_with("E02") && sparse.contains("could not read x.ods"), "{sparse}");
    let count = Entry::stored("xl/sharedStrings.xml", "<sst uniqueCount=\"99999999999\"></sst>");
    let told = told("y.xlsx", xlsx("<sheetData></sheetData>", false, vec![count])).await;
    assert!(told.starts_with("E02") && told.contains("could not read y.xlsx"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_without_measure() {
    assert_told(&told("x.csv", "a,".repeat(100_000)).await, "E0230", "100001 cells");
    let field = format!("id,nilai\nx,{}\n", "9".repeat(5 << 20));
    let told_field = told("x.csv", field).await;
    assert!(told_field.contains("E0324") && told_field.contains("row 2 is too large"), "{told_field}");
    let quote = format!("id,nilai\nx,\"1\n{}", "y,2\n".repeat(2 << 20));
    assert_told(&told("x.csv", quote).await, "E0203", "the quote that begins in line 2 is not closed");
    let row = format!("id,nilai\nx,{}\n", "9".repeat(65 << 20));
    assert_told(&told("x.csv", row).await, "E0230", "the row that begins in line 2 has more than 64 MiB");
    let line = format!("{{\"id\":\"{}\"}}", "9".repeat(5 << 20));
    assert_told(&told("x.jsonl", line).await, "E0230", "line 1 has more than 4 MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_none() {
    assert_told(&told("x.csv", b"id,nilai\n\xc3\xa9,1\n\xc3\xa9\xff,2\n").await, "E0203", "line 3 is not UTF-8");
    let nul = told("x.csv", "id,nilai,uraian\nx,1,a\0b\n").await;
    assert!(nul.contains("NUL"), "{nul}");
    let key = told("x.csv", "id,nilai\nx\0,1\n").await;
    assert!(key.contains("E0320") && key.contains("control character"), "{key}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_nothing_is_no_empty_list() {
    for (name, bytes, why) in [
        ("x.csv", "", "it is empty"),
        ("x.jsonl", "", "it is empty"),
        ("x.jsonl", "\n \n", "it is empty"),
        ("x.json", "", "it is no JSON that we take"),
        ("x.json", " ", "it is no JSON that we take"),
        ("x.xml", "", "it is no XML that we take"),
        ("x.xml", " ", "it is no XML that we take"),
        ("x.xlsx", "", "it is empty"),
    ] {
        assert_told(&told(name, bytes).await, "E0203", why);
    }
    assert_told(&told("x.xml", "<code>401</code>").await, "E0232", "it has no elements at `r.d`");
    assert_eq!(told("x.xml", "<r/>").await, "None", "a list without elements");
}

#[tokio::test(flavor = "multi_thread")]
async fn trees_that_are_too_deep_or_reach_out() {
    let deep = format!("[{{\"id\":\"z\",\"nilai\":{}1{}}}]", "[".repeat(10_000), "]".repeat(10_000));
    let told_deep = told("x.json", deep).await;
    assert!(told_deep.contains("E0321") && told_deep.contains("nesting"), "{told_deep}");
    let deep = format!("{}{}", "<r>".repeat(10_000), "</r>".repeat(10_000));
    assert_told(&told("x.xml", deep).await, "E0203", "more than 64 levels of nesting");
    let lol = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><r><d><id>&b;</id></d></r>";
    assert_told(&told("x.xml", lol).await, "E0203", "a document type with declarations");
    let outside = "<!DOCTYPE r [<!ENTITY f SYSTEM \"file:///etc/hostname\">]><r><d><id>&f;</id></d></r>";
    assert_told(&told("x.xml", outside).await, "E0203", "a document type with declarations");
}

#[tokio::test(flavor = "multi_thread")]
async fn workbooks_that_are_none() {
    let whole = xlsx(&format!("<sheetData>{HEAD}</sheetData>"), false, Vec::new());
    assert_told(&told("x.xlsx", &whole[..whole.len() / 2]).await, "E0203", "only the beginning of one");
    assert_told(&told("x.xlsx", " <html><table></table></html>").await, "E0203", "a web page");
    assert_told(&told("x.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").await, "E0203", "it has a password");
    assert_told(&told("x.xls", &whole).await, "E0203", "no .xls but an .xlsx");
    assert_told(
        &told("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxxxxxxxxxxxxxxxxxxxxxx").await,
        "E0203",
        "could not read x.xls",
    );
    assert_told(&told("x.ods", "").await, "E0203", "it is empty");
    let entity = xlsx(
        &format!("<sheetData>{HEAD}<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>&x;</t></is></c></row></sheetData>"),
        false,
        Vec::new(),
    );
    assert_told(&told("x.xlsx", entity).await, "E0203", "could not read x.xlsx");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_says_nothing_is_given_up() {
    let mut rig = rig("{file: a.csv}");
    write(&rig, "a.csv", "id,nilai\na,1\n");
    rig.options.reader = muara_connectors::reader::Reader {
        program: "/bin/sleep".into(),
        arguments: vec!["600".to_owned()],
        patience: Duration::from_millis(200),
    };
    assert_told(&rig.try_run(false).await.failure.unwrap(), "E0230", "nothing of it could be read");
    rig.stop().await;
    rig.options.reader.program = "/nowhere/muara".into();
    assert_told(&rig.try_run(false).await.failure.unwrap(), "E0233", "does not start");
    rig.stop().await;
    rig.options.reader.program = "/bin/true".into();
    assert_told(&rig.try_run(false).await.failure.unwrap(), "E0233", "could not read a.csv: the process that reads it");
}
