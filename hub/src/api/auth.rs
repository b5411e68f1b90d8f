//! Who calls: a key as `Authorization: Bearer`, made into a viewer. Default deny.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use muara_schemas::Moment;

use super::app::App;
use super::key::{self, OPERATE, READ, SUBSCRIBE, Token};
use super::problem::Problem;
use crate::access::{Role, Viewer};
use crate::store::keys;

/// For so long a verified key is believed without asking the database; a revoked one lives on no longer.
const BELIEVED_SECS: i64 = 30;
/// How many keys are remembered.
const MAX_REMEMBERED: usize = 1_000;

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The public part of the key.
    pub key: String,
    /// What the caller may see.
    pub viewer: Viewer,
    /// What the caller may do.
    pub scopes: Vec<String>,
}

impl Caller {
    /// How what he does is noted.
    pub fn signature(&self) -> String {
        format!("key:{}", self.key)
    }
}

/// Keys that were verified a moment ago, by the hash of the whole token.
#[derive(Default)]
pub struct Remembered(Mutex<HashMap<blake3::Hash, Believed>>);

struct Believed {
    caller: Arc<Caller>,
    until: Moment,
}

impl Remembered {
    fn find(&self, token: &blake3::Hash, now: Moment) -> Option<Arc<Caller>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(token).filter(|believed| now < believed.until).map(|believed| Arc::clone(&believed.caller))
    }

    fn put(&self, token: blake3::Hash, caller: Arc<Caller>, until: Moment, now: Moment) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.retain(|_, believed| now < believed.until);
        }
        if known.len() < MAX_REMEMBERED {
            known.insert(token, Believed { caller, until });
        }
    }
}

/// Lets a request that reads through when it carries a key with the scope `read`, and tells the rest who calls.
pub async fn require(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        identify(&app, request.headers()).await?;
        return Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let caller = identify(&app, request.headers()).await?;
    pass(caller, READ, request, next).await
}

/// The same for addresses that change something: they take an operator's key with the scope `operate`.
pub async fn require_operator(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let caller = identify(&app, request.headers()).await?;
    if caller.viewer.role != Role::Operator {
        return Err(Problem::scope(OPERATE));
    }
    pass(caller, OPERATE, request, next).await
}

/// The same for addresses that make or change subscriptions: they take a key with the scope `subscribe`, or an
/// operator's.
pub async fn require_subscriber(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let caller = identify(&app, request.headers()).await?;
    let operates = caller.viewer.role == Role::Operator && caller.scopes.iter().any(|scope| scope == OPERATE);
    pass(caller, if operates { OPERATE } else { SUBSCRIBE }, request, next).await
}

async fn pass(
    caller: Arc<Caller>,
    needed: &'static str,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !caller.scopes.iter().any(|scope| scope == needed) {
        return Err(Problem::scope(needed));
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (given.next(), given.next()) else {
        return Err(Problem::unauthorized(false));
    };
    let refused = || Problem::unauthorized(true);
    let (scheme, text) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(refused)?;
    let token = key::parse(text.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer")).ok_or_else(refused)?;
    let (hash, now) = (blake3::hash(text.trim().as_bytes()), app.clock.now());
    match app.keys.find(&hash, now) {
        Some(caller) => Ok(caller),
        None => verify(app, token, hash, now).await,
    }
}

async fn verify(app: &App, token: Token<'_>, hash: blake3::Hash, now: Moment) -> Result<Arc<Caller>, Problem> {
    let mut tx = app.db.read().await?;
    let stored = keys::find(&mut tx, token.id).await?;
    drop(tx);
    let Some(stored) = stored else { return Err(Problem::unauthorized(true)) };
    let grants = key::verify(token, &stored, now).map_err(|refusal| {
        tracing::info!(key = %stored.id, "a key was refused: {refusal}");
        Problem::unauthorized(true)
    })?;
    let caller = Arc::new(Caller { key: stored.id, viewer: grants.viewer(), scopes: grants.scopes });
    let until = now.plus_secs(BELIEVED_SECS);
    let until = stored.expires_at.map_or(until, |end| until.min(Moment::from_micros(end)));
    app.keys.put(hash, Arc::clone(&caller), until, now);
    Ok(caller)
}

/// Whether somebody who was let in a while ago would still be.
pub async fn is_good(app: &App, caller: &Caller) -> Result<bool, Problem> {
    let mut tx = app.db.read().await?;
    let stored = keys::find(&mut tx, &caller.key).await?;
    drop(tx);
    let grants = stored.and_then(|stored| key::granted(&stored, app.clock.now()).ok());
    Ok(grants.is_some_and(|grants| grants.viewer() == caller.viewer && grants.scopes == caller.scopes))
}

/// The caller of a request that [`require`] let through; without it nobody may see anything.
pub struct Called(pub Arc<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for Called {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Arc<Caller>>().cloned().map(Self).ok_or_else(|| Problem::unauthorized(false))
    }
}
