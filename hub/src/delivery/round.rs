//! One round of a webhook: which deliveries go out side by side, and what becomes of each after its attempt. Pure.

use std::collections::{HashMap, HashSet};

use muara_schemas::Moment;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::store::deliveries::Delivery;
use crate::webhook::schedule::Verdict;
use crate::webhook::sender::Attempt;

/// How many attempts of a delivery are kept.
const KEPT_TRIES: usize = 10;

/// What was done for a delivery, as it is stored and shown.
#[derive(Debug, Serialize, Deserialize)]
struct Try {
    at: Moment,
    millis: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    response: String,
}

/// An event as a delivery that was not tried yet.
pub(super) fn delivery(event: &Event, now: Moment) -> Delivery {
    Delivery {
        delivery: 0,
        event: event.id.clone(),
        kind: event.kind.clone(),
        subject: event.subject.clone(),
        seq: event.position.seq,
        state: "waiting".into(),
        body: Some(String::from_utf8_lossy(&event.encode()).into_owned()),
        attempts: 0,
        tries: "[]".into(),
        next_at: Some(now.micros()),
        created_at: now.micros(),
        ended_at: None,
    }
}

/// Parts what is new into what may go and what is held behind an earlier delivery about the same.
pub(super) fn part(new: Vec<Delivery>, pending: &HashSet<String>) -> (Vec<Delivery>, Vec<Delivery>) {
    let (mut held, free): (Vec<_>, Vec<_>) = new.into_iter().partition(|row| pending.contains(&row.subject));
    held.iter_mut().for_each(hold);
    (free, held)
}

/// Puts deliveries about one thing together, in their order; groups in the order of their first.
pub(super) fn groups(rows: Vec<Delivery>) -> Vec<Vec<Delivery>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<Delivery>> = Vec::new();
    for row in rows {
        let place = *places.entry(row.subject.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// Lets a delivery wait behind an earlier one about the same.
pub(super) fn hold(row: &mut Delivery) {
    row.state = "held".into();
    row.next_at = None;
}

/// Lets a delivery that was not tried wait until a moment.
pub(super) fn put_off(row: &mut Delivery, until: Moment) {
    row.state = "waiting".into();
    row.next_at = Some(until.micros());
}

/// Notes an attempt and what follows from it; answers whether a later delivery about the same may go.
pub(super) fn note(row: &mut Delivery, attempt: &Attempt, verdict: Verdict, now: Moment) -> bool {
    let mut tries: Vec<Try> = serde_json::from_str(&row.tries).unwrap_or_default();
    tries.push(Try {
        at: attempt.at,
        millis: attempt.millis,
        status: attempt.status,
        outcome: attempt.outcome.name().to_owned(),
        code: attempt.outcome.code().map(str::to_owned),
        response: attempt.response.clone(),
    });
    tries.drain(..tries.len().saturating_sub(KEPT_TRIES));
    row.tries = serde_json::to_string(&tries).expect("what is noted always serialises");
    row.attempts += 1;
    (row.next_at, row.ended_at) = (None, None);
    match verdict {
        Verdict::Delivered => {
            row.state = "delivered".into();
            row.ended_at = Some(now.micros());
            row.body = None;
        }
        Verdict::GivenUp => {
            row.state = "given-up".into();
            row.ended_at = Some(now.micros());
        }
        Verdict::Again { at, .. } => put_off(row, at),
        // It waits with its endpoint.
        Verdict::Stop => put_off(row, now),
    }
    row.ended_at.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::outcome::Outcome;

    const NOW: Moment = Moment::from_micros(1_796_083_200_000_000);

    fn row(event: &str, subject: &str) -> Delivery {
        Delivery {
            delivery: 0,
            event: event.into(),
            kind: "muara.budget-line.created.v1".into(),
            subject: subject.into(),
            seq: 1,
            state: "waiting".into(),
            body: Some("{}".into()),
            attempts: 0,
            tries: "[]".into(),
            next_at: Some(0),
            created_at: 0,
            ended_at: None,
        }
    }

    fn attempt(outcome: Outcome) -> Attempt {
        Attempt { at: NOW, millis: 7, status: Some(200), outcome, response: "fine".into(), retry_after: None }
    }

    fn events(rows: &[Delivery]) -> Vec<&str> {
        rows.iter().map(|row| row.event.as_str()).collect()
    }

    #[test]
    fn deliveries_about_one_thing_stand_together_in_their_order() {
        let grouped = groups(vec![row("1", "a"), row("2", "b"), row("3", "a"), row("4", "c"), row("5", "a")]);

        let grouped: Vec<Vec<&str>> = grouped.iter().map(|group| events(group)).collect();
        assert_eq!(grouped, [vec!["1", "3", "5"], vec!["2"], vec!["4"]]);
    }

    #[test]
    fn what_is_behind_a_pending_delivery_is_held() {
        let (free, held) = part(vec![row("1", "a"), row("2", "b"), row("3", "a")], &HashSet::from(["a".to_owned()]));

        assert_eq!((events(&free), events(&held)), (vec!["2"], vec!["1", "3"]));
        assert!(held.iter().all(|row| row.state == "held" && row.next_at.is_none() && row.body.is_some()));
    }

    #[test]
    fn a_delivery_that_arrived_keeps_its_attempts_and_not_its_body() {
        let mut arrived = row("1", "a");

        assert!(note(&mut arrived, &attempt(Outcome::Delivered), Verdict::Delivered, NOW));

        assert_eq!((arrived.state.as_str(), arrived.body, arrived.attempts), ("delivered", None, 1));
        assert_eq!(arrived.ended_at, Some(NOW.micros()));
        let tries: serde_json::Value = serde_json::from_str(&arrived.tries).unwrap();
        let expected = serde_json::json!([{
            "at": NOW, "millis": 7, "status": 200, "outcome": "delivered", "response": "fine"
        }]);
        assert_eq!(tries, expected);
    }

    #[test]
    fn one_that_failed_waits_and_lets_nothing_later_go_until_it_is_given_up() {
        let mut failed = row("1", "a");
        let later = NOW.plus_secs(5);

        let again = Verdict::Again { at: later, is_throttled: false };
        assert!(!note(&mut failed, &attempt(Outcome::Rejected), again, NOW));
        assert_eq!((failed.state.as_str(), failed.next_at), ("waiting", Some(later.micros())));
        for _ in 0..20 {
            assert!(!note(&mut failed, &attempt(Outcome::Rejected), again, NOW));
        }
        assert!(note(&mut failed, &attempt(Outcome::Rejected), Verdict::GivenUp, NOW));

        assert_eq!((failed.state.as_str(), failed.next_at, failed.body.is_some()), ("given-up", None, true));
        let tries: Vec<Try> = serde_json::from_str(&failed.tries).unwrap();
        assert_eq!((tries.len(), tries[0].code.as_deref()), (KEPT_TRIES, Some("E0642")));
    }
}
