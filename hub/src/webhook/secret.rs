//! An endpoint's secret at rest: sealed, so that a copy of the database alone signs nothing. Pure.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muara_schemas::Secret;

use super::signature::Key;

/// What sets this use of the installation's secret apart from all others; another text opens nothing that is sealed.
const PURPOSE: &str = "muara 2026-12-01 secrets of webhook endpoints";
/// The form of sealed texts: Base64 of nonce, sealed bytes and tag follows.
const PREFIX: &str = "sealed1:";

/// Seals and opens the secrets of one installation.
pub struct Seal(LessSafeKey);

/// A sealed secret that does not open: it is of another installation, of another subscription, or was changed (E0648).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("E0648: the sealed secret does not open here")]
pub struct Shut;

impl Seal {
    /// The seal of the installation that has this secret.
    pub fn of(secret: &Secret) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &secret.derive(PURPOSE)).expect("AES-256 takes keys of 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals a subscription's key for storing it. The nonce is random and used once.
    pub fn seal(&self, subscription: &str, key: &Key, nonce: [u8; NONCE_LEN]) -> String {
        let mut sealed = key.bytes().to_vec();
        let once = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(once, Aad::from(subscription), &mut sealed)
            .expect("AES-GCM seals so few bytes");
        format!("{PREFIX}{}", STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Seal::seal`] made for the same subscription.
    ///
    /// # Errors
    /// When it was made elsewhere or for another subscription, or when a single bit is not as it was.
    pub fn open(&self, subscription: &str, text: &str) -> Result<Key, Shut> {
        let coded = text.strip_prefix(PREFIX).ok_or(Shut)?;
        let bytes = STANDARD.decode(coded).map_err(|_| Shut)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(Shut)?;
        let mut sealed = sealed.to_vec();
        let once = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(once, Aad::from(subscription), &mut sealed).map_err(|_| Shut)?.len();
        sealed.truncate(opened);
        Key::new(sealed).map_err(|_| Shut)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seal(installation: u8) -> Seal {
        Seal::of(&Secret::new([installation; 32]))
    }

    fn key() -> Key {
        Key::new((0..32).collect()).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_for_its_subscription_alone() {
        let text = seal(1).seal("sub-a", &key(), [9; NONCE_LEN]);

        assert_eq!(seal(1).open("sub-a", &text).unwrap().bytes(), key().bytes());
        assert_eq!(seal(1).open("sub-b", &text).unwrap_err(), Shut, "another subscription");
        assert_eq!(seal(2).open("sub-a", &text).unwrap_err(), Shut, "another installation");
    }

    #[test]
    fn a_sealed_text_tells_nothing_of_the_secret() {
        let text = seal(1).seal("sub-a", &key(), [9; NONCE_LEN]);
        let again = seal(1).seal("sub-a", &key(), [8; NONCE_LEN]);

        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap()).unwrap();
        assert!(!bytes.windows(4).any(|four| four == [4, 5, 6, 7]));
        assert_ne!(text, again);
    }

    proptest! {
        #[test]
        fn a_changed_byte_keeps_it_shut(place in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let text = seal(1).seal("sub-a", &key(), [9; NONCE_LEN]);
            let mut bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap()).unwrap();
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;

            let opened = seal(1).open("sub-a", &format!("{PREFIX}{}", STANDARD.encode(bytes)));

            prop_assert_eq!(opened.err(), Some(Shut));
        }

        #[test]
        fn no_text_opens_by_chance(text in "(sealed1:)?[A-Za-z0-9+/=]{0,120}") {
            prop_assert_eq!(seal(1).open("sub-a", &text).err(), Some(Shut));
        }
    }
}
