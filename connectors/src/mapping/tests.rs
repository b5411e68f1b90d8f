//! Records through tables: what comes out, what is quarantined and how it is told.

use std::sync::Arc;

use muara_schemas::Catalog;
use muara_schemas::page::{About, Reason};
use serde_json::{Value, json};

use super::*;
use crate::definition::{self, Origin};
use crate::json::Json;

mod doubt;

/// A stream of kind files with the given target and map, compiled.
fn table(target: &str, map: &str, more: &str) -> Table {
    let indent =
        |text: &str, by: usize| text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect::<String>();
    let text = format!(
        "muara: 1\nsystem: {{id: test, region: \"33.02\", agency: 1.02.0.00.0.00.01.0000, timezone: Asia/Makassar, rank: 1}}\nsource: {{kind: files, folder: data}}\nstreams:\n  one:\n    target: {target}\n    read: {{file: a.csv}}\n    key: [id]\n{}    map:\n{}",
        indent(more, 4),
        indent(map, 6)
    );
    let (definitions, found) = definition::read(vec![Origin::new("test.yaml", text)]);
    let definition = definitions.first().unwrap_or_else(|| {
        panic!("{}", found.iter().map(std::string::ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    Table::compile(&definition.streams[0], &definition.system, Catalog::embedded().get(target).unwrap()).unwrap()
}

fn raw(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

fn mapped(table: &Table, raw: &Json) -> Mapped {
    table.map(raw, &crate::jq::evaluate(table.programs(), raw))
}

fn body(table: &Table, text: &str) -> Value {
    match mapped(table, &raw(text)) {
        Mapped::Record(body) => body,
        Mapped::Broken { errors, .. } => panic!("{errors:#?}"),
    }
}

fn broken(table: &Table, text: &str) -> (Vec<Reason>, About) {
    match mapped(table, &raw(text)) {
        Mapped::Record(body) => panic!("{body}"),
        Mapped::Broken { errors, about } => (errors, about),
    }
}

fn told(errors: &[Reason]) -> Vec<(&str, &str)> {
    errors.iter().map(|error| (error.code.as_str(), error.target.as_str())).collect()
}

const BUDGET: &str = r#"agency: kode_skpd
fiscal_year: tahun
sub_activity: {from: kode_sub, as: code}
account: kode_akun
fund: {from: dana, default: 1.1.01}
ledger: {const: apbd}
stage: {from: tahap, via: {murni: murni, "1": perubahan}, default: murni}
stage_version: {from: versi, default: 0}
stage_locked: kunci
amount: nilai
description: {from: keterangan, as: text}
"#;

const LINE: &str = r#"{"id":7,"kode_skpd":"1.02.0.00.0.00.01.0000","tahun":"2026","kode_sub":"1.02.02.2.02. 0008","kode_akun":"5.1.02.01.01.0024","tahap":1,"kunci":"ya","nilai":9007199254740993.5,"keterangan":"  "}"#;

#[test]
fn a_row_becomes_a_canonical_body() {
    let table = table("budget-line", BUDGET, "");
    let expected = json!({
        "region": "33.02", "agency": "1.02.0.00.0.00.01.0000", "fiscal_year": 2026, "sub_activity": "1.02.02.2.02.0008",
        "account": "5.1.02.01.01.0024", "fund": "1.1.01", "ledger": "apbd", "stage": "perubahan", "stage_version": 0,
        "stage_locked": true, "amount": "9007199254740993.50",
    });
    assert_eq!(body(&table, LINE), expected);
}

#[test]
fn everything_wrong_is_told_at_once_with_what_could_be_read() {
    let table = table("budget-line", BUDGET, "");
    let text = LINE
        .replace("9007199254740993.5", "\"12,5 juta\"")
        .replace("\"tahap\":1", "\"tahap\":\"9\"")
        .replace("\"5.1.02.01.01.0024\"", "null")
        .replace("\"ya\"", "\"t\"")
        .replace("1.02.02.2.02. 0008", "belum ada");
    let (errors, about) = broken(&table, &text);
    assert_eq!(
        told(&errors),
        [
            ("E0302", "/amount"),
            ("E0304", "/stage"),
            ("E0302", "/stage_locked"),
            ("E0301", "/account"),
            ("E0306", "/sub_activity")
        ]
    );
    assert_eq!(errors[0].message, "expected money like 1250000.50; found text of 9 characters");
    assert_eq!(errors[0].source.as_deref(), Some("nilai"));
    assert_eq!(
        (about.agency.as_deref(), about.fiscal_year, about.amount),
        (Some("1.02.0.00.0.00.01.0000"), Some(2026), None)
    );

    let (errors, about) = broken(&table, &LINE.replace("5.1.02.01.01.0024", "9.9"));
    assert_eq!(told(&errors), [("E0306", "/account")]);
    assert_eq!(about.amount.map(|amount| amount.to_string()).as_deref(), Some("9007199254740993.50"));
}

const PAYMENT: &str = r#"agency: skpd
fiscal_year: {const: 2026}
document_id: id
kind: {const: LS}
amount: nilai
status: {from: status, default: transferred}
payee: penerima
payee_account: {from: rekening, as: code}
transferred_on: {from: cair, as: date}
sp2d.number: nomor
sp2d.date: {from: tanggal, as: date("d MMMM yyyy")}
sp2d.issued_at: terbit
lines: {each: detail, map: {sub_activity: sub, account: akun, amount: {from: jumlah, as: money_id}}}
"#;

const PAID: &str = r#"{"id":"a1","skpd":"1.02.0.00.0.00.01.0000","nilai":"1000.00","penerima":"CV Contoh","rekening":"000 111","cair":"2026-02-06T17:00:00Z",
    "nomor":"1/2026","tanggal":"7 Pebruari 2026","terbit":"2026-02-07 08:30:00","detail":[
    {"sub":"1.02.02.2.02.0008","akun":"5.1.02.01.01.0024","jumlah":"Rp 1.000"}]}"#;

#[test]
fn nested_objects_lists_and_zones() {
    let table = table("disbursement", PAYMENT, "zero: [\"0001-01-01\"]");
    let made = body(&table, PAID);
    assert_eq!(
        made["sp2d"],
        json!({"number": "1/2026", "date": "2026-02-07", "issued_at": "2026-02-07T08:30:00+08:00"})
    );
    assert_eq!(
        made["lines"],
        json!([{"sub_activity": "1.02.02.2.02.0008", "account": "5.1.02.01.01.0024", "amount": "1000.00"}])
    );
    assert_eq!((&made["payee_account"], &made["transferred_on"]), (&json!("000111"), &json!("2026-02-07")));

    let without = PAID
        .replace("\"1/2026\"", "null")
        .replace("7 Pebruari 2026", "")
        .replace("2026-02-07 08:30:00", "0001-01-01")
        .replace("2026-02-06T17:00:00Z", " 0001-01-01 ");
    let (errors, _) = broken(&table, &without);
    assert!(errors[0].message.contains("the day of its transfer"), "money that nobody could date: {errors:?}");
    let made = body(&table, &without.replace("\"id\"", "\"status\":\"sp2d\",\"id\""));
    assert!(
        made.get("sp2d").is_none() && made.get("transferred_on").is_none(),
        "an object of which nothing is there is absent: {made}"
    );
}

#[test]
fn errors_within_lists_point_at_the_item() {
    let table = table("disbursement", PAYMENT, "");
    let (errors, _) = broken(&table, &PAID.replace("Rp 1.000", "seribu"));
    assert_eq!(told(&errors), [("E0302", "/lines/0/amount")]);
    assert_eq!(errors[0].source.as_deref(), Some("jumlah"));
    let (errors, _) = broken(&table, &PAID.replace("\"akun\"", "\"x\""));
    assert_eq!(told(&errors), [("E0301", "/lines/0/account")]);
    let (errors, _) = broken(&table, &PAID.replace("\"detail\":[", "\"detail\":{\"a\":[").replace("}]}", "}]}}"));
    assert_eq!(told(&errors), [("E0310", "/lines")]);
    let (errors, _) = broken(&table, &PAID.replace("\"7 Pebruari 2026\"", "[1]"));
    assert_eq!(told(&errors), [("E0310", "/sp2d/date")]);
}

#[test]
fn reasons_hold_no_value() {
    let table = table("disbursement", PAYMENT, "");
    let (errors, _) = broken(
        &table,
        &PAID
            .replace("CV Contoh", "Pegawai\\u0009 0012")
            .replace("\"penerima\":\"", "\"penerima\":[\"")
            .replace("0012\"", "0012\"]"),
    );
    assert_eq!(told(&errors), [("E0310", "/payee")]);
    let long = format!("Pegawai {}", "x".repeat(400));
    let (errors, _) = broken(&table, &PAID.replace("CV Contoh", &long).replace("1000.00", &"9".repeat(60)));
    assert_eq!(told(&errors), [("E0302", "/amount"), ("E0308", "/payee")]);
    assert_eq!(
        errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>(),
        [
            "expected money like 1250000.50 and fewer digits; found text of 60 characters",
            "text of 408 characters is longer than 300 characters"
        ]
    );
    let (errors, _) = broken(&table, &PAID.replace("2026-02-06T17:00:00Z", "190001012001011001"));
    assert_eq!(errors[0].message, "expected a date like 2026-02-07; found text of 18 characters");
    let (errors, _) = broken(&table, &PAID.replace("\"1000.00\"", "1e99"));
    assert_eq!(errors[0].message, "expected money like 1250000.50 and fewer digits; found a number");
}

#[test]
fn lists_of_single_values() {
    let map =
        "agency: a\nfiscal_year: {const: 2026}\nsub_activity: s\naccount: {const: 5.1.02}\nmonths: bulan\ntotal: t\n";
    let each = table("cash-plan", map, "");
    let months = r#"["1","2","3","4","5","6","7","8","9","10","11","12.5"]"#;
    let text = format!(r#"{{"a":"1.02.0.00.0.00.01.0000","s":"1.02.02.2.02.0008","t":"78.5","bulan":{months}}}"#);
    assert_eq!(body(&each, &text)["months"][11], json!("12.50"));
    let (errors, _) = broken(&each, &text.replace("\"3\"", "\"x\"").replace("\"5\"", "[]"));
    assert_eq!(told(&errors), [("E0302", "/months/2"), ("E0310", "/months/4")]);

    let wide: String = (0..12).map(|n| format!("months.{n}: b{n}\n")).collect();
    let wide = table("cash-plan", &format!("{}{wide}", map.replace("months: bulan\n", "")), "");
    let cells: Vec<String> = (0..12).map(|n| format!("\"b{n}\":{n}")).collect();
    let text = format!(r#"{{"a":"1.02.0.00.0.00.01.0000","s":"1.02.02.2.02.0008","t":66,{}}}"#, cells.join(","));
    assert_eq!(body(&wide, &text)["months"], Value::from((0..12).map(|n| format!("{n}.00")).collect::<Vec<_>>()));
    let (errors, _) = broken(&wide, &text.replace("\"b4\":4", "\"b4\":null"));
    assert!(told(&errors).contains(&("E0311", "/months/4")), "{errors:?}");
}

#[test]
fn items_of_objects_by_number_and_free_names() {
    let map = "agency: a\nfiscal_year: {const: 2026}\nname: n\nkind: {const: skpd}\nblud: {const: false}\nactive: {const: true}\nother_codes.sipd: k\n";
    let agency = table("agency", map, "");
    let text = r#"{"a":"1.02.0.00.0.00.01.0000","n":"Dinas Contoh","k":161828}"#;
    assert_eq!(body(&agency, text)["other_codes"], json!({"sipd": "161828"}));

    let lines = PAYMENT.lines().filter(|line| !line.starts_with("lines")).collect::<Vec<_>>().join("\n");
    let flat = table(
        "disbursement",
        &format!("{lines}\nlines.0.sub_activity: sub\nlines.0.account: akun\nlines.0.amount: nilai\n"),
        "",
    );
    let made = body(
        &flat,
        &PAID.replace("\"detail\"", "\"sub\":\"1.02.02.2.02.0008\",\"akun\":\"5.1.02.01.01.0024\",\"detail\""),
    );
    assert_eq!(made["lines"][0]["amount"], json!("1000.00"));
}

#[test]
fn where_selects_by_raw_text() {
    let table = table("budget-line", BUDGET, "where: {status: [final, \"1\"], hapus: [\"\", \"0\"]}");
    assert_eq!(table.selects(&raw(r#"{"status":" final "}"#), None), Ok(true));
    assert_eq!(table.selects(&raw(r#"{"status":1,"hapus":0}"#), None), Ok(true));
    assert_eq!(table.selects(&raw(r#"{"status":"draft"}"#), None), Ok(false));
    assert_eq!(table.selects(&raw(r#"{"status":"final","hapus":"1"}"#), None), Ok(false));
    assert_eq!(table.selects(&raw("{}"), None), Ok(false));
}

struct Cells(Arc<Columns>, Vec<Option<String>>);

impl Lookup for Cells {
    fn columns(&self) -> Option<&Arc<Columns>> {
        Some(&self.0)
    }
    fn cell(&self, index: usize) -> Option<&str> {
        self.1.get(index)?.as_deref()
    }
    fn json(&self) -> Option<&Json> {
        None
    }
}

#[test]
fn rows_and_json_give_the_same_body() {
    let table = table("disbursement", PAYMENT, "");
    let Json::Object(members) = raw(PAID) else { panic!("an object") };
    let columns = Arc::new(Columns::new(members.iter().map(|(name, _)| name.clone())));
    let cells =
        members.iter().map(|(_, value)| Some(value.as_text().map_or_else(|| value.to_text(), str::to_owned))).collect();
    assert_eq!(
        table.map(&Cells(columns, cells), &[]),
        Mapped::Record(body(&table, PAID)),
        "a cell may hold the list as JSON"
    );
}

#[test]
fn no_message_holds_a_value_or_a_name_that_came_with_the_record() {
    const STRAY: &str = "190001012001011001";
    for record_type in Catalog::embedded().iter() {
        for example in record_type.schema()["examples"].as_array().unwrap() {
            for place in places(example) {
                for stray in [STRAY.into(), STRAY.parse::<i64>().unwrap().into(), json!({ STRAY: STRAY })] {
                    let mut body = example.clone();
                    *body.pointer_mut(&place).unwrap() = stray;
                    let violations = record_type.violations(&body);
                    let told = violations.iter().find(|violation| violation.message.contains(STRAY));
                    assert_eq!(told, None, "{} {place}", record_type.name());
                }
            }
        }
    }
}

/// The pointers of everything below a value.
fn places(value: &serde_json::Value) -> Vec<String> {
    let members: Vec<(String, &serde_json::Value)> = match value {
        serde_json::Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        serde_json::Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let below = |(name, value): (String, &serde_json::Value)| {
        places(value).into_iter().map(move |place| format!("/{name}{place}")).collect::<Vec<_>>()
    };
    std::iter::once(String::new()).chain(members.into_iter().flat_map(below)).collect()
}

#[test]
fn a_message_tells_the_shape_of_what_stands_there() {
    let budget = Catalog::embedded().get("budget-line").unwrap();
    let mut body = budget.schema()["examples"][0].clone();
    body["fiscal_year"] = "2026".into();

    assert_eq!(budget.violations(&body)[0].message, r#"text of 4 characters is not of type "integer""#);
}

#[test]
fn an_expression_makes_what_the_table_cannot_say() {
    let map = BUDGET
        .replace("amount: nilai", "amount: {from: nilai, expr: '. * 1', as: money}")
        .replace(
            "stage: {from: tahap, via: {murni: murni, \"1\": perubahan}, default: murni}",
            "stage: {expr: '.tahap | tostring', via: {\"1\": perubahan}}",
        )
        .replace("fund: {from: dana, default: 1.1.01}", "fund: {expr: '.dana // empty', default: 1.1.01}");
    let table = table("budget-line", &map, "");
    let line = LINE.replace("9007199254740993.5", "12.5");
    let made = body(&table, &line);
    assert_eq!(
        (&made["amount"], &made["stage"], &made["fund"]),
        (&json!("12.50"), &json!("perubahan"), &json!("1.1.01"))
    );
}

#[test]
fn an_expression_makes_a_whole_list() {
    let map = "agency: skpd\nfiscal_year: tahun\nsub_activity: sub\naccount: akun\nmonths: {expr: '[.bulan[] | tostring]'}\ntotal: jumlah\n";
    let table = table("cash-plan", map, "");
    let months = ["1.5"; 12].join(",");
    let line = format!(
        r#"{{"id":1,"skpd":"1.02.0.00.0.00.01.0000","tahun":2026,"sub":"1.02.02.2.02.0008","akun":"5.1.02.01.01.0024","bulan":[{months}],"jumlah":18}}"#
    );
    assert_eq!(body(&table, &line)["months"], json!(vec!["1.50"; 12]));
    let (errors, _) = broken(&table, &line.replace("[1.5,", "[{},"));
    assert_eq!(told(&errors), [("E0302", "/months/0")]);
}

#[test]
fn what_an_expression_gives_is_checked_and_never_shown() {
    for (expr, code) in
        [(".nip | tonumber", "E0313"), (".nip, .nip", "E0314"), ("{a: .nip}", "E0310"), (".nip", "E0302")]
    {
        let map = BUDGET.replace("amount: nilai", &format!("amount: {{expr: '{expr}'}}"));
        let table = table("budget-line", &map, "");
        let (errors, _) = broken(&table, &LINE.replace("\"id\":7", "\"id\":7,\"nip\":\"19800101x\""));
        assert_eq!(told(&errors), [(code, "/amount")], "{expr}");
        assert!(!format!("{errors:?}").contains("19800101"), "{errors:?}");
    }
}

#[test]
fn an_object_of_an_expression_has_the_targets_fields() {
    let map = "agency: skpd\nfiscal_year: tahun\nname: nama\nkind: {const: skpd}\nother_codes: {expr: '{sipd: .a, none: null}'}\nblud: {const: false}\nactive: {const: true}\n";
    let table = table("agency", map, "");
    let made = body(&table, r#"{"skpd":"1.02.0.00.0.00.01.0000","tahun":2026,"nama":"Dinas","a":"7"}"#);
    assert_eq!(made["other_codes"], json!({"sipd": "7"}));
}
