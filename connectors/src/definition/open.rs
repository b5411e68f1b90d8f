//! Lines of a proposal that nobody has looked at yet: their comments begin with a word that says what is left to do.

use super::report::{Diagnostic, Mark, Origin, Severity};

/// What begins the comment of a line that was guessed.
pub(crate) const CONFIRM: &str = "CONFIRM";
/// What begins the comment of a line that is missing.
pub(crate) const DECIDE: &str = "DECIDE";

/// The code by which lint tells of such a line.
const TOLD: &str = "W0106";
/// The code by which it is refused where records would be sent.
pub(super) const REFUSED: &str = "E0180";

/// Tells of every open line.
pub(super) fn lines(origin: &Origin, found: &mut Vec<Diagnostic>) {
    for (number, line) in (1..).zip(origin.text.lines()) {
        let Some((at, word)) = comment(line) else { continue };
        let column = u32::try_from(line[..at].chars().count() + 1).unwrap_or(u32::MAX);
        let mark = Mark { line: number, column, width: u32::try_from(word.len() + 2).unwrap_or(1) };
        let (what, help) = if word == CONFIRM {
            ("was guessed", "look at the line, correct it, and take the word CONFIRM out")
        } else {
            ("waits for a decision", "write the line, and take the comment out")
        };
        let report =
            origin.report(TOLD, mark, format!("this line of the proposal {what}, and nobody has looked at it"));
        found.push(report.help(help));
    }
}

/// Where the comment of an open line begins, and its word.
fn comment(line: &str) -> Option<(usize, &'static str)> {
    let is_open = |at: usize, word: &str| {
        let behind = line[at + 1..].strip_prefix(' ').and_then(|rest| rest.strip_prefix(word));
        let begins = line[..at].is_empty() || line[..at].ends_with(' ');
        // A sign within quotes begins no comment.
        begins && behind.is_some_and(|rest| rest.starts_with(' ')) && line[..at].matches('"').count().is_multiple_of(2)
    };
    let signs = line.match_indices('#').map(|(at, _)| at);
    signs.flat_map(|at| [(at, CONFIRM), (at, DECIDE)]).find(|(at, word)| is_open(*at, word))
}

/// Where records would be sent it is an error.
pub(super) fn refuse(report: &mut Diagnostic) {
    if report.code == TOLD {
        report.code = REFUSED;
        report.severity = Severity::Error;
    }
}
