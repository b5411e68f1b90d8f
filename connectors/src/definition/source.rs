//! `source:`, and `read:` of a stream, which depend on the kind.
//!
//! To add a kind: its name and keys in [`KINDS`], a file beside the others, a variant of [`SourceSpec`] and [`Read`].

use url::{ParseError, Url};

use super::model::{Read, SourceSpec};
use super::node::Node;
use super::reference::Setting;
use super::report::{self, Mark};
use super::walk::{Section, Walk};

mod exec;
mod files;
mod http;
mod push;
mod request;
mod sql;

pub(super) use http::names;
pub(super) use push::useless;
pub(super) use sql::identifier;

/// Kinds of sources, with their keys of `source:` and of `read:`.
const KINDS: &[(&str, &[&str], &[&str])] = &[
    ("http", http::SOURCE, http::READ),
    ("sql", sql::SOURCE, sql::READ),
    ("files", files::SOURCE, files::READ),
    ("exec", exec::SOURCE, exec::READ),
    ("push", push::SOURCE, push::READ),
];

/// Reads `source:`. `None` when its kind is not known and none is near, so that nothing that depends on it is judged.
pub(super) fn source(walk: &Walk, node: &Node, at: Mark) -> Option<SourceSpec> {
    let section = walk.section(node, "source", at)?;
    let kind = section.need("kind").and_then(|node| walk.text(node, "kind").map(|kind| (kind, node.mark)));
    let (word, mark) = kind?;
    let names = || KINDS.iter().map(|(name, ..)| *name);
    let mut kind = word.as_str();
    if !names().any(|name| name == kind) {
        walk.push(
            walk.origin.report("E0110", mark, format!("no kind of source is called `{word}`")).nearest(kind, names()),
        );
        // What is most likely meant shows what else is wrong.
        kind = report::nearest(kind, names())?;
    }
    let spec = match kind {
        "http" => SourceSpec::Http(Box::new(http::source(walk, &section))),
        "sql" => SourceSpec::Sql(sql::source(walk, &section)),
        "files" => SourceSpec::Files(files::source(walk, &section)),
        "exec" => SourceSpec::Exec(exec::source(walk, &section)),
        _ => SourceSpec::Push(push::source(walk, &section)),
    };
    section.foreign(&owners(|(_, source, _)| *source), spec.kind());
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

/// An address of the web that a key needs. What stands elsewhere is seen when the source is opened.
fn need_address(walk: &Walk, section: &Section<'_, '_>, key: &'static str) -> Setting {
    let setting = need_setting(walk, section, key);
    let (Some(text), Some(node)) = (setting.plain(), section.take(key)) else { return setting };
    if text.is_empty() || has_password(text) {
        return setting;
    }
    let why = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => return setting,
        Ok(url) => format!("its scheme is `{}`", url.scheme()),
        Err(ParseError::RelativeUrlWithoutBase) => "it has no scheme".to_owned(),
        Err(error) => error.to_string(),
    };
    let cure = "begin with https:// or http:// and the name of the server, such as https://example.go.id/api";
    walk.cure("E0172", node.mark, format!("`{key}` is no address of the web: {why}"), cure);
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

/// Whether a parameter, header or field of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    ["token", "secret", "password", "passwd", "apikey", "sandi"].iter().any(|word| name.contains(word))
}

/// Whether a text that stands under this name is a secret in clear. A path says only where one is found.
fn is_clear(name: &str, text: &str) -> bool {
    let is_path = name.to_ascii_lowercase().replace('-', "_").ends_with("_path") || text.starts_with("$.");
    is_secret_name(name) && !is_path && !text.is_empty()
}

/// The line is not shown: diagnostics end up in logs and tickets.
fn secret(walk: &Walk, mark: Mark, name: &str) {
    let report = walk.origin.report("E0118", mark, format!("`{name}` holds a secret in clear")).hidden();
    walk.push(report.help(
        "name where it stands: {env: NAME}, {file: PATH} or {cmd: \"…\"}; then change the secret, for it has been seen",
    ));
}

/// Reads `read:` in the form of the source's kind.
pub(super) fn read(walk: &Walk, node: &Node, name: &str, at: Mark, kind: &'static str) -> Option<Read> {
    let section = walk.section(node, format!("{name}.read"), at)?;
    let read = match kind {
        "http" => http::read(walk, &section).map(Read::Http),
        "sql" => sql::read(walk, &section).map(Read::Sql),
        "exec" => exec::read(walk, &section).map(Read::Exec),
        "push" => Some(Read::Push(push::read(walk, &section))),
        _ => files::read(walk, &section).map(Read::Files),
    };
    section.foreign(&owners(|(.., read)| *read), kind);
    section.finish();
    read
}

/// Keys with the kinds that they belong to.
fn owners(
    keys: impl Fn(&(&'static str, &'static [&'static str], &'static [&'static str])) -> &'static [&'static str],
) -> Vec<(&'static str, &'static str)> {
    KINDS.iter().flat_map(|kind| keys(kind).iter().map(|key| (*key, kind.0))).collect()
}
