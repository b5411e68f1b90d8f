//! What one record costs on its way, step by step, on one core: the budget lines of W1.
//!
//! `cargo bench -p muara-tests --bench micro`; items per second are records per second. Mapping, validation and
//! canonical form of a larger record stand in `connectors/benches/mapping.rs`.

use std::collections::HashMap;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use muara_connectors::definition::{self, Origin};
use muara_connectors::mapping::{Mapped, Table};
use muara_connectors::raw::{Head, Raw};
use muara_hub::Hub;
use muara_hub::intake::apply;
use muara_hub::intake::checked::{self, Arrived};
use muara_hub::merge::{Batch, Incoming};
use muara_hub::projector::Totals;
use muara_hub::reader::Reader as _;
use muara_hub::store::records::{self, Known};
use muara_hub::store::streams;
use muara_schemas::bus::Bus;
use muara_schemas::message::Message;
use muara_schemas::page::{Page, Record, RunId, RunKind};
use muara_schemas::{Catalog, Clock, ContentHash, Moment, RecordId, Secret, StreamName, canonical};
use tokio::runtime::Runtime;

mod prints;

/// Records of one page on the bus.
const PAGE: usize = 500;
/// Records of one statement: two pages in one unit of work, or one batch of the connector.
const BATCH: usize = 1_000;

const COLUMNS: [&str; 22] = [
    "id",
    "fiscal_year",
    "region_code",
    "agency_code",
    "agency_name",
    "unit_code",
    "unit_name",
    "function_code",
    "program_code",
    "program_name",
    "activity_code",
    "activity_name",
    "sub_activity_code",
    "sub_activity_name",
    "account_code",
    "account_name",
    "funding_source",
    "description",
    "amount",
    "revised_amount",
    "cash_plan",
    "updated_at",
];

fn main() {
    divan::main();
}

fn stream() -> StreamName {
    StreamName::new("33.02", "bench", "budget")
}

fn secret() -> Secret {
    Secret::new([7; 32])
}

/// A row of the legacy table, as `source.sql` makes them.
fn row(head: &Arc<Head>, number: usize) -> Raw {
    let (bidang, sub) = (format!("{}.{:02}", 1 + number % 5, 1 + number % 9), number % 60 + 1);
    let (program, agency) =
        (format!("{bidang}.{:02}", 1 + number % 12), format!("{bidang}.0.00.0.00.{:02}.", 1 + number % 40));
    let activity = format!("{program}.2.{:02}", 1 + number % 9);
    let amount = format!("{}.{:02}", 1_000_000 + number * 7919 % 900_000_000, number % 100);
    let cells = [
        number.to_string(),
        (2024 + number % 3).to_string(),
        "33.02".to_owned(),
        format!("{agency}0000"),
        format!("Dinas Pendidikan dan Kebudayaan Wilayah {}", number % 40),
        format!("{agency}{:04}", number % 50),
        format!("Unit Pelaksana Teknis Daerah Nomor {}", number % 50),
        bidang.clone(),
        program.clone(),
        format!("Program Pemenuhan Upaya Kesehatan Perorangan dan Upaya Kesehatan Masyarakat {}", number % 12),
        activity.clone(),
        format!("Penyediaan Layanan Kesehatan untuk UKM dan UKP Rujukan Tingkat Daerah Kabupaten/Kota {}", number % 30),
        format!("{activity}.{sub:04}"),
        format!("Pengelolaan Pelayanan Kesehatan bagi Penduduk pada Kondisi Tertentu {}", number % 60),
        format!(
            "5.{}.{:02}.{:02}.{:02}.{:04}",
            1 + number % 3,
            1 + number % 6,
            1 + number % 4,
            1 + number % 7,
            1 + number % 70
        ),
        format!("Belanja Alat/Bahan untuk Kegiatan Kantor-Alat Tulis Kantor {}", number % 70),
        ["PAD", "DAU", "DAK_FISIK", "DAK_NONFISIK", "DBH", "HIBAH", "BLUD"][number % 7].to_owned(),
        format!("Rincian belanja {}", blake3::hash(&number.to_le_bytes()).to_hex().split_at(32).0),
        amount.clone(),
        amount.clone(),
        format!("[{}]", vec![amount; 12].join(",")),
        "2024-01-01 00:00:01+07".to_owned(),
    ];
    let mut row = head.row();
    cells.iter().for_each(|cell| row.push(Some(cell)));
    Raw::Row(row)
}

fn table() -> Table {
    let (definitions, found) = definition::read(vec![Origin::new("w1.yaml", include_str!("w1.yaml"))]);
    let definition = definitions.first().unwrap_or_else(|| panic!("{found:#?}"));
    let budget_line = Catalog::embedded().get("budget-line").expect("a record type");
    Table::compile(&definition.streams[0], &definition.system, budget_line).expect("it compiles")
}

fn map(table: &Table, raw: &Raw) -> serde_json::Value {
    match table.map(&raw.parse().expect("a row needs no parsing"), &[]) {
        Mapped::Record(body) => body,
        Mapped::Broken { errors, .. } => panic!("{errors:#?}"),
    }
}

/// Records from `first` on, as the connector sends them.
fn sent(first: usize, count: usize) -> Vec<Record> {
    let (table, head) = (table(), Head::new(COLUMNS));
    let record = |number: usize| {
        let body = serde_json::value::to_raw_value(&map(&table, &row(&head, number))).expect("a value serialises");
        let (key, pointer) = (number.to_string(), format!("budget_line?{number}"));
        Record { key, pointer, hash: ContentHash::of(body.get().as_bytes()), body, mends: None }
    };
    (first..first + count).map(record).collect()
}

fn page(first: usize) -> Page {
    let StreamName { region, system, stream } = stream();
    Page {
        region,
        system,
        stream,
        record_type: "budget-line".to_owned(),
        definition: "0123456789abcdef".to_owned(),
        run: RunId::new([1; 16]),
        prev: None,
        kind: RunKind::Full,
        page: 1,
        records: sent(first, PAGE),
        quarantined: Vec::new(),
        gone: Vec::new(),
        held: Vec::new(),
        have: Vec::new(),
        refused: vec![],
        end: None,
    }
}

fn encode(page: Page) -> Vec<u8> {
    Message::Page(Box::new(page)).encode("0123456789abcdef0123456789abcdef-1", Moment::default())
}

/// Records from `first` on, as intake hands them to the merge.
fn incoming(first: usize, stream: i64) -> Vec<Incoming> {
    let pages = (first..first + BATCH).step_by(PAGE).map(|first| encode(page(first)));
    let valid = pages.flat_map(|bytes| match checked::check(&bytes, &secret(), Catalog::embedded()) {
        Ok(Arrived::Page(checked)) => checked.records,
        other => panic!("no page: {other:?}"),
    });
    let incoming = valid.map(|valid| Incoming {
        id: valid.id,
        key: valid.key,
        stream,
        hash: valid.hash,
        body: valid.body,
        agency: valid.head.agency,
        fiscal_year: valid.head.fiscal_year.map(i64::from),
        business: valid.business,
        pointer: valid.pointer,
        run: RunId::new([1; 16]),
    });
    incoming.collect()
}

fn batch(incoming: Vec<Incoming>) -> Batch {
    let mut batch = Batch::default();
    for one in incoming {
        batch.upsert(one);
    }
    batch
}

/// The fingerprint of a row: what an unchanged one costs, beside reading it and looking it up.
#[divan::bench]
fn hash_a_row(bencher: Bencher<'_, '_>) {
    let row = row(&Head::new(COLUMNS), 4711);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| black_box(&row).hash());
}

/// Mapping and validation of a row of W1.
#[divan::bench]
fn map_and_validate_a_row(bencher: Bencher<'_, '_>) {
    let (table, row) = (table(), row(&Head::new(COLUMNS), 4711));
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| map(&table, black_box(&row)));
}

/// Canonical bytes of a body and their hash.
#[divan::bench]
fn canonical_form_and_hash(bencher: Bencher<'_, '_>) {
    let body = map(&table(), &row(&Head::new(COLUMNS), 4711));
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| ContentHash::of(&canonical::to_bytes(black_box(&body))));
}

/// A page as a message.
#[divan::bench]
fn encode_a_page(bencher: Bencher<'_, '_>) {
    let message = Message::Page(Box::new(page(1)));
    bencher.counter(ItemsCount::new(PAGE)).bench_local(|| black_box(&message).encode("id", Moment::default()));
}

/// Intake's check: parse, canonical form, hash, validation, head, business key, id.
#[divan::bench]
fn check_a_page(bencher: Bencher<'_, '_>) {
    let (bytes, secret) = (encode(page(1)), secret());
    bencher
        .counter(ItemsCount::new(PAGE))
        .bench_local(|| checked::check(black_box(&bytes), &secret, Catalog::embedded()));
}

/// The merge of records that the hub has never seen, with their places.
#[divan::bench]
fn merge_new_records(bencher: Bencher<'_, '_>) {
    let records = incoming(1, 1);
    let bencher = bencher.counter(ItemsCount::new(BATCH)).with_inputs(|| records.clone());
    bencher.bench_local_values(|records| batch(records).finish(1, Moment::default()));
}

/// The merge of records that stand as they are.
#[divan::bench]
fn merge_unchanged_records(bencher: Bencher<'_, '_>) {
    let records = incoming(1, 1);
    let known = |one: &Incoming| Known {
        record: 1,
        version: 1,
        hash: one.hash,
        body_seq: 1,
        deleted: false,
        held: false,
        agency: one.agency.clone(),
        fiscal_year: one.fiscal_year,
        business: one.business.clone(),
    };
    let known: HashMap<RecordId, Known> = records.iter().map(|one| (one.id, known(one))).collect();
    let bencher = bencher.counter(ItemsCount::new(BATCH)).with_inputs(|| {
        let mut batch = Batch::default();
        batch.learn(known.clone());
        (batch, records.clone())
    });
    bencher.bench_local_values(|(mut batch, records)| {
        for one in records {
            black_box(batch.upsert(one));
        }
        batch.is_empty()
    });
}

/// A hub on SQLite in a temporary folder.
struct Small {
    runtime: Runtime,
    hub: Hub,
    stream: i64,
    _folder: tempfile::TempDir,
}

impl Small {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("muara.db").display());
        let (hub, stream) = runtime.block_on(async {
            let hub = Hub::open(&url, Bus::local(), Clock::system()).await.expect("the database opens");
            let mut tx = hub.db.write().await.expect("a unit of work");
            let stream = streams::lock(&mut tx, &stream(), "budget-line").await.expect("a stream");
            tx.commit().await.expect("the stream lasts");
            (hub, stream.number)
        });
        Self { runtime, hub, stream, _folder: folder }
    }

    /// Writes a batch of new records, current state and log, and commits it.
    fn put(&self, records: Vec<Incoming>) {
        self.runtime.block_on(async {
            let mut tx = self.hub.db.write().await.expect("a unit of work");
            apply::write(&mut tx, batch(records), self.hub.clock.now()).await.expect("the batch is written");
            tx.commit().await.expect("the batch lasts");
        });
    }
}

/// Current state and log of new records on SQLite, set by set, with the commit.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn store_new_records_on_sqlite(bencher: Bencher<'_, '_>) {
    let small = Small::open();
    let mut first = 1;
    let bencher = bencher.counter(ItemsCount::new(BATCH)).with_inputs(|| {
        first += BATCH;
        incoming(first, small.stream)
    });
    bencher.bench_local_values(|records| small.put(records));
}

/// What intake looks up of records that may come.
#[divan::bench]
fn look_records_up_on_sqlite(bencher: Bencher<'_, '_>) {
    let small = Small::open();
    for first in (1..=10 * BATCH).step_by(BATCH) {
        small.put(incoming(first, small.stream));
    }
    let ids: Vec<RecordId> = (1..=BATCH).map(|number| secret().id(&stream(), &(number * 10).to_string())).collect();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        small.runtime.block_on(async {
            let mut tx = small.hub.db.read().await.expect("a unit of work");
            records::known(&mut tx, black_box(&ids)).await.expect("the records are found").len()
        })
    });
}

/// The projector's share: 1,000 changes into totals, taken back each time.
#[divan::bench]
fn project_changes_on_sqlite(bencher: Bencher<'_, '_>) {
    let small = Small::open();
    small.put(incoming(1, small.stream));
    let until = i64::try_from(BATCH).expect("a small number");
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        small.runtime.block_on(async {
            let mut tx = small.hub.db.write().await.expect("a unit of work");
            Totals.take(&mut tx, 0, until).await.expect("the changes are projected");
        });
    });
}
