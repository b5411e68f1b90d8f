//! What can go wrong on the bus: code, place, cause and cure.

/// Why the bus did not do what it was asked. Never holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The configured address is none.
    #[error("read address number {number} of the bus: {cause}")]
    Address {
        /// Its place in the list, from 1; the address itself may hold a password.
        number: usize,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// The broker cannot be reached, or the connection to it was lost.
    #[error("reach the broker at {place}: {cause}")]
    Unreachable {
        /// The address without user and password.
        place: String,
        /// What the connection says.
        cause: String,
    },
    /// The broker does not let us in, or not do this.
    #[error("be admitted by the broker at {place}: {cause}")]
    Refused {
        /// The address without user and password.
        place: String,
        /// What the broker says.
        cause: String,
    },
    /// An exchange or a queue exists otherwise than we declare it.
    #[error("declare the queues at {place}: {cause}")]
    Mismatch {
        /// The address without user and password.
        place: String,
        /// What the broker says.
        cause: String,
    },
    /// The message is larger than the bus takes; it will never go.
    #[error("send a message of {bytes} bytes: the bus takes {limit}")]
    TooLarge {
        /// Size of the message.
        bytes: usize,
        /// What is taken at most.
        limit: usize,
    },
    /// The broker holds publishers back for want of memory or disk.
    #[error("publish to {place}: the broker holds publishers back: {cause}")]
    Blocked {
        /// The address without user and password.
        place: String,
        /// What the broker says.
        cause: String,
    },
    /// The broker did not keep the message: no queue took it, a queue is full, or no answer came in time.
    #[error("have a message kept by the broker: {cause}")]
    NotKept {
        /// Why not.
        cause: String,
    },
    /// The command's time is over already.
    #[error("send a command: it has expired")]
    Expired,
    /// The message came again too often without being acknowledged and was put aside.
    #[error("deliver a message: it came again more than {limit} times")]
    Poisoned {
        /// How often a message may come again.
        limit: u32,
    },
    /// The bus was shut down meanwhile; whether the message went is not known.
    #[error("use the bus: it is shut down")]
    Closed,
    /// The queue of a subscriber is full; what is for it is tried again until there is room.
    #[error("lay an event into the queue {queue}: it is full")]
    Full {
        /// Its name.
        queue: String,
    },
    /// There is no such queue; what is for it is tried again until there is.
    #[error("lay an event into the queue {queue}: it does not exist")]
    Gone {
        /// Its name.
        queue: String,
    },
    /// The bus is within this process, where nobody else can read a queue.
    #[error("give a subscriber a queue: the bus has no broker")]
    NoBroker,
    /// A property of the event is longer than a broker takes; it will never go.
    #[error("send an event whose {what} has {bytes} bytes: a broker takes {limit}")]
    Unfit {
        /// Which property.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
}

impl Error {
    /// The stable code; `muara explain` knows it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "E0401",
            Self::Unreachable { .. } => "E0402",
            Self::Refused { .. } => "E0403",
            Self::Mismatch { .. } => "E0404",
            Self::TooLarge { .. } => "E0405",
            Self::Blocked { .. } => "E0406",
            Self::NotKept { .. } => "E0407",
            Self::Expired => "E0408",
            Self::Poisoned { .. } => "E0409",
            Self::Closed => "E0410",
            Self::Full { .. } => "E0411",
            Self::Gone { .. } => "E0412",
            Self::NoBroker => "E0413",
            Self::Unfit { .. } => "E0414",
        }
    }

    /// What to do about it, in one sentence.
    pub const fn cure(&self) -> &'static str {
        match self {
            Self::Address { .. } => "write it as amqp://user:password@host:5672/vhost, with %2f for the vhost `/`",
            Self::Unreachable { .. } => "start the broker or correct its address; the bus goes on trying",
            Self::Refused { .. } => "correct user, password and vhost, or give the user permission on what it names",
            Self::Mismatch { .. } => {
                "let the queue run empty, delete it with `rabbitmqctl delete_queue`, and it is declared anew"
            }
            Self::TooLarge { .. } => "make pages smaller, or raise max_message_size of the broker",
            Self::Blocked { .. } => "give the broker memory or disk; publishing goes on by itself",
            Self::NotKept { .. } => "see whether the hub is reading and whether its queues exist and have room",
            Self::Expired => "send it anew with a later expiry",
            Self::Poisoned { .. } => "look at the hub's log for what fails with this page, then run the stream again",
            Self::Closed => "start again; what was not confirmed is sent again",
            Self::Full { .. } => "let the application read its queue, or pause or delete the subscription",
            Self::Gone { .. } => "resume the subscription, which makes its queue anew, or delete it",
            Self::NoBroker => "give the hub a broker with `bus = \"amqp://…\"`, or subscribe by another way",
            Self::Unfit { .. } => "shorten what the message names",
        }
    }

    /// Whether trying again soon is of no use: a person has to change something first.
    pub const fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Address { .. }
                | Self::Refused { .. }
                | Self::Mismatch { .. }
                | Self::TooLarge { .. }
                | Self::NoBroker
                | Self::Unfit { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_and_has_a_cure() {
        let text = String::new;
        let all = [
            Error::Address { number: 1, cause: "it is malformed" },
            Error::Unreachable { place: text(), cause: text() },
            Error::Refused { place: text(), cause: text() },
            Error::Mismatch { place: text(), cause: text() },
            Error::TooLarge { bytes: 2, limit: 1 },
            Error::Blocked { place: text(), cause: text() },
            Error::NotKept { cause: text() },
            Error::Expired,
            Error::Poisoned { limit: 20 },
            Error::Closed,
            Error::Full { queue: text() },
            Error::Gone { queue: text() },
            Error::NoBroker,
            Error::Unfit { what: "id", bytes: 300, limit: 255 },
        ];
        for error in all {
            assert!(crate::explain::find(error.code()).is_some(), "{} is explained", error.code());
            assert!(!error.cure().is_empty());
        }
    }
}
