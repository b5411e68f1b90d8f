//! Who we are to a system, and for how long: what its streams share of tokens, cookies and logins.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::Caller;
use super::cookies::Cookies;
use super::login::Step;
use super::oauth::OAuth2;
use super::request::{Names, header};
use super::{base64, login, oauth};
use crate::definition::model::{Auth, KeyPlace};
use crate::definition::template::Filling;
use crate::kind::{Access, OpenError, PullError};

/// How a stream identifies itself, everything resolved.
pub(super) enum Credentials {
    /// Not at all, or by what every request carries alike.
    Fixed { header: Option<(HeaderName, HeaderValue)>, query: Option<(String, Filling)> },
    /// By a token that runs out.
    OAuth2(Box<OAuth2>),
    /// By a session that runs out.
    Login(Vec<Step>),
}

/// The session of a system, shared by its streams.
#[derive(Default)]
pub(super) struct Session(Mutex<Held>);

/// What is held of a session.
#[derive(Default)]
struct Held {
    /// The credentials that it was opened with.
    of: Option<blake3::Hash>,
    /// Counts logins, so that only the first of those who find a session closed closes it.
    number: u64,
    open: Option<Open>,
    /// A refresh token that took the place of the one in the definition.
    refresh: Option<SecretString>,
}

/// An open session.
pub(super) struct Open {
    /// What names in double braces stand for; the token is one of them.
    pub(super) names: Names,
    pub(super) cookies: Cookies,
    /// When it should not be used any more, where that is known.
    pub(super) until: Option<Instant>,
}

/// What one request carries.
pub(super) struct Pass {
    /// The login that it comes from.
    number: u64,
    pub(super) headers: HeaderMap,
    pub(super) names: Names,
}

impl Credentials {
    /// Resolves what the definition says. May block.
    pub(super) fn open(access: &Access, auth: &Auth, base: &str) -> Result<Self, OpenError> {
        let fixed = |name: HeaderName, text: String| {
            let value = header(name.as_str(), &Filling::secret(text)).map_err(|error| OpenError(error.to_string()))?;
            Ok(Self::Fixed { header: Some((name, value)), query: None })
        };
        match auth {
            Auth::None => Ok(Self::Fixed { header: None, query: None }),
            Auth::Bearer(token) => {
                let token = access.resolve("source.auth.bearer", token)?;
                fixed(AUTHORIZATION, format!("Bearer {}", token.expose_secret().trim()))
            }
            Auth::Basic { user, password } => {
                let user = access.resolve("source.auth.basic.user", user)?;
                let password = access.resolve("source.auth.basic.password", password)?;
                fixed(AUTHORIZATION, basic(&user, &password))
            }
            Auth::ApiKey { place, value } => {
                let value = access.resolve("source.auth.api_key.value", value)?;
                let key = value.expose_secret().trim().to_owned();
                match place {
                    KeyPlace::Query(name) => {
                        Ok(Self::Fixed { header: None, query: Some((name.clone(), Filling::secret(key))) })
                    }
                    KeyPlace::Header(name) => {
                        let bad = |_| OpenError(format!("`source.auth.api_key.header` is no header: `{name}`"));
                        fixed(name.parse().map_err(bad)?, key)
                    }
                }
            }
            Auth::OAuth2(oauth) => Ok(Self::OAuth2(Box::new(OAuth2::open(access, oauth)?))),
            Auth::Login(steps) => {
                let open = |step| Step::open(access, step, base);
                Ok(Self::Login(steps.iter().map(open).collect::<Result<_, _>>()?))
            }
        }
    }

    /// Whether a session of theirs can run out and be opened anew.
    pub(super) const fn can_renew(&self) -> bool {
        !matches!(self, Self::Fixed { .. })
    }

    /// The parameter of every request that holds a key.
    pub(super) const fn key(&self) -> Option<&(String, Filling)> {
        if let Self::Fixed { query, .. } = self { query.as_ref() } else { None }
    }

    /// The requests that open a session.
    pub(super) fn plan(&self) -> Vec<String> {
        match self {
            Self::Fixed { .. } => Vec::new(),
            Self::OAuth2(oauth) => vec![format!("POST {}", oauth.shown())],
            Self::Login(steps) => steps.iter().map(|step| format!("POST {}", step.shown())).collect(),
        }
    }

    /// Tells one set of credentials from another.
    fn hash(&self) -> blake3::Hash {
        match self {
            Self::Fixed { .. } => blake3::hash(b""),
            Self::OAuth2(oauth) => oauth.hash(),
            Self::Login(steps) => login::hash(steps),
        }
    }
}

/// The value of `Authorization: Basic`.
pub(super) fn basic(user: &SecretString, password: &SecretString) -> String {
    let pair = format!("{}:{}", user.expose_secret(), password.expose_secret());
    format!("Basic {}", base64::encode(pair.as_bytes()))
}

impl Session {
    /// What a request carries now; logs in when there is no open session.
    pub(super) async fn pass(&self, caller: &Caller, credentials: &Credentials) -> Result<Pass, PullError> {
        if let Credentials::Fixed { header, .. } = credentials {
            let headers = header.iter().cloned().collect();
            return Ok(Pass { number: 0, headers, names: Vec::new() });
        }
        // Whoever logs in holds the lock: the other streams want the same session and wait for it.
        let mut held = self.0.lock().await;
        let of = credentials.hash();
        if held.of != Some(of) {
            *held = Held { of: Some(of), number: held.number, ..Held::default() };
        }
        if held.open.as_ref().is_some_and(|open| open.until.is_some_and(|until| until <= Instant::now())) {
            held.open = None;
        }
        if held.open.is_none() {
            let opened = match credentials {
                Credentials::OAuth2(oauth) => {
                    let (opened, rotated) = oauth::fetch(caller, oauth, held.refresh.as_ref()).await?;
                    if let Some(rotated) = rotated {
                        held.refresh = Some(rotated);
                    }
                    opened
                }
                Credentials::Login(steps) => login::log_in(caller, steps).await?,
                Credentials::Fixed { .. } => return Err(PullError::Config("there is no session to open".to_owned())),
            };
            held.number += 1;
            held.open = Some(opened);
        }
        let Some(open) = &held.open else {
            return Err(PullError::Config("the session was closed".to_owned()));
        };
        let mut headers = HeaderMap::new();
        open.cookies.put(&mut headers)?;
        Ok(Pass { number: held.number, headers, names: open.names.clone() })
    }

    /// The session of this pass is closed: the next request logs in anew.
    pub(super) async fn close(&self, pass: &Pass) {
        let mut held = self.0.lock().await;
        if held.number == pass.number {
            held.open = None;
        }
    }

    /// Keeps the cookies of an answer: some servers exchange them while a session lasts.
    pub(super) async fn keep(&self, pass: &Pass, answer: &HeaderMap) {
        let mut held = self.0.lock().await;
        if held.number == pass.number
            && let Some(open) = &mut held.open
        {
            open.cookies.take(answer);
        }
    }
}

/// How long a token is used: until shortly before it ends.
pub(super) fn until(lives: Option<Duration>) -> Option<Instant> {
    let lives = lives?;
    Instant::now().checked_add(lives.saturating_sub((lives / 10).min(Duration::from_mins(1))))
}
