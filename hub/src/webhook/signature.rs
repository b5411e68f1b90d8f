//! Signatures as Standard Webhooks has them: who sent an event and when, and that nobody changed it. Pure.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muara_schemas::Moment;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

/// The fewest bytes of a key, as the specification has it.
pub const MIN_BYTES: usize = 24;
/// The most bytes of a key, as the specification has it.
pub const MAX_BYTES: usize = 64;
/// How many bytes a key has that we make.
pub const OUR_BYTES: usize = 32;
/// What the text of a symmetric key begins with.
const PREFIX: &str = "whsec_";

/// What an endpoint's events are signed with; one variant for each version of signatures.
pub enum Key {
    /// `v1`: HMAC-SHA256 with a key that both sides know.
    Shared(SecretSlice<u8>),
}

/// A key and how long it signs: for ever, or until the overlap with its successor ends.
#[derive(Debug)]
pub struct Signing {
    /// The key.
    pub key: Key,
    /// The first moment at which it signs no more.
    pub until: Option<Moment>,
}

/// What goes beside a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: i64,
    /// `webhook-signature`: a signature of every key that signs now, parted by spaces.
    pub signatures: String,
}

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is `whsec_` and the Base64 of {MIN_BYTES} to {MAX_BYTES} bytes")]
pub struct Malformed;

/// Signs a body for sending it now. The id must not hold a full stop, which parts what is signed.
pub fn sign(keys: &[Signing], id: &str, body: &[u8], now: Moment) -> Signed {
    let timestamp = now.micros().div_euclid(1_000_000);
    let mut signatures = String::new();
    for signing in keys.iter().filter(|signing| signing.until.is_none_or(|until| now < until)) {
        if !signatures.is_empty() {
            signatures.push(' ');
        }
        signatures.push_str(&signing.key.sign(id, timestamp, body));
    }
    Signed { timestamp, signatures }
}

impl Key {
    /// A key of bytes that are random.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Malformed> {
        if bytes.len() < MIN_BYTES || bytes.len() > MAX_BYTES {
            return Err(Malformed);
        }
        Ok(Self::Shared(bytes.into()))
    }

    /// Reads `whsec_…`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let coded = text.strip_prefix(PREFIX).ok_or(Malformed)?;
        Self::new(STANDARD.decode(coded).map_err(|_| Malformed)?)
    }

    /// The text that the receiver is told once: `whsec_…`.
    pub fn text(&self) -> SecretString {
        let Self::Shared(bytes) = self;
        format!("{PREFIX}{}", STANDARD.encode(bytes.expose_secret())).into()
    }

    /// The bytes, for sealing.
    pub(super) fn bytes(&self) -> &[u8] {
        let Self::Shared(bytes) = self;
        bytes.expose_secret()
    }

    /// One signature with its version, `v1,…`.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let Self::Shared(bytes) = self;
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, bytes.expose_secret()));
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes 0 to 31.
    const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    /// Id, seconds, body and signature with that key.
    const VECTORS: &[(&str, i64, &str, &str)] = &[
        (
            "7f3a9c-4711",
            1_796_083_200,
            r#"{"specversion":"1.0","id":"7f3a9c-4711"}"#,
            "v1,Q1ryGmktpqOvHzpIiuUOXLvRtv/KQy27z+1jvT7I1ag=",
        ),
        ("7f3a9c-4712", 0, "", "v1,eUQrI4XWRKYlE86/0qj+znYlm1ODoHXdZ0/VJdH6seQ="),
        (
            "7f3a9c-4713",
            4_102_444_800,
            r#"{"name":"Dinas Pendidikan – Kabupatén \u00e9"}"#,
            "v1,iC6rEIul4GM2CVhIQxzV8CW7a2795CPkOZzwHYddCn8=",
        ),
    ];

    /// The example that the libraries of Standard Webhooks are tested with (its repository, libraries/rust/src/lib.rs; MIT).
    #[test]
    fn the_standards_own_example_is_signed_as_it_says() {
        let key = Key::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;

        let signed = sign(&[lasting(key)], "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", body, at(1_649_367_553));

        assert_eq!(signed.signatures, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    fn at(secs: i64) -> Moment {
        Moment::from_micros(secs * 1_000_000 + 999_999)
    }

    fn key(byte: u8) -> Key {
        Key::new(vec![byte; OUR_BYTES]).unwrap()
    }

    fn lasting(key: Key) -> Signing {
        Signing { key, until: None }
    }

    #[test]
    fn a_body_is_signed_as_other_implementations_sign_it() {
        // Computed with Python's hmac, hashlib and base64.
        for (id, secs, body, signature) in VECTORS {
            let signed = sign(&[lasting(Key::parse(SECRET).unwrap())], id, body.as_bytes(), at(*secs));
            assert_eq!((signed.timestamp, signed.signatures.as_str()), (*secs, *signature), "{id}");
        }
    }

    #[test]
    fn old_and_new_keys_sign_until_the_overlap_ends() {
        let keys = [lasting(key(2)), Signing { key: key(1), until: Some(at(100)) }];
        let alone = |byte, secs| sign(&[lasting(key(byte))], "e-1", b"{}", at(secs)).signatures;

        let during = sign(&keys, "e-1", b"{}", at(99)).signatures;
        let after = sign(&keys, "e-1", b"{}", at(100)).signatures;

        assert_eq!(during, format!("{} {}", alone(2, 99), alone(1, 99)));
        assert_eq!(after, alone(2, 100));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let of_bytes = |count: usize| format!("whsec_{}", STANDARD.encode(vec![7; count]));
        for text in ["", "whsec_", "whsec_!!!", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "whsk_AAAA"] {
            assert!(Key::parse(text).is_err(), "{text}");
        }
        for (count, is_key) in [(23, false), (24, true), (64, true), (65, false)] {
            assert_eq!(Key::parse(&of_bytes(count)).is_ok(), is_key, "{count} bytes");
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let signing = lasting(Key::parse(SECRET).unwrap());
        let shown = format!("{signing:?} {:?}", signing.key.text());
        assert!(!shown.contains("AAECAw") && !shown.contains("[0, 1, 2"), "{shown}");
    }

    proptest! {
        #[test]
        fn a_key_reads_its_own_text(bytes in proptest::collection::vec(any::<u8>(), MIN_BYTES..=MAX_BYTES)) {
            let key = Key::new(bytes.clone()).unwrap();
            let read = Key::parse(key.text().expose_secret()).unwrap();
            prop_assert_eq!(read.bytes(), bytes.as_slice());
        }

        #[test]
        fn whatever_is_changed_changes_the_signature(
            body in proptest::collection::vec(any::<u8>(), 1..200), place in any::<prop::sample::Index>(), secs in 0_i64..4_000_000_000,
        ) {
            let of = |key: u8, id: &str, body: &[u8], secs| sign(&[lasting(self::key(key))], id, body, at(secs)).signatures;
            let mut changed = body.clone();
            changed[place.index(body.len())] ^= 1;

            let signature = of(1, "e-1", &body, secs);

            prop_assert_eq!(&signature, &of(1, "e-1", &body, secs));
            for other in [of(2, "e-1", &body, secs), of(1, "e-2", &body, secs), of(1, "e-1", &changed, secs), of(1, "e-1", &body, secs + 1)] {
                prop_assert_ne!(&signature, &other);
            }
        }

        #[test]
        fn no_text_panics(text in "(whsec_)?\\PC{0,100}") {
            let _ = Key::parse(&text);
        }
    }
}
