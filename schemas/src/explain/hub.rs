//! Codes of intake and runs (05), of the API (06), and of replays that find nothing.

use super::Code;

const fn code(code: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code { code, title, explanation }
}

/// In order.
pub const CODES: &[Code] = &[
    code(
        "E0235",
        "Nothing is open for the filter",
        "No open entry of the quarantine is what the filter asks for, so no replay was begun. Entries that another replay \
         has under way do not count, for they are replayed once.\n\
         Usual cause: a name that is misspelt, which the detail then says, or entries that were mended in between.\n\
         Cure: `muara quarantine list`, or `/api/v1/quarantine/groups`, shows what is open.",
    ),
    code(
        "E0501",
        "The record's body is not what its sender says that it is",
        "The hub reads every body again. This one is not JSON, is not in canonical form (sorted keys, no insignificant \
         space), or its hash is not the hash of its bytes. The record is quarantined.\n\
         Usual cause: a sender that does not use Muara's own publisher, or a message changed on its way.\n\
         Cure: bring the connector to the hub's version; for a sender of your own, compare with `schemas/README.md`.",
    ),
    code(
        "E0502",
        "The record does not fit its schema",
        "The hub validates every record again, and this one breaks its record type's schema at the place that is named. \
         It is quarantined with everything that is wrong.\n\
         Usual cause: connector and hub are of different versions and the schema was widened in between, or a value in \
         the source is malformed.\n\
         Cure: `muara schema show TYPE` tells what is expected; mend the source or the definition, then read again.",
    ),
    code(
        "E0503",
        "The record is larger than 64 KiB",
        "A canonical body may have 64 KiB at most. The record is quarantined.\n\
         Usual cause: a document or a picture mapped into a text field, or one record made of what should be many.\n\
         Cure: leave the field out, or split the record with `each:`.",
    ),
    code(
        "E0504",
        "The record holds a NUL character",
        "Texts must not hold U+0000, which databases cannot store. The record is quarantined.\n\
         Usual cause: fixed-width or binary columns read as text.\n\
         Cure: trim the column in the source's query, or leave it out.",
    ),
    code(
        "E0505",
        "The record is of another region than its stream",
        "Every record of a stream carries the stream's region. This one names another and is quarantined.\n\
         Usual cause: a source that holds several regions behind one definition.\n\
         Cure: write one definition a region, each with a `where:` on the region.",
    ),
    code(
        "E0510",
        "A message could not be taken and is parked",
        "A message failed alone three times, or is no message of a known form. It is kept byte for byte in the table \
         `parked`, its run ends, and its stream is told to start anew. No later run is taken before it has, so nothing is lost. A \
         message whose sender may not write the stream is kept too, and changes nothing.\n\
         Usual cause: a sender of another version, or a defect in Muara.\n\
         Cure: read the error beside it; when it is a defect, report it with the message.",
    ),
    code(
        "E0511",
        "A stream starts anew again and again",
        "The hub told the connector more than once within an hour to read a stream from its beginning, because its runs \
         did not follow each other. It is not told again within the hour; until it starts anew nothing of it is taken.\n\
         Usual cause: two connectors work on one system, or a state file is restored from an old copy at each start.\n\
         Cure: stop one of them, or keep the state file on a disk that lasts.",
    ),
    code(
        "E0512",
        "The proof of a full read is broken",
        "After a complete full read the source's side and the view do not hold the same records, and reading again did \
         not mend it.\n\
         Usual cause: the source changes while it is read, or a second writer.\n\
         Cure: look at the stream in `/api/v1/sources`, run it again at a quiet hour, and report it if it stays.",
    ),
    code(
        "E0513",
        "Deletes wait for approval",
        "A complete read no longer found more records than a read may delete by itself. They still count until somebody \
         approves, with `muara source approve REGION/SYSTEM/STREAM --count N`.\n\
         Usual cause: a source that was emptied, filtered otherwise, or read with fewer rights.\n\
         Cure: mend the source and read again; or approve, when the deletes are meant.",
    ),
    code(
        "E0514",
        "A page of a run is missing",
        "A run ended, but one of its pages never came. The stream is told to start anew.\n\
         Usual cause: messages removed from the broker by hand.\n\
         Cure: nothing; the full read that follows mends it. When it comes back, look at the broker's dead letters.",
    ),
    code(
        "E0601",
        "The request carries no valid key",
        "Every address under `/api/v1` needs `Authorization: Bearer mua_<id>_<secret>`. The header is missing or \
         malformed, or the key is unknown, expired or revoked; which of these is not told.\n\
         Cure: `muara key create` makes a key, `muara key list` shows those that exist.",
    ),
    code(
        "E0602",
        "A query parameter is unknown or stands twice",
        "Unknown parameters are refused rather than ignored, so that a mistyped filter never shows more than was asked \
         for. The answer names the nearest parameter that exists.\n\
         Cure: mend the name; `/docs` lists the parameters of every address.",
    ),
    code(
        "E0603",
        "A query parameter has a value that cannot be used",
        "The value is not of the form that the parameter takes, is out of its bounds, or is missing where it is needed.\n\
         Cure: the answer's `detail` says what is expected.",
    ),
    code(
        "E0604",
        "The key may not do this",
        "The key is valid, but it was not given what the address needs: the scope `read`, an operator's key with the \
         scope `operate` where something is changed, or the whole installation where an answer cannot be cut to regions \
         and agencies.\n\
         Cure: make a key with the right that is named; `muara key create --operator` makes one for replays and discards.",
    ),
    code(
        "E0605",
        "There is no such thing, or not for this key",
        "Nothing of this id exists within the regions and agencies that the key may see. The answer is the same in both \
         cases, so that ids tell nothing.\n\
         Cure: check the id, and the regions and agencies of the key.",
    ),
    code(
        "E0606",
        "There is no such address",
        "The path is none of the API's.\n\
         Cure: `/docs` lists every address.",
    ),
    code(
        "E0607",
        "The address does not take this method",
        "The path exists, but not for this HTTP method; nearly everything under `/api/v1` is only read.\n\
         Cure: use GET; `/docs` lists what takes POST or DELETE.",
    ),
    code(
        "E0608",
        "The place to go on from is malformed or belongs to another question",
        "`after` takes what an earlier answer gave as `next`, for the same address and the same filters.\n\
         Cure: pass `next` on unchanged and keep the filters, or begin without `after`.",
    ),
    code(
        "E0609",
        "The place to go on from is of an earlier log",
        "The log began a new epoch since, which happens when a backup is restored, or with a new database. Places of \
         before mean nothing any more.\n\
         Cure: start over: read `/api/v1/records`, then `/api/v1/changes` from the position in `resync`.",
    ),
    code(
        "E0610",
        "The position is past the end of the log",
        "The log has not come that far, so the position is not one that this installation gave.\n\
         Cure: check that it belongs to this installation; else start over as with E0609.",
    ),
    code(
        "E0611",
        "The request is too large",
        "Addresses, headers and bodies have limits; nothing in this API needs a body above 64 KiB.\n\
         Cure: send less.",
    ),
    code(
        "E0612",
        "The request took too long",
        "The answer was not ready in time and the work was given up.\n\
         Cure: ask for less with `limit` or a filter, and try again.",
    ),
    code(
        "E0613",
        "The request is malformed",
        "The request is not HTTP as this API takes it.\n\
         Cure: the answer's `detail` says what was not understood.",
    ),
    code(
        "E0620",
        "The body of the request cannot be used",
        "The body is not the JSON that the address takes: a field is unknown, missing or out of its bounds.\n\
         Cure: the answer's `detail` says what is expected, and `/docs` shows the form.",
    ),
    code(
        "E0621",
        "The filter finds more entries than one replay takes",
        "One replay takes at most 100,000 entries, so that it stays small enough to be looked at and stopped. Nothing was \
         begun.\n\
         Cure: ask for one stream or one cause after the other.",
    ),
    code(
        "E0622",
        "What the hub itself refused cannot be replayed",
        "The connector took this record for valid and the hub did not (codes E0501 to E0505), so what quarantine keeps is \
         the body that the connector sent and not the record of the source.\n\
         Cure: mend what the entry's own reason says, then read the stream again: `muara source run STREAM --full`.",
    ),
    code(
        "E0623",
        "The connector does not answer a replay",
        "An order to replay was not carried out within five minutes, and the connector of the stream gave no sign of life \
         either. The entries stay open.\n\
         Usual cause: the connector is not running, or the system was taken out of its definitions.\n\
         Cure: start it, see `muara source list`, and replay again.",
    ),
    code(
        "E0624",
        "The key of a replayed record is that of another record",
        "With today's definition the record has another key than when it was read, or one for the first time, and a record \
         of that key is there or waits already. Nobody can say which of the two is newer, so the entry stays open.\n\
         Cure: read the stream whole, `muara source run STREAM --full`; that read decides.",
    ),
    code(
        "E0625",
        "An entry is being replayed",
        "An entry that is on its way to its connector cannot be discarded: what comes back would find it closed. Nothing \
         was discarded.\n\
         Cure: wait for the end of the replay, or stop it, then discard what is still open.",
    ),
    code(
        "E0690",
        "The database is not to be had now",
        "The hub is up but its database is away or busy. Nothing is lost: connectors wait meanwhile.\n\
         Cure: try again after the seconds in `Retry-After`; `/readyz` tells when it is back.",
    ),
    code(
        "E0691",
        "The hub failed to answer",
        "Something went wrong that is not the caller's fault. The reason stands in the hub's log under the request id.\n\
         Cure: report it with the request id.",
    ),
];
