//! `auth:` and `tls:` of kind http.

use super::super::{need_address, secret};
use super::request;
use crate::definition::model::{Auth, KeyPlace, OAuth2, Step, Tls};
use crate::definition::node::{Node, Value};
use crate::definition::reference::Setting;
use crate::definition::report::Mark;
use crate::definition::walk::{Section, Walk};
use crate::json::Path;

/// The ways to identify.
const WAYS: [&str; 5] = ["bearer", "basic", "api_key", "oauth2", "login"];
/// More requests than this are no login.
const MAX_STEPS: usize = 8;

/// Reads `auth:`.
pub(super) fn auth(walk: &Walk, node: &Node, at: Mark, values: &[(String, Setting)]) -> Option<Auth> {
    let section = walk.section(node, "source.auth", at)?;
    let inner = |way: &'static str| {
        let node = section.take(way)?;
        walk.section(node, format!("source.auth.{way}"), section.place(way))
    };
    let bearer = section.take("bearer").and_then(|node| hidden(walk, node, "bearer")).map(Auth::Bearer);
    let basic = inner("basic").and_then(|inner| {
        let user = inner.need("user").and_then(|node| walk.setting(node, "user"));
        let password = inner.need("password").and_then(|node| hidden(walk, node, "password"));
        inner.finish();
        Some(Auth::Basic { user: user?, password: password? })
    });
    let key = inner("api_key").and_then(|inner| api_key(walk, inner));
    let oauth = inner("oauth2").and_then(|inner| oauth2(walk, inner));
    let login = section.take("login").and_then(|node| login(walk, node, section.place("login"), values));
    if WAYS.iter().filter(|way| section.has(way)).count() != 1 {
        walk.cure(
            "E0106",
            at,
            "`auth` names exactly one way to identify",
            "write {bearer: {env: NAME}}, {basic: {user: …, password: {env: NAME}}}, {api_key: …}, {oauth2: …} or {login: …}",
        );
    }
    section.finish();
    bearer.or(basic).or(key).or(oauth).or(login)
}

/// A text here is a secret even when it is the wrong thing, so it is never shown.
fn hidden(walk: &Walk, node: &Node, name: &str) -> Option<Setting> {
    let setting = walk.setting(node, name)?;
    if setting.plain().is_some() {
        secret(walk, node.mark, name);
    }
    Some(setting)
}

fn api_key(walk: &Walk, section: Section<'_, '_>) -> Option<Auth> {
    let header = section.take("header").and_then(|node| walk.text(node, "header")).map(KeyPlace::Header);
    let query = section.take("query").and_then(|node| walk.text(node, "query")).map(KeyPlace::Query);
    if section.has("header") == section.has("query") {
        walk.cure(
            "E0106",
            section.mark,
            "`api_key` goes to one place",
            "write {header: X-Api-Key, value: {env: NAME}} or {query: key, value: {env: NAME}}",
        );
    }
    let value = section.need("value").and_then(|node| hidden(walk, node, "value"));
    section.finish();
    Some(Auth::ApiKey { place: header.or(query)?, value: value? })
}

fn oauth2(walk: &Walk, section: Section<'_, '_>) -> Option<Auth> {
    let token_url = need_address(walk, &section, "token_url");
    let client_id = section.need("client_id").and_then(|node| walk.setting(node, "client_id"));
    let secret = |key| section.take(key).and_then(|node| hidden(walk, node, key));
    let (client_secret, refresh_token) = (secret("client_secret"), secret("refresh_token"));
    if !section.has("client_secret") && !section.has("refresh_token") {
        section.need("client_secret");
    }
    let text = |key| section.take(key).and_then(|node| walk.text(node, key));
    let (scope, audience) = (text("scope"), text("audience"));
    let place = section.take("secret_in").and_then(|node| {
        let word = walk.text(node, "secret_in")?;
        if !["header", "body"].contains(&word.as_str()) {
            let report = walk.origin.report("E0108", node.mark, format!("`secret_in` is not `{word}`"));
            walk.push(report.nearest(&word, ["header", "body"]));
        }
        Some(word)
    });
    section.finish();
    let is_in_body = client_secret.is_none() || place.as_deref() == Some("body");
    let oauth = OAuth2 { token_url, client_id: client_id?, client_secret, refresh_token, scope, audience, is_in_body };
    Some(Auth::OAuth2(Box::new(oauth)))
}

/// One step, or a list of them.
fn login(walk: &Walk, node: &Node, at: Mark, values: &[(String, Setting)]) -> Option<Auth> {
    let nodes = if let Value::List(items) = &node.value { items.as_slice() } else { std::slice::from_ref(node) };
    if nodes.is_empty() || nodes.len() > MAX_STEPS {
        walk.cure(
            "E0106",
            at,
            format!("`login` has 1 to {MAX_STEPS} steps, not {}", nodes.len()),
            "write {post: /login, json: {…}, token: path.of.token}",
        );
    }
    let mut steps: Vec<Step> = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        let place = if nodes.len() == 1 { at } else { node.mark };
        let name =
            if nodes.len() == 1 { "source.auth.login".to_owned() } else { format!("source.auth.login.{number}") };
        let Some(section) = walk.section(node, name, place) else { continue };
        let taken = steps.iter().flat_map(|step| step.take.iter().map(|(name, _)| name.as_str()));
        let known: Vec<&str> = taken.chain(values.iter().map(|(name, _)| name.as_str())).collect();
        let step = step(walk, section, &known);
        steps.extend(step);
    }
    (steps.len() == nodes.len()).then_some(Auth::Login(steps))
}

fn step(walk: &Walk, section: Section<'_, '_>, known: &[&str]) -> Option<Step> {
    let mut names = Vec::new();
    let post = section.need("post").and_then(|node| request::path(walk, node, "post", &mut names));
    let headers = section.take("headers").map_or_else(Vec::new, |node| request::headers(walk, node, &mut names));
    let body = request::body(walk, &section, &mut names);
    for (name, mark) in &names {
        request::unknown(walk, name, *mark, known);
    }
    let token = section.take("token").and_then(|node| walk.path(node, "token"));
    let mut take: Vec<(String, Path)> = token.into_iter().map(|path| ("token".to_owned(), path)).collect();
    if let Some(node) = section.take("take") {
        for (name, mark, node) in walk.entries(node, "take") {
            request::free_name(walk, name, *mark);
            take.extend(walk.path(node, name).map(|path| (name.clone(), path)));
        }
    }
    section.finish();
    Some(Step { post: post?, body, headers, take })
}

/// Reads `tls:`.
pub(super) fn tls(walk: &Walk, node: &Node, at: Mark) -> Option<Tls> {
    let section = walk.section(node, "source.tls", at)?;
    let pem = |key| section.take(key).and_then(|node| walk.setting(node, key));
    let (cert, ca) = (pem("cert"), pem("ca"));
    let key = section.take("key").and_then(|node| hidden(walk, node, "key"));
    match (section.has("cert"), section.has("key")) {
        (true, false) => drop(section.need("key")),
        (false, true) => drop(section.need("cert")),
        (false, false) if !section.has("ca") => {
            walk.cure("E0106", at, "`tls` names nothing", "give `cert` and `key`, or `ca`");
        }
        _ => {}
    }
    section.finish();
    Some(Tls { cert, key, ca })
}
