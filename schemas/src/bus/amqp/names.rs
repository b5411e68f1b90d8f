//! The exchanges and queues of the bus, and how each is declared.
//!
//! Every argument stands explicitly, because the broker's own defaults changed between RabbitMQ 3.10 and 4.3.
//! Changing one here makes existing queues a mismatch ([`super::super::Error::Mismatch`]): an upgrade has to say so.

use super::super::control_key;
use crate::bus::DELIVERY_LIMIT;
use crate::stream::PARTITIONS;

/// How much a partition's queue holds before it refuses more; publishers then wait, and nothing is dropped.
const PARTITION_BYTES: i64 = 4 << 30;
/// How much the dead letters hold before the broker keeps further ones in their own queue.
const DEAD_BYTES: i64 = 4 << 30;
/// How much the commands of one system hold.
const CONTROL_BYTES: i64 = 16 << 20;

/// Names, with the prefix that tests use to stay among themselves.
pub(super) struct Names {
    prefix: String,
}

/// One queue: its name, where it takes messages from, and its arguments.
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

    pub(super) fn exchanges(&self) -> [String; 3] {
        [self.records(), self.control(), self.dead_letters()]
    }

    /// The queues that every installation has; dead letters first, so that nothing can be dead-lettered into nowhere.
    pub(super) fn queues(&self) -> Vec<QueuePlan> {
        std::iter::once(self.dead()).chain((0..PARTITIONS).map(|partition| self.partition(partition))).collect()
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
        assert_eq!(names.exchanges(), ["muara.records", "muara.control", "muara.dead"]);
        assert_eq!(names.queues().len(), usize::from(PARTITIONS) + 1);
        let third = names.partition(3);
        assert_eq!((third.name.as_str(), third.binding.as_str()), ("muara.records.3", "3.#"));
        let control = names.control_queue("33.02", "sipd");
        assert_eq!((control.name.as_str(), control.binding.as_str()), ("muara.control.33-02.sipd", "33-02.sipd"));
    }

    #[test]
    fn no_queue_has_a_dot_too_many_for_its_binding() {
        let names = Names::new("x-".to_owned());
        for plan in names.queues() {
            assert!(plan.name.starts_with("x-") && plan.exchange.starts_with("x-"), "{}", plan.name);
        }
    }
}
