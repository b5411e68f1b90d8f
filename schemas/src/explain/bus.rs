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
        explanation: "RabbitMQ answered, but does not admit the user, does not know the vhost, or denies a permission; its own words name which. Correct user and password, or let the operator of the broker give the permission. A connector needs to write to `muara.records` and to read its own `muara.control` queue, and where it may not declare them, all exchanges and queues must exist: start the hub first. The hub declares them and needs every permission on names that begin with `muara.`, and to write to `amq.default`, by which events go straight into a queue.",
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
        explanation: "No queue took the message, its queue is full, or no confirm came in time. Pages are sent again with the same id until they are kept; a command is given back to whoever sent it, and so is, after some tries, an event that a queue bound by hand to `muara.changes` refuses. See whether the hub is reading, whether its queues exist, and how long they are.",
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
    Code {
        code: "E0411",
        title: "the queue of a subscriber is full",
        explanation: "The queue of a subscription over AMQP holds as much as it may, so the broker takes no more for it. Usually the application that reads it is stopped, has lost its password, or is slower than the changes come. Nothing is lost and nobody else waits: the hub tries the next event again and again and goes on where it stopped as soon as there is room. Start the application, or pause or delete the subscription.",
    },
    Code {
        code: "E0412",
        title: "the queue of a subscriber is gone",
        explanation: "The queue of a subscription over AMQP does not exist, usually because somebody deleted it in the broker. What was in it is gone with it; what follows is tried until the queue stands again. Let the subscription start anew where its application needs everything, and see who deletes queues: the application itself needs no more than permission to read.",
    },
    Code {
        code: "E0413",
        title: "a subscription over AMQP needs a broker",
        explanation: "The hub's bus is the one within its own process (`bus = \"local\"`), and no application can read a queue there. Give the hub the address of a RabbitMQ broker, or subscribe by webhook or by the stream of changes, which need none.",
    },
    Code {
        code: "E0414",
        title: "an event does not fit into a message",
        explanation: "A property of the event, such as its id, its type, its routing key or the name of its queue, is longer than the 255 bytes that AMQP has for it. It would never go and is given back. The message names the property; names and codes in definitions are far shorter, so look for what was made by hand.",
    },
    Code {
        code: "E0415",
        title: "a queue that somebody bound to muara.changes refuses events",
        explanation: "A queue that was bound by hand to the exchange of changes is full and has the overflow `reject-publish`, so the broker refuses what comes. After some tries the hub goes on without it, for the other queues have the event: this queue misses it. Declare such queues as quorum queues with `drop-head`, or subscribe with a queue of its own, which the hub waits for and which misses nothing.",
    },
];
