//! OAuth2: a token for client credentials, or for a refresh token (RFC 6749).

use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::client::{Answer, Caller};
use super::cookies::Cookies;
use super::request::{Posted, Request, Value, masked};
use super::session::{self, Open, basic};
use super::{limits, web_address};
use crate::definition::template::{Filling, Template};
use crate::definition::{Setting, model};
use crate::json::Json;
use crate::kind::{Access, OpenError, PullError};

/// What a token is asked for with.
pub(super) struct OAuth2 {
    token_url: Url,
    client_id: SecretString,
    client_secret: Option<SecretString>,
    refresh_token: Option<SecretString>,
    scope: Option<String>,
    audience: Option<String>,
    is_in_body: bool,
}

impl OAuth2 {
    /// Resolves what the definition says. May block.
    pub(super) fn open(access: &Access, oauth: &model::OAuth2) -> Result<Self, OpenError> {
        let resolve = |what: &str, setting: &Setting| access.resolve(&format!("source.auth.oauth2.{what}"), setting);
        let token_url = resolve("token_url", &oauth.token_url)?;
        let secret = |what: &str, setting: &Option<Setting>| match setting {
            Some(setting) => resolve(what, setting).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            token_url: web_address(token_url.expose_secret(), "source.auth.oauth2.token_url")?,
            client_id: resolve("client_id", &oauth.client_id)?,
            client_secret: secret("client_secret", &oauth.client_secret)?,
            refresh_token: secret("refresh_token", &oauth.refresh_token)?,
            scope: oauth.scope.clone(),
            audience: oauth.audience.clone(),
            is_in_body: oauth.is_in_body,
        })
    }

    /// Where tokens come from.
    pub(super) fn shown(&self) -> String {
        masked(&self.token_url, &[]).to_string()
    }

    /// Tells these credentials from others.
    pub(super) fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.token_url.as_str().as_bytes());
        for secret in [Some(&self.client_id), self.client_secret.as_ref(), self.refresh_token.as_ref()] {
            hasher.update(b"\0");
            hasher.update(secret.map_or("", |secret| secret.expose_secret()).as_bytes());
        }
        hasher.finalize()
    }

    /// The request for a token. `rotated` is the refresh token that the server gave last.
    fn request(&self, rotated: Option<&SecretString>) -> Request {
        let text = |text: &str| Value::Secret(text.to_owned().into());
        let mut form: Vec<(String, Value)> = Vec::new();
        let mut add = |name: &str, value| form.push((name.to_owned(), value));
        match rotated.or(self.refresh_token.as_ref()) {
            Some(token) => {
                add("grant_type", text("refresh_token"));
                add("refresh_token", Value::Secret(token.clone()));
            }
            None => add("grant_type", text("client_credentials")),
        }
        for (name, value) in [("scope", &self.scope), ("audience", &self.audience)] {
            if let Some(value) = value {
                add(name, text(value));
            }
        }
        let mut headers = Vec::new();
        match &self.client_secret {
            Some(secret) if !self.is_in_body => {
                headers.push((AUTHORIZATION, Value::Secret(basic(&self.client_id, secret).into())));
            }
            secret => {
                add("client_id", Value::Secret(self.client_id.clone()));
                if let Some(secret) = secret {
                    add("client_secret", Value::Secret(secret.clone()));
                }
            }
        }
        Request {
            method: Method::POST,
            base: self.token_url.to_string().into(),
            path: Template::new(""),
            accept: "application/json",
            query: Vec::new(),
            hidden: Vec::new(),
            headers,
            body: Some(Posted::Form(form)),
        }
    }
}

/// Asks for a token; also the refresh token that takes the place of the one that was used.
pub(super) async fn fetch(
    caller: &Caller,
    oauth: &OAuth2,
    rotated: Option<&SecretString>,
) -> Result<(Open, Option<SecretString>), PullError> {
    let prepared = oauth.request(rotated).prepare(&Vec::new(), &[], None)?;
    let answer = caller.send(prepared).await?;
    let json = Json::parse(&answer.body).ok();
    let text = |name: &str| json.as_ref().and_then(|json| json.step(name)).and_then(Json::as_text);
    accept(&answer, text("error"))?;
    let Some(token) = text("access_token").filter(|token| !token.is_empty()) else {
        let why = format!("{} answered {} without `access_token`", answer.shown, answer.status);
        return Err(PullError::Failed { code: "E0221", why });
    };
    let lives = text("expires_in").and_then(|seconds| seconds.parse::<f64>().ok());
    let lives = lives.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let names = vec![("token".to_owned(), Filling::secret(token))];
    let opened = Open { names, cookies: Cookies::default(), until: session::until(lives) };
    let rotated = text("refresh_token").filter(|_| oauth.refresh_token.is_some()).map(|token| token.to_owned().into());
    Ok((opened, rotated))
}

/// Whether the answer to a login may hold what was asked for.
pub(super) fn accept(answer: &Answer, error: Option<&str>) -> Result<(), PullError> {
    // Codes of RFC 6749 are words; anything else may hold what nobody should read.
    let error = error.filter(|error| error.len() < 60 && error.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    let said = format!(
        "{} answered {}{}",
        answer.shown,
        answer.status,
        error.map_or(String::new(), |error| format!(" ({error})"))
    );
    match answer.status {
        200..=299 => Ok(()),
        400 | 401 | 403 | 422 => {
            Err(PullError::Denied(format!("{said}: check user, password, id and secret of `source.auth`")))
        }
        408 | 425 | 429 | 500..=599 => Err(PullError::Retry { after: limits::retry_after(&answer.headers), why: said }),
        _ => Err(PullError::Failed { code: "E0221", why: format!("{said}: no login") }),
    }
}
