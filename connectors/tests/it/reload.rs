//! Definitions that change while a connector runs.

use muara_connectors::definition::{self, Definition, Origin};
use muara_connectors::runner::{Difference, Handle, News};
use muara_schemas::control::{self, Order};
use muara_schemas::page::{RunId, RunKind};
use muara_schemas::{Clock, StreamName};
use serde_json::json;

use crate::hub::{Hub, Kept};
use crate::rig::{DEADLINE, MAP, Rig, SYSTEM, until};
use crate::sqlite::{SOURCE, exec, rig};

mod files;

const WHOLE: &str = "    read: {table: dpa}\n";
const FILL: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into dpa select i, i, 'baris ' || i, '2026-11-20' from n";
const ROWS: usize = 20_000;

/// A definition of the rig's system with these streams, each over the rig's table; the lines go beside [`MAP`].
pub(crate) fn text(streams: &[(&str, &str)]) -> String {
    let mut text = format!("{SYSTEM}source:\n{SOURCE}\nstreams:\n");
    for (name, lines) in streams {
        text.push_str(&format!("  {name}:\n{WHOLE}{MAP}{lines}"));
    }
    text
}

fn read(text: &str) -> Vec<Definition> {
    let (definitions, found) = definition::read(vec![Origin::new("test.yaml", text)]);
    assert!(!definitions.is_empty(), "{found:?}");
    definitions
}

/// Says which names a text gets from now on: a mapping that can be told from another.
fn agency(number: u32) -> String {
    MAP.replace("1.02.0.00.0.00.01.0000", &format!("1.02.0.00.0.00.{number:02}.0000"))
}

fn mapped_by(number: u32) -> Vec<Definition> {
    read(&format!("{SYSTEM}source:\n{SOURCE}\nstreams:\n  dpa:\n{WHOLE}{}", agency(number)))
}

async fn reload(handle: &Handle, definitions: Vec<Definition>) -> Difference {
    handle.reload(&News { definitions, ..News::default() }).await.unwrap()
}

fn name(stream: &str) -> StreamName {
    StreamName::new("33.02", "sipd", stream)
}

/// Every run names the one before it, so that the hub never has to reset the stream.
fn chain_is_whole(kept: &Kept, stream: &str) {
    kept.check_runs();
    let runs = kept.runs(stream);
    for (at, (_, prev)) in runs.iter().enumerate() {
        assert_eq!(*prev, at.checked_sub(1).map(|before| runs[before].0), "run {at} of {stream}");
    }
}

fn all_have(kept: &Kept, stream: &str, number: u32) {
    let agency = format!("1.02.0.00.0.00.{number:02}.0000");
    let other = kept.records[stream].iter().find(|(_, (_, body))| !body.contains(&agency));
    assert_eq!(other, None, "{stream} has what an older definition made");
}

fn failures(kept: &Kept, stream: &str) -> Vec<Option<String>> {
    let pages = kept.pages.iter().filter(|page| page.stream == stream);
    pages.filter_map(|page| Some(page.end.as_ref()?.failure.clone())).collect()
}

/// A rig with so many rows, whose hub has taken three pages of a run and takes no more.
async fn held() -> (Rig, sqlx::SqlitePool) {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, FILL).await;
    rig.hub.allow(3);
    rig.start().await;
    (rig, db)
}

async fn three_pages(hub: &Hub) {
    until("three pages have arrived", || (hub.keep().pages.len() >= 3).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_in_the_middle_of_a_read_takes_effect_at_the_edge_of_a_page() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(
        &db,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
        insert into dpa select i, i, 'baris ' || i, '2026-11-20' from n",
    )
    .await;
    let hub = rig.hub.clone();
    let handle = rig.start().await;

    let edit = async {
        until("a good part was read", || (hub.keep().pages.len() > 20).then_some(())).await;
        reload(handle, mapped_by(2)).await
    };
    let (reports, difference) = tokio::join!(handle.run_all(false), edit);

    assert_eq!(difference, Difference { changed: vec![name("dpa")], ..Difference::default() });
    let report = &reports[0];
    assert_eq!((report.failure.as_deref(), report.kind, report.counts.read), (None, RunKind::Full, 100_000));
    let kept = hub.keep();
    assert_eq!(report.proof, Some(kept.proof("dpa")));
    chain_is_whole(&kept, "dpa");
    all_have(&kept, "dpa", 2);
    let failures = failures(&kept, "dpa");
    assert!(matches!(&failures[..], [Some(cut), None] if cut.starts_with("E0285")), "{failures:?}");
    assert!(kept.pages[0].definition != kept.pages.last().unwrap().definition);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_while_the_hub_is_away_the_last_counts_and_nothing_is_lost() {
    let (mut rig, _db) = held().await;
    let hub = rig.hub.clone();
    let handle = rig.start().await;

    let edits = async {
        three_pages(&hub).await;
        // Neither waits for the hub.
        tokio::time::timeout(DEADLINE, reload(handle, mapped_by(2))).await.unwrap();
        tokio::time::timeout(DEADLINE, reload(handle, mapped_by(3))).await.unwrap();
        assert!(!handle.is_idle());
        hub.allow(usize::MAX);
    };
    let (reports, ()) = tokio::join!(handle.run_all(false), edits);

    assert_eq!(reports[0].failure, None);
    let kept = hub.keep();
    chain_is_whole(&kept, "dpa");
    assert_eq!(kept.runs("dpa").len(), 2, "the definition in between was never read by");
    all_have(&kept, "dpa", 3);
    assert_eq!(reports[0].proof, Some(kept.proof("dpa")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_answer_holds_no_change_up() {
    let paged = "    read: {get: /dpa, records: data}\n    page: {by: page, param: page, total: {header: x-total}}\n";
    let (mut rig, server) = crate::http::rig("", paged).await;
    let total = [("x-total", "4")];
    server.say_with(200, &total, crate::http::page(1..3, "")).say_with(429, &[("retry-after", "900")], "");
    let http = "  kind: http\n  base_url: {env: URL}\n  retry: {max: 3}\n";
    let changed = read(&format!("{SYSTEM}source:\n{http}streams:\n  dpa:\n{paged}{}", agency(2)));
    let handle = rig.start().await;

    let edit = async {
        let mut asked = 0;
        until("the source asks for patience", || {
            asked += server.asked().len();
            (asked == 2).then_some(())
        })
        .await;
        server.say_with(200, &total, crate::http::page(1..3, "")).say_with(200, &total, crate::http::page(3..5, ""));
        // Of a page whose size nobody knows, it may be that it was full.
        server.say_with(200, &total, crate::http::page(1..1, ""));
        reload(handle, changed).await
    };
    let both = async { tokio::join!(handle.run_all(false), edit) };
    let (reports, _) = tokio::time::timeout(DEADLINE, both).await.expect("nobody waits a quarter of an hour");

    assert_eq!((reports[0].failure.as_deref(), reports[0].counts.read), (None, 4));
    let kept = rig.hub.keep();
    chain_is_whole(&kept, "dpa");
    all_have(&kept, "dpa", 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_whose_definition_is_the_same_go_on_undisturbed() {
    let (mut rig, _db) = held().await;
    rig.stop().await;
    rig.hub.keep().pages.clear();
    rig.define_text(&text(&[("dpa", ""), ("dpa2", "")]));
    rig.hub.allow(8);
    let hub = rig.hub.clone();
    let handle = rig.start().await;

    let edit = async {
        until("both are under way", || {
            let kept = hub.keep();
            (kept.runs("dpa").len() == 1 && kept.runs("dpa2").len() == 1).then_some(())
        })
        .await;
        let other = text(&[("dpa", "    tests: [{name: of no effect, raw: {id: 1}, quarantine: [/amount]}]\n")]);
        let other = format!("# a comment\n{other}  dpa2:\n{WHOLE}{}", agency(2));
        let difference = reload(handle, read(&other)).await;
        hub.allow(usize::MAX);
        difference
    };
    let (reports, difference) = tokio::join!(handle.run_all(false), edit);

    assert_eq!((difference.same, difference.changed), (vec![name("dpa")], vec![name("dpa2")]));
    assert!(reports.iter().all(|report| report.failure.is_none()), "{reports:?}");
    let kept = hub.keep();
    assert_eq!((kept.runs("dpa").len(), kept.runs("dpa2").len()), (1, 2));
    assert_eq!(reports[0].run, Some(kept.runs("dpa")[0].0), "its run went on");
    chain_is_whole(&kept, "dpa2");
    all_have(&kept, "dpa", 1);
    all_have(&kept, "dpa2", 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_comes_is_read_and_one_that_goes_takes_no_orders() {
    let (mut rig, _db) = held().await;
    let hub = rig.hub.clone();
    let handle = rig.start().await;

    let edit = async {
        three_pages(&hub).await;
        let difference = reload(handle, read(&text(&[("lain", "")]))).await;
        hub.allow(usize::MAX);
        difference
    };
    let (reports, difference) = tokio::join!(handle.run_all(false), edit);

    assert_eq!((difference.new, difference.gone), (vec![name("lain")], vec![name("dpa")]));
    assert!(reports[0].failure.as_deref().is_some_and(|failure| failure.starts_with("E0285")), "{reports:?}");
    assert_eq!(handle.streams(), [name("lain")]);
    let reports = handle.run_all(false).await;
    assert_eq!((reports.len(), reports[0].counts.published), (1, ROWS as u64));
    let kept_before = hub.keep().records["dpa"].len();
    let answer = rig.command(Order::Run { full: true }).await;
    assert!(!answer.done && answer.detail.unwrap().starts_with("E0253"));
    let kept = hub.keep();
    chain_is_whole(&kept, "dpa");
    assert!(kept_before > 0 && kept.records["dpa"].len() == kept_before, "what was read stays in the hub");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_goes_and_comes_again_is_never_read_twice_at_a_time() {
    let (mut rig, _db) = held().await;
    let hub = rig.hub.clone();
    let handle = rig.start().await;

    let edits = async {
        three_pages(&hub).await;
        reload(handle, read(&text(&[("lain", "")]))).await;
        let difference = reload(handle, mapped_by(2)).await;
        assert_eq!((difference.new, difference.gone), (vec![name("dpa")], vec![name("lain")]));
        let again = handle.run_all(false);
        tokio::pin!(again);
        assert!(futures_util::poll!(&mut again).is_pending());
        hub.allow(usize::MAX);
        again.await
    };
    let (first, second) = tokio::join!(handle.run_all(false), edits);

    assert!(first[0].failure.as_deref().is_some_and(|failure| failure.starts_with("E0285")), "{first:?}");
    assert_eq!(second[0].failure, None);
    let kept = hub.keep();
    chain_is_whole(&kept, "dpa");
    assert_eq!(kept.runs("dpa").len(), 2);
    all_have(&kept, "dpa", 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_waits_behind_a_read_is_obeyed_by_the_new_definition() {
    let (mut rig, _db) = held().await;
    let (hub, bus) = (rig.hub.clone(), rig.bus.clone());
    let order = |id: &str, order| control::Command {
        id: id.repeat(32),
        expires_at: Clock::system().now().plus_secs(3_600),
        stream: name("dpa"),
        order,
    };
    let handle = rig.start().await;

    let edit = async {
        three_pages(&hub).await;
        bus.command(&order("1", Order::Compare { run: RunId::new([0; 16]) })).await.unwrap();
        bus.command(&order("2", Order::Run { full: true })).await.unwrap();
        let source = "  kind: sql\n  url: {env: DB}\n  fetch: 200";
        let other = format!("{SYSTEM}source:\n{source}\nstreams:\n  dpa:\n{WHOLE}{}", agency(2));
        reload(handle, read(&other)).await;
        hub.allow(usize::MAX);
    };
    let (reports, ()) = tokio::join!(handle.run_all(false), edit);
    assert_eq!(reports[0].failure, None);
    until("both orders are obeyed", || {
        (hub.keep().answers.iter().filter(|answer| answer.done).count() == 2).then_some(())
    })
    .await;

    let kept = hub.keep();
    let compared = kept.answers.iter().find(|answer| answer.command.starts_with('1')).unwrap();
    assert_eq!(compared.detail.as_deref(), Some("20000 keys"));
    chain_is_whole(&kept, "dpa");
    all_have(&kept, "dpa", 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_in_the_middle_of_a_change_ends_everything() {
    let (mut rig, _db) = held().await;
    let hub = rig.hub.clone();
    {
        let handle = rig.start().await;
        let run = handle.run_all(false);
        let edit = async {
            three_pages(&hub).await;
            reload(handle, mapped_by(2)).await;
        };
        tokio::select! {
            _ = run => panic!("nobody confirms its pages"),
            () = edit => {}
        }
    }

    tokio::time::timeout(DEADLINE, rig.stop()).await.expect("nothing is left that runs");
    hub.allow(usize::MAX);
    rig.define_text(&format!("{SYSTEM}source:\n{SOURCE}\nstreams:\n  dpa:\n{WHOLE}{}", agency(2)));
    let report = rig.start().await.run_all(false).await.remove(0);

    assert_eq!(report.failure, None);
    let kept = hub.keep();
    let runs = kept.runs("dpa");
    assert_eq!((runs.len(), runs[1].1), (2, Some(runs[0].0)));
    assert_eq!(report.proof, Some(kept.proof("dpa")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_outlives_a_change() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, "insert into dpa values ('a', 1, null, null)").await;
    rig.run(false).await;
    let until = rig.options.clock.now().plus_secs(600);
    assert!(rig.command(Order::Pause { until: Some(until) }).await.done);

    reload(rig.start().await, mapped_by(2)).await;

    assert!(rig.try_run(false).await.failure.is_some_and(|failure| failure.starts_with("E0212")));
    assert!(rig.command(Order::Pause { until: None }).await.done);
    assert_eq!(rig.run(false).await.counts.published, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_taken_back_leaves_nothing_of_itself() {
    const CURSOR: &str = "    cursor: {field: diubah}\n";
    let with_cursor =
        |number| read(&format!("{SYSTEM}source:\n{SOURCE}\nstreams:\n  dpa:\n{WHOLE}{CURSOR}{}", agency(number)));
    let (mut rig, db) = rig(&format!("{WHOLE}{CURSOR}")).await;
    exec(&db, FILL).await;
    rig.run(false).await;
    assert_eq!(rig.run(false).await.kind, RunKind::Incremental);
    let pages = rig.hub.keep().pages.len();
    rig.hub.allow(3);
    let hub = rig.hub.clone();
    let handle = rig.start().await;
    reload(handle, with_cursor(2)).await;

    let edit = async {
        until("three pages of it have arrived", || (hub.keep().pages.len() == pages + 3).then_some(())).await;
        reload(handle, with_cursor(1)).await;
        hub.allow(usize::MAX);
    };
    let (reports, ()) = tokio::join!(handle.run_all(false), edit);

    assert_eq!((reports[0].failure.as_deref(), reports[0].kind), (None, RunKind::Full));
    let kept = hub.keep();
    chain_is_whole(&kept, "dpa");
    all_have(&kept, "dpa", 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_schedule_a_changed_stream_is_read_at_once() {
    let (mut rig, db) = rig(&format!("{WHOLE}    schedule: {{every: 1h}}\n")).await;
    rig.options.schedule = true;
    exec(&db, "insert into dpa values ('a', 1, null, null)").await;
    let hub = rig.hub.clone();
    let handle = rig.start().await;
    until("the first run is over", || hub.keep().pages.iter().any(|page| page.end.is_some()).then_some(())).await;

    reload(handle, mapped_by(2)).await;

    until("it is read by the new definition", || {
        let body = hub.keep().body("dpa", "a")?;
        (body["agency"] == json!("1.02.0.00.0.00.02.0000")).then_some(())
    })
    .await;
    until("both runs are over", || (failures(&hub.keep(), "dpa").len() == 2).then_some(())).await;
    chain_is_whole(&hub.keep(), "dpa");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_definitions_of_one_system_change_nothing() {
    let (mut rig, db) = rig(WHOLE).await;
    exec(&db, "insert into dpa values ('a', 1, null, null)").await;
    rig.run(false).await;
    let handle = rig.start().await;

    let twice = [mapped_by(2), mapped_by(3)].concat();
    let error = handle.reload(&News { definitions: twice, ..News::default() }).await.unwrap_err();

    assert!(error.to_string().contains("two definitions"), "{error}");
    assert_eq!(rig.run(false).await.counts.unchanged, 1);
}
