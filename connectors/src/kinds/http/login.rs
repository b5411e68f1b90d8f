//! Logging in by requests of its own: a form or JSON, a token or cookies, in one step or several.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};

use super::client::Caller;
use super::cookies::Cookies;
use super::oauth::accept;
use super::request;
use super::request::{Posted, Request, headers};
use super::session::Open;
use crate::definition::model;
use crate::definition::template::{Filling, Template};
use crate::json::{Json, Path};
use crate::kind::{Access, OpenError, PullError};

/// One request of a login.
pub(super) struct Step {
    request: Request,
    take: Vec<(String, Path)>,
    /// Its address as it is shown.
    shown: String,
    /// Tells this step from another, its secrets included.
    mark: SecretString,
}

impl Step {
    /// Resolves what the definition says. May block.
    pub(super) fn open(access: &Access, step: &model::Step, base: &str) -> Result<Self, OpenError> {
        let body = step.body.as_ref().map(|body| Posted::open(access, "source.auth.login", body)).transpose()?;
        let request = Request {
            method: Method::POST,
            base: base.to_owned().into(),
            path: Template::new(&step.post),
            accept: "application/json, text/html;q=0.5, */*;q=0.1",
            query: Vec::new(),
            hidden: Vec::new(),
            headers: headers(access, "source.auth.login.headers", &step.headers)?,
            body,
        };
        let names = Vec::new();
        let prepared = request.prepare(&names, &[], None).map_err(|error| OpenError(error.to_string()))?;
        let mark = format!("{} {}", prepared.url, prepared.body.unwrap_or_default());
        Ok(Self { request, take: step.take.clone(), shown: prepared.shown, mark: mark.into() })
    }

    /// Its address.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }
}

/// Tells these credentials from others.
pub(super) fn hash(steps: &[Step]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for step in steps {
        hasher.update(step.mark.expose_secret().as_bytes());
        hasher.update(b"\0");
    }
    hasher.finalize()
}

/// Goes through the steps.
pub(super) async fn log_in(caller: &Caller, steps: &[Step]) -> Result<Open, PullError> {
    let (mut names, mut cookies) = (request::Names::new(), Cookies::default());
    let mut at = String::new();
    for step in steps {
        let known = caller.values.iter().chain(&names).cloned().collect();
        let mut prepared = step.request.prepare(&known, &[], None)?;
        at.clone_from(&prepared.shown);
        cookies.put(&mut prepared.headers)?;
        let answer = caller.send(prepared).await?;
        cookies.take(&answer.headers);
        // A form that let us in sends a browser on to its first page, which has nothing for us.
        if !(step.take.is_empty() && (300..400).contains(&answer.status)) {
            accept(&answer, None)?;
        }
        let json = if step.take.is_empty() { None } else { Json::parse(&answer.body).ok() };
        for (name, path) in &step.take {
            let found = json.as_ref().and_then(|json| json.get(path)).and_then(Json::as_text);
            let Some(text) = found.filter(|text| !text.is_empty()) else {
                let why = format!("{} answered {} without `{path}`", answer.shown, answer.status);
                return Err(PullError::Failed { code: "E0221", why });
            };
            names.push((name.clone(), Filling::secret(text)));
        }
    }
    if names.is_empty() && cookies.is_empty() {
        let why = format!("the login at {at} gave neither a token nor a cookie");
        return Err(PullError::Failed { code: "E0221", why });
    }
    Ok(Open { names, cookies, until: None })
}
