//! What somebody should look at: opened once, and closed when it is over.

use muara_schemas::page::{Note, Page, RunKind};

use crate::engine::on_both;
use crate::feed::{announcement, catch_up, end, full, line, number, page, send, take, texts};
use muara_schemas::message::Message;

const OPEN: &str = "select kind from findings where closed_at is null order by kind";

fn noting(run: u8, prev: Option<u8>, kind: RunKind, codes: &[&str]) -> Page {
    let notes = codes.iter().map(|code| Note { code: (*code).into(), detail: "three records".into() }).collect();
    let mut end = end(1, &[]);
    end.notes = notes;
    if kind != RunKind::Full {
        end.proof = None;
    }
    Page { kind, end: Some(end), ..page(run, prev, 1) }
}

#[tokio::test]
async fn notes_of_a_run_become_findings_until_a_full_read_tells_them_no_more() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![noting(1, None, RunKind::Full, &["W0201", "W0203", "resets", "X"])]).await;
        assert_eq!(
            texts(hub, OPEN).await,
            ["W0201", "W0203"],
            "{}: a connector opens no findings of ours",
            engine.name
        );
        take(hub, vec![noting(2, Some(1), RunKind::Incremental, &["W0202"])]).await;
        assert_eq!(texts(hub, OPEN).await, ["W0201", "W0202", "W0203"]);
        take(hub, vec![noting(3, Some(2), RunKind::Full, &["W0202"])]).await;
        assert_eq!(texts(hub, OPEN).await, ["W0202"]);
        let told = "select op || ' ' || (body ->> 'kind') from changes where kind = 'finding' order by seq limit 3";
        assert_eq!(texts(hub, told).await, ["opened W0201", "opened W0203", "opened W0202"]);
    })
    .await;
}

#[tokio::test]
async fn drift_of_a_source_is_a_finding_until_a_full_read_tells_it_no_more() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let mut stopped = noting(1, None, RunKind::Full, &["W0205"]);
        if let Some(end) = &mut stopped.end {
            (end.complete, end.proof) = (false, None);
            end.failure = Some("E0280: record 1 of those that changed has the field `baru`".into());
        }
        take(hub, vec![stopped]).await;
        assert_eq!(texts(hub, OPEN).await, ["E0280", "W0205"], "{}", engine.name);
        take(hub, vec![noting(2, Some(1), RunKind::Full, &["W0205", "W0206", "W0207"])]).await;
        assert_eq!(texts(hub, OPEN).await, ["W0205", "W0206", "W0207"]);
        take(hub, vec![noting(3, Some(2), RunKind::Incremental, &[])]).await;
        assert_eq!(texts(hub, OPEN).await.len(), 3, "a part of the records says nothing of the others");
        take(hub, vec![noting(4, Some(3), RunKind::Full, &[])]).await;
        assert!(texts(hub, OPEN).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_run_that_stopped_over_broken_records_is_a_finding_until_a_whole_read() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let mut stopped = noting(1, None, RunKind::Full, &[]);
        if let Some(end) = &mut stopped.end {
            (end.complete, end.proof) = (false, None);
            end.failure = Some("E0207: 300 of 1000 records are broken".into());
        }
        take(hub, vec![stopped]).await;
        assert_eq!(texts(hub, OPEN).await, ["E0207"], "{}", engine.name);
        take(hub, vec![full(2, Some(1), vec![line("a", 1)])]).await;
        assert!(texts(hub, OPEN).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_storm_of_resets_is_over_when_a_proof_holds_and_the_hour_is_past() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![full(1, None, vec![])]).await;
        take(hub, vec![page(8, Some(7), 1)]).await;
        take(hub, vec![page(9, Some(7), 1)]).await;
        take(hub, vec![full(10, None, vec![])]).await;
        assert_eq!(texts(hub, OPEN).await, ["resets"], "{}", engine.name);
        hub.clock.advance_secs(3_700);
        take(hub, vec![full(11, Some(10), vec![])]).await;
        assert!(texts(hub, OPEN).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn warnings_of_a_definition_are_told() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let with = |warnings: &[&str]| match announcement(&page(1, None, 1), 10) {
            Message::Announcement(mut told) => {
                told.warnings = warnings.iter().map(|text| (*text).to_owned()).collect();
                Message::Announcement(told)
            }
            other => other,
        };
        send(hub, vec![with(&["W0104 no full read"])]).await;
        assert_eq!(texts(hub, OPEN).await, ["lint"], "{}", engine.name);
        send(hub, vec![with(&[])]).await;
        assert!(texts(hub, OPEN).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_stream_with_records_keeps_its_record_type() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let other = |run, prev| Page { record_type: "plan-activity".into(), ..full(run, prev, vec![]) };
        take(hub, vec![full(1, None, vec![])]).await;
        take(hub, vec![other(2, Some(1))]).await;
        assert_eq!(texts(hub, "select record_type from streams").await, ["plan-activity"], "nothing stands in its way");
        take(hub, vec![full(3, Some(2), vec![line("a", 10)])]).await;
        catch_up(hub).await;

        send(hub, vec![announcement(&other(4, None), 10)]).await;
        take(hub, vec![other(4, None)]).await;

        assert_eq!(texts(hub, "select record_type from streams").await, ["budget-line"], "{}", engine.name);
        assert_eq!(texts(hub, OPEN).await, ["record-type"]);
        assert_eq!(number(hub, "select count(*) from runs").await, 3, "its pages change nothing");
        send(hub, vec![announcement(&full(5, None, vec![]), 10)]).await;
        assert!(texts(hub, OPEN).await.is_empty());
    })
    .await;
}
