//! Broker and database go away and come back; processes freeze; hubs stand side by side.

use std::time::{Duration, Instant};

use muara_tests::{Services, services, wait_until};

use crate::office::{Office, ROWS, Running1, SETTLE, Size, oracle};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_in_mid_sync_loses_nothing() {
    let services = Services::private();
    let office = Office::new(Size::Large, Some(&services)).await;
    let _running = office.start();
    wait_until("the first records", SETTLE, async || office.number("select count(*) from records").await > 0).await;

    services.kill_rabbit();
    office.legacy("update ta_belanja set total = '1.00' where id % 2 = 0").await;
    services.start_rabbit();
    office.legacy("update ta_belanja set total = printf('%d.%02d', id * 7919, id % 100)").await;

    office.settles_on(oracle().await, "the view after the broker came back").await;
    office.log_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_read_waits_for_the_broker_in_little_memory_and_goes_on_where_it_stood() {
    const MORE: i64 = 200_000;
    let services = Services::private();
    let office = Office::new(Size::Large, Some(&services)).await;
    office
        .legacy(&format!(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < {MORE})
             insert into ta_belanja select 10000 + i, 2026, '1.02.0.00.0.00.01.0000', '1.02.02.2.01.0001',
             '5.1.02.01.01.0024', 'Belanja ' || i, i || '.00' from n"
        ))
        .await;
    let running = office.start();
    let connector = running.connector.as_ref().expect("the large size has a connector");
    wait_until("the first records", SETTLE, async || office.number("select count(*) from records").await > 0).await;

    services.kill_rabbit();
    let (known, ended) = ("select count(*) from prints", "select count(*) from streams where full_at is not null");
    let (mut before, mut since) = (-1, Instant::now());
    wait_until("the connector to have saved what was confirmed", SETTLE, async || {
        if std::mem::replace(&mut before, office.kept(known).await) != before {
            since = Instant::now();
        }
        since.elapsed() > Duration::from_secs(3)
    })
    .await;
    let (stood, begun) = (office.kept(known).await, connector.resident());
    let (away, mut most) = (Instant::now(), 0);
    wait_until("half a minute without a broker", Duration::from_mins(1), async || {
        most = most.max(connector.resident().unwrap_or_default());
        away.elapsed() > Duration::from_secs(30)
    })
    .await;

    assert!(stood < MORE, "the broker went before the read was over");
    assert_eq!((office.kept(known).await, office.kept(ended).await), (stood, 0), "what nobody confirms is not kept");
    assert!(begun.is_none_or(|begun| most < begun + 40 && most < 300), "{begun:?} MB, then {most} MB");
    services.start_rabbit();
    office.settles_with(u64::from(ROWS) + MORE.unsigned_abs(), "all records").await;
    office.log_is_whole().await;
    assert_eq!(office.number("select count(*) from runs where prev is null").await, 1, "nothing began anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_away_for_two_minutes_dead_letters_no_page() {
    let services = Services::private();
    let office = Office::new(Size::Large, Some(&services)).await;
    let running = office.start();
    office.settles_on(oracle().await, "the first sync").await;

    services.stop_postgres();
    office.legacy("update ta_belanja set total = '2.00' where id <= 900").await;
    let away = Instant::now();
    wait_until("two minutes without a database", Duration::from_mins(3), async || {
        away.elapsed() > Duration::from_mins(2)
    })
    .await;
    services.start_postgres();

    let changed = "select count(*) from changes where op = 'updated'";
    wait_until("the changes of meanwhile", SETTLE, async || office.number(changed).await == 900).await;
    assert_eq!(office.number("select count(*) from parked").await, 0, "a page was parked");
    let doctor = office.program().run(&["doctor", "--json"]);
    assert!(doctor.stdout.contains("no dead letters"), "{}", doctor.stdout);
    office.log_is_whole().await;
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_frozen_past_its_lease_does_no_harm_when_it_thaws() {
    let office = Office::new(Size::Large, Some(services())).await;
    let Running1 { hub, connector } = office.start();
    office.settles_on(oracle().await, "the first sync").await;

    hub.freeze();
    office.legacy("update ta_belanja set total = '3.00' where id <= 500").await;
    let other = office.program().with("MUARA_LISTEN", "127.0.0.1:0").start(&["serve"]);
    let frozen = Instant::now();
    wait_until("the lease to run out", Duration::from_mins(1), async || frozen.elapsed() > Duration::from_secs(20))
        .await;
    let behind = "select (select seq from log_head) - (select min(cursor) from readers)";
    wait_until("the other hub to read on", SETTLE, async || office.number(behind).await == 0).await;
    hub.thaw();
    office.legacy("update ta_belanja set total = printf('%d.%02d', id * 7919, id % 100)").await;

    office.settles_on(oracle().await, "both hubs at work").await;
    office.log_is_whole().await;
    drop((hub, other, connector));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_side_by_side_count_everything_once() {
    let office = Office::new(Size::Large, Some(services())).await;
    let _second = office.program().with("MUARA_LISTEN", "127.0.0.1:0").start(&["serve"]);
    let _first = office.start();

    office.settles_on(oracle().await, "two hubs").await;
    office.log_is_whole().await;
    assert_eq!(office.number("select count(*) from changes where kind = 'record'").await, i64::from(ROWS));
}
