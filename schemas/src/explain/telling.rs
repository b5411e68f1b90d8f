//! Codes of change events: streams, subscriptions and webhooks (06).

use super::Code;

const fn code(code: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code { code, title, explanation }
}

/// In order.
pub const CODES: &[Code] = &[
    code(
        "E0626",
        "Too many listen to the log at once",
        "A hub serves 1,000 streams of changes at a time, and all of them are taken.\n\
         Usual cause: clients that open a new stream for each page or thread and never close the old one.\n\
         Cure: share one stream within an application, pull with `wait=`, or ask another hub process.",
    ),
    code(
        "E0631",
        "A key has as many subscriptions as it may",
        "One API key has at most 100 subscriptions.\n\
         Usual cause: a program that subscribes anew at each start.\n\
         Cure: list them with GET /api/v1/subscriptions and delete what is not used; keep the id between starts.",
    ),
    code(
        "E0632",
        "The broker cannot serve this subscription",
        "A subscription with a queue needs RabbitMQ: the hub runs with `bus = \"local\"`, or the broker is away, or it \
         refuses the queue.\n\
         Usual cause: a hub on a laptop without a broker.\n\
         Cure: set `bus` to a broker, or subscribe by webhook or by GET /api/v1/changes/stream.",
    ),
    code(
        "E0640",
        "The address of a webhook endpoint cannot be used",
        "An endpoint is an `https:` address of at most 2,048 bytes, without a user or password, without a `#`, without \
         white space, and without a port that belongs to servers which are no web servers (25, 5432, 6379 and their \
         like).\n\
         Cure: correct the address. `http:` will do where the operator sets `webhook_http = true`.",
    ),
    code(
        "E0641",
        "A webhook endpoint lies where events may not be sent",
        "The address, or one of those that its name leads to, is private, of this machine or otherwise no part of the \
         open internet, and stands in none of the allowed networks. It is looked at anew with each connection. Nothing \
         was sent.\n\
         Usual cause: an endpoint on an intranet.\n\
         Cure: let the operator name its network in `webhook_networks`. Link-local, multicast and cloud metadata addresses \
         stay closed whatever is allowed.",
    ),
    code(
        "E0642",
        "A webhook endpoint answered with an error",
        "An event counts as taken when the answer's status is 200 to 299. This one was another; it stands with the attempt, \
         with the beginning of the answer. The event is sent again after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 \
         and 24 hours, or later when the endpoint asks for it with `Retry-After`.\n\
         Cure: look at the endpoint's own log. Answer first and work afterwards.",
    ),
    code(
        "E0643",
        "A webhook endpoint redirects",
        "The answer sends us elsewhere (status 300 to 399). Redirects are not followed, for they could lead anywhere. The \
         event counts as not taken.\n\
         Usual cause: an address with or without a last `/`, or with `http:` in place of `https:`.\n\
         Cure: write the address that it redirects to.",
    ),
    code(
        "E0644",
        "A webhook endpoint does not answer in time",
        "The connection stood, and no answer came within the time for one attempt, 15 seconds unless configured \
         otherwise. Whether the event was taken is not known, so it is sent again under the same id.\n\
         Cure: let the endpoint answer first and work afterwards, and skip ids that it has seen.",
    ),
    code(
        "E0645",
        "A webhook endpoint cannot be reached",
        "No connection came about: the name is not known, nothing listens on the port, a firewall is in between, or the \
         certificate is not valid for the name. The reason stands with the attempt.\n\
         Cure: try the address from the hub's machine. A certificate of a private authority needs that authority in the \
         configuration.",
    ),
    code(
        "E0646",
        "A webhook endpoint wants nothing more",
        "The endpoint answered 410 (Gone). It is stopped, and what it has not taken waits.\n\
         Cure: when that was a mistake, mend the endpoint and resume the subscription; otherwise delete it.",
    ),
    code(
        "E0647",
        "A webhook endpoint has failed for days",
        "Not one event was taken since the moment that is told. Warnings come after one day, three days and four and a half; \
         after five days the endpoint is paused, and what it has not taken waits.\n\
         Cure: look at the last attempts, mend the endpoint, and resume the subscription.",
    ),
    code(
        "E0648",
        "A sealed secret does not open",
        "The secret of a webhook endpoint is stored sealed with the installation's own secret, for its subscription alone. \
         This one was sealed elsewhere or was changed, so nothing can be signed with it.\n\
         Usual cause: a database that was restored without the installation's secret, or copied to another installation.\n\
         Cure: bring the installation's secret back, or give the subscription a new secret.",
    ),
    code(
        "E0649",
        "An event is given up",
        "An event was sent ten times over a little more than three days and not taken. It is not sent again by itself.\n\
         Cure: mend the endpoint; then send the event again, or let the subscription recover from a moment.",
    ),
];
