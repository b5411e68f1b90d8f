//! Tells rows of the log to one subscriber: his sides of a change, personal data only when he may see it, the fields that
//! he asked for. Pure.

use std::collections::BTreeSet;

use muara_schemas::canonical::hex;
use muara_schemas::{Moment, RecordId};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::sides::{Told, told};
use super::{Data, Event, Note, Position, Record, Source, Word};
use crate::mask;
use crate::store::feed::Change;
use crate::store::listing::Listed;

const JSON: &str = "application/json";

/// Fields of a body that are told whatever else was asked for: without them a record is of nowhere.
const HEAD: [&str; 3] = ["region", "agency", "fiscal_year"];

/// How one subscriber is told.
#[derive(Debug, Clone)]
pub struct Teller {
    /// The hub's name.
    pub hub: String,
    /// The log's epoch.
    pub epoch: String,
    /// Whether personal data is told.
    pub may_see_personal: bool,
    /// Fields at the top of a body that are told; `None` means all.
    pub fields: Option<BTreeSet<String>>,
}

type Body = Option<Box<RawValue>>;

impl Teller {
    /// The event of a row of the log. `None` for an update of which the subscriber would see no difference.
    pub fn tell(&self, row: Change) -> Option<Event> {
        let told = told(&row);
        if row.kind == "record" { self.record(row, told) } else { Some(self.note(row)) }
    }

    /// A record as it stands.
    pub fn read(&self, row: Listed) -> Event {
        let record_type = row.record_type;
        let received_at = Moment::from_micros(row.received_at);
        let record = Record {
            op: "read".into(),
            reason: None,
            version: row.version,
            agency: row.agency,
            fiscal_year: row.fiscal_year,
            before: None,
            after: self.body(&record_type, row.body),
            changed: None,
            source: Source {
                key: mask::name(&record_type, Some(row.key), self.may_see_personal),
                pointer: mask::name(&record_type, row.pointer, self.may_see_personal),
                run: row.run.as_deref().map(hex),
                definition: row.definition,
                received_at,
                system: row.system,
                stream: row.stream,
            },
            region: row.region,
            record_type,
        };
        let position = self.position(row.seq);
        Event { id: format!("{position}-read"), ..self.of_record(position, &row.id, received_at, record) }
    }

    /// A word to the subscriber himself. `nonce` keeps two of them apart.
    pub fn word(&self, subscription: &str, seq: i64, at: Moment, nonce: [u8; 4], word: Word) -> Event {
        let position = self.position(seq);
        let op = word.op;
        Event {
            id: format!("{position}-{op}-{}", hex(&nonce)),
            source: format!("//{}", self.hub),
            kind: format!("muara.subscription.{op}.v1"),
            subject: subscription.to_owned(),
            time: at,
            ..Self::bare("subscription", position, Data::Word(word))
        }
    }

    fn record(&self, row: Change, told: Told) -> Option<Event> {
        let record_type = row.record_type.unwrap_or_default();
        let (before, after) = (row.before.filter(|_| told.before), row.body.filter(|_| told.after));
        let changed = before.as_deref().zip(after.as_deref()).and_then(|(before, after)| differing(before, after));
        let changed = changed.map(|names| names.into_iter().filter(|name| self.is_told(name)).collect::<Vec<_>>());
        if self.fields.is_some() && told.op == "updated" && changed.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let received_at = Moment::from_micros(row.at);
        let record = Record {
            op: told.op,
            reason: told.reason,
            version: row.version.unwrap_or(0),
            region: row.region.unwrap_or_default(),
            agency: told.agency,
            fiscal_year: row.fiscal_year.filter(|_| told.after),
            before: self.body(&record_type, before),
            after: self.body(&record_type, after),
            changed,
            source: Source {
                system: row.system.unwrap_or_default(),
                stream: row.stream.unwrap_or_default(),
                key: mask::name(&record_type, row.key, self.may_see_personal),
                pointer: mask::name(&record_type, row.pointer.filter(|_| told.after), self.may_see_personal),
                run: row.run.as_deref().map(hex),
                definition: row.definition,
                received_at,
            },
            record_type,
        };
        Some(self.of_record(self.position(row.seq), &row.id.unwrap_or_default(), received_at, record))
    }

    fn note(&self, row: Change) -> Event {
        let note = Note {
            op: row.op,
            region: row.region.unwrap_or_default(),
            system: row.system.unwrap_or_default(),
            stream: row.stream.unwrap_or_default(),
            record_type: row.record_type.unwrap_or_default(),
            agency: row.owner,
            detail: row.body.and_then(|text| RawValue::from_string(text).ok()),
        };
        Event {
            source: self.source(&note.region, &note.system),
            kind: format!("muara.{}.{}.v1", row.kind, note.op),
            subject: format!("{}/{}/{}", note.region, note.system, note.stream),
            time: Moment::from_micros(row.at),
            ..Self::bare(&row.kind, self.position(row.seq), Data::Note(note))
        }
    }

    fn of_record(&self, position: Position, id: &[u8], time: Moment, record: Record) -> Event {
        Event {
            source: self.source(&record.region, &record.source.system),
            kind: format!("muara.{}.{}.v1", record.record_type, record.op),
            subject: RecordId::from_bytes(id).map(|id| id.to_string()).unwrap_or_default(),
            time,
            ..Self::bare(&record.record_type.clone(), position, Data::Record(Box::new(record)))
        }
    }

    /// What every event has; the rest is put over it.
    fn bare(what: &str, position: Position, data: Data) -> Event {
        Event {
            specversion: "1.0",
            id: position.to_string(),
            source: String::new(),
            kind: String::new(),
            subject: String::new(),
            time: Moment::default(),
            datacontenttype: Some(JSON),
            dataschema: format!("https://muara.id/schemas/events/{what}/1"),
            sequence: format!("{:020}", position.seq),
            dataref: None,
            data: Some(data),
            position,
        }
    }

    fn position(&self, seq: i64) -> Position {
        Position { epoch: self.epoch.clone(), seq }
    }

    fn source(&self, region: &str, system: &str) -> String {
        format!("//{}/{region}/{system}", self.hub)
    }

    fn body(&self, record_type: &str, stored: Option<String>) -> Body {
        let shown = mask::body(record_type, stored?, self.may_see_personal)?;
        if self.fields.is_none() {
            return Some(shown);
        }
        let mut body: Map<String, Value> = serde_json::from_str(shown.get()).ok()?;
        body.retain(|name, _| self.is_told(name));
        to_raw_value(&body).ok()
    }

    fn is_told(&self, field: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| HEAD.contains(&field) || fields.contains(field))
    }
}

/// The word that tells a subscriber to forget what he has: everything follows, then the changes after `position`.
pub const fn resync(reason: &'static str, position: String) -> Word {
    Word { op: "resync", reason: Some(reason), position }
}

/// The word that says nothing but that it arrives.
pub const fn test(position: String) -> Word {
    Word { op: "test", reason: None, position }
}

/// The names of the fields that differ; a name tells nothing that its value would.
fn differing(before: &str, after: &str) -> Option<Vec<String>> {
    let fields = |body: &str| serde_json::from_str::<Map<String, Value>>(body).ok();
    let (before, after) = (fields(before)?, fields(after)?);
    let names: BTreeSet<&String> =
        before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name)).collect();
    Some(names.into_iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn teller() -> Teller {
        Teller { hub: "muara-1".into(), epoch: "0a1b2c3d".into(), may_see_personal: false, fields: None }
    }

    fn row(record_type: &str, before: &Value, after: &Value) -> Change {
        Change {
            id: Some(vec![7; 16]),
            key: Some("K-1".into()),
            record_type: Some(record_type.into()),
            region: Some("33.02".into()),
            system: Some("sipd".into()),
            stream: Some("dpa".into()),
            owner: Some("1.02".into()),
            before: Some(before.to_string()),
            body: Some(after.to_string()),
            pointer: Some("dpa?K-1".into()),
            ..Change::blank("record", "updated")
        }
    }

    fn shown(event: &Event) -> Value {
        serde_json::from_slice(&event.encode()).unwrap()
    }

    #[test]
    fn an_update_tells_both_sides_and_what_differs() {
        let row = row("budget-line", &json!({"amount": "1.00", "fund": "a"}), &json!({"amount": "2.00", "fund": "a"}));

        let event = teller().tell(row).unwrap();

        let told = shown(&event);
        assert_eq!((&told["id"], &told["sequence"]), (&json!("0a1b2c3d-1"), &json!("00000000000000000001")));
        assert_eq!(
            (&told["type"], &told["source"]),
            (&json!("muara.budget-line.updated.v1"), &json!("//muara-1/33.02/sipd"))
        );
        assert_eq!((&told["data"]["changed"], &told["data"]["before"]["amount"]), (&json!(["amount"]), &json!("1.00")));
        assert_eq!(event.routing_key(), "budget-line.updated.33-02.new");
    }

    #[test]
    fn who_asked_for_fields_is_not_told_of_others() {
        let narrow = Teller { fields: Some(BTreeSet::from(["fund".to_owned()])), ..teller() };
        let of = |fund: &str| {
            row("budget-line", &json!({"amount": "1.00", "fund": "a"}), &json!({"amount": "2.00", "fund": fund}))
        };

        assert!(narrow.tell(of("a")).is_none(), "nothing of what he asked for differs");
        let told = shown(&narrow.tell(of("b")).unwrap());

        assert_eq!((&told["data"]["changed"], &told["data"]["after"]), (&json!(["fund"]), &json!({"fund": "b"})));
    }

    #[test]
    fn persons_are_told_to_who_may_see_them() {
        let row = || row("work-log", &json!({"activity": "rahasia"}), &json!({"activity": "rahasia lain"}));
        let plain = teller().tell(row()).unwrap();
        let trusted = Teller { may_see_personal: true, ..teller() }.tell(row()).unwrap();

        let text = String::from_utf8(plain.encode().to_vec()).unwrap();
        assert!(
            !text.contains("rahasia") && !text.contains("K-1") && text.contains(r#""changed":["activity"]"#),
            "{text}"
        );
        let told = shown(&trusted);
        assert_eq!(
            (&told["data"]["source"]["key"], &told["data"]["after"]["activity"]),
            (&json!("K-1"), &json!("rahasia lain"))
        );
    }

    #[test]
    fn a_large_event_says_where_it_is() {
        let large = row("budget-line", &json!({"note": "x".repeat(40_000)}), &json!({"note": "y".repeat(40_000)}));

        let event = teller().tell(large).unwrap();

        let told = shown(&event);
        assert_eq!((told.get("data"), &told["dataref"]), (None, &json!("/api/v1/changes/0a1b2c3d-1")));
        assert!(event.encode().len() < 1_000 && event.whole().get().len() > 80_000);
    }
}
