//! What a request holds: paths, parameters, headers and bodies, with names in double braces.

use super::{is_clear, secret};
use crate::definition::model::{Body, Part};
use crate::definition::node::{Node, Value};
use crate::definition::reference::Setting;
use crate::definition::report::Mark;
use crate::definition::template::{NAMES, Template};
use crate::definition::walk::{Section, Walk};

/// Names in double braces, and where each stands.
pub(super) type Names = Vec<(String, Mark)>;

/// Keys of bodies.
pub(super) const BODIES: [&str; 3] = ["json", "form", "xml"];
/// Headers that only the connection itself may set.
const NOT_OURS: [&str; 6] = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te"];

/// A path below the base URL.
pub(super) fn path(walk: &Walk, node: &Node, key: &str, names: &mut Names) -> Option<String> {
    let path = walk.text(node, key)?;
    unclosed(walk, node, &path, false);
    names.extend(Template::new(&path).names().map(|name| (name.to_owned(), node.mark)));
    if path.contains("://") || path.starts_with("//") {
        walk.cure("E0125", node.mark, format!("`{key}` names a host of its own"), "give the path below `base_url`");
    }
    Some(path)
}

/// Parameters of a query.
pub(super) fn query(walk: &Walk, node: &Node, names: &mut Names) -> Vec<(String, Setting)> {
    let entries = walk.entries(node, "query");
    entries.iter().filter_map(|(key, _, node)| Some((key.clone(), value(walk, node, key, names)?))).collect()
}

/// Values that requests have a name for.
pub(super) fn values(walk: &Walk, node: &Node) -> Vec<(String, Setting)> {
    let mut values = Vec::new();
    for (key, mark, node) in walk.entries(node, "values") {
        free_name(walk, key, *mark);
        let (mut names, at) = (Names::new(), node.mark);
        values.extend(value(walk, node, key, &mut names).map(|value| (key.clone(), value)));
        if !names.is_empty() {
            walk.cure("E0130", at, format!("`{key}` holds a name itself"), "give a text, or a reference to one");
        }
    }
    values
}

/// Whether a name is one that a definition may give.
pub(super) fn free_name(walk: &Walk, name: &str, mark: Mark) {
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_name || NAMES.iter().any(|(known, _)| *known == name) {
        let help = "letters, digits and _, and none of the names that have a meaning already";
        walk.cure("E0108", mark, format!("`{name}` is no name that can be given"), help);
    }
}

/// Headers by name.
pub(super) fn headers(walk: &Walk, node: &Node, names: &mut Names) -> Vec<(String, Setting)> {
    let mut headers = Vec::new();
    for (key, mark, node) in walk.entries(node, "headers") {
        let is_name =
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if !is_name || NOT_OURS.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            walk.cure(
                "E0108",
                *mark,
                format!("`{key}` is no header that can be set"),
                "letters, digits and -; lengths and hosts are set by themselves",
            );
            continue;
        }
        headers.extend(value(walk, node, key, names).map(|value| (key.clone(), value)));
    }
    headers
}

/// `json:`, `form:` or `xml:`, of which there is at most one.
pub(super) fn body(walk: &Walk, section: &Section<'_, '_>, names: &mut Names) -> Option<Body> {
    let json = section.take("json").map(|node| Body::Json(part(walk, node, "json", names)));
    let form = section.take("form").map(|node| {
        let fields = walk.entries(node, "form").iter();
        Body::Form(fields.filter_map(|(key, _, node)| Some((key.clone(), value(walk, node, key, names)?))).collect())
    });
    let xml = section.take("xml").and_then(|node| match value(walk, node, "xml", names)? {
        Setting::Plain(text) => Some(Body::Xml(text)),
        Setting::Reference(_) => {
            walk.cure("E0106", node.mark, "`xml` is a reference, not a text", "write the envelope itself");
            None
        }
    });
    let given: Vec<&str> = BODIES.into_iter().filter(|key| section.has(key)).collect();
    if let [_, second, ..] = given.as_slice() {
        walk.cure("E0106", section.place(second), "a request posts one body", "keep one of `json`, `form` and `xml`");
    }
    json.or(form).or(xml)
}

fn part(walk: &Walk, node: &Node, name: &str, names: &mut Names) -> Part {
    match &node.value {
        Value::List(items) => Part::List(items.iter().map(|item| part(walk, item, name, names)).collect()),
        Value::Map(entries) if !is_reference(entries) => {
            let members = entries.iter().map(|(key, _, node)| (key.clone(), part(walk, node, key, names)));
            Part::Object(members.collect())
        }
        Value::Scalar(text, _) if text.is_empty() => Part::Value(node.json()),
        Value::Map(_) | Value::Scalar(..) => match node.json() {
            text @ (crate::json::Json::Text(_) | crate::json::Json::Object(_)) => {
                let setting = value(walk, node, name, names);
                setting.map_or(Part::Value(text), Part::Text)
            }
            other => Part::Value(other),
        },
        Value::Null => Part::Value(node.json()),
    }
}

/// An object of one such member is a reference everywhere in a definition, in a body too.
fn is_reference(entries: &[(String, Mark, Node)]) -> bool {
    matches!(entries, [(key, _, node)] if matches!(key.as_str(), "env" | "file" | "cmd") && matches!(node.value, Value::Scalar(..)))
}

/// A text, its names noted, or a reference.
fn value(walk: &Walk, node: &Node, name: &str, names: &mut Names) -> Option<Setting> {
    let setting = match &node.value {
        // A parameter without a value is one all the same.
        Value::Scalar(text, _) if text.is_empty() => Setting::Plain(String::new()),
        _ => walk.setting(node, name)?,
    };
    let Some(text) = setting.plain() else { return Some(setting) };
    let template = Template::new(text);
    names.extend(template.names().map(|name| (name.to_owned(), node.mark)));
    let is_secret = is_clear(name, text) || ["authorization", "cookie"].contains(&name.to_ascii_lowercase().as_str());
    if unclosed(walk, node, text, is_secret) {
        return Some(setting);
    }
    if is_secret && !text.is_empty() && template.names().next().is_none() {
        secret(walk, node.mark, name);
    }
    Some(setting)
}

/// Tells of braces that open a name and do not close it; the line is not shown where a secret may stand.
fn unclosed(walk: &Walk, node: &Node, text: &str, is_secret: bool) -> bool {
    let Some(at) = Template::unclosed(text) else { return false };
    let mark = walk.within(node, text, at, 2);
    let report = walk.origin.report("E0173", mark, "`{{` opens a name, and no `}}` closes it");
    let report = report.help("write {{name}}, such as {{page}}");
    walk.push(if is_secret { report.hidden() } else { report });
    true
}

/// Tells of a name that is none, unless it is one of these.
pub(super) fn unknown(walk: &Walk, name: &str, mark: Mark, known: &[&str]) {
    if known.contains(&name) {
        return;
    }
    let report = walk.origin.report("E0130", mark, format!("`{{{{{name}}}}}` is no name that is filled in here"));
    walk.push(if known.is_empty() {
        report.help("no name has a value here")
    } else {
        report.nearest(name, known.iter().copied())
    });
}

/// One character.
pub(super) fn delimiter(walk: &Walk, node: &Node) -> Option<u8> {
    let text = walk.text(node, "delimiter")?;
    match text.as_bytes() {
        _ if text == "\\t" => Some(b'\t'),
        [one] if one.is_ascii() => Some(*one),
        _ => {
            walk.cure(
                "E0108",
                node.mark,
                format!("`delimiter` is one character, not `{text}`"),
                "write \";\", \",\", \"|\" or \"\\t\"",
            );
            None
        }
    }
}
