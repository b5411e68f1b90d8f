//! Records of XML, and what SOAP calls a fault.

use crate::json::Path;
use crate::kind::PullError;
use crate::raw::Raw;
use crate::xml::{Elements, Error};

use super::super::client::Answer;

/// The longest reason of a fault that is told on.
const SHOWN: usize = 200;

/// The elements at a path.
pub(super) fn records(answer: &Answer, path: &Path) -> Result<Vec<Raw>, PullError> {
    if let Some(fault) = fault(answer)? {
        return Err(PullError::Failed {
            code: "E0220",
            why: format!("{} answered with a SOAP fault{fault}", answer.shown),
        });
    }
    let mut elements = Elements::new(&answer.body[..], answer.charset(), path);
    let mut records = Vec::new();
    for element in elements.by_ref() {
        let element = element.map_err(|error| bad(answer, &error))?;
        records.push(Raw::Json(element.to_text().into()));
    }
    // A list without items is there all the same: only the items may be missing.
    let steps = path.steps();
    if !elements.has_list() {
        let missing: Vec<&str> = steps[..=elements.reached()].iter().map(|step| &**step).collect();
        let why = format!("{} has no element `{}`, on the way to `{path}`", answer.shown, missing.join("."));
        return Err(PullError::malformed(why, &answer.beginning(500)));
    }
    Ok(records)
}

/// The text of the first element, or attribute, at a path.
pub(in super::super) fn value(answer: &Answer, path: &Path) -> Result<Option<String>, PullError> {
    let first = Elements::new(&answer.body[..], answer.charset(), path).next();
    let first = first.transpose().map_err(|error| bad(answer, &error))?;
    Ok(first.and_then(|element| {
        let text = element.step("#text").unwrap_or(&element).as_text()?;
        Some(text.to_owned())
    }))
}

/// What a fault says of itself, in either version of SOAP.
fn fault(answer: &Answer) -> Result<Option<String>, PullError> {
    let path = Path::new("Envelope.Body.Fault");
    let mut elements = Elements::new(&answer.body[..], answer.charset(), &path);
    let Some(fault) = elements.next().transpose().map_err(|error| bad(answer, &error))? else { return Ok(None) };
    let text = |paths: [&str; 2]| {
        let found = paths.iter().find_map(|path| fault.get(&Path::new(path)))?;
        found.step("#text").unwrap_or(found).as_text().map(str::to_owned)
    };
    let [code, reason] = [text(["faultcode", "Code.Value"]), text(["faultstring", "Reason.Text"])];
    let mut said = String::new();
    for text in [code, reason].into_iter().flatten() {
        said.push_str(": ");
        said.extend(text.chars().take(SHOWN));
    }
    Ok(Some(said))
}

fn bad(answer: &Answer, error: &Error) -> PullError {
    PullError::malformed(
        format!("{} answered with no XML that is taken: {error}", answer.shown),
        &answer.beginning(500),
    )
}
