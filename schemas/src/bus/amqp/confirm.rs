//! What became of what was published: decided from the broker's confirms, without doing anything.
//!
//! The client library hands a returned message to whichever confirm arrives next, which need not be its own.
//! Because the broker sends the return before the confirm, a returned message's own confirm either carries a return
//! (perhaps another's) or its return came with an earlier confirm. So both the message that carries a return and the
//! message that the return names count as failed. That sends one message too many at worst, which the hub knows by
//! its id.

use std::collections::HashSet;

use lapin::Confirmation;

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A queue holds it.
    Kept,
    /// No queue took it.
    Returned,
    /// Its queue refused it, being full.
    Rejected,
    /// Confirms were never asked for on this channel.
    Unasked,
}

/// The ids that were returned and whose own confirm is still to come.
#[derive(Debug, Default)]
pub(super) struct Returns(HashSet<String>);

impl Returns {
    /// Notes a return that came with the confirm of any message. To be called for every confirm that has arrived,
    /// before any of them is judged.
    pub(super) fn note(&mut self, confirmation: &Confirmation) {
        let (Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned))) = confirmation else {
            return;
        };
        if let Some(id) = returned.delivery.properties.message_id() {
            self.0.insert(id.to_string());
        }
    }

    /// Judges the confirm of the message with this id.
    pub(super) fn judge(&mut self, id: &str, confirmation: &Confirmation) -> Verdict {
        let named = self.0.remove(id);
        match confirmation {
            Confirmation::Ack(None) if !named => Verdict::Kept,
            Confirmation::Ack(_) | Confirmation::Nack(Some(_)) => Verdict::Returned,
            Confirmation::Nack(None) => Verdict::Rejected,
            Confirmation::NotRequested => Verdict::Unasked,
        }
    }

    /// Forgets everything: a new channel begins.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Verdict {
    /// Why the message has to be sent again.
    pub(super) const fn cause(self) -> &'static str {
        match self {
            Self::Kept => "it was kept",
            Self::Returned => "no queue is bound for it",
            Self::Rejected => "its queue is full",
            Self::Unasked => "the broker was not asked to confirm",
        }
    }
}

#[cfg(test)]
mod tests {
    use lapin::BasicProperties;
    use lapin::message::{BasicReturnMessage, Delivery};

    use super::*;

    fn returned(id: &str) -> BasicReturnMessage {
        let mut delivery = Delivery::mock(0, "muara.records".into(), "3.33-02.sipd.dpa".into(), false, Vec::new());
        delivery.properties = BasicProperties::default().with_message_id(id.into());
        BasicReturnMessage { delivery, reply_code: 312, reply_text: "NO_ROUTE".into() }
    }

    fn judge(confirms: &[(&str, Confirmation)]) -> Vec<Verdict> {
        let mut returns = Returns::default();
        for (_, confirmation) in confirms {
            returns.note(confirmation);
        }
        confirms.iter().map(|(id, confirmation)| returns.judge(id, confirmation)).collect()
    }

    #[test]
    fn only_an_ack_without_a_return_is_success() {
        assert_eq!(judge(&[("a", Confirmation::Ack(None))]), [Verdict::Kept]);
        assert_eq!(judge(&[("a", Confirmation::Ack(Some(returned("a"))))]), [Verdict::Returned]);
        assert_eq!(judge(&[("a", Confirmation::Nack(None))]), [Verdict::Rejected]);
        assert_eq!(judge(&[("a", Confirmation::NotRequested)]), [Verdict::Unasked]);
    }

    #[test]
    fn a_return_that_came_with_anothers_confirm_fails_its_own_message() {
        // The broker returned b; the library gave that to a, whose confirm came first.
        let verdicts = judge(&[("a", Confirmation::Ack(Some(returned("b")))), ("b", Confirmation::Ack(None))]);
        assert_eq!(verdicts, [Verdict::Returned, Verdict::Returned]);
    }

    #[test]
    fn a_return_is_used_up_by_its_own_confirm() {
        let mut returns = Returns::default();
        let first = Confirmation::Ack(Some(returned("a")));
        returns.note(&first);
        assert_eq!(returns.judge("a", &first), Verdict::Returned);
        assert_eq!(returns.judge("a", &Confirmation::Ack(None)), Verdict::Kept, "sent again, it went");
    }
}
