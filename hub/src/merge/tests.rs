//! Merging twice is merging once; versions and places never skip.

use super::*;
use muara_schemas::Secret;
use muara_schemas::stream::StreamName;
use proptest::prelude::*;

fn incoming(key: u8, body: u8) -> Incoming {
    let text = format!("{{\"v\":{body}}}");
    Incoming {
        id: Secret::new([7; 32]).id(&StreamName::new("33.02", "sipd", "dpa"), &key.to_string()),
        key: key.to_string(),
        stream: 1,
        hash: ContentHash::of(text.as_bytes()),
        body: text,
        agency: Some("1.01".into()),
        fiscal_year: Some(2026),
        business: None,
        pointer: String::new(),
        run: RunId::new([1; 16]),
    }
}

#[derive(Debug, Clone)]
enum Act {
    Upsert(u8, u8),
    Delete(u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => (0..6_u8, 0..3_u8).prop_map(|(key, body)| Act::Upsert(key, body)),
        1 => (0..6_u8).prop_map(Act::Delete)
    ];
    prop::collection::vec(act, 0..40)
}

fn apply(batch: &mut Batch, acts: &[Act]) -> usize {
    let outcome = |act: &Act, batch: &mut Batch| match act {
        Act::Upsert(key, body) => batch.upsert(incoming(*key, *body)),
        Act::Delete(key) => {
            let record = incoming(*key, 0);
            batch.delete(record.id, &record.key, 1, record.run)
        }
    };
    acts.iter().filter(|act| outcome(act, batch) == Outcome::Applied).count()
}

fn known(rows: &[Row]) -> HashMap<RecordId, Known> {
    rows.iter()
        .map(|row| {
            let known = Known {
                record: row.record,
                version: row.version,
                hash: row.hash,
                body_seq: row.body_seq,
                deleted: row.deleted_at.is_some(),
                held: false,
                agency: row.agency.clone(),
                fiscal_year: row.fiscal_year,
                business: row.business.clone(),
            };
            (row.id, known)
        })
        .collect()
}

proptest! {
    #[test]
    fn what_is_known_already_makes_no_change(acts in acts()) {
        let mut first = Batch::default();
        apply(&mut first, &acts);
        let (_, rows) = first.finish(1, Moment::default());
        let last: Vec<Act> = rows.iter().map(|row| {
            let key: u8 = row.key.parse().unwrap();
            match acts.iter().rev().find(|act| matches!(act, Act::Upsert(k, _) | Act::Delete(k) if *k == key)) {
                Some(act) => act.clone(),
                None => Act::Delete(key),
            }
        }).collect();

        let mut again = Batch::default();
        again.learn(known(&rows));

        prop_assert_eq!(apply(&mut again, &last), 0);
        prop_assert!(again.is_empty());
    }

    #[test]
    fn one_batch_and_many_batches_end_alike(acts in acts(), cut in 0..40_usize) {
        let mut whole = Batch::default();
        apply(&mut whole, &acts);
        let (entries, rows) = whole.finish(1, Moment::default());

        let (head, tail) = acts.split_at(cut.min(acts.len()));
        let mut first = Batch::default();
        apply(&mut first, head);
        let (first_entries, first_rows) = first.finish(1, Moment::default());
        let mut second = Batch::default();
        second.learn(known(&first_rows));
        apply(&mut second, tail);
        let next = i64::try_from(first_entries.len()).unwrap() + 1;
        let (second_entries, second_rows) = second.finish(next, Moment::default());

        let mut merged: std::collections::BTreeMap<RecordId, Row> = first_rows.into_iter().map(|r| (r.id, r)).collect();
        merged.extend(second_rows.into_iter().map(|r| (r.id, r)));
        let whole_rows: std::collections::BTreeMap<RecordId, Row> = rows.into_iter().map(|r| (r.id, r)).collect();
        prop_assert_eq!(merged, whole_rows);
        prop_assert_eq!([first_entries, second_entries].concat(), entries);
    }

    #[test]
    fn versions_run_from_one_without_a_gap(acts in acts()) {
        let mut batch = Batch::default();
        apply(&mut batch, &acts);
        let (entries, _) = batch.finish(100, Moment::default());
        let mut versions: HashMap<i64, i64> = HashMap::new();
        for (seq, entry) in (100..).zip(&entries) {
            let version = versions.entry(entry.record).or_default();
            prop_assert_eq!(entry.version, *version + 1);
            prop_assert!(*version > 0 || entry.record == seq, "a record is numbered by its first change");
            *version = entry.version;
        }
    }
}

#[test]
fn a_deleted_record_keeps_its_values_and_may_come_back() {
    let mut batch = Batch::default();
    let record = incoming(1, 1);
    batch.upsert(record.clone());
    batch.delete(record.id, &record.key, 1, record.run);
    batch.upsert(record);

    let (entries, rows) = batch.finish(10, Moment::from_micros(5));

    let ops: Vec<&str> = entries.iter().map(|entry| entry.op).collect();
    assert_eq!(ops, ["created", "deleted", "created"]);
    assert_eq!((rows[0].version, rows[0].record, rows[0].seq, rows[0].deleted_at), (3, 10, 12, None));
}
