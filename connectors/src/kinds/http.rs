//! `kind: http` – lists of JSON, CSV or XML behind a URL.
//!
//! One pull is one request, and where a session has to be opened for it, those of the login. Whatever is not plainly a
//! page of the list is an error: a login page, an empty body or a "Too Many Requests" with status 200 must never look
//! like the end of the data.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use url::Url;

use crate::definition::model::{AnswerRule, Auth, KeyPlace, Read};
use crate::definition::template::{Filling, Template};
use crate::definition::{SourceSpec, Stream};
use crate::kind::{Access, Cursor, Kind, OpenError, Page, PullError, Rest, Source};

mod base64;
mod body;
mod client;
mod cookies;
mod limits;
mod link;
mod login;
mod oauth;
mod paging;
mod request;
mod session;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use body::member;

use body::Reading;
use client::{Answer, Caller, Shared};
use paging::Pager;
use request::{Names, Posted, Prepared, Request, Value};
use session::{Credentials, Pass, Session};
use verdict::{Verdict, judge};

/// The kind `http`.
pub(super) struct Http;

/// What all streams of a system share.
#[derive(Default)]
struct Together {
    client: Shared,
    session: Session,
}

/// One stream's list, open for one run.
struct List {
    together: Arc<Together>,
    caller: Caller,
    /// Links lead nowhere else.
    base: Url,
    credentials: Credentials,
    request: Request,
    /// Whether a token goes into `Authorization`, for nothing names another place.
    is_bearer: bool,
    /// The parameter that takes the cursor's value, and that value.
    since: (Option<String>, Option<String>),
    rules: Vec<AnswerRule>,
    reading: Reading,
    pager: Pager,
    rest: Arc<Rest>,
}

/// What came of one request.
enum Asked {
    Page(Answer),
    Empty(String),
    /// Logging in anew may help.
    LoggedOut(Pass, String),
}

impl Kind for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError> {
        let (SourceSpec::Http(source), Read::Http(read)) = (&*access.source, &stream.read) else {
            return Err(OpenError("the stream is not one of kind http".to_owned()));
        };
        let together = access.shared(|| Ok(Together::default()))?;
        let client = together.client.client(access, source.tls.as_ref())?;
        let base = access.resolve("source.base_url", &source.base_url)?;
        let reading = Reading::new(read, stream.needed());
        let mut headers = request::headers(access, "source.headers", &source.headers)?;
        headers.extend(request::headers(access, "read.headers", &read.headers)?);
        let query = request::open(access, "read.query", &read.query)?;
        let key = match &source.auth {
            Auth::ApiKey { place: KeyPlace::Query(name), .. } => Some(name),
            _ => None,
        };
        let secret = query.iter().filter(|(_, value)| matches!(value, Value::Secret(_))).map(|(name, _)| name);
        let values = request::open(access, "source.values", &source.values)?;
        let values = values.into_iter().filter_map(|(name, value)| Some((name, value.fill(&Vec::new())?))).collect();
        let origin = address(base.expose_secret(), "")?;
        let request = Request {
            hidden: secret.chain(key).cloned().collect(),
            method: if read.is_post { Method::POST } else { Method::GET },
            path: Template::new(&read.path),
            accept: reading.accept(),
            query,
            base: base.clone(),
            headers,
            body: read.body.as_ref().map(|body| Posted::open(access, "read", body)).transpose()?,
        };
        Ok(Box::new(List {
            credentials: Credentials::open(access, &source.auth, base.expose_secret())?,
            together,
            caller: Caller { client, timeout: source.timeout, values },
            base: origin,
            is_bearer: !request.uses("token"),
            request,
            since: (stream.cursor.as_ref().and_then(|cursor| cursor.param.clone()), None),
            rules: source.rules.clone(),
            reading,
            pager: Pager::new(stream.page.clone()),
            rest: access.rest.clone(),
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
        let mut asked = self.ask(at).await?;
        if let Asked::LoggedOut(pass, _) = &asked
            && self.credentials.can_renew()
        {
            self.together.session.close(pass).await;
            asked = self.ask(at).await?;
        }
        match asked {
            Asked::Page(answer) => {
                let found = self.reading.read(&answer, &self.pager)?;
                self.pager.page(at, &answer, found, (&self.base, &self.reading.records))
            }
            Asked::Empty(shown) => Ok(Pager::nothing(&shown, &self.reading.records)),
            Asked::LoggedOut(pass, why) => {
                self.together.session.close(&pass).await;
                Err(PullError::Denied(why))
            }
        }
    }

    fn plan(&mut self, from: Option<&str>) -> Vec<String> {
        self.since.1 = from.map(str::to_owned);
        self.pager.start();
        let key = self.credentials.key();
        let asked = self
            .prepare(None, &Vec::new(), key)
            .map_or_else(|error| error.to_string(), |(asked, _)| format!("{} {}", asked.method, asked.shown));
        self.credentials.plan().into_iter().chain([asked]).collect()
    }
}

impl List {
    /// The request for a page, without what proves who we are; also what its names stand for. `key` is a parameter that
    /// does prove it.
    fn prepare(
        &self,
        at: Option<&str>,
        given: &Names,
        key: Option<&(String, Filling)>,
    ) -> Result<(Prepared, Names), PullError> {
        let mut names = self.caller.values.clone();
        names.extend(given.iter().cloned());
        names.extend(self.pager.names(at));
        names.extend(self.since.1.iter().map(|since| ("cursor".to_owned(), Filling::plain(since))));
        let link = at.filter(|_| self.pager.has_links()).and_then(|at| Url::parse(at).ok());
        let since = self.since.0.clone().zip(self.since.1.as_ref().map(Filling::plain));
        let mut more: Vec<_> = since.into_iter().filter(|_| link.is_none()).collect();
        more.extend(self.pager.query(at));
        // A link of the source often holds the key already.
        let is_there =
            |name: &str| link.as_ref().is_some_and(|link| link.query_pairs().any(|(known, _)| known == name));
        more.extend(key.filter(|(name, _)| !is_there(name)).cloned());
        Ok((self.request.prepare(&names, &more, link.as_ref())?, names))
    }

    /// Asks for a page once.
    async fn ask(&self, at: Option<&str>) -> Result<Asked, PullError> {
        let session = &self.together.session;
        let pass = session.pass(&self.caller, &self.credentials).await.inspect_err(|error| self.heed(error))?;
        let (mut prepared, names) = self.prepare(at, &pass.names, self.credentials.key())?;
        for (name, value) in &pass.headers {
            prepared.headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(token) = request::find(&names, "token").filter(|_| self.is_bearer) {
            let bearer = Filling::secret(format!("Bearer {}", token.text));
            let value = request::header("authorization", &bearer)?;
            prepared.headers.entry("authorization").or_insert(value);
        }
        let answer = self.caller.send(prepared).await?;
        session.keep(&pass, &answer.headers).await;
        if let Some(rest) = limits::used_up(&answer.headers) {
            self.rest.ask(rest);
        }
        match judge(&answer, &self.rules, self.reading.format) {
            Verdict::Page => Ok(Asked::Page(answer)),
            Verdict::Empty => Ok(Asked::Empty(answer.shown)),
            Verdict::LoggedOut(why) => Ok(Asked::LoggedOut(pass, why)),
            Verdict::Error(error) => {
                self.heed(&error);
                Err(error)
            }
        }
    }

    /// A source that asks to be left alone means all streams of the system.
    fn heed(&self, error: &PullError) {
        if let PullError::Retry { after: Some(after), .. } = error {
            self.rest.ask(*after);
        }
    }
}

/// The address of a path below the base address.
fn address(base: &str, path: &str) -> Result<Url, OpenError> {
    let joined = if path.is_empty() {
        base.to_owned()
    } else {
        format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
    };
    web_address(&joined, "source.base_url")
}

/// An address of the web.
fn web_address(text: &str, what: &str) -> Result<Url, OpenError> {
    let url = Url::parse(text).map_err(|error| OpenError(format!("`{what}` makes no address: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(OpenError(format!("`{what}` has the scheme `{other}`, only http and https are known"))),
    }
}
