//! Singer taps.

use muara_schemas::page::RunKind;

use super::{is_alive, rig, write};
use crate::rig::{Rig, until};

/// A tap with two streams: `dbo-dpa`, whose messages call it `dpa`, and its parent `units`. `read` runs with the state in
/// `$state` and whether `dpa` is selected in `$catalog`.
fn tap(read: &str) -> String {
    format!(
        r#"catalog= state= discover=
while [ $# -gt 0 ]; do case $1 in
  --config) config=$2; shift 2;; --catalog|--properties) catalog=$(cat "$2"); shift 2;;
  --state) state=$(cat "$2"); shift 2;; --discover) discover=1; shift;; *) exit 9;; esac; done
if [ -n "$discover" ]; then
  echo 'a warning of some runtime'
  echo '{{"streams":[{{"tap_stream_id":"dbo-dpa","stream":"dpa","schema":{{}},"metadata":[{{"breadcrumb":[],"metadata":{{"valid-replication-keys":["id"]}}}}]}},{{"tap_stream_id":"units","stream":"units","schema":{{}}}}]}}'
  exit 0
fi
record() {{ echo "{{\"type\":\"RECORD\",\"stream\":\"dpa\",\"record\":{{\"id\":$1,\"nilai\":$2}}}}"; }}
state() {{ echo "{{\"type\":\"STATE\",\"value\":{{\"id\":$1}}}}"; }}
{read}
"#
    )
}

fn singer(read: &str, source: &str, stream: &str) -> Rig {
    rig("singer", &tap(read), source, &format!("    read: {{stream: dbo-dpa, select: [units]}}\n{stream}"))
}

const STATE: &str = "    cursor: state\n    full_read: {every: 1d}\n";

async fn stored(rig: &mut Rig) -> Option<String> {
    rig.stop().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(rig.state_file());
    let mut file = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    sqlx::query_scalar("select cursor from streams").fetch_one(&mut file).await.unwrap()
}

#[tokio::test]
async fn a_tap_is_read_unchanged_and_no_digit_is_lost() {
    let read = r#"case $catalog in *'"selected":true'*) ;; *) exit 8;; esac
echo '{"type":"SCHEMA","stream":"dpa","schema":{},"key_properties":["id"]}'
echo '{"type":"RECORD","stream":"units","record":{"id":1}}'
record 9007199254740993 1250000000.50
echo 'a warning in between'
echo '{"type":"schema","stream":"dpa","schema":{"changed":true},"key_properties":["id"]}'
echo '{"type":"record","stream":"dpa","record":{"id":2,"nilai":"7"}}'
echo '{"type":"ACTIVATE_VERSION","stream":"dpa","version":1}'
echo '{"type":"SOMETHING_NEW","stream":"dpa"}'"#;
    let mut rig = singer(read, "", "");

    let report = rig.run(true).await;

    assert_eq!((report.counts.read, report.counts.published), (2, 2), "the parent's records are not ours");
    assert_eq!(rig.hub.keep().body("dpa", "9007199254740993").unwrap()["amount"], "1250000000.50");
    let pointer = rig.hub.keep().pages[0].records[0].pointer.clone();
    assert_eq!(pointer, "program:dbo-dpa?9007199254740993");
    assert_eq!(rig.run(true).await.counts.unchanged, 2, "the second time nothing travels");
}

#[tokio::test]
async fn a_read_goes_on_from_the_tap_s_own_state() {
    let read = r#"case $state in '{"id":2}') record 2 5; record 3 5; state 3;; '') record 1 5; record 2 5; state 2;; *) exit 7;; esac"#;
    let mut rig = singer(read, "", STATE);

    rig.run(false).await;
    assert_eq!(stored(&mut rig).await.as_deref(), Some(r#"{"id":2}"#));
    let report = rig.run(false).await;

    assert_eq!(report.kind, RunKind::Incremental);
    assert_eq!((report.counts.published, report.counts.unchanged), (1, 1), "what the tap sends again is skipped");
    assert_eq!(stored(&mut rig).await.as_deref(), Some(r#"{"id":3}"#));
    assert_eq!(rig.hub.keep().keys("dpa").len(), 3);
}

#[tokio::test]
async fn a_tap_that_says_nothing_of_its_state_leaves_it_as_it_was() {
    let mut rig = singer("record 1 5; state 1", "", STATE);
    rig.run(false).await;

    for silent in ["true", "echo '{\"type\":\"STATE\",\"value\":{}}'", "echo '{\"type\":\"STATE\",\"value\":null}'"] {
        write(&rig, &tap(silent));
        rig.run(false).await;
        assert_eq!(stored(&mut rig).await.as_deref(), Some(r#"{"id":1}"#), "{silent}");
    }
}

#[tokio::test]
async fn a_tap_that_fails_half_way_deletes_nothing_and_keeps_what_is_confirmed() {
    let mut rig = singer("record 1 5; record 2 5; state 2", "", STATE);
    rig.run(false).await;
    // More than a page, so that the state in its middle is confirmed before the end.
    let half = "i=3; while [ $i -le 2500 ]; do record $i 5; i=$((i+1)); done; state 2500; record 2501 5\n\
                i=2502; while [ $i -le 5000 ]; do record $i 5; i=$((i+1)); done; echo 'password s3cret-word refused' >&2; exit 1";
    write(&rig, &tap(half));

    let report = rig.try_run(false).await;

    let failure = report.failure.unwrap();
    assert!(failure.starts_with("E0261: `") && failure.contains("exit status: 1"), "{failure}");
    assert!(failure.contains("its last words: password s3cret-word refused"), "{failure}");
    let kept = rig.hub.keep().keys("dpa").len();
    assert!(kept > 2_500, "what came before is kept: {kept}");
    assert_eq!(stored(&mut rig).await.as_deref(), Some(r#"{"id":2500}"#), "and so is the state of what is confirmed");

    write(&rig, &tap("exit 3"));
    for _ in 0..2 {
        assert!(rig.try_run(true).await.failure.is_some());
    }
    assert_eq!(rig.hub.keep().keys("dpa").len(), kept, "a whole read that failed proves nothing");
}

#[tokio::test]
async fn two_whole_reads_without_a_record_delete_it() {
    let mut rig = singer("record 1 5; record 2 5", "", "");
    rig.run(true).await;
    write(&rig, &tap("record 1 5"));

    rig.run(true).await;
    assert_eq!(rig.hub.keep().keys("dpa").len(), 2, "a tap's read is no snapshot");
    rig.run(true).await;

    assert_eq!(rig.hub.keep().keys("dpa"), ["1"]);
}

#[tokio::test]
async fn secrets_reach_the_tap_and_nobody_else() {
    let read = r#"grep -q '"password":"s3cret-word"' "$config" || exit 6
[ "$(stat -c %a "$config")" = 600 ] || exit 5
[ "$KEPT" = in-the-environment ] && [ -z "${CARGO_MANIFEST_DIR:-}" ] || exit 4
echo "$config" > "${0%/*}/where"
echo "login with s3cret-word failed" >&2; exit 1"#;
    let mut rig =
        singer(read, "  config: {user: muara, password: {env: SECRET}}\n  env: {KEPT: in-the-environment}\n", "");
    rig.set("SECRET", "s3cret-word");

    let failure = rig.try_run(true).await.failure.unwrap();

    assert!(failure.contains("login with *** failed"), "{failure}");
    let config = std::fs::read_to_string(rig.path("where")).unwrap();
    assert!(!std::path::Path::new(config.trim()).exists(), "the file is gone");
}

#[tokio::test]
async fn a_tap_that_hangs_is_ended_with_everything_it_started() {
    // It takes no notice of the first signal, and neither does its child.
    let read =
        "trap '' TERM; (trap '' TERM; exec sleep 300) & echo $$ $! > \"${0%/*}/pids\"; record 1 5; wait; sleep 300";
    let mut rig = singer(read, "  idle: 500ms\n", "");

    let failure = rig.try_run(true).await.failure.unwrap();

    assert!(failure.starts_with("E0266: "), "{failure}");
    let pids = std::fs::read_to_string(rig.path("pids")).unwrap();
    until("all processes are gone", || pids.split_whitespace().all(|pid| !is_alive(pid)).then_some(())).await;
}

#[tokio::test]
async fn a_tap_ends_with_its_run() {
    let mut rig = singer("echo $$ > \"${0%/*}/pids\"; while :; do record 1 5; done", "", "");
    let token = tokio_util::sync::CancellationToken::new();
    let definitions = rig.definitions().to_vec();
    let connector =
        muara_connectors::runner::Connector::spawn(&definitions, rig.options.clone(), token.clone()).await.unwrap();
    let path = rig.path("pids");
    let pid = {
        let run = connector.run_all_full();
        tokio::pin!(run);
        tokio::select! {
            _ = &mut run => panic!("it never ends by itself"),
            pid = until("the tap runs", || std::fs::read_to_string(&path).ok().filter(|pid| pid.ends_with('\n'))) => pid,
        }
    };

    connector.stop().await;

    until("the tap is gone", || (!is_alive(&pid)).then_some(())).await;
    rig.stop().await;
}

#[tokio::test]
async fn floods_and_talk_have_an_end() {
    let flood = "head -c 20000000 /dev/zero | tr '\\0' 'x'; sleep 300";
    for (read, code) in [
        (flood, "E0268"),
        ("i=0; while [ $i -le 100 ]; do echo talk; i=$((i+1)); done; sleep 300", "E0264"),
        ("while :; do record 1 5; sleep 0.05; done", "E0267"),
    ] {
        let mut rig = singer(read, "  longest: 2s\n", "");
        let failure = rig.try_run(true).await.failure.unwrap();
        assert!(failure.starts_with(code), "{failure}");
    }
}

#[tokio::test]
async fn a_tap_that_is_not_there_or_lacks_the_stream_is_for_a_person() {
    let mut rig = singer("true", "", "");
    std::fs::remove_file(rig.path("program")).unwrap();
    let failure = rig.try_run(true).await.failure.unwrap();
    assert!(failure.starts_with("E0204: ") && failure.contains("No such file"), "{failure}");

    write(&rig, &tap("true").replace("dbo-dpa", "dbo-dpb"));
    let failure = rig.try_run(true).await.failure.unwrap();
    assert!(failure.starts_with("E0204: the tap has no stream `dbo-dpa`; did you mean `dbo-dpb`?"), "{failure}");
}

#[tokio::test]
async fn a_batch_is_read_from_its_files() {
    let read = r#"at="${0%/*}"; printf '{"id":1,"nilai":5}\n{"id":2,"nilai":6}\n' > "$at/a.jsonl"
printf '{"id":3,"nilai":7}\n' | gzip > "$at/b.jsonl.gz"
echo "{\"type\":\"BATCH\",\"stream\":\"dpa\",\"encoding\":{\"format\":\"jsonl\"},\"manifest\":[\"file://$at/a.jsonl\"]}"
echo "{\"type\":\"BATCH\",\"stream\":\"dpa\",\"encoding\":{\"format\":\"jsonl\",\"compression\":\"gzip\"},\"manifest\":[\"file://$at/b.jsonl.gz\"]}""#;
    let mut rig = singer(read, "", "");

    rig.run(true).await;

    assert_eq!(rig.hub.keep().keys("dpa"), ["1", "2", "3"]);
}

#[tokio::test]
async fn memory_is_bounded() {
    // The shell keeps the text in a variable.
    let mut rig = singer("x=$(head -c 200000000 /dev/zero | tr '\\0' 'x'); record 1 5", "  memory: 64\n", "");

    let failure = rig.try_run(true).await.failure.unwrap();

    assert!(failure.starts_with("E0261: "), "{failure}");
}
