//! Scripts that speak `muara-jsonl`.

use muara_schemas::page::RunKind;

use super::{rig, write};
use crate::rig::Rig;

const SAYS: &str = r#"read -r request
say() { echo "$1"; }
begin() { echo "{\"type\":\"BEGIN\",\"stream\":\"dpa\",\"complete\":$1}"; }
record() { echo "{\"type\":\"RECORD\",\"record\":{\"id\":$1,\"nilai\":\"$2\"}}"; }
delete() { echo "{\"type\":\"DELETE\",\"key\":{\"id\":$1}}"; }
state() { echo "{\"type\":\"STATE\",\"value\":$1}"; }
end() { echo "{\"type\":\"END\",\"count\":$1}"; }
"#;

fn script(body: &str, stream: &str) -> Rig {
    rig("muara-jsonl", &format!("{SAYS}{body}"), "", &format!("    read: {{stream: dpa}}\n{stream}"))
}

const STATE: &str = "    cursor: state\n    full_read: {every: 1d}\n";

#[tokio::test]
async fn what_a_complete_read_lacks_is_gone_at_once() {
    let mut rig = script("begin true; record 9007199254740993 1250000000.50; record 2 5; end 2", "");
    rig.run(true).await;
    assert_eq!(rig.hub.keep().body("dpa", "9007199254740993").unwrap()["amount"], "1250000000.50");
    write(&rig, &format!("{SAYS}begin true; record 2 5; end 1"));

    let report = rig.run(true).await;

    assert_eq!((report.counts.gone, report.counts.unchanged), (1, 1));
    assert_eq!(rig.hub.keep().keys("dpa"), ["2"]);
}

#[tokio::test]
async fn what_is_not_said_to_be_complete_deletes_nothing() {
    let mut rig = script("begin true; record 1 5; record 2 5; end 2", "");
    rig.run(true).await;
    write(&rig, &format!("{SAYS}begin false; record 3 5; end 1"));

    for _ in 0..3 {
        rig.run(true).await;
    }

    assert_eq!(rig.hub.keep().keys("dpa"), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_script_goes_on_from_its_state_and_says_what_is_gone() {
    let body = r#"case $request in
*'"state":null'*) begin true; record 1 5; record 2 5; record 3 5; state '{"at":3}'; end 3;;
*'"state":{"at":3}'*) begin false; record 4 5; delete 1; delete 2; delete 99; record 2 6; state '{"at":5}'; end 2;;
*) exit 7;; esac"#;
    let mut rig = script(body, STATE);
    rig.run(false).await;

    let report = rig.run(false).await;

    assert_eq!(report.kind, RunKind::Incremental);
    assert_eq!(
        (report.counts.published, report.counts.gone),
        (2, 2),
        "2 came again after it was gone; 99 may be known to the hub"
    );
    assert_eq!(rig.hub.keep().keys("dpa"), ["2", "3", "4"]);
    assert_eq!(rig.hub.keep().body("dpa", "2").unwrap()["amount"], "6.00");
    assert!(rig.try_run(false).await.failure.is_some(), "it was given the new state");
}

#[tokio::test]
async fn too_many_deletes_are_held() {
    let body = r#"case $request in
*'"state":null'*) begin true; for i in 1 2 3 4 5 6 7 8 9; do record $i 5; done; state 9; end 9;;
*) begin false; for i in 1 2 3 4 5 6 7 8; do delete $i; done; end 0;; esac"#;
    let mut rig = script(body, STATE);
    rig.run(false).await;

    let report = rig.run(false).await;

    assert_eq!((report.counts.gone, report.counts.held), (0, 8));
    assert_eq!(rig.hub.keep().held["dpa"].len(), 8);
    assert_eq!(rig.hub.keep().keys("dpa").len(), 9);
}

#[tokio::test]
async fn a_script_that_contradicts_itself_is_not_believed() {
    for (body, code) in [
        ("begin true; record 1 5; end 2", "E0265"),
        ("begin true; record 1 5", "E0265"),
        ("record 1 5; end 1", "E0265"),
        ("begin true; end 0; record 1 5", "E0265"),
        ("begin true; begin true; end 0", "E0265"),
        (r#"begin true; say '{"type":"DELETE","key":7}'; end 0"#, "E0264"),
        (r#"begin true; say '{"type":"DELETE","key":{"no":7}}'; end 0"#, "E0265"),
        ("begin true; echo hello; end 0", "E0264"),
        ("begin true; end 0; exit 4", "E0261"),
        (r#"say '{"type":"ERROR","class":"config","message":"no such table"}'"#, "E0204"),
        (r#"begin true; record 1 5; say '{"type":"ERROR","class":"transient","message":"lost"}'"#, "E0202"),
        (r#"begin true; say '{"type":"ERROR","class":"data","message":"half a row"}'"#, "E0203"),
    ] {
        let mut rig = script("begin true; record 7 5; end 1", "");
        rig.run(true).await;
        write(&rig, &format!("{SAYS}{body}"));
        let failure = rig.try_run(true).await.failure.unwrap();
        assert!(failure.starts_with(code), "{body}: {failure}");
        assert!(rig.hub.keep().keys("dpa").contains(&"7".to_owned()), "{body}: nothing is deleted");
    }
}

#[tokio::test]
async fn trouble_that_passes_is_tried_again() {
    let body = r#"n=$(cat "${0%/*}/n" 2>/dev/null || echo 0); echo $((n+1)) > "${0%/*}/n"
if [ "$n" -lt 2 ]; then say '{"type":"ERROR","class":"transient","message":"busy"}'; exit 1; fi
begin true; record 1 5; end 1"#;
    let mut rig = script(body, "");

    let report = rig.run(true).await;

    assert_eq!(report.counts.published, 1);
}

/// The script of the guide is run as it stands there, where Python is at hand.
#[tokio::test]
async fn the_script_of_the_guide_works() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, code) = guide.split_once("```python\n").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    let mut rig = script("exec python3 \"${0%/*}/baca.py\"", STATE);
    write(&rig, "exec python3 \"${0%/*}/baca.py\"\n");
    std::fs::write(rig.path("baca.py"), code).unwrap();

    rig.run(false).await;
    let again = rig.run(false).await;

    assert_eq!(rig.hub.keep().body("dpa", "2").unwrap()["amount"], "9007199254740993.00");
    assert_eq!((again.kind, again.counts.read), (RunKind::Incremental, 0));
}
