//! Bodies that are all there is, and records that are taken back.

use super::*;

fn lines(ids: impl Iterator<Item = u32>) -> String {
    let lines: Vec<String> = ids.map(|id| format!(r#"{{"id":{id},"nilai":{id}}}"#)).collect();
    format!("[{}]", lines.join(","))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_whole_body_lacks_is_gone_and_both_sides_prove_it() {
    let counter = Counter::open().await;
    counter.push("dpa", lines(1..10)).await;

    let answer = counter.push("dpa?complete=true", lines(3..12)).await;

    assert_eq!((&answer["counts"]["gone"], &answer["counts"]["published"]), (&json!(2), &json!(2)));
    let kept = counter.rig.hub.keep();
    kept.check_runs();
    let page = kept.pages.last().unwrap();
    assert_eq!((page.kind, page.gone.len(), kept.keys("dpa").len()), (RunKind::Full, 2, 9));
    assert_eq!(page.end.as_ref().and_then(|end| end.proof), Some(kept.proof("dpa")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_body_that_would_delete_too_much_is_held_for_approval() {
    let counter = Counter::open().await;
    counter.push("dpa", lines(1..30)).await;

    let answer = counter.push("dpa?complete=true", lines(1..10)).await;

    assert_eq!((&answer["counts"]["gone"], &answer["counts"]["held"]), (&json!(0), &json!(20)));
    assert_eq!(counter.rig.hub.keep().keys("dpa").len(), 29);
    let back = counter.push("dpa", lines(20..21)).await;
    assert_eq!(results(&back), ["published"], "whoever sends a record again takes it out of what is held");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_taken_back_by_their_keys() {
    let counter = Counter::open().await;
    counter.push("dpa", lines(1..4)).await;

    let answer = counter.push("dpa/gone", r#"[{"id":2},{"id":2},{"nilai":3}]"#).await;

    assert_eq!(results(&answer), ["gone", "unchanged", "left_out"]);
    assert_eq!((&answer["records"][2]["errors"][0]["code"], &answer["counts"]["gone"]), (&json!("E0320"), &json!(1)));
    counter.rig.hub.keep().check_runs();
    assert_eq!(counter.rig.hub.keep().keys("dpa"), ["1", "3"]);
    let again = counter.push("dpa", r#"{"id":2,"nilai":2}"#).await;
    assert_eq!(results(&again), ["published"], "it may come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_taken_back_at_once_than_the_guards_let_through() {
    let counter = Counter::open().await;
    counter.push("dpa", lines(1..30)).await;

    assert_eq!(refused(422, counter.post("dpa/gone").body(lines(1..20))).await, "E0278");
    assert_eq!(refused(400, counter.post("dpa/gone?complete=true").body(lines(1..2))).await, "E0276");

    assert_eq!(counter.rig.hub.keep().keys("dpa").len(), 29);
}
