//! The exchanges and queues of the bus, and how each is declared.
//!
//! Every argument stands explicitly, because the broker's own defaults changed between RabbitMQ 3.10 and 4.3.
//! Changing one here makes existing queues a mismatch ([`super::super::Error::Mismatch`]): an upgrade has to say so.

use super::super::control_key;
use super::super::subscriber::{EVENTS_NOT_TAKEN, QueueBounds};
use crate::bus::DELIVERY_LIMIT;
use crate::stream::PARTITIONS;

/// How much a partition's queue holds before it refuses more; publishers then wait, and nothing is dropped.
const PARTITION_BYTES: i64 = 4 << 30;
/// How much the dead letters hold before the broker keeps further ones in their own queue.
const DEAD_BYTES: i64 = 4 << 30;
/// How much the commands of one system hold.
const CONTROL_BYTES: i64 = 16 << 20;

/// How much of the events that nobody took is kept to be looked at.
const DEAD_EVENTS_BYTES: i64 = 256 << 20;
/// How long it is kept: 14 days.
const DEAD_EVENTS_LIFE_MS: i64 = 14 * 24 * 3_600 * 1_000;
/// The longest time to live that RabbitMQ takes is 2³²−1 ms; this is 45 days.
pub(super) const LONGEST_LIFE_MS: i64 = 45 * 24 * 3_600 * 1_000;

/// Names, with the prefix that tests use to stay among themselves.
pub(super) struct Names {
    prefix: String,
}

/// One queue: its name, where it takes messages from (the default exchange, when there is none), and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueuePlan {
    pub(super) name: String,
    pub(super) exchange: String,
    pub(super) binding: String,
    pub(super) arguments: Vec<(&'static str, Argument)>,
}

/// The value of a queue's argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Argument {
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Names {
    pub(super) const fn new(prefix: String) -> Self {
        Self { prefix }
    }

    /// Where pages and announcements go.
    pub(super) fn records(&self) -> String {
        format!("{}muara.records", self.prefix)
    }

    /// Where commands go.
    pub(super) fn control(&self) -> String {
        format!("{}muara.control", self.prefix)
    }

    /// Where pages go that came again too often.
    fn dead_letters(&self) -> String {
        format!("{}muara.dead", self.prefix)
    }

    /// Where changes go, for whoever binds a queue.
    pub(super) fn changes(&self) -> String {
        format!("{}muara.changes", self.prefix)
    }

    /// Where events go that their subscriber did not take in time, or took too often.
    fn dead_events(&self) -> String {
        format!("{}{EVENTS_NOT_TAKEN}", self.prefix)
    }

    pub(super) fn exchanges(&self) -> [String; 5] {
        [self.records(), self.control(), self.dead_letters(), self.changes(), self.dead_events()]
    }

    /// The queues that every installation has; dead letters first, so that nothing can be dead-lettered into nowhere.
    pub(super) fn queues(&self) -> Vec<QueuePlan> {
        let partitions = (0..PARTITIONS).map(|partition| self.partition(partition));
        [self.dead(), self.events_not_taken()].into_iter().chain(partitions).collect()
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The name as it stands in the broker.
    pub(super) fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(super) fn partition(&self, partition: u8) -> QueuePlan {
        QueuePlan {
            name: format!("{}muara.records.{partition}", self.prefix),
            exchange: self.records(),
            binding: format!("{partition}.#"),
            arguments: vec![
                ("x-queue-type", Argument::text("quorum")),
                ("x-single-active-consumer", Argument::Flag(true)),
                ("x-delivery-limit", Argument::Number(i64::from(DELIVERY_LIMIT))),
                ("x-dead-letter-exchange", Argument::Text(self.dead_letters())),
                ("x-dead-letter-strategy", Argument::text("at-least-once")),
                ("x-overflow", Argument::text("reject-publish")),
                ("x-max-length-bytes", Argument::Number(PARTITION_BYTES)),
            ],
        }
    }

    pub(super) fn dead(&self) -> QueuePlan {
        QueuePlan {
            name: self.dead_letters(),
            exchange: self.dead_letters(),
            binding: "#".to_owned(),
            arguments: vec![
                ("x-queue-type", Argument::text("quorum")),
                ("x-overflow", Argument::text("reject-publish")),
                ("x-max-length-bytes", Argument::Number(DEAD_BYTES)),
            ],
        }
    }

    /// Unlike pages, events can be asked for again, so the oldest may go: what is full here shall not fill the queues of
    /// subscribers. They may hold personal data, so none stays for ever.
    fn events_not_taken(&self) -> QueuePlan {
        QueuePlan {
            name: self.dead_events(),
            exchange: self.dead_events(),
            binding: "#".to_owned(),
            arguments: vec![
                ("x-queue-type", Argument::text("quorum")),
                ("x-overflow", Argument::text("drop-head")),
                ("x-max-length-bytes", Argument::Number(DEAD_EVENTS_BYTES)),
                ("x-message-ttl", Argument::Number(DEAD_EVENTS_LIFE_MS)),
            ],
        }
    }

    /// The queue of one subscriber, to which the default exchange leads.
    pub(super) fn subscriber(&self, bounds: &QueueBounds) -> QueuePlan {
        let name = self.full(&bounds.name);
        let number = |number: u64| Argument::Number(i64::try_from(number).unwrap_or(i64::MAX));
        let mut arguments = vec![
            ("x-queue-type", Argument::text("quorum")),
            ("x-delivery-limit", Argument::Number(i64::from(DELIVERY_LIMIT))),
            ("x-dead-letter-exchange", Argument::Text(self.dead_events())),
            ("x-dead-letter-strategy", Argument::text("at-least-once")),
            ("x-overflow", Argument::text("reject-publish")),
            ("x-max-length-bytes", number(bounds.max_bytes)),
        ];
        if let Some(most) = bounds.max_messages {
            arguments.push(("x-max-length", number(most)));
        }
        if let Some(secs) = bounds.ttl_secs {
            arguments.push(("x-message-ttl", Argument::Number((i64::from(secs) * 1_000).min(LONGEST_LIFE_MS))));
        }
        QueuePlan { exchange: String::new(), binding: name.clone(), name, arguments }
    }

    /// The queue of one system's commands; both the hub and the connector declare it, so neither has to be first.
    pub(super) fn control_queue(&self, region: &str, system: &str) -> QueuePlan {
        let key = control_key(region, system);
        QueuePlan {
            name: format!("{}muara.control.{key}", self.prefix),
            exchange: self.control(),
            binding: key,
            arguments: vec![
                ("x-queue-type", Argument::text("quorum")),
                ("x-delivery-limit", Argument::Number(i64::from(DELIVERY_LIMIT))),
                ("x-overflow", Argument::text("reject-publish")),
                ("x-max-length-bytes", Argument::Number(CONTROL_BYTES)),
            ],
        }
    }
}

impl Argument {
    fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bindings_are_those_of_the_design() {
        let names = Names::new(String::new());
        let exchanges = ["muara.records", "muara.control", "muara.dead", "muara.changes", "muara.events.dead"];
        assert_eq!(names.exchanges(), exchanges);
        assert_eq!(names.queues().len(), usize::from(PARTITIONS) + 2);
        let third = names.partition(3);
        assert_eq!((third.name.as_str(), third.binding.as_str()), ("muara.records.3", "3.#"));
        let control = names.control_queue("33.02", "sipd");
        assert_eq!((control.name.as_str(), control.binding.as_str()), ("muara.control.33-02.sipd", "33-02.sipd"));
    }

    #[test]
    fn the_queue_of_a_subscriber_has_the_bounds_that_were_asked_for() {
        let names = Names::new("x-".to_owned());
        let bounds =
            QueueBounds { max_messages: Some(3), ttl_secs: Some(60), ..QueueBounds::new("muara.subscription.7") };
        let plan = names.subscriber(&bounds);
        assert_eq!((plan.name.as_str(), plan.exchange.as_str()), ("x-muara.subscription.7", ""));
        assert!(plan.arguments.contains(&("x-max-length", Argument::Number(3))));
        assert!(plan.arguments.contains(&("x-message-ttl", Argument::Number(60_000))));

        let plan = names.subscriber(&QueueBounds { ttl_secs: Some(u32::MAX), ..bounds });
        assert!(plan.arguments.contains(&("x-message-ttl", Argument::Number(LONGEST_LIFE_MS))));
        let plan = names.subscriber(&QueueBounds::new("muara.subscription.8"));
        assert!(!plan.arguments.iter().any(|(name, _)| ["x-max-length", "x-message-ttl"].contains(name)));
    }

    #[test]
    fn no_queue_has_a_dot_too_many_for_its_binding() {
        let names = Names::new("x-".to_owned());
        for plan in names.queues() {
            assert!(plan.name.starts_with("x-") && plan.exchange.starts_with("x-"), "{}", plan.name);
        }
    }
}
