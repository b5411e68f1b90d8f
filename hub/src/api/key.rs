//! API keys: `mua_<id>_<secret>`, shown once; the database holds a hash of the secret and what the key may see. Pure.

use muara_schemas::Moment;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::base32;
use crate::access::{Role, Viewer};
use crate::store::keys::Key;

/// Random bytes that a new key needs: 40 bits of id and 160 bits of secret.
pub const RANDOM_BYTES: usize = ID_BYTES + SECRET_BYTES;
const ID_BYTES: usize = 5;
const SECRET_BYTES: usize = 20;
const ID_LETTERS: std::ops::RangeInclusive<usize> = 8..=12;
const SECRET_LETTERS: usize = 32;

/// The scope that every address needs which only reads.
pub const READ: &str = "read";
/// The scope that every address needs which changes something: replays and discards. It is for operators.
pub const OPERATE: &str = "operate";
/// The scope that every address needs which makes or changes subscriptions.
pub const SUBSCRIBE: &str = "subscribe";
/// The scopes that a key can be given.
pub const SCOPES: &[&str] = &[READ, SUBSCRIBE, OPERATE];

/// What a key may do and see; stored with it as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// What the holder is.
    pub role: Role,
    /// Regions, with all regencies of a province that is named; `None` means all.
    pub regions: Option<Vec<String>>,
    /// Agencies; `None` means all of the regions.
    pub agencies: Option<Vec<String>>,
    /// Whether personal data may be seen.
    pub may_see_personal: bool,
    /// What may be done, of [`SCOPES`].
    pub scopes: Vec<String>,
}

/// A token in its two parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// The public part.
    pub id: &'a str,
    secret: &'a str,
}

/// Why a key does not open anything. Callers tell the outside only that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The secret is another.
    #[error("the secret is not the key's")]
    Secret,
    /// The key was taken back.
    #[error("the key is revoked")]
    Revoked,
    /// The key's time is over.
    #[error("the key has expired")]
    Expired,
    /// What is stored is no grant.
    #[error("the stored grants are malformed")]
    Grants,
}

impl Grants {
    /// What a viewer may see, to be read only.
    pub fn reading(viewer: Viewer) -> Self {
        let Viewer { role, regions, agencies, may_see_personal } = viewer;
        Self { role, regions, agencies, may_see_personal, scopes: vec![READ.to_owned()] }
    }

    /// What an operator may see, with the right to replay and discard.
    pub fn operating(viewer: Viewer) -> Self {
        let viewer = Viewer { role: Role::Operator, ..viewer };
        Self { scopes: vec![READ.to_owned(), OPERATE.to_owned()], ..Self::reading(viewer) }
    }

    /// The viewer that the holder is.
    pub fn viewer(&self) -> Viewer {
        Viewer {
            role: self.role,
            regions: self.regions.clone(),
            agencies: self.agencies.clone(),
            may_see_personal: self.may_see_personal,
        }
    }
}

/// Makes a key: the text for its holder, and the row for [`keys::put`](crate::store::keys::put).
pub fn mint(
    name: &str,
    grants: &Grants,
    expires_at: Option<Moment>,
    now: Moment,
    random: [u8; RANDOM_BYTES],
) -> (SecretString, Key) {
    let (id, secret) = (base32::encode(&random[..ID_BYTES]), base32::encode(&random[ID_BYTES..]));
    let key = Key {
        secret_hash: blake3::hash(secret.as_bytes()).as_bytes().to_vec(),
        name: name.to_owned(),
        grants: serde_json::to_string(grants).expect("grants always serialise"),
        created_at: now.micros(),
        expires_at: expires_at.map(Moment::micros),
        revoked_at: None,
        id: id.clone(),
    };
    (SecretString::from(format!("mua_{id}_{secret}")), key)
}

/// Takes a token apart; `None` when it has not the form of one.
pub fn parse(text: &str) -> Option<Token<'_>> {
    let (id, secret) = text.strip_prefix("mua_")?.split_once('_')?;
    let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let fits = ID_LETTERS.contains(&id.len()) && secret.len() == SECRET_LETTERS && is_plain(id) && is_plain(secret);
    fits.then_some(Token { id, secret })
}

/// Tells what a token may do, given the stored key of its id.
pub fn verify(token: Token<'_>, key: &Key, now: Moment) -> Result<Grants, Refusal> {
    let stored: [u8; 32] = key.secret_hash.as_slice().try_into().map_err(|_| Refusal::Secret)?;
    // Comparing two `blake3::Hash` takes the same time wherever they differ.
    if blake3::hash(token.secret.as_bytes()) != blake3::Hash::from_bytes(stored) {
        return Err(Refusal::Secret);
    }
    granted(key, now)
}

/// What the holder of a stored key may do, if it is still good.
pub fn granted(key: &Key, now: Moment) -> Result<Grants, Refusal> {
    if key.revoked_at.is_some() {
        return Err(Refusal::Revoked);
    }
    if key.expires_at.is_some_and(|end| end <= now.micros()) {
        return Err(Refusal::Expired);
    }
    serde_json::from_str(&key.grants).map_err(|_| Refusal::Grants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const NOW: Moment = Moment::from_micros(1_000_000);

    fn minted(expires_at: Option<Moment>) -> (String, Key) {
        let (text, key) = mint("dashboard", &Grants::reading(Viewer::internal()), expires_at, NOW, [7; RANDOM_BYTES]);
        (text.expose_secret().to_owned(), key)
    }

    #[test]
    fn a_key_opens_with_its_own_secret_alone() {
        let (text, key) = minted(None);
        let token = parse(&text).unwrap();
        assert_eq!((token.id, token.id.len(), text.len()), (key.id.as_str(), 8, 45));
        assert_eq!(verify(token, &key, NOW).map(|grants| grants.viewer()), Ok(Viewer::internal()));

        let other = text.replace(token.secret, &"z".repeat(32));
        assert_eq!(verify(parse(&other).unwrap(), &key, NOW), Err(Refusal::Secret));
        assert!(!key.grants.contains(token.secret) && key.secret_hash != token.secret.as_bytes());
    }

    #[test]
    fn a_key_ends() {
        let (text, key) = minted(Some(NOW.plus_secs(1)));
        let token = parse(&text).unwrap();
        assert!(verify(token, &key, NOW).is_ok());
        assert_eq!(verify(token, &key, NOW.plus_secs(1)), Err(Refusal::Expired));
        assert_eq!(verify(token, &Key { revoked_at: Some(1), ..key.clone() }, NOW), Err(Refusal::Revoked));
        assert_eq!(verify(token, &Key { grants: "{}".into(), ..key }, NOW), Err(Refusal::Grants));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let secret = "0".repeat(32);
        for text in [
            "",
            "mua_",
            "mua__",
            &format!("mua_abc_{secret}"),
            &format!("mua_abcdefgh_{secret}0"),
            &format!("mub_abcdefgh_{secret}"),
            &format!("mua_ABCDEFGH_{secret}"),
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
        assert!(parse(&format!("mua_abcdefghijkl_{secret}")).is_some());
    }
}
