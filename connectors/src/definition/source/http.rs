//! `source:` and `read:` of kind http.

use std::time::Duration;

use super::need_address;
use super::request;
use crate::definition::model::{Auth, Budget, CursorRule, Format, Http, HttpRead, Paging, Retry, SourceSpec, Step};
use crate::definition::node::{Node, Value};
use crate::definition::reference::Setting;
use crate::definition::report::Mark;
use crate::definition::template::NAMES;
use crate::definition::walk::{Section, Walk};
use crate::json::Path;

mod answers;
mod auth;

/// Keys of `source:` and of `read:`.
pub(super) const SOURCE: &[&str] =
    &["base_url", "auth", "tls", "headers", "timeout", "budget", "concurrency", "retry", "errors", "too_busy"];
pub(super) const READ: &[&str] =
    &["get", "post", "query", "headers", "json", "form", "xml", "format", "records", "columns", "delimiter"];

/// Reads the keys of `source:`.
pub(super) fn source(walk: &Walk, section: &Section<'_, '_>) -> Http {
    let base_url = need_address(walk, section, "base_url");
    let values = section.take("values").map_or_else(Vec::new, |node| request::values(walk, node));
    let auth = section.take("auth").and_then(|node| auth::auth(walk, node, section.place("auth"), &values));
    let auth = auth.unwrap_or(Auth::None);
    let tls = section.take("tls").and_then(|node| auth::tls(walk, node, section.place("tls")));
    let mut names = Vec::new();
    let headers = section.take("headers").map_or_else(Vec::new, |node| request::headers(walk, node, &mut names));
    let known: Vec<&str> = given(&auth, &values).collect();
    for (name, mark) in &names {
        request::unknown(walk, name, *mark, &known);
    }
    let duration = |key, least| section.take(key).and_then(|node| walk.duration(node, key, least));
    let timeout = duration("timeout", Duration::from_millis(100)).unwrap_or(Duration::from_secs(30));
    let budget = budget(walk, section);
    let concurrency = section.take("concurrency").and_then(|node| walk.number(node, "concurrency", 1, 64));
    let retry = section.take("retry").and_then(|node| {
        let inner = walk.section(node, "source.retry", section.place("retry"))?;
        let max = inner.need("max").and_then(|node| walk.number(node, "max", 0, 100));
        inner.finish();
        Some(Retry { max: u32::try_from(max?).ok()? })
    });
    // Of an `auth` that could not be read nobody knows.
    let can_renew = match auth {
        Auth::Login(_) | Auth::OAuth2(_) => true,
        Auth::None => section.has("auth"),
        Auth::Bearer(_) | Auth::Basic { .. } | Auth::ApiKey { .. } => false,
    };
    let mut rules = section.take("errors").map_or_else(Vec::new, |node| answers::rules(walk, node, can_renew));
    let too_busy = section.take("too_busy").map_or_else(Vec::new, |node| {
        walk.list(node, "too_busy").iter().filter_map(|item| walk.text(item, "too_busy")).collect()
    });
    rules.extend(too_busy.into_iter().map(answers::too_busy));
    Http {
        base_url,
        auth,
        tls,
        values,
        headers,
        timeout,
        budget,
        concurrency: concurrency.and_then(|most| u32::try_from(most).ok()),
        retry: retry.unwrap_or_default(),
        rules,
    }
}

/// Reads `budget:`.
pub(super) fn budget(walk: &Walk, section: &Section<'_, '_>) -> Option<Budget> {
    let node = section.take("budget")?;
    let inner = walk.section(node, "source.budget", section.place("budget"))?;
    let requests = inner.need("requests").and_then(|node| walk.number(node, "requests", 1, 1_000_000));
    let per = inner.need("per").and_then(|node| walk.duration(node, "per", Duration::from_millis(1)));
    inner.finish();
    Some(Budget { requests: u32::try_from(requests?).ok()?, per: per? })
}

/// Names that `values` and a login give a value.
fn given<'s>(auth: &'s Auth, values: &'s [(String, Setting)]) -> impl Iterator<Item = &'s str> {
    let steps: &[Step] = if let Auth::Login(steps) = auth { steps } else { &[] };
    let taken = steps.iter().flat_map(|step| step.take.iter().map(|(name, _)| name.as_str()));
    taken.chain(values.iter().map(|(name, _)| name.as_str()))
}

/// Reads the keys of `read:`.
pub(super) fn read(walk: &Walk, section: &Section<'_, '_>) -> Option<HttpRead> {
    let mut names = Vec::new();
    let mut path = |key| section.take(key).and_then(|node| request::path(walk, node, key, &mut names));
    let (get, post) = (path("get"), path("post"));
    if section.has("get") == section.has("post") {
        let what = format!("`{}` is one request", section.name);
        if section.has("get") {
            walk.cure("E0106", section.place("post"), what, "take `get` or `post` out");
        } else {
            section.need("get");
        }
    }
    let query = section.take("query").map_or_else(Vec::new, |node| request::query(walk, node, &mut names));
    let headers = section.take("headers").map_or_else(Vec::new, |node| request::headers(walk, node, &mut names));
    let body = request::body(walk, section, &mut names);
    if let Some(key) = request::BODIES.into_iter().find(|key| section.has(key))
        && !section.has("post")
    {
        let what = format!("`{key}` is posted, but the request is a `get`");
        walk.cure("E0133", section.place(key), what, "write `post:` instead of `get:`");
    }
    let format = section.take("format").map_or(Some(Format::Json), |node| {
        const FORMATS: [(&str, Format); 4] =
            [("json", Format::Json), ("jsonl", Format::Jsonl), ("csv", Format::Csv), ("xml", Format::Xml)];
        let word = walk.text(node, "format")?;
        let known = FORMATS.iter().find(|(name, _)| *name == word);
        if known.is_none() {
            let report = walk.origin.report("E0108", node.mark, format!("no format is called `{word}`"));
            walk.push(report.nearest(&word, FORMATS.map(|(name, _)| name)));
        }
        known.map(|(_, format)| *format)
    });
    let format = format.unwrap_or(Format::Json);
    let records = records(walk, section, format);
    let columns = section.take("columns").map_or_else(Vec::new, |node| columns(walk, node));
    let delimiter = section.take("delimiter").and_then(|node| request::delimiter(walk, node));
    for (key, fits, whose) in [
        ("columns", matches!(format, Format::Json | Format::Jsonl), "json and jsonl"),
        ("delimiter", format == Format::Csv, "csv"),
    ] {
        if section.has(key) && !fits {
            walk.cure("E0133", section.place(key), format!("`{key}` belongs to the format {whose}"), "take it out");
        }
    }
    Some(HttpRead {
        is_post: section.has("post"),
        path: get.or(post)?,
        query,
        headers,
        body,
        format,
        records: records?,
        columns,
        delimiter,
        names,
    })
}

/// Where the list stands; the empty text is the body itself.
fn records(walk: &Walk, section: &Section<'_, '_>, format: Format) -> Option<Path> {
    if matches!(format, Format::Csv | Format::Jsonl) {
        if section.take("records").is_some() {
            let what = "`records` belongs to the formats json and xml: here the lines are the records";
            walk.cure("E0133", section.place("records"), what, "take it out");
        }
        return Some(Path::new(""));
    }
    let node = section.need("records")?;
    match &node.value {
        Value::Scalar(text, _) if text.is_empty() && format == Format::Xml => {
            walk.cure(
                "E0106",
                node.mark,
                "`records` is empty, but XML has one root element",
                "name the path from the root element on",
            );
            None
        }
        Value::Scalar(text, _) if text.is_empty() => Some(Path::new("")),
        _ => walk.path(node, "records"),
    }
}

fn columns(walk: &Walk, node: &Node) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for item in walk.list(node, "columns") {
        let Some(name) = walk.text(item, "columns") else { continue };
        if columns.contains(&name) {
            walk.cure(
                "E0108",
                item.mark,
                format!("`columns` names `{name}` twice"),
                "give each cell a name of its own",
            );
        }
        columns.push(name);
    }
    columns
}

/// Whether every name of a request has something that gives it a value, and paging and cursor a way into the request.
/// The marks say where `page` and `cursor` stand.
pub(in crate::definition) fn names(
    walk: &Walk,
    read: &HttpRead,
    spec: Option<&SourceSpec>,
    page: (Option<&Paging>, Mark),
    cursor: (Option<&CursorRule>, Mark),
) {
    let Some(SourceSpec::Http(source)) = spec else { return };
    let lead = page.0.and_then(Paging::lead);
    let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).chain(given(&source.auth, &source.values)).collect();
    for (name, mark) in &read.names {
        let Some((_, giver)) = NAMES.iter().find(|(known, _)| known == name) else {
            if !given(&source.auth, &source.values).any(|given| given == name) {
                request::unknown(walk, name, *mark, &known);
            }
            continue;
        };
        let is_given = match name.as_str() {
            "cursor" => cursor.0.is_some(),
            "size" => page.0.is_some_and(|page| page.size().is_some()),
            "token" => given(&source.auth, &[]).any(|given| given == "token"),
            lead_name => lead.is_some_and(|(known, _)| known == lead_name),
        };
        if !is_given {
            walk.cure(
                "E0131",
                *mark,
                format!("nothing gives `{{{{{name}}}}}` a value"),
                format!("add {giver}, or take the name out"),
            );
        }
    }
    let is_named = |wanted: &str| read.names.iter().any(|(name, _)| name == wanted);
    if let Some((name, None)) = lead
        && !is_named(name)
    {
        walk.cure(
            "E0105",
            page.1,
            "`page` lacks `param`",
            format!("add `param:`, or write {{{{{name}}}}} where it belongs"),
        );
    }
    if let Some(size) = page.0.and_then(Paging::size)
        && size.param.is_none()
        && !matches!(page.0, Some(Paging::Offset { .. }))
        && !is_named("size")
    {
        walk.cure(
            "E0105",
            page.1,
            "`size` of `page` lacks `param`",
            "add `param:`, or write {{size}} where it belongs",
        );
    }
    if let (Some(CursorRule { param: None, .. }), mark) = cursor
        && !is_named("cursor")
    {
        walk.cure(
            "E0121",
            mark,
            "an http cursor needs `param`, the query parameter that takes it",
            "add `param:`, or write {{cursor}} where it belongs, or take `cursor` out: then the stream is read whole each time",
        );
    }
}
