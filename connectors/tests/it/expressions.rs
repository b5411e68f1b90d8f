//! Expressions in a whole connector: what they make, and what a runaway one costs.

use std::time::Instant;

use muara_connectors::worker::Launch;

use crate::rig::Rig;

/// The worker of the program, as a program of its own.
pub(crate) fn worker() -> Launch {
    Launch { program: env!("CARGO_BIN_EXE_connector-worker").into(), arguments: vec!["expression-worker".into()] }
}

fn rig(expr: &str, csv: &str) -> Rig {
    let stream = format!("    read: {{file: dpa.csv}}\n    where: '{expr}'\n");
    let mut rig = Rig::new("  kind: files\n  folder: {env: FOLDER}\n", &stream);
    rig.options.worker = Some(worker());
    let folder = rig.folder.path().to_owned();
    rig.set("FOLDER", folder.display().to_string());
    std::fs::write(folder.join("dpa.csv"), csv).unwrap();
    rig
}

#[tokio::test]
async fn where_is_an_expression() {
    let mut rig = rig(".nilai | tonumber > 10", "id,nilai\n1,5\n2,15\n3,25\n");

    let report = rig.run(true).await;

    assert_eq!((report.counts.read, report.counts.published, report.counts.left_out), (2, 2, 1));
}

#[tokio::test]
async fn a_condition_that_says_neither_yes_nor_no_is_told_of() {
    let mut rig = rig(".nilai", "id,nilai\n1,5\n");

    let report = rig.run(true).await;

    assert_eq!((report.counts.read, report.counts.quarantined), (1, 1));
    assert!(rig.hub.keep().reasons("dpa").iter().any(|reason| reason.code == "E0314"));
}

/// It loops, it eats memory, it eats stack: each costs one worker, and the records beside it are read.
#[tokio::test]
async fn a_runaway_expression_costs_its_record_and_nothing_else() {
    let condition = r#"if .id == "2" then last(range(1e18)) == 0 elif .id == "3" then (reduce range(64) as $i ("x"; . + .) | length > 0) elif .id == "4" then (def f: 1 + f; f > 0) else true end"#;
    let mut rig = rig(condition, "id,nilai\n1,5\n2,15\n3,25\n4,35\n5,45\n");
    let begun = Instant::now();

    let report = rig.run(true).await;

    assert_eq!((report.counts.read, report.counts.published, report.counts.quarantined), (5, 2, 3));
    let reasons = rig.hub.keep().reasons("dpa");
    assert_eq!(reasons.iter().filter(|reason| reason.code == "E0315").count(), 3, "{reasons:?}");
    assert!(begun.elapsed() < crate::rig::DEADLINE);
}
