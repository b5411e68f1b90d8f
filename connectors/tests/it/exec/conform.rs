//! Trying scripts out.

use std::time::Duration;

use muara_connectors::conform::{Checked, Trial, conform};
use muara_connectors::json::Path;

/// A script that does everything right: five records, a state after each.
const GOOD: &str = r#"read -r request
case $request in *'"stream":"dpa"'*) ;; *) echo '{"type":"ERROR","class":"config","message":"no such stream"}'; exit 1;; esac
since=$(echo "$request" | sed -n 's/.*"state":\([0-9]*\).*/\1/p'); since=${since:-0}
if [ "$since" = 0 ]; then complete=true; else complete=false; fi
echo "{\"type\":\"BEGIN\",\"stream\":\"dpa\",\"complete\":$complete}"
count=0
for id in 1 2 3 4 5; do if [ $id -gt "$since" ]; then
  echo "{\"type\":\"RECORD\",\"record\":{\"id\":$id}}"; echo "{\"type\":\"STATE\",\"value\":$id}"; count=$((count+1))
fi; done
echo "{\"type\":\"END\",\"count\":$count}"
"#;

async fn tried(script: &str) -> Vec<Checked> {
    let trial = Trial {
        command: vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()],
        stream: "dpa".to_owned(),
        config: serde_json::json!({}),
        key: vec![Path::new("id")],
        guard: env!("CARGO_BIN_EXE_connector-worker").into(),
        idle: Duration::from_secs(20),
        longest: Duration::from_secs(30),
        memory: 256 << 20,
    };
    conform(&trial).await
}

#[tokio::test]
async fn a_good_script_passes_everything() {
    let checked = tried(GOOD).await;

    assert_eq!(checked.len(), 7);
    assert!(checked.iter().all(|checked| checked.passed), "{checked:#?}");
}

#[tokio::test]
async fn each_fault_is_found_by_its_own_trial() {
    let once = "if [ -e \"$MARK\" ]; then id=6; else : > \"$MARK\"; id=1; fi; for id in $id 2 3 4 5";
    let mark = tempfile::tempdir().unwrap();
    let changing =
        format!("MARK='{}'\n{}", mark.path().join("seen").display(), GOOD.replace("for id in 1 2 3 4 5", once));
    for (script, check) in [
        (GOOD.replace("echo \"{\\\"type\\\":\\\"END", "echo talk\necho \"{\\\"type\\\":\\\"END"), "it gives a whole stream"),
        (GOOD.replace("\\\"count\\\":$count", "\\\"count\\\":7"), "it gives a whole stream"),
        (format!("{GOOD}exit 3\n"), "it gives a whole stream"),
        (GOOD.replace("{\\\"id\\\":$id}", "{\\\"no\\\":$id}"), "it gives a whole stream"),
        (GOOD.replace("{\\\"id\\\":$id}", "{\\\"id\\\":1}"), "every record has a key"),
        (changing, "it gives the same records again"),
        (GOOD.replace("-gt \"$since\"", "-gt 0"), "it goes on from its last state"),
        (GOOD.replace("complete=false", "complete=true"), "it goes on from its last state"),
        (GOOD.replace("\\\"value\\\":$id", "\\\"value\\\":$((id+2))"), "killed after a state"),
        (format!("trap '' TERM\n{}", GOOD.replace("count=0", "count=0; sleep 6")), "it ends when it is told to"),
        (GOOD.replace("*) echo '{\"type\":\"ERROR\"", "*) echo '{\"type\":\"BEGIN\",\"stream\":\"muara-conform-no-such-stream\"}'; echo '{\"type\":\"END\",\"count\":0}'; exit 0; echo '{\"type\":\"ERROR\""), "of a stream that it does not have"),
    ] {
        assert_ne!(script, GOOD, "{check}: the fault is there");
        let checked = tried(&script).await;
        let failed: Vec<_> = checked.iter().filter(|checked| !checked.passed).collect();
        assert!(failed.iter().any(|failed| failed.check.starts_with(check)), "{check}: {checked:#?}");
    }
}
