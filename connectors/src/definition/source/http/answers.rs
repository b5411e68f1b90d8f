//! `errors:` of kind http: what answers mean that are no pages.

use crate::definition::model::{Action, AnswerRule};
use crate::definition::node::{Node, Value};
use crate::definition::walk::Walk;

/// What a rule may do.
const ACTIONS: [(&str, Action); 5] = [
    ("retry", Action::Retry),
    ("fail", Action::Fail),
    ("denied", Action::Denied),
    ("empty", Action::Empty),
    ("login", Action::Login),
];

/// A text of `too_busy`.
pub(super) const fn too_busy(body: String) -> AnswerRule {
    AnswerRule {
        status: Vec::new(),
        body: Some(body),
        path: None,
        is: Vec::new(),
        action: Action::Retry,
        message: None,
    }
}

/// Reads the list. `can_renew` says whether the source has a session that can be opened anew.
pub(super) fn rules(walk: &Walk, node: &Node, can_renew: bool) -> Vec<AnswerRule> {
    walk.list(node, "errors").iter().filter_map(|node| rule(walk, node, can_renew)).collect()
}

fn rule(walk: &Walk, node: &Node, can_renew: bool) -> Option<AnswerRule> {
    let section = walk.section(node, "source.errors", node.mark)?;
    let status = section.take("status").map_or_else(Vec::new, |node| {
        let items = if let Value::List(items) = &node.value { items.as_slice() } else { std::slice::from_ref(node) };
        items.iter().filter_map(|item| status(walk, item)).collect()
    });
    let body = section.take("body").and_then(|node| walk.text(node, "body"));
    let [path, message] = ["path", "message"].map(|key| section.take(key).and_then(|node| walk.path(node, key)));
    let is = section
        .take("is")
        .map_or_else(Vec::new, |node| walk.list(node, "is").iter().filter_map(|item| walk.text(item, "is")).collect());
    let action = section.need("do").and_then(|node| {
        let word = walk.text(node, "do")?;
        let known = ACTIONS.iter().find(|(name, _)| *name == word);
        if known.is_none() {
            let report = walk.origin.report("E0108", node.mark, format!("nothing that can be done is called `{word}`"));
            walk.push(report.nearest(&word, ACTIONS.map(|(name, _)| name)));
        }
        if known.is_some_and(|(_, action)| *action == Action::Login) && !can_renew {
            let what = "nothing can log in here: `auth` opens no session";
            let cure = "write `do: denied`, or give `auth` a `login` or `oauth2`";
            walk.cure("E0181", node.mark, what, cure);
        }
        known.map(|(_, action)| *action)
    });
    if !["status", "body", "path"].iter().any(|key| section.has(key)) {
        let what = "this rule has no condition: it would take every answer for an error";
        walk.cure("E0132", node.mark, what, "give `status`, `body` or `path`");
    }
    if section.has("is") && !section.has("path") {
        section.need("path");
    }
    section.finish();
    Some(AnswerRule { status, body, path, is, action: action?, message })
}

/// `404`, or `5xx` for all of a hundred.
fn status(walk: &Walk, node: &Node) -> Option<(u16, u16)> {
    let text = walk.text(node, "status")?;
    let bounds = match text.strip_suffix("xx").and_then(|first| first.parse::<u16>().ok()) {
        Some(first @ 1..=5) => Some((first * 100, first * 100 + 99)),
        _ => text.parse().ok().filter(|code| (100..600).contains(code)).map(|code| (code, code)),
    };
    if bounds.is_none() {
        walk.cure("E0108", node.mark, format!("`{text}` is no HTTP status"), "write a number such as 404, or 5xx");
    }
    bounds
}
