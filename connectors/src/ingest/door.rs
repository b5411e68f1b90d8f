//! Who may come in: a system's token as `Authorization: Bearer`. Default deny.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use secrecy::ExposeSecret as _;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::problem::Problem;
use crate::runner::push::Door;

/// For so long a token is believed without looking where it stands; a revoked one lives on no longer.
const BELIEVED: Duration = Duration::from_mins(1);
/// A shorter token could be guessed.
const LEAST_TOKEN: usize = 16;
/// The first wait of an address with a wrong token; later ones double.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// And the longest.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// After so long a wrong token is forgotten.
const FORGIVEN: Duration = Duration::from_mins(1);
/// How many addresses are remembered.
const MAX_ADDRESSES: usize = 1_024;
/// How many strangers may wait at one time.
const MAX_WAITING: usize = 64;

/// All doors, and who knocked at them in vain.
pub(super) struct Doors {
    known: tokio::sync::Mutex<Known>,
    strangers: Mutex<HashMap<IpAddr, (u32, Instant)>>,
    waiting: Semaphore,
}

/// The doors as they were at the last look.
struct Known {
    doors: watch::Receiver<Vec<Door>>,
    locked: Arc<[Arc<Locked>]>,
}

/// A door with what opens it now.
pub(super) struct Locked {
    pub(super) door: Door,
    tokens: Mutex<Tokens>,
    /// When the span of the budget began, and how many came since.
    spent: Mutex<(Instant, u32)>,
}

struct Tokens {
    hashes: Arc<[blake3::Hash]>,
    read_at: Instant,
}

impl Doors {
    /// Follows the doors of a connector.
    pub(super) fn new(mut doors: watch::Receiver<Vec<Door>>) -> Self {
        doors.mark_changed();
        let known = tokio::sync::Mutex::new(Known { doors, locked: Arc::default() });
        Self { known, strangers: Mutex::default(), waiting: Semaphore::new(MAX_WAITING) }
    }

    /// All doors as they are now; of those that are new the tokens are read.
    async fn all(&self) -> Arc<[Arc<Locked>]> {
        let mut known = self.known.lock().await;
        if known.doors.has_changed().unwrap_or(false) {
            let doors = known.doors.borrow_and_update().clone();
            let mut locked = Vec::with_capacity(doors.len());
            for door in doors {
                let (hashes, read_at) = (resolve(&door).await, Instant::now());
                let spent = Mutex::new((read_at, 0));
                locked.push(Arc::new(Locked { door, tokens: Mutex::new(Tokens { hashes, read_at }), spent }));
            }
            known.locked = locked.into();
        }
        known.locked.clone()
    }

    /// The system that a request may hand records to. A wrong token and a system that does not exist are answered
    /// alike, and later each time.
    pub(super) async fn enter(
        &self,
        (system, region): (&str, Option<&str>),
        headers: &HeaderMap,
        address: IpAddr,
    ) -> Result<Arc<Locked>, Problem> {
        let token = token(headers).map(|token| blake3::hash(token.as_bytes()));
        let mut open = Vec::new();
        if let Some(token) = token {
            for door in &*self.all().await {
                // Every door is tried, so that the time tells nothing of which exist.
                let opens = door.opens(&token).await;
                let is_meant =
                    door.door.system.id == system && region.is_none_or(|region| door.door.system.region == region);
                if opens && is_meant {
                    open.push(door.clone());
                }
            }
        }
        match open.as_slice() {
            [door] => Ok(door.clone()),
            [] => Err(self.turn_away(address).await),
            _ => Err(Problem::which_region()),
        }
    }

    async fn turn_away(&self, address: IpAddr) -> Problem {
        let wait = self.count(address, Instant::now());
        let Ok(_place) = self.waiting.try_acquire() else { return Problem::crowd() };
        tokio::time::sleep(wait).await;
        Problem::stranger()
    }

    /// Counts a wrong token; how long its sender has to wait for the answer.
    fn count(&self, address: IpAddr, now: Instant) -> Duration {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if strangers.len() >= MAX_ADDRESSES {
            strangers.retain(|_, (_, last)| now.duration_since(*last) < FORGIVEN);
        }
        if strangers.len() >= MAX_ADDRESSES && !strangers.contains_key(&address) {
            return LONGEST_WAIT;
        }
        let (failures, last) = strangers.entry(address).or_insert((0, now));
        *failures = if now.duration_since(*last) < FORGIVEN { failures.saturating_add(1) } else { 1 };
        *last = now;
        FIRST_WAIT.saturating_mul(1 << (*failures - 1).min(16)).min(LONGEST_WAIT)
    }
}

impl Locked {
    async fn opens(&self, token: &blake3::Hash) -> bool {
        // Two hashes are compared in constant time, and all of them are.
        self.tokens().await.iter().filter(|known| *known == token).count() > 0
    }

    async fn tokens(&self) -> Arc<[blake3::Hash]> {
        let now = Instant::now();
        {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            if now.duration_since(tokens.read_at) < BELIEVED {
                return tokens.hashes.clone();
            }
            // Whoever comes meanwhile goes by what was known.
            tokens.read_at = now;
        }
        let hashes = resolve(&self.door).await;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).hashes = hashes.clone();
        hashes
    }

    /// Counts a request of the system against its budget.
    pub(super) fn spend(&self) -> Result<(), Problem> {
        let Some(budget) = self.door.push.budget else { return Ok(()) };
        let now = Instant::now();
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, count) = &mut *spent;
        if now.duration_since(*begun) >= budget.per {
            (*begun, *count) = (now, 0);
        }
        if *count >= budget.requests {
            let left = (*begun + budget.per).saturating_duration_since(now);
            return Err(Problem::spent(left.as_secs() + 1));
        }
        *count += 1;
        Ok(())
    }
}

/// The one token of a request.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// What opens a door now. A token that cannot be had or could be guessed opens nothing.
async fn resolve(door: &Door) -> Arc<[blake3::Hash]> {
    let (settings, variables, system) = (door.push.tokens.clone(), door.variables.clone(), door.system.clone());
    let resolving = tokio::task::spawn_blocking(move || {
        let hash = |setting: &crate::definition::Setting| match setting.resolve(&variables) {
            Ok(token) if token.expose_secret().len() >= LEAST_TOKEN => {
                Some(blake3::hash(token.expose_secret().as_bytes()))
            }
            Ok(_) => {
                tracing::error!(system = %system.id, "a token of less than {LEAST_TOKEN} characters opens nothing");
                None
            }
            Err(error) => {
                tracing::error!(system = %system.id, "a token opens nothing: {error}");
                None
            }
        };
        settings.iter().filter_map(hash).collect::<Vec<_>>()
    });
    resolving.await.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn strangers_wait_longer_each_time_but_not_for_ever() {
        let doors = Doors::new(watch::channel(Vec::new()).1);
        let (now, here, there) = (Instant::now(), IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));

        let waits: Vec<_> = (0..40).map(|_| doors.count(here, now)).collect();

        assert_eq!(waits[..3], [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]);
        assert_eq!((waits[39], doors.count(there, now)), (LONGEST_WAIT, FIRST_WAIT));
        assert_eq!(doors.count(here, now + FORGIVEN), FIRST_WAIT);
    }

    #[tokio::test]
    async fn no_more_strangers_are_remembered_than_there_is_room_for() {
        let doors = Doors::new(watch::channel(Vec::new()).1);
        let now = Instant::now();

        for number in 0..2_000_u32 {
            doors.count(IpAddr::from(number.to_be_bytes()), now);
        }

        assert_eq!(doors.strangers.lock().unwrap().len(), MAX_ADDRESSES);
        assert_eq!(doors.count(IpAddr::from([9, 9, 9, 9]), now), LONGEST_WAIT);
    }
}
