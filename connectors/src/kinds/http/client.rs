//! Sending a request and taking its answer, within bounds of size and time.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use encoding_rs::Encoding;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Certificate, Client, Identity, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::request::{Names, Prepared};
use crate::definition::model::Tls;
use crate::kind::{Access, OpenError, PullError};

/// The largest answer that is taken, after decompression.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// What we call ourselves.
const AGENT: &str = concat!("muara/", env!("CARGO_PKG_VERSION"));

/// Sends the requests of one stream.
pub(super) struct Caller {
    pub(super) client: Client,
    /// Limit for one request, its body included.
    pub(super) timeout: Duration,
    /// What `values` of the system stand for.
    pub(super) values: Names,
}

/// What came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) url: Url,
    /// The request as it is shown.
    pub(super) shown: String,
}

/// The client of a system, and the certificates that it was made with.
#[derive(Default)]
pub(super) struct Shared(Mutex<Option<(blake3::Hash, Client)>>);

impl Shared {
    /// The client that all streams of the system use; made anew when its certificates are others. May block.
    pub(super) fn client(&self, access: &Access, tls: Option<&Tls>) -> Result<Client, OpenError> {
        let pem = |what: &str, setting: Option<&crate::definition::Setting>| {
            setting.map(|setting| access.resolve(&format!("source.tls.{what}"), setting)).transpose()
        };
        let cert = pem("cert", tls.and_then(|tls| tls.cert.as_ref()))?;
        let key = pem("key", tls.and_then(|tls| tls.key.as_ref()))?;
        let ca = pem("ca", tls.and_then(|tls| tls.ca.as_ref()))?;
        let mut hasher = blake3::Hasher::new();
        for part in [&cert, &key, &ca] {
            hasher.update(part.as_ref().map_or("", |part| part.expose_secret()).as_bytes());
            hasher.update(b"\0");
        }
        let of = hasher.finalize();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known_of, client)) = &*known
            && *known_of == of
        {
            return Ok(client.clone());
        }
        let client = build(cert.zip(key), ca)?;
        *known = Some((of, client.clone()));
        Ok(client)
    }
}

fn build(identity: Option<(SecretString, SecretString)>, ca: Option<SecretString>) -> Result<Client, OpenError> {
    let mut builder = Client::builder()
        .user_agent(AGENT)
        // Following a redirect would carry the token elsewhere, and hide that the address is wrong.
        .redirect(reqwest::redirect::Policy::none())
        // The runner retries, and nobody else.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT);
    let bad = |what: &str| {
        let what = format!("`source.tls.{what}` holds no PEM text that can be used");
        move |error: reqwest::Error| OpenError(format!("{what}: {error}"))
    };
    if let Some((cert, key)) = identity {
        let both = format!("{}\n{}", key.expose_secret(), cert.expose_secret());
        builder = builder.identity(Identity::from_pem(both.as_bytes()).map_err(bad("cert` or `source.tls.key"))?);
    }
    if let Some(ca) = ca {
        let authorities = Certificate::from_pem_bundle(ca.expose_secret().as_bytes()).map_err(bad("ca"))?;
        if authorities.is_empty() {
            return Err(OpenError("`source.tls.ca` holds no certificate".to_owned()));
        }
        builder = builder.tls_certs_merge(authorities);
    }
    builder.build().map_err(|error| OpenError(format!("could not set up HTTP: {}", causes(&error))))
}

impl Caller {
    /// Sends a request and takes its answer, whatever its status.
    pub(super) async fn send(&self, prepared: Prepared) -> Result<Answer, PullError> {
        let Prepared { method, url, headers, body, shown } = prepared;
        let failed = |error: reqwest::Error| {
            let why = if error.is_timeout() {
                format!("no whole answer within {} s", self.timeout.as_secs_f32())
            } else {
                causes(&error.without_url())
            };
            PullError::retry(format!("could not get {shown}: {why}"))
        };
        let mut request = self.client.request(method, url.clone()).timeout(self.timeout).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
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
        Ok(Answer { status, headers, body, url, shown })
    }
}

impl Answer {
    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// What the answer calls its encoding.
    pub(super) fn charset(&self) -> Option<&str> {
        let (_, parameters) = self.header(CONTENT_TYPE.as_str())?.split_once(';')?;
        let mut pairs = parameters.split(';').filter_map(|pair| pair.split_once('='));
        let (_, charset) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
        Some(charset.trim().trim_matches('"'))
    }

    /// The body as text, by its byte order mark or by what the answer calls its encoding.
    ///
    /// # Errors
    /// When it is not of that encoding.
    pub(super) fn text(&self) -> Result<Cow<'_, str>, PullError> {
        let bad = |why: String| PullError::malformed(format!("{} answered with text that is {why}", self.shown), "");
        let (encoding, mark) = match Encoding::for_bom(&self.body) {
            Some(known) => known,
            None => match self.charset() {
                Some(label) => {
                    let unknown =
                        || bad("of an encoding that is not known; its name stands in `Content-Type`".to_owned());
                    (Encoding::for_label(label.as_bytes()).ok_or_else(unknown)?, 0)
                }
                None => (encoding_rs::UTF_8, 0),
            },
        };
        let text = encoding.decode_without_bom_handling_and_without_replacement(&self.body[mark..]);
        text.ok_or_else(|| bad(format!("not {}", encoding.name())))
    }

    /// The beginning of the body, for looking at what it is.
    pub(super) fn beginning(&self, most: usize) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body[..self.body.len().min(most)])
    }
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
