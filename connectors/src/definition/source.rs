//! `source:`, and the parts of a stream that depend on its kind: `read:`, `page:`, `cursor:`.
//!
//! To add a kind: its name in [`KINDS`], its keys in the tables below, a variant of [`SourceSpec`] and [`Read`].

use std::time::Duration;

use super::identifier::{quoted, rule};
use super::model::{Auth, Budget, Files, Http, Read, Retry, SourceSpec, Sql};
use super::node::Node;
use super::reference::Setting;
use super::report::Mark;
use super::walk::{Section, Walk};
use crate::json::Path;

/// Kinds of sources.
pub(super) const KINDS: &[&str] = &["http", "sql", "files"];

const SOURCE_KEYS: &[(&str, &str)] = &[
    ("base_url", "http"),
    ("auth", "http"),
    ("timeout", "http"),
    ("budget", "http"),
    ("retry", "http"),
    ("too_busy", "http"),
    ("url", "sql"),
    ("statement_timeout", "sql"),
    ("fetch", "sql"),
    ("folder", "files"),
];

const READ_KEYS: &[(&str, &str)] = &[
    ("get", "http"),
    ("records", "http"),
    ("query", "http"),
    ("table", "sql"),
    ("columns", "sql"),
    ("where", "sql"),
    ("file", "files"),
    ("sheet", "files"),
    ("delimiter", "files"),
];

/// Reads `source:`. `None` when its kind is not known, so that nothing that depends on it is judged.
pub(super) fn source(walk: &Walk, node: &Node, at: Mark) -> Option<SourceSpec> {
    let section = walk.section(node, "source", at)?;
    let kind = section.need("kind").and_then(|node| walk.text(node, "kind").map(|kind| (kind, node.mark)));
    let (kind, mark) = kind?;
    let spec = match kind.as_str() {
        "http" => SourceSpec::Http(http(walk, &section)),
        "sql" => SourceSpec::Sql(sql(walk, &section)),
        "files" => SourceSpec::Files(Files { folder: need_setting(walk, &section, "folder") }),
        other => {
            let report = walk.origin.report("E0110", mark, format!("no kind of source is called `{other}`"));
            walk.push(report.nearest(other, KINDS.iter().copied()));
            return None;
        }
    };
    section.foreign(SOURCE_KEYS, spec.kind());
    section.finish();
    Some(spec)
}

fn need_setting(walk: &Walk, section: &Section<'_, '_>, key: &'static str) -> Setting {
    let node = section.need(key);
    let setting = node.and_then(|node| walk.setting(node, key)).unwrap_or(Setting::Plain(String::new()));
    if let (Some(node), Some(text)) = (node, setting.plain())
        && has_password(text)
    {
        secret(walk, node.mark, key);
    }
    setting
}

/// `scheme://user:password@host`, or a token among the parameters.
fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
    let parameters =
        url.split_once('?').map_or("", |(_, query)| query).split('&').filter_map(|pair| pair.split_once('='));
    user.is_some_and(|(_, password)| !password.is_empty())
        || parameters.into_iter().any(|(name, value)| is_secret_name(name) && !value.is_empty())
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    ["token", "secret", "password", "passwd", "apikey", "sandi"].iter().any(|word| name.contains(word))
}

/// The line is not shown: diagnostics end up in logs and tickets.
fn secret(walk: &Walk, mark: Mark, name: &str) {
    let report = walk.origin.report("E0118", mark, format!("`{name}` holds a secret in clear")).hidden();
    walk.push(report.help(
        "name where it stands: {env: NAME}, {file: PATH} or {cmd: \"…\"}; then change the secret, for it has been seen",
    ));
}

fn http(walk: &Walk, section: &Section<'_, '_>) -> Http {
    let base_url = need_setting(walk, section, "base_url");
    let auth = section.take("auth").and_then(|node| auth(walk, node, section.place("auth"))).unwrap_or(Auth::None);
    let duration = |key, least| section.take(key).and_then(|node| walk.duration(node, key, least));
    let timeout = duration("timeout", Duration::from_millis(100)).unwrap_or(Duration::from_secs(30));
    let budget = section.take("budget").and_then(|node| {
        let inner = walk.section(node, "source.budget", section.place("budget"))?;
        let requests = inner.need("requests").and_then(|node| walk.number(node, "requests", 1, 1_000_000));
        let per = inner.need("per").and_then(|node| walk.duration(node, "per", Duration::from_millis(1)));
        inner.finish();
        Some(Budget { requests: u32::try_from(requests?).ok()?, per: per? })
    });
    let retry = section.take("retry").and_then(|node| {
        let inner = walk.section(node, "source.retry", section.place("retry"))?;
        let max = inner.need("max").and_then(|node| walk.number(node, "max", 0, 100));
        inner.finish();
        Some(Retry { max: u32::try_from(max?).ok()? })
    });
    let too_busy = section.take("too_busy").map_or_else(Vec::new, |node| {
        walk.list(node, "too_busy").iter().filter_map(|item| walk.text(item, "too_busy")).collect()
    });
    Http { base_url, auth, timeout, budget, retry: retry.unwrap_or_default(), too_busy }
}

fn auth(walk: &Walk, node: &Node, at: Mark) -> Option<Auth> {
    let section = walk.section(node, "source.auth", at)?;
    let hidden = |node: &Node, name: &str| -> Option<Setting> {
        // A text here is a secret even when it is the wrong thing, so it is never shown.
        let setting = walk.setting(node, name)?;
        if setting.plain().is_some() {
            secret(walk, node.mark, name);
        }
        Some(setting)
    };
    let bearer = section.take("bearer").and_then(|node| hidden(node, "bearer"));
    let basic = section.take("basic").and_then(|node| {
        let inner = walk.section(node, "source.auth.basic", section.place("basic"))?;
        let user = inner.need("user").and_then(|node| walk.setting(node, "user"));
        let password = inner.need("password").and_then(|node| hidden(node, "password"));
        inner.finish();
        Some(Auth::Basic { user: user?, password: password? })
    });
    let both = section.has("bearer") && section.has("basic");
    let neither = !section.has("bearer") && !section.has("basic");
    if both || neither {
        walk.cure(
            "E0106",
            at,
            "`auth` names exactly one way to identify",
            "write {bearer: {env: NAME}} or {basic: {user: …, password: {env: NAME}}}",
        );
    }
    section.finish();
    basic.or(bearer.map(Auth::Bearer))
}

fn sql(walk: &Walk, section: &Section<'_, '_>) -> Sql {
    let url = need_setting(walk, section, "url");
    if let (Some(text), Some(node)) = (url.plain(), section.take("url"))
        && !text.is_empty()
        && !["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| text.starts_with(scheme))
    {
        walk.cure(
            "E0108",
            node.mark,
            "`url` names no database that is read",
            "it begins with postgres://, postgresql:// or sqlite:",
        );
    }
    let statement_timeout = section
        .take("statement_timeout")
        .and_then(|node| walk.duration(node, "statement_timeout", Duration::from_millis(100)));
    let fetch = section.take("fetch").and_then(|node| walk.number(node, "fetch", 1, 100_000));
    Sql {
        url,
        statement_timeout: statement_timeout.unwrap_or(Duration::from_mins(1)),
        fetch: fetch.and_then(|fetch| u32::try_from(fetch).ok()).unwrap_or(2000),
    }
}

/// Reads `read:` in the form of the source's kind.
pub(super) fn read(walk: &Walk, node: &Node, name: &str, at: Mark, kind: &'static str) -> Option<Read> {
    let section = walk.section(node, format!("{name}.read"), at)?;
    let text = |key: &'static str| section.take(key).and_then(|node| walk.text(node, key));
    let read = match kind {
        "http" => {
            let get = section.need("get").and_then(|node| walk.text(node, "get").map(|get| (get, node.mark)));
            if let Some((get, mark)) = &get
                && (get.contains("://") || get.starts_with("//"))
            {
                walk.cure("E0125", *mark, "`get` names a host of its own", "give the path below `base_url`");
            }
            // The empty text is the body itself.
            let records = section.need("records").and_then(|node| match &node.value {
                super::node::Value::Scalar(text, _) => Some(Path::new(text)),
                _ => walk.text(node, "records").map(|text| Path::new(&text)),
            });
            let query = section.take("query").map_or_else(Vec::new, |node| {
                walk.entries(node, "query")
                    .iter()
                    .filter_map(|(key, _, node)| {
                        let value = walk.setting(node, key)?;
                        if is_secret_name(key) && value.plain().is_some() {
                            secret(walk, node.mark, key);
                        }
                        Some((key.clone(), value))
                    })
                    .collect()
            });
            get.zip(records).map(|((get, _), records)| Read::Http { get, records, query })
        }
        "sql" => {
            let table = section.need("table").and_then(|node| identifier(walk, node, "table", 2));
            let columns = section.take("columns").map_or_else(Vec::new, |node| {
                walk.list(node, "columns").iter().filter_map(|item| identifier(walk, item, "columns", 1)).collect()
            });
            let where_ = text("where");
            if let Some(condition) = &where_
                && (condition.contains(';') || condition.contains("--") || condition.contains("/*"))
            {
                walk.cure(
                    "E0125",
                    section.place("where"),
                    "`where` is one condition, without `;` and comments",
                    "a view in the database is the place for more",
                );
            }
            table.map(|table| Read::Sql { table, columns, where_ })
        }
        _ => {
            let file = section.need("file").and_then(|node| walk.text(node, "file").map(|file| (file, node.mark)));
            if let Some((file, mark)) = &file
                && (file.starts_with(['/', '\\'])
                    || file.split(['/', '\\']).any(|part| part == "..")
                    || file.contains(':'))
            {
                walk.cure(
                    "E0125",
                    *mark,
                    "`file` leads out of the folder",
                    "give a name or pattern below `folder`, such as \"rsud/RBA_*.xlsx\"",
                );
            }
            let sheet = text("sheet");
            let delimiter = section.take("delimiter").and_then(|node| {
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
            });
            file.map(|(file, _)| Read::Files { file, sheet, delimiter })
        }
    };
    section.foreign(READ_KEYS, kind);
    section.finish();
    read
}

/// The name of a table or column that a sql stream can be read by.
pub(super) fn identifier(walk: &Walk, node: &Node, name: &str, parts: usize) -> Option<String> {
    let text = walk.text(node, name)?;
    if quoted(&text, parts).is_none() {
        walk.cure("E0125", node.mark, format!("`{text}` is no name for `{name}`"), rule(parts));
        return None;
    }
    Some(text)
}
