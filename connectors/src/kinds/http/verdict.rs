//! What an answer is: a page, or one of the many things that must never be taken for one.

use reqwest::header::CONTENT_TYPE;

use super::body;
use super::client::Answer;
use super::limits::retry_after;
use crate::definition::model::{Action, AnswerRule, Format};
use crate::json::Path;
use crate::kind::PullError;

/// A body of data may well hold any word; an answer that means trouble is short, or no data by its status or looks.
const SHORT: usize = 1_024;
/// How much of a body that is no data is looked through.
const LOOKED: usize = 64 * 1024;
/// The longest message of a source that is told on.
const SHOWN: usize = 200;

/// What becomes of an answer.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It may be a page.
    Page,
    /// The list is over.
    Empty,
    /// The session is closed; the text says why.
    LoggedOut(String),
    /// An error.
    Error(PullError),
}

/// Judges an answer: first by the definition's rules, then by what HTTP says, then by its looks.
pub(super) fn judge(answer: &Answer, rules: &[AnswerRule], format: Format) -> Verdict {
    let said = format!("{} answered {}", answer.shown, answer.status);
    let looks = Looks::of(answer);
    for rule in rules {
        if fits(rule, answer, &looks, format) {
            return act(rule, answer, said, format);
        }
    }
    let after = retry_after(&answer.headers);
    match answer.status {
        200..=299 => {}
        401 => {
            return Verdict::LoggedOut(format!("{said}: check user, password or token, and what they may see"));
        }
        403 => {
            let why = format!("{said}: check user, password or token, and what they may see");
            return Verdict::Error(PullError::Denied(why));
        }
        408 | 425 | 429 | 500..=599 => return Verdict::Error(PullError::Retry { after, why: said }),
        300..=399 => {
            let to = answer.header("location").unwrap_or("nowhere");
            let to = to.split('?').next().unwrap_or(to);
            let why = format!("{said}, a redirect to {to}, which is not followed: correct the address");
            return Verdict::Error(PullError::Config(why));
        }
        _ => return Verdict::Error(PullError::Config(format!("{said}: correct address and parameters"))),
    }
    if looks.trimmed.is_empty() {
        return Verdict::Error(PullError::malformed(format!("{said} with an empty body"), ""));
    }
    let other = match format {
        Format::Xml | Format::Whole if looks.is_html => Some("a web page instead of XML; is the login still valid?"),
        Format::Xml | Format::Whole => None,
        _ if looks.is_html || looks.trimmed.starts_with('<') => {
            Some("a web page or XML instead of what the definition says; is the login still valid?")
        }
        Format::Csv if looks.trimmed.starts_with(['{', '[']) => Some("JSON instead of CSV"),
        _ => None,
    };
    match other {
        Some(other) => Verdict::Error(PullError::malformed(format!("{said} with {other}"), &looks.trimmed)),
        None => Verdict::Page,
    }
}

/// A first look at a body.
struct Looks {
    trimmed: String,
    is_html: bool,
}

impl Looks {
    fn of(answer: &Answer) -> Self {
        let begin = answer.beginning(4_096);
        // Bodies of two bytes a letter are looked at as if they had one.
        let plain: String = begin.chars().filter(|c| !matches!(c, '\0' | '\u{feff}' | '\u{fffd}')).collect();
        let trimmed = plain.trim().to_owned();
        let start: String = trimmed.chars().take(15).collect::<String>().to_ascii_lowercase();
        let media = answer.header(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
        let is_html = (media.contains("html") && !media.contains("xhtml+xml"))
            || start.starts_with("<html")
            || start.starts_with("<!doctype html");
        Self { trimmed, is_html }
    }
}

fn fits(rule: &AnswerRule, answer: &Answer, looks: &Looks, format: Format) -> bool {
    if !rule.status.is_empty() && !rule.status.iter().any(|(from, to)| (*from..=*to).contains(&answer.status)) {
        return false;
    }
    if let Some(text) = &rule.body {
        let is_no_data = !(200..300).contains(&answer.status) || (looks.is_html && format != Format::Xml);
        let looked = if is_no_data { LOOKED } else { SHORT };
        if (answer.body.len() > SHORT && !is_no_data) || !answer.beginning(looked).contains(text.as_str()) {
            return false;
        }
    }
    let Some(path) = &rule.path else { return true };
    let Some(value) = value(answer, path, format) else { return false };
    if rule.is.is_empty() { !matches!(value.as_str(), "" | "false") } else { rule.is.contains(&value) }
}

/// The text at a path of any body that has paths.
fn value(answer: &Answer, path: &Path, format: Format) -> Option<String> {
    match format {
        Format::Xml => body::xml_value(answer, path).ok().flatten(),
        _ => body::json_value(&answer.text().ok()?, path),
    }
}

fn act(rule: &AnswerRule, answer: &Answer, said: String, format: Format) -> Verdict {
    let message = rule.message.as_ref().and_then(|path| value(answer, path, format));
    let message = message.map(|text| format!(": {}", text.chars().take(SHOWN).collect::<String>())).unwrap_or_default();
    match rule.action {
        Action::Empty => Verdict::Empty,
        Action::Login => {
            Verdict::LoggedOut(format!("{said}, which the definition takes for a closed session{message}"))
        }
        Action::Retry => {
            let why = format!("{said}, which the definition takes for busy{message}");
            Verdict::Error(PullError::Retry { after: retry_after(&answer.headers), why })
        }
        Action::Denied => {
            Verdict::Error(PullError::Denied(format!("{said}, which the definition takes for a refusal{message}")))
        }
        Action::Fail => {
            let why = format!("{said}, which the definition takes for a failure{message}");
            Verdict::Error(PullError::Failed { code: "E0220", why })
        }
    }
}
