//! `source:` and `read:` of kind http.

use std::time::Duration;

use super::{is_secret_name, need_setting, secret};
use crate::definition::model::{Auth, Budget, Http, HttpRead, Retry};
use crate::definition::node::{Node, Value};
use crate::definition::reference::Setting;
use crate::definition::report::Mark;
use crate::definition::walk::{Section, Walk};
use crate::json::Path;

/// Keys of `source:` and of `read:`.
pub(super) const SOURCE: &[&str] = &["base_url", "auth", "timeout", "budget", "retry", "too_busy"];
pub(super) const READ: &[&str] = &["get", "records", "query"];

/// Reads the keys of `source:`.
pub(super) fn source(walk: &Walk, section: &Section<'_, '_>) -> Http {
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

/// Reads the keys of `read:`.
pub(super) fn read(walk: &Walk, section: &Section<'_, '_>) -> Option<HttpRead> {
    let get = section.need("get").and_then(|node| walk.text(node, "get").map(|get| (get, node.mark)));
    if let Some((get, mark)) = &get
        && (get.contains("://") || get.starts_with("//"))
    {
        walk.cure("E0125", *mark, "`get` names a host of its own", "give the path below `base_url`");
    }
    // The empty text is the body itself.
    let records = section.need("records").and_then(|node| match &node.value {
        Value::Scalar(text, _) => Some(Path::new(text)),
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
    get.zip(records).map(|((get, _), records)| HttpRead { get, records, query })
}
