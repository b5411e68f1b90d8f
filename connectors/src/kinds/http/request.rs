//! A request, from what the definition says and what is known when it goes out.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

use crate::definition::Setting;
use crate::definition::is_secret_name;
use crate::definition::model::{Body, Part};
use crate::definition::template::{Filling, Template};
use crate::json::Json;
use crate::kind::{Access, OpenError, PullError};

use super::address;

/// What stands behind the names in double braces.
pub(super) type Names = Vec<(String, Filling)>;

/// A text with names, or a value that stands elsewhere and is never shown.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Template),
    Secret(SecretString),
}

/// What is posted.
#[derive(Debug, Clone)]
pub(super) enum Posted {
    Json(Piece),
    Form(Vec<(String, Value)>),
    Xml(Template),
}

/// A part of a JSON body.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Fixed(Json),
    Value(Value),
    List(Vec<Piece>),
    Object(Vec<(String, Piece)>),
}

/// A request with everything resolved that stands elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) base: SecretString,
    pub(super) path: Template,
    pub(super) accept: &'static str,
    pub(super) query: Vec<(String, Value)>,
    /// Parameters whose values are not shown in a link of the source either.
    pub(super) hidden: Vec<String>,
    pub(super) headers: Vec<(HeaderName, Value)>,
    pub(super) body: Option<Posted>,
}

/// A request that can go out.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
    /// How it is shown: without secrets.
    pub(super) shown: String,
}

impl Value {
    /// Resolves a setting. May block.
    pub(super) fn open(access: &Access, what: &str, setting: &Setting) -> Result<Self, OpenError> {
        match setting.plain() {
            Some(text) => Ok(Self::Text(Template::new(text))),
            None => access.resolve(what, setting).map(Self::Secret),
        }
    }

    /// What it is now; `None` when a name in it has no value.
    pub(super) fn fill(&self, names: &Names) -> Option<Filling> {
        match self {
            Self::Text(template) => template.fill(|name| find(names, name)),
            Self::Secret(secret) => Some(Filling::secret(secret.expose_secret())),
        }
    }

    fn uses(&self, wanted: &str) -> bool {
        matches!(self, Self::Text(template) if template.names().any(|name| name == wanted))
    }
}

/// The value of a name.
pub(super) fn find<'n>(names: &'n Names, wanted: &str) -> Option<&'n Filling> {
    names.iter().rev().find(|(name, _)| name == wanted).map(|(_, filling)| filling)
}

/// Resolves a list of named settings. May block.
pub(super) fn open(
    access: &Access,
    what: &str,
    settings: &[(String, Setting)],
) -> Result<Vec<(String, Value)>, OpenError> {
    let resolve = |(name, setting): &(String, Setting)| {
        Ok((name.clone(), Value::open(access, &format!("{what}.{name}"), setting)?))
    };
    settings.iter().map(resolve).collect()
}

/// Resolves headers. May block.
pub(super) fn headers(
    access: &Access,
    what: &str,
    settings: &[(String, Setting)],
) -> Result<Vec<(HeaderName, Value)>, OpenError> {
    let named = |(name, value): (String, Value)| {
        let name = name.parse().map_err(|_| OpenError(format!("`{what}` names a header `{name}`, which is none")))?;
        Ok((name, value))
    };
    open(access, what, settings)?.into_iter().map(named).collect()
}

impl Posted {
    /// Resolves a body. May block.
    pub(super) fn open(access: &Access, what: &str, body: &Body) -> Result<Self, OpenError> {
        Ok(match body {
            Body::Form(fields) => Self::Form(open(access, what, fields)?),
            Body::Json(part) => Self::Json(Piece::open(access, what, part)?),
            Body::Xml(text) => Self::Xml(Template::new(text)),
        })
    }

    const fn media(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json",
            Self::Form(_) => "application/x-www-form-urlencoded",
            Self::Xml(_) => "text/xml; charset=utf-8",
        }
    }

    /// The body's text. What has no value is left out; an envelope of XML cannot leave anything out.
    fn fill(&self, names: &Names) -> String {
        match self {
            Self::Json(piece) => piece.fill(names).unwrap_or(Json::Null).to_text(),
            Self::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields {
                    if let Some(filled) = value.fill(names) {
                        form.append_pair(name, &filled.text);
                    }
                }
                form.finish()
            }
            Self::Xml(template) => {
                let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let escaped: Names = template
                    .names()
                    .map(|name| {
                        let text = find(names, name).map_or_else(String::new, |filling| escape(&filling.text));
                        (name.to_owned(), Filling::secret(text))
                    })
                    .collect();
                template.fill(|name| find(&escaped, name)).map_or_else(String::new, |filled| filled.text)
            }
        }
    }

    fn uses(&self, wanted: &str) -> bool {
        match self {
            Self::Json(piece) => piece.uses(wanted),
            Self::Form(fields) => fields.iter().any(|(_, value)| value.uses(wanted)),
            Self::Xml(template) => template.names().any(|name| name == wanted),
        }
    }
}

impl Piece {
    fn open(access: &Access, what: &str, part: &Part) -> Result<Self, OpenError> {
        Ok(match part {
            Part::Value(json) => Self::Fixed(json.clone()),
            Part::Text(setting) => Self::Value(Value::open(access, what, setting)?),
            Part::List(items) => {
                Self::List(items.iter().map(|item| Self::open(access, what, item)).collect::<Result<_, _>>()?)
            }
            Part::Object(members) => {
                let open = |(name, part): &(String, Part)| {
                    Ok((name.clone(), Self::open(access, &format!("{what}.{name}"), part)?))
                };
                Self::Object(members.iter().map(open).collect::<Result<_, OpenError>>()?)
            }
        })
    }

    fn fill(&self, names: &Names) -> Option<Json> {
        Some(match self {
            Self::Fixed(json) => json.clone(),
            Self::Value(value) => match value.fill(names)? {
                Filling { text, is_number: true, .. } => Json::Number(text.into()),
                Filling { text, .. } => Json::Text(text.into()),
            },
            Self::List(items) => Json::List(items.iter().filter_map(|item| item.fill(names)).collect()),
            Self::Object(members) => {
                let filled =
                    members.iter().filter_map(|(name, piece)| Some((name.as_str().into(), piece.fill(names)?)));
                Json::Object(filled.collect())
            }
        })
    }

    fn uses(&self, wanted: &str) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Value(value) => value.uses(wanted),
            Self::List(items) => items.iter().any(|item| item.uses(wanted)),
            Self::Object(members) => members.iter().any(|(_, piece)| piece.uses(wanted)),
        }
    }
}

impl Request {
    /// Whether it holds a name anywhere.
    pub(super) fn uses(&self, wanted: &str) -> bool {
        let beside = self.query.iter().map(|(_, value)| value).chain(self.headers.iter().map(|(_, value)| value));
        beside.into_iter().any(|value| value.uses(wanted))
            || self.path.names().any(|name| name == wanted)
            || self.body.as_ref().is_some_and(|body| body.uses(wanted))
    }

    /// The address, its names filled in; what has no value is left out, and so are secrets when it is shown.
    fn address(&self, names: &Names, is_shown: bool) -> Result<Url, PullError> {
        let escape = |text: &str| text.replace('%', "%25").replace('/', "%2F").replace('?', "%3F").replace('#', "%23");
        let escaped: Names = self
            .path
            .names()
            .map(|name| {
                let text = match find(names, name) {
                    Some(filling) if filling.is_secret && is_shown => "***".to_owned(),
                    Some(filling) => escape(&filling.text),
                    None => String::new(),
                };
                (name.to_owned(), Filling::plain(text))
            })
            .collect();
        let path = self.path.fill(|name| find(&escaped, name)).map_or_else(String::new, |filled| filled.text);
        address(self.base.expose_secret(), &path).map_err(|error| PullError::Config(error.0))
    }

    /// Fills it in. `more` are further parameters; a `link` that the source gave says all parameters itself.
    pub(super) fn prepare(
        &self,
        names: &Names,
        more: &[(String, Filling)],
        link: Option<&Url>,
    ) -> Result<Prepared, PullError> {
        let (mut url, shown) = match link {
            Some(link) => (link.clone(), link.clone()),
            None => (self.address(names, false)?, self.address(names, true)?),
        };
        let mut shown = masked(&shown, &self.hidden);
        let mut add = |name: &str, filled: &Filling| {
            url.query_pairs_mut().append_pair(name, &filled.text);
            shown.query_pairs_mut().append_pair(name, if filled.is_secret { "***" } else { &filled.text });
        };
        if link.is_none() {
            for (name, value) in &self.query {
                if let Some(filled) = value.fill(names) {
                    add(name, &filled);
                }
            }
        }
        for (name, filled) in more {
            add(name, filled);
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(self.accept));
        if let Some(body) = &self.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(body.media()));
        }
        for (name, value) in &self.headers {
            if let Some(filled) = value.fill(names) {
                headers.insert(name.clone(), header(name.as_str(), &filled)?);
            }
        }
        let mut shown = hide(shown.to_string(), names);
        if let Some(body) = &self.body {
            // Pages that differ in their bodies alone are told apart too.
            for name in ["page", "offset", "next"].into_iter().filter(|name| body.uses(name)) {
                if let Some(filled) = find(names, name) {
                    shown = format!("{shown} {name}={}", filled.text);
                }
            }
        }
        let body = self.body.as_ref().map(|body| body.fill(names));
        Ok(Prepared { method: self.method.clone(), url, headers, body, shown })
    }
}

/// Secrets that found their way into an address are not shown.
fn hide(mut shown: String, names: &Names) -> String {
    // A shorter text is no secret, and may well stand elsewhere in the address.
    for (_, filling) in names.iter().filter(|(_, filling)| filling.is_secret && filling.text.len() >= 4) {
        shown = shown.replace(&filling.text, "***");
    }
    shown
}

/// The value of a header.
pub(super) fn header(name: &str, filled: &Filling) -> Result<HeaderValue, PullError> {
    let mut value = HeaderValue::from_str(filled.text.trim()).map_err(|_| {
        PullError::Config(format!("the header `{name}` would hold a character that no HTTP header may hold"))
    })?;
    value.set_sensitive(filled.is_secret);
    Ok(value)
}

/// An address as it may be shown: user and password are for the server alone, and so are the parameters of these names
/// and of names that speak of secrets.
pub(super) fn masked(url: &Url, hidden: &[String]) -> Url {
    let mut shown = url.clone();
    let _ = shown.set_username("").and_then(|()| shown.set_password(None));
    let is_secret = |name: &str| hidden.iter().any(|known| known == name) || is_secret_name(name);
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let pairs = url.query_pairs().map(|(name, value)| {
            let value = if is_secret(&name) { "***".into() } else { value };
            (name, value)
        });
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        shown.set_query(Some(&query));
    }
    shown
}
