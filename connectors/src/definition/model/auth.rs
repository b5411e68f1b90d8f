//! `auth:` and `tls:` – how an HTTP source is told who asks.

use super::http::Body;
use crate::definition::reference::Setting;
use crate::json::Path;

/// How an HTTP source is told who asks.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer …`.
    Bearer(Setting),
    /// `Authorization: Basic …`.
    Basic {
        /// Name of the user.
        user: Setting,
        /// Password, always a reference.
        password: Setting,
    },
    /// A key in a header or a query parameter.
    ApiKey {
        /// Where it goes.
        place: KeyPlace,
        /// The key, always a reference.
        value: Setting,
    },
    /// A token of an OAuth2 server.
    OAuth2(Box<OAuth2>),
    /// A session that is opened by requests of its own.
    Login(Vec<Step>),
}

/// Where an API key goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// The header of this name.
    Header(String),
    /// The query parameter of this name.
    Query(String),
}

/// `oauth2:` – client credentials, or a refresh token where there is one.
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// Where tokens are handed out.
    pub token_url: Setting,
    /// Who we are.
    pub client_id: Setting,
    /// How we prove it, always a reference.
    pub client_secret: Option<Setting>,
    /// What a person's consent left us, always a reference.
    pub refresh_token: Option<Setting>,
    /// What the token should allow.
    pub scope: Option<String>,
    /// Whom the token should be for.
    pub audience: Option<String>,
    /// Whether id and secret go into the body instead of `Authorization: Basic`.
    pub is_in_body: bool,
}

/// One request of a login.
#[derive(Debug, Clone)]
pub struct Step {
    /// Path below the base URL that it is posted to.
    pub post: String,
    /// What is posted.
    pub body: Option<Body>,
    /// Headers of this request alone.
    pub headers: Vec<(String, Setting)>,
    /// What is taken from the answer, by the name that later requests have for it; `token` is one of them.
    pub take: Vec<(String, Path)>,
}

/// `tls:` – how the two sides prove who they are below HTTP.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Our certificate and its chain, PEM.
    pub cert: Option<Setting>,
    /// Its private key, PEM.
    pub key: Option<Setting>,
    /// An authority that is trusted beside those of the machine, PEM.
    pub ca: Option<Setting>,
}

impl Auth {
    /// Every text that may be a reference.
    pub(super) fn settings(&self) -> Vec<&Setting> {
        match self {
            Self::None => Vec::new(),
            Self::Bearer(value) | Self::ApiKey { value, .. } => vec![value],
            Self::Basic { user, password } => vec![user, password],
            Self::OAuth2(oauth) => {
                let more = oauth.client_secret.iter().chain(&oauth.refresh_token);
                [&oauth.token_url, &oauth.client_id].into_iter().chain(more).collect()
            }
            Self::Login(steps) => steps.iter().flat_map(Step::settings).collect(),
        }
    }
}

impl Step {
    fn settings(&self) -> Vec<&Setting> {
        let headers = self.headers.iter().map(|(_, value)| value);
        headers.chain(self.body.iter().flat_map(Body::settings)).collect()
    }
}

impl Tls {
    /// Every text that may be a reference.
    pub(super) fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.cert.iter().chain(&self.key).chain(&self.ca)
    }
}
