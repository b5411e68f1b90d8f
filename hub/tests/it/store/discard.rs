//! Entries that somebody does not want: closed with a reason, and not opened again until their raw record changes.

use muara_hub::access::Viewer;
use muara_hub::store::discards::{self, Outcome, Wish};
use muara_hub::{Hub, proof};
use muara_schemas::Proof;
use muara_schemas::page::{Counts, Page};

use crate::engine::on_both;
use crate::feed::{broken, full, line, number, take, texts};

async fn discard(hub: &Hub, entries: &[i64]) -> Outcome {
    let mut tx = hub.db.write().await.unwrap();
    let wish = Wish { by: "key:abc", reason: "a test record" };
    let outcome = discards::discard(&mut tx, &Viewer::internal(), entries, wish, hub.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    outcome
}

/// A read that meets one good record and these broken ones.
fn reading(run: u8, prev: Option<u8>, raws: &[(Option<&str>, &str)]) -> Page {
    let mut page = full(run, prev, vec![line("good", 1)]);
    page.quarantined = raws.iter().map(|(key, raw)| broken(*key, raw)).collect();
    let end = page.end.as_mut().unwrap();
    let count = raws.len() as u64;
    end.counts = Counts { read: 1 + count, published: 1, quarantined: count, ..Counts::default() };
    page
}

const STATES: &str = "select state || ' ' || cast(entry as text) from quarantine order by entry";

#[tokio::test]
async fn the_same_raw_stays_discarded_and_every_read_still_balances() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![reading(1, None, &[(Some("a"), "x"), (None, "y")])]).await;
        assert_eq!(discard(hub, &[1, 2]).await, Outcome::Done(2));

        take(hub, vec![reading(2, Some(1), &[(Some("a"), "x"), (None, "y")])]).await;
        assert_eq!(texts(hub, STATES).await, ["discarded 1", "discarded 2"], "{}", engine.name);
        let odd = "select count(*) from runs where read <> applied + unchanged + quarantined";
        assert_eq!(number(hub, odd).await, 0, "read = applied + unchanged + quarantined");
        assert_eq!(number(hub, "select quarantined from runs order by started_at desc, run desc limit 1").await, 2);
        assert_eq!(texts(hub, "select proof_state from streams").await, ["equal"], "they stand aside on both sides");

        take(hub, vec![reading(3, Some(2), &[(Some("a"), "changed")])]).await;
        assert_eq!(texts(hub, STATES).await, ["replaced 1", "superseded 2", "open 3"]);
        let why = "select closed_by || ' ' || reason from quarantine where entry = 1";
        assert_eq!(texts(hub, why).await, ["key:abc a test record"], "who and why are never forgotten");

        take(hub, vec![full(4, Some(3), vec![line("good", 1), line("a", 7)])]).await;
        assert_eq!(texts(hub, STATES).await, ["replaced 1", "superseded 2", "superseded 3"]);
    })
    .await;
}

#[tokio::test]
async fn an_old_value_of_a_discarded_key_stands_aside_in_the_proof() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![full(1, None, vec![line("good", 1), line("a", 2)])]).await;
        take(hub, vec![reading(2, Some(1), &[(Some("a"), "x")])]).await;
        discard(hub, &[1]).await;

        let stream = number(hub, "select stream from streams").await;
        let mut expected = Proof::default();
        expected.add("good", line("good", 1).hash);
        assert_eq!(proof::of_stream(&hub.db, stream).await.unwrap(), expected, "{}", engine.name);
    })
    .await;
}

#[tokio::test]
async fn all_are_discarded_or_none() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![reading(1, None, &[(Some("a"), "x"), (Some("b"), "y")])]).await;

        assert_eq!(discard(hub, &[1, 77]).await, Outcome::Unknown(77));
        assert_eq!(texts(hub, STATES).await, ["open 1", "open 2"], "{}", engine.name);
        assert_eq!(discard(hub, &[1]).await, Outcome::Done(1));
        assert_eq!(discard(hub, &[1, 2]).await, Outcome::Done(1), "what is closed stays as it is");
    })
    .await;
}
