//! Codes of the bus (04).

use super::Code;

/// In order.
pub const CODES: &[Code] = &[
    Code {
        code: "E0401",
        title: "the bus has a malformed address",
        explanation: "One of the addresses of the bus cannot be read; it is named by its number because it may hold a password. Write it as `amqp://user:password@host:5672/vhost`, or `amqps://` for TLS, with `%2f` for the vhost `/` and percent signs before special characters of the password.",
    },
    Code {
        code: "E0402",
        title: "the broker cannot be reached",
        explanation: "No connection to RabbitMQ could be made, or the one that stood was lost. The usual causes are a broker that is not running, a wrong host or port, a firewall, and with `amqps://` a certificate that is not trusted. Nothing is lost meanwhile: what was not confirmed is sent again, and the bus goes on trying by itself, up to every 5 s.",
    },
    Code {
        code: "E0403",
        title: "the broker refuses",
        explanation: "RabbitMQ answered, but does not admit the user, does not know the vhost, or denies a permission; its own words name which. Correct user and password, or let the operator of the broker give the permission. A connector needs to write to `muara.records` and to read its own `muara.control` queue, and where it may not declare them, both must exist.",
    },
    Code {
        code: "E0404",
        title: "a queue exists otherwise than declared",
        explanation: "An exchange or queue of this name stands in the broker with other arguments, usually made by hand or by another version. The broker's words name it and the argument. Stop the writers, let the hub read the queue empty, delete it with `rabbitmqctl delete_queue`, and start again: it is declared anew.",
    },
    Code {
        code: "E0405",
        title: "a message is too large for the bus",
        explanation: "A message is larger than 16 MiB or than the broker's own `max_message_size`, so it would never go and is given back. Pages are far smaller unless records are: send fewer records in a page, or raise the broker's limit.",
    },
    Code {
        code: "E0406",
        title: "the broker holds publishers back",
        explanation: "RabbitMQ is short of memory or disk and takes no messages for the time being. Connectors wait with what they have read and hold no more; readers go on. Give the broker memory or disk, or let the hub catch up; publishing then goes on by itself.",
    },
    Code {
        code: "E0407",
        title: "the broker did not keep a message",
        explanation: "No queue took the message, its queue is full, or no confirm came in time. Pages are sent again with the same id until they are kept; a command is given back to whoever sent it. See whether the hub is reading, whether its queues exist, and how long they are.",
    },
    Code {
        code: "E0408",
        title: "a command has expired",
        explanation: "The moment until which the command was to be obeyed was over before it could be sent. Nothing was done; send it anew. If this comes often, compare the clocks of the machines.",
    },
    Code {
        code: "E0409",
        title: "a message came again too often",
        explanation: "A reader took the same message more than 20 times without finishing it, so it was put aside among the dead letters and the rest goes on. The hub's log says what failed each time. A full read does not bring back what the connector has sent once: give the stream the order to start anew, `muara source reset REGION/SYSTEM/STREAM`, and then remove the message from the dead letters.",
    },
    Code {
        code: "E0410",
        title: "the bus is shut down",
        explanation: "The program is ending, and the message was not confirmed by then. Nothing has to be done: after the next start it is sent again, and what had arrived all the same changes nothing the second time.",
    },
];
