//! Pages as a connector would send them, and what the hub makes of them.

use muara_hub::intake::apply::{self, Ended};
use muara_hub::intake::checked::{self, Arrived};
use muara_hub::intake::unit;
use muara_hub::projector::Totals;
use muara_hub::{Hub, proof, reader};
use muara_schemas::control::Announcement;
use muara_schemas::message::Message;
use muara_schemas::page::{Counts, End, Limits, Page, Quarantined, Record, RunId, RunKind};
use muara_schemas::{Catalog, ContentHash, Moment, Proof, canonical};
use serde_json::{Value, json};

/// The stream that tests write.
pub(crate) fn page(run: u8, prev: Option<u8>, number: u32) -> Page {
    Page {
        region: "33.02".into(),
        system: "sipd".into(),
        stream: "dpa".into(),
        record_type: "budget-line".into(),
        definition: "d1".into(),
        run: RunId::new([run; 16]),
        prev: prev.map(|prev| RunId::new([prev; 16])),
        kind: RunKind::Full,
        page: number,
        records: vec![],
        quarantined: vec![],
        gone: vec![],
        held: vec![],
        have: vec![],
        refused: vec![],
        end: None,
    }
}

/// The agency of [`line`].
pub(crate) const HEALTH: &str = "1.02.0.00.0.00.01.0000";
/// Another agency.
pub(crate) const WORKS: &str = "1.03.0.00.0.00.01.0000";

/// A valid budget line of [`HEALTH`] with this amount in rupiah.
pub(crate) fn line(key: &str, rupiah: u64) -> Record {
    line_of(HEALTH, key, rupiah)
}

/// A valid budget line of an agency: APBD, murni, locked.
pub(crate) fn line_of(agency: &str, key: &str, rupiah: u64) -> Record {
    let fields = json!({"agency": agency, "amount": format!("{rupiah}.00")});
    record(key, &example("budget-line", &fields))
}

/// The schema's first example of a record type with other values in some fields.
pub(crate) fn example(record_type: &str, fields: &Value) -> Value {
    let mut body = Catalog::embedded().get(record_type).unwrap().schema()["examples"][0].clone();
    body["region"] = "33.02".into();
    for (name, value) in fields.as_object().expect("fields are an object") {
        body[name] = value.clone();
    }
    body
}

pub(crate) fn record(key: &str, body: &Value) -> Record {
    let bytes = canonical::to_bytes(body);
    Record {
        key: key.into(),
        pointer: format!("ta_belanja?{key}"),
        hash: ContentHash::of(&bytes),
        body: serde_json::from_slice(&bytes).unwrap(),
        mends: None,
    }
}

pub(crate) fn broken(key: Option<&str>, raw: &str) -> Quarantined {
    Quarantined {
        key: key.map(str::to_owned),
        pointer: "ta_belanja".into(),
        raw_hash: ContentHash::of(raw.as_bytes()),
        raw: raw.into(),
        form: Default::default(),
        errors: vec![],
        about: Default::default(),
        entry: None,
    }
}

/// The end of a complete full read that holds these records.
pub(crate) fn end(pages: u32, records: &[Record]) -> End {
    let mut proof = Proof::default();
    records.iter().for_each(|record| proof.add(&record.key, record.hash));
    End {
        complete: true,
        pages,
        counts: Counts { read: proof.count, published: proof.count, ..Counts::default() },
        proof: Some(proof),
        limits: Limits::default(),
        failure: None,
        notes: vec![],
    }
}

/// A whole full read in one page.
pub(crate) fn full(run: u8, prev: Option<u8>, records: Vec<Record>) -> Page {
    let end = end(1, &records);
    Page { records, end: Some(end), ..page(run, prev, 1) }
}

/// Sends pages through the same steps as intake does.
pub(crate) async fn take(hub: &Hub, pages: Vec<Page>) -> Vec<Ended> {
    send(hub, pages.into_iter().map(|page| Message::Page(Box::new(page))).collect()).await
}

/// What a connector says of the stream of a page when it starts.
pub(crate) fn announcement(page: &Page, rank: u16) -> Message {
    Message::Announcement(Announcement {
        stream: page.name(),
        record_type: page.record_type.clone(),
        agency: HEALTH.into(),
        rank,
        definition: page.definition.clone(),
        document: "system: {}".into(),
        every_secs: 600,
        warnings: vec![],
    })
}

/// Sends messages through the same steps as intake does.
pub(crate) async fn send(hub: &Hub, messages: Vec<Message>) -> Vec<Ended> {
    let check = |message: Message| {
        let bytes = message.encode("id", Moment::default());
        checked::check(&bytes, &hub.secret, Catalog::embedded()).expect("a message of ours")
    };
    let mut arrived: Vec<Arrived> = messages.into_iter().map(check).collect();
    let mut ended = Vec::new();
    while !arrived.is_empty() {
        let rest = arrived.split_off(unit::next(&arrived));
        let mut tx = hub.db.write().await.unwrap();
        let runs = apply::apply(&mut tx, &mut arrived, &hub.secret, hub.clock.now()).await.expect("the page is taken");
        tx.commit().await.unwrap();
        for run in &runs {
            proof::look(&hub.db, run, &hub.clock).await.expect("the proof is looked at");
        }
        ended.extend(runs);
        arrived = rest;
    }
    ended
}

/// Lets the totals read the log to its end.
pub(crate) async fn catch_up(hub: &Hub) {
    while reader::advance(&Totals, &hub.db, "test").await.unwrap() {}
}

/// Rows of one integer query, for looking at what is stored.
pub(crate) async fn number(hub: &Hub, sql: &'static str) -> i64 {
    let mut tx = hub.db.read().await.unwrap();
    let (number,): (i64,) = muara_hub::store::rows::Statement::new(sql).fetch_one(&mut tx).await.unwrap();
    number
}

/// Texts of one query, in order.
pub(crate) async fn texts(hub: &Hub, sql: &'static str) -> Vec<String> {
    let mut tx = hub.db.read().await.unwrap();
    let rows: Vec<(String,)> = muara_hub::store::rows::Statement::new(sql).fetch_all(&mut tx).await.unwrap();
    rows.into_iter().map(|(text,)| text).collect()
}

/// The orders that wait for the connector, by their first word.
pub(crate) async fn orders(hub: &Hub) -> Vec<String> {
    let mut tx = hub.db.read().await.unwrap();
    let waiting = muara_hub::store::commands::waiting(&mut tx, hub.clock.now()).await.unwrap();
    let mut words: Vec<String> = waiting
        .iter()
        .map(|command| {
            serde_json::to_value(&command.order).unwrap().as_object().unwrap().keys().next().unwrap().clone()
        })
        .collect();
    words.sort();
    words
}
