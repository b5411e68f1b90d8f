//! `source:` and `read:` of kind push, and the keys that such a stream has no use for.

use super::{http, secret};
use crate::definition::model::{MAX_BODY, Push, PushRead};
use crate::definition::node::Node;
use crate::definition::reference::Setting;
use crate::definition::walk::{Section, Walk};
use crate::json::Path;

/// Keys of `source:` and of `read:`.
pub(super) const SOURCE: &[&str] = &["tokens", "max_body", "budget"];
pub(super) const READ: &[&str] = &["records"];

/// Most tokens of one system: one in use, one to come, and some to spare.
const MAX_TOKENS: usize = 8;
/// Bounds of `max_body`.
const SIZES: std::ops::RangeInclusive<u64> = (64 << 10)..=(32 << 20);
/// What a stream that is pushed has no use for, and why.
const USELESS: &[(&str, &str)] = &[
    ("cursor", "the sender decides what is new"),
    ("page", "a push is one page"),
    ("on_invalid", "a broken record goes to quarantine, and its sender is told at once"),
];

/// Reads the keys of `source:`.
pub(super) fn source(walk: &Walk, section: &Section<'_, '_>) -> Push {
    let tokens = section.need("tokens").map_or_else(Vec::new, |node| tokens(walk, node, section));
    let max_body = section.take("max_body").and_then(|node| size(walk, node));
    Push { tokens, max_body: max_body.unwrap_or(MAX_BODY), budget: http::budget(walk, section) }
}

fn tokens(walk: &Walk, node: &Node, section: &Section<'_, '_>) -> Vec<Setting> {
    let mut tokens: Vec<Setting> = Vec::new();
    for item in walk.list(node, "tokens") {
        let Some(token) = walk.setting(item, "tokens") else { continue };
        if token.plain().is_some() {
            secret(walk, item.mark, "tokens");
        } else if tokens.contains(&token) {
            walk.cure("E0156", item.mark, "`tokens` names one token twice", "take one of the two out");
        }
        tokens.push(token);
    }
    if tokens.is_empty() || tokens.len() > MAX_TOKENS {
        walk.cure(
            "E0156",
            section.place("tokens"),
            format!("`tokens` names {} tokens", tokens.len()),
            format!("name 1 to {MAX_TOKENS}, such as [{{env: COUNTER_TOKEN}}]"),
        );
    }
    tokens
}

/// `512KiB` or `8MiB`.
fn size(walk: &Walk, node: &Node) -> Option<usize> {
    let text = walk.text(node, "max_body")?;
    let unit = |(digits, shift): (&str, u32)| digits.trim_end().parse::<u64>().ok()?.checked_shl(shift);
    let pairs = [("KiB", 10), ("MiB", 20)];
    let bytes = pairs.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift))).and_then(unit);
    let bytes = bytes.filter(|bytes| SIZES.contains(bytes)).and_then(|bytes| usize::try_from(bytes).ok());
    if bytes.is_none() {
        walk.cure(
            "E0157",
            node.mark,
            format!("`max_body` is no size that can be taken: `{text}`"),
            "write 64KiB to 32MiB, such as 8MiB",
        );
    }
    bytes
}

/// Reads the keys of `read:`.
pub(super) fn read(walk: &Walk, section: &Section<'_, '_>) -> PushRead {
    let records = section.take("records").and_then(|node| walk.path(node, "records"));
    PushRead { records: records.unwrap_or_else(|| Path::new("")) }
}

/// Tells of keys of the stream that would have no effect.
pub(in crate::definition) fn useless(walk: &Walk, stream: &Section<'_, '_>) {
    for (key, why) in USELESS.iter().filter(|(key, _)| stream.has(key)) {
        walk.cure(
            "E0155",
            stream.place(key),
            format!("`{key}` has no meaning for a stream that is pushed: {why}"),
            "take it out",
        );
        stream.skip(key);
    }
}
