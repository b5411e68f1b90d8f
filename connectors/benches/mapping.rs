//! How fast records are mapped and validated: a record of 25 fields, as a database row and as JSON.
//!
//! `cargo bench -p muara-connectors --bench mapping`; items per second are records per second on one core.

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use muara_connectors::definition::{self, Origin};
use muara_connectors::json::Json;
use muara_connectors::mapping::{Columns, Lookup, Mapped, Table};
use muara_schemas::Catalog;
use serde_json::Value;

fn main() {
    divan::main();
}

/// 25 leaves of a disbursement: codes, texts, money, dates, moments, a crosswalk and a nested line.
const DEFINITION: &str = r#"
muara: 1
system: {id: bench, region: "33.02", agency: 1.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, rank: 1}
source: {kind: files, folder: data}
streams:
  payments:
    target: disbursement
    read: {file: a.csv}
    key: [id]
    zero: ["0001-01-01", "0001-01-01 00:00:00"]
    map:
      agency: skpd
      fiscal_year: tahun
      document_id: id
      kind: jenis
      ls_kind: {from: jenis_ls, via: {"1": gaji, "2": barang-jasa, "3": lainnya}}
      description: uraian
      contract_number: kontrak
      amount: nilai
      status: {from: status, via: {draft: draft, final: sp2d, ditransfer: transferred}}
      payee: penerima
      payee_account: rekening
      transferred_on: {from: tanggal_cair, as: date("dd/MM/yyyy")}
      transferred_at: waktu_cair
      spp.number: nomor_spp
      spp.date: tanggal_spp
      spp.submitted_at: waktu_spp
      spm.number: nomor_spm
      spm.date: tanggal_spm
      sp2d.number: nomor_sp2d
      sp2d.date: tanggal_sp2d
      sp2d.issued_at: waktu_sp2d
      lines.0.sub_activity: {from: sub, as: code}
      lines.0.account: {from: akun, as: code}
      lines.0.fund: dana
      lines.0.amount: nilai
"#;

const RECORD: &[(&str, &str)] = &[
    ("id", "139020017"),
    ("skpd", "1.02.0.00.0.00.01.0000"),
    ("tahun", "2026"),
    ("jenis", "LS"),
    ("jenis_ls", "2"),
    ("uraian", " Pembayaran belanja alat tulis kantor bulan Februari 2026 "),
    ("kontrak", "027/015/SP/2026"),
    ("nilai", "12500000.50"),
    ("status", "ditransfer"),
    ("penerima", "CV Contoh Sejahtera"),
    ("rekening", "Bank Contoh 000-00-00000-0"),
    ("tanggal_cair", "20/02/2026"),
    ("waktu_cair", "2026-02-20 16:13:57"),
    ("nomor_spp", "33.02/02.0/000003/LS/1.02.0.00.0.00.01.0000/M/2/2026"),
    ("tanggal_spp", "2026-02-16"),
    ("waktu_spp", "2026-02-16T08:01:02Z"),
    ("nomor_spm", "33.02/03.0/000003/LS/1.02.0.00.0.00.01.0000/M/2/2026"),
    ("tanggal_spm", "2026-02-18 00:00:00"),
    ("nomor_sp2d", "33.02/04.0/000003/LS/1.02.0.00.0.00.01.0000/M/2/2026"),
    ("tanggal_sp2d", "2026-02-20"),
    ("waktu_sp2d", "2026-02-20 14:00:00"),
    ("sub", "1.02.02.2.02.0008"),
    ("akun", "5.1.02.01.01.0024"),
    ("dana", "1.1.01"),
    ("created_at", "2026-02-16 08:01:02"),
    ("updated_at", "2026-02-20 16:14:00"),
];

struct Row(Arc<Columns>, Vec<Option<String>>);

impl Lookup for Row {
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

fn table() -> Table {
    let (definitions, found) = definition::read(vec![Origin::new("bench.yaml", DEFINITION)]);
    let definition = definitions.first().unwrap_or_else(|| panic!("{found:#?}"));
    Table::compile(
        &definition.streams[0],
        &definition.system,
        Catalog::embedded().get("disbursement").expect("a record type"),
    )
    .expect("it compiles")
}

fn row() -> Row {
    Row(
        Arc::new(Columns::new(RECORD.iter().map(|(name, _)| *name))),
        RECORD.iter().map(|(_, cell)| Some((*cell).to_owned())).collect(),
    )
}

fn json_text() -> String {
    let members: serde_json::Map<String, Value> =
        RECORD.iter().map(|(name, cell)| ((*name).to_owned(), Value::from(*cell))).collect();
    Value::Object(members).to_string()
}

fn body(table: &Table) -> Value {
    match table.map(&row(), &[]) {
        Mapped::Record(body) => body,
        Mapped::Broken { errors, .. } => panic!("{errors:#?}"),
    }
}

#[divan::bench]
fn map_row(bencher: Bencher<'_, '_>) {
    let (table, row) = (table(), row());
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| table.apply(black_box(&row), &[]));
}

#[divan::bench]
fn map_json(bencher: Bencher<'_, '_>) {
    let (table, json) = (table(), Json::parse(json_text().as_bytes()).expect("it is JSON"));
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| table.apply(black_box(&json), &[]));
}

#[divan::bench]
fn parse_and_map_json(bencher: Bencher<'_, '_>) {
    let (table, text) = (table(), json_text());
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| table.apply(&Json::parse(black_box(text.as_bytes())).expect("it is JSON"), &[]));
}

#[divan::bench]
fn validate(bencher: Bencher<'_, '_>) {
    let table = table();
    let body = body(&table);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| table.validate(black_box(&body)));
}

#[divan::bench]
fn write_canonical(bencher: Bencher<'_, '_>) {
    let body = body(&table());
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| muara_schemas::canonical::to_bytes(black_box(&body)));
}
