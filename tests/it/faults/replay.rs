//! 3,418 broken records are 3,418 replayed ones, whatever dies in the middle.

use std::time::Duration;

use muara_tests::{Muara, services, wait_until};
use serde_json::Value;

use crate::office::{Office, ROWS, Running1, SETTLE, Size};

const SICK: i64 = 3_418;
const STREAM: &str = "33.02/simda/belanja";
const END: Duration = Duration::from_secs(30);

const LEFT: &str = "select count(*) from replay_entries where outcome is null";
const APPLIED: &str = "select count(*) from replay_entries where outcome = 'applied'";
const OPEN: &str = "select count(*) from quarantine where state = 'open'";

/// An installation whose connector is paused, whose quarantine is full, and whose definition has been mended since.
async fn ward(size: Size) -> Office {
    let office = Office::new(size, (size == Size::Large).then(services)).await;
    // After the good rows, for a read that begins with so many broken ones is stopped.
    office
        .legacy(&format!(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < {SICK})
             insert into ta_belanja select 10000 + i, 2026, '1.02.0.00.0.00.01.0000', '1.02.02.2.01.0001',
             '5.1.02.01.01.0024', 'Belanja ' || i, 'belum ada' from n"
        ))
        .await;
    let running = office.start();
    let ended = "select count(*) from runs where kind = 'full' and state = 'complete' and hub_count is not null";
    wait_until("the first read", SETTLE, async || office.number(ended).await >= 1).await;
    assert_eq!(office.number(OPEN).await, SICK);
    drop(office.program().run(&["source", "pause", STREAM, "--minutes", "600"]).well());
    wait_until("the pause", SETTLE, async || office.is_paused().await).await;
    stop(running);
    office.mend("amount: total", "amount: {from: total, default: \"0.00\"}", "    zero: [\"belum ada\"]\n");
    office
}

fn stop(running: Running1) {
    if let Some(connector) = running.connector {
        drop(connector.stop(END));
    }
    drop(running.hub.stop(END));
}

fn replay(program: &Muara, arguments: &[&str]) -> Value {
    let arguments = [&["quarantine", "replay", "--system", "simda", "--json"], arguments].concat();
    program.run(&arguments).well().json()
}

/// Nothing is lost, nothing counted twice, and the read that follows proves it and has nothing new to say.
async fn is_whole(office: &Office) {
    assert_eq!(office.number("select count(*) from records").await, i64::from(ROWS) + SICK);
    assert_eq!(office.number("select count(*) from changes where kind = 'record'").await, i64::from(ROWS) + SICK);
    assert_eq!(office.number("select count(*) from quarantine where state = 'replayed'").await, SICK);
    let uneven = "select count(*) from runs where state = 'complete' and read <> applied + unchanged + quarantined";
    assert_eq!(office.number(uneven).await, 0);
    drop(office.program().run(&["source", "resume", STREAM]).well());
    let proved = "select count(*) from streams where proof_state = 'equal' and exists (select 1 from runs u \
        where u.run = streams.run and u.kind = 'full' and u.state = 'complete' and u.hub_count is not null)";
    wait_until("the proof of a read after the replay", SETTLE, async || office.number(proved).await == 1).await;
    assert_eq!(office.number("select count(*) from changes where kind = 'record'").await, i64::from(ROWS) + SICK);
    office.log_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_as_are_asked_for_are_replayed_on_one_file() {
    all_are_replayed(Size::Small).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_as_are_asked_for_are_replayed_over_a_broker() {
    all_are_replayed(Size::Large).await;
}

async fn all_are_replayed(size: Size) {
    let office = ward(size).await;
    let running = office.start();

    let tried = replay(&office.program(), &["--dry-run"]);
    assert_eq!((&tried["counts"]["asked"], &tried["counts"]["valid"]), (&SICK.into(), &SICK.into()), "{tried}");
    assert_eq!(office.number(OPEN).await, SICK, "a dry run changes nothing");
    let done = replay(&office.program(), &[]);
    let counts = &done["counts"];
    assert_eq!((&done["state"], &counts["applied"], &counts["remaining"]), (&"done".into(), &SICK.into(), &0.into()));
    assert_eq!((&counts["asked"], &counts["sent"]), (&SICK.into(), &SICK.into()), "{done}");
    assert_eq!(replay(&office.program(), &[])["counts"]["asked"], 0, "there is nothing left to ask for");

    let published = "select coalesce((select published + quarantined from runs u join streams s on s.run = u.run), 0)";
    is_whole(&office).await;
    assert_eq!(office.number(published).await, 0, "what was replayed does not travel again");
    stop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_nothing_ends_at_once_though_no_hub_runs() {
    let office = Office::new(Size::Small, None).await;
    let running = office.start();
    let ended = "select count(*) from runs where kind = 'full' and state = 'complete' and hub_count is not null";
    wait_until("the first read", SETTLE, async || office.number(ended).await >= 1).await;
    stop(running);

    let nothing = office.program().run(&["quarantine", "replay", "--stream", "belanja"]).well();
    assert!(nothing.stdout.contains("nothing is open for this filter"), "{nothing:?}");
    let unknown = office.program().run(&["quarantine", "replay", "--stream", "belanjaa"]);
    let told = unknown.stderr.contains("E0720") && unknown.stderr.contains("did you mean `belanja`?");
    assert_eq!((unknown.status.code(), told), (Some(2), true), "{unknown:?}");
    assert_eq!(office.number("select count(*) from replays").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_replay_sends_nothing_more() {
    let office = ward(Size::Large).await;
    let running = office.start();
    let connector = running.connector.as_ref().expect("the large size has a connector of its own");
    connector.freeze();
    let begun = replay(&office.program(), &["--no-wait"]);
    let sent = "select count(*) from replay_entries where sent_at is not null";
    wait_until("the first order", SETTLE, async || office.number(sent).await == 500).await;

    let number = begun["id"].to_string();
    let stopped = office.program().run(&["quarantine", "stop", &number, "--json"]).well().json();
    assert_eq!((&stopped["state"], &stopped["counts"]["stopped"]), (&"stopping".into(), &(SICK - 500).into()));
    connector.thaw();
    let over = "select count(*) from replays where state = 'stopped'";
    wait_until("the end of what was under way", SETTLE, async || office.number(over).await == 1).await;

    assert_eq!(office.number(APPLIED).await, 500);
    assert_eq!(office.number(OPEN).await, SICK - 500);
    assert_eq!(replay(&office.program(), &[])["counts"]["applied"], SICK - 500, "and the rest can be asked for again");
    is_whole(&office).await;
    stop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_survives_the_death_of_its_one_process() {
    for point in ["state.saved", "intake.committed"] {
        dies_and_goes_on(Size::Small, point).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_survives_the_death_of_connector_and_hub() {
    for point in ["page.confirmed", "state.saving", "intake.written", "intake.acked"] {
        dies_and_goes_on(Size::Large, point).await;
    }
}

async fn dies_and_goes_on(size: Size, point: &str) {
    let what = format!("{size:?}, killed at {point}");
    let office = ward(size).await;
    let mut running = office.start_dying(point, 4);
    let begun = replay(&office.program(), &["--no-wait"]);
    assert_eq!(begun["counts"]["asked"], SICK, "{what}");
    let in_hub = running.connector.is_none() || point.starts_with("intake");
    wait_until(&format!("the death of {what}"), SETTLE, async || {
        let dying = if in_hub { Some(&mut running.hub) } else { running.connector.as_mut() };
        !dying.expect("the dying one runs").is_running()
    })
    .await;
    assert!(office.number(LEFT).await > 0, "{what}: it died in the middle");
    drop(running);

    let running = office.start();
    wait_until(&format!("the end of the replay after {what}"), SETTLE, async || office.number(LEFT).await == 0).await;

    assert_eq!(office.number(APPLIED).await, SICK, "{what}");
    is_whole(&office).await;
    stop(running);
}
