//! One attempt: an event goes out to an endpoint, and what came of it comes back.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use muara_schemas::Moment;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::redirect;
use reqwest::{Certificate, Client, Response};
use url::Url;

use super::guard::{Guard, Names, Policy, closed_by};
use super::outcome::{Outcome, retry_after};
use super::signature::{Signing, sign};

/// What we call ourselves.
const AGENT: &str = concat!("Muara/", env!("CARGO_PKG_VERSION"));
/// What an event is, as CloudEvents has it.
const EVENT: &str = "application/cloudevents+json";
/// So much of an answer is read, so that the connection of a short one can be used again.
const MOST_READ: usize = 64 * 1024;
/// So many characters of an answer are kept.
const MOST_KEPT: usize = 1_000;
/// The longest that we read an answer whose status is known.
const READING: Duration = Duration::from_secs(2);
/// Connections that wait for the next event to the same host.
const MOST_IDLE: usize = 4;
const IDLE: Duration = Duration::from_secs(20);
const MOST_HEADER_BYTES: u32 = 32 * 1024;

/// How events are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where they may go.
    pub policy: Policy,
    /// How names become addresses.
    pub names: Names,
    /// Authorities besides those of the machine, in PEM, such as a government's own.
    pub authorities: Option<String>,
    /// The longest that a connection may take to come about.
    pub connect: Duration,
    /// The longest that an attempt may take.
    pub total: Duration,
}

/// Where an event goes, and what it is signed with. Does not show the address, which may hold a token.
pub struct Endpoint {
    /// The address, `https://…`.
    pub url: String,
    /// The keys, the newest first.
    pub keys: Vec<Signing>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Moment,
    /// How long it took.
    pub millis: u64,
    /// What was answered, if anything was.
    pub status: Option<u16>,
    /// What it means.
    pub outcome: Outcome,
    /// The beginning of the answer's body, or why there is none: 1,000 characters at most, none of them control.
    pub response: String,
    /// How long the endpoint wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// Sends events; one for the whole process, so that connections are used again.
#[derive(Debug)]
pub struct Sender {
    client: Client,
    policy: Arc<Policy>,
    total: Duration,
}

/// A sender that cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("could not set up the sending of webhooks: {0}")]
pub struct Unfit(String);

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            names: Names::default(),
            authorities: None,
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
        }
    }
}

impl Sender {
    /// Sets a sender up.
    ///
    /// # Errors
    /// When the authorities are no PEM text with certificates, or TLS cannot be had.
    pub fn new(settings: Settings) -> Result<Self, Unfit> {
        let Settings { policy, names, authorities, connect, total } = settings;
        let policy = Arc::new(policy);
        let mut builder = Client::builder()
            .user_agent(AGENT)
            // A redirect or a proxy would lead around the guard.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Guard { policy: Arc::clone(&policy), names })
            // The schedule repeats, and nobody else.
            .retry(reqwest::retry::never())
            .no_gzip()
            .referer(false)
            .connect_timeout(connect)
            .pool_max_idle_per_host(MOST_IDLE)
            .pool_idle_timeout(IDLE)
            .http2_max_header_list_size(MOST_HEADER_BYTES);
        if let Some(pem) = authorities {
            let authorities = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| Unfit(causes(&error)))?;
            builder = builder.tls_certs_merge(authorities);
        }
        let client = builder.build().map_err(|error| Unfit(causes(&error)))?;
        Ok(Self { client, policy, total })
    }

    /// Sends an event once. Never fails: whatever happens is an attempt.
    pub async fn send(&self, endpoint: &Endpoint, id: &str, body: Bytes, now: Moment) -> Attempt {
        let begun = Instant::now();
        let told = match self.policy.check(&endpoint.url) {
            Ok(url) => self.post(url, &endpoint.keys, id, body, now).await,
            Err(error) => Told::without_answer(Outcome::Refused, &error.to_string()),
        };
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Told { status, outcome, response, retry_after } = told;
        Attempt { at: now, millis, status, outcome, response, retry_after }
    }

    async fn post(&self, url: Url, keys: &[Signing], id: &str, body: Bytes, now: Moment) -> Told {
        let signed = sign(keys, id, &body, now);
        let request = self
            .client
            .post(url)
            .timeout(self.total)
            .header(CONTENT_TYPE, EVENT)
            .header("webhook-id", id)
            .header("webhook-timestamp", signed.timestamp)
            .header("webhook-signature", signed.signatures)
            .body(body);
        match request.send().await {
            Ok(response) => Told::answer(response, now).await,
            Err(error) => Told::failure(error, self.total),
        }
    }
}

/// What an endpoint told, or what was found instead.
struct Told {
    status: Option<u16>,
    outcome: Outcome,
    response: String,
    retry_after: Option<Duration>,
}

impl Told {
    fn without_answer(outcome: Outcome, why: &str) -> Self {
        Self { status: None, outcome, response: clean(why), retry_after: None }
    }

    fn failure(error: reqwest::Error, total: Duration) -> Self {
        let error = error.without_url();
        if let Some(closed) = closed_by(&error) {
            return Self::without_answer(Outcome::Refused, &closed.to_string());
        }
        if error.is_timeout() && !error.is_connect() {
            let why = format!("no answer within {} s", total.as_secs_f32());
            return Self::without_answer(Outcome::Silent, &why);
        }
        Self::without_answer(Outcome::Unreachable, &causes(&error))
    }

    /// The status decides; the body is only for whoever looks for a fault, so that it may be cut, slow or broken.
    async fn answer(mut response: Response, now: Moment) -> Self {
        let status = response.status().as_u16();
        let header = |headers: &HeaderMap, name| headers.get(name)?.to_str().ok().map(str::to_owned);
        let date = header(response.headers(), DATE);
        let asked = header(response.headers(), RETRY_AFTER);
        let mut kept = Vec::new();
        // What is over when the time is up is kept.
        drop(tokio::time::timeout(READING, read(&mut response, &mut kept)).await);
        Self {
            status: Some(status),
            outcome: Outcome::of_status(status),
            response: clean(&String::from_utf8_lossy(&kept)),
            retry_after: asked.and_then(|asked| retry_after(&asked, date.as_deref(), now)),
        }
    }
}

/// Reads an answer up to its bound and keeps its beginning.
async fn read(response: &mut Response, kept: &mut Vec<u8>) {
    let mut bytes = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes += chunk.len();
        // A character has four bytes at most.
        let room = (MOST_KEPT * 4).saturating_sub(kept.len());
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes >= MOST_READ {
            return;
        }
    }
}

/// The beginning of a text, without what would move a terminal's cursor or turn the direction of writing.
fn clean(text: &str) -> String {
    let turns = |letter| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = text.chars().filter(|letter| !turns(*letter));
    let spaced = shown.map(|letter| if letter.is_control() { ' ' } else { letter });
    spaced.take(MOST_KEPT).collect::<String>().trim().to_owned()
}

/// An error with everything that caused it.
fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint(*** with {} keys)", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_short_and_harmless() {
        assert_eq!(clean("fine\r\n\u{1b}[31mred\0\u{202e}deliaf"), "fine   [31mred deliaf");
        assert_eq!(clean(&"é".repeat(5_000)).chars().count(), MOST_KEPT);
    }

    #[test]
    fn an_endpoint_does_not_show_its_address() {
        let endpoint = Endpoint { url: "https://example.org/?token=s3cret".into(), keys: Vec::new() };
        assert!(!format!("{endpoint:?}").contains("s3cret"));
    }
}
