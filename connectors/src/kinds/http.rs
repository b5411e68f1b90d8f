//! `kind: http` – lists of JSON behind a URL.
//!
//! One pull is one request. Whatever is not plainly a page of the list is an error: a login page, an empty body or a
//! "Too Many Requests" with status 200 must never look like the end of the data.

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};

use muara_schemas::Clock;

use crate::definition::model::{Auth, HttpRead, Read};
use crate::definition::{Setting, SourceSpec, Stream};
use crate::kind::{Access, Cursor, Kind, OpenError, Page, PullError, Source};

mod base64;
mod body;
mod paging;
#[cfg(test)]
mod tests;

use paging::Pager;

/// The largest answer that is taken, after decompression.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// What we call ourselves.
const AGENT: &str = concat!("muara/", env!("CARGO_PKG_VERSION"));

/// The kind `http`.
pub(super) struct Http;

/// One stream's list, open for one run.
struct List {
    client: Client,
    timeout: Duration,
    authorization: Option<HeaderValue>,
    url: Url,
    /// The parameters of every request; those that stand elsewhere are not shown.
    query: Vec<(String, SecretString, bool)>,
    /// The parameter that takes the cursor's value, and that value.
    since: (Option<String>, Option<String>),
    too_busy: Vec<String>,
    records: crate::json::Path,
    pager: Pager,
}

impl Kind for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError> {
        let (SourceSpec::Http(source), Read::Http(HttpRead { get, records, query })) = (&*access.source, &stream.read)
        else {
            return Err(OpenError("the stream is not one of kind http".to_owned()));
        };
        let client =
            access.shared(|| client().map_err(|error| OpenError(format!("could not set up HTTP: {error}"))))?;
        let base = access.resolve("source.base_url", &source.base_url)?;
        let url = address(base.expose_secret(), get)?;
        let authorization = match &source.auth {
            Auth::None => None,
            Auth::Bearer(token) => {
                let token = access.resolve("source.auth.bearer", token)?;
                Some(header(&format!("Bearer {}", token.expose_secret().trim()))?)
            }
            Auth::Basic { user, password } => {
                let user = access.resolve("source.auth.basic.user", user)?;
                let password = access.resolve("source.auth.basic.password", password)?;
                let pair = format!("{}:{}", user.expose_secret(), password.expose_secret());
                Some(header(&format!("Basic {}", base64::encode(pair.as_bytes())))?)
            }
        };
        let resolve = |(name, value): &(String, Setting)| {
            Ok((name.clone(), access.resolve(&format!("read.query.{name}"), value)?, value.plain().is_some()))
        };
        Ok(Box::new(List {
            client: (*client).clone(),
            timeout: source.timeout,
            authorization,
            url,
            query: query.iter().map(resolve).collect::<Result<_, OpenError>>()?,
            since: (stream.cursor.as_ref().and_then(|cursor| cursor.param.clone()), None),
            too_busy: source.too_busy.clone(),
            records: records.clone(),
            pager: Pager::new(stream.page.clone()),
        }))
    }
}

#[async_trait]
impl Source for List {
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, PullError> {
        let at = match cursor {
            Cursor::Start { from, .. } => {
                self.since.1.clone_from(from);
                self.pager.start();
                None
            }
            Cursor::At(at) => Some(at.as_str()),
        };
        let (url, shown) = self.request(at);
        let (headers, body) = self.fetch(url, &shown).await?;
        let found = body::read(&body, &self.records, &self.pager, &shown)?;
        self.pager.page(at, &shown, &headers, found, &self.records)
    }

    fn plan(&mut self, from: Option<&str>) -> Vec<String> {
        self.since.1 = from.map(str::to_owned);
        self.pager.start();
        vec![format!("GET {}", self.request(None).1)]
    }
}

impl List {
    /// The URL of a page, and how it is shown: without secrets.
    fn request(&self, at: Option<&str>) -> (Url, String) {
        let (mut url, mut shown) = (self.url.clone(), self.url.clone());
        // What the address says of user and password is for the server alone.
        let _ = shown.set_username("").and_then(|()| shown.set_password(None));
        let mut add = |name: &str, value: &str, plain: bool| {
            url.query_pairs_mut().append_pair(name, value);
            shown.query_pairs_mut().append_pair(name, if plain { value } else { "***" });
        };
        for (name, value, plain) in &self.query {
            add(name, value.expose_secret(), *plain);
        }
        if let (Some(param), Some(since)) = &self.since {
            add(param, since, true);
        }
        for (name, value) in self.pager.query(at) {
            add(&name, &value, true);
        }
        (url, shown.to_string())
    }

    /// The answer to one request, when it is one.
    async fn fetch(&self, url: Url, shown: &str) -> Result<(HeaderMap, Vec<u8>), PullError> {
        let mut request = self.client.get(url).timeout(self.timeout).header(ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let failed = |error: reqwest::Error| {
            PullError::retry(format!("could not get {shown}: {}", causes(&error.without_url())))
        };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                let why =
                    format!("{shown} answered with more than {} MiB; ask for smaller pages", MAX_BODY_BYTES >> 20);
                return Err(PullError::Config(why));
            }
            body.extend_from_slice(&chunk);
        }
        self.check(status, &headers, &body, shown)?;
        Ok((headers, body))
    }

    /// Whether an answer may be a page at all.
    fn check(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], shown: &str) -> Result<(), PullError> {
        let text = String::from_utf8_lossy(&body[..body.len().min(4_096)]);
        let after = retry_after(headers);
        let said = format!("{shown} answered {status}");
        match status.as_u16() {
            200..=299 => {}
            401 | 403 => {
                return Err(PullError::Denied(format!("{said}: check user, password or token, and what they may see")));
            }
            408 | 425 | 429 | 500..=599 => return Err(PullError::Retry { after, why: said }),
            300..=399 => {
                let to = headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
                let to = to.split('?').next().unwrap_or(to);
                return Err(PullError::Config(format!(
                    "{said}, a redirect to {to}, which is not followed: correct the address"
                )));
            }
            _ => return Err(PullError::Config(format!("{said}: correct address and parameters"))),
        }
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        // A page of data may well hold such words in a text; an answer that means busy is short.
        let short = body.len() <= 1_024;
        if short && self.too_busy.iter().any(|busy| trimmed.contains(busy.as_str())) {
            return Err(PullError::Retry { after, why: format!("{said}, but its body says that it is busy") });
        }
        if trimmed.is_empty() {
            return Err(PullError::malformed(format!("{said} with an empty body"), ""));
        }
        let html =
            headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.contains("html"));
        if trimmed.starts_with('<') || html {
            return Err(PullError::malformed(
                format!("{said} with a web page instead of JSON; is the login still valid?"),
                trimmed,
            ));
        }
        Ok(())
    }
}

fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(AGENT)
        // Following a redirect would carry the token elsewhere, and hide that the address is wrong.
        .redirect(reqwest::redirect::Policy::none())
        // The runner retries, and nobody else.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT)
        .build()
}

fn address(base: &str, get: &str) -> Result<Url, OpenError> {
    let joined = if get.is_empty() {
        base.to_owned()
    } else {
        format!("{}/{}", base.trim_end_matches('/'), get.trim_start_matches('/'))
    };
    let url = Url::parse(&joined)
        .map_err(|error| OpenError(format!("`source.base_url` and `read.get` make no address: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(OpenError(format!("`source.base_url` has the scheme `{other}`, only http and https are known"))),
    }
}

fn header(text: &str) -> Result<HeaderValue, OpenError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| OpenError("`source.auth` holds a character that no HTTP header may hold".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Seconds, or a date as RFC 9110 has it.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    // The source's own date is the one that its Retry-After is meant against.
    let date = headers.get("date").and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok());
    let now = date.map_or_else(|| Clock::system().now().micros(), |date| date.timestamp().as_microsecond());
    Some(Duration::from_micros(u64::try_from(at.as_microsecond() - now).ok()?))
}

/// An error with everything that caused it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, ": {error}").expect("a text takes what is written");
        cause = error.source();
    }
    text
}
