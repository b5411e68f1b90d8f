//! Proposals of which somebody has not looked at every line.

use std::fs;

use super::*;

fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sipd.yaml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn variables() -> Variables {
    Variables::closed().with("DEMO_URL", "https://sipd.example.go.id").with("DEMO_TOKEN", "x")
}

fn codes(reports: &[Diagnostic]) -> Vec<&'static str> {
    reports.iter().map(|report| report.code).collect()
}

#[test]
fn an_open_line_of_a_proposal_is_a_warning_and_nothing_is_sent_by_it() {
    let text = GOOD.replacen("    key:", "    # CONFIRM rows that are sums are left out\n    key:", 1);
    let text =
        format!("{text}# DECIDE stage: it is required\n# \"# CONFIRM not a comment of ours\nabout: x#CONFIRM y\n");
    let line = u32::try_from(text.lines().position(|line| line.contains("CONFIRM")).unwrap() + 1).unwrap();
    let (_folder, path) = file(&text);

    let told = found(&text);
    let refused = load(std::slice::from_ref(&path), &variables(), &mut jq::evaluate).unwrap_err();
    let (tried, warned) = try_out(&[path], &variables(), &mut jq::evaluate).unwrap();

    assert_eq!(codes(&told), ["W0106", "W0106"], "{told:?}");
    assert_eq!(codes(&refused), ["E0180", "E0180"], "{refused:?}");
    assert_eq!((refused[0].line, refused[0].column), (line, 5));
    assert_eq!((tried.len(), codes(&warned)), (1, vec!["W0106", "W0106"]));
}

#[test]
fn a_test_that_fails_hinders_nobody_who_only_looks() {
    let text = GOOD.replacen("amount: {from: nilai, as: money}", "amount: {const: 5}", 1);
    let (_folder, path) = file(&text);

    let refused = load(std::slice::from_ref(&path), &variables(), &mut jq::evaluate).unwrap_err();
    let (tried, warned) = try_out(&[path], &variables(), &mut jq::evaluate).unwrap();

    assert!(codes(&refused).contains(&"E0122") && refused.iter().any(Diagnostic::is_error), "{refused:?}");
    assert!(codes(&warned).contains(&"E0122") && !warned.iter().any(Diagnostic::is_error), "{warned:?}");
    assert_eq!(tried.len(), 1);
}

#[test]
fn every_variable_that_is_missing_is_named() {
    let (_folder, path) = file(GOOD);

    let refused = load(&[path], &Variables::closed(), &mut jq::evaluate).unwrap_err();

    let told: String = refused.iter().map(|report| report.message.clone()).collect();
    assert!(told.contains("DEMO_URL") && told.contains("DEMO_TOKEN"), "{told}");
}
