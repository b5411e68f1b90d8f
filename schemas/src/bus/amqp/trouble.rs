//! What the client library says, in our words.

use lapin::ErrorKind;

use super::super::Error;

/// AMQP 0-9-1: the user may not do this.
const ACCESS_REFUSED: u16 = 403;
/// AMQP 0-9-1: there is no such exchange or queue.
const NOT_FOUND: u16 = 404;
/// AMQP 0-9-1: it exists otherwise, or the message is not acceptable.
const PRECONDITION_FAILED: u16 = 406;
/// AMQP 0-9-1: the vhost does not exist, or is closed to this user.
const NOT_ALLOWED: u16 = 530;

/// An answer of the broker, or the lack of one.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// The broker said no.
    Said { code: u16, text: String },
    /// Anything else: lost, late, malformed.
    Lost(String),
}

impl Trouble {
    pub(super) fn late(what: &str) -> Self {
        Self::Lost(format!("no answer in time to {what}"))
    }

    /// Whether the broker said it, which closes a channel; the connection may stand all the same.
    pub(super) const fn is_said(&self) -> bool {
        matches!(self, Self::Said { .. })
    }

    pub(super) const fn is_access_refused(&self) -> bool {
        matches!(self, Self::Said { code: ACCESS_REFUSED, .. })
    }

    pub(super) const fn is_not_found(&self) -> bool {
        matches!(self, Self::Said { code: NOT_FOUND, .. })
    }

    /// The size above which the broker takes no message, when that is what it complains about.
    pub(super) fn size_limit(&self) -> Option<usize> {
        let Self::Said { code: PRECONDITION_FAILED, text } = self else { return None };
        let (_, limit) = text.split_once("larger than")?;
        let digits: String =
            limit.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    /// Whether the broker refuses what goes by this routing key.
    pub(super) fn refuses_key(&self, routing_key: &str) -> bool {
        matches!(self, Self::Said { code: ACCESS_REFUSED, text } if text.contains(&format!("'{routing_key}'")))
    }

    /// The error that callers see.
    pub(super) fn at(&self, place: &str) -> Error {
        let place = place.to_owned();
        match self {
            Self::Said { code: ACCESS_REFUSED | NOT_ALLOWED, text } => Error::Refused { place, cause: text.clone() },
            Self::Said { code: PRECONDITION_FAILED, text } => Error::Mismatch { place, cause: text.clone() },
            Self::Said { text, .. } | Self::Lost(text) => Error::Unreachable { place, cause: text.clone() },
        }
    }
}

impl From<lapin::Error> for Trouble {
    fn from(error: lapin::Error) -> Self {
        match error.kind() {
            ErrorKind::ProtocolError(said) => Self::Said { code: said.get_id(), text: said.get_message().to_string() },
            _ => Self::Lost(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_limit_is_read_from_the_brokers_words() {
        let said = |code, text: &str| Trouble::Said { code, text: text.to_owned() };
        let too_large =
            said(406, "PRECONDITION_FAILED - message size 20971520 is larger than configured max size 16777216");
        assert_eq!(too_large.size_limit(), Some(16_777_216));
        assert_eq!(said(406, "PRECONDITION_FAILED - inequivalent arg 'x-overflow'").size_limit(), None);
        assert_eq!(said(403, "larger than 5").size_limit(), None);
    }

    #[test]
    fn a_refused_routing_key_is_told_from_others() {
        let text = "ACCESS_REFUSED - access to topic '3.33-02.sipd.dpa' in exchange 'muara.records' refused";
        let refused = Trouble::Said { code: 403, text: text.to_owned() };
        assert!(refused.refuses_key("3.33-02.sipd.dpa"));
        assert!(!refused.refuses_key("33-02.sipd.dpa"));
        assert!(refused.at("amqp://broker:5672/%2f").is_lasting());
    }
}
