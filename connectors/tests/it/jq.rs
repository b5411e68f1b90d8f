//! The public test suite of jq, where its files are at hand: expressions are jq, and the rate says how much of it.

use std::path::PathBuf;

use muara_connectors::jq::Program;
use muara_connectors::json::{Json, Path};
use muara_connectors::worker::Evaluator;

/// Least shares, in per cent. What is missing is what jaq does otherwise, numbers that keep their digits, and the fence.
const LEAST: [(&str, usize); 2] = [("jq.test", 64), ("man.test", 88)];

#[test]
fn jqs_own_suite_passes_at_the_rate_that_the_guide_tells() {
    let Some(samples) = std::env::var_os("MUARA_SAMPLES").map(PathBuf::from) else { return };
    let mut evaluator = Evaluator::beside(crate::expressions::worker());
    for (file, least) in LEAST {
        let text = std::fs::read_to_string(samples.join("conformance/jq").join(file)).unwrap();
        let verdicts: Vec<bool> = groups(&text).iter().map(|group| passes(&mut evaluator, group)).collect();
        let passed = verdicts.iter().filter(|passed| **passed).count();
        eprintln!("{file}: {passed} of {}", verdicts.len());
        assert!(passed * 100 >= least * verdicts.len(), "{file}: {passed} of {}", verdicts.len());
    }
}

/// Lines that belong together: program, input, outputs; or `%%FAIL` and a program that must not compile.
fn groups(text: &str) -> Vec<Vec<&str>> {
    let mut groups = vec![Vec::new()];
    for line in text.lines() {
        match line {
            "" => groups.push(Vec::new()),
            comment if comment.starts_with('#') => {}
            line => groups.last_mut().unwrap().push(line),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn passes(evaluator: &mut Evaluator, group: &[&str]) -> bool {
    let must_fail = group[0].starts_with("%%FAIL");
    let program = Program::compile(group[usize::from(must_fail)], &Path::new(""));
    let (Ok(program), Ok(input)) = (program, Json::parse(group[1].trim_start_matches('\u{feff}').as_bytes())) else {
        return must_fail;
    };
    // On some the interpreter itself gives up or never ends; a worker then dies alone.
    let answer = evaluator.ask(&[program], &input.to_text()).remove(0).unwrap_or_default();
    let given: Vec<_> = answer.iter().map(|value| value_of(&value.to_text())).collect();
    !must_fail && given == group[2..].iter().map(|text| value_of(text)).collect::<Vec<_>>()
}

fn value_of(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}
