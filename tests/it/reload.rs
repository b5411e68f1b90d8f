//! A definition is edited while the program runs, well and badly.

use std::time::Duration;

use muara_tests::{services, wait_until};
use serde_json::Value;

use crate::office::{Office, ROWS, Running1, SETTLE, Size, oracle};

const END: Duration = Duration::from_secs(30);
const LINE: &str = "description: uraian";

/// The description that the API answers for a record of the office.
async fn description(office: &Office) -> Option<String> {
    let answer = office.ask("/api/v1/records?type=budget-line&limit=1").await?;
    answer.pointer("/items/0/data/record/description").and_then(Value::as_str).map(str::to_owned)
}

/// Edits the definition, and what its test expects: every record gets this description.
fn describe(office: &Office, description: &str) {
    office.mend(LINE, &format!("description: {{const: {description}}}"), "");
    let file = office.folder().join("simda.yaml");
    let text = std::fs::read_to_string(&file).expect("the definition is there");
    let text = text.replace("description: ATK}", &format!("description: {description}}}"));
    std::fs::write(file, text).expect("the definition is written");
}

async fn proved(office: &Office, what: &str) {
    let proved = "select count(*) from streams s where s.proof_state = 'equal' and exists (select 1 from runs u \
        where u.run = s.run and u.state = 'complete' and u.hub_count is not null)";
    wait_until(what, SETTLE, async || office.number(proved).await == 1).await;
}

/// A change of the definition is none of the hub's business: it orders nothing and finds nothing.
async fn nothing_was_mended(office: &Office) {
    assert_eq!(office.number("select count(*) from findings").await, 0, "the hub found something");
    assert_eq!(office.number("select count(*) from parked").await, 0);
    // A stream that was reset begins its chain anew, one that is compared has a run of that kind.
    let ordered = "select count(*) from runs where prev is null or kind not in ('full', 'incremental')";
    assert_eq!(office.number(ordered).await, 1, "the hub had to order something");
    let uneven = "select count(*) from runs where state = 'complete' and read <> applied + unchanged + quarantined";
    assert_eq!(office.number(uneven).await, 0, "the counts of a run do not balance");
    office.log_is_whole().await;
}

async fn edits(size: Size) {
    let office = Office::new(size, (size == Size::Large).then(services)).await;
    let running = office.start();
    office.settles_on(oracle().await, "the first sync").await;

    describe(&office, "belanja rutin");
    wait_until("the edit to take effect", SETTLE, async || {
        description(&office).await.as_deref() == Some("belanja rutin")
    })
    .await;
    let changed = "select count(*) from changes where op = 'updated'";
    wait_until("all of it", SETTLE, async || office.number(changed).await == i64::from(ROWS)).await;
    proved(&office, "the proof of the new definition").await;
    nothing_was_mended(&office).await;

    office.mend(LINE, "descriptoin: uraian", "");
    let told = "select count(*) from findings where kind = 'lint' and closed_at is null and detail like '%W0210%'";
    wait_until("the finding", SETTLE, async || office.number(told).await == 1).await;
    let doctor = office.program().run(&["doctor"]).stdout;
    assert!(doctor.contains("W0210") && doctor.contains("E0113 at simda.yaml:21:7"), "{doctor}");
    office.legacy("update ta_belanja set total = '3.00' where id = 3").await;
    wait_until("the old definition to be in use", SETTLE, async || office.number(changed).await == i64::from(ROWS) + 1)
        .await;
    assert_eq!(description(&office).await.as_deref(), Some("belanja rutin"));

    office.mend(LINE, LINE, "");
    wait_until("the finding to close", SETTLE, async || office.number(told).await == 0).await;
    office.legacy("update ta_belanja set total = printf('%d.%02d', id * 7919, id % 100)").await;
    office.settles_on(oracle().await, "the view of the first definition").await;
    stop(running);
}

fn stop(running: Running1) {
    if let Some(connector) = running.connector {
        drop(connector.stop(END));
    }
    drop(running.hub.stop(END));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_takes_effect_and_a_broken_one_is_told_in_one_process() {
    edits(Size::Small).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_takes_effect_and_a_broken_one_is_told_over_a_broker() {
    edits(Size::Large).await;
}

/// Long reads, and a new definition as soon as each has begun.
#[tokio::test(flavor = "multi_thread")]
async fn edits_in_the_middle_of_reads_break_no_chain() {
    let office = Office::new(Size::Large, Some(services())).await;
    office
        .legacy(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 30)
             insert into ta_belanja select id + 10000 * i, tahun, kode_skpd, kode_sub, kode_rek, uraian, total from ta_belanja, n",
        )
        .await;
    let running = office.start();
    let connector = running.connector.as_ref().expect("the large size has a connector");
    let cut = "select count(*) from runs where failure like 'E0285%'";
    let under_way = "select count(*) from runs where state = 'running' and pages_seen > 2";
    wait_until("a read to be under way", SETTLE, async || office.number(under_way).await > 0).await;

    for edit in ["alpha", "bravo", "charlie", "delta"] {
        let runs = "select count(*) from runs";
        let before = office.number(runs).await;
        describe(&office, edit);
        connector.hang_up();
        wait_until("another run", SETTLE, async || office.number(runs).await > before).await;
    }

    let other =
        "select count(*) from records r join changes c on c.seq = r.seq where cast(c.body as text) not like '%delta%'";
    wait_until("the last definition to be in every record", SETTLE, async || office.number(other).await == 0).await;
    proved(&office, "its proof").await;
    assert!(office.number(cut).await > 0, "an edit came in the middle of a read");
    assert_eq!(office.number("select count(*) from records").await, i64::from(ROWS) * 31);
    nothing_was_mended(&office).await;
    stop(running);
}
