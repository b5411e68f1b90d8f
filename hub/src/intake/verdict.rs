//! The verdict on a stream's runs: pure.

use muara_schemas::Moment;
use muara_schemas::stream::StreamName;
use serde_json::json;

use crate::store::changes::Note;
use crate::store::streams::Stream;

/// Takes a verdict over. It enters the log only when it differs from the one before, so that the log stands still while
/// the sources do.
pub fn pass(
    stream: &mut Stream,
    name: &StreamName,
    verdict: &'static str,
    failure: Option<&str>,
    at: Moment,
) -> Option<Note> {
    let before = std::mem::replace(&mut stream.verdict, verdict.to_owned());
    let op = match (before.as_str(), verdict) {
        (before, now) if before == now => return None,
        ("none", "ok") => return None,
        (_, "failed") => "failed",
        (_, "unproved") => "proof-broken",
        ("unproved", _) => "proof-mended",
        _ => "recovered",
    };
    let body = json!({"region": name.region, "system": name.system, "stream": name.stream, "failure": failure});
    Some(Note { kind: "run", op, stream: Some(stream.number), body, at })
}
