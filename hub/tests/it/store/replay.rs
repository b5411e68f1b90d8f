//! Replays: each entry comes to exactly one end, whatever is lost, comes twice or comes too late.

use muara_hub::access::Viewer;
use muara_hub::replay::Replayer;
use muara_hub::store::entries::Filter;
use muara_hub::store::replays::Wish;
use muara_hub::store::{commands, replayed, replays};
use muara_hub::views::replay::{Counts, counts};
use muara_hub::{Hub, intake};
use muara_schemas::control::{Answer, Command, Foreseen, Order, Prospect, Replayable};
use muara_schemas::message::Message;
use muara_schemas::page::{
    Counts as PageCounts, End, Limits, Mends, Page, Quarantined, RawForm, Reason, Record, Refusal, RunKind,
};

use crate::engine::on_both;
use crate::feed::{broken, end, full, line, number, page, send, take, texts};

/// Broken records `k0`, `k1`, … of a run, as rows.
fn sick(count: usize) -> Page {
    let quarantined = (0..count).map(|n| sick_one(&format!("k{n}"), &format!("raw {n}"))).collect();
    Page { quarantined, end: Some(end(1, &[])), ..page(1, None, 1) }
}

fn sick_one(key: &str, raw: &str) -> Quarantined {
    Quarantined { errors: vec![reason("E0304", "/stage")], form: RawForm::Row, ..broken(Some(key), raw) }
}

fn reason(code: &str, target: &str) -> Reason {
    Reason { code: code.into(), target: target.into(), source: Some("tahap".into()), message: "no such value".into() }
}

async fn begin(hub: &Hub, is_dry: bool) -> (i64, i64) {
    let mut tx = hub.db.write().await.unwrap();
    let wish = Wish { filter: &Filter::default(), shown: "{}".into(), is_dry, by: "test" };
    let begun = replays::begin(&mut tx, &Viewer::internal(), &wish, hub.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    begun
}

async fn look(hub: &Hub, replay: i64) -> (String, Counts) {
    let mut tx = hub.db.read().await.unwrap();
    let state = replays::one(&mut tx, replay, None).await.unwrap().unwrap().state;
    (state, counts(replayed::counts(&mut tx, replay).await.unwrap()))
}

/// Takes the orders that wait for the connector off the table.
async fn orders(hub: &Hub) -> Vec<Command> {
    let mut tx = hub.db.write().await.unwrap();
    let waiting = commands::waiting(&mut tx, hub.clock.now()).await.unwrap();
    for command in &waiting {
        commands::sent(&mut tx, &command.id, hub.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    waiting
}

async fn settle(replayer: &mut Replayer) {
    while replayer.advance().await.unwrap() {}
}

fn entries(command: &Command) -> &[Replayable] {
    let Order::Replay { entries, .. } = &command.order else { panic!("an order of another kind") };
    entries
}

/// What a connector makes of an order when its definition has been mended.
fn mended(run: u8, prev: u8, command: &Command) -> Page {
    let record = |asked: &Replayable| Record {
        mends: Some(Mends { entry: asked.entry, raw_hash: asked.raw_hash }),
        ..line(asked.key.as_deref().unwrap(), 5)
    };
    replaying(run, prev, entries(command).iter().map(record).collect(), vec![], vec![])
}

fn replaying(run: u8, prev: u8, records: Vec<Record>, quarantined: Vec<Quarantined>, refused: Vec<Refusal>) -> Page {
    let (published, again) = (records.len() as u64, quarantined.len() as u64);
    let counts = PageCounts { read: published + again, published, quarantined: again, ..PageCounts::default() };
    let (proof, failure, notes, limits) = (None, None, vec![], Limits::default());
    let end = End { complete: true, pages: 1, counts, proof, limits, failure, notes };
    let kind = RunKind::Replay;
    Page { kind, definition: "d2".into(), records, quarantined, refused, end: Some(end), ..page(run, Some(prev), 1) }
}

const UNEVEN: &str = "select count(*) from runs where kind = 'replay' and read <> applied + unchanged + quarantined";

#[tokio::test]
async fn every_entry_is_replayed_once_although_orders_and_pages_come_twice() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![sick(3)]).await;
        let (replay, asked) = begin(hub, false).await;
        assert_eq!((asked, begin(hub, false).await.1), (3, 0), "{}: asking twice replays once", engine.name);
        let mut replayer = Replayer::new(hub.db.clone(), hub.clock.clone());
        settle(&mut replayer).await;
        let given = orders(hub).await;
        assert_eq!((given.len(), entries(&given[0]).len(), entries(&given[0])[0].form), (1, 3, RawForm::Row));
        assert_eq!(look(hub, replay).await.1.sent, 3);
        settle(&mut replayer).await;
        assert!(orders(hub).await.is_empty(), "one order at a time");

        let first = mended(2, 1, &given[0]);
        take(hub, vec![first.clone(), first.clone()]).await;
        // The order came twice, so the connector ran twice.
        take(hub, vec![mended(3, 2, &given[0])]).await;
        settle(&mut replayer).await;

        let (state, counts) = look(hub, replay).await;
        assert_eq!((state.as_str(), counts.asked, counts.applied, counts.remaining), ("done", 3, 3, 0), "{counts:?}");
        assert_eq!(number(hub, "select count(*) from changes where kind = 'record'").await, 3);
        assert_eq!(texts(hub, "select distinct state from quarantine").await, ["replayed"]);
        assert_eq!(number(hub, UNEVEN).await, 0);
        assert_eq!(texts(hub, "select verdict from streams").await, ["ok"]);
        assert_eq!(begin(hub, false).await.1, 0);
    })
    .await;
}

#[tokio::test]
async fn each_entry_comes_to_the_end_that_is_its_own() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let mut first = sick(5);
        first.quarantined.push(Quarantined { form: RawForm::FaultyRow, ..sick_one("faulty", "#REF!") });
        first.quarantined.push(Quarantined { errors: vec![reason("E0502", "/amount")], ..sick_one("by-hub", "{}") });
        take(hub, vec![first]).await;
        let (replay, _) = begin(hub, false).await;
        let mut replayer = Replayer::new(hub.db.clone(), hub.clock.clone());
        settle(&mut replayer).await;
        let given = orders(hub).await.remove(0);
        assert_eq!(entries(&given).len(), 5, "what no mapping mends is not sent");

        // Meanwhile k0 is read valid and k1 is read broken otherwise.
        let newer = Page { quarantined: vec![sick_one("k1", "newer raw")], ..page(2, Some(1), 1) };
        take(hub, vec![Page { records: vec![line("k0", 9)], kind: RunKind::Incremental, ..newer }]).await;
        let mut answered = mended(3, 2, &given);
        let refused = answered.records.pop().unwrap().mends.unwrap();
        let again = answered.records.pop().unwrap().mends.unwrap();
        answered.refused = vec![Refusal { entry: refused.entry, reason: reason("E0251", "") }];
        answered.quarantined = vec![Quarantined {
            entry: Some(again.entry),
            raw_hash: again.raw_hash,
            errors: vec![reason("E0302", "/amount")],
            ..broken(Some("k3"), "")
        }];
        let counts_of = &mut answered.end.as_mut().unwrap().counts;
        (counts_of.read, counts_of.published, counts_of.quarantined) = (4, 3, 1);
        take(hub, vec![answered]).await;
        settle(&mut replayer).await;

        let (state, told) = look(hub, replay).await;
        assert_eq!((state.as_str(), told.asked, told.remaining), ("done", 7, 0), "{}", engine.name);
        assert_eq!((told.applied, told.superseded, told.broken_again, told.refused), (1, 2, 1, 3), "{told:?}");
        let mut codes: Vec<&str> = told.causes.iter().map(|cause| cause.code.as_str()).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["E0251", "E0302", "E0324", "E0622"]);
        let again = "select code || target || definition from quarantine where key = 'k3'";
        assert_eq!(texts(hub, again).await, ["E0302/amountd2"], "today's reasons");
        let raw = "select cast(length(raw) as bigint) from quarantine where key = 'k3'";
        assert_eq!(number(hub, raw).await, 5, "and the raw record as it was");
        assert_eq!(
            texts(hub, "select state from quarantine where key = 'k1' order by entry").await,
            ["replaced", "open"]
        );
        let value = "select cast(body as text) from changes c join records r on r.body_seq = c.seq where r.key = 'k0'";
        assert!(texts(hub, value).await[0].contains("\"9.00\""), "a replay never wins over a newer value");
        assert_eq!(number(hub, UNEVEN).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_stopped_replay_sends_no_more_and_counts_what_was_under_way() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let large = "x".repeat(60_000);
        let quarantined = (0..10).map(|n| sick_one(&format!("k{n}"), &format!("{n}{large}"))).collect();
        take(hub, vec![Page { quarantined, end: Some(end(1, &[])), ..page(1, None, 1) }]).await;
        let (replay, _) = begin(hub, false).await;
        let mut replayer = Replayer::new(hub.db.clone(), hub.clock.clone());
        settle(&mut replayer).await;
        let given = orders(hub).await.remove(0);
        assert_eq!(entries(&given).len(), 4, "an order has at most 256 KiB");

        let mut tx = hub.db.write().await.unwrap();
        assert!(replays::stop(&mut tx, replay, "somebody").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(look(hub, replay).await.1.stopped, 6, "{}", engine.name);
        take(hub, vec![mended(2, 1, &given)]).await;
        settle(&mut replayer).await;

        let (state, counts) = look(hub, replay).await;
        assert_eq!((state.as_str(), counts.applied, counts.stopped, counts.remaining), ("stopped", 4, 6, 0));
        assert!(orders(hub).await.is_empty());
        assert_eq!(number(hub, "select count(*) from quarantine where state = 'open'").await, 6);
        assert_eq!(begin(hub, false).await.1, 6, "what was stopped can be asked for again");
    })
    .await;
}

#[tokio::test]
async fn an_order_that_is_lost_goes_out_again_and_a_silent_connector_is_told() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![sick(2)]).await;
        let (replay, _) = begin(hub, false).await;
        let mut first = Replayer::new(hub.db.clone(), hub.clock.clone());
        settle(&mut first).await;
        let lost = orders(hub).await.remove(0);
        let mut tx = hub.db.write().await.unwrap();
        replays::release(&mut tx, "nobody").await.unwrap();
        muara_hub::store::rows::Statement::new("update replays set lease_until = 0").execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();

        let mut second = Replayer::new(hub.db.clone(), hub.clock.clone());
        settle(&mut second).await;
        let again = orders(hub).await.remove(0);
        assert!(again.id != lost.id && entries(&again) == entries(&lost), "{}: after a takeover", engine.name);
        settle(&mut first).await;
        assert!(orders(hub).await.is_empty(), "one process works on a replay");

        hub.clock.advance_secs(301);
        let beat = muara_schemas::control::Heartbeat { stream: sick(0).name(), at: hub.clock.now(), failure: None };
        send(hub, vec![Message::Heartbeat(beat)]).await;
        settle(&mut second).await;
        assert_eq!(orders(hub).await.len(), 1, "a connector that lives is only busy");
        hub.clock.advance_secs(301);
        settle(&mut second).await;
        let (state, counts) = look(hub, replay).await;
        assert_eq!((state.as_str(), counts.refused, counts.causes[0].code.as_str()), ("done", 2, "E0623"));

        take(hub, vec![mended(2, 1, &again)]).await;
        assert_eq!(number(hub, "select count(*) from records").await, 2, "what comes late is still not lost");
    })
    .await;
}

#[tokio::test]
async fn a_trial_changes_nothing_and_a_refusal_ends_an_order() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![sick(2)]).await;
        let (trial, _) = begin(hub, true).await;
        let mut replayer = Replayer::new(hub.db.clone(), hub.clock.clone());
        settle(&mut replayer).await;
        let asked = orders(hub).await.remove(0);
        assert!(matches!(asked.order, Order::Replay { dry_run: true, .. }));
        let [one, other] = [&entries(&asked)[0], &entries(&asked)[1]];
        let foreseen = vec![
            Foreseen { entry: one.entry, outcome: Prospect::Valid, reason: None },
            Foreseen { entry: other.entry, outcome: Prospect::Broken, reason: Some(reason("E0302", "/amount")) },
        ];
        let answer = |command: &Command, detail: Option<&str>, foreseen| {
            let (done, detail) = (detail.is_none(), detail.map(str::to_owned));
            Message::Answer(Answer { command: command.id.clone(), stream: sick(0).name(), done, detail, foreseen })
        };
        send(hub, vec![answer(&asked, None, foreseen)]).await;
        settle(&mut replayer).await;
        let (state, told) = look(hub, trial).await;
        assert_eq!((state.as_str(), told.valid, told.broken_again), ("done", 1, 1), "{}", engine.name);
        assert_eq!(texts(hub, "select distinct state || definition from quarantine").await, ["opend1"]);

        let (replay, _) = begin(hub, false).await;
        settle(&mut replayer).await;
        let asked = orders(hub).await.remove(0);
        let expired = answer(&asked, Some("it has expired"), vec![]);
        let refused = answer(&asked, Some("E0250: it has to be read whole"), vec![]);
        send(hub, vec![expired]).await;
        assert_eq!(look(hub, replay).await.1.remaining, 2);
        send(hub, vec![refused]).await;
        settle(&mut replayer).await;
        assert_eq!(look(hub, replay).await.1.refused, 2);
    })
    .await;
}

#[tokio::test]
async fn a_page_that_only_looks_like_a_replay_is_never_taken() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![full(1, None, vec![line("a", 1)])]).await;
        let mends = Some(Mends { entry: 1, raw_hash: line("a", 1).hash });
        let disguised = full(2, Some(1), vec![Record { mends, ..line("a", 2) }]);
        let nameless = replaying(2, 1, vec![line("a", 2)], vec![], vec![]);
        let gone = Page { gone: vec!["a".into()], ..replaying(2, 1, vec![], vec![], vec![]) };
        for odd in [disguised, nameless, gone] {
            let bytes = Message::Page(Box::new(odd)).encode("id", hub.clock.now());
            let checked = intake::checked::check(&bytes, &hub.secret, muara_schemas::Catalog::embedded());
            assert!(checked.is_err(), "{}", engine.name);
        }
    })
    .await;
}
