//! Every record of the view says where it comes from, and whoever follows that finds the very value: for each kind, from
//! a source through the real program to the API, and back.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::extract::Query;
use axum::response::IntoResponse as _;
use axum::routing::get;
use calamine::{Data, Reader as _, Xlsx, open_workbook};
use muara_tests::{Muara, Running, free_port, wait_telling};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::office::SETTLE;

const TOKEN: &str = "0123456789abcdef-provenance";
const MAP: &str = "map: {agency: {const: 1.02.0.00.0.00.01.0000}, fiscal_year: {const: 2026}, \
    sub_activity: {const: 1.02.02.2.02.0008}, account: {const: 5.1.02.01.01.0024}, fund: {const: 1.1.01}, \
    ledger: {const: apbd}, stage: {const: murni}, stage_version: {const: 0}, stage_locked: {const: true}, amount: nilai}";

/// The program over one system.
struct Site {
    folder: tempfile::TempDir,
    port: u16,
    key: String,
    client: reqwest::Client,
    running: Option<Running>,
    program: Muara,
}

/// What the API tells of a record.
#[derive(Debug)]
struct Told {
    key: String,
    amount: String,
    pointer: String,
    run: String,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let program = Muara::new(env!("CARGO_BIN_EXE_muara-under-test"), folder.path())
            .with("MUARA_DATABASE", format!("sqlite:{}", folder.path().join("muara.db").display()))
            .with("MUARA_LISTEN", format!("127.0.0.1:{port}"))
            .with("MUARA_STATE", folder.path().join("state.db").display().to_string())
            .with("MUARA_LOG", "warn")
            .with("TOKEN", TOKEN);
        drop(program.run(&["migrate"]).well());
        let key = program.run(&["key", "create", "test"]).well().stdout.trim().to_owned();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().expect("a client");
        Self { folder, port, key, client, running: None, program }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the program over streams of budget lines: their names, and what each says beside its field table.
    async fn start(&mut self, source: &str, streams: &[(&str, &str)]) {
        let mut text = format!(
            "muara: 1\nsystem: {{id: asal, region: \"33.02\", agency: 5.02.0.00.0.00.01.0000, timezone: Asia/Jakarta, \
             rank: 10}}\nsource: {source}\nstreams:\n"
        );
        for (name, lines) in streams {
            text.push_str(&format!("  {name}:\n    target: budget-line\n    {MAP}\n{lines}"));
        }
        std::fs::write(self.path("asal.yaml"), text).expect("the definition is written");
        self.running = Some(self.program.start(&["serve", "--connect", "asal.yaml"]));
        let health = format!("http://127.0.0.1:{}/healthz", self.port);
        let answers = async || self.client.get(&health).send().await.is_ok();
        wait_telling("the program to answer", SETTLE, answers, || self.said()).await;
    }

    fn said(&self) -> String {
        self.running.as_ref().map(Running::stderr).unwrap_or_default()
    }

    async fn ask(&self, path: &str) -> Value {
        let request = self.client.get(format!("http://127.0.0.1:{}{path}", self.port)).bearer_auth(&self.key);
        serde_json::from_str(&request.send().await.expect("an answer").text().await.expect("a body")).expect("JSON")
    }

    /// What the API tells of a stream's records, once there are so many.
    async fn records(&self, stream: &str, count: usize) -> Vec<Told> {
        let path = format!("/api/v1/records?stream={stream}&limit=100");
        let items = async || self.ask(&path).await["items"].as_array().cloned().unwrap_or_default();
        wait_telling(&format!("{count} records"), SETTLE, async || items().await.len() == count, || self.said()).await;
        let told = |item: &Value| {
            let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            Told {
                key: text("/data/key"),
                amount: text("/data/record/amount"),
                pointer: text("/source/pointer"),
                run: text("/source/run"),
            }
        };
        items().await.iter().map(told).collect()
    }
}

/// Lays down a file that has not changed for an hour.
fn lay(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
    std::fs::write(path, bytes).expect("the file is written");
    let file = std::fs::File::options().write(true).open(path).expect("the file opens");
    let now = file.metadata().and_then(|about| about.modified()).expect("the file has a time");
    file.set_modified(now - Duration::from_hours(1)).expect("its time is set");
}

/// The value at a JSON pointer; `[n]` behind it is the item of this number in the list that the parent was split at.
fn follow<'v>(document: &'v Value, pointer: &str, list: &str) -> Option<&'v Value> {
    match pointer.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((parent, item)) => document.pointer(parent)?.get(list)?.get(item.parse::<usize>().ok()?),
        None => document.pointer(pointer),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_and_a_json_pointer_lead_back_to_the_value() {
    let answer = |Query(query): Query<BTreeMap<String, String>>| async move {
        let lines = |id: &str, amounts: [&str; 2]| json!({"id": id, "nilai": amounts[0], "rincian": [{"no": 1, "nilai": amounts[0]}, {"no": 2, "nilai": amounts[1]}]});
        let page = match query.get("page").map(String::as_str) {
            Some("1") => vec![lines("a/1", ["9007199254740993.50", "1.00"]), lines("b", ["2.00", "3.00"])],
            Some("2") => vec![lines("c", ["4.00", "5.00"])],
            _ => Vec::new(),
        };
        axum::Json(json!({"hasil": {"da/ta": page}})).into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/api/dpa", get(answer))).await });
    let mut site = Site::new();
    let read =
        "    read: {get: /dpa, records: hasil.da/ta, query: {tahun: \"2026\"}}\n    page: {by: page, param: page}\n";
    let (whole, split) =
        (format!("{read}    key: [id]\n"), format!("{read}    each: rincian\n    key: [$parent.id, no]\n"));
    let source = format!("{{kind: http, base_url: \"http://{address}/api\"}}");

    site.start(&source, &[("dpa", &whole), ("rinci", &split)]).await;

    for (stream, count) in [("dpa", 3), ("rinci", 6)] {
        for told in site.records(stream, count).await {
            let (url, pointer) = told.pointer.split_once('#').expect("an address and a pointer");
            let answer = site.client.get(url).send().await.expect("an answer").text().await.expect("a body");
            let document: Value = serde_json::from_str(&answer).expect("JSON");
            let found = follow(&document, pointer, "rincian").unwrap_or_else(|| panic!("{told:?}"));
            assert_eq!(found["nilai"], told.amount, "{told:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_and_a_key_select_the_row() {
    let mut site = Site::new();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(site.path("lama.db")).create_if_missing(true);
    let mut legacy = options.connect().await.expect("the legacy database opens");
    let rows = r"create table ta_belanja (skpd text, id text, nilai text);
        insert into ta_belanja values ('1.02', 'a', '1.00'), ('1.02', 'b', '2.00'), ('1.03', 'a', '3.00'),
        ('1.03|a', 'b', '4.00'), ('1.03', 'a|b', '5.00'), ('1.03\', '|', '9007199254740993.50')";
    legacy.execute(rows).await.expect("the rows are there");
    let source = format!("{{kind: sql, url: \"sqlite:{}\"}}", site.path("lama.db").display());

    site.start(&source, &[("belanja", "    read: {table: ta_belanja}\n    key: [skpd, id]\n")]).await;

    for told in site.records("belanja", 6).await {
        let (table, key) = told.pointer.split_once('?').expect("a table and a key");
        let [skpd, id] = &parts(key)[..] else { panic!("{told:?}") };
        let sql = format!("select nilai from {table} where skpd = ? and id = ?");
        let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(skpd)
            .bind(id)
            .fetch_all(&mut legacy)
            .await
            .expect("the table is there");
        assert_eq!(found, std::slice::from_ref(&told.amount), "{told:?}");
    }
    legacy.close().await.expect("the legacy database closes");
}

/// The values of a key.
fn parts(key: &str) -> Vec<String> {
    let (mut parts, mut letters) = (vec![String::new()], key.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '|' => parts.push(String::new()),
            '\\' => parts.last_mut().expect("there is one").extend(letters.next()),
            other => parts.last_mut().expect("there is one").push(other),
        }
    }
    parts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_and_a_cell_lead_to_the_row_of_the_value() {
    let mut site = Site::new();
    let mut book = Workbook::new();
    for (name, shift) in [("RBA semester 1", 0), ("RBA semester 2", 3)] {
        let sheet = book.add_worksheet().set_name(name).expect("a name");
        sheet.write_string(0, 1, "RENCANA BELANJA").expect("a title");
        let header = 2 + shift;
        for (column, text) in [(1, "id"), (2, "nilai")] {
            sheet.write_string(header, column, text).expect("a header");
        }
        // A row in between is empty, and a sum stands below.
        for (row, id, amount) in [(1, "a", 1.5), (2, "b", 2.25), (4, "c", 1_250_000_000.5)] {
            sheet.write_string(header + row, 1, format!("{name} {id}")).expect("an id");
            sheet.write_number(header + row, 2, amount + f64::from(shift)).expect("an amount");
        }
        sheet.write_string(header + 5, 1, "JUMLAH").expect("a sum");
    }
    lay(&site.path("berkas/rsud/RBA 2026.xlsx"), book.save_to_buffer().expect("a workbook"));
    let source = format!("{{kind: files, folder: \"{}\"}}", site.path("berkas").display());
    let read = "    read: {file: \"rsud/*.xlsx\", sheet: \"/RBA .*/\", region: {find: id, within: A1:C20, end: {text: [JUMLAH]}}}\n";

    site.start(&source, &[("rba", &format!("{read}    key: [id]\n"))]).await;

    for told in site.records("rba", 6).await {
        let (file, cell) = told.pointer.split_once('#').expect("a file");
        let (sheet, cell) = cell.rsplit_once('!').expect("a sheet and a cell");
        let row: u32 = cell.trim_start_matches(|letter: char| letter.is_ascii_uppercase()).parse().expect("a row");
        let mut book: Xlsx<_> = open_workbook(site.path("berkas").join(file)).expect("the workbook is there");
        let range = book.worksheet_range(sheet).expect("the sheet is there");
        let value = |column| range.get_value((row - 1, column));
        assert_eq!(value(1), Some(&Data::String(told.key.clone())), "{told:?}");
        assert_eq!(value(2), Some(&Data::Float(told.amount.parse().expect("an amount"))), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_a_row_are_those_of_a_spreadsheet() {
    let mut site = Site::new();
    let text = "\u{feff}id;uraian;nilai\r\na;satu;1.00\r\n\r\nb;\"dua\r\nbaris; dan \"\"kutip\"\"\";2.00\r\n;;\r\nc;tiga;3.00\r\n";
    lay(&site.path("berkas/belanja.csv"), text);
    let source = format!("{{kind: files, folder: \"{}\"}}", site.path("berkas").display());

    site.start(&source, &[("belanja", "    read: {file: belanja.csv}\n    key: [id]\n")]).await;

    for told in site.records("belanja", 3).await {
        let (file, row) = told.pointer.split_once("#row=").expect("a file and a row");
        let text = std::fs::read_to_string(site.path("berkas").join(file)).expect("the file is there");
        let row = &rows(&text)[row.parse::<usize>().expect("a number") - 1];
        assert_eq!((&row[..2], row.ends_with(&told.amount)), (&*format!("{};", told.key), true), "{told:?}");
    }
}

/// The rows of a CSV file as a spreadsheet shows them: an empty line is one, a line within quotes is none.
fn rows(text: &str) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        match rows.last_mut().filter(|row| row.matches('"').count() % 2 == 1) {
            Some(row) => row.extend(["\n", line]),
            None => rows.push(line.to_owned()),
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_a_stream_and_a_key_name_what_the_program_says() {
    let mut site = Site::new();
    let script = site.path("sumber");
    let says = "#!/bin/sh\nread -r request\n\
        echo '{\"type\":\"BEGIN\",\"stream\":\"dpa\",\"complete\":true}'\n\
        echo '{\"type\":\"RECORD\",\"record\":{\"id\":\"a\",\"nilai\":\"9007199254740993.50\"}}'\n\
        echo '{\"type\":\"RECORD\",\"record\":{\"id\":\"b?c\",\"nilai\":\"2.00\"}}'\n\
        echo '{\"type\":\"END\",\"count\":2}'\n";
    std::fs::write(&script, says).expect("the script is written");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
    let source = format!("{{kind: exec, command: [\"{}\"], protocol: muara-jsonl}}", script.display());

    site.start(&source, &[("dpa", "    read: {stream: dpa}\n    key: [id]\n")]).await;

    for told in site.records("dpa", 2).await {
        let (of, key) = told.pointer.split_once('?').expect("a stream and a key");
        let (program, stream) = of.split_once(':').expect("a program");
        let mut run = Command::new(site.path(program));
        let output = run.stdin(Stdio::null()).output().expect("the program runs");
        let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        assert!(lines.iter().any(|line| line["type"] == "BEGIN" && line["stream"] == stream), "{told:?}");
        let found: Vec<&Value> =
            lines.iter().filter(|line| line["record"]["id"] == key).map(|line| &line["record"]["nilai"]).collect();
        assert_eq!(found, [&json!(told.amount)], "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_and_a_json_pointer_lead_into_the_body_that_was_pushed() {
    let mut site = Site::new();
    site.start("{kind: push, tokens: [{env: TOKEN}]}", &[("dpa", "    read: {records: berkas}\n    key: [id]\n")])
        .await;
    let mut bodies: BTreeMap<String, Value> = BTreeMap::new();
    for (key, body) in [
        ("1", json!({"berkas": [{"id": "a", "nilai": "9007199254740993.50"}, {"id": "b", "nilai": "2.00"}]})),
        ("2", json!({"berkas": [{"id": "c", "nilai": "3.00"}, {"id": "b", "nilai": "4.00"}]})),
    ] {
        let address = format!("http://127.0.0.1:{}/api/v1/ingest/asal/dpa", site.port);
        let request = site.client.post(address).bearer_auth(TOKEN).header("idempotency-key", key).json(&body);
        let answer = request.send().await.expect("an answer").text().await.expect("a body");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        bodies.insert(answer["run"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned(), body);
    }

    let told = site.records("dpa", 3).await;
    let newest = async || site.records("dpa", 3).await.iter().any(|told| told.amount == "4.00");
    wait_telling("the second push", SETTLE, newest, || site.said()).await;

    for told in site.records("dpa", told.len()).await {
        let pointer = told.pointer.strip_prefix("push#").expect("a pointer into what was pushed");
        let found = bodies.get(&told.run).and_then(|body| body.pointer(pointer));
        assert_eq!(found, Some(&json!({"id": told.key, "nilai": told.amount})), "{told:?}");
    }
}
