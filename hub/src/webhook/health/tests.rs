//! How an endpoint is, after all that can happen to it.

use proptest::prelude::*;

use super::*;

const START: Moment = Moment::from_micros(1_796_083_200_000_000);
/// The dice that change nothing, nearly.
const MIDDLE: u32 = u32::MAX / 2;

fn failed(health: Health, secs: i64) -> (Health, Option<Notice>) {
    let now = START.plus_secs(secs);
    health.after((Outcome::Rejected, None), now, now, MIDDLE)
}

fn back_off_secs(health: Health, now: Moment) -> i64 {
    (health.next_at.expect("it backs off").micros() - now.micros() + 500_000) / 1_000_000
}

/// Fails whenever the endpoint may be tried, for so many hours; what was told, with the hour of each.
fn fail_for_hours(hours: i64) -> (Health, Vec<(i64, Notice)>) {
    let (mut health, mut now, mut told) = (Health::default(), START, Vec::new());
    while now < START.plus_secs(hours * 3_600) && health.state == State::Active {
        let (next, notice) = health.after((Outcome::Silent, None), now, now, MIDDLE);
        let hour = (now.micros() - START.micros()) / HOUR_MICROS;
        told.extend(notice.map(|notice| (hour, notice)));
        health = next;
        now = health.next_at.expect("it backs off").max(now.plus_secs(1));
    }
    (health, told)
}

#[test]
fn the_back_off_doubles_up_to_five_minutes() {
    let (mut health, mut now, mut pauses) = (Health::default(), START, Vec::new());
    for _ in 0..11 {
        health = health.after((Outcome::Rejected, None), now, now, MIDDLE).0;
        pauses.push(back_off_secs(health, now));
        now = health.next_at.unwrap().plus_secs(1);
    }

    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
}

#[test]
fn during_the_back_off_one_probe_is_sent() {
    assert_eq!(Health::default().gate(50, START), Gate::Open);

    let (health, _) = failed(Health::default(), 0);
    let at = health.next_at.unwrap();

    assert_eq!(health.gate(0, START), Gate::Until(at));
    assert_eq!(health.gate(0, at), Gate::Probe);
    assert_eq!(health.gate(1, at), Gate::Probing);
}

#[test]
fn a_success_resets_everything() {
    let (health, _) = fail_for_hours(30);
    let now = START.plus_secs(31 * 3_600);

    let (health, notice) = health.after((Outcome::Delivered, None), now, now, MIDDLE);

    assert_eq!((health, notice), (Health::default(), Some(Notice::Recovered)));
    let (_, notice) = failed(Health::default(), 0).0.after((Outcome::Delivered, None), now, now, MIDDLE);
    assert_eq!(notice, None, "nobody was told, so nobody is told");
}

#[test]
fn events_that_fail_together_count_once() {
    let (first, _) = failed(Health::default(), 0);
    let mut health = first;
    for late in 0..20 {
        health = health.after((Outcome::Silent, None), START.plus_secs(-1), START.plus_secs(late), MIDDLE).0;
    }

    assert_eq!(health, first);
}

#[test]
fn an_endpoint_may_ask_for_a_rest_of_up_to_a_day() {
    let asked = |secs, began| {
        let asked = Some(Duration::from_secs(secs));
        failed(Health::default(), 0).0.after((Outcome::Throttled, asked), began, START, MIDDLE).0
    };
    let (at_once, late) = (START.plus_secs(5), START.plus_secs(-5));

    assert_eq!(back_off_secs(asked(600, at_once), START), 600);
    assert_eq!(back_off_secs(asked(600, late), START), 600, "one of those under way asks for it too");
    assert_eq!(back_off_secs(asked(u64::MAX, at_once), START), 86_400);
    assert_eq!(back_off_secs(asked(0, at_once), START), 2);
}

#[test]
fn an_endpoint_that_fails_is_told_three_times_and_paused_after_five_days() {
    let (health, told) = fail_for_hours(200);

    let expected = [
        (24, Notice::Failing { hours: 24 }),
        (72, Notice::Failing { hours: 72 }),
        (108, Notice::Failing { hours: 108 }),
        (120, Notice::Paused),
    ];
    assert_eq!(told, expected);
    assert_eq!((health.state, health.gate(0, START.plus_secs(1_000_000))), (State::Paused, Gate::Shut));
}

#[test]
fn an_endpoint_that_is_seldom_tried_is_not_paused_unwarned() {
    let (health, _) = failed(Health::default(), 0);
    let mut told = Vec::new();
    let (mut health, mut secs) = (health, 30 * 24 * 3_600);
    while health.state == State::Active {
        let (next, notice) = failed(health, secs);
        told.extend(notice);
        (health, secs) = (next, secs + 3_600);
    }

    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told.last(), Some(&Notice::Paused));
}

#[test]
fn gone_stops_at_once_and_nothing_under_way_resumes_it() {
    let (health, notice) = Health::default().after((Outcome::Gone, None), START, START, MIDDLE);
    assert_eq!((health.state, notice), (State::Stopped, Some(Notice::Stopped)));

    let (later, notice) = health.after((Outcome::Delivered, None), START, START.plus_secs(1), MIDDLE);

    assert_eq!((later, notice), (health, None));
    assert_eq!(later.gate(0, START.plus_secs(1)), Gate::Shut);
}

#[test]
fn a_clock_that_goes_back_pauses_nothing() {
    let (health, _) = failed(Health::default(), 0);

    let (health, notice) = failed(health, -400 * 24 * 3_600);

    assert_eq!((health.state, notice), (State::Active, None));
}

proptest! {
    #[test]
    fn whatever_happens_the_rest_is_bounded(
        steps in proptest::collection::vec((0_u8..8, proptest::option::of(any::<u64>()), 0_i64..40_000, any::<u32>()), 0..60),
    ) {
        let (mut health, mut now) = (Health::default(), START);
        for (outcome, asked, secs, chance) in steps {
            now = now.plus_secs(secs);
            let outcome = [
                Outcome::Delivered, Outcome::Gone, Outcome::Throttled, Outcome::Redirected, Outcome::Rejected,
                Outcome::Silent, Outcome::Unreachable, Outcome::Refused,
            ][usize::from(outcome)];
            let before = health;

            let (next, notice) = health.after((outcome, asked.map(Duration::from_secs)), now, now, chance);

            health = next;
            if before.state != State::Active {
                prop_assert_eq!((health, notice), (before, None));
            } else if let Some(at) = health.next_at {
                prop_assert!(at <= now.plus_secs(86_400), "{:?} at {}", health, now);
            }
            prop_assert!(health.warnings <= 3);
            prop_assert!(health.state != State::Paused || before.state == State::Paused || before.warnings == 3);
        }
    }
}
