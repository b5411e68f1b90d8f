//! kill -9 at each step of pull → publish → confirm → save → deliver → lock → write → commit → ack → read.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use muara_schemas::fault::POINTS;
use muara_tests::{services, wait_telling};

use crate::office::{Office, ROWS, Size, oracle};

/// Passes at which a place is deadly: the first, one in the middle, and one near the end of the first read.
const PASSES: [u32; 3] = [1, 3, 5];
/// How long to wait before the legacy system is changed to bring another pass.
const NUDGE: Duration = Duration::from_secs(3);

/// How many installations die at one time: most of a recovery is waiting, for a lease above all.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn one_process_on_sqlite_survives_death_anywhere() {
    everywhere(Size::Small).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_over_a_broker_survive_death_anywhere() {
    everywhere(Size::Large).await;
}

async fn everywhere(size: Size) {
    let cases = POINTS.iter().flat_map(|point| PASSES.map(|pass| (point, pass)));
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, async |(point, pass)| dies_and_recovers(size, point, pass).await)
        .await;
}

async fn dies_and_recovers(size: Size, point: &str, pass: u32) {
    let what = format!("{size:?}, killed at {point}, pass {pass}");
    let office = Office::new(size, (size == Size::Large).then(services)).await;
    let mut running = office.start_dying(point, pass);
    let in_hub = running.connector.is_none() || point.starts_with("intake") || point.starts_with("reader");
    let begun = Instant::now();
    let mut nudges = 0_u64;
    let dead = async || {
        // Some places are passed once a sync: more syncs with something to do bring the later passes.
        if begun.elapsed() > NUDGE * u32::try_from(nudges + 1).unwrap_or(u32::MAX) {
            nudges += 1;
            office.legacy(&format!("update ta_belanja set total = '{nudges}.00' where id <= 40")).await;
        }
        let dying = if in_hub { Some(&mut running.hub) } else { running.connector.as_mut() };
        dying.is_some_and(|process| !process.is_running())
    };
    wait_telling(&format!("the death of {what}"), Duration::from_secs(90), dead, || office.said()).await;
    drop(running);

    office.legacy("update ta_belanja set total = printf('%d.%02d', id * 7919, id % 100)").await;
    let _healthy = office.start();

    office.settles_on(oracle().await, &what).await;
    office.log_is_whole().await;
    let created = office.number("select count(*) from changes where op = 'created'").await;
    assert_eq!(created, i64::from(ROWS), "{what}: a record was counted twice");
    if nudges == 0 {
        assert_eq!(office.number("select seq from log_head").await, i64::from(ROWS), "{what}: a change too many");
    }
}
