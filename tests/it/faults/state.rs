//! State lost, state of yesterday, a hub of yesterday, two connectors, and a poisoned page.

use std::time::Duration;

use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use muara_schemas::Moment;
use muara_schemas::message::Message;
use muara_schemas::page::{Page, RunId, RunKind};
use muara_tests::{services, wait_until};

use crate::office::{Office, ROWS, Running1, SETTLE, Size, oracle};

/// How long a process may take to end in good order.
const END: Duration = Duration::from_secs(30);

fn stop(running: Running1) {
    if let Some(connector) = running.connector {
        drop(connector.stop(END));
    }
    drop(running.hub.stop(END));
}

/// Waits until the first sync is there and its run has ended: a run that is cut off is another test's matter.
async fn first_sync(office: &Office) {
    office.settles_on(oracle().await, "the first sync").await;
    let ended = "select count(*) from runs where kind = 'full' and state = 'complete' and hub_count is not null";
    wait_until("the end of the first run", SETTLE, async || office.number(ended).await >= 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_file_costs_a_full_read_and_nothing_else() {
    let office = Office::new(Size::Small, None).await;
    let running = office.start();
    first_sync(&office).await;
    stop(running);
    std::fs::remove_file(office.state_file()).expect("the state file is there");

    let _again = office.start();
    let full = "select count(*) from runs where kind = 'full' and state = 'complete' and prev is null";
    wait_until("a full read with no past", SETTLE, async || office.number(full).await >= 2).await;

    office.settles_on(oracle().await, "the view after the state was lost").await;
    assert_eq!(office.number("select seq from log_head").await, i64::from(ROWS), "reading again changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_file_of_yesterday_heals_by_a_reset() {
    let office = Office::new(Size::Small, None).await;
    let running = office.start();
    first_sync(&office).await;
    stop(running);
    let copy = office.folder().join("state.yesterday");
    std::fs::copy(office.state_file(), &copy).expect("the state file is copied");

    office.legacy("update ta_belanja set total = '4.00' where id <= 100; delete from ta_belanja where id = 1700").await;
    let running = office.start();
    wait_until("today's changes", SETTLE, async || {
        office.number("select count(*) from changes where op <> 'created'").await == 101
    })
    .await;
    stop(running);
    std::fs::copy(&copy, office.state_file()).expect("yesterday's state is put back");

    let _again = office.start();
    let healed = "select count(*) from runs where prev is null and kind = 'full' and state = 'complete'";
    wait_until("the reset and its full read", SETTLE, async || office.number(healed).await >= 2).await;
    office.settles_with(u64::from(ROWS) - 1, "the healed view").await;
    office.log_is_whole().await;
    assert_eq!(office.number("select count(*) from changes where op <> 'created'").await, 101, "nothing is doubled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_of_one_file_restored_from_a_backup_is_filled_up_again() {
    restored_and_filled(Office::new(Size::Small, None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_on_a_server_restored_from_a_backup_is_filled_up_again() {
    restored_and_filled(Office::new(Size::Large, Some(services())).await).await;
}

async fn restored_and_filled(office: Office) {
    office.legacy("delete from ta_belanja where id > 800").await;
    let running = office.start();
    office.settles_with(800, "half of the sync").await;
    drop(office.program().run(&["backup", "muara.backup"]).well());
    office.legacy(&format!(
        "with recursive n(i) as (select 801 union all select i + 1 from n where i < {ROWS})
         insert into ta_belanja select i, 2026, printf('1.%02d.0.00.0.00.01.0000', i % 20 + 1), printf('1.02.02.2.01.%04d', i % 60 + 1),
         printf('5.1.02.01.01.%04d', i % 90 + 1), 'Belanja ' || i || ' ' || hex(zeroblob(60)), printf('%d.%02d', i * 7919, i % 100) from n"
    )).await;
    first_sync(&office).await;
    let epoch = office.ask("/api/v1/digest").await.expect("the hub answers")["log_head"].clone();
    stop(running);

    drop(office.program().run(&["restore", "muara.backup", "--yes"]).well());
    let chained = "select count(*) from streams where run is not null";
    assert_eq!(office.number(chained).await, 0, "a backup of mid-run would hide what its run sent afterwards");
    let _again = office.start();

    office.settles_on(oracle().await, "the restored hub").await;
    office.log_is_whole().await;
    let renewed = office.ask("/api/v1/digest").await.expect("the hub answers")["log_head"].clone();
    let epoch_of = |head: &serde_json::Value| head.as_str().and_then(|text| text.split('-').next().map(str::to_owned));
    assert_ne!(epoch_of(&epoch), epoch_of(&renewed), "no position means two things");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connectors_on_one_system_end_in_a_finding_and_in_no_damage() {
    let office = Office::new(Size::Large, Some(services())).await;
    let mut running = office.start();
    let other = office.program().with("MUARA_STATE", office.folder().join("other.db").display().to_string());
    let mut second = other.start(&["connect", "simda.yaml"]);

    let finding = "select count(*) from findings where kind = 'resets' and closed_at is null";
    wait_until("the finding", SETTLE, async || office.number(finding).await == 1).await;
    second.kill();
    office.legacy("update ta_belanja set total = '5.00' where id = 7").await;
    office.legacy("update ta_belanja set total = printf('%d.%02d', id * 7919, id % 100)").await;

    // Resets are bounded within the hour, so the one that remains may have to begin anew without its past.
    running.connector.as_mut().expect("the large size has a connector").kill();
    std::fs::remove_file(office.state_file()).expect("the state file is there");
    let _remaining = office.program().start(&["connect", "simda.yaml"]);
    office.settles_on(oracle().await, "the view with one connector left").await;
    office.log_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_page_is_parked_and_healed_by_a_reset() {
    let services = services();
    let office = Office::new(Size::Large, Some(services)).await;
    let program = office.program().with("MUARA_BUS_PREFIX", PREFIX);
    let _hub = program.start(&["serve"]);
    let _connector = program.start(&["connect", "simda.yaml"]);
    office.settles_on(oracle().await, "the first sync").await;

    publish_poison(&services.amqp_url).await;

    wait_until("the poison to be parked", SETTLE, async || office.number("select count(*) from parked").await == 1)
        .await;
    let again = "select count(*) from runs where kind = 'full' and prev is null and state = 'complete'";
    wait_until("the reset and its full read", SETTLE, async || office.number(again).await >= 2).await;
    office.settles_on(oracle().await, "the view after the poison").await;
    office.log_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_somebody_who_may_not_write_the_stream_is_kept_and_changes_nothing() {
    let services = services();
    let office = Office::new(Size::Large, Some(services)).await;
    let program = office.program().with("MUARA_BUS_PREFIX", PREFIX_OF_STRANGERS);
    // The broker's user of the tests may write another system only.
    let user = services.amqp_url.split("://").nth(1).and_then(|rest| rest.split(':').next()).expect("a user");
    std::fs::write(office.folder().join("muara.toml"), format!("[senders]\n{user} = [\"33.02/sipd\"]\n")).unwrap();
    let _hub = program.start(&["serve"]);
    wait_until("the hub to answer", SETTLE, async || office.ask("/api/v1/digest").await.is_some()).await;
    let connector = program.start(&["connect", "simda.yaml"]);

    let parked = "select count(*) from parked";
    wait_until("its page to be parked", SETTLE, async || office.number(parked).await >= 1).await;

    assert_eq!(office.number("select count(*) from streams").await, 0, "not even the stream is believed");
    assert_eq!(office.number("select count(*) from commands").await, 0, "and nobody is ordered about");
    drop(connector);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_one_file_belongs_to_one_process_and_takes_nothing_but_its_own_backups() {
    let office = Office::new(Size::Small, None).await;
    let running = office.start();
    first_sync(&office).await;
    drop(office.program().run(&["backup", "muara.backup"]).well());
    let refused = |arguments: &[&str], code: &str| {
        let ended = office.program().run(arguments);
        assert_eq!((ended.status.code(), ended.stderr.contains(code)), (Some(2), true), "{arguments:?}: {ended:?}");
    };

    refused(&["serve", "--connect", "simda.yaml", "--listen", "127.0.0.1:0"], "E0721");
    refused(&["restore", "muara.backup", "--yes"], "E0721");
    stop(running);
    for foreign in ["simda.db", "simda.yaml", "state.db"] {
        refused(&["restore", foreign, "--yes"], "E0708");
    }

    let _again = office.start();
    office.settles_on(oracle().await, "the view that nobody has touched").await;
    assert!(!office.folder().join("muara.db.restoring").exists(), "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_from_the_command_line_are_obeyed() {
    const STREAM: &str = "33.02/simda/belanja";
    let office = Office::new(Size::Small, None).await;
    let _running = office.start();
    first_sync(&office).await;
    let order = |arguments: &[&str]| drop(office.program().run(&[&["source"], arguments].concat()).well());

    order(&["pause", STREAM]);
    // An order takes a second or two; then whatever changes stays unseen.
    let unsent = "select count(*) from commands";
    wait_until("the order to go out", SETTLE, async || office.number(unsent).await == 0).await;
    let runs = "select count(*) from runs";
    let mut seen = -1;
    wait_until("the runs to stop", SETTLE, async || {
        let before = std::mem::replace(&mut seen, office.number(runs).await);
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        before == office.number(runs).await && before == seen
    })
    .await;
    office.legacy("update ta_belanja set total = '3.00' where id = 3").await;
    order(&["resume", STREAM]);
    wait_until("the change", SETTLE, async || office.number("select seq from log_head").await > i64::from(ROWS)).await;

    order(&["reset", STREAM]);
    let again = "select count(*) from runs where kind = 'full' and prev is null and state = 'complete'";
    wait_until("a read from the start", SETTLE, async || office.number(again).await >= 2).await;
    office.legacy("alter table ta_belanja rename to ta_belanja_lama").await;
    let failed = "select count(*) from streams where verdict = 'failed'";
    wait_until("a read that fails", SETTLE, async || office.number(failed).await == 1).await;
    let list = office.program().run(&["source", "list"]).well();
    let why = list.stdout.lines().find(|line| line.starts_with(&format!("{STREAM}: E02"))).unwrap_or_default();
    assert!(why.contains("ta_belanja"), "{list:?}");
    let unknown = office.program().run(&["source", "run", "33.02/simda/none"]);
    assert_eq!((unknown.status.code(), unknown.stderr.contains("E0720")), (Some(2), true), "{unknown:?}");
}

const PREFIX_OF_STRANGERS: &str = "strangers.";
const PREFIX: &str = "poison.";

/// A page of the office's stream that can never be taken: its record type does not exist.
async fn publish_poison(amqp_url: &str) {
    let page = Page {
        region: "33.02".into(),
        system: "simda".into(),
        stream: "belanja".into(),
        record_type: "wish".into(),
        definition: "poison".into(),
        run: RunId::new([9; 16]),
        prev: None,
        kind: RunKind::Full,
        page: 1,
        records: vec![],
        quarantined: vec![],
        gone: vec![],
        held: vec![],
        have: vec![],
        refused: vec![],
        end: None,
    };
    let key = page.name().routing_key();
    let body = Message::Page(Box::new(page)).encode("poison-1", Moment::default());
    let broker = Connection::connect(amqp_url, ConnectionProperties::default()).await.expect("the broker answers");
    let channel = broker.create_channel().await.expect("a channel");
    let exchange = format!("{PREFIX}muara.records");
    let publish = channel.basic_publish(
        exchange.into(),
        key.into(),
        BasicPublishOptions::default(),
        &body,
        BasicProperties::default(),
    );
    drop(publish.await.expect("the page is published").await.expect("the broker takes it"));
}
