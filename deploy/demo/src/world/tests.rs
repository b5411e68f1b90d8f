//! The world against its own rules.

use std::collections::BTreeSet;

use super::defects::Readable;
use super::tick::Change;
use super::{BLUD_FUND, Kind, Sen, Stream, World};

const SEED: u64 = 7;

#[test]
fn the_world_has_the_size_that_it_promises() {
    let world = World::new(SEED);
    assert_eq!(world.agencies.len(), 34);
    assert_eq!(world.agencies.iter().filter(|agency| agency.kind == Kind::Blud).count(), 2);
    assert!((1_100..=1_300).contains(&world.subs.len()), "{} sub-activities", world.subs.len());
    assert!(world.logs.len() >= 50_000);
    let records: usize = Stream::ALL.into_iter().map(|stream| world.count(stream)).sum();
    assert!(records - world.defects.len() >= 65_000, "{records} records");
    let total: Sen = world.sums.iter().map(|sums| sums.budget).sum();
    assert!((Sen::rupiah(1_000_000_000_000)..Sen::rupiah(3_000_000_000_000)).contains(&total), "{total}");
    for (agency, sums) in world.agencies.iter().zip(&world.sums) {
        assert_ne!(
            sums.realized_sp2d, sums.realized_lra,
            "{}: two measures that never differ prove nothing",
            agency.code
        );
        assert!(sums.realized_sp2d > Sen(0) && sums.realized_sp2d < sums.budget, "{}: {sums:?}", agency.code);
        assert!(sums.realized_lra > Sen(0) && sums.realized_lra < sums.budget, "{}: {sums:?}", agency.code);
    }
}

#[test]
fn keys_are_unique_but_for_the_planted_twins() {
    let world = World::new(SEED);
    for stream in Stream::ALL {
        let mut keys = BTreeSet::new();
        for row in 0..world.count(stream) {
            assert_eq!(keys.insert(world.key_of(stream, row)), !world.is_twin(stream, row), "{stream:?} row {row}");
        }
    }
}

#[test]
fn business_keys_of_budget_lines_are_unique() {
    let world = World::new(SEED);
    let mut keys = BTreeSet::new();
    for (row, line) in world.lines.iter().enumerate() {
        let post = &world.posts[line.post];
        let key = (post.agency, world.subs[post.sub].code.as_str(), post.account, post.fund, line.stage);
        assert!(keys.insert(key) || world.is_twin(Stream::Dpa, row), "{key:?}");
    }
}

#[test]
fn parts_add_up() {
    let world = World::new(SEED);
    for plan in &world.cash_plans {
        assert_eq!(plan.months.iter().copied().sum::<Sen>(), world.posts[plan.post].ceiling);
    }
    let mut spent = vec![Sen(0); world.posts.len()];
    for (row, payment) in world.payments.iter().enumerate() {
        if payment.kind != super::PaymentKind::Up {
            assert_eq!(
                payment.parts.iter().map(|part| part.amount).sum::<Sen>(),
                payment.amount,
                "payment {}",
                payment.id
            );
        }
        if payment.is_spending() && !world.is_twin(Stream::Sp2d, row) {
            for part in &payment.parts {
                spent[part.post] += part.amount;
            }
        }
    }
    for (spent, post) in spent.iter().zip(&world.posts) {
        assert!(*spent <= post.ceiling, "a post is overspent: {spent} of {}", post.ceiling);
    }
    for package in &world.packages {
        assert_eq!(package.ceiling().0 % 100, 0, "package {} has sen", package.code);
    }
    for contract in &world.contracts {
        assert!(contract.value <= world.packages[contract.package].ceiling());
        assert_eq!(contract.value.0 % 100, 0);
        let paid: Sen = contract.handovers.iter().map(|handover| handover.payment).sum();
        assert!(paid <= contract.value && (!contract.finished() || paid == contract.value), "{}", contract.number);
    }
}

#[test]
fn the_rba_of_a_hospital_adds_up_to_its_lump() {
    let world = World::new(SEED);
    for (index, agency) in world.agencies.iter().enumerate().filter(|(_, agency)| agency.kind == Kind::Blud) {
        let lump: Sen = world
            .posts
            .iter()
            .filter(|post| post.agency == index && post.fund == BLUD_FUND)
            .map(|post| post.ceiling)
            .sum();
        let detail: Sen = world.rba.iter().filter(|line| line.agency == index).map(|line| line.amount).sum();
        assert!(lump > Sen(0), "{} has no lump", agency.code);
        assert_eq!(detail, lump, "{}", agency.code);
    }
}

#[test]
fn a_world_that_moved_is_the_world_of_that_tick() {
    let mut moved = World::new(SEED);
    for _ in 0..300 {
        moved.advance();
    }
    let made = World::at(SEED, 300);
    assert_eq!(moved.sums, made.sums);
    assert_eq!(moved.payments.len(), made.payments.len());
    for (one, other) in moved.payments.iter().zip(&made.payments) {
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
    assert_ne!(World::new(SEED + 1).sums, World::new(SEED).sums);
}

#[test]
fn every_tick_changes_something_served_and_sums_stay_right() {
    let mut world = World::new(SEED);
    let before = world.sums.clone();
    for _ in 0..2_000 {
        let changes = world.advance();
        assert!(changes.iter().any(|change| matches!(change, Change::Progress(_) | Change::Payment(_))));
        assert!(changes.len() < 30, "a tick moves too much: {changes:?}");
    }
    assert_eq!(world.sums, world.sum());
    assert_ne!(world.sums, before);
}

#[test]
fn broken_records_are_many_and_never_move() {
    let mut world = World::new(SEED);
    assert!((40..=60).contains(&world.defects.len()), "{} broken records", world.defects.len());
    let reasons: BTreeSet<_> = world.defects.iter().map(|((stream, _), defect)| (*stream, defect.why)).collect();
    assert_eq!(reasons.len(), world.defects.len(), "two records are broken in the same way");
    let measured = world.defects.values().filter(|defect| defect.readable == Readable::All).count();
    assert!(measured > 20);
    for _ in 0..1_000 {
        for change in world.advance() {
            let place = match change {
                Change::Payment(row) => (Stream::Sp2d, row),
                Change::Lra(row) => (Stream::Lra, row),
                Change::Progress(row) => (Stream::Rfk, row),
                Change::Log(row) => (Stream::Logs, row),
                Change::Contract(row) => (Stream::Contracts, row),
            };
            assert!(!world.defects.contains_key(&place), "{place:?} moved");
        }
    }
}

#[test]
fn a_long_life_stays_possible() {
    let mut world = World::at(SEED, 20_000);
    assert!(!world.advance().is_empty());
    assert_eq!(world.sums, world.sum());
}

#[test]
fn money_prints_in_its_wire_form() {
    assert_eq!(Sen(-5).to_string(), "-0.05");
    assert_eq!(Sen(125_000_050).to_string(), "1250000.50");
    assert_eq!(Sen(0).to_string(), "0.00");
    assert_eq!(Sen(12_500).short(), "125");
    assert_eq!(Sen(12_501).short(), "125.01");
    assert_eq!(Sen::rupiah(1_000_000).share(1, 3), Sen::rupiah(333_000));
}

#[test]
fn codes_stand_in_the_code_lists() {
    let codes = |text: &'static str| -> BTreeSet<&'static str> {
        text.lines().filter_map(|line| line.split(',').next()).collect()
    };
    let world = World::new(SEED);
    let subs = codes(include_str!("../../../../schemas/codes/sub-activities.csv"));
    for row in &world.plan {
        assert!(subs.contains(row.code.as_str()), "{}", row.code);
    }
    let accounts = codes(include_str!("../../../../schemas/codes/accounts.csv"));
    let revenue = world.sp2b.iter().map(|line| line.account);
    for account in super::ACCOUNTS.iter().map(|account| account.code).chain(revenue) {
        assert!(accounts.contains(account), "{account}");
    }
    let funds = codes(include_str!("../../../../schemas/codes/funds.csv"));
    assert!(super::FUNDS.iter().all(|fund| funds.contains(fund.code)));
}
