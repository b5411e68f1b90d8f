//! The address of a broker, and how it is shown: without user and password.

use std::fmt;

use lapin::uri::{AMQPScheme, AMQPUri};

use super::super::Error;

/// Seconds between two signs of life on an idle connection, unless the address says otherwise: a peer that
/// vanished without a word is noticed after twice as long.
const HEARTBEAT_SECS: u16 = 20;

/// One address.
#[derive(Clone)]
pub(super) struct Address {
    uri: AMQPUri,
}

impl Address {
    pub(super) fn parse_all(texts: &[String]) -> Result<Vec<Self>, Error> {
        if texts.is_empty() {
            return Err(Error::Address { number: 1, cause: "there is none" });
        }
        texts.iter().enumerate().map(|(index, text)| Self::parse(text, index + 1)).collect()
    }

    fn parse(text: &str, number: usize) -> Result<Self, Error> {
        let wrong = |cause| Error::Address { number, cause };
        if !text.starts_with("amqp://") && !text.starts_with("amqps://") {
            return Err(wrong("it begins with neither amqp:// nor amqps://"));
        }
        // What the parser says may repeat the address, password and all.
        let mut uri: AMQPUri = text.parse().map_err(|_| wrong("it is malformed"))?;
        if let Some(host) = ipv6(text) {
            // The parser takes an IPv6 address for no host and puts localhost in its place.
            host.clone_into(&mut uri.authority.host);
        }
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECS);
        Ok(Self { uri })
    }

    pub(super) fn uri(&self) -> AMQPUri {
        self.uri.clone()
    }

    /// The user that the broker will verify, as it stands in each message's `user_id`.
    pub(super) fn user(&self) -> &str {
        &self.uri.authority.userinfo.username
    }
}

/// The host between brackets, where there is one.
fn ipv6(text: &str) -> Option<&str> {
    let authority = text.split_once("://")?.1.split(['/', '?']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.strip_prefix('[')?.split_once(']').map(|(host, _)| host)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri { scheme, authority, vhost, .. } = &self.uri;
        let scheme = match scheme {
            AMQPScheme::AMQP => "amqp",
            AMQPScheme::AMQPS => "amqps",
        };
        let host = &authority.host;
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{host}{close}:{}/{}", authority.port, vhost.replace('/', "%2f"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Address, Error> {
        Address::parse(text, 1)
    }

    #[test]
    fn user_and_password_are_never_shown() {
        let address = one("amqps://bridge:s3cret%2f@broker.example:5671/agencies").unwrap();
        assert_eq!(address.to_string(), "amqps://broker.example:5671/agencies");
        assert_eq!(address.user(), "bridge");
        for wrong in ["http://bridge:s3cret@broker", "amqp://bridge:s3cret@broker:port", "s3cret"] {
            let error = one(wrong).err().unwrap();
            assert!(!error.to_string().contains("s3cret"), "{error}");
            assert_eq!(error.code(), "E0401");
        }
    }

    #[test]
    fn every_way_to_write_the_default_vhost_means_it() {
        for text in ["amqp://broker", "amqp://broker/", "amqp://broker/%2f"] {
            assert_eq!(one(text).unwrap().to_string(), "amqp://broker:5672/%2f");
        }
    }

    #[test]
    fn an_ipv6_host_stays_what_it_is() {
        let address = one("amqp://u:p@[2001:db8::7]:5673/%2f").unwrap();
        assert_eq!(address.to_string(), "amqp://[2001:db8::7]:5673/%2f");
        assert_eq!(address.uri().authority.host, "2001:db8::7");
    }

    #[test]
    fn an_empty_list_is_told() {
        assert_eq!(Address::parse_all(&[]).err().unwrap().code(), "E0401");
    }
}
